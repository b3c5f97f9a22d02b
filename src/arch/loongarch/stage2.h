/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What LoongArch adds to core/stage2.h: the bits of its entries, and the TLB.
 *
 * The CPU walks nothing by itself: the refill handler does, by LDDIR 3, LDDIR 2, LDDIR 1, LDPTE 0,
 * LDPTE 1 (LoongArch Reference Manual vol. 1, 4.2.5), with the geometry of PWCL_4K and PWCH_4K. It
 * needs no test for empty entries: each of them leads to one page whose entries are its own
 * address. As a directory that leads there again, and as a leaf it is invalid (V = 0), so what is
 * not mapped ends in an invalid TLB entry and the exception PIL, PIS or PIF.
 */
#ifndef LOONGARCH_STAGE2_H
#define LOONGARCH_STAGE2_H

#include "core/stage2.h"

/* Page sizes that the TLB must have for leaves of 2 MiB and of 1 GiB, which become two entries of
 * half their size; bits of PRCFG2 (7.4.14). */
#define STAGE2_PRCFG2_2M BIT_ULL(20)
#define STAGE2_PRCFG2_1G BIT_ULL(29)

extern const struct stage2_format stage2_loongarch;

/*
 * The tables of one cell, and the TLB entries made from them. These are tagged with @gid
 * (CSR.GSTAT.GID) on every CPU of the cell, and hold pages that are not mapped, too: @flush is
 * called after each change, stage2_map() included. It must drop the entries of @gid for at least
 * [@gpa, @gpa + @size) on all CPUs of the cell before it returns (INVTLB is local). NULL as long as
 * none of them has run the cell.
 */
struct cell_stage2 {
	struct stage2 tables;
	unsigned int gid;
	void (*flush)(unsigned int gid, uint64_t gpa, uint64_t size);
};

/* Prepares empty tables, with leaves of 1 GiB if @max_1g. Returns 0, -EINVAL (@gid is 0: the
 * host's) or -ENOMEM. */
int cell_stage2_init(struct cell_stage2 *s2, unsigned int gid, bool max_1g);

/* As stage2_map(), stage2_unmap() and stage2_protect(), and in the TLBs too. */
int cell_stage2_map(struct cell_stage2 *s2, const struct mem_region *region);
int cell_stage2_unmap(struct cell_stage2 *s2, uint64_t gpa, uint64_t size);
int cell_stage2_protect(struct cell_stage2 *s2, uint64_t gpa, uint64_t size, uint32_t flags);

#endif
