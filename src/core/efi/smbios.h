/* SPDX-License-Identifier: Apache-2.0 */
/*
 * RAM that SMBIOS knows and the firmware's memory map does not have. U-Boot (2025.01 to 2026.07)
 * tells EFI applications of no memory above its own end, that is none above 4 GiB: it keeps
 * account only of memory that it can itself use (lmb_arch_add_memory() in arch/x86/lib/e820.c).
 */
#ifndef EFI_SMBIOS_H
#define EFI_SMBIOS_H

#include "memory.h"

/*
 * Appends to @map, as free memory, what the SMBIOS tables with the 64-bit entry point at @entry
 * call RAM above 4 GiB, as long as the map has room and says nothing about any part of it. Returns
 * how many ranges it has appended; 0 when the tables are damaged. Source: SMBIOS 3.7 (DSP0134),
 * 5.2.2, 6.1, 7.20.
 */
unsigned int smbios_add_ram(struct memory_map *map, uint64_t entry);

#endif
