/* SPDX-License-Identifier: Apache-2.0 */
/* sources: src/core/efi/modules.c src/core/efi/memory.c src/core/efi/print.c
 * src/core/format.c tests/unit/fake_efi.c tests/unit/fake_efi_files.c */
/*
 * Files beside the EFI application: where they are looked for, that they are read whole, and that
 * no file, path or firmware keeps it from starting.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "core/efi/memory.h"
#include "core/efi/modules.h"
#include "core/efi/print.h"
#include "core/format.h"
#include "fake_efi_files.h"

#define NAMES(...) (__VA_ARGS__ "\0")
#define WARNING "  warning: module %s: there is no such file beside this application"

static struct efi_handover_module list[EFI_HANDOVER_MODULES + 1];
static uint8_t content[40000];

static void start_from(const char *const *nodes)
{
	fake_efi_reset();
	fake_memory(EFI_CONVENTIONAL_MEMORY, fake_arena(), FAKE_ARENA_PAGES, 0xf);
	memory_start(fake_system.boot);
	print_start(fake_system.out);
	fake_files_start(nodes);
	memset(list, 0xa5, sizeof(list));
}

static int setup(void **state)
{
	static const char *const usual[] = { "\\EFI\\BOOT\\BOOTX64.EFI", NULL };

	(void)state;
	for (size_t i = 0; i < sizeof(content); i++)
		content[i] = (uint8_t)(i * 7 + (i >> 8));
	start_from(usual);
	return 0;
}

/* Reads; everything that was opened must be closed. */
static uint32_t read_all(const char *names)
{
	uint32_t count = modules_read(fake_system.boot, FAKE_IMAGE, names, list);

	assert_int_equal(fake_open_files, 0);
	assert_int_equal(list[EFI_HANDOVER_MODULES].size, UINT64_C(0xa5a5a5a5a5a5a5a5));
	return count;
}

static void assert_module(uint32_t i, const char *name, const uint8_t *bytes, uint64_t size)
{
	assert_string_equal(list[i].name, name);
	assert_int_equal(list[i].size, size);
	assert_true(list[i].base >= fake_arena());
	assert_memory_equal((void *)list[i].base, bytes, size);
	assert_true(fake_pages(EFI_LOADER_DATA, list[i].base, (size + 4095) / 4096) > 0);
}

static void assert_warned(const char *name)
{
	char expected[200];

	(void)fmt_snprintf(expected, sizeof(expected), WARNING, name);
	if (!strstr(fake_said, expected))
		fail_msg("\"%s\" is not in: %s", expected, fake_said);
}

static void files_are_read_whole(void **state)
{
	static const uint64_t most[] = { UINT64_MAX, 4096, 777 };

	for (unsigned int i = 0; i < ARRAY_SIZE(most); i++) {
		setup(state);
		fake_read_most = most[i];
		fake_file("\\EFI\\BOOT\\vmlinuz", content, sizeof(content));
		fake_file("\\EFI\\BOOT\\initrd.gz", content + 5, 1);
		assert_int_equal(read_all(NAMES("vmlinuz\0initrd.gz\0")), 2);
		assert_module(0, "vmlinuz", content, sizeof(content));
		assert_module(1, "initrd.gz", content + 5, 1);
		assert_non_null(strstr(fake_said, "  module vmlinuz: 40000 bytes\n"));
		assert_null(strstr(fake_said, "warning"));
	}
}

static void nothing_is_asked_for_when_nothing_is_needed(void **state)
{
	(void)state;
	fake_handle_protocol = NULL; /* whoever calls it faults */
	assert_int_equal(read_all(""), 0);
	assert_string_equal(fake_said, "");
}

/* The path may come in pieces, with and without backslashes at their ends. */
static void the_folder_is_the_applications(void **state)
{
	static const struct {
		const char *nodes[4];
		const char *file;
	} places[] = {
		{ { "\\bulkhead.efi" }, "\\initrd" },
		{ { "bulkhead.efi" }, "initrd" },
		{ { "\\EFI\\Bulkhead", "bulkhead.efi" }, "\\EFI\\Bulkhead\\initrd" },
		{ { "\\EFI\\", "Bulkhead\\", "bulkhead.efi" }, "\\EFI\\Bulkhead\\initrd" },
		{ { "\\a b\\c.d\\x" }, "\\a b\\c.d\\initrd" },
		{ { NULL }, "initrd" }, /* the file system alone */
	};

	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(places); i++) {
		start_from(places[i].nodes);
		fake_file("\\elsewhere\\initrd", content, 100);
		fake_file(places[i].file, content, 10);
		assert_int_equal(read_all(NAMES("initrd\0")), 1);
		assert_module(0, "initrd", content, 10);
	}
}

static void a_file_that_cannot_be_read_is_told_and_left_out(void **state)
{
	(void)state;
	fake_file("\\EFI\\BOOT\\unreadable", NULL, 100);
	fake_file("\\EFI\\BOOT\\empty", content, 0);
	fake_file("\\EFI\\BOOT\\huge", content, UINT64_C(0x100000000));
	fake_file("\\EFI\\BOOT\\endless", content, UINT64_MAX);
	fake_file("\\EFI\\BOOT\\large", content, (FAKE_ARENA_PAGES + 1) * PAGE_SIZE);
	fake_file("\\EFI\\BOOT\\good", content, 5000);
	assert_int_equal(read_all(NAMES("absent\0unreadable\0empty\0huge\0endless\0large\0good\0")),
			 1);
	assert_module(0, "good", content, 5000);
	assert_warned("absent");
	assert_warned("unreadable");
	assert_warned("empty");
	assert_warned("huge");
	assert_warned("endless");
	assert_warned("large");
	assert_null(strstr(fake_said, "warning: module good"));
}

static void an_application_from_nowhere_has_no_files(void **state)
{
	(void)state;
	start_from(NULL);
	assert_int_equal(read_all(NAMES("vmlinuz\0initrd\0")), 0);
	assert_warned("vmlinuz");
	assert_warned("initrd");
	setup(state);
	fake_no_volume = true;
	assert_int_equal(read_all(NAMES("vmlinuz\0")), 0);
	assert_warned("vmlinuz");
}

static void a_file_that_ends_early_is_left_out(void **state)
{
	(void)state;
	fake_file("\\EFI\\BOOT\\vmlinuz", content, 100);
	fake_read_most = 0;
	assert_int_equal(read_all(NAMES("vmlinuz\0")), 0);
	assert_warned("vmlinuz");
}

static void a_path_that_cannot_be_is_not_followed(void **state)
{
	static char long_path[600];
	static const char *const nodes[] = { long_path, NULL };

	(void)state;
	memset(long_path, 'x', sizeof(long_path) - 1);
	start_from(nodes);
	fake_file("vmlinuz", content, 100);
	assert_int_equal(read_all(NAMES("vmlinuz\0")), 0);
	/* The folder alone fits, with the name it does not. */
	long_path[508] = '\\';
	long_path[509] = '\0';
	start_from(nodes);
	long_path[509] = 'a';
	long_path[510] = '\0';
	fake_file(long_path, content, 100);
	assert_int_equal(read_all(NAMES("vmlinuz\0a\0")), 1);
	assert_warned("vmlinuz");
	/* A node that is shorter than its header would be met for ever. */
	for (uint8_t size = 0; size < 4; size++) {
		setup(state);
		fake_file_path[2] = size;
		fake_file_path[3] = 0;
		assert_int_equal(read_all(NAMES("vmlinuz\0")), 0);
	}
}

static void more_than_the_list_holds_are_left_out(void **state)
{
	char names[40 * 3 + 1], path[] = "\\EFI\\BOOT\\xx";

	(void)state;
	for (unsigned int i = 0; i < 40; i++) {
		names[3 * i] = path[10] = (char)('0' + i / 10);
		names[3 * i + 1] = path[11] = (char)('0' + i % 10);
		names[3 * i + 2] = '\0';
		fake_file(path, content, i + 1);
	}
	names[sizeof(names) - 1] = '\0';
	assert_int_equal(read_all(names), EFI_HANDOVER_MODULES);
	assert_module(31, "31", content, 32);
	assert_warned("32");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(files_are_read_whole, setup),
		cmocka_unit_test_setup(nothing_is_asked_for_when_nothing_is_needed, setup),
		cmocka_unit_test_setup(the_folder_is_the_applications, setup),
		cmocka_unit_test_setup(a_file_that_cannot_be_read_is_told_and_left_out, setup),
		cmocka_unit_test_setup(an_application_from_nowhere_has_no_files, setup),
		cmocka_unit_test_setup(a_file_that_ends_early_is_left_out, setup),
		cmocka_unit_test_setup(a_path_that_cannot_be_is_not_followed, setup),
		cmocka_unit_test_setup(more_than_the_list_holds_are_left_out, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
