/* SPDX-License-Identifier: Apache-2.0 */
/* sources: src/core/efi/smbios.c src/core/efi/memory.c */
/* RAM that is taken from SMBIOS tables, and tables that are damaged. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "core/efi/smbios.h"

#define GIB UINT64_C(0x40000000)
#define KIB_ALL_ONES UINT32_MAX
#define DESCRIPTOR 48u

static uint8_t entry[24], *table, descriptors[8 * DESCRIPTOR];
static uint32_t size;
static struct memory_map map;

static void put(const void *bytes, uint32_t count)
{
	/* Each time a new block of its own size: the sanitizer sees who reads behind it. */
	uint8_t *grown = malloc(size + count);

	assert_non_null(grown);
	if (size)
		memcpy(grown, table, size);
	memcpy(grown + size, bytes, count);
	free(table);
	table = grown;
	size += count;
	memcpy(entry + 12, &size, 4);
	memcpy(entry + 16, &table, 8);
}

static void put_ram(uint32_t first_kib, uint32_t last_kib, uint64_t first, uint64_t last)
{
	uint8_t structure[33] = { 19, 31 };

	memcpy(structure + 4, &first_kib, 4);
	memcpy(structure + 8, &last_kib, 4);
	memcpy(structure + 15, &first, 8);
	memcpy(structure + 23, &last, 8);
	put(structure, sizeof(structure));
}

static void know(uint32_t type, uint64_t base, uint64_t bytes)
{
	const struct efi_memory_descriptor memory = { .type = type,
						      .physical = base,
						      .pages = bytes >> PAGE_SHIFT };

	memcpy(descriptors + map.size, &memory, sizeof(memory));
	map.size += DESCRIPTOR;
}

/* A BIOS information with strings, and a map with RAM below 2 GiB. */
static int setup(void **state)
{
	static const uint8_t bios[] = "\0\6\0\0\1\2U-Boot\0x\0"; /* and the literal's own 0 */

	(void)state;
	memset(&map, 0, sizeof(map));
	map.descriptors = descriptors;
	map.room = sizeof(descriptors);
	map.descriptor_size = DESCRIPTOR;
	memset(descriptors, 0xe5, sizeof(descriptors));
	memset(entry, 0, sizeof(entry));
	memcpy(entry, "_SM3_", 5);
	size = 0;
	put(bios, sizeof(bios));
	know(EFI_CONVENTIONAL_MEMORY, 0, 2 * GIB);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	free(table);
	table = NULL;
	return 0;
}

static unsigned int add(void)
{
	return smbios_add_ram(&map, (uint64_t)entry);
}

static void assert_last(uint64_t base, uint64_t end)
{
	struct efi_memory_descriptor last;

	assert_true(memory_map_get(&map, map.size / DESCRIPTOR - 1, &last));
	assert_false(memory_map_get(&map, map.size / DESCRIPTOR, &last));
	assert_int_equal(last.type, EFI_CONVENTIONAL_MEMORY);
	assert_int_equal(last.physical, base);
	assert_int_equal(last.pages, (end - base) >> PAGE_SHIFT);
	assert_int_equal(last.attributes, EFI_MEMORY_WB);
}

/* What QEMU tells for 8 GiB. */
static void ram_above_4_gib_is_added(void **state)
{
	(void)state;
	put_ram(0, 0x1fffff, 0, 0);
	put_ram(0x400000, 0x9fffff, 0, 0);
	put("\177\4\0\0\0", 6);
	assert_int_equal(add(), 1);
	assert_last(4 * GIB, 10 * GIB);
}

static void a_range_across_4_gib_counts_from_there(void **state)
{
	(void)state;
	put_ram(0, 0x7fffff, 0, 0);
	assert_int_equal(add(), 1);
	assert_last(4 * GIB, 8 * GIB);
}

static void large_addresses_are_in_bytes(void **state)
{
	(void)state;
	put_ram(KIB_ALL_ONES, KIB_ALL_ONES, 5000 * GIB + 1, 6000 * GIB - 1);
	assert_int_equal(add(), 1);
	assert_last(5000 * GIB + 4096, 6000 * GIB);
}

static void what_the_map_knows_is_left_alone(void **state)
{
	(void)state;
	know(EFI_RESERVED_MEMORY, 5 * GIB, 4096);
	put_ram(0x400000, 0x9fffff, 0, 0);
	assert_int_equal(add(), 0);
	put_ram(0xa00000, 0xbfffff, 0, 0);
	assert_int_equal(add(), 1);
	assert_last(10 * GIB, 12 * GIB);
	assert_int_equal(add(), 0); /* now it knows that, too */
}

static void a_full_map_is_left_alone(void **state)
{
	(void)state;
	put_ram(0x400000, 0x9fffff, 0, 0);
	map.room = map.size + DESCRIPTOR - 1;
	assert_int_equal(add(), 0);
	assert_int_equal(map.size, DESCRIPTOR);
}

static void nonsense_adds_nothing(void **state)
{
	(void)state;
	put_ram(0x9fffff, 0x400000, 0, 0);
	put_ram(0x400000, 0x400002, 0, 0);                            /* less than a page */
	put_ram(KIB_ALL_ONES, KIB_ALL_ONES, 4 * GIB, UINT64_MAX);     /* wraps */
	put_ram(KIB_ALL_ONES, KIB_ALL_ONES, 4 * GIB, UINT64_MAX / 2); /* no such address */
	assert_int_equal(add(), 0);
	assert_int_equal(smbios_add_ram(&map, 0), 0);
	entry[3] = '_';
	put_ram(0x400000, 0x9fffff, 0, 0);
	assert_int_equal(add(), 0);
}

static void nothing_counts_behind_the_end(void **state)
{
	(void)state;
	put("\177\4\0\0\0", 6);
	put_ram(0x400000, 0x9fffff, 0, 0);
	assert_int_equal(add(), 0);
}

static void a_table_may_end_anywhere(void **state)
{
	uint32_t whole;

	(void)state;
	put_ram(0x400000, 0x9fffff, 0, 0);
	whole = size;
	for (uint32_t cut = 0; cut < whole; cut++) {
		uint8_t *all = table;

		table = NULL;
		size = 0;
		memcpy(entry + 12, &size, 4);
		if (cut)
			put(all, cut);
		assert_int_equal(add(), 0);
		free(table);
		table = all;
		size = whole;
	}
}

static void random_tables_harm_nobody(void **state)
{
	uint8_t bytes[200];

	(void)state;
	srand(11);
	for (unsigned int round = 0; round < 20000; round++) {
		for (unsigned int i = 0; i < sizeof(bytes); i++)
			bytes[i] = (uint8_t)(rand() % 3 ? 0 : 19 + rand() % 16);
		size = 0;
		put(bytes, 1 + (uint32_t)rand() % sizeof(bytes));
		map.size = DESCRIPTOR;
		(void)add();
		assert_true(map.size <= map.room);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(ram_above_4_gib_is_added, setup, teardown),
		cmocka_unit_test_setup_teardown(a_range_across_4_gib_counts_from_there, setup,
						teardown),
		cmocka_unit_test_setup_teardown(large_addresses_are_in_bytes, setup, teardown),
		cmocka_unit_test_setup_teardown(what_the_map_knows_is_left_alone, setup, teardown),
		cmocka_unit_test_setup_teardown(a_full_map_is_left_alone, setup, teardown),
		cmocka_unit_test_setup_teardown(nonsense_adds_nothing, setup, teardown),
		cmocka_unit_test_setup_teardown(nothing_counts_behind_the_end, setup, teardown),
		cmocka_unit_test_setup_teardown(a_table_may_end_anywhere, setup, teardown),
		cmocka_unit_test_setup_teardown(random_tables_harm_nobody, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
