/* SPDX-License-Identifier: Apache-2.0 */
#include "window.h"
#include "lib.h"
#include "trap.h"

#define WINDOW_BASE 0xffff800000000000ull /* first address of the upper half */
#define ENTRIES 512
#define PTE_VALID_RW 0x193ull /* V D MAT=CC P W, see src/arch/loongarch/stage2.c */
#define INVTLB_OWN_ALL 0

static uint64_t hole[ENTRIES] __attribute__((aligned(4096)));
static uint64_t tables[MAX_CPUS][4][ENTRIES] __attribute__((aligned(4096)));

unsigned int physical_bits(void)
{
	return (cpucfg(1) >> 4 & 0xff) + 1;
}

void window_init_cpu(void)
{
	uint64_t(*own)[ENTRIES] = tables[csr_read(CSR_CPUID)];

	for (unsigned int i = 0; i < ENTRIES; i++) {
		hole[i] = (uint64_t)hole;
		for (unsigned int level = 0; level < 4; level++)
			own[level][i] = (uint64_t)hole;
	}
	/* WINDOW_BASE has index 256 at the top, and 0 below. */
	own[3][256] = (uint64_t)own[2];
	own[2][0] = (uint64_t)own[1];
	own[1][0] = (uint64_t)own[0];
	csr_write(CSR_PWCL, PWCL_4K);
	csr_write(CSR_PWCH, PWCH_4K);
	csr_write(CSR_STLBPS, STLBPS_4K);
	csr_write(CSR_TLBREHI, STLBPS_4K);
	csr_write(CSR_ASID, 0);
	csr_write(CSR_PGDL, (uint64_t)hole);
	csr_write(CSR_PGDH, (uint64_t)own[3]);
	invtlb(INVTLB_OWN_ALL, 0, 0);
}

volatile void *window_map(uint64_t pa)
{
	uint64_t(*own)[ENTRIES] = tables[csr_read(CSR_CPUID)];

	own[1][0] = (uint64_t)own[0];
	own[0][0] = (pa & PAGE_MASK) | PTE_VALID_RW;
	own[0][1] = ((pa & PAGE_MASK) + PAGE_SIZE) | PTE_VALID_RW;
	barrier_data();
	invtlb(INVTLB_OWN_ALL, 0, 0);
	return (volatile void *)(WINDOW_BASE + pa % PAGE_SIZE);
}

volatile void *window_walk(uint64_t table)
{
	tables[csr_read(CSR_CPUID)][1][0] = table & PAGE_MASK;
	barrier_data();
	invtlb(INVTLB_OWN_ALL, 0, 0);
	return (volatile void *)WINDOW_BASE;
}
