/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Images of cells that U-Boot's bootm has put into memory: a FIT image's loadable. It tells the
 * application nothing of it, so the place is agreed when both are built, and the loadable is an
 * archive (cpio, "newc") that shows what it is and what is in it.
 */
#ifndef EFI_LOADABLES_H
#define EFI_LOADABLES_H

#include "core/efi_handover.h"

/*
 * Fills @list, which has room for EFI_HANDOVER_MODULES, with the files of the archive of @size
 * bytes at @archive, and keeps its memory from being given out. Returns how many files there are;
 * 0 when no whole archive is there. Nothing is believed of them: the hypervisor checks each.
 */
uint32_t loadables_find(uint64_t archive, uint64_t size, struct efi_handover_module *list);

#endif
