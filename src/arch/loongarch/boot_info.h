/* SPDX-License-Identifier: Apache-2.0 */
/* The loaders of LoongArch. */
#ifndef LOONGARCH_BOOT_INFO_H
#define LOONGARCH_BOOT_INFO_H

#include "core/boot_info.h"
#include "core/fdt.h"

/*
 * Reads what a loader has left in $a0 to $a2: either @kind is EFI_HANDOVER_MAGIC, and @handover the
 * address of what Bulkhead's EFI application tells (core/efi_handover.h), or @system_table is that
 * of an EFI system table whose configuration tables name a device tree and perhaps a memory map
 * and an initrd (Linux, Documentation/arch/loongarch/booting.rst). Returns 0, or -EINVAL when there
 * is neither or when it is damaged.
 */
int boot_info_read(struct boot_info *info, uint64_t kind, uint64_t handover, uint64_t system_table);

/* Takes the initrd that a device tree names, if it does; before the next one. */
void boot_info_find_fdt_initrd(struct boot_info *info, const struct fdt *fdt);

/* Adds the RAM that a device tree names, without what it reserves, but for the initrd. Returns 0,
 * or -ENOSPC when it reserves more pieces than there is room for here. */
int boot_info_add_fdt_ram(struct boot_info *info, const struct fdt *fdt);

/*
 * Adds the boot modules, if there is an initrd: these loaders bring one file alone, so it is an
 * archive of them. Comes when all RAM is known. Returns 0, or -EINVAL when it is no whole archive
 * or not in RAM below 4 GiB; what was found of it is added.
 */
int boot_info_add_initrd(struct boot_info *info);

#endif
