/* SPDX-License-Identifier: Apache-2.0 */
/* sources: src/core/modules.c src/core/boot_info.c src/core/sha256.c src/core/format.c
 *          tests/unit/low_memory.c
 */
/* flags: -no-pie -fno-pie */
/*
 * Boot modules on their way to their places: what is copied, and which of two cells is told not to
 * start, with which reason. The hypervisor's range is not really there: nothing may look into it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "core/modules.h"
#include "core/partition.h"
#include "fake_log.h"
#include "low_memory.h"

#define IMAGE UINT64_C(0x70000000)
#define IMAGE_END UINT64_C(0x70200000)
#define KERNEL_SIZE 1000u
#define INITRD_SIZE 3u

__asm__(".globl image_start, image_end\n"
	".set image_start, 0x70000000\n"
	".set image_end, 0x70200000\n");

/* ---- The table ---- */

static uint8_t kernel_place[KERNEL_SIZE], initrd_place[INITRD_SIZE];
static bool checked[2];

static const struct module modules[] = {
	{ .name = "kernel",
	  .data = kernel_place,
	  .size = KERNEL_SIZE,
	  .sha256 = { 0x89, 0xf4, 0xff, 0x56, 0xa2, 0x5d, 0xd1, 0xdb, 0x06, 0xa4, 0xce,
		      0x60, 0x33, 0x60, 0x37, 0x75, 0xd7, 0x05, 0xfb, 0x96, 0xf3, 0x0f,
		      0x86, 0x93, 0x73, 0x3f, 0xef, 0x60, 0x2a, 0x1c, 0xa5, 0x32 },
	  .checked = &checked[0] },
	{ .name = "initrd",
	  .data = initrd_place,
	  .size = INITRD_SIZE,
	  .sha256 = { 0xba, 0x78, 0x16, 0xbf, 0x8f, 0x01, 0xcf, 0xea, 0x41, 0x41, 0x40,
		      0xde, 0x5d, 0xae, 0x22, 0x23, 0xb0, 0x03, 0x61, 0xa3, 0x96, 0x17,
		      0x7a, 0x9c, 0xb4, 0x10, 0xff, 0x61, 0xf2, 0x00, 0x15, 0xad },
	  .checked = &checked[1] },
};
static const struct cell_module modules0[] = {
	{ &modules[0], "kernel", "x.dts:10" },
};
static const struct cell_module modules1[] = {
	{ &modules[0], "kernel", "x.dts:20" },
	{ &modules[1], "initrd", "x.dts:21" },
};
static const struct cell_config cell_configs[] = {
	{ .name = "linux0", .modules = modules0, .nr_modules = ARRAY_SIZE(modules0) },
	{ .name = "linux1", .modules = modules1, .nr_modules = ARRAY_SIZE(modules1) },
	{ .name = "linux2" },
};
const struct partition_table partition_table = {
	.cells = cell_configs,
	.nr_cells = ARRAY_SIZE(cell_configs),
	.modules = modules,
	.nr_modules = ARRAY_SIZE(modules),
};

/* ---- What the loader has brought ---- */

static struct boot_info info;
static uint8_t *kernel;

static struct boot_module *bring(const char *name, uint64_t base, uint64_t size)
{
	struct boot_module *module = &info.modules[info.nr_modules++];

	(void)snprintf(module->name, sizeof(module->name), "%s", name);
	module->base = base;
	module->size = size;
	return module;
}

/* Both, right, and below 1920 MiB all is RAM. */
static int setup(void **state)
{
	(void)state;
	low_start();
	memset(&info, 0, sizeof(info));
	info.ram[0] = (struct boot_range){ 0, UINT64_C(0x78000000) };
	info.nr_ram = 1;
	kernel = low_object(KERNEL_SIZE);
	for (unsigned int i = 0; i < KERNEL_SIZE; i++)
		kernel[i] = (uint8_t)(i * 7);
	bring("kernel", low_address(kernel), KERNEL_SIZE);
	bring("initrd", low_address(low_copy("abc", 3)), INITRD_SIZE);
	memset(kernel_place, 0xa5, KERNEL_SIZE);
	memset(initrd_place, 0xa5, INITRD_SIZE);
	checked[0] = checked[1] = true; /* must not be taken over */
	forget_log();
	return 0;
}

static void load(bool kernel_is_right, bool initrd_is_right)
{
	checked[0] = !kernel_is_right;
	checked[1] = !initrd_is_right;
	forget_log();
	modules_load(&info);
	if (checked[0] != kernel_is_right || checked[1] != initrd_is_right)
		fail_msg("kernel %d, initrd %d: %s", checked[0], checked[1], said);
}

static void assert_said(const char *text)
{
	if (!strstr(said, text))
		fail_msg("\"%s\" is not in: %s", text, said);
}

/* ---- Right ones ---- */

static void modules_are_copied_and_checked(void **state)
{
	(void)state;
	load(true, true);
	assert_memory_equal(kernel_place, kernel, KERNEL_SIZE);
	assert_memory_equal(initrd_place, "abc", INITRD_SIZE);
	assert_string_equal(said, "module kernel: 1000 bytes, SHA-256 89f4ff56a25d... as expected\n"
				  "module initrd: 3 bytes, SHA-256 ba7816bf8f01... as expected\n");
}

static void a_module_for_nobody_is_told_and_does_no_harm(void **state)
{
	(void)state;
	bring("stranger", UINT64_MAX - 9, 9);
	load(true, true);
	assert_said("module stranger is not one of this system: not used\n");
}

/* ---- Wrong ones ---- */

static void a_missing_module_stops_all_cells_that_need_it(void **state)
{
	(void)state;
	(void)strcpy(info.modules[0].name, "Kernel");
	load(false, true);
	assert_said("module Kernel is not one of this system");
	assert_said("cell linux0 does not start: its kernel, module kernel (x.dts:10), was not "
		    "loaded, expected 1000 bytes\n");
	assert_said("cell linux1 does not start: its kernel, module kernel (x.dts:20), was not "
		    "loaded, expected 1000 bytes\n");
	assert_said("module initrd: 3 bytes");
	assert_null(strstr(said, "linux2"));
}

static void a_module_of_another_length_is_not_even_copied(void **state)
{
	static const uint64_t sizes[] = { 0, 2, 4, UINT64_MAX };

	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(sizes); i++) {
		char expected[64];

		info.modules[1].base = 0;
		info.modules[1].size = sizes[i];
		load(true, false);
		(void)snprintf(expected, sizeof(expected), "(x.dts:21), has %lu bytes, expected 3",
			       (unsigned long)sizes[i]);
		assert_said(expected);
		assert_null(strstr(said, "linux0"));
		assert_int_equal(initrd_place[0], 0xa5);
	}
}

static void every_changed_bit_is_found(void **state)
{
	(void)state;
	for (unsigned int bit = 0; bit < 8 * KERNEL_SIZE; bit += 13) {
		kernel[bit / 8] ^= (uint8_t)(1 << bit % 8);
		load(false, true);
		kernel[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
	kernel[0] = 1;
	load(false, true);
	assert_said("(x.dts:20), has SHA-256 ");
	assert_said("..., expected 89f4ff56a25d...\n");
}

/* As long and as right as they are: what is there could change meanwhile, or is no memory. */
static void a_module_where_none_can_be_is_not_read(void **state)
{
	static const struct {
		uint64_t base;
		const char *says;
	} places[] = {
		{ IMAGE, "is at 0x70000000 to 0x70000002, in the hypervisor's own memory\n" },
		{ IMAGE - INITRD_SIZE + 1, "in the hypervisor's own memory\n" },
		{ IMAGE_END - 1, "in the hypervisor's own memory\n" },
		{ 0x80000000, "not in usable RAM\n" },
		{ 0x77fffffe, "is at 0x77fffffe to 0x78000000, not in usable RAM\n" },
		{ 0xfffffffe, "not below 4 GiB\n" },
		{ UINT64_C(0x100000000), "is at 0x100000000 to 0x100000002, not below 4 GiB\n" },
	};

	(void)state;
	info.ram[1] = (struct boot_range){ UINT64_C(0xf0000000), UINT64_C(0x20000000) };
	info.nr_ram = 2;
	for (unsigned int i = 0; i < ARRAY_SIZE(places); i++) {
		info.modules[1].base = places[i].base;
		load(true, false);
		assert_said(places[i].says);
	}
}

static void of_two_with_one_name_the_first_counts(void **state)
{
	(void)state;
	bring("kernel", 0, 5);
	load(true, true);
	setup(state);
	bring("initrd", info.modules[1].base, INITRD_SIZE);
	info.modules[1].size = 5;
	load(true, false);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(modules_are_copied_and_checked, setup),
		cmocka_unit_test_setup(a_module_for_nobody_is_told_and_does_no_harm, setup),
		cmocka_unit_test_setup(a_missing_module_stops_all_cells_that_need_it, setup),
		cmocka_unit_test_setup(a_module_of_another_length_is_not_even_copied, setup),
		cmocka_unit_test_setup(every_changed_bit_is_found, setup),
		cmocka_unit_test_setup(a_module_where_none_can_be_is_not_read, setup),
		cmocka_unit_test_setup(of_two_with_one_name_the_first_counts, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
