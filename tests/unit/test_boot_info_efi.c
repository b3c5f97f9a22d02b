/* SPDX-License-Identifier: Apache-2.0 */
/* sources: src/arch/x86/boot_info.c src/core/boot_info.c tests/unit/low_memory.c */
/*
 * What the EFI application hands over: good blocks, and blocks that are damaged in every field.
 * Offsets are written out, not taken from the reader's types; the map is UEFI 2.10, 7.2.3.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "arch/x86/boot_info.h"
#include "low_memory.h"

#define EFI 0x42494645u
#define BLOCK_SIZE 88u
#define DESCRIPTOR 48u /* what EDK II uses: longer than the 40 bytes that are known */

/* Offsets in the block. */
enum {
	MAGIC = 0,
	VERSION = 4,
	SIZE = 8,
	DESCRIPTOR_SIZE = 12,
	MAP = 16,
	MAP_SIZE = 24,
	DESCRIPTOR_VERSION = 28,
	RSDP = 32,
	FDT = 80,
	FRAMEBUFFER = 40,
	FRAMEBUFFER_SIZE = 48,
	WIDTH = 56,
	HEIGHT = 60,
	LINE_SIZE = 64,
};

#define WB 0x8u
#define SPECIAL_PURPOSE 0x40000u
#define RUNTIME UINT64_C(0x8000000000000000)
#define USUAL 0xfu /* UC, WC, WT, WB */
#define CONVENTIONAL 7u

struct line {
	uint32_t type;
	uint64_t base, pages, attributes;
};

static struct boot_info info;
static uint8_t block[BLOCK_SIZE];

static int setup(void **state)
{
	(void)state;
	low_start();
	memset(&info, 0xa5, sizeof(info));
	return 0;
}

/* ---- Building ---- */

static void poke32(uint32_t at, uint32_t value)
{
	memcpy(block + at, &value, 4);
}

static void poke64(uint32_t at, uint64_t value)
{
	memcpy(block + at, &value, 8);
}

/* A block with a map of @n lines. */
static void build_sized(const struct line *lines, uint32_t n, uint32_t descriptor)
{
	uint8_t *map = low_object((size_t)n * descriptor);

	for (uint32_t i = 0; i < n; i++) {
		uint8_t *at = map + (size_t)i * descriptor;

		memset(at, 0xee, descriptor);
		memcpy(at, &lines[i].type, 4);
		memcpy(at + 8, &lines[i].base, 8);
		memcpy(at + 24, &lines[i].pages, 8);
		memcpy(at + 32, &lines[i].attributes, 8);
	}
	memset(block, 0, sizeof(block));
	poke32(MAGIC, EFI);
	poke32(VERSION, 1);
	poke32(SIZE, BLOCK_SIZE);
	poke32(DESCRIPTOR_SIZE, descriptor);
	poke64(MAP, low_address(map));
	poke32(MAP_SIZE, n * descriptor);
	poke32(DESCRIPTOR_VERSION, 1);
	poke64(RSDP, 0x7fb7e014);
	poke64(FDT, 0x40000000);
}

static void build(const struct line *lines, uint32_t n)
{
	build_sized(lines, n, DESCRIPTOR);
}

static void build_one(uint32_t type, uint64_t base, uint64_t pages, uint64_t attributes)
{
	const struct line line = { type, base, pages, attributes };

	build(&line, 1);
}

static int read_block(void)
{
	return boot_info_read(&info, EFI, low_address(low_copy(block, sizeof(block))));
}

static void assert_ram(unsigned int i, uint64_t base, uint64_t size)
{
	assert_true(i < info.nr_ram);
	assert_int_equal(info.ram[i].base, base);
	assert_int_equal(info.ram[i].size, size);
}

/* ---- Good blocks ---- */

static void firmware_tells_ram_and_rsdp(void **state)
{
	static const struct line lines[] = {
		{ CONVENTIONAL, 0, 0xa0, USUAL },
		{ CONVENTIONAL, 0x100000, 0x700, USUAL },
		{ 10, 0x800000, 8, USUAL }, /* ACPI NVS */
		{ 4, 0x900000, 0x600, USUAL },
		{ CONVENTIONAL, 0xf00000, 0x100, USUAL },
		{ 6, 0x1000000, 1, USUAL | RUNTIME },
		{ CONVENTIONAL, UINT64_C(0x100000000), 0x80000, USUAL },
	};

	(void)state;
	build(lines, ARRAY_SIZE(lines));
	assert_int_equal(read_block(), 0);
	assert_string_equal(info.loader, "UEFI");
	assert_int_equal(info.rsdp, 0x7fb7e014);
	assert_int_equal(info.fdt, 0x40000000);
	assert_int_equal(info.nr_ram, 4);
	assert_ram(0, 0, 0xa0000);
	assert_ram(1, 0x100000, 0x700000);
	assert_ram(2, 0x900000, 0x700000);
	assert_ram(3, UINT64_C(0x100000000), 0x80000000);
	assert_int_equal(info.framebuffer.size, 0);
}

/* ACPI 6.5, 15.3. */
static void each_type_of_memory_is_ram_or_not(void **state)
{
	static const uint32_t is_ram[] = { 1, 2, 3, 4, CONVENTIONAL };
	uint32_t last = 0;

	(void)state;
	for (uint32_t type = 0; type < 40; type++) {
		bool expected = false;

		for (unsigned int i = 0; i < ARRAY_SIZE(is_ram); i++)
			expected |= type == is_ram[i];
		last = type < 20 ? type : UINT32_MAX - (type - 20); /* OEM and OS types too */
		low_start();
		build_one(last, 0x100000, 1, USUAL);
		assert_int_equal(read_block(), 0);
		assert_int_equal(info.nr_ram, expected);
	}
}

static void memory_with_another_purpose_is_no_ram(void **state)
{
	static const uint64_t not_ram[] = { 0, USUAL & ~WB, USUAL | RUNTIME,
					    USUAL | SPECIAL_PURPOSE,
					    USUAL | RUNTIME | SPECIAL_PURPOSE };

	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(not_ram); i++) {
		low_start();
		build_one(CONVENTIONAL, 0x100000, 1, not_ram[i]);
		assert_int_equal(read_block(), 0);
		assert_int_equal(info.nr_ram, 0);
	}
	build_one(CONVENTIONAL, 0x100000, 1, WB | 0x10000); /* more reliable */
	assert_int_equal(read_block(), 0);
	assert_int_equal(info.nr_ram, 1);
}

/* In any order: the specification sorts nothing. */
static void many_pieces_of_ram_are_joined(void **state)
{
	struct line lines[400];

	(void)state;
	for (unsigned int down = 0; down < 2; down++) {
		low_start();
		for (uint64_t i = 0; i < ARRAY_SIZE(lines); i++) {
			uint64_t at = down ? ARRAY_SIZE(lines) - 1 - i : i;

			lines[i] = (struct line){ i % 2 ? CONVENTIONAL : 4, 0x100000 + (at << 12),
						  1, USUAL };
		}
		build(lines, ARRAY_SIZE(lines));
		assert_int_equal(read_block(), 0);
		assert_int_equal(info.nr_ram, 1);
		assert_ram(0, 0x100000, ARRAY_SIZE(lines) * PAGE_SIZE);
	}
}

static void ranges_beyond_the_last_place_are_dropped_but_not_their_neighbours(void **state)
{
	struct line lines[BOOT_MAX_RANGES + 3];

	(void)state;
	for (uint64_t i = 0; i < ARRAY_SIZE(lines); i++)
		lines[i] = (struct line){ CONVENTIONAL, i << 20, 1, USUAL };
	lines[ARRAY_SIZE(lines) - 1].base = PAGE_SIZE; /* continues the first */
	build(lines, ARRAY_SIZE(lines));
	assert_int_equal(read_block(), 0);
	assert_int_equal(info.nr_ram, BOOT_MAX_RANGES);
	assert_ram(0, 0, 2 * PAGE_SIZE);
	assert_ram(BOOT_MAX_RANGES - 1, (uint64_t)(BOOT_MAX_RANGES - 1) << 20, PAGE_SIZE);
}

static void a_frame_buffer_is_told(void **state)
{
	(void)state;
	build_one(CONVENTIONAL, 0x100000, 1, USUAL);
	poke64(FRAMEBUFFER, UINT64_C(0x4000000000));
	poke64(FRAMEBUFFER_SIZE, 1024 * 4 * 768);
	poke32(WIDTH, 1000);
	poke32(HEIGHT, 768);
	poke32(LINE_SIZE, 4096);
	assert_int_equal(read_block(), 0);
	assert_int_equal(info.framebuffer.base, UINT64_C(0x4000000000));
	assert_int_equal(info.framebuffer.size, 1024 * 4 * 768);
	assert_int_equal(info.framebuffer.width, 1000);
	assert_int_equal(info.framebuffer.height, 768);
	assert_int_equal(info.framebuffer.line_size, 4096);
}

static void a_longer_block_and_other_descriptor_sizes_are_read(void **state)
{
	static const struct line lines[] = { { CONVENTIONAL, 0x1000, 1, USUAL },
					     { 0, 0x2000, 1, USUAL },
					     { CONVENTIONAL, 0x3000, 1, USUAL } };

	(void)state;
	for (uint32_t descriptor = 40; descriptor < 80; descriptor++) {
		low_start();
		build_sized(lines, ARRAY_SIZE(lines), descriptor);
		poke32(SIZE, BLOCK_SIZE + descriptor);
		assert_int_equal(read_block(), 0);
		assert_int_equal(info.nr_ram, 2);
		assert_ram(1, 0x3000, PAGE_SIZE);
	}
}

/* ---- Damaged ones ---- */

/* One field of a good block is changed: refused. */
static void refuse32(uint32_t at, uint32_t value)
{
	low_start();
	build_one(CONVENTIONAL, 0x100000, 1, USUAL);
	poke32(at, value);
	assert_int_equal(read_block(), -EINVAL);
	assert_int_equal(info.nr_ram, 0);
}

static void another_magic_version_or_size_is_refused(void **state)
{
	static const uint32_t sizes[] = { 0, 1, 16, BLOCK_SIZE - 8, BLOCK_SIZE - 1 };

	(void)state;
	refuse32(MAGIC, 0);
	refuse32(MAGIC, EFI + 1);
	refuse32(VERSION, 0);
	refuse32(VERSION, 2);
	for (unsigned int i = 0; i < ARRAY_SIZE(sizes); i++)
		refuse32(SIZE, sizes[i]);
}

/* Nothing behind a size that is too small is looked at: the block may end there. */
static void a_block_that_is_cut_off_is_not_read_further(void **state)
{
	(void)state;
	for (uint32_t size = 16; size < BLOCK_SIZE; size++) {
		low_start();
		build_one(CONVENTIONAL, 0x100000, 1, USUAL);
		poke32(SIZE, size);
		assert_int_equal(boot_info_read(&info, EFI, low_address(low_copy(block, size))),
				 -EINVAL);
	}
}

static void descriptors_that_cannot_be_are_refused(void **state)
{
	static const uint32_t sizes[] = { 0, 1, 8, 39, 49, 96, 0x80000000, 0xffffffff };

	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(sizes); i++)
		refuse32(DESCRIPTOR_SIZE, sizes[i]);
	refuse32(DESCRIPTOR_VERSION, 0);
	refuse32(DESCRIPTOR_VERSION, 2);
}

static void a_map_that_cannot_be_is_not_read(void **state)
{
	static const uint32_t sizes[] = { 0,          1,         DESCRIPTOR - 1, DESCRIPTOR + 1,
					  0x100000,   0x100020,  0x7fffffff,     0x80000010,
					  0xffffffe0, 0xffffffff };
	static const uint64_t addresses[] = { UINT64_C(0x100000000), UINT64_C(0xffffffff),
					      UINT64_C(0x100000000) - DESCRIPTOR + 1,
					      UINT64_C(0x8000000000000000), UINT64_MAX };

	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(sizes); i++)
		refuse32(MAP_SIZE, sizes[i]);
	for (unsigned int i = 0; i < ARRAY_SIZE(addresses); i++) {
		low_start();
		build_one(CONVENTIONAL, 0x100000, 1, USUAL);
		poke64(MAP, addresses[i]);
		assert_int_equal(read_block(), -EINVAL);
		assert_int_equal(info.nr_ram, 0);
	}
}

/* Of reserved memory too: such a map is not the firmware's. */
static void memory_that_cannot_be_is_refused(void **state)
{
	static const uint64_t wrong[][2] = {
		{ 0x100001, 1 },
		{ 0x1fff, 1 },
		{ 0, UINT64_C(1) << 52 },
		{ 0x1000, (UINT64_C(1) << 52) - 1 },
		{ 0x100000, UINT64_MAX },
		{ UINT64_MAX - 0xfff, 1 },
		{ UINT64_C(0x8000000000000000), UINT64_C(1) << 51 },
	};

	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(wrong); i++) {
		for (uint32_t type = 0; type <= CONVENTIONAL; type += CONVENTIONAL) {
			low_start();
			build_one(type, wrong[i][0], wrong[i][1], USUAL);
			assert_int_equal(read_block(), -EINVAL);
			assert_int_equal(info.nr_ram, 0);
		}
	}
	build_one(CONVENTIONAL, 0x1000, (UINT64_C(1) << 52) - 2, USUAL);
	assert_int_equal(read_block(), 0);
	assert_ram(0, 0x1000, ((UINT64_C(1) << 52) - 2) << 12);
}

static void a_frame_buffer_that_cannot_be_is_refused(void **state)
{
	static const struct {
		uint64_t base, size;
		uint32_t width, height, line_size;
	} wrong[] = {
		{ 0x80000000, 4095, 32, 32, 128 }, /* smaller than its lines */
		{ 0x80000000, 4096, 33, 32, 128 }, /* lines shorter than their pixels */
		{ 0x80000000, 4096, 0x40000020, 32, 128 },
		{ 0x80000000, 0, 0, 0x80000000, 2 },
		{ 0x80000000, 0, 0, UINT32_MAX, UINT32_MAX },
		{ UINT64_MAX - 4094, 4096, 32, 32, 128 }, /* beyond the last address */
		{ 1, UINT64_MAX, 32, 32, 128 },
	};

	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(wrong); i++) {
		low_start();
		build_one(CONVENTIONAL, 0x100000, 1, USUAL);
		poke64(FRAMEBUFFER, wrong[i].base);
		poke64(FRAMEBUFFER_SIZE, wrong[i].size);
		poke32(WIDTH, wrong[i].width);
		poke32(HEIGHT, wrong[i].height);
		poke32(LINE_SIZE, wrong[i].line_size);
		assert_int_equal(read_block(), -EINVAL);
		assert_int_equal(info.framebuffer.size, 0);
	}
}

static void an_address_that_cannot_be_is_refused(void **state)
{
	(void)state;
	build_one(CONVENTIONAL, 0x100000, 1, USUAL);
	for (unsigned int off = 1; off < 4; off++) {
		uint8_t *shifted = low_object(sizeof(block) + 4);

		memcpy(shifted + off, block, sizeof(block));
		assert_int_equal(boot_info_read(&info, EFI, low_address(shifted) + off), -EINVAL);
	}
	assert_int_equal(boot_info_read(&info, EFI, UINT64_C(0x100000000)), -EINVAL);
	assert_int_equal(boot_info_read(&info, EFI, UINT64_C(0x100000000) - BLOCK_SIZE + 4),
			 -EINVAL);
	assert_int_equal(boot_info_read(&info, EFI, UINT64_MAX - 3), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(firmware_tells_ram_and_rsdp, setup),
		cmocka_unit_test_setup(each_type_of_memory_is_ram_or_not, setup),
		cmocka_unit_test_setup(memory_with_another_purpose_is_no_ram, setup),
		cmocka_unit_test_setup(many_pieces_of_ram_are_joined, setup),
		cmocka_unit_test_setup(
			ranges_beyond_the_last_place_are_dropped_but_not_their_neighbours, setup),
		cmocka_unit_test_setup(a_frame_buffer_is_told, setup),
		cmocka_unit_test_setup(a_longer_block_and_other_descriptor_sizes_are_read, setup),
		cmocka_unit_test_setup(another_magic_version_or_size_is_refused, setup),
		cmocka_unit_test_setup(a_block_that_is_cut_off_is_not_read_further, setup),
		cmocka_unit_test_setup(descriptors_that_cannot_be_are_refused, setup),
		cmocka_unit_test_setup(a_map_that_cannot_be_is_not_read, setup),
		cmocka_unit_test_setup(memory_that_cannot_be_is_refused, setup),
		cmocka_unit_test_setup(a_frame_buffer_that_cannot_be_is_refused, setup),
		cmocka_unit_test_setup(an_address_that_cannot_be_is_refused, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
