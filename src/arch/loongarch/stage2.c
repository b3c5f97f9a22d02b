/* SPDX-License-Identifier: Apache-2.0 */
/* Second-stage tables of LoongArch, see stage2.h. Sections are those of the LoongArch Reference
 * Manual vol. 1. */
#include "stage2.h"

/* Page table entries, 5.4.5 and 7.5.3. */
#define PTE_V BIT_ULL(0)
#define PTE_D BIT_ULL(1) /* may be written; without it a store raises PME */
#define PTE_MAT_SUC (UINT64_C(0) << 4)
#define PTE_MAT_CC (UINT64_C(1) << 4)
#define PTE_HUGE BIT_ULL(6) /* in a directory; in a leaf of 4 KiB the bit is G, which stays 0 */
#define PTE_P BIT_ULL(7)    /* only hardware that walks by itself looks at P and W */
#define PTE_W BIT_ULL(8)
#define PTE_NX BIT_ULL(62)

#define ENTRIES (PAGE_SIZE / sizeof(uint64_t))

static uint64_t hole[ENTRIES] __attribute__((aligned(4096)));

/* PLV stays 0: second-stage lookups are made at that level, whatever the guest's. */
const struct stage2_format stage2_loongarch = {
	.table = 0, /* a directory entry is the table's address and nothing else */
	.present = PTE_V | PTE_P,
	.writable = PTE_D | PTE_W,
	.no_execute = PTE_NX,
	.large = PTE_HUGE,
	.ram = PTE_MAT_CC,
	.device = PTE_MAT_SUC,
	.host_bits = 48,
	.hole = hole,
};

int cell_stage2_init(struct cell_stage2 *s2, unsigned int gid, bool max_1g)
{
	if (gid == 0)
		return -EINVAL;
	for (unsigned int i = 0; i < ENTRIES; i++)
		hole[i] = (uintptr_t)hole;
	s2->gid = gid;
	s2->flush = NULL;
	return stage2_init(&s2->tables, &stage2_loongarch, max_1g);
}

static int flushed(const struct cell_stage2 *s2, uint64_t gpa, uint64_t size, int error)
{
	if (!error && s2->flush)
		s2->flush(s2->gid, gpa, size);
	return error;
}

int cell_stage2_map(struct cell_stage2 *s2, const struct mem_region *region)
{
	return flushed(s2, region->gpa, region->size, stage2_map(&s2->tables, region));
}

int cell_stage2_unmap(struct cell_stage2 *s2, uint64_t gpa, uint64_t size)
{
	return flushed(s2, gpa, size, stage2_unmap(&s2->tables, gpa, size));
}

int cell_stage2_protect(struct cell_stage2 *s2, uint64_t gpa, uint64_t size, uint32_t flags)
{
	return flushed(s2, gpa, size, stage2_protect(&s2->tables, gpa, size, flags));
}
