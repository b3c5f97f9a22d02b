/* SPDX-License-Identifier: Apache-2.0 */
/* arch: loongarch */
/* sources: src/arch/loongarch/boot_info.c src/core/boot_info.c src/core/fdt.c src/core/cpio.c
 * tests/unit/make_fdt.c tests/unit/low_memory.c */
/*
 * Boot modules in the initrd that LoongArch's loaders bring: by a table as QEMU and Linux' EFI stub
 * make it, or named by a device tree; whole archives and damaged ones.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "arch/loongarch/boot_info.h"
#include "low_memory.h"
#include "make_fdt.h"

#define TABLE_SIZE 120u
#define NR_TABLES 0x68u
#define TABLES 0x70u

/* LINUX_EFI_INITRD_MEDIA_GUID of Linux, include/linux/efi.h */
static const uint8_t initrd_guid[16] = { 0x27, 0xe4, 0x68, 0x55, 0xfc, 0x68, 0x3d, 0x4f,
					 0xac, 0x74, 0xca, 0x55, 0x52, 0x31, 0xcc, 0x68 };

static struct boot_info info;
static char content[8192];
static size_t used;

static int setup(void **state)
{
	(void)state;
	low_start();
	memset(&info, 0, sizeof(info));
	memset(content, 0, sizeof(content));
	used = 0;
	return 0;
}

/* ---- Where it is ---- */

static int read_table(uint64_t entry)
{
	const uint64_t one = 1;
	uint8_t *table = low_object(TABLE_SIZE), *list = low_object(24);
	const uint64_t at = low_address(list);

	memcpy(table, "IBI SYST", 8);
	memcpy(table + NR_TABLES, &one, 8);
	memcpy(table + TABLES, &at, 8);
	memcpy(list, initrd_guid, 16);
	memcpy(list + 16, &entry, 8);
	return boot_info_read(&info, 0, 0, low_address(table));
}

static void a_table_tells_it(void **state)
{
	const uint64_t initrd[2] = { 0x6000000, 0x1234 };

	(void)state;
	assert_int_equal(read_table(low_address(low_copy(initrd, sizeof(initrd)))), 0);
	assert_int_equal(info.initrd.base, 0x6000000);
	assert_int_equal(info.initrd.size, 0x1234);
	assert_int_equal(read_table(0), 0);
	assert_int_equal(info.initrd.size, 0);
	assert_int_equal(read_table(BOOT_LIMIT - 8), -EINVAL);
	assert_int_equal(read_table(UINT64_MAX - 7), -EINVAL);
}

/* The tree's blob, with what @chosen adds to /chosen, 16 MiB of RAM, and [@base, @base + @size)
 * reserved. */
static void read_tree(void (*chosen)(void), uint64_t base, uint64_t size)
{
	static struct fdt fdt;
	uint32_t bytes, at[2];

	make_start();
	make_reservation(base, size);
	make_node("");
	make_cells("#address-cells", 1, 2);
	make_cells("#size-cells", 1, 2);
	make_node("memory@1000000");
	make_string("device_type", "memory");
	make_cells("reg", 4, 0, 0x1000000, 0, 0x1000000);
	make_end();
	make_node("chosen");
	chosen();
	make_end();
	make_end();
	assert_int_equal(fdt_open(&fdt, (uint64_t)make_finish(&bytes, at)), 0);
	boot_info_find_fdt_initrd(&info, &fdt);
	assert_int_equal(boot_info_add_fdt_ram(&info, &fdt), 0);
}

static void two_cells(void)
{
	make_cells("linux,initrd-start", 2, 0, 0x1800000);
	make_cells("linux,initrd-end", 2, 0, 0x1801001);
}

static void one_cell(void)
{
	make_cells("linux,initrd-start", 1, 0x1800000);
	make_cells("linux,initrd-end", 1, 0x1801001);
}

static void nothing(void)
{
}

static void no_end(void)
{
	make_cells("linux,initrd-start", 2, 0, 0x1800000);
}

static void the_end_first(void)
{
	make_cells("linux,initrd-start", 2, 0, 0x1801001);
	make_cells("linux,initrd-end", 2, 0, 0x1800000);
}

static void three_cells(void)
{
	make_cells("linux,initrd-start", 3, 0, 0, 0x1800000);
	make_cells("linux,initrd-end", 3, 0, 0, 0x1801001);
}

static void a_device_tree_tells_it(void **state)
{
	static void (*const good[])(void) = { two_cells, one_cell };
	static void (*const bad[])(void) = { nothing, no_end, the_end_first, three_cells };

	for (unsigned int i = 0; i < ARRAY_SIZE(good); i++) {
		setup(state);
		read_tree(good[i], 0x1800000, 0x1001);
		assert_int_equal(info.initrd.base, 0x1800000);
		assert_int_equal(info.initrd.size, 0x1001);
		/* It is reserved, and RAM. */
		assert_int_equal(info.nr_ram, 1);
		assert_int_equal(info.ram[0].size, 0x1000000);
	}
	for (unsigned int i = 0; i < ARRAY_SIZE(bad); i++) {
		setup(state);
		read_tree(bad[i], 0x1800000, 0x1001);
		assert_int_equal(info.initrd.size, 0);
		assert_int_equal(info.nr_ram, 2);
	}
	setup(state);
	read_tree(two_cells, 0x1800000, 0x2000); /* more than the initrd */
	assert_int_equal(info.nr_ram, 2);
}

static void a_table_counts_where_the_tree_has_none(void **state)
{
	(void)state;
	info.initrd.base = 0x1900000;
	info.initrd.size = 16;
	read_tree(nothing, 0x1000000, 0x1000);
	assert_int_equal(info.initrd.base, 0x1900000);
	assert_int_equal(info.initrd.size, 16);
}

/* ---- What is in it ---- */

static void add(const char *name, const char *data)
{
	used += (size_t)sprintf(content + used,
				"070701%08X%08X%08X%08X%08X%08X%08zX%08X%08X%08X%08X%08zX%08X", 7,
				0100644, 0, 0, 1, 0, strlen(data), 8, 1, 0, 0, strlen(name) + 1, 0);
	strcpy(content + used, name);
	used = (used + strlen(name) + 4) & ~(size_t)3;
	memcpy(content + used, data, strlen(data));
	used = (used + strlen(data) + 3) & ~(size_t)3;
}

/* Reads @size bytes of the archive, at @offset from a multiple of 16, all of it in RAM. */
static int read_archive(size_t size, size_t offset)
{
	uint8_t *object = low_object(size + offset);

	memcpy(object + offset, content, size);
	memset(&info, 0, sizeof(info));
	info.initrd.base = low_address(object) + offset;
	info.initrd.size = size;
	boot_info_add_ram(&info, low_address(object) & PAGE_MASK, 2 * PAGE_SIZE);
	return boot_info_add_initrd(&info);
}

static void files_are_modules(void **state)
{
	(void)state;
	add("vmlinuz", "kernel");
	add("a", "odd");
	add("initrd-linux0", "0123456789abcdef");
	add("TRAILER!!!", "");
	for (size_t offset = 0; offset < 16; offset += 4) {
		assert_int_equal(read_archive(used, offset), 0);
		assert_int_equal(info.nr_modules, 3);
		assert_int_equal(info.ignored, 0);
		assert_string_equal(info.modules[2].name, "initrd-linux0");
		assert_int_equal(info.modules[2].size, 16);
		assert_memory_equal((void *)info.modules[2].base, "0123456789abcdef", 16);
		assert_memory_equal((void *)info.modules[1].base, "odd", 3);
	}
	/* U-Boot and QEMU put it where its numbers are aligned. */
	assert_int_equal(read_archive(used, 2), -EINVAL);
	assert_int_equal(info.nr_modules, 0);
}

static void without_an_initrd_there_are_none(void **state)
{
	(void)state;
	assert_int_equal(boot_info_add_initrd(&info), 0);
	assert_int_equal(info.nr_modules, 0);
}

/* Cut at every byte; what is whole counts, nothing behind the end is read. */
static void what_is_cut_off_is_told(void **state)
{
	(void)state;
	add("vmlinuz", "kernel");
	add("TRAILER!!!", "");
	for (size_t size = 1; size < used; size++) {
		low_start();
		assert_int_equal(read_archive(size, 0), -EINVAL);
		assert_int_equal(info.nr_modules, size >= 128);
	}
	assert_int_equal(read_archive(used, 0), 0);
	memset(content, 'x', 110);
	assert_int_equal(read_archive(used, 0), -EINVAL);
}

static void names_that_are_none_are_left_out(void **state)
{
	(void)state;
	add("a/b", "x");
	add("good", "y");
	add("TRAILER!!!", "");
	assert_int_equal(read_archive(used, 0), 0);
	assert_int_equal(info.nr_modules, 1);
	assert_string_equal(info.modules[0].name, "good");
	assert_int_equal(info.ignored, 1);
}

/* Nothing is read of it: no memory is there in these tests. */
static void only_low_ram_is_read(void **state)
{
	static const struct boot_range places[] = {
		{ 0x1000000, 0x1001 },             /* one byte too long */
		{ 0xfff000, 0x1000 },              /* before the RAM */
		{ UINT64_C(0xfffff000), 0x2000 },  /* over 4 GiB */
		{ UINT64_C(0x100000000), 0x1000 }, /* above, and there is RAM */
		{ UINT64_MAX - 0xfff, 0x1000 },    /* up to the end of all addresses */
		{ UINT64_MAX - 0xfff, 0x1001000 }, /* around it */
		{ 0x1000000, UINT64_MAX },
	};

	for (unsigned int i = 0; i < ARRAY_SIZE(places); i++) {
		setup(state);
		boot_info_add_ram(&info, 0x1000000, 0x1000);
		boot_info_add_ram(&info, UINT64_C(0xfffff000), 0x10000);
		info.initrd = places[i];
		assert_int_equal(boot_info_add_initrd(&info), -EINVAL);
		assert_int_equal(info.nr_modules, 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(a_table_tells_it, setup),
		cmocka_unit_test_setup(a_device_tree_tells_it, setup),
		cmocka_unit_test_setup(a_table_counts_where_the_tree_has_none, setup),
		cmocka_unit_test_setup(files_are_modules, setup),
		cmocka_unit_test_setup(without_an_initrd_there_are_none, setup),
		cmocka_unit_test_setup(what_is_cut_off_is_told, setup),
		cmocka_unit_test_setup(names_that_are_none_are_left_out, setup),
		cmocka_unit_test_setup(only_low_ram_is_read, setup),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
