/* SPDX-License-Identifier: Apache-2.0 */
/* sources: src/arch/x86/boot_info.c src/core/boot_info.c tests/unit/low_memory.c */
/*
 * Good hand-overs of all three formats, with bytes changed at random (from a fixed seed): whatever
 * comes, the reader stays within the memory that its lengths can name, and its result is sane. That
 * memory is there to the last byte and not further; the address sanitizer watches.
 *
 * The one thing that no reader can check is whether a list is where its loader says. The lower half
 * of a list's or string's address is therefore left alone.
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

#define SEED 20240917
#define ROUNDS 30000u

#define NAME_CHARACTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_"

#define MB2 0x36d76289u
#define PVH 0u
#define EFI 0x42494645u

/* The most that the lengths of each format can name. */
#define MB2_MOST 0x100000u
#define PVH_MOST (0x10000u * 24u)
#define PVH_MODULES_MOST (0x1000u * 32u)
#define EFI_MOST 0x100000u

static struct boot_info info;
static uint8_t built[4096];
static uint32_t size;

static int setup(void **state)
{
	(void)state;
	low_start();
	srand(SEED);
	size = 0;
	return 0;
}

/* ---- Building ---- */

static void put(uint64_t value, unsigned int bytes)
{
	memcpy(built + size, &value, bytes);
	size += bytes;
}

static void put_fields(const uint64_t *values, unsigned int n, unsigned int bytes)
{
	for (unsigned int i = 0; i < n; i++)
		put(values[i], bytes);
}

#define PUT32(...)                                                                                 \
	put_fields((const uint64_t[]){ __VA_ARGS__ },                                              \
		   sizeof((const uint64_t[]){ __VA_ARGS__ }) / 8, 4)

/* Multiboot2: command line, modules, memory map, both RSDPs, end. */
static void build_mb2(void)
{
	PUT32(0, 0);
	PUT32(1, 12, 0x6c6c6568, 0); /* command line; padded to 8 bytes */
	PUT32(3, 16 + 8, 0x100000, 0x200000, 0x6e72656b, 0x00006c65); /* "kernel" */
	PUT32(3, 16 + 7, 0x200000, 0x200123, 0x74696e69, 0x00206472); /* "initrd " */
	PUT32(6, 16 + 4 * 24, 24, 0);
	for (uint32_t i = 0; i < 4; i++)
		PUT32(i << 20, 0, 0x80000, 0, i % 3 + 1, 0);
	PUT32(14, 8 + 20, 0x20445352, 0x20525450, 0, 0, 0x7fe0000, 0);
	PUT32(15, 8 + 36, 0x20445352, 0x20525450, 0, 0x02000000, 0x7fe0000, 36, 0x7fe1000, 0, 0, 0);
	PUT32(0, 8);
	memcpy(built, &size, 4);
}

/* PVH's start info; map and modules are elsewhere. */
static void build_pvh(uint64_t map, uint32_t entries, uint64_t modules, uint32_t nr_modules)
{
	PUT32(0x336ec578, 1, 0, nr_modules, modules, 0, 0, 0, 0xf5a40, 0, map, 0, entries, 0);
}

static void build_pvh_modules(uint32_t n)
{
	static const char names[3][10] = { "kernel", "initrd q", "vmlinuz-1" };

	for (uint32_t i = 0; i < n; i++)
		PUT32(i << 20, 0, 0x80000, 0, low_address(low_copy(names[i % 3], 10)), 0, 0, 0);
}

static void build_pvh_map(uint32_t entries)
{
	for (uint32_t i = 0; i < entries; i++)
		PUT32(i << 20, 0, 0x80000, 0, i % 3 + 1, 0);
}

static void build_efi(uint64_t map, uint32_t map_size, uint64_t modules, uint32_t nr_modules)
{
	PUT32(EFI, 1, 88, 48, map, 0, map_size, 1, 0x7fb7e014, 0);
	PUT32(0x80000000, 0, 4096 * 768, 0, 1024, 768, 4096, nr_modules);
	PUT32(modules, 0, 0, 0);
}

static void build_efi_modules(uint32_t n)
{
	for (uint32_t i = 0; i < n; i++) {
		memset(built + size, 0, 64);
		memset(built + size, 'a', 62 + i % 3);
		size += 64;
		PUT32(i << 20, 0, 0x80000, 0);
	}
}

static void build_efi_map(uint32_t descriptors)
{
	for (uint32_t i = 0; i < descriptors; i++)
		PUT32(i % 16, 0, i << 20, 0, 0, 0, 0x80, 0, 0xf, 0, 0, 0);
}

/* ---- Damaging ---- */

/* What damage looks like: single bits, bytes, and whole fields of extreme values. */
static void damage(uint8_t *data, uint32_t from, uint32_t to)
{
	static const uint32_t extreme[] = { 0,  1,          7,          8,          15, 16,
					    24, 0x7fffffff, 0x80000000, 0xfffffff0, ~0u };
	uint32_t at = from + (uint32_t)rand() % (to - from);

	switch (rand() % 3) {
	case 0:
		data[at] ^= (uint8_t)(1 << rand() % 8);
		break;
	case 1:
		data[at] = (uint8_t)rand();
		break;
	default:
		at &= ~3u;
		if (at >= from && at + 4 <= to)
			memcpy(data + at, &extreme[(unsigned int)rand() % ARRAY_SIZE(extreme)], 4);
		break;
	}
}

static void damage_some(uint8_t *data, uint32_t from, uint32_t to)
{
	for (unsigned int i = 0, n = 1 + (unsigned int)rand() % 4; i < n; i++)
		damage(data, from, to);
}

static unsigned int read_well, refused;

/* Reads, and sees to it that the result is one that can be used. */
static void read_sanely(uint32_t magic, const uint8_t *object)
{
	int err;

	memset(&info, 0xa5, sizeof(info));
	err = boot_info_read(&info, magic, low_address(object));
	assert_true(err == 0 || err == -EINVAL);
	err ? refused++ : read_well++;
	assert_true(info.nr_ram <= BOOT_MAX_RANGES);
	for (unsigned int i = 0; i < info.nr_ram; i++) {
		assert_true(info.ram[i].size != 0);
		assert_true(info.ram[i].base + info.ram[i].size >= info.ram[i].base);
	}
	assert_true(info.nr_modules <= BOOT_MAX_MODULES);
	for (unsigned int i = 0; i < info.nr_modules; i++) {
		const struct boot_module *module = &info.modules[i];
		size_t length = strlen(module->name);

		assert_non_null(memchr(module->name, '\0', sizeof(module->name)));
		assert_true(length > 0);
		assert_int_equal(strspn(module->name, NAME_CHARACTERS), length);
		assert_true(module->base + module->size >= module->base);
	}
	assert_true(info.framebuffer.base + info.framebuffer.size >= info.framebuffer.base);
	(void)boot_info_first_gap(&info, 0x100000, 0x7fd00000);
}

/* A run in which everything or nothing was refused would have tested nothing. */
static void assert_both_happened(void)
{
	assert_true(read_well > ROUNDS / 100);
	assert_true(refused > ROUNDS / 100);
	read_well = 0;
	refused = 0;
}

/* ---- The formats ---- */

/* The total may grow, too, so behind the information there is as much as it can name. */
static void damaged_multiboot2_does_no_harm(void **state)
{
	uint8_t *object = low_object(MB2_MOST);

	(void)state;
	build_mb2();
	for (unsigned int round = 0; round < ROUNDS; round++) {
		memcpy(object, built, size);
		damage_some(object, 0, size);
		read_sanely(MB2, object);
		if (info.rsdp) {
			assert_true(info.rsdp >= low_address(object));
			assert_true(info.rsdp + 20 <= low_address(object) + MB2_MOST);
		}
	}
	assert_both_happened();
}

/* Here the total is right, and behind it there is nothing. */
static void damaged_multiboot2_tags_do_no_harm(void **state)
{
	uint8_t *object;

	(void)state;
	build_mb2();
	object = low_object(size);
	for (unsigned int round = 0; round < ROUNDS; round++) {
		memcpy(object, built, size);
		damage_some(object, 8, size);
		read_sanely(MB2, object);
		assert_true(!info.rsdp || info.rsdp + 20 <= low_address(object) + size);
	}
	assert_both_happened();
}

static void a_damaged_pvh_start_info_does_no_harm(void **state)
{
	uint8_t *map = low_object(PVH_MOST), *modules = low_object(PVH_MODULES_MOST), *object;

	(void)state;
	build_pvh_map(6);
	memcpy(map, built, size);
	size = 0;
	build_pvh_modules(3);
	memcpy(modules, built, size);
	size = 0;
	build_pvh(low_address(map), 6, low_address(modules), 3);
	object = low_object(size);
	for (unsigned int round = 0; round < ROUNDS; round++) {
		memcpy(object, built, size);
		damage_some(object, 0, 16);
		damage_some(object, 20, 40);
		damage_some(object, 44, size);
		read_sanely(PVH, object);
	}
	assert_both_happened();
}

static void a_damaged_pvh_map_does_no_harm(void **state)
{
	uint8_t *map = low_object(6 * 24), *object = low_object(56);

	(void)state;
	build_pvh(low_address(map), 6, 0, 0);
	memcpy(object, built, size);
	size = 0;
	build_pvh_map(6);
	for (unsigned int round = 0; round < ROUNDS; round++) {
		memcpy(map, built, size);
		damage_some(map, 0, size);
		read_sanely(PVH, object);
	}
	/* A map has nothing that would be refused: types and ranges are any. */
	assert_int_equal(read_well, ROUNDS);
	read_well = 0;
}

static void a_damaged_pvh_list_of_modules_does_no_harm(void **state)
{
	uint8_t *modules = low_object(3 * 32), *object = low_object(56);
	unsigned int named = 0;

	(void)state;
	build_pvh(0, 0, low_address(modules), 3);
	memcpy(object, built, size);
	size = 0;
	build_pvh_modules(3);
	for (unsigned int round = 0; round < ROUNDS; round++) {
		unsigned int i = (unsigned int)rand() % 3;

		memcpy(modules, built, size);
		damage_some(modules, i * 32, i * 32 + 16);
		damage(modules, i * 32 + 20, i * 32 + 32);
		read_sanely(PVH, object);
		named += info.nr_modules;
	}
	assert_int_equal(read_well, ROUNDS);
	read_well = 0;
	assert_true(named > ROUNDS && named < 3 * ROUNDS);
}

static void a_damaged_efi_block_does_no_harm(void **state)
{
	uint8_t *map = low_object(EFI_MOST), *modules = low_object((size_t)32 * 80), *object;

	(void)state;
	build_efi_modules(32);
	memcpy(modules, built, size);
	size = 0;
	build_efi_map(20);
	memcpy(map, built, size);
	size = 0;
	build_efi(low_address(map), 20 * 48, low_address(modules), 5);
	object = low_object(size);
	for (unsigned int round = 0; round < ROUNDS; round++) {
		memcpy(object, built, size);
		damage(object, 0, 16);
		damage_some(object, 20, 72);
		if (round % 4 == 0)
			damage(object, 76, size);
		/* Most damage is refused at once: let every other block pass the first look. */
		if (round % 2)
			memcpy(object, built, 12);
		read_sanely(EFI, object);
	}
	assert_both_happened();
}

static void a_damaged_efi_map_does_no_harm(void **state)
{
	uint8_t *map = low_object(20 * 48), *object = low_object(88);

	(void)state;
	build_efi(low_address(map), 20 * 48, 0, 0);
	memcpy(object, built, size);
	size = 0;
	build_efi_map(20);
	for (unsigned int round = 0; round < ROUNDS; round++) {
		memcpy(map, built, size);
		damage_some(map, 0, size);
		read_sanely(EFI, object);
	}
	assert_both_happened();
}

static void a_damaged_efi_list_of_modules_does_no_harm(void **state)
{
	uint8_t *map = low_object(40), *modules = low_object((size_t)5 * 80);
	uint8_t *object = low_object(88);
	unsigned int named = 0;

	(void)state;
	build_efi(low_address(map), 48, low_address(modules), 5);
	memcpy(object, built, size);
	object[12] = 40; /* bytes of a descriptor, */
	object[24] = 40; /* of which there is one */
	size = 0;
	build_efi_modules(5);
	for (unsigned int round = 0; round < ROUNDS; round++) {
		memcpy(modules, built, size);
		damage_some(modules, 0, size);
		read_sanely(EFI, object);
		named += info.nr_modules;
	}
	assert_int_equal(read_well, ROUNDS);
	read_well = 0;
	assert_true(named > ROUNDS && named < 5 * ROUNDS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(damaged_multiboot2_does_no_harm, setup),
		cmocka_unit_test_setup(damaged_multiboot2_tags_do_no_harm, setup),
		cmocka_unit_test_setup(a_damaged_pvh_start_info_does_no_harm, setup),
		cmocka_unit_test_setup(a_damaged_pvh_map_does_no_harm, setup),
		cmocka_unit_test_setup(a_damaged_pvh_list_of_modules_does_no_harm, setup),
		cmocka_unit_test_setup(a_damaged_efi_block_does_no_harm, setup),
		cmocka_unit_test_setup(a_damaged_efi_map_does_no_harm, setup),
		cmocka_unit_test_setup(a_damaged_efi_list_of_modules_does_no_harm, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
