/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Page tables: a window onto any physical page, RAM above 4 GiB, and tables that lie where they
 * should not. (The low 4 GiB are identity-mapped from the start.)
 */
#ifndef ISOLATION_WINDOW_H
#define ISOLATION_WINDOW_H

#include <stdbool.h>
#include <stdint.h>

/* Width of physical addresses in bits (CPUID 8000_0008h). */
unsigned int physical_bits(void);

/*
 * Maps the page of physical address @pa and the one behind it into the calling CPU's window and
 * returns the virtual address of @pa. Valid until the next call on the same CPU.
 */
volatile void *window_map(uint64_t pa);

/* Identity-maps physical memory from 4 GiB to @end; false when the CPU has no 1 GiB pages or @end
 * is too high. */
bool map_high_memory(uint64_t end);

/* Levels of walk_through(): which kind of table the given page is taken for. */
enum walk_level { WALK_PT, WALK_PD, WALK_PDPT, NR_WALK_LEVELS };

/*
 * Makes page @table (page-aligned) part of the page tables, as a table of level @level, and returns
 * a virtual address whose translation reads entry @index (0 to 511) of it. walk_end() takes it out
 * again.
 */
volatile void *walk_through(enum walk_level level, uint64_t table, unsigned int index);
void walk_end(void);

#endif
