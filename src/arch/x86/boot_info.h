/* SPDX-License-Identifier: Apache-2.0 */
/* The loaders of x86. */
#ifndef ARCH_BOOT_INFO_H
#define ARCH_BOOT_INFO_H

#include "core/boot_info.h"

/*
 * Reads the hand-over of a multiboot2 (magic 0x36d76289) or PVH (magic 0) loader or of Bulkhead's
 * EFI application (efi_handover.h) at physical @address. Returns 0, or -EINVAL when the data is
 * none of them or is damaged. Sources: Multiboot2 Specification 2.0, 3.6; Xen's
 * public/arch-x86/hvm/start_info.h; UEFI Specification 2.10, 7.2.
 */
int boot_info_read(struct boot_info *info, uint32_t magic, uint64_t address);

#endif
