/* SPDX-License-Identifier: Apache-2.0 */
/* sources: src/arch/x86/acpi.c src/core/acpi.c tests/unit/low_memory.c */
/*
 * The processors that a machine's ACPI tables list: good tables, and tables that are damaged in
 * every way their own lengths allow. Offsets and sizes: ACPI 6.5, 5.2.5 to 5.2.12.
 */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <cmocka.h>

#include "arch/x86/acpi.h"
#include "low_memory.h"

#define HEADER 36u
#define MADT_FIRST 44u
#define MAX_IDS 8u
#define UNTOUCHED 0xdeadbeefu

static uint32_t ids[MAX_IDS];

static int setup(void **state)
{
	(void)state;
	low_start();
	srand(5);
	for (unsigned int i = 0; i < MAX_IDS; i++)
		ids[i] = UNTOUCHED;
	return 0;
}

/* ---- Building ---- */

static void poke32(uint8_t *at, uint32_t value)
{
	memcpy(at, &value, 4);
}

static void fix_checksum(uint8_t *rsdp)
{
	rsdp[8] = 0;
	for (unsigned int i = 0; i < 20; i++)
		rsdp[8] = (uint8_t)(rsdp[8] - (i == 8 ? 0 : rsdp[i]));
}

static void fill_rsdp(uint8_t *rsdp, uint8_t revision, uint32_t rsdt, uint64_t xsdt)
{
	memcpy(rsdp, "RSD PTR ", 8);
	memcpy(rsdp + 9, "TESTER", 6);
	rsdp[15] = revision;
	poke32(rsdp + 16, rsdt);
	if (revision >= 2) {
		poke32(rsdp + 20, 36);
		memcpy(rsdp + 24, &xsdt, 8);
	}
	fix_checksum(rsdp);
}

/* Revision 0 has 20 bytes only, and the object is no longer than that. */
static uint64_t rsdp(uint8_t revision, uint32_t rsdt, uint64_t xsdt)
{
	uint8_t *object = low_object(revision >= 2 ? 36 : 20);

	fill_rsdp(object, revision, rsdt, xsdt);
	return low_address(object);
}

/* Makes all of a table's bytes 0 together, as its own length says. */
static uint8_t *sum_up(uint8_t *object, uint32_t size)
{
	object[9] = 0;
	for (uint32_t i = 0; i < size; i++)
		object[9] = (uint8_t)(object[9] - (i == 9 ? 0 : object[i]));
	return object;
}

static uint8_t *table(const char *signature, uint32_t size)
{
	uint8_t *object = low_object(size < HEADER ? HEADER : size);

	memcpy(object, signature, 4);
	poke32(object + 4, size);
	return sum_up(object, size);
}

/* RSDT (@step 4) or XSDT (8) that lists the tables. */
static uint32_t root(unsigned int step, unsigned int n, const uint64_t *tables)
{
	uint8_t *object = table(step == 8 ? "XSDT" : "RSDT", HEADER + n * step);

	for (unsigned int i = 0; i < n; i++)
		memcpy(object + HEADER + i * step, &tables[i], step);
	return low_address(sum_up(object, HEADER + n * step));
}

static uint8_t *madt(const void *entries, uint32_t size)
{
	uint8_t *object = table("APIC", MADT_FIRST + size);

	memcpy(object + MADT_FIRST, entries, size);
	return sum_up(object, MADT_FIRST + size);
}

/* The result for a MADT behind an RSDT. */
static int cpus_of(const void *table_of_cpus)
{
	uint64_t address = low_address(table_of_cpus);

	return acpi_read_cpus(rsdp(0, root(4, 1, &address), 0), ids, MAX_IDS);
}

static const uint8_t three_cpus[] = {
	0, 8,  0,    0x00, 1,    0,    0,    0,                /* local APIC 0, enabled */
	1, 12, 0,    0,    0,    0,    0xc0, 0xfe, 0, 0, 0, 0, /* I/O APIC */
	0, 8,  1,    0x07, 1,    0,    0,    0,                /* local APIC 7 */
	0, 8,  2,    0x09, 0,    0,    0,    0,                /* disabled */
	0, 8,  2,    0x0a, 2,    0,    0,    0,          /* disabled, but could be switched on */
	2, 10, 0,    0,    2,    0,    0,    0,    0, 0, /* interrupt source override */
	9, 16, 0,    0,    0x44, 0x33, 0x22, 0x11, 1, 0, 0, 0, 3, 0, 0, 0, /* x2APIC, enabled */
	9, 16, 0,    0,    0x55, 0,    0,    0,    0, 0, 0, 0, 4, 0, 0, 0, /* disabled */
	4, 6,  0xff, 0,    0,    1,                                        /* NMI */
};

static void assert_three_cpus(int count)
{
	assert_int_equal(count, 3);
	assert_int_equal(ids[0], 0);
	assert_int_equal(ids[1], 7);
	assert_int_equal(ids[2], 0x11223344);
	assert_int_equal(ids[3], UNTOUCHED);
}

/* ---- Good tables ---- */

static void processors_are_found_through_the_rsdt(void **state)
{
	uint64_t tables[3];

	(void)state;
	tables[0] = low_address(table("FACP", 244));
	tables[1] = low_address(table("HPET", 56));
	tables[2] = low_address(madt(three_cpus, sizeof(three_cpus)));
	assert_three_cpus(acpi_read_cpus(rsdp(0, root(4, 3, tables), 0), ids, MAX_IDS));
}

static void processors_are_found_through_the_xsdt(void **state)
{
	uint64_t tables[2], others[1];

	(void)state;
	tables[0] = low_address(table("FACP", 244));
	tables[1] = low_address(madt(three_cpus, sizeof(three_cpus)));
	others[0] = tables[0];
	assert_three_cpus(
		acpi_read_cpus(rsdp(2, root(4, 1, others), root(8, 2, tables)), ids, MAX_IDS));
	assert_three_cpus(acpi_read_cpus(rsdp(2, 0, root(8, 2, tables)), ids, MAX_IDS));
}

/* Whatever is wrong with the XSDT, old systems work with the RSDT alone. */
static void the_rsdt_stands_in_for_an_xsdt_that_cannot_be_used(void **state)
{
	uint64_t cpus = low_address(madt(three_cpus, sizeof(three_cpus)));
	uint32_t good = root(4, 1, &cpus);
	uint8_t *bad = table("XSDX", HEADER + 8);

	(void)state;
	memcpy(bad + HEADER, &cpus, 8);
	assert_three_cpus(acpi_read_cpus(rsdp(2, good, 0), ids, MAX_IDS));
	assert_three_cpus(acpi_read_cpus(rsdp(2, good, UINT64_C(0x100000000)), ids, MAX_IDS));
	assert_three_cpus(acpi_read_cpus(rsdp(2, good, UINT64_MAX), ids, MAX_IDS));
	assert_three_cpus(acpi_read_cpus(rsdp(2, good, UINT32_MAX), ids, MAX_IDS));
	assert_three_cpus(acpi_read_cpus(rsdp(2, good, low_address(bad)), ids, MAX_IDS));
}

static void revision_0_has_no_xsdt(void **state)
{
	uint64_t cpus = low_address(madt(three_cpus, sizeof(three_cpus)));
	uint32_t xsdt = root(8, 1, &cpus);
	uint8_t *object = low_object(36);

	(void)state;
	fill_rsdp(object, 2, 0, xsdt);
	object[15] = 0;
	fix_checksum(object);
	assert_int_equal(acpi_read_cpus(low_address(object), ids, MAX_IDS), -ENOENT);
}

static void tables_may_lie_at_any_address(void **state)
{
	(void)state;
	for (unsigned int shift = 0; shift < 16; shift++) {
		uint8_t *cpus = low_object(MADT_FIRST + sizeof(three_cpus) + shift) + shift;
		uint8_t *rsdt = low_object(HEADER + 4 + shift) + shift;
		uint8_t *pointer = low_object(20 + shift) + shift;

		memcpy(cpus, "APIC", 4);
		poke32(cpus + 4, MADT_FIRST + sizeof(three_cpus));
		memcpy(cpus + MADT_FIRST, three_cpus, sizeof(three_cpus));
		memcpy(rsdt, "RSDT", 4);
		poke32(rsdt + 4, HEADER + 4);
		poke32(rsdt + HEADER, low_address(cpus));
		sum_up(cpus, MADT_FIRST + sizeof(three_cpus));
		sum_up(rsdt, HEADER + 4);
		fill_rsdp(pointer, 0, low_address(rsdt), 0);
		assert_three_cpus(acpi_read_cpus(low_address(pointer), ids, MAX_IDS));
	}
}

static void processors_beyond_the_room_are_counted_but_not_stored(void **state)
{
	uint8_t entries[32 * 8] = { 0 };

	(void)state;
	for (unsigned int i = 0; i < 32; i++) {
		entries[i * 8 + 1] = 8;
		entries[i * 8 + 3] = (uint8_t)(100 + i);
		entries[i * 8 + 4] = 1;
	}
	assert_int_equal(cpus_of(madt(entries, sizeof(entries))), 32);
	for (unsigned int i = 0; i < MAX_IDS; i++)
		assert_int_equal(ids[i], 100 + i);
	ids[1] = UNTOUCHED;
	assert_int_equal(
		acpi_read_cpus(
			rsdp(0, root(4, 1, &(uint64_t){ low_address(madt(entries, 64)) }), 0), ids,
			1),
		8);
	assert_int_equal(ids[1], UNTOUCHED);
}

/* ---- The RSDP ---- */

static void a_pointer_that_is_no_rsdp_is_refused(void **state)
{
	uint64_t cpus = low_address(madt(three_cpus, sizeof(three_cpus)));
	uint64_t good = rsdp(0, root(4, 1, &cpus), 0);
	uint8_t *bytes = (uint8_t *)(uintptr_t)good;

	(void)state;
	for (unsigned int i = 0; i < 20; i++) {
		bytes[i] ^= 0x10;
		assert_int_equal(acpi_read_cpus(good, ids, MAX_IDS), -ENOENT);
		bytes[i] ^= 0x10;
	}
	assert_three_cpus(acpi_read_cpus(good, ids, MAX_IDS));
	assert_int_equal(acpi_read_cpus(UINT64_C(0x100000000), ids, MAX_IDS), -ENOENT);
	assert_int_equal(acpi_read_cpus(UINT64_C(0xfffffff0), ids, MAX_IDS), -ENOENT);
	assert_int_equal(acpi_read_cpus(UINT64_MAX, ids, MAX_IDS), -ENOENT);
}

/* Without a hint the BIOS area is searched, as ACPI 6.5, 5.2.5.1 says. */
static void the_bios_area_is_searched_for_a_good_rsdp(void **state)
{
	uint8_t *area = mmap((void *)0xe0000, 0x20000, PROT_READ | PROT_WRITE,
			     MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
	uint64_t cpus = low_address(madt(three_cpus, sizeof(three_cpus)));
	uint32_t rsdt = root(4, 1, &cpus);

	(void)state;
	assert_ptr_equal(area, (void *)0xe0000);
	assert_int_equal(acpi_read_cpus(0, ids, MAX_IDS), -ENOENT);

	fill_rsdp(area + 0x12348, 0, rsdt, 0); /* not at a multiple of 16 */
	assert_int_equal(acpi_read_cpus(0, ids, MAX_IDS), -ENOENT);

	memcpy(area + 0x10, "RSD PTR ", 8); /* the text in somebody's code */
	assert_int_equal(acpi_read_cpus(0, ids, MAX_IDS), -ENOENT);

	fill_rsdp(area + 0x1ffe0, 0, rsdt, 0); /* the last place that has room */
	assert_three_cpus(acpi_read_cpus(0, ids, MAX_IDS));
	setup(NULL);
	munmap(area, 0x20000);
}

/* ---- Damaged tables ---- */

static void a_machine_without_the_table_is_told_apart(void **state)
{
	uint64_t tables[2] = { 0 };

	(void)state;
	tables[1] = low_address(table("FACP", 244));
	assert_int_equal(acpi_read_cpus(rsdp(0, 0, 0), ids, MAX_IDS), -ENOENT);
	assert_int_equal(acpi_read_cpus(rsdp(0, root(4, 0, NULL), 0), ids, MAX_IDS), -ENOENT);
	assert_int_equal(acpi_read_cpus(rsdp(0, root(4, 2, tables), 0), ids, MAX_IDS), -ENOENT);
	assert_int_equal(cpus_of(madt(three_cpus, 0)), 0);
}

static void root_tables_are_read_within_their_length(void **state)
{
	uint64_t cpus[2];
	uint32_t whole;

	(void)state;
	for (unsigned int step = 4; step <= 8; step += 4) {
		whole = HEADER + 2 * step;
		for (uint32_t length = 0; length <= whole; length++) {
			uint8_t *object;
			uint32_t at;

			low_start();
			cpus[0] = low_address(table("FACP", 244));
			cpus[1] = low_address(madt(three_cpus, sizeof(three_cpus)));
			at = root(step, 2, cpus);
			/* The object is as long as its length says, but has a header. */
			object = low_copy((const void *)(uintptr_t)at,
					  length < HEADER ? HEADER : length);
			poke32(object + 4, length);
			at = low_address(sum_up(object, length < HEADER ? HEADER : length));
			assert_int_equal(
				acpi_read_cpus(rsdp(2, step == 4 ? at : 0, step == 8 ? at : 0), ids,
					       MAX_IDS),
				length == whole ? 3 : -ENOENT);
		}
	}
}

static void lengths_that_cannot_be_are_refused(void **state)
{
	static const uint32_t lengths[] = { 0x100001, 0x7fffffff, 0xfffffffc, 0xffffffff };

	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(lengths); i++) {
		uint64_t cpus = low_address(madt(three_cpus, sizeof(three_cpus)));
		uint32_t rsdt = root(4, 1, &cpus);
		uint32_t xsdt = root(8, 1, &cpus);

		poke32((uint8_t *)(uintptr_t)rsdt + 4, lengths[i]);
		poke32((uint8_t *)(uintptr_t)xsdt + 4, lengths[i]);
		assert_int_equal(acpi_read_cpus(rsdp(2, rsdt, xsdt), ids, MAX_IDS), -ENOENT);
		poke32((uint8_t *)(uintptr_t)cpus + 4, lengths[i]);
		assert_int_equal(acpi_read_cpus(rsdp(0, root(4, 1, &cpus), 0), ids, MAX_IDS),
				 -ENOENT);
	}
}

/* Of the XSDT's entries only those that the boot page table maps can be looked at. */
static void tables_above_4_gib_are_passed_over(void **state)
{
	uint64_t tables[5] = { UINT64_C(0x100000000), UINT64_MAX, 0xffffffff, 0xfffffffc, 0 };

	(void)state;
	tables[4] = low_address(madt(three_cpus, sizeof(three_cpus)));
	tables[0] |= tables[4]; /* the low half alone would do */
	assert_three_cpus(acpi_read_cpus(rsdp(2, 0, root(8, 5, tables)), ids, MAX_IDS));
}

/* One bit of any byte is another: the table counts no more, and the RSDT stands in for an XSDT. */
static void tables_with_a_wrong_checksum_are_not_used(void **state)
{
	uint8_t *cpus = madt(three_cpus, sizeof(three_cpus));
	uint64_t at = low_address(cpus);
	uint32_t rsdt = root(4, 1, &at), xsdt = root(8, 1, &at);
	uint8_t *list = (uint8_t *)(uintptr_t)xsdt;

	(void)state;
	for (uint32_t i = 8; i < MADT_FIRST + sizeof(three_cpus); i++) {
		cpus[i] ^= 0x20;
		assert_int_equal(acpi_read_cpus(rsdp(2, rsdt, xsdt), ids, MAX_IDS), -ENOENT);
		cpus[i] ^= 0x20;
	}
	for (uint32_t i = 8; i < HEADER + 8; i++) {
		list[i] ^= 1;
		assert_int_equal(acpi_read_cpus(rsdp(2, 0, xsdt), ids, MAX_IDS), -ENOENT);
		assert_three_cpus(acpi_read_cpus(rsdp(2, rsdt, xsdt), ids, MAX_IDS));
		list[i] ^= 1;
	}
	assert_three_cpus(acpi_read_cpus(rsdp(2, 0, xsdt), ids, MAX_IDS));
}

static void an_entry_without_length_ends_the_list(void **state)
{
	(void)state;
	for (uint8_t length = 0; length < 2; length++) {
		uint8_t entries[] = { 0, 8, 0, 3, 1, 0, 0, 0, 5, length,
				      0, 0, 0, 8, 0, 4, 1, 0, 0, 0 };

		setup(NULL);
		assert_int_equal(cpus_of(madt(entries, sizeof(entries))), 1);
		assert_int_equal(ids[0], 3);
		assert_int_equal(ids[1], UNTOUCHED);
	}
}

/* A table that ends at every byte: what is cut off does not count, and nothing beyond is read. */
static void entries_that_are_cut_off_do_not_count(void **state)
{
	(void)state;
	for (uint32_t size = 0; size <= sizeof(three_cpus); size++) {
		int expected = (size >= 8) + (size >= 28) + (size >= 70);

		setup(NULL);
		assert_int_equal(cpus_of(madt(three_cpus, size)), expected);
	}
}

static void entries_too_short_for_their_type_do_not_count(void **state)
{
	(void)state;
	for (uint8_t type = 0; type <= 9; type += 9) {
		uint8_t whole = type ? 16 : 8;

		for (uint8_t length = 2; length <= whole; length++) {
			uint8_t entry[16];

			memset(entry, 1, sizeof(entry)); /* enabled, wherever that is */
			entry[0] = type;
			entry[1] = length;
			setup(NULL);
			assert_int_equal(cpus_of(madt(entry, length)), length == whole);
		}
	}
}

static void tables_too_short_for_a_madt_list_nothing(void **state)
{
	(void)state;
	for (uint32_t length = HEADER; length < MADT_FIRST + 2; length++)
		assert_int_equal(cpus_of(table("APIC", length)), 0);
	for (uint32_t length = 0; length < HEADER; length++) {
		uint8_t *object = table("APIC", 8); /* nothing behind its length is looked at */

		poke32(object + 4, length);
		assert_int_equal(cpus_of(object), -ENOENT);
	}
}

static void random_entries_do_no_harm(void **state)
{
	(void)state;
	for (unsigned int round = 0; round < 20000; round++) {
		uint8_t entries[64];
		uint32_t size = (uint32_t)rand() % sizeof(entries);

		if (round % 1000 == 0)
			low_start();
		for (unsigned int i = 0; i < sizeof(entries); i++)
			entries[i] = (uint8_t)(rand() % 4 ? rand() % 17 : rand());
		assert_in_range(cpus_of(madt(entries, size)), 0, size / 8);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(processors_are_found_through_the_rsdt, setup),
		cmocka_unit_test_setup(processors_are_found_through_the_xsdt, setup),
		cmocka_unit_test_setup(the_rsdt_stands_in_for_an_xsdt_that_cannot_be_used, setup),
		cmocka_unit_test_setup(revision_0_has_no_xsdt, setup),
		cmocka_unit_test_setup(tables_may_lie_at_any_address, setup),
		cmocka_unit_test_setup(processors_beyond_the_room_are_counted_but_not_stored,
				       setup),
		cmocka_unit_test_setup(a_pointer_that_is_no_rsdp_is_refused, setup),
		cmocka_unit_test_setup(the_bios_area_is_searched_for_a_good_rsdp, setup),
		cmocka_unit_test_setup(a_machine_without_the_table_is_told_apart, setup),
		cmocka_unit_test_setup(root_tables_are_read_within_their_length, setup),
		cmocka_unit_test_setup(lengths_that_cannot_be_are_refused, setup),
		cmocka_unit_test_setup(tables_above_4_gib_are_passed_over, setup),
		cmocka_unit_test_setup(tables_with_a_wrong_checksum_are_not_used, setup),
		cmocka_unit_test_setup(an_entry_without_length_ends_the_list, setup),
		cmocka_unit_test_setup(entries_that_are_cut_off_do_not_count, setup),
		cmocka_unit_test_setup(entries_too_short_for_their_type_do_not_count, setup),
		cmocka_unit_test_setup(tables_too_short_for_a_madt_list_nothing, setup),
		cmocka_unit_test_setup(random_entries_do_no_harm, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
