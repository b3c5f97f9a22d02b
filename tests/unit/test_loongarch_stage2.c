/* SPDX-License-Identifier: Apache-2.0 */
/* sources: src/core/stage2.c src/arch/loongarch/stage2.c */
/* arch: loongarch */
/*
 * The tables of LoongArch's second stage, read by a model of the refill handler: LDDIR and LDPTE as
 * the LoongArch Reference Manual vol. 1, 4.2.5, has them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "arch/loongarch/loongarch.h"
#include "arch/loongarch/stage2.h"
#include "core/pool.h"

#define KIB UINT64_C(1024)
#define MIB (1024 * KIB)
#define GIB (1024 * MIB)
#define RW (REGION_READ | REGION_WRITE)
#define RWX (RW | REGION_EXECUTE)

#define ENTRY_V BIT_ULL(0)
#define ENTRY_D BIT_ULL(1)
#define ENTRY_HUGE BIT_ULL(6)
#define ENTRY_NX BIT_ULL(62)
#define ENTRY_PPN UINT64_C(0x0000fffffffff000)

/* ---- A pool that can be emptied ---- */

static uint8_t arena[2048 * 4096] __attribute__((aligned(4096)));
static unsigned int arena_used;
static unsigned int arena_limit;

uint8_t *pool_alloc(unsigned int pages)
{
	uint8_t *memory = &arena[arena_used * 4096];

	if (arena_used + pages > arena_limit)
		return NULL;
	memset(memory, 0x5a, pages * 4096); /* whoever trusts in zeroes is found out */
	arena_used += pages;
	return memory;
}

/* ---- What the TLB is told ---- */

static struct {
	unsigned int gid;
	uint64_t gpa;
	uint64_t size;
} flushed;
static unsigned int flushes;

static void flush(unsigned int gid, uint64_t gpa, uint64_t size)
{
	flushed.gid = gid;
	flushed.gpa = gpa;
	flushed.size = size;
	flushes++;
}

static struct cell_stage2 s2;

static int setup(void **state)
{
	(void)state;
	arena_used = 0;
	arena_limit = sizeof(arena) / 4096;
	flushes = 0;
	srand(11);
	assert_int_equal(cell_stage2_init(&s2, 3, true), 0);
	return 0;
}

static uint64_t noise(uint64_t below)
{
	return (((uint64_t)rand() << 31) ^ (uint64_t)rand()) % below;
}

static int map(uint64_t gpa, uint64_t hpa, uint64_t size, uint32_t flags)
{
	const struct mem_region region = { .gpa = gpa, .hpa = hpa, .size = size, .flags = flags };

	return cell_stage2_map(&s2, &region);
}

/* ---- The refill handler ---- */

struct pair {
	uint64_t entry[2];
	unsigned int ps; /* log2 of the size of each of them */
};

static void field(uint64_t level, unsigned int *base, unsigned int *width)
{
	const uint64_t fields[] = { PWCL_4K, PWCL_4K >> 10, PWCL_4K >> 20, PWCH_4K };
	unsigned int bits = level < 3 ? 5 : 6;

	*base = (unsigned int)(fields[level] & (BIT(bits) - 1));
	*width = (unsigned int)(fields[level] >> bits & (BIT(bits) - 1));
}

static uint64_t load(uint64_t table, uint64_t index)
{
	return ((const uint64_t *)(uintptr_t)table)[index];
}

static uint64_t lddir(uint64_t base, uint64_t level, uint64_t gpa)
{
	unsigned int shift, width;

	if (base & ENTRY_HUGE) /* goes through, and keeps the highest level that it met */
		return base >> 13 & 3 ? base : base | level << 13;
	assert_int_equal(base & 0xfff, 0);
	assert_int_equal(base >> 48, 0);
	field(level, &shift, &width);
	return load(base, gpa >> shift & (BIT_ULL(width) - 1));
}

static uint64_t ldpte(uint64_t base, unsigned int odd, uint64_t gpa, unsigned int *ps)
{
	unsigned int shift, width;

	if (base & ENTRY_HUGE) {
		field(base >> 13 & 3, &shift, &width);
		*ps = shift + width - 1;
		return (base & ~(ENTRY_HUGE | UINT64_C(3) << 13)) + ((uint64_t)odd << *ps);
	}
	assert_int_equal(base & 0xfff, 0);
	field(0, &shift, &width);
	*ps = shift;
	return load(base, (gpa >> shift & (BIT_ULL(width) - 1) & ~UINT64_C(1)) | odd);
}

static struct pair refill(uint64_t gpa)
{
	uint64_t base = stage2_root(&s2.tables);
	struct pair pair;

	base = lddir(base, 3, gpa);
	base = lddir(base, 2, gpa);
	base = lddir(base, 1, gpa);
	pair.entry[0] = ldpte(base, 0, gpa, &pair.ps);
	pair.entry[1] = ldpte(base, 1, gpa, &pair.ps);
	return pair;
}

/* The entry that the TLB uses for @gpa. */
static uint64_t filled(uint64_t gpa, unsigned int *ps)
{
	struct pair pair = refill(gpa);

	*ps = pair.ps;
	return pair.entry[gpa >> pair.ps & 1];
}

static void assert_filled(uint64_t gpa, uint64_t hpa, unsigned int ps, uint64_t low, bool nx)
{
	unsigned int found;
	uint64_t entry = filled(gpa, &found);
	uint64_t inside = BIT_ULL(found) - 1;

	assert_int_equal(found, ps);
	assert_int_equal((entry & ENTRY_PPN & ~inside) | (gpa & inside), hpa);
	assert_int_equal(entry & 0xfff, low);
	assert_int_equal(entry >> 48, nx ? ENTRY_NX >> 48 : 0);
}

static void assert_invalid(uint64_t gpa)
{
	unsigned int ps;

	assert_false(filled(gpa, &ps) & ENTRY_V);
	assert_int_equal(stage2_lookup(&s2.tables, gpa, NULL, NULL, NULL), -ENOENT);
}

/* ---- Tests ---- */

static void the_geometry_is_that_of_four_levels_of_512(void **state)
{
	(void)state;
	assert_int_equal(PWCL_4K, 0x13e4d52c);
	assert_int_equal(PWCH_4K, 0x267);
}

static void entries_have_the_bits_of_the_manual(void **state)
{
	(void)state;
	assert_int_equal(map(0x1000, 0xabc000, 0x1000, RWX | REGION_RAM), 0);
	assert_int_equal(map(0x2000, 0xabd000, 0x1000, RW), 0);
	assert_int_equal(map(0x3000, 0xabe000, 0x1000, REGION_READ | REGION_EXECUTE), 0);
	assert_int_equal(map(0x4000, 0x1fe001000, 0x1000, RWX | REGION_DEVICE), 0);
	/* V D MAT=CC P W; without W and D when read-only; MAT=SUC for devices; PLV and G 0 */
	assert_filled(0x1234, 0xabc234, 12, 0x193, false);
	assert_filled(0x2ff8, 0xabdff8, 12, 0x193, true);
	assert_filled(0x3000, 0xabe000, 12, 0x091, false);
	assert_filled(0x4008, 0x1fe001008, 12, 0x183, true);
}

static void huge_pages_become_pairs_of_half_their_size(void **state)
{
	(void)state;
	assert_int_equal(map(4 * MIB, 64 * MIB, 2 * MIB, RW), 0);
	assert_int_equal(map(2 * GIB, 6 * GIB, GIB, RWX), 0);
	assert_filled(4 * MIB + 5, 64 * MIB + 5, 20, 0x193, true);
	assert_filled(5 * MIB + 5, 65 * MIB + 5, 20, 0x193, true);
	assert_filled(2 * GIB, 6 * GIB, 29, 0x193, false);
	assert_filled(3 * GIB - 1, 7 * GIB - 1, 29, 0x193, false);
	assert_invalid(2 * MIB);
	assert_invalid(6 * MIB);
	assert_invalid(GIB);
	assert_invalid(3 * GIB);
}

static void nothing_mapped_is_an_invalid_pair_at_any_address(void **state)
{
	unsigned int ps;

	(void)state;
	for (unsigned int i = 0; i < 1000; i++)
		assert_invalid(noise(BIT_ULL(48)));
	assert_int_equal(map(0, 0, 0x1000, RWX), 0);
	assert_invalid(0x1000); /* the odd half of a pair whose even half is mapped */
	assert_true(filled(0, &ps) & ENTRY_V);
	assert_invalid(2 * MIB);
	assert_invalid(GIB);
	assert_invalid(512 * GIB);
	assert_invalid(BIT_ULL(48) - 1);
}

static void an_empty_entry_never_leads_out_of_the_tables(void **state)
{
	uint64_t base;

	(void)state;
	/* In particular not to address 0, where LDDIR would go on from a zero. */
	base = lddir(stage2_root(&s2.tables), 3, 7 * GIB);
	assert_int_not_equal(base, 0);
	for (uint64_t i = 0; i < 512; i++)
		assert_int_equal(load(base, i), base);
	assert_int_equal(base & 0xfff, 0);
}

static void the_tlb_is_told_of_every_change_and_of_nothing_else(void **state)
{
	(void)state;
	assert_int_equal(map(0, 0x40000000, 4 * MIB, RWX), 0);
	assert_int_equal(flushes, 0); /* nobody runs yet */
	s2.flush = flush;
	assert_int_equal(map(8 * MIB, 0x80000000, 0x3000, RWX), 0);
	assert_int_equal(flushes, 1);
	assert_int_equal(flushed.gid, 3);
	assert_int_equal(flushed.gpa, 8 * MIB);
	assert_int_equal(flushed.size, 0x3000);
	assert_int_equal(cell_stage2_protect(&s2, 0x1000, 0x2000, REGION_READ), 0);
	assert_int_equal(flushes, 2);
	assert_int_equal(flushed.gpa, 0x1000);
	assert_int_equal(flushed.size, 0x2000);
	assert_int_equal(cell_stage2_unmap(&s2, 3 * MIB, 0x1000), 0);
	assert_int_equal(flushes, 3);
	assert_int_equal(flushed.gpa, 3 * MIB);
	assert_int_equal(flushed.size, 0x1000);

	assert_int_equal(map(0, 0, 0x1000, RWX), -EBUSY);
	assert_int_equal(cell_stage2_unmap(&s2, 3 * MIB, 0x1000), -ENOENT);
	assert_int_equal(cell_stage2_protect(&s2, 16 * MIB, 0x1000, RWX), -ENOENT);
	arena_limit = arena_used;
	assert_int_equal(cell_stage2_unmap(&s2, 9 * MIB, 0x1000), -ENOENT);
	assert_int_equal(map(4 * GIB, 0, 0x1000, RWX), -ENOMEM);
	assert_int_equal(flushes, 3);

	assert_filled(0, 0x40000000, 12, 0x193, false); /* split: see the protected pages */
	assert_filled(0x1000, 0x40001000, 12, 0x091, true);
	assert_filled(0x3000, 0x40003000, 12, 0x193, false);
	assert_invalid(3 * MIB);
	assert_filled(3 * MIB + 0x1000, 0x40301000, 12, 0x193, false);
}

static void what_cannot_be_is_refused(void **state)
{
	struct cell_stage2 other;

	(void)state;
	assert_int_equal(cell_stage2_init(&other, 0, true), -EINVAL);
	assert_int_equal(map(0, BIT_ULL(48), 0x1000, RWX), -EINVAL);
	assert_int_equal(map(BIT_ULL(48), 0, 0x1000, RWX), -EINVAL);
	assert_int_equal(map(0, 0, 0x1000, REGION_WRITE), -EINVAL);
	assert_int_equal(map(0, BIT_ULL(48) - 0x1000, 0x1000, RWX), 0);
	assert_filled(0xff8, BIT_ULL(48) - 8, 12, 0x193, false);
	arena_limit = arena_used;
	assert_int_equal(cell_stage2_init(&other, 1, true), -ENOMEM);
}

static void without_1_gib_entries_2_mib_are_the_largest(void **state)
{
	(void)state;
	assert_int_equal(cell_stage2_init(&s2, 1, false), 0);
	assert_int_equal(map(0, GIB, GIB, RWX), 0);
	assert_filled(512 * MIB, GIB + 512 * MIB, 20, 0x193, false);
	assert_int_equal(s2.tables.tables, 3);
}

/* ---- Against a flat model, one element for each 4 KiB ---- */

#define MODEL_BASE (GIB - 16 * MIB)
#define MODEL_PAGES ((uint64_t)(2 * GIB) / (4 * KIB))

static struct {
	uint64_t hpa;
	uint32_t flags; /* 0: not mapped */
} model[MODEL_PAGES];

static void compare(uint64_t page)
{
	uint64_t gpa = MODEL_BASE + page * 4 * KIB + noise(4 * KIB);
	unsigned int ps;
	uint64_t entry = filled(gpa, &ps);
	uint32_t flags = model[page].flags;

	assert_int_equal(entry & ENTRY_V, flags ? ENTRY_V : 0);
	if (!flags)
		return;
	assert_int_equal((entry & ENTRY_PPN & ~(BIT_ULL(ps) - 1)) | (gpa & (BIT_ULL(ps) - 1)),
			 model[page].hpa + gpa % (4 * KIB));
	assert_int_equal(!(entry & ENTRY_D), !(flags & REGION_WRITE));
	assert_int_equal(!(entry & ENTRY_NX), !!(flags & REGION_EXECUTE));
}

static bool all_mapped(uint64_t first, uint64_t pages, bool mapped)
{
	for (uint64_t i = first; i < first + pages; i++)
		if ((model[i].flags != 0) != mapped)
			return false;
	return true;
}

static void random_operation(uint64_t first, uint64_t pages)
{
	uint64_t gpa = MODEL_BASE + first * 4 * KIB, size = pages * 4 * KIB;
	uint64_t hpa = (noise(2) ? gpa : gpa % (2 * MIB)) + 2 * MIB * noise(4096);
	uint32_t flags = REGION_READ | (uint32_t)(noise(4) << 1);
	unsigned int kind = (unsigned int)noise(3), before = flushes;
	bool possible = all_mapped(first, pages, kind != 0);
	int error;

	if (kind == 0)
		error = map(gpa, hpa, size, flags);
	else if (kind == 1)
		error = cell_stage2_unmap(&s2, gpa, size);
	else
		error = cell_stage2_protect(&s2, gpa, size, flags);
	assert_int_equal(error == 0, possible);
	assert_int_equal(flushes, before + possible);
	for (uint64_t i = first; i < first + pages && possible; i++) {
		model[i].flags = kind == 1 ? 0 : flags;
		if (kind == 0)
			model[i].hpa = hpa + (i - first) * 4 * KIB;
	}
}

static void random_changes_are_what_the_refill_handler_finds(void **state)
{
	(void)state;
	memset(model, 0, sizeof(model));
	s2.flush = flush;
	for (unsigned int round = 0; round < 1500; round++) {
		uint64_t pages = noise(8) ? 1 + noise(3000) : 512 * (1 + noise(600));
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
		random_operation(first, pages);
		compare(first);
		compare(first + pages - 1);
		compare(first ? first - 1 : 0);
		compare(first + pages < MODEL_PAGES ? first + pages : first);
		for (unsigned int i = 0; i < 20; i++)
			compare(noise(MODEL_PAGES));
	}
	for (uint64_t page = 0; page < MODEL_PAGES; page++)
		compare(page);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(the_geometry_is_that_of_four_levels_of_512, setup),
		cmocka_unit_test_setup(entries_have_the_bits_of_the_manual, setup),
		cmocka_unit_test_setup(huge_pages_become_pairs_of_half_their_size, setup),
		cmocka_unit_test_setup(nothing_mapped_is_an_invalid_pair_at_any_address, setup),
		cmocka_unit_test_setup(an_empty_entry_never_leads_out_of_the_tables, setup),
		cmocka_unit_test_setup(the_tlb_is_told_of_every_change_and_of_nothing_else, setup),
		cmocka_unit_test_setup(what_cannot_be_is_refused, setup),
		cmocka_unit_test_setup(without_1_gib_entries_2_mib_are_the_largest, setup),
		cmocka_unit_test_setup(random_changes_are_what_the_refill_handler_finds, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
