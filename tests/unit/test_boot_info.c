/* SPDX-License-Identifier: Apache-2.0 */
/* sources: src/arch/x86/boot_info.c src/core/boot_info.c tests/unit/low_memory.c */
/*
 * What loaders hand over: good data, and data that is damaged in every way its own lengths allow.
 * The structures are built byte by byte from the specifications, not with the reader's types.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "arch/x86/boot_info.h"
#include "low_memory.h"

#define MB2 0x36d76289u
#define PVH 0u
#define PVH_MAGIC 0x336ec578u

#define TAG_END 0u
#define TAG_CMDLINE 1u
#define TAG_MMAP 6u
#define TAG_ACPI_OLD 14u
#define TAG_ACPI_NEW 15u

static struct boot_info info;

static int setup(void **state)
{
	(void)state;
	low_start();
	memset(&info, 0xa5, sizeof(info));
	srand(11);
	return 0;
}

/* ---- Building ---- */

static uint8_t built[1 << 20];
static uint32_t built_size;

static void put32(uint32_t value)
{
	memcpy(built + built_size, &value, 4);
	built_size += 4;
}

static void put64(uint64_t value)
{
	memcpy(built + built_size, &value, 8);
	built_size += 8;
}

static void poke32(uint32_t at, uint32_t value)
{
	memcpy(built + at, &value, 4);
}

static void begin_mb2(void)
{
	built_size = 0;
	put32(0); /* total size, see read_mb2() */
	put32(0);
}

/* Returns where the tag starts. */
static uint32_t begin_tag(uint32_t type, uint32_t size)
{
	while (built_size & 7)
		built[built_size++] = 0xee;
	put32(type);
	put32(size);
	return built_size - 8;
}

static uint32_t mmap_tag(uint32_t nr_entries, uint32_t entry_size)
{
	uint32_t tag = begin_tag(TAG_MMAP, 16 + nr_entries * entry_size);

	put32(entry_size);
	put32(0); /* version */
	return tag;
}

static void mmap_entry(uint64_t base, uint64_t size, uint32_t type)
{
	put64(base);
	put64(size);
	put32(type);
	put32(0);
}

static void rsdp_tag(uint32_t type, uint32_t size, uint8_t revision)
{
	uint32_t tag = begin_tag(type, 8 + size);

	memset(built + built_size, 0, size);
	built_size += size;
	if (size > 15)
		built[tag + 8 + 15] = revision;
}

/* Hands over what was built, in memory of exactly its size. */
static int read_mb2_as(uint32_t total)
{
	poke32(0, total);
	return boot_info_read(&info, MB2, low_address(low_copy(built, built_size)));
}

static int read_mb2(void)
{
	begin_tag(TAG_END, 8);
	return read_mb2_as(built_size);
}

static void assert_ram(unsigned int i, uint64_t base, uint64_t size)
{
	assert_true(i < info.nr_ram);
	assert_int_equal(info.ram[i].base, base);
	assert_int_equal(info.ram[i].size, size);
}

/* ---- Multiboot2 ---- */

static void multiboot2_tells_ram_and_rsdp(void **state)
{
	(void)state;
	begin_mb2();
	begin_tag(TAG_CMDLINE, 8 + 3); /* a size that needs padding */
	memcpy(built + built_size, "ab", 3);
	built_size += 3;
	rsdp_tag(TAG_ACPI_OLD, 20, 0);
	mmap_tag(4, 24);
	mmap_entry(0, 0x9fc00, 1);
	mmap_entry(0x9fc00, 0x400, 2);
	mmap_entry(0x100000, 0x7ff00000, 1);
	mmap_entry(UINT64_C(0x100000000), UINT64_C(0x80000000), 1);
	assert_int_equal(read_mb2(), 0);
	assert_string_equal(info.loader, "multiboot2");
	assert_int_equal(info.nr_ram, 3);
	assert_ram(0, 0, 0x9fc00);
	assert_ram(1, 0x100000, 0x7ff00000);
	assert_ram(2, UINT64_C(0x100000000), UINT64_C(0x80000000));
	assert_int_equal(((const uint8_t *)(uintptr_t)info.rsdp)[15], 0);
	assert_int_equal(info.rsdp & 7, 0);
}

static void the_new_rsdp_wins_over_the_old_one(void **state)
{
	(void)state;
	for (unsigned int order = 0; order < 2; order++) {
		begin_mb2();
		rsdp_tag(order ? TAG_ACPI_NEW : TAG_ACPI_OLD, order ? 36 : 20, order ? 2 : 0);
		rsdp_tag(order ? TAG_ACPI_OLD : TAG_ACPI_NEW, order ? 20 : 36, order ? 0 : 2);
		assert_int_equal(read_mb2(), 0);
		assert_int_equal(((const uint8_t *)(uintptr_t)info.rsdp)[15], 2);
	}
}

static void an_rsdp_that_its_tag_cuts_off_is_not_used(void **state)
{
	(void)state;
	for (uint32_t size = 0; size <= 36; size++) {
		for (uint8_t revision = 0; revision <= 2; revision++) {
			for (uint32_t type = TAG_ACPI_OLD; type <= TAG_ACPI_NEW; type++) {
				bool whole = size >= (revision < 2 ? 20 : 36);

				low_start();
				begin_mb2();
				rsdp_tag(type, size, revision);
				assert_int_equal(read_mb2(), 0);
				assert_int_equal(info.rsdp != 0, whole);
			}
		}
	}
}

static void entries_may_be_longer_than_known(void **state)
{
	(void)state;
	begin_mb2();
	mmap_tag(2, 40);
	mmap_entry(0x1000, 0x2000, 1);
	memset(built + built_size, 0xff, 16);
	built_size += 16;
	mmap_entry(0x8000, 0x1000, 1);
	memset(built + built_size, 0xff, 16);
	built_size += 16;
	assert_int_equal(read_mb2(), 0);
	assert_int_equal(info.nr_ram, 2);
	assert_ram(0, 0x1000, 0x2000);
	assert_ram(1, 0x8000, 0x1000);
}

static void entry_sizes_that_cannot_be_are_ignored(void **state)
{
	static const uint32_t sizes[] = { 0,          1,          8,          23,
					  49,         0x7fffffff, 0x80000000, 0xfffffff0,
					  0xffffffef, 0xffffffe8, 0xffffffff };

	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(sizes); i++) {
		low_start();
		begin_mb2();
		mmap_tag(2, 24);
		mmap_entry(0x1000, 0x2000, 1);
		mmap_entry(0x8000, 0x1000, 1);
		poke32(8 + 8, sizes[i]);
		assert_int_equal(read_mb2(), 0);
		assert_int_equal(info.nr_ram, 0);

		/* and in a tag that is the last thing in memory, without any entry */
		low_start();
		begin_mb2();
		mmap_tag(0, sizes[i]);
		poke32(8 + 4, 16);
		assert_int_equal(read_mb2_as(built_size), -EINVAL);
		assert_int_equal(info.nr_ram, 0);
	}
}

static void an_entry_that_its_tag_cuts_off_is_not_used(void **state)
{
	(void)state;
	for (uint32_t cut = 1; cut <= 24; cut++) {
		uint32_t tag;

		low_start();
		begin_mb2();
		tag = mmap_tag(2, 24);
		mmap_entry(0x1000, 0x2000, 1);
		mmap_entry(0x8000, 0x1000, 1);
		built_size -= cut;
		poke32(tag + 4, 16 + 48 - cut);
		assert_int_equal(read_mb2(), 0);
		assert_int_equal(info.nr_ram, 1);
	}
}

static void a_map_tag_without_room_for_its_header_is_ignored(void **state)
{
	(void)state;
	for (uint32_t size = 8; size < 16; size++) {
		low_start();
		begin_mb2();
		begin_tag(TAG_MMAP, size);
		memset(built + built_size, 24, size - 8);
		built_size += size - 8;
		assert_int_equal(read_mb2(), 0);
		assert_int_equal(info.nr_ram, 0);
	}
}

static void a_tag_shorter_than_its_header_is_damage_and_no_loop(void **state)
{
	(void)state;
	for (uint32_t size = 0; size < 8; size++) {
		low_start();
		begin_mb2();
		begin_tag(TAG_CMDLINE, size);
		assert_int_equal(read_mb2(), -EINVAL);
	}
}

static void a_tag_that_leaves_the_information_is_damage(void **state)
{
	static const uint32_t sizes[] = { 41, 0x1000, 0x7fffffff, 0xfffffff8, 0xffffffff };

	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(sizes); i++) {
		for (uint32_t type = 1; type <= TAG_ACPI_NEW; type++) {
			low_start();
			begin_mb2();
			begin_tag(type, sizes[i]);
			put64(24); /* an entry size */
			put64(0);
			put64(0x1000);
			assert_int_equal(read_mb2(), -EINVAL);
			assert_int_equal(info.nr_ram, 0);
			assert_int_equal(info.rsdp, 0);
		}
	}
}

static void information_of_every_length_is_read_within_it(void **state)
{
	uint32_t whole;

	(void)state;
	begin_mb2();
	mmap_tag(1, 24);
	mmap_entry(0x1000, 0x2000, 1);
	rsdp_tag(TAG_ACPI_NEW, 36, 2);
	begin_tag(TAG_END, 8);
	whole = built_size;
	for (uint32_t size = 4; size <= whole; size++) {
		low_start();
		built_size = size;
		assert_int_equal(read_mb2_as(size), size == whole ? 0 : -EINVAL);
	}
}

static void damaged_totals_are_refused(void **state)
{
	static const uint32_t totals[] = { 0, 1, 8, 15, 0x100001, 0x7fffffff, 0xffffffff };

	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(totals); i++) {
		low_start();
		begin_mb2();
		begin_tag(TAG_END, 8);
		assert_int_equal(read_mb2_as(totals[i]), -EINVAL);
	}
}

static void without_an_end_tag_the_information_is_damaged(void **state)
{
	(void)state;
	begin_mb2();
	for (unsigned int i = 0; i < 1000; i++)
		begin_tag(TAG_CMDLINE, 8);
	assert_int_equal(read_mb2_as(built_size), -EINVAL);
}

static void more_ranges_than_there_is_room_for_are_dropped(void **state)
{
	(void)state;
	begin_mb2();
	mmap_tag(BOOT_MAX_RANGES + 5, 24);
	for (uint64_t i = 0; i < BOOT_MAX_RANGES + 5; i++)
		mmap_entry(i << 20, 0x1000, 1);
	mmap_tag(3, 24);
	for (uint64_t i = 0; i < 3; i++)
		mmap_entry(i << 40, 0x1000, 1);
	assert_int_equal(read_mb2(), 0);
	assert_int_equal(info.nr_ram, BOOT_MAX_RANGES);
	assert_int_equal(info.ignored, 5 + 3);
	for (unsigned int i = 0; i < BOOT_MAX_RANGES; i++)
		assert_ram(i, (uint64_t)i << 20, 0x1000);
}

static void ranges_that_leave_the_address_space_are_dropped(void **state)
{
	(void)state;
	begin_mb2();
	mmap_tag(4, 24);
	mmap_entry(UINT64_MAX - 0xfff, 0x2000, 1);
	mmap_entry(0x1000, UINT64_MAX, 1);
	mmap_entry(UINT64_MAX, UINT64_MAX, 1);
	mmap_entry(0x1000, UINT64_MAX - 0x1000, 1);
	assert_int_equal(read_mb2(), 0);
	assert_int_equal(info.nr_ram, 1);
	assert_int_equal(info.ignored, 3);
	assert_ram(0, 0x1000, UINT64_MAX - 0x1000);
}

static void random_tags_do_no_harm(void **state)
{
	(void)state;
	for (unsigned int round = 0; round < 20000; round++) {
		uint32_t words = 4 + (uint32_t)rand() % 40;

		if (round % 1000 == 0)
			low_start();
		built_size = 0;
		for (uint32_t i = 0; i < words; i++) {
			bool small = rand() % 4;

			put32((uint32_t)rand() * 2u % (small ? 64 : UINT32_MAX));
		}
		(void)read_mb2_as(built_size);
		assert_true(info.nr_ram <= BOOT_MAX_RANGES);
	}
}

/* ---- PVH ---- */

static uint8_t *pvh_map(uint32_t nr_entries)
{
	built_size = 0;
	for (uint64_t i = 0; i < nr_entries; i++)
		mmap_entry(i << 20, 0x80000, i % 2 ? 2 : 1);
	return low_copy(built, built_size);
}

static int read_pvh(uint32_t magic, uint32_t version, uint64_t memmap, uint32_t nr_entries)
{
	built_size = 0;
	put32(magic);
	put32(version);
	put64(0); /* flags, modules */
	put64(0);
	put64(0); /* command line */
	put64(0xf5a40);
	if (version >= 1) {
		put64(memmap);
		put32(nr_entries);
		put32(0);
	}
	return boot_info_read(&info, PVH, low_address(low_copy(built, built_size)));
}

static void pvh_tells_ram_and_rsdp(void **state)
{
	(void)state;
	for (uint32_t version = 1; version < 3; version++) {
		assert_int_equal(read_pvh(PVH_MAGIC, version, low_address(pvh_map(5)), 5), 0);
		assert_string_equal(info.loader, "PVH");
		assert_int_equal(info.rsdp, 0xf5a40);
		assert_int_equal(info.nr_ram, 3);
		assert_ram(0, 0, 0x80000);
		assert_ram(1, 2 << 20, 0x80000);
		assert_ram(2, 4 << 20, 0x80000);
	}
}

static void pvh_without_a_memory_map_is_refused(void **state)
{
	(void)state;
	assert_int_equal(read_pvh(PVH_MAGIC, 0, 0, 0), -EINVAL); /* version 0 has no field for it */
	assert_int_equal(read_pvh(PVH_MAGIC + 1, 1, 0, 0), -EINVAL);
	assert_int_equal(read_pvh(PVH_MAGIC, 1, 0, 0), 0);
	assert_int_equal(info.nr_ram, 0);
}

static void a_pvh_map_that_cannot_be_is_not_read(void **state)
{
	uint64_t map = low_address(pvh_map(1));

	(void)state;
	assert_int_equal(read_pvh(PVH_MAGIC, 1, map, UINT32_MAX), -EINVAL);
	assert_int_equal(read_pvh(PVH_MAGIC, 1, map, 0x0aaaaaab), -EINVAL); /* 24 times that: 8 */
	assert_int_equal(read_pvh(PVH_MAGIC, 1, map, 0x10001), -EINVAL);
	assert_int_equal(read_pvh(PVH_MAGIC, 1, UINT64_C(0x100000000), 1), -EINVAL);
	assert_int_equal(read_pvh(PVH_MAGIC, 1, UINT64_C(0xfffffff0), 1), -EINVAL);
	assert_int_equal(read_pvh(PVH_MAGIC, 1, UINT64_MAX - 23, 1), -EINVAL);
	assert_int_equal(read_pvh(PVH_MAGIC, 1, UINT64_MAX, 0), -EINVAL);
}

static void a_pvh_map_may_lie_at_any_address(void **state)
{
	const uint8_t *map = pvh_map(3);
	uint8_t *shifted = low_object(3 * 24 + 8);

	(void)state;
	for (unsigned int shift = 0; shift < 8; shift++) {
		memcpy(shifted + shift, map, 3 * 24);
		assert_int_equal(read_pvh(PVH_MAGIC, 1, low_address(shifted) + shift, 3), 0);
		assert_int_equal(info.nr_ram, 2);
	}
}

static void a_pvh_map_with_too_many_ranges_is_cut(void **state)
{
	(void)state;
	assert_int_equal(read_pvh(PVH_MAGIC, 1, low_address(pvh_map(4096)), 4096), 0);
	assert_int_equal(info.nr_ram, BOOT_MAX_RANGES);
}

static void a_pvh_map_is_read_to_its_last_byte_and_no_further(void **state)
{
	(void)state;
	for (uint32_t n = 0; n < 8; n++) {
		low_start();
		assert_int_equal(read_pvh(PVH_MAGIC, 1, low_address(pvh_map(n)), n), 0);
		assert_int_equal(info.nr_ram, (n + 1) / 2);
	}
}

/* ---- Both ---- */

static void other_loaders_are_refused(void **state)
{
	uint8_t *object = low_object(64);

	(void)state;
	assert_int_equal(boot_info_read(&info, 0x2badb002, low_address(object)), -EINVAL);
	assert_int_equal(boot_info_read(&info, PVH, low_address(object)), -EINVAL);
	for (unsigned int off = 1; off < 4; off++) {
		assert_int_equal(boot_info_read(&info, MB2, low_address(object) + off), -EINVAL);
		assert_int_equal(boot_info_read(&info, PVH, low_address(object) + off), -EINVAL);
	}
	assert_int_equal(info.nr_ram, 0);
	assert_int_equal(info.rsdp, 0);
}

/* ---- The first gap ---- */

static void ram(unsigned int n, const uint64_t (*ranges)[2])
{
	memset(&info, 0, sizeof(info));
	info.nr_ram = n;
	for (unsigned int i = 0; i < n; i++) {
		info.ram[i].base = ranges[i][0];
		info.ram[i].size = ranges[i][1];
	}
}

static void the_first_gap_is_the_first_byte_without_ram(void **state)
{
	static const uint64_t ranges[][2] = {
		{ 0x30000, 0x10000 }, /* loaders need not sort, and neighbours need not be joined */
		{ 0x10000, 0x10000 }, { 0x20000, 0x10000 }, { 0x50000, 0 }, { 0x18000, 0x10000 },
	};

	(void)state;
	ram(5, ranges);
	assert_int_equal(boot_info_first_gap(&info, 0x10000, 0x30000), 0x40000);
	assert_int_equal(boot_info_first_gap(&info, 0x10000, 0x30001), 0x40000);
	assert_int_equal(boot_info_first_gap(&info, 0x10000, 0x20000), 0x30000); /* no gap */
	assert_int_equal(boot_info_first_gap(&info, 0xffff, 2), 0xffff);
	assert_int_equal(boot_info_first_gap(&info, 0x12345, 1), 0x12346);
	assert_int_equal(boot_info_first_gap(&info, 0x3ffff, 0x1000), 0x40000);
	assert_int_equal(boot_info_first_gap(&info, 0x40000, 0x1000), 0x40000);
	assert_int_equal(boot_info_first_gap(&info, 0x50000, 1), 0x50000);
	assert_int_equal(boot_info_first_gap(&info, 0x10000, 0), 0x10000);
	info.nr_ram = 0;
	assert_int_equal(boot_info_first_gap(&info, 0, 1), 0);
}

static void the_first_gap_is_found_up_to_the_end_of_the_address_space(void **state)
{
	static const uint64_t ranges[][2] = { { 0x1000, UINT64_MAX - 0x1000 }, { 0, 0x2000 } };

	(void)state;
	ram(2, ranges);
	assert_int_equal(boot_info_first_gap(&info, 0, UINT64_MAX), UINT64_MAX);
	assert_int_equal(boot_info_first_gap(&info, UINT64_MAX - 0x10, 0x10), UINT64_MAX);
	assert_int_equal(boot_info_first_gap(&info, UINT64_MAX - 0x10, 0x1000), UINT64_MAX);
}

/* Against a map of 64 pages, page by page. */
static void the_first_gap_agrees_with_a_plain_search(void **state)
{
	(void)state;
	for (unsigned int round = 0; round < 20000; round++) {
		bool there[65] = { false };
		uint64_t base = (uint64_t)rand() % 60, size = 1 + (uint64_t)rand() % (64 - base);
		uint64_t expected = base;

		memset(&info, 0, sizeof(info));
		info.nr_ram = 1 + (unsigned int)rand() % 10;
		for (unsigned int i = 0; i < info.nr_ram; i++) {
			uint64_t at = (uint64_t)rand() % 64, n = (uint64_t)rand() % (65 - at);

			info.ram[i].base = at << 12;
			info.ram[i].size = n << 12;
			memset(there + at, true, n);
		}
		while (expected < base + size && there[expected])
			expected++;
		assert_int_equal(boot_info_first_gap(&info, base << 12, size << 12),
				 expected << 12);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(multiboot2_tells_ram_and_rsdp, setup),
		cmocka_unit_test_setup(the_new_rsdp_wins_over_the_old_one, setup),
		cmocka_unit_test_setup(an_rsdp_that_its_tag_cuts_off_is_not_used, setup),
		cmocka_unit_test_setup(entries_may_be_longer_than_known, setup),
		cmocka_unit_test_setup(entry_sizes_that_cannot_be_are_ignored, setup),
		cmocka_unit_test_setup(an_entry_that_its_tag_cuts_off_is_not_used, setup),
		cmocka_unit_test_setup(a_map_tag_without_room_for_its_header_is_ignored, setup),
		cmocka_unit_test_setup(a_tag_shorter_than_its_header_is_damage_and_no_loop, setup),
		cmocka_unit_test_setup(a_tag_that_leaves_the_information_is_damage, setup),
		cmocka_unit_test_setup(information_of_every_length_is_read_within_it, setup),
		cmocka_unit_test_setup(damaged_totals_are_refused, setup),
		cmocka_unit_test_setup(without_an_end_tag_the_information_is_damaged, setup),
		cmocka_unit_test_setup(more_ranges_than_there_is_room_for_are_dropped, setup),
		cmocka_unit_test_setup(ranges_that_leave_the_address_space_are_dropped, setup),
		cmocka_unit_test_setup(random_tags_do_no_harm, setup),
		cmocka_unit_test_setup(pvh_tells_ram_and_rsdp, setup),
		cmocka_unit_test_setup(pvh_without_a_memory_map_is_refused, setup),
		cmocka_unit_test_setup(a_pvh_map_that_cannot_be_is_not_read, setup),
		cmocka_unit_test_setup(a_pvh_map_may_lie_at_any_address, setup),
		cmocka_unit_test_setup(a_pvh_map_with_too_many_ranges_is_cut, setup),
		cmocka_unit_test_setup(a_pvh_map_is_read_to_its_last_byte_and_no_further, setup),
		cmocka_unit_test_setup(other_loaders_are_refused, setup),
		cmocka_unit_test_setup(the_first_gap_is_the_first_byte_without_ram, setup),
		cmocka_unit_test_setup(the_first_gap_is_found_up_to_the_end_of_the_address_space,
				       setup),
		cmocka_unit_test_setup(the_first_gap_agrees_with_a_plain_search, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
