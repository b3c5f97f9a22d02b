/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Second-stage page tables: from a cell's guest-physical to host-physical addresses.
 *
 * AMD's nested page tables (APM vol. 2, 15.25), Intel's EPT (SDM vol. 3C, 29.3) and what
 * LoongArch's LDDIR and LDPTE walk (LoongArch Reference Manual vol. 1, 5.4.5) have the same shape:
 * four levels of 512 entries of 8 bytes. They differ in bits only, and struct stage2_format holds
 * these.
 *
 * Tables come from the page pool and are not given back. Leaves are as large as alignment permits.
 * Nothing here flushes a TLB: after stage2_unmap() and stage2_protect() the caller does. Entries
 * change atomically, so CPUs may walk the tables meanwhile; the functions themselves must not run
 * at once on one struct stage2.
 */
#ifndef CORE_STAGE2_H
#define CORE_STAGE2_H

#include "core/types.h"
#include "core/partition.h"

/* The sizes of leaves, apart from PAGE_SIZE. */
#define STAGE2_LEAF_2M (PAGE_SIZE << 9)
#define STAGE2_LEAF_1G (PAGE_SIZE << 18)

/* The bits of one vendor's entries. */
struct stage2_format {
	uint64_t table;         /* in an entry that refers to a table */
	uint64_t present;       /* in every leaf */
	uint64_t writable;      /* in a leaf that may be written */
	uint64_t executable;    /* in a leaf that may be executed; 0 where only no_execute exists */
	uint64_t no_execute;    /* in a leaf that may not be executed */
	uint64_t large;         /* in a leaf of 2 MiB or 1 GiB */
	uint64_t ram;           /* memory type of RAM, */
	uint64_t device;        /* and of device registers: uncached */
	unsigned int host_bits; /* of a host-physical address, at most 52 */
	const uint64_t
		*hole; /* the address that an entry holds which stands for nothing, or NULL */
};

struct stage2 {
	const struct stage2_format *format;
	uint64_t *root;      /* see stage2_root() */
	bool max_1g;         /* the CPU has leaves of 1 GiB; otherwise 2 MiB are the largest */
	unsigned int tables; /* pages taken from the pool, the root included */
};

/* Prepares empty tables. Returns 0 or -ENOMEM. */
int stage2_init(struct stage2 *s2, const struct stage2_format *format, bool max_1g);

/* The physical address of the top table, for nCR3, EPTP or PGDL. */
static inline uint64_t stage2_root(const struct stage2 *s2)
{
	return (uintptr_t)s2->root;
}

/*
 * Maps @region. Device regions become uncached and never executable, whatever their flags say.
 * Returns 0, or
 *   -EINVAL  not 4 KiB aligned, empty, beyond 2^48 (guest) or 2^host_bits (host), or not
 *            readable
 *   -EBUSY   something is mapped there already
 *   -ENOMEM  the pool has no page left
 * and then nothing has changed but the number of tables.
 */
int stage2_map(struct stage2 *s2, const struct mem_region *region);

/* Maps all regions of a cell, and logs how large the pages are. Returns as stage2_map(). */
int stage2_map_cell(struct stage2 *s2, const struct cell_config *config);

/*
 * Removes [@gpa, @gpa + @size), splitting large pages at its ends. Returns 0, or -EINVAL (as
 * above), -ENOENT (not all of it is mapped), -ENOMEM; then nothing has changed for the guest.
 */
int stage2_unmap(struct stage2 *s2, uint64_t gpa, uint64_t size);

/*
 * Changes the rights to those of @flags (REGION_READ, _WRITE, _EXECUTE); otherwise as
 * stage2_unmap().
 */
int stage2_protect(struct stage2 *s2, uint64_t gpa, uint64_t size, uint32_t flags);

/*
 * Looks @gpa up. Returns 0 and sets @hpa (of this very byte), @flags (REGION_READ, _WRITE,
 * _EXECUTE, _DEVICE) and @page_size (bytes); or -ENOENT when nothing is mapped there. Each pointer
 * may be NULL.
 */
int stage2_lookup(const struct stage2 *s2, uint64_t gpa, uint64_t *hpa, uint32_t *flags,
		  uint64_t *page_size);

#endif
