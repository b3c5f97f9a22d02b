/* SPDX-License-Identifier: Apache-2.0 */
/* Page tables: a window onto any page, and tables that lie where they should not. */
#ifndef ISOLATION_WINDOW_H
#define ISOLATION_WINDOW_H

#include <stdbool.h>
#include <stdint.h>

/* Width of physical addresses in bits (CPUCFG word 1). */
unsigned int physical_bits(void);

/* The calling CPU's tables and page walks. */
void window_init_cpu(void);

/* Maps the page at @pa into the calling CPU's window, and returns the virtual address of @pa. Valid
 * until the next call on the same CPU. */
volatile void *window_map(uint64_t pa);

/* Makes page @table the last level of the tables: the address that comes back is translated by its
 * entry 0. */
volatile void *window_walk(uint64_t table);

/* All RAM is mapped by the direct window. */
static inline bool map_high_memory(uint64_t end)
{
	(void)end;
	return true;
}

#endif
