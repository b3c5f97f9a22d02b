/* SPDX-License-Identifier: Apache-2.0 */
/* sources: src/core/stage2.c src/arch/x86/stage2.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "arch/x86/stage2.h"
#include "core/pool.h"

#define KIB UINT64_C(1024)
#define MIB (1024 * KIB)
#define GIB (1024 * MIB)
#define RWX (REGION_READ | REGION_WRITE | REGION_EXECUTE)

/* ---- A pool that can be emptied, and that fails when the test wants ---- */

static uint8_t arena[4096 * 4096] __attribute__((aligned(4096)));
static unsigned int arena_used;	 /* pages */
static unsigned int arena_limit; /* pages */

uint8_t *pool_alloc(unsigned int pages)
{
	uint8_t *memory = &arena[arena_used * 4096];

	if (arena_used + pages > arena_limit)
		return NULL;
	memset(memory, 0, pages * 4096);
	arena_used += pages;
	return memory;
}

static int setup(void **state)
{
	(void)state;
	arena_used = 0;
	arena_limit = sizeof(arena) / 4096;
	srand(7);
	return 0;
}

static uint64_t noise(uint64_t below)
{
	return (((uint64_t)rand() << 31) ^ (uint64_t)rand()) % below;
}

static int map(struct stage2 *s2, uint64_t gpa, uint64_t hpa, uint64_t size, uint32_t flags)
{
	const struct mem_region region = { .gpa = gpa, .hpa = hpa, .size = size, .flags = flags };

	return stage2_map(s2, &region);
}

static void assert_mapped(const struct stage2 *s2, uint64_t gpa, uint64_t hpa, uint32_t flags,
			  uint64_t page)
{
	uint64_t found_hpa, found_page;
	uint32_t found_flags;

	assert_int_equal(stage2_lookup(s2, gpa, &found_hpa, &found_flags, &found_page), 0);
	assert_int_equal(found_hpa, hpa);
	assert_int_equal(found_flags, flags);
	if (page)
		assert_int_equal(found_page, page);
}

static void assert_absent(const struct stage2 *s2, uint64_t gpa)
{
	assert_int_equal(stage2_lookup(s2, gpa, NULL, NULL, NULL), -ENOENT);
}

/* ---- Entries, bit by bit ---- */

/* The entry that ends the walk for @gpa, found without the code under test. */
static uint64_t raw_entry(const struct stage2 *s2, uint64_t gpa, unsigned int levels,
			  uint64_t *above)
{
	uint64_t table = stage2_root(s2);
	uint64_t entry = 0;

	for (unsigned int shift = 39; levels--; shift -= 9) {
		*above = entry;
		entry = ((const uint64_t *)(uintptr_t)table)[(gpa >> shift) & 511];
		table = entry & UINT64_C(0x000ffffffffff000);
	}
	return entry;
}

static void amd_entries_have_the_bits_of_the_manual(void **state)
{
	struct stage2 s2;
	uint64_t above;

	(void)state;
	assert_int_equal(stage2_init(&s2, &stage2_amd, true), 0);
	assert_int_equal(map(&s2, 0x1000, 0xabc000, 0x1000, RWX | REGION_RAM), 0);
	assert_int_equal(map(&s2, 0x2000, 0xabd000, 0x1000, REGION_READ | REGION_WRITE), 0);
	assert_int_equal(map(&s2, 0x3000, 0xabe000, 0x1000, REGION_READ), 0);
	assert_int_equal(map(&s2, 0x4000, 0xfed00000, 0x1000, RWX | REGION_DEVICE), 0);
	assert_int_equal(map(&s2, 2 * MIB, 6 * MIB, 2 * MIB, RWX), 0);
	assert_int_equal(map(&s2, GIB, 3 * GIB, GIB, RWX), 0);
	assert_int_equal(raw_entry(&s2, 0x1000, 4, &above), 0xabc067);
	assert_int_equal(above & 0xfff, 0x027); /* present, writable, user, accessed */
	assert_int_equal(raw_entry(&s2, 0x2000, 4, &above), UINT64_C(0x8000000000abd067));
	assert_int_equal(raw_entry(&s2, 0x3000, 4, &above), UINT64_C(0x8000000000abe065));
	assert_int_equal(raw_entry(&s2, 0x4000, 4, &above), UINT64_C(0x80000000fed0007f));
	assert_int_equal(raw_entry(&s2, 2 * MIB, 3, &above), 6 * MIB | 0x0e7);
	assert_int_equal(raw_entry(&s2, GIB, 2, &above), 3 * GIB | 0x0e7);
}

static void intel_entries_have_the_bits_of_the_manual(void **state)
{
	struct stage2 s2;
	uint64_t above;

	(void)state;
	assert_int_equal(stage2_init(&s2, &stage2_intel, true), 0);
	assert_int_equal(map(&s2, 0x1000, 0xabc000, 0x1000, RWX | REGION_RAM), 0);
	assert_int_equal(map(&s2, 0x3000, 0xabe000, 0x1000, REGION_READ), 0);
	assert_int_equal(map(&s2, 0x4000, 0xfed00000, 0x1000, RWX | REGION_DEVICE), 0);
	assert_int_equal(map(&s2, GIB, 3 * GIB, GIB, RWX), 0);
	assert_int_equal(raw_entry(&s2, 0x1000, 4, &above), 0xabc037);
	assert_int_equal(above & 0xfff, 0x007);
	assert_int_equal(raw_entry(&s2, 0x3000, 4, &above), 0xabe031);
	assert_int_equal(raw_entry(&s2, 0x4000, 4, &above), 0xfed00003);
	assert_int_equal(raw_entry(&s2, GIB, 2, &above), 3 * GIB | 0x0b7);
}

static void the_hypervisors_own_entries_are_not_for_user_mode(void **state)
{
	struct stage2 s2;
	uint64_t above;

	(void)state;
	assert_int_equal(stage2_init(&s2, &stage2_host, false), 0);
	assert_int_equal(map(&s2, 0, 0, GIB, REGION_READ | REGION_EXECUTE), 0);
	assert_int_equal(raw_entry(&s2, 0, 3, &above), 0x0e1);
	assert_int_equal(above & 0xfff, 0x023);
}

/* ---- Sizes ---- */

static void leaves_are_as_large_as_alignment_and_length_permit(void **state)
{
	struct stage2 s2;

	(void)state;
	assert_int_equal(stage2_init(&s2, &stage2_amd, true), 0);
	/* 4 KiB up to 2 MiB, 2 MiB up to 1 GiB, two of 1 GiB, then down again. */
	assert_int_equal(map(&s2, 2 * MIB - 8 * KIB, 5 * GIB - 8 * KIB + 2 * MIB,
			     3 * GIB + 2 * MIB + 12 * KIB, RWX),
			 0);
	assert_absent(&s2, 2 * MIB - 8 * KIB - 1);
	assert_mapped(&s2, 2 * MIB - 8 * KIB, 5 * GIB + 2 * MIB - 8 * KIB, RWX, 4 * KIB);
	assert_mapped(&s2, 2 * MIB - 1, 5 * GIB + 2 * MIB - 1, RWX, 4 * KIB);
	assert_mapped(&s2, 2 * MIB, 5 * GIB + 2 * MIB, RWX, 2 * MIB);
	assert_mapped(&s2, GIB - 1, 6 * GIB - 1, RWX, 2 * MIB);
	assert_mapped(&s2, GIB, 6 * GIB, RWX, GIB);
	assert_mapped(&s2, 3 * GIB - 1, 8 * GIB - 1, RWX, GIB);
	assert_mapped(&s2, 3 * GIB, 8 * GIB, RWX, 2 * MIB);
	assert_mapped(&s2, 3 * GIB + 4 * MIB, 8 * GIB + 4 * MIB, RWX, 4 * KIB);
	assert_mapped(&s2, 3 * GIB + 4 * MIB + 4 * KIB - 1, 8 * GIB + 4 * MIB + 4 * KIB - 1, RWX,
		      4 * KIB);
	assert_absent(&s2, 3 * GIB + 4 * MIB + 4 * KIB);
}

static void without_1_gib_pages_2_mib_are_the_largest(void **state)
{
	struct stage2 s2;

	(void)state;
	assert_int_equal(stage2_init(&s2, &stage2_amd, false), 0);
	assert_int_equal(map(&s2, 0, GIB, 2 * GIB, RWX), 0);
	assert_mapped(&s2, GIB + 5, 2 * GIB + 5, RWX, 2 * MIB);
	assert_int_equal(s2.tables, 4);
}

static void the_page_size_follows_the_less_aligned_of_both_addresses(void **state)
{
	struct stage2 s2;

	(void)state;
	assert_int_equal(stage2_init(&s2, &stage2_amd, true), 0);
	assert_int_equal(map(&s2, 0, 2 * MIB, 2 * GIB, RWX), 0);
	assert_mapped(&s2, GIB, GIB + 2 * MIB, RWX, 2 * MIB);
	assert_int_equal(map(&s2, 4 * GIB, 4 * KIB, GIB, RWX), 0);
	assert_mapped(&s2, 4 * GIB + 2 * MIB, 2 * MIB + 4 * KIB, RWX, 4 * KIB);
}

/* ---- Refusals ---- */

static void what_cannot_be_mapped_is_refused(void **state)
{
	struct stage2 s2;
	unsigned int tables;

	(void)state;
	assert_int_equal(stage2_init(&s2, &stage2_amd, true), 0);
	tables = s2.tables;
	assert_int_equal(map(&s2, 0x800, 0, 0x1000, RWX), -EINVAL);
	assert_int_equal(map(&s2, 0, 0x800, 0x1000, RWX), -EINVAL);
	assert_int_equal(map(&s2, 0, 0, 0x800, RWX), -EINVAL);
	assert_int_equal(map(&s2, 0, 0, 0, RWX), -EINVAL);
	assert_int_equal(map(&s2, 0, 0, 0x1000, REGION_WRITE | REGION_EXECUTE), -EINVAL);
	assert_int_equal(map(&s2, BIT_ULL(48), 0, 0x1000, RWX), -EINVAL);
	assert_int_equal(map(&s2, BIT_ULL(48) - 0x1000, 0, 0x2000, RWX), -EINVAL);
	assert_int_equal(map(&s2, 0, BIT_ULL(52) - 0x1000, 0x2000, RWX), -EINVAL);
	assert_int_equal(map(&s2, 0x1000, 0, PAGE_MASK, RWX), -EINVAL);
	assert_int_equal(s2.tables, tables);
	assert_int_equal(stage2_unmap(&s2, 0x800, 0x1000), -EINVAL);
	assert_int_equal(stage2_protect(&s2, 0, 0x1000, REGION_WRITE), -EINVAL);
	assert_int_equal(stage2_unmap(&s2, 0, 0x1000), -ENOENT);
	assert_absent(&s2, BIT_ULL(48));
	assert_absent(&s2, UINT64_MAX);
	assert_int_equal(map(&s2, BIT_ULL(48) - 0x1000, BIT_ULL(52) - 0x1000, 0x1000, RWX), 0);
	assert_mapped(&s2, BIT_ULL(48) - 1, BIT_ULL(52) - 1, RWX, 4 * KIB);
	assert_int_equal(stage2_unmap(&s2, BIT_ULL(48) - 0x1000, 0x1000), 0);
	assert_absent(&s2, BIT_ULL(48) - 1);
}

static void an_empty_pool_leaves_everything_as_it_was(void **state)
{
	const struct mem_region big = {
		.gpa = 2 * MIB - 4 * KIB, .hpa = 0, .size = 4 * MIB, .flags = RWX
	};
	struct stage2 s2;
	unsigned int free_pages = 0;
	int error = -ENOMEM;

	(void)state;
	arena_limit = 0;
	assert_int_equal(stage2_init(&s2, &stage2_amd, true), -ENOMEM);
	for (; error; free_pages++) {
		setup(NULL);
		assert_int_equal(stage2_init(&s2, &stage2_amd, true), 0);
		arena_limit = arena_used + free_pages;
		error = stage2_map(&s2, &big);
		if (!error)
			break;
		assert_int_equal(error, -ENOMEM);
		for (uint64_t gpa = 0; gpa < 8 * MIB; gpa += 4 * KIB)
			assert_absent(&s2, gpa);
		assert_int_equal(s2.tables, arena_used);
	}
	assert_int_equal(free_pages, 5); /* two upper tables, and three of 4 KiB pages */

	/* A split that gets none, then one, of its three tables. */
	setup(NULL);
	assert_int_equal(stage2_init(&s2, &stage2_amd, true), 0);
	assert_int_equal(map(&s2, 0, 0, GIB, RWX), 0);
	for (unsigned int more = 0; more < 2; more++) {
		arena_limit = arena_used + more;
		assert_int_equal(stage2_unmap(&s2, 3 * MIB, 2 * MIB), -ENOMEM);
		for (uint64_t gpa = 0; gpa < GIB; gpa += MIB)
			assert_mapped(&s2, gpa, gpa, RWX, 0);
	}
	arena_limit = arena_used + 2;
	assert_int_equal(stage2_unmap(&s2, 3 * MIB, 2 * MIB), 0);
	assert_mapped(&s2, 3 * MIB - 1, 3 * MIB - 1, RWX, 4 * KIB);
	assert_absent(&s2, 3 * MIB);
	assert_absent(&s2, 5 * MIB - 1);
	assert_mapped(&s2, 5 * MIB, 5 * MIB, RWX, 4 * KIB);
	assert_mapped(&s2, 6 * MIB, 6 * MIB, RWX, 2 * MIB);
}

static void protection_keeps_devices_uncached_and_not_executable(void **state)
{
	struct stage2 s2;
	uint64_t above;

	(void)state;
	assert_int_equal(stage2_init(&s2, &stage2_intel, true), 0);
	assert_int_equal(map(&s2, 0, 0x80000000, 4 * MIB,
			     REGION_READ | REGION_WRITE | REGION_DEVICE),
			 0);
	assert_int_equal(stage2_protect(&s2, 0x1000, 0x1000, RWX), 0);
	assert_mapped(&s2, 0x1000, 0x80001000, REGION_READ | REGION_WRITE | REGION_DEVICE, 4 * KIB);
	assert_int_equal(raw_entry(&s2, 0x2000, 4, &above), 0x80002003); /* split, not "large" */
	assert_int_equal(stage2_protect(&s2, 0x1000, 0x1000, REGION_READ | REGION_EXECUTE), 0);
	assert_mapped(&s2, 0x1000, 0x80001000, REGION_READ | REGION_DEVICE, 4 * KIB);
	assert_mapped(&s2, 0x2000, 0x80002000, REGION_READ | REGION_WRITE | REGION_DEVICE, 4 * KIB);
}

/* ---- Counting pages as the generator does ---- */

static uint64_t leaf_size(const struct mem_region *region, uint64_t gpa, bool max_1g)
{
	static const uint64_t sizes[] = { GIB, 2 * MIB };

	/* An aligned block around @gpa that lies within the region, on both sides. */
	for (unsigned int i = max_1g ? 0 : 1; i < ARRAY_SIZE(sizes); i++) {
		uint64_t start = gpa & ~(sizes[i] - 1);

		if (start >= region->gpa && start + sizes[i] <= region->gpa + region->size &&
		    (region->hpa - region->gpa) % sizes[i] == 0)
			return sizes[i];
	}
	return 4 * KIB;
}

#define SPACE (1024 * GIB) /* that the count looks at */

static unsigned int count_tables(const struct mem_region *regions, unsigned int nr, bool max_1g)
{
	static bool upper[SPACE / (512 * GIB)], middle[SPACE / GIB], lower[SPACE / (2 * MIB)];
	unsigned int count = 1;

	memset(upper, 0, sizeof(upper));
	memset(middle, 0, sizeof(middle));
	memset(lower, 0, sizeof(lower));
	for (unsigned int i = 0; i < nr; i++) {
		uint64_t gpa = regions[i].gpa;

		while (gpa < regions[i].gpa + regions[i].size) {
			uint64_t size = leaf_size(&regions[i], gpa, max_1g);

			upper[gpa / (512 * GIB)] = true;
			if (size < GIB)
				middle[gpa / GIB] = true;
			if (size < 2 * MIB)
				lower[gpa / (2 * MIB)] = true;
			gpa += size;
		}
	}
	for (size_t i = 0; i < ARRAY_SIZE(upper); i++)
		count += upper[i];
	for (size_t i = 0; i < ARRAY_SIZE(middle); i++)
		count += middle[i];
	for (size_t i = 0; i < ARRAY_SIZE(lower); i++)
		count += lower[i];
	return count;
}

static void a_typical_cell_takes_as_many_pages_as_the_generator_computes(void **state)
{
	const struct mem_region cell[] = {
		{ 0, 0x10000000, 0xa0000, RWX | REGION_RAM, "" },
		{ 0xc0000, 0x100c0000, 0x40000, REGION_READ | REGION_RAM, "" },
		{ 0x100000, 0x10100000, 512 * MIB - MIB, RWX | REGION_RAM, "" },
	};
	struct stage2 s2;

	(void)state;
	assert_int_equal(stage2_init(&s2, &stage2_amd, true), 0);
	for (unsigned int i = 0; i < ARRAY_SIZE(cell); i++)
		assert_int_equal(stage2_map(&s2, &cell[i]), 0);
	assert_int_equal(s2.tables, 4);
	assert_int_equal(count_tables(cell, ARRAY_SIZE(cell), true), 4);
	assert_absent(&s2, 0xa0000);
	assert_absent(&s2, 0xbffff);
}

/* A size that is often, but not always, a multiple of a large page. */
static uint64_t random_size(void)
{
	switch (noise(4)) {
	case 0:
		return 4 * KIB * (1 + noise(1200));
	case 1:
		return 2 * MIB * (1 + noise(600));
	case 2:
		return GIB * (1 + noise(3));
	default:
		return 2 * MIB * (1 + noise(600)) + 4 * KIB * noise(512);
	}
}

static void random_regions_are_mapped_completely_with_the_expected_sizes_and_counts(void **state)
{
	(void)state;
	for (unsigned int round = 0; round < 100; round++) {
		struct mem_region regions[12];
		bool max_1g = noise(2);
		uint64_t gpa = noise(2) ? 0 : 4 * KIB * noise(1 << 20);
		struct stage2 s2;

		arena_used = 0;
		assert_int_equal(stage2_init(&s2, noise(2) ? &stage2_amd : &stage2_intel, max_1g),
				 0);
		for (unsigned int i = 0; i < ARRAY_SIZE(regions); i++) {
			uint64_t shift = noise(3) * 9 + 12; /* how well both addresses agree */
			uint64_t hpa = (gpa & (BIT_ULL(shift) - 1)) + (noise(1 << 12) << shift);
			uint32_t flags = REGION_READ | ((uint32_t)noise(2) * REGION_WRITE);

			flags |= (uint32_t)noise(2) * REGION_EXECUTE;
			regions[i] = (struct mem_region){ gpa, hpa, random_size(), flags, "" };
			if ((hpa ^ gpa) % (2 * MIB)) /* 4 KiB pages only */
				regions[i].size = 4 * KIB * (1 + noise(20000));
			assert_int_equal(stage2_map(&s2, &regions[i]), 0);
			gpa += regions[i].size + (noise(2) ? 0 : 4 * KIB * noise(5000));
		}
		assert_true(gpa < SPACE);
		assert_int_equal(s2.tables, count_tables(regions, ARRAY_SIZE(regions), max_1g));
		assert_int_equal(s2.tables, arena_used);
		for (unsigned int i = 0; i < ARRAY_SIZE(regions); i++) {
			const struct mem_region *r = &regions[i];
			uint64_t end = r->gpa + r->size;
			uint64_t next = i + 1 < ARRAY_SIZE(regions) ? r[1].gpa : UINT64_MAX;

			for (uint64_t at = r->gpa; at < end; at += leaf_size(r, at, max_1g)) {
				uint64_t size = leaf_size(r, at, max_1g);

				assert_mapped(&s2, at, at - r->gpa + r->hpa, r->flags, size);
				assert_mapped(&s2, at + size - 1, at + size - 1 - r->gpa + r->hpa,
					      r->flags, size);
			}
			if (end < next)
				assert_absent(&s2, end);
		}
	}
}

/* ---- Against a flat model, one element for each 4 KiB ---- */

#define MODEL_BASE (GIB - 64 * MIB) /* across a boundary of 1 GiB */
#define MODEL_PAGES ((uint64_t)(GIB + 128 * MIB) / (4 * KIB))

struct model_page {
	uint64_t hpa;
	uint32_t flags; /* 0: not mapped */
};

static struct model_page model[MODEL_PAGES];

static bool model_all(uint64_t first, uint64_t pages, bool mapped)
{
	for (uint64_t i = first; i < first + pages; i++)
		if ((model[i].flags != 0) != mapped)
			return false;
	return true;
}

static void compare_page(const struct stage2 *s2, uint64_t page)
{
	uint64_t gpa = MODEL_BASE + page * 4 * KIB + noise(4 * KIB);

	if (model[page].flags)
		assert_mapped(s2, gpa, model[page].hpa + gpa % (4 * KIB), model[page].flags, 0);
	else
		assert_absent(s2, gpa);
}

static void random_operation(struct stage2 *s2, uint64_t first, uint64_t pages)
{
	uint32_t flags = REGION_READ | (uint32_t)(noise(4) << 1); /* write, execute */
	uint64_t gpa = MODEL_BASE + first * 4 * KIB;
	uint64_t hpa = (noise(2) ? gpa : gpa % (2 * MIB)) + 2 * MIB * noise(4096);
	int expected;

	switch (noise(3)) {
	case 0:
		expected = model_all(first, pages, false) ? 0 : -EBUSY;
		assert_int_equal(map(s2, gpa, hpa, pages * 4 * KIB, flags), expected);
		for (uint64_t i = 0; i < pages && !expected; i++)
			model[first + i] = (struct model_page){ hpa + i * 4 * KIB, flags };
		break;
	case 1:
		expected = model_all(first, pages, true) ? 0 : -ENOENT;
		assert_int_equal(stage2_unmap(s2, gpa, pages * 4 * KIB), expected);
		for (uint64_t i = 0; i < pages && !expected; i++)
			model[first + i].flags = 0;
		break;
	default:
		expected = model_all(first, pages, true) ? 0 : -ENOENT;
		assert_int_equal(stage2_protect(s2, gpa, pages * 4 * KIB, flags), expected);
		for (uint64_t i = 0; i < pages && !expected; i++)
			model[first + i].flags = flags;
		break;
	}
}

static void random_mapping_unmapping_and_protecting_agrees_with_a_flat_model(void **state)
{
	struct stage2 s2;

	(void)state;
	memset(model, 0, sizeof(model));
	assert_int_equal(stage2_init(&s2, &stage2_amd, true), 0);
	for (unsigned int round = 0; round < 1500; round++) {
		uint64_t pages = noise(8) ? 1 + noise(3000) : 512 * (1 + noise(512));
		uint64_t first = noise(MODEL_PAGES - pages);

		if (noise(2))
			first &= ~UINT64_C(511);
		if (noise(2)) { /* a range that is all alike: the operation succeeds more often */
			bool mapped = model[first].flags != 0;
			uint64_t same = 0;

			while (same < pages && (model[first + same].flags != 0) == mapped)
				same++;
			pages = same;
		}
		random_operation(&s2, first, pages);
		compare_page(&s2, first);
		compare_page(&s2, first + pages - 1);
		if (first)
			compare_page(&s2, first - 1);
		if (first + pages < MODEL_PAGES)
			compare_page(&s2, first + pages);
		for (unsigned int i = 0; i < 20; i++)
			compare_page(&s2, noise(MODEL_PAGES));
	}
	for (uint64_t page = 0; page < MODEL_PAGES; page++)
		compare_page(&s2, page);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(amd_entries_have_the_bits_of_the_manual, setup),
		cmocka_unit_test_setup(intel_entries_have_the_bits_of_the_manual, setup),
		cmocka_unit_test_setup(the_hypervisors_own_entries_are_not_for_user_mode, setup),
		cmocka_unit_test_setup(leaves_are_as_large_as_alignment_and_length_permit, setup),
		cmocka_unit_test_setup(without_1_gib_pages_2_mib_are_the_largest, setup),
		cmocka_unit_test_setup(the_page_size_follows_the_less_aligned_of_both_addresses,
				       setup),
		cmocka_unit_test_setup(what_cannot_be_mapped_is_refused, setup),
		cmocka_unit_test_setup(an_empty_pool_leaves_everything_as_it_was, setup),
		cmocka_unit_test_setup(protection_keeps_devices_uncached_and_not_executable, setup),
		cmocka_unit_test_setup(a_typical_cell_takes_as_many_pages_as_the_generator_computes,
				       setup),
		cmocka_unit_test_setup(
			random_regions_are_mapped_completely_with_the_expected_sizes_and_counts,
			setup),
		cmocka_unit_test_setup(
			random_mapping_unmapping_and_protecting_agrees_with_a_flat_model, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
