/* SPDX-License-Identifier: Apache-2.0 */
/* sources: src/core/efi/loadables.c src/core/cpio.c */
/* Archives of boot modules that U-Boot may have put into memory, whole and damaged. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "core/efi/loadables.h"
#include "core/efi/memory.h"

static struct efi_handover_module list[EFI_HANDOVER_MODULES + 1];
static char archive[32768] __attribute__((aligned(8)));
static size_t used;
static uint64_t claimed_base, claimed_end;

void memory_claim(uint64_t base, uint64_t end)
{
	claimed_base = base;
	claimed_end = end;
}

static void pad(void)
{
	while (used % 4)
		archive[used++] = '\0';
}

/* As cpio writes it. */
static void add(const char *name, const char *content, unsigned long size)
{
	used += (size_t)sprintf(archive + used,
				"070701%08X%08X%08X%08X%08X%08X%08lX%08X%08X%08X%08X"
				"%08zX%08X",
				7, 0100644, 0, 0, 1, 0, size, 8, 1, 0, 0, strlen(name) + 1, 0);
	strcpy(archive + used, name);
	used += strlen(name) + 1;
	pad();
	if (content)
		memcpy(archive + used, content, size);
	used += content ? size : 0;
	pad();
}

static int setup(void **state)
{
	(void)state;
	memset(archive, 0, sizeof(archive));
	memset(list, 0xa5, sizeof(list));
	used = 0;
	claimed_base = claimed_end = 0;
	return 0;
}

static uint32_t find(void)
{
	uint32_t count = loadables_find((uint64_t)archive, used, list);

	assert_int_equal(list[EFI_HANDOVER_MODULES].size, UINT64_C(0xa5a5a5a5a5a5a5a5));
	assert_int_equal(claimed_base, count ? (uint64_t)archive : 0);
	return count;
}

static void assert_module(uint32_t i, const char *name, const char *content)
{
	assert_string_equal(list[i].name, name);
	assert_int_equal(list[i].size, strlen(content));
	assert_memory_equal((const void *)list[i].base, content, strlen(content));
}

static void files_of_an_archive_are_found(void **state)
{
	(void)state;
	add("vmlinuz", "kernel", 6);
	add("a", "odd", 3);
	add("initrd-linux0", "0123456789abcdef", 16);
	add("TRAILER!!!", "", 0);
	assert_int_equal(find(), 3);
	assert_module(0, "vmlinuz", "kernel");
	assert_module(1, "a", "odd");
	assert_module(2, "initrd-linux0", "0123456789abcdef");
	assert_int_equal(claimed_end, (uint64_t)archive + used);
}

static void memory_without_an_archive_is_no_module(void **state)
{
	(void)state;
	assert_int_equal(find(), 0);
	used = sizeof(archive);
	assert_int_equal(find(), 0);
	memset(archive, 0xff, sizeof(archive));
	assert_int_equal(find(), 0);
	setup(state);
	add("TRAILER!!!", "", 0);
	assert_int_equal(loadables_find((uint64_t)archive, used, list), 0);
}

static void what_is_cut_off_is_not_used(void **state)
{
	(void)state;
	add("vmlinuz", "kernel", 6);
	assert_int_equal(find(), 0);
	add("initrd", NULL, 8);
	assert_int_equal(find(), 0);
	setup(state);
	add("vmlinuz", "kernel", 6);
	add("TRAILER!!!", "", 0);
	assert_int_equal(find(), 1);
	setup(state);
	add("vmlinuz", "kernel", 6);
	add("TRAILER!!!", "", 0);
	while (used-- > 0)
		assert_int_equal(find(), 0);
}

static void too_many_files_are_not_used(void **state)
{
	char name[16];

	(void)state;
	for (unsigned int i = 0; i < EFI_HANDOVER_MODULES; i++) {
		(void)sprintf(name, "m%u", i);
		add(name, "x", 1);
	}
	add("TRAILER!!!", "", 0);
	assert_int_equal(find(), EFI_HANDOVER_MODULES);
	setup(state);
	for (unsigned int i = 0; i <= EFI_HANDOVER_MODULES; i++)
		add("more", "x", 1);
	add("TRAILER!!!", "", 0);
	assert_int_equal(find(), 0);
}

static void damaged_headers_are_not_believed(void **state)
{
	static const struct {
		unsigned int at;
		const char *bytes;
	} damages[] = {
		{ 0, "070702" },    /* another format */
		{ 54, "0000000g" }, /* a size that is no number */
		{ 54, "FFFFFFFF" }, /* a size that is none */
		{ 94, "00000000" }, /* no name */
		{ 94, "00000001" }, /* an empty one */
		{ 94, "00000007" }, /* one without its end */
		{ 94, "0000000a" }, /* one that ends before */
		{ 94, "00001000" }, /* one that is too long */
	};

	for (unsigned int i = 0; i < ARRAY_SIZE(damages); i++) {
		setup(state);
		add("vmlinuz", "kernel", 6);
		add("TRAILER!!!", "", 0);
		memcpy(archive + damages[i].at, damages[i].bytes, strlen(damages[i].bytes));
		assert_int_equal(find(), 0);
	}
}

static void no_damage_is_too_much(void **state)
{
	srand(1);
	for (unsigned int round = 0; round < 20000; round++) {
		setup(state);
		add("vmlinuz", "kernel", 6);
		add("initrd", "ramdisk!", 8);
		add("TRAILER!!!", "", 0);
		for (unsigned int i = 0; i < 3; i++)
			archive[(unsigned int)rand() % used] =
				"0123456789abcdefG\0\xff"[rand() % 19];
		(void)find();
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(files_of_an_archive_are_found, setup),
		cmocka_unit_test_setup(memory_without_an_archive_is_no_module, setup),
		cmocka_unit_test_setup(what_is_cut_off_is_not_used, setup),
		cmocka_unit_test_setup(too_many_files_are_not_used, setup),
		cmocka_unit_test_setup(damaged_headers_are_not_believed, setup),
		cmocka_unit_test_setup(no_damage_is_too_much, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
