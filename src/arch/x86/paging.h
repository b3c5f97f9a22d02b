/* SPDX-License-Identifier: Apache-2.0 */
/* The hypervisor's own page tables: see cpu.h for the layout. */
#ifndef ARCH_PAGING_H
#define ARCH_PAGING_H

#include "core/types.h"
#include "stage2.h"

struct cpu;

/* What paging_cpu() built for one CPU. */
struct paging_cpu {
	struct stage2 tables;
	uint64_t root;   /* physical address of the PML4 */
	struct cpu *cpu; /* its private structure, at the address that the boot page table maps */
};

/* Builds the part that all CPUs share: text RX, rodata and images R, data RW, device registers. 0
 * or -ENOMEM. */
int paging_init(void);

/* Builds the private part of one CPU. 0 or -ENOMEM. */
int paging_cpu(struct paging_cpu *built);

/* Maps @size bytes at physical @memory at @linear, for this CPU only. 0 or -ENOMEM. */
int paging_private(struct paging_cpu *built, uint64_t linear, const void *memory, uint64_t size);

/* Switches to the tables of this CPU. */
void paging_enter(uint64_t root);

/* Shows physical @page (4 KiB aligned) in this CPU's window and returns its address there. */
void *paging_window(uint64_t page);

/* Empties the window. */
void paging_window_close(void);

#endif
