/* SPDX-License-Identifier: Apache-2.0 */
/* sources: src/arch/x86/boot_info.c src/core/boot_info.c tests/unit/low_memory.c */
/*
 * Modules as the three loaders tell them. The structures are built byte by byte from the
 * specifications: Multiboot2 3.6.6; Xen's hvm/start_info.h; efi_handover.h.
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
#define EFI 0x42494645u
#define PVH_MAGIC 0x336ec578u
#define LONGEST "x23456789-123456789-123456789-123456789-123456789-123456789-123" /* 63 */

static struct boot_info info;
static uint8_t built[8192];
static uint32_t size;

static int setup(void **state)
{
	(void)state;
	low_start();
	memset(&info, 0xa5, sizeof(info));
	size = 0;
	return 0;
}

static void put(uint64_t value, unsigned int bytes)
{
	memcpy(built + size, &value, bytes);
	size += bytes;
}

static void assert_module(unsigned int i, const char *name, uint64_t base, uint64_t length)
{
	assert_true(i < info.nr_modules);
	assert_string_equal(info.modules[i].name, name);
	assert_int_equal(info.modules[i].base, base);
	assert_int_equal(info.modules[i].size, length);
}

/* ---- Multiboot2 ---- */

/* A module tag whose string is @room bytes, whatever is in them. */
static void mb2_module_of(uint32_t start, uint32_t end, const char *string, uint32_t room)
{
	if (size == 0)
		put(0, 8); /* total size and reserved */
	while (size & 7)
		put(0xee, 1);
	put(3, 4);
	put(16 + room, 4);
	put(start, 4);
	put(end, 4);
	memcpy(built + size, string, room);
	size += room;
}

static void mb2_module(uint32_t start, uint32_t end, const char *string)
{
	mb2_module_of(start, end, string, (uint32_t)strlen(string) + 1);
}

static int read_mb2(void)
{
	while (size & 7)
		put(0xee, 1);
	put(0, 4);
	put(8, 4);
	memcpy(built, &size, 4);
	return boot_info_read(&info, MB2, low_address(low_copy(built, size)));
}

static void multiboot2_modules_are_called_by_the_first_word(void **state)
{
	(void)state;
	mb2_module(0x100000, 0x234567, "vmlinuz");
	mb2_module(0x3000000, 0x3000000, "Initrd_0.x-9 and more = words");
	mb2_module(0xfffff000, 0xffffffff, LONGEST);
	assert_int_equal(read_mb2(), 0);
	assert_int_equal(info.nr_modules, 3);
	assert_module(0, "vmlinuz", 0x100000, 0x134567);
	assert_module(1, "Initrd_0.x-9", 0x3000000, 0);
	assert_module(2, LONGEST, 0xfffff000, 0xfff);
}

/* What they could be called would not be a name in any DTS. */
static void modules_without_a_proper_name_are_left_out(void **state)
{
	(void)state;
	mb2_module_of(0x1000, 0x2000, "", 0);
	mb2_module(0x1000, 0x2000, "");
	mb2_module(0x1000, 0x2000, " vmlinuz");
	mb2_module(0x1000, 0x2000, "/boot/vmlinuz");
	mb2_module(0x1000, 0x2000, "a\033[2J");
	mb2_module(0x1000, 0x2000, "a\xff");
	mb2_module(0x1000, 0x2000, LONGEST "4");
	mb2_module_of(0x1000, 0x2000, "vmlinuz", 7); /* no end */
	mb2_module(0x2000, 0x1000, "backwards");
	mb2_module(0x1000, 0x2000, "good");
	assert_int_equal(read_mb2(), 0);
	assert_int_equal(info.nr_modules, 1);
	assert_module(0, "good", 0x1000, 0x1000);
}

/* What stands behind the tag would end it, or be more of it. */
static void a_string_ends_with_its_tag(void **state)
{
	(void)state;
	mb2_module_of(0x1000, 0x2000, "vmlinuz8", 8); /* the end tag's type begins with 0 */
	assert_int_equal(read_mb2(), 0);
	assert_int_equal(info.nr_modules, 0);
	setup(state);
	mb2_module_of(0x1000, 0x2000, "vmlinuz8", 8);
	put(0x616161, 4); /* "aaa" */
	put(8, 4);
	assert_int_equal(read_mb2(), 0);
	assert_int_equal(info.nr_modules, 0);
}

static void a_tag_that_is_too_short_is_left_out(void **state)
{
	for (uint32_t length = 8; length < 16; length++) {
		setup(state);
		put(0, 8);
		put(3, 4);
		put(length, 4);
		put(0x7878787878787878, length - 8);
		assert_int_equal(read_mb2(), 0);
		assert_int_equal(info.nr_modules, 0);
	}
}

static void more_modules_than_there_is_room_for_are_left_out(void **state)
{
	char name[] = "module-00";

	(void)state;
	for (uint32_t i = 0; i < 40; i++) {
		name[7] = (char)('0' + i / 10);
		name[8] = (char)('0' + i % 10);
		mb2_module(i << 20, (i << 20) + 1, name);
	}
	assert_int_equal(read_mb2(), 0);
	assert_int_equal(info.nr_modules, BOOT_MAX_MODULES);
	assert_module(31, "module-31", 31 << 20, 1);
}

/* ---- PVH ---- */

static int read_pvh(uint32_t nr_modules, uint64_t modules)
{
	size = 0;
	put(PVH_MAGIC, 4);
	put(1, 4);
	put(0, 4);
	put(nr_modules, 4);
	put(modules, 8);
	put(0, 8); /* command line */
	put(0, 8); /* RSDP */
	put(0, 8); /* memory map */
	put(0, 8);
	return boot_info_read(&info, PVH, low_address(low_copy(built, size)));
}

static void pvh_module(uint64_t base, uint64_t length, uint64_t cmdline)
{
	put(base, 8);
	put(length, 8);
	put(cmdline, 8);
	put(0, 8);
}

static void pvh_modules_are_called_by_their_command_line(void **state)
{
	const uint8_t *list;

	(void)state;
	pvh_module(0x100000, 0x4321, low_address(low_copy("vmlinuz", 8)));
	pvh_module(0x200000, 5, 0); /* QEMU's -initrd has none */
	pvh_module(UINT64_C(0x7fffffffff), 7, low_address(low_copy("initrd quiet", 13)));
	pvh_module(UINT64_MAX - 5, 7, low_address(low_copy("around", 7)));
	pvh_module(0x300000, 5, UINT64_C(0x100000000));
	pvh_module(UINT64_MAX - 5, 5, low_address(low_copy(LONGEST, 64)));
	list = low_copy(built, size);
	assert_int_equal(read_pvh(6, low_address(list)), 0);
	assert_int_equal(info.nr_modules, 3);
	assert_module(0, "vmlinuz", 0x100000, 0x4321);
	assert_module(1, "initrd", UINT64_C(0x7fffffffff), 7);
	assert_module(2, LONGEST, UINT64_MAX - 5, 5);
}

static void a_pvh_list_that_cannot_be_is_refused(void **state)
{
	(void)state;
	assert_int_equal(read_pvh(0, UINT64_MAX), -EINVAL);
	assert_int_equal(read_pvh(1, UINT64_C(0x100000000)), -EINVAL);
	assert_int_equal(read_pvh(1, UINT64_C(0x100000000) - 31), -EINVAL);
	assert_int_equal(read_pvh(0x1001, 0x100000), -EINVAL);
	assert_int_equal(read_pvh(UINT32_MAX, 0), -EINVAL);
	assert_int_equal(read_pvh(0, 0), 0);
	assert_int_equal(info.nr_modules, 0);
}

/* ---- UEFI ---- */

static uint8_t *efi_modules;

static void efi_module(unsigned int i, const char *name, uint64_t base, uint64_t length)
{
	uint8_t *at = efi_modules + 80 * (size_t)i;

	memset(at, 0, 80);
	memcpy(at, name, strlen(name));
	memcpy(at + 64, &base, 8);
	memcpy(at + 72, &length, 8);
}

static int read_efi(uint32_t nr_modules, uint64_t modules)
{
	static const uint8_t no_ram[40];

	size = 0;
	put(EFI, 4);
	put(1, 4);
	put(88, 4);
	put(40, 4); /* size of a descriptor */
	put(low_address(low_copy(no_ram, sizeof(no_ram))), 8);
	put(40, 4);
	put(1, 4);
	memset(built + size, 0, 36); /* RSDP, frame buffer */
	size += 36;
	put(nr_modules, 4);
	put(modules, 8);
	put(0, 8); /* device tree */
	return boot_info_read(&info, EFI, low_address(low_copy(built, size)));
}

static void the_efi_application_tells_names_and_places(void **state)
{
	(void)state;
	efi_modules = low_object(80 * 4);
	efi_module(0, "vmlinuz", 0x100000, 0x4321);
	efi_module(1, LONGEST, 0x200000, 1);
	efi_module(2, LONGEST "4", 0x300000, 2); /* no end */
	efi_module(3, "around", UINT64_MAX, 2);
	assert_int_equal(read_efi(4, low_address(efi_modules)), 0);
	assert_int_equal(info.nr_modules, 2);
	assert_int_equal(info.ignored, 2);
	assert_module(0, "vmlinuz", 0x100000, 0x4321);
	assert_module(1, LONGEST, 0x200000, 1);
}

static void an_efi_list_that_cannot_be_is_refused(void **state)
{
	(void)state;
	assert_int_equal(read_efi(33, 0x100000), -EINVAL);
	assert_int_equal(read_efi(1, UINT64_C(0x100000000) - 79), -EINVAL);
	assert_int_equal(read_efi(0, UINT64_C(0x100000000)), -EINVAL);
	assert_int_equal(read_efi(UINT32_MAX, 0), -EINVAL);
	assert_int_equal(read_efi(0, 0), 0);
	assert_int_equal(info.nr_modules, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(multiboot2_modules_are_called_by_the_first_word, setup),
		cmocka_unit_test_setup(modules_without_a_proper_name_are_left_out, setup),
		cmocka_unit_test_setup(a_string_ends_with_its_tag, setup),
		cmocka_unit_test_setup(a_tag_that_is_too_short_is_left_out, setup),
		cmocka_unit_test_setup(more_modules_than_there_is_room_for_are_left_out, setup),
		cmocka_unit_test_setup(pvh_modules_are_called_by_their_command_line, setup),
		cmocka_unit_test_setup(a_pvh_list_that_cannot_be_is_refused, setup),
		cmocka_unit_test_setup(the_efi_application_tells_names_and_places, setup),
		cmocka_unit_test_setup(an_efi_list_that_cannot_be_is_refused, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
