/* SPDX-License-Identifier: Apache-2.0 */
#include "window.h"
#include "lib.h"
#include "trap.h"

#define CPUID_PAGE1GB (1u << 26) /* CPUID 8000_0001h EDX */
#define TABLE (PTE_PRESENT | PTE_WRITE)
#define PML4_SLOT_SIZE (512 * GIB)
#define WINDOW_SLOT 1 /* PML4 entries; 0 is the identity map */
#define WALK_SLOT 2
#define WALK_PDPT_SLOT 3
#define PAGES_PER_CPU 2

typedef uint64_t page_table[512] __attribute__((aligned(4096)));

extern page_table boot_pml4, boot_pdpt; /* entry.S */
static page_table window_pdpt, window_pd, window_pt;
static page_table walk_pdpt, walk_pd;

unsigned int physical_bits(void)
{
	return cpuid(0x80000008, 0).eax & 0xff;
}

volatile void *window_map(uint64_t pa)
{
	unsigned int first = this_cpu()->index * PAGES_PER_CPU;
	uint64_t va = WINDOW_SLOT * PML4_SLOT_SIZE + first * PAGE_SIZE;
	uint64_t page = pa & PAGE_MASK;
	uint64_t next;

	_Static_assert(MAX_CPUS * PAGES_PER_CPU <= 512, "one page table serves all windows");
	if (!window_pd[0]) {
		window_pd[0] = (uint64_t)window_pt | TABLE;
		window_pdpt[0] = (uint64_t)window_pd | TABLE;
		boot_pml4[WINDOW_SLOT] = (uint64_t)window_pdpt | TABLE;
	}
	window_pt[first] = page | TABLE;
	/* Behind the last physical page there is none to map. */
	next = page + PAGE_SIZE;
	window_pt[first + 1] = next >> physical_bits() == 0 ? next | TABLE : 0;
	invlpg(va);
	invlpg(va + PAGE_SIZE);
	return (volatile void *)(va + (pa & ~PAGE_MASK));
}

bool map_high_memory(uint64_t end)
{
	if (!(cpuid(0x80000001, 0).edx & CPUID_PAGE1GB) || end > PML4_SLOT_SIZE)
		return false;
	for (uint64_t at = 4 * GIB; at < end; at += GIB)
		boot_pdpt[at / GIB] = at | TABLE | PTE_LARGE;
	return true;
}

volatile void *walk_through(enum walk_level level, uint64_t table, unsigned int index)
{
	uint64_t va;

	walk_pdpt[0] = (uint64_t)walk_pd | TABLE;
	boot_pml4[WALK_SLOT] = (uint64_t)walk_pdpt | TABLE;
	switch (level) {
	case WALK_PT:
		walk_pd[0] = table | TABLE;
		va = WALK_SLOT * PML4_SLOT_SIZE + index * PAGE_SIZE;
		break;
	case WALK_PD:
		walk_pdpt[1] = table | TABLE;
		va = WALK_SLOT * PML4_SLOT_SIZE + GIB + index * (2 * MIB);
		break;
	default:
		boot_pml4[WALK_PDPT_SLOT] = table | TABLE;
		va = WALK_PDPT_SLOT * PML4_SLOT_SIZE + index * GIB;
		break;
	}
	write_cr3(read_cr3());
	return (volatile void *)va;
}

void walk_end(void)
{
	walk_pd[0] = 0;
	walk_pdpt[1] = 0;
	boot_pml4[WALK_SLOT] = 0;
	boot_pml4[WALK_PDPT_SLOT] = 0;
	write_cr3(read_cr3());
}
