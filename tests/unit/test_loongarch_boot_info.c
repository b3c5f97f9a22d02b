/* SPDX-License-Identifier: Apache-2.0 */
/* arch: loongarch */
/* sources: src/arch/loongarch/boot_info.c src/core/boot_info.c src/core/fdt.c src/core/cpio.c
 * tests/unit/make_fdt.c tests/unit/low_memory.c */
/*
 * What LoongArch's loaders leave: system tables as U-Boot, QEMU and Linux' EFI stub make them, and
 * damaged ones; and RAM as device trees tell it. Offsets are written out, not taken from the
 * reader's types: UEFI Specification 2.10, 4.3; Linux, include/linux/efi.h.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "arch/loongarch/boot_info.h"
#include "low_memory.h"
#include "make_fdt.h"

#define TABLE_SIZE 120u
#define NR_TABLES 0x68u
#define TABLES 0x70u
#define MAP_HEADER 40u
#define DESCRIPTOR 48u /* firmware's are longer than the structure */
#define EFI_HANDOVER 0x42494645u
#define LINUX 1u /* in $a0: started by an EFI stub */

static const uint8_t device_tree[16] = { 0xd5, 0x21, 0xb6, 0xb1, 0x9c, 0xf1, 0xa5, 0x41,
					 0x83, 0x0b, 0xd9, 0x15, 0x2c, 0x69, 0xaa, 0xe0 };
static const uint8_t memory_map[16] = { 0x3f, 0x68, 0x0f, 0x80, 0x8b, 0xd0, 0x3a, 0x42,
					0xa2, 0x93, 0x96, 0x5c, 0x3c, 0x6f, 0xe2, 0xb4 };

static struct boot_info info;
static uint8_t *table, *list;

static void put(uint8_t *to, uint64_t value, unsigned int bytes)
{
	memcpy(to, &value, bytes);
}

static int setup(void **state)
{
	(void)state;
	low_start();
	table = low_object(TABLE_SIZE);
	list = low_object((size_t)24 * 2);
	memcpy(table, "IBI SYST", 8);
	put(table + NR_TABLES, 1, 8);
	put(table + TABLES, low_address(list), 8);
	memcpy(list, device_tree, 16);
	put(list + 16, 0xdce1000, 8);
	return 0;
}

static int read(void)
{
	return boot_info_read(&info, 0, 0, low_address(table));
}

static void u_boots_table_has_a_device_tree(void **state)
{
	(void)state;
	assert_int_equal(read(), 0);
	assert_int_equal(info.fdt, 0xdce1000);
	assert_int_equal(info.nr_ram, 0);
	assert_string_equal(info.loader, "EFI system table");
}

static void damaged_tables_are_refused(void **state)
{
	(void)state;
	assert_int_equal(boot_info_read(&info, 0, 0, 0), -EINVAL);
	assert_int_equal(boot_info_read(&info, LINUX, 0, low_address(table) + 4), -EINVAL);
	assert_int_equal(boot_info_read(&info, 0, 0, BOOT_LIMIT), -EINVAL);
	assert_int_equal(boot_info_read(&info, 0, 0, BOOT_LIMIT - TABLE_SIZE + 8), -EINVAL);
	for (unsigned int i = 0; i < 8; i++) {
		table[i] ^= 1;
		assert_int_equal(read(), -EINVAL);
		table[i] ^= 1;
	}
	put(table + NR_TABLES, 65, 8);
	assert_int_equal(read(), -EINVAL);
	put(table + NR_TABLES, UINT64_MAX, 8);
	assert_int_equal(read(), -EINVAL);
	put(table + NR_TABLES, 1, 8);
	put(table + TABLES, BOOT_LIMIT - 16, 8);
	assert_int_equal(read(), -EINVAL);
	put(table + TABLES, UINT64_MAX - 7, 8);
	assert_int_equal(read(), -EINVAL);
	put(table + TABLES, 0, 8);
	assert_int_equal(read(), -EINVAL);
	put(table + TABLES, low_address(list) + 4, 8);
	assert_int_equal(read(), -EINVAL);
}

static void a_table_without_entries_has_nothing(void **state)
{
	(void)state;
	put(table + NR_TABLES, 0, 8);
	put(table + TABLES, 0, 8);
	assert_int_equal(read(), 0);
	assert_int_equal(info.fdt, 0);
}

/* A map of two descriptors as the second table. */
static uint8_t *add_map(void)
{
	uint8_t *map = low_object(MAP_HEADER + 2 * DESCRIPTOR), *first = map + MAP_HEADER;

	put(table + NR_TABLES, 2, 8);
	memcpy(list + 24, memory_map, 16);
	put(list + 40, low_address(map), 8);
	put(map, 2 * DESCRIPTOR, 8);
	put(map + 8, DESCRIPTOR, 8);
	put(map + 16, 1, 4);
	put(first, 7, 4); /* EfiConventionalMemory */
	put(first + 8, 0x200000, 8);
	put(first + 24, 0x100, 8);
	put(first + 32, 8, 8); /* EFI_MEMORY_WB */
	memcpy(first + DESCRIPTOR, first, DESCRIPTOR);
	put(first + DESCRIPTOR, 0, 4); /* EfiReservedMemoryType */
	put(first + DESCRIPTOR + 8, 0x300000, 8);
	return map;
}

static void the_stubs_memory_map_is_read(void **state)
{
	uint8_t *map = add_map();

	(void)state;
	assert_int_equal(read(), 0);
	assert_int_equal(info.fdt, 0xdce1000);
	assert_int_equal(info.nr_ram, 1);
	assert_int_equal(info.ram[0].base, 0x200000);
	assert_int_equal(info.ram[0].size, 0x100000);
	put(map, 0, 8); /* QEMU's */
	assert_int_equal(read(), 0);
	assert_int_equal(info.nr_ram, 0);
	put(map, 2 * DESCRIPTOR - 1, 8);
	assert_int_equal(read(), -EINVAL);
	put(map, UINT64_C(0x100000000) + 2 * DESCRIPTOR, 8);
	assert_int_equal(read(), -EINVAL);
	put(map, 2 * DESCRIPTOR, 8);
	put(map + 8, 32, 8);
	assert_int_equal(read(), -EINVAL);
	put(map + 8, DESCRIPTOR, 8);
	put(map + 16, 2, 4);
	assert_int_equal(read(), -EINVAL);
	put(map + 16, 1, 4);
	put(list + 40, BOOT_LIMIT - 8, 8);
	assert_int_equal(read(), -EINVAL);
}

static void the_application_is_told_apart(void **state)
{
	(void)state;
	/* Its own structure is looked at, and this table is none. */
	assert_int_equal(
		boot_info_read(&info, EFI_HANDOVER, low_address(table), low_address(table)),
		-EINVAL);
	assert_string_equal(info.loader, "UEFI");
}

/* ---- RAM of device trees ---- */

static void begin_root(void)
{
	make_node("");
	make_cells("#address-cells", 1, 2);
	make_cells("#size-cells", 1, 2);
}

static void add_memory(void)
{
	make_node("memory@0");
	make_string("device_type", "memory");
	make_cells("reg", 8, 0, 0, 0, 0x10000000, 0, 0x80000000, 0, 0x70000000);
	make_end();
}

static int add_ram(void)
{
	uint32_t size, at[2];
	struct fdt fdt;

	make_end();
	assert_int_equal(fdt_open(&fdt, (uint64_t)make_finish(&size, at)), 0);
	memset(&info, 0, sizeof(info));
	return boot_info_add_fdt_ram(&info, &fdt);
}

static void assert_ram(unsigned int i, uint64_t base, uint64_t end)
{
	assert_true(i < info.nr_ram);
	assert_int_equal(info.ram[i].base, base);
	assert_int_equal(info.ram[i].base + info.ram[i].size, end);
}

static void ram_is_what_memory_nodes_say(void **state)
{
	(void)state;
	make_start();
	begin_root();
	add_memory();
	make_node("memory@100000000");
	make_string("device_type", "memory");
	make_string("status", "disabled");
	make_cells("reg", 4, 1, 0, 0, 0x1000);
	make_end();
	assert_int_equal(add_ram(), 0);
	assert_int_equal(info.nr_ram, 2);
	assert_ram(0, 0, 0x10000000);
	assert_ram(1, 0x80000000, 0xf0000000);
}

static void what_is_reserved_is_left_out(void **state)
{
	(void)state;
	make_start();
	make_reservation(0x100000, 0x100000);
	make_reservation(0x180000, 0x1000);     /* within the one before */
	make_reservation(0xff00000, 0x200000);  /* over the end */
	make_reservation(0x20000000, 0x100000); /* in no RAM */
	begin_root();
	add_memory();
	make_node("reserved-memory");
	make_cells("#address-cells", 1, 2);
	make_cells("#size-cells", 1, 2);
	make_property("ranges", "", 0);
	make_node("firmware@80000000");
	make_cells("reg", 8, 0, 0x80000000, 0, 0x10000, 0, 0x90000000, 0, 0x1000);
	make_end();
	make_node("pool"); /* anywhere */
	make_cells("size", 2, 0, 0x1000);
	make_end();
	make_end();
	assert_int_equal(add_ram(), 0);
	assert_int_equal(info.nr_ram, 4);
	assert_ram(0, 0, 0x100000);
	assert_ram(1, 0x200000, 0xff00000);
	assert_ram(2, 0x80010000, 0x90000000);
	assert_ram(3, 0x90001000, 0xf0000000);
}

static void all_of_it_may_be_reserved(void **state)
{
	(void)state;
	make_start();
	make_reservation(0, UINT64_C(0x100000000));
	begin_root();
	add_memory();
	assert_int_equal(add_ram(), 0);
	assert_int_equal(info.nr_ram, 0);
}

static void ram_and_reservations_that_wrap_around(void **state)
{
	(void)state;
	make_start();
	begin_root();
	add_memory();
	make_node("memory@1");
	make_string("device_type", "memory");
	make_cells("reg", 4, 0xffffffff, 0, 1, 0);
	make_end();
	assert_int_equal(add_ram(), 0);
	assert_int_equal(info.nr_ram, 2);
	assert_int_equal(info.ignored, 1);
	make_start();
	make_reservation(UINT64_MAX, 2);
	begin_root();
	add_memory();
	assert_int_equal(add_ram(), -ENOSPC); /* what it means nobody knows: no RAM is safe */
	assert_int_equal(info.nr_ram, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(u_boots_table_has_a_device_tree, setup),
		cmocka_unit_test_setup(damaged_tables_are_refused, setup),
		cmocka_unit_test_setup(a_table_without_entries_has_nothing, setup),
		cmocka_unit_test_setup(the_stubs_memory_map_is_read, setup),
		cmocka_unit_test_setup(the_application_is_told_apart, setup),
		cmocka_unit_test_setup(ram_is_what_memory_nodes_say, setup),
		cmocka_unit_test_setup(what_is_reserved_is_left_out, setup),
		cmocka_unit_test_setup(all_of_it_may_be_reserved, setup),
		cmocka_unit_test_setup(ram_and_reservations_that_wrap_around, setup),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
