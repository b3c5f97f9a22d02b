/* SPDX-License-Identifier: Apache-2.0 */
/* sources: src/arch/x86/boot_info.c src/core/boot_info.c tests/unit/low_memory.c */
/* The frame buffer as a multiboot2 loader tells it: Multiboot2 Specification 2.0, 3.6.12. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "arch/x86/boot_info.h"
#include "low_memory.h"

#define MB2 0x36d76289u
#define RGB 1u
#define TEXT 2u

static struct boot_info info;

static void put(uint8_t *at, uint64_t value, unsigned int bytes)
{
	memcpy(at, &value, bytes);
}

/* Reads information that has this tag alone, of @size bytes. */
static int read_tag(uint32_t size, uint64_t base, uint32_t line_size, uint32_t bits, uint32_t type)
{
	uint8_t built[56] = { 0 };

	low_start();
	memset(&info, 0xa5, sizeof(info));
	put(built, sizeof(built), 4);
	put(built + 8, 8, 4);
	put(built + 12, size, 4);
	put(built + 16, base, 8);
	put(built + 24, line_size, 4);
	put(built + 28, 1000, 4);
	put(built + 32, 768, 4);
	put(built + 36, bits, 1);
	put(built + 37, type, 1);
	memset(built + 8 + ((size + 7) & ~7u), 0, 4); /* the end */
	put(built + 12 + ((size + 7) & ~7u), 8, 4);
	return boot_info_read(&info, MB2, low_address(low_copy(built, sizeof(built))));
}

static void a_frame_buffer_is_told(void **state)
{
	(void)state;
	assert_int_equal(read_tag(32, UINT64_C(0x4000000000), 4096, 32, RGB), 0);
	assert_int_equal(info.framebuffer.base, UINT64_C(0x4000000000));
	assert_int_equal(info.framebuffer.size, 4096 * 768);
	assert_int_equal(info.framebuffer.width, 1000);
	assert_int_equal(info.framebuffer.height, 768);
	assert_int_equal(info.framebuffer.line_size, 4096);
	assert_int_equal(info.ignored, 0);
}

static void what_is_none_of_32_bits_a_pixel_is_not_told(void **state)
{
	static const struct {
		uint32_t size;
		uint64_t base;
		uint32_t line_size, bits, type;
	} cases[] = {
		{ 32, 0xb8000, 4096, 32, TEXT },
		{ 32, 0xa0000, 4096, 32, 0 }, /* with a palette */
		{ 32, 0x80000000, 4096, 24, RGB },
		{ 32, 0x80000000, 3999, 32, RGB }, /* lines overlap */
		{ 32, UINT64_MAX - 0xfff, 4096, 32, RGB },
		{ 29, 0x80000000, 4096, 32, RGB }, /* cut off */
	};

	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(cases); i++) {
		assert_int_equal(read_tag(cases[i].size, cases[i].base, cases[i].line_size,
					  cases[i].bits, cases[i].type),
				 0);
		assert_int_equal(info.framebuffer.size, 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_frame_buffer_is_told),
		cmocka_unit_test(what_is_none_of_32_bits_a_pixel_is_not_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
