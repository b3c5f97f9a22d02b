/* SPDX-License-Identifier: Apache-2.0 */
/* sources: src/core/efi/elf.c tests/unit/low_memory.c */
/*
 * The EFI application's reader of ELF files: good ones, and ones that are damaged. Offsets are
 * those of the ELF-64 Object File Format, written out.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "core/efi/elf.h"
#include "low_memory.h"

#define HEADERS 64u
#define HEADER 56u
#define NR_HEADERS 4u
#define DATA (HEADERS + NR_HEADERS * HEADER)
#define FILE_SIZE (DATA + 48u)

/* Offsets in the file header and in a program header. */
enum { TYPE = 16, MACHINE = 18, ENTRY = 24, PHOFF = 32, PHENTSIZE = 54, PHNUM = 56 };
enum { P_TYPE = 0, P_OFFSET = 8, P_VADDR = 16, P_PADDR = 24, P_FILESZ = 32, P_MEMSZ = 40 };

static uint8_t file[FILE_SIZE];
static struct elf_program program;

static void poke(uint32_t at, uint64_t value, unsigned int bytes)
{
	memcpy(file + at, &value, bytes);
}

static void segment(uint32_t number, uint32_t type, uint64_t address, uint64_t filesz,
		    uint64_t memsz)
{
	uint32_t at = HEADERS + number * HEADER;

	poke(at + P_TYPE, type, 4);
	poke(at + P_OFFSET, DATA + number * 16, 8);
	poke(at + P_VADDR, 0xffff800000000000 + address, 8);
	poke(at + P_PADDR, address, 8);
	poke(at + P_FILESZ, filesz, 8);
	poke(at + P_MEMSZ, memsz, 8);
}

/* Code, data with .bss, a note, and memory without any data. */
static int setup(void **state)
{
	(void)state;
	low_start();
	srand(17);
	for (uint32_t i = 0; i < FILE_SIZE; i++)
		file[i] = (uint8_t)i;
	memset(file, 0, DATA);
	memcpy(file, "\177ELF\2\1\1", 7);
	poke(TYPE, 2, 2);
	poke(MACHINE, 62, 2);
	poke(ENTRY, 0x1000010, 8);
	poke(PHOFF, HEADERS, 8);
	poke(PHENTSIZE, HEADER, 2);
	poke(PHNUM, NR_HEADERS, 2);
	segment(0, 1, 0x1000000, 16, 16);
	segment(1, 1, 0x1001000, 8, 0x2345);
	segment(2, 4, 0x1000000, 16, 16);
	segment(3, 1, 0x1800000, 0, 0x1001);
	return 0;
}

static int read_size(uint64_t size)
{
	return elf_read(&program, low_copy(file, size), size);
}

static void assert_part(unsigned int i, uint32_t offset, uint32_t address, uint32_t size,
			uint32_t zeroes)
{
	const struct elf_part *part = &program.parts[i];

	assert_true(i < program.nr_parts);
	assert_int_equal(part->address, address);
	assert_int_equal(part->size, size);
	assert_int_equal(part->zeroes, zeroes);
	assert_memory_equal(part->data, file + offset, size);
}

static void parts_and_their_place_are_found(void **state)
{
	(void)state;
	assert_int_equal(read_size(FILE_SIZE), 0);
	assert_int_equal(program.entry, 0x1000010);
	assert_int_equal(program.base, 0x1000000);
	assert_int_equal(program.end, 0x1802000);
	assert_int_equal(program.nr_parts, 3);
	assert_part(0, DATA, 0x1000000, 16, 0);
	assert_part(1, DATA + 16, 0x1001000, 8, 0x233d);
	assert_part(2, DATA + 48, 0x1800000, 0, 0x1001);
}

static void files_of_other_kinds_are_refused(void **state)
{
	static const uint32_t bytes[] = { 0, 1, 2, 3, 4, 5, TYPE, MACHINE, PHENTSIZE };

	for (unsigned int i = 0; i < ARRAY_SIZE(bytes); i++) {
		setup(state);
		file[bytes[i]] ^= 1;
		assert_int_equal(read_size(FILE_SIZE), -EINVAL);
	}
}

static void a_file_that_is_cut_off_is_refused(void **state)
{
	for (uint32_t size = 0; size < DATA + 24; size++) {
		setup(state);
		assert_int_equal(read_size(size), -EINVAL);
	}
}

static void refuse(void **state, uint32_t at, uint64_t value, unsigned int bytes)
{
	setup(state);
	poke(at, value, bytes);
	assert_int_equal(read_size(FILE_SIZE), -EINVAL);
}

static void damaged_headers_are_refused(void **state)
{
	const uint32_t second = HEADERS + HEADER;

	refuse(state, PHOFF, FILE_SIZE + 1, 8);
	refuse(state, PHOFF, UINT64_MAX, 8);
	refuse(state, PHOFF, UINT64_MAX - HEADERS, 8);
	refuse(state, PHNUM, 0xffff, 2);
	refuse(state, PHNUM, NR_HEADERS + 1, 2);
	refuse(state, PHNUM, 0, 2);
	refuse(state, ENTRY, 0xffffff, 8);
	refuse(state, ENTRY, 0x1802000, 8);
	refuse(state, ENTRY, UINT64_C(0x101000010), 8);
	refuse(state, second + P_OFFSET, FILE_SIZE - 7, 8);
	refuse(state, second + P_OFFSET, UINT64_MAX - 3, 8);
	refuse(state, second + P_FILESZ, 0x2346, 8);
	refuse(state, second + P_FILESZ, UINT64_MAX, 8);
	refuse(state, second + P_MEMSZ, UINT64_MAX, 8);
	refuse(state, second + P_MEMSZ, 0x7ff001, 8);  /* into the next */
	refuse(state, second + P_PADDR, 0x1000fff, 8); /* into the one before, whole pages */
	refuse(state, HEADERS + 3 * HEADER + P_PADDR, UINT64_C(0x100000000), 8);
	refuse(state, HEADERS + 3 * HEADER + P_PADDR, UINT64_MAX - 0x1000, 8);
	refuse(state, HEADERS + 3 * HEADER + P_MEMSZ, UINT64_C(0xfe800000), 8);
}

static void more_parts_than_there_is_room_for_are_refused(void **state)
{
	static uint8_t many[HEADERS + (ELF_MAX_PARTS + 1) * HEADER];

	(void)state;
	for (unsigned int n = ELF_MAX_PARTS; n <= ELF_MAX_PARTS + 1; n++) {
		poke(PHNUM, n, 2);
		memcpy(many, file, HEADERS);
		for (uint32_t i = 0; i < n; i++) {
			segment(3, 1, 0x1000000 + i * PAGE_SIZE, 0, PAGE_SIZE);
			memcpy(many + HEADERS + i * HEADER, file + HEADERS + 3 * HEADER, HEADER);
		}
		poke(PHNUM, n, 2);
		assert_int_equal(elf_read(&program, many, sizeof(many)),
				 n <= ELF_MAX_PARTS ? 0 : -EINVAL);
	}
}

/* Whatever comes: parts lie in the file, ascend, and are within [base, end) below 4 GiB. */
static void random_damage_does_no_harm(void **state)
{
	unsigned int good = 0, rounds = 100000;

	setup(state);
	for (unsigned int round = 0; round < rounds; round++) {
		uint64_t last = 0;
		uint8_t *copy;

		low_start();
		copy = low_copy(file, FILE_SIZE);
		for (unsigned int i = 0, n = 1 + (unsigned int)rand() % 3; i < n; i++)
			copy[16 + (unsigned int)rand() % (DATA - 16)] = (uint8_t)rand();
		if (elf_read(&program, copy, FILE_SIZE) != 0)
			continue;
		good++;
		assert_true(program.entry >= program.base && program.entry < program.end);
		for (unsigned int i = 0; i < program.nr_parts; i++) {
			const struct elf_part *part = &program.parts[i];

			assert_true(part->data >= copy);
			assert_true(part->data + part->size <= copy + FILE_SIZE);
			assert_true(part->address >= program.base && part->address >= last);
			last = (uint64_t)part->address + part->size + part->zeroes;
			assert_true(last <= program.end);
		}
	}
	assert_true(good > rounds / 10 && good < rounds - rounds / 10);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(parts_and_their_place_are_found, setup),
		cmocka_unit_test_setup(files_of_other_kinds_are_refused, setup),
		cmocka_unit_test_setup(a_file_that_is_cut_off_is_refused, setup),
		cmocka_unit_test_setup(damaged_headers_are_refused, setup),
		cmocka_unit_test_setup(more_parts_than_there_is_room_for_are_refused, setup),
		cmocka_unit_test_setup(random_damage_does_no_harm, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
