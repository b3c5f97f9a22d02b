/* SPDX-License-Identifier: Apache-2.0 */
/* sources: src/arch/x86/mtrr_plan.c */
/* flags: -Isrc/arch/x86 */
/*
 * What MTRRs make of memory, and the ranges that are chosen for RAM. A plan is judged page by page
 * (or at each boundary) by a second reading of the registers, written for this test.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "arch/x86/mtrr.h"

#define MIB UINT64_C(0x100000)
#define GIB UINT64_C(0x40000000)
#define ADDRESS_END (UINT64_C(1) << 40)
#define FULL_MASK (ADDRESS_END - 1)

#define WRITE_COMBINING 1u
#define WRITE_PROTECTED 5u

static struct mtrrs mtrrs;

static int setup(void **state)
{
	(void)state;
	memset(&mtrrs, 0, sizeof(mtrrs));
	mtrrs.nr_variable = 8;
	mtrrs.address_end = ADDRESS_END;
	mtrrs.default_type = MTRR_DEFAULT_ENABLED | MTRR_DEFAULT_FIXED;
	return 0;
}

static void set(unsigned int i, uint64_t base, uint64_t size, unsigned int type)
{
	mtrrs.variable[i].base = base | type;
	mtrrs.variable[i].mask = (~(size - 1) & FULL_MASK) | MTRR_MASK_VALID;
}

static void test_without_ranges_the_default_type_counts(void **state)
{
	(void)state;
	assert_int_equal(mtrr_type(&mtrrs, 16 * MIB), MTRR_UNCACHEABLE);
	mtrrs.default_type |= MTRR_WRITE_BACK;
	assert_int_equal(mtrr_type(&mtrrs, 16 * MIB), MTRR_WRITE_BACK);
	assert_int_equal(mtrr_first_uncached(&mtrrs, MIB, 100 * GIB), MIB + 100 * GIB);
}

static void test_disabled_registers_make_all_uncacheable(void **state)
{
	(void)state;
	set(0, 0, GIB, MTRR_WRITE_BACK);
	mtrrs.default_type = MTRR_WRITE_BACK;
	assert_int_equal(mtrr_type(&mtrrs, 16 * MIB), MTRR_UNCACHEABLE);
	assert_int_equal(mtrr_first_uncached(&mtrrs, 16 * MIB, MIB), 16 * MIB);
}

static void test_a_range_without_its_valid_bit_does_not_count(void **state)
{
	(void)state;
	set(0, 0, GIB, MTRR_WRITE_BACK);
	mtrrs.variable[0].mask &= ~(uint64_t)MTRR_MASK_VALID;
	assert_int_equal(mtrr_type(&mtrrs, 16 * MIB), MTRR_UNCACHEABLE);
}

static void test_a_register_beyond_the_processors_does_not_count(void **state)
{
	(void)state;
	set(8, 0, GIB, MTRR_WRITE_BACK);
	assert_int_equal(mtrr_type(&mtrrs, 16 * MIB), MTRR_UNCACHEABLE);
}

/* SDM vol. 3, 12.11.4.1 */
static void test_where_ranges_overlap(void **state)
{
	static const struct {
		unsigned int a, b, result;
	} cases[] = {
		{ MTRR_WRITE_BACK, MTRR_WRITE_BACK, MTRR_WRITE_BACK },
		{ MTRR_WRITE_BACK, MTRR_UNCACHEABLE, MTRR_UNCACHEABLE },
		{ MTRR_WRITE_BACK, MTRR_WRITE_THROUGH, MTRR_WRITE_THROUGH },
		{ WRITE_COMBINING, WRITE_COMBINING, WRITE_COMBINING },
		{ MTRR_WRITE_BACK, WRITE_COMBINING, MTRR_UNCACHEABLE },
		{ WRITE_PROTECTED, MTRR_WRITE_BACK, MTRR_UNCACHEABLE },
	};

	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(cases); i++) {
		set(1, 0, GIB, cases[i].a);
		set(5, 16 * MIB, MIB, cases[i].b);
		assert_int_equal(mtrr_type(&mtrrs, 16 * MIB), cases[i].result);
		set(1, 0, GIB, cases[i].b);
		set(5, 16 * MIB, MIB, cases[i].a);
		assert_int_equal(mtrr_type(&mtrrs, 16 * MIB), cases[i].result);
	}
}

static void test_the_first_uncached_address_is_found(void **state)
{
	(void)state;
	mtrrs.default_type |= MTRR_WRITE_BACK;
	set(3, 3 * GIB, GIB, MTRR_UNCACHEABLE);
	set(4, 64 * MIB, PAGE_SIZE, WRITE_COMBINING);
	assert_int_equal(mtrr_first_uncached(&mtrrs, MIB, 8 * GIB), 64 * MIB);
	assert_int_equal(mtrr_first_uncached(&mtrrs, MIB, 63 * MIB), 64 * MIB);
	assert_int_equal(mtrr_first_uncached(&mtrrs, 64 * MIB + PAGE_SIZE, 8 * GIB), 3 * GIB);
	assert_int_equal(mtrr_first_uncached(&mtrrs, 3 * GIB + MIB, GIB), 3 * GIB + MIB);
	assert_int_equal(mtrr_first_uncached(&mtrrs, 4 * GIB, 60 * GIB), 64 * GIB);
}

/* 64-bit U-Boot's registers, as QEMU's processor with 40 address bits showed them: the ROM alone,
 * with 36 bits compared. */
static void test_a_mask_with_fewer_bits_than_the_processor_repeats(void **state)
{
	(void)state;
	mtrrs.variable[0] = (struct mtrr_range){ 0xffe00006, 0xfffe00800 };
	assert_int_equal(mtrr_first_uncached(&mtrrs, 16 * MIB, GIB), 16 * MIB);
	assert_int_equal(mtrr_type(&mtrrs, 0xffe00000), MTRR_WRITE_BACK);
	assert_int_equal(mtrr_type(&mtrrs, 0x10ffe00000), MTRR_WRITE_BACK);
	assert_int_equal(mtrr_type(&mtrrs, 0x2ffe00000), MTRR_UNCACHEABLE);
	assert_int_equal(mtrr_first_uncached(&mtrrs, 0x70ffe00000, GIB), 0x7100000000);
}

static void test_masks_with_holes_are_read_too(void **state)
{
	(void)state;
	mtrrs.default_type |= MTRR_WRITE_BACK;
	/* Each second piece of 2 MiB below 16 MiB, if bits 22 and 23 are not compared. */
	mtrrs.variable[2].base = 0x200000 | MTRR_UNCACHEABLE;
	mtrrs.variable[2].mask = (FULL_MASK & ~UINT64_C(0xdfffff)) | MTRR_MASK_VALID;
	assert_int_equal(mtrr_first_uncached(&mtrrs, 4 * MIB, GIB), 6 * MIB);
	assert_int_equal(mtrr_first_uncached(&mtrrs, 16 * MIB, GIB), 16 * MIB + GIB);
	mtrrs.variable[2].mask = MTRR_MASK_VALID;
	assert_int_equal(mtrr_first_uncached(&mtrrs, 16 * MIB, GIB), 16 * MIB);
}

static void test_amds_memory_above_4_gib_is_write_back_by_itself(void **state)
{
	(void)state;
	mtrrs.tom2 = 9 * GIB;
	set(0, 0, 2 * GIB, MTRR_WRITE_BACK);
	assert_int_equal(mtrr_first_uncached(&mtrrs, 4 * GIB, 5 * GIB), 9 * GIB);
	assert_int_equal(mtrr_first_uncached(&mtrrs, 4 * GIB, 6 * GIB), 9 * GIB);
	assert_int_equal(mtrr_first_uncached(&mtrrs, GIB, 2 * GIB), 2 * GIB);
	set(1, 5 * GIB, GIB, MTRR_UNCACHEABLE);
	assert_int_equal(mtrr_first_uncached(&mtrrs, 4 * GIB, 5 * GIB), 5 * GIB);
}

/* ---- Plans ---- */

/* Whether all of [base, end) has @type, asked at each page that one of the registers begins or
 * ends at. */
static void assert_type(uint64_t base, uint64_t end, unsigned int type)
{
	assert_int_equal(mtrr_type(&mtrrs, base), type);
	assert_int_equal(mtrr_type(&mtrrs, end - PAGE_SIZE), type);
	for (unsigned int i = 0; i < mtrrs.nr_variable; i++) {
		uint64_t from = mtrrs.variable[i].base & PAGE_MASK;
		uint64_t to = from + (~mtrrs.variable[i].mask & FULL_MASK & PAGE_MASK) + PAGE_SIZE;

		if (!(mtrrs.variable[i].mask & MTRR_MASK_VALID))
			continue;
		if (from > base && from < end)
			assert_int_equal(mtrr_type(&mtrrs, from), type);
		if (from > base && from <= end)
			assert_int_equal(mtrr_type(&mtrrs, from - PAGE_SIZE), type);
		if (to > base && to < end)
			assert_int_equal(mtrr_type(&mtrrs, to), type);
		if (to > base && to <= end)
			assert_int_equal(mtrr_type(&mtrrs, to - PAGE_SIZE), type);
	}
}

static unsigned int used(void)
{
	unsigned int count = 0;

	for (unsigned int i = 0; i < mtrrs.nr_variable; i++)
		count += !!(mtrrs.variable[i].mask & MTRR_MASK_VALID);
	return count;
}

/* Plans @nr pieces that must all fit; the rest of memory from 1 MiB on must be uncacheable.
 * Returns the number of ranges. */
static unsigned int plan(struct mtrr_ram *ram, unsigned int nr)
{
	struct mtrr_ram asked[4];
	unsigned int needed;
	uint64_t at = MIB;

	memcpy(asked, ram, nr * sizeof(*ram));
	assert_int_equal(mtrr_plan(&mtrrs, ram, nr, &needed), nr);
	assert_int_equal(mtrrs.nr_variable, 8);
	for (unsigned int i = 0; i < nr; i++) {
		assert_true(ram[i].base >= asked[i].low && ram[i].base <= asked[i].base);
		assert_true(ram[i].end >= asked[i].end && ram[i].end <= asked[i].high);
		if (ram[i].base > at)
			assert_type(at, ram[i].base, MTRR_UNCACHEABLE);
		at = ram[i].base > at ? ram[i].base : at;
		assert_type(at, ram[i].end, MTRR_WRITE_BACK);
		at = ram[i].end;
	}
	assert_type(at, ADDRESS_END, MTRR_UNCACHEABLE);
	assert_int_equal(needed, used());
	return needed;
}

static void test_ram_that_is_a_power_of_two_takes_one_range(void **state)
{
	struct mtrr_ram ram = { 0, 2 * GIB, 0, 2 * GIB };

	(void)state;
	set(7, 0xffe00000, 2 * MIB, MTRR_WRITE_BACK); /* what was there goes */
	mtrrs.default_type |= WRITE_PROTECTED;
	assert_int_equal(plan(&ram, 1), 1);
	assert_int_equal(mtrrs.variable[0].base, MTRR_WRITE_BACK);
	assert_int_equal(mtrrs.variable[0].mask, 0xff80000800);
	assert_int_equal(mtrrs.default_type, MTRR_DEFAULT_ENABLED | MTRR_DEFAULT_FIXED);
}

static void test_an_end_without_room_is_carved_out(void **state)
{
	/* 2 GiB but for the last 2 MiB: ten ranges if they were added up. */
	struct mtrr_ram ram = { 0, 2 * GIB - 2 * MIB, 0, 2 * GIB - 2 * MIB };

	(void)state;
	assert_int_equal(plan(&ram, 1), 2);
}

static void test_ranges_are_added_up_where_that_is_cheaper(void **state)
{
	struct mtrr_ram ram = { 0, 3 * GIB, 0, 3 * GIB };

	(void)state;
	assert_int_equal(plan(&ram, 1), 2);
}

static void test_room_at_the_ends_is_used(void **state)
{
	/* The default system under U-Boot: used to 1 GiB and 34 MiB, RAM to some odd address. */
	struct mtrr_ram ram = { 16 * MIB, GIB + 34 * MIB, 0, 0x7dcb6000 };

	(void)state;
	assert_int_equal(plan(&ram, 1), 2);
	assert_int_equal(ram.base, 0);
	assert_int_equal(ram.end, GIB + GIB / 2);
}

static void test_without_fixed_ranges_the_first_mebibyte_is_carved_out(void **state)
{
	struct mtrr_ram ram = { MIB, GIB, MIB, GIB };

	(void)state;
	mtrrs.default_type &= ~(uint64_t)MTRR_DEFAULT_FIXED;
	assert_int_equal(plan(&ram, 1), 2);
	assert_int_equal(mtrr_type(&mtrrs, 0xb8000), MTRR_UNCACHEABLE);
}

static void test_ram_above_4_gib_is_a_piece_of_its_own(void **state)
{
	struct mtrr_ram ram[] = {
		{ MIB, 2 * GIB - 2 * MIB, 0, 2 * GIB - 2 * MIB },
		{ 4 * GIB, 10 * GIB, 4 * GIB, 10 * GIB },
	};

	(void)state;
	assert_true(plan(ram, 2) <= 5);
}

static void test_carving_never_touches_the_next_piece(void **state)
{
	/* Rounding the first up to 1 GiB would carve into the second. */
	struct mtrr_ram ram[] = {
		{ 0, 508 * MIB, 0, 508 * MIB },
		{ 512 * MIB, 768 * MIB, 512 * MIB, 768 * MIB },
		{ 769 * MIB, 770 * MIB, 769 * MIB, 770 * MIB },
	};

	(void)state;
	plan(ram, 3);
}

static void test_too_few_ranges_leave_the_last_pieces_out(void **state)
{
	struct mtrr_ram ram[] = {
		{ 0, GIB, 0, GIB },
		{ 5 * GIB + 0x12345000, 6 * GIB + 0x6789b000, 5 * GIB + 0x12345000,
		  6 * GIB + 0x6789b000 },
		{ 8 * GIB, 9 * GIB, 8 * GIB, 9 * GIB },
	};
	unsigned int needed;

	(void)state;
	assert_int_equal(mtrr_plan(&mtrrs, ram, 3, &needed), 1);
	assert_true(needed > 8);
	assert_int_equal(used(), 1);
	assert_int_equal(mtrr_type(&mtrrs, GIB - PAGE_SIZE), MTRR_WRITE_BACK);
	assert_type(GIB, ADDRESS_END, MTRR_UNCACHEABLE);
}

static uint64_t random_below(uint64_t limit)
{
	return ((uint64_t)rand() << 31 ^ (uint64_t)rand()) % limit;
}

static void test_random_pieces_are_covered_exactly(void **state)
{
	unsigned int fitted = 0;

	srand(7);
	for (unsigned int round = 0; round < 2000; round++) {
		unsigned int nr = 1 + (unsigned int)rand() % 3, needed;
		unsigned int shift = 12 + (unsigned int)rand() % 16;
		struct mtrr_ram ram[3], copy[3];
		uint64_t at = MIB >> shift << shift;

		setup(state);
		at += UINT64_C(1) << shift;
		for (unsigned int i = 0; i < nr; i++) {
			ram[i].low = at + (random_below(64) << shift);
			ram[i].base = ram[i].low + (random_below(8) << shift);
			ram[i].end = ram[i].base + ((1 + random_below(300)) << shift);
			ram[i].high = ram[i].end + (random_below(32) << shift);
			at = ram[i].high;
		}
		memcpy(copy, ram, sizeof(ram));
		if (mtrr_plan(&mtrrs, copy, nr, &needed) != nr) {
			assert_true(needed > 8);
			continue;
		}
		setup(state);
		plan(ram, nr);
		fitted++;
	}
	assert_true(fitted > 500);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_without_ranges_the_default_type_counts, setup),
		cmocka_unit_test_setup(test_disabled_registers_make_all_uncacheable, setup),
		cmocka_unit_test_setup(test_a_range_without_its_valid_bit_does_not_count, setup),
		cmocka_unit_test_setup(test_a_register_beyond_the_processors_does_not_count, setup),
		cmocka_unit_test_setup(test_where_ranges_overlap, setup),
		cmocka_unit_test_setup(test_the_first_uncached_address_is_found, setup),
		cmocka_unit_test_setup(test_a_mask_with_fewer_bits_than_the_processor_repeats,
				       setup),
		cmocka_unit_test_setup(test_masks_with_holes_are_read_too, setup),
		cmocka_unit_test_setup(test_amds_memory_above_4_gib_is_write_back_by_itself, setup),
		cmocka_unit_test_setup(test_ram_that_is_a_power_of_two_takes_one_range, setup),
		cmocka_unit_test_setup(test_an_end_without_room_is_carved_out, setup),
		cmocka_unit_test_setup(test_ranges_are_added_up_where_that_is_cheaper, setup),
		cmocka_unit_test_setup(test_room_at_the_ends_is_used, setup),
		cmocka_unit_test_setup(test_without_fixed_ranges_the_first_mebibyte_is_carved_out,
				       setup),
		cmocka_unit_test_setup(test_ram_above_4_gib_is_a_piece_of_its_own, setup),
		cmocka_unit_test_setup(test_carving_never_touches_the_next_piece, setup),
		cmocka_unit_test_setup(test_too_few_ranges_leave_the_last_pieces_out, setup),
		cmocka_unit_test_setup(test_random_pieces_are_covered_exactly, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
