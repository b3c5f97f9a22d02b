/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The processor's memory type range registers (MTRRs): SDM vol. 3, 12.11; APM vol. 2, 7.7.
 *
 * A firmware may start its payload with RAM that no range makes write-back (U-Boot does on some
 * boards); everything would work, at a tenth of the speed or less. So the ranges are looked at,
 * and set anew where RAM that is used is not write-back. Ranges that serve are left alone.
 */
#ifndef ARCH_MTRR_H
#define ARCH_MTRR_H

#include "boot_info.h"
#include "core/types.h"
#include "arch_vcpu.h" /* NR_FIXED_MTRRS */

#define MSR_MTRR_CAP 0xfe
#define MSR_MTRR_VARIABLE 0x200 /* pairs of base and mask */
#define MSR_MTRR_FIX64K 0x250
#define MSR_MTRR_FIX16K 0x258 /* and 0x259 */
#define MSR_MTRR_FIX4K 0x268  /* to 0x26f */
#define MSR_MTRR_DEFAULT 0x2ff

#define MTRR_CAP_COUNT 0xffu /* variable ranges */
#define MTRR_CAP_FIXED BIT(8)
#define MTRR_CAP_WC BIT(10)
#define MTRR_TYPE 0xffu /* in MSR_MTRR_DEFAULT and in a range's base */
#define MTRR_DEFAULT_FIXED BIT(10)
#define MTRR_DEFAULT_ENABLED BIT(11)
#define MTRR_MASK_VALID BIT(11)

#define MTRR_UNCACHEABLE 0u
#define MTRR_WRITE_THROUGH 4u
#define MTRR_WRITE_BACK 6u

#define MTRR_MAX_VARIABLE 32u    /* processors have about ten */
#define MTRR_FIXED_END 0x100000u /* below it, the fixed ranges count */

struct mtrr_range {
	uint64_t base; /* the registers as they are: address, type */
	uint64_t mask; /* which address bits are compared, MTRR_MASK_VALID */
};

struct mtrrs {
	uint64_t default_type; /* MSR_MTRR_DEFAULT */
	uint64_t fixed[NR_FIXED_MTRRS];
	struct mtrr_range variable[MTRR_MAX_VARIABLE];
	unsigned int nr_variable;
	uint64_t address_end; /* of the processor's physical addresses, a power of two */
	uint64_t tom2;        /* AMD: memory from 4 GiB to this is write-back by default; or 0 */
};

/* Memory that shall be write-back, with room to choose a boundary that takes few ranges. */
struct mtrr_ram {
	uint64_t base, end; /* all of [base, end) */
	uint64_t low, high; /* and, of [low, high) around it, what is convenient */
};

/* The type of the memory at @address, which is not below 1 MiB. */
unsigned int mtrr_type(const struct mtrrs *mtrrs, uint64_t address);

/* The first address of [base, base + size) that is not write-back, or base + size; not below 1 MiB.
 */
uint64_t mtrr_first_uncached(const struct mtrrs *mtrrs, uint64_t base, uint64_t size);

/*
 * Sets the variable ranges and the default type of @mtrrs such that the @nr_ram pieces of @ram are
 * write-back and all else is uncacheable. The pieces are sorted and disjoint, with their [low,
 * high) too, and page-aligned. If the processor has too few ranges, the last pieces are left out.
 * Returns how many were not; their base and end are then what is write-back. *@needed is the number
 * of ranges for all pieces.
 */
unsigned int mtrr_plan(struct mtrrs *mtrrs, struct mtrr_ram *ram, unsigned int nr_ram,
		       unsigned int *needed);

/* On the boot CPU, after board_check(): sees to it that the RAM that the table uses is write-back,
 * and remembers the registers for the other CPUs. */
void mtrr_init(const struct boot_info *info);

/* On each other CPU, before it does anything else: gives it what the boot CPU has. */
void mtrr_init_ap(void);

/* When all CPUs have started: logs how many had other registers. */
void mtrr_report(void);

#endif
