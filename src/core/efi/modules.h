/* SPDX-License-Identifier: Apache-2.0 */
/* Images of cells that are files beside the application. */
#ifndef EFI_MODULES_H
#define EFI_MODULES_H

#include "core/efi_handover.h"
#include "efi.h"

/*
 * Reads the files that @names lists ("a\0b\0\0") from the folder that @image was started from into
 * memory below 4 GiB, and fills @list, which has room for EFI_HANDOVER_MODULES. Returns how many it
 * has read; what cannot be read is told, and left to the hypervisor.
 */
uint32_t modules_read(const struct efi_boot_services *boot, efi_handle image, const char *names,
		      struct efi_handover_module *list);

#endif
