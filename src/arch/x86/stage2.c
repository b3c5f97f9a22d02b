/* SPDX-License-Identifier: Apache-2.0 */
/* The bits of x86's second-stage and own page tables, see core/stage2.h. */
#include "stage2.h"

/*
 * APM vol. 2, 5.3: entries of long mode. In nested tables they are those of user mode (15.25.5).
 * Accessed and dirty are set beforehand: nobody reads them, and the CPU need not write them.
 */
#define PTE_PRESENT BIT_ULL(0)
#define PTE_WRITE BIT_ULL(1)
#define PTE_USER BIT_ULL(2)
#define PTE_PWT BIT_ULL(3)
#define PTE_PCD BIT_ULL(4)
#define PTE_ACCESSED BIT_ULL(5)
#define PTE_DIRTY BIT_ULL(6)
#define PTE_LARGE BIT_ULL(7)
#define PTE_NX BIT_ULL(63)

const struct stage2_format stage2_amd = {
	.table = PTE_PRESENT | PTE_WRITE | PTE_USER | PTE_ACCESSED,
	.present = PTE_PRESENT | PTE_USER | PTE_ACCESSED | PTE_DIRTY,
	.writable = PTE_WRITE,
	.no_execute = PTE_NX,
	.large = PTE_LARGE,
	.host_bits = 52,
	.ram = 0,                    /* entry 0 of the PAT: write-back */
	.device = PTE_PWT | PTE_PCD, /* entry 3: uncacheable */
};

const struct stage2_format stage2_host = {
	.table = PTE_PRESENT | PTE_WRITE | PTE_ACCESSED,
	.present = PTE_PRESENT | PTE_ACCESSED | PTE_DIRTY,
	.writable = PTE_WRITE,
	.no_execute = PTE_NX,
	.large = PTE_LARGE,
	.host_bits = 52,
	.ram = 0,
	.device = PTE_PWT | PTE_PCD,
};

/* SDM vol. 3C, tables 29-3 to 29-7. */
#define EPT_READ BIT_ULL(0)
#define EPT_WRITE BIT_ULL(1)
#define EPT_EXECUTE BIT_ULL(2)
#define EPT_TYPE_UC (UINT64_C(0) << 3)
#define EPT_TYPE_WB (UINT64_C(6) << 3)
#define EPT_LARGE BIT_ULL(7)

const struct stage2_format stage2_intel = {
	.table = EPT_READ | EPT_WRITE | EPT_EXECUTE,
	.present = EPT_READ,
	.writable = EPT_WRITE,
	.executable = EPT_EXECUTE,
	.large = EPT_LARGE,
	.host_bits = 52,
	.ram = EPT_TYPE_WB,
	.device = EPT_TYPE_UC,
};
