/* SPDX-License-Identifier: Apache-2.0 */
/* arch: loongarch */
/* sources: src/arch/loongarch/seed.c src/core/fdt.c src/core/sha256.c tests/unit/make_fdt.c
 * tests/unit/low_memory.c */
/* What guests' random number generators start with. */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "arch/loongarch/seed.h"
#include "core/arch.h"
#include "core/sha256.h"
#include "low_memory.h"
#include "make_fdt.h"

#define HPA UINT64_C(0x90000000)
#define GPA UINT64_C(0x10158)

static const struct mem_region regions[] = { { .gpa = 0x10000, .hpa = HPA, .size = 0x10000 } };
static const struct cell_config config = { .arch = { .seed = GPA } };
static const struct cell first = { .config = &config, .index = 0 };
static const struct cell second = { .config = &config, .index = 1 };

static uint8_t table[LOONGARCH_SEED_SIZE];
static unsigned int fills;
static uint64_t now;

/* ---- What the code under test calls ---- */

uint64_t arch_now(void)
{
	return now;
}

void arch_fill_memory(uint64_t hpa, const uint8_t *data, uint64_t size)
{
	assert_int_equal(hpa, HPA + (GPA - regions[0].gpa));
	assert_int_equal(size, sizeof(table));
	memcpy(table, data, sizeof(table));
	fills++;
}

const struct mem_region *cell_region(const struct cell *cell, uint64_t gpa)
{
	assert_ptr_equal(cell->config, &config);
	return gpa >= regions[0].gpa ? regions : NULL;
}

/* ---- Device trees ---- */

static int setup(void **context)
{
	(void)context;
	low_start();
	fills = 0;
	now = 1000;
	memset(table, 0, sizeof(table));
	return 0;
}

/* @size bytes @byte as "rng-seed" in the node @name. */
static void take(const char *name, uint8_t byte, uint32_t size)
{
	uint8_t bytes[64];
	uint32_t whole, at[2];
	struct fdt fdt;

	memset(bytes, byte, sizeof(bytes));
	make_start();
	make_node("");
	make_node(name);
	make_string("bootargs", "quiet");
	if (size)
		make_property("rng-seed", bytes, size);
	make_end();
	make_end();
	assert_int_equal(fdt_open(&fdt, low_address(make_finish(&whole, at))), 0);
	seed_take(&fdt);
}

/* ---- Tests ---- */

static void without_a_seed_the_table_stays_empty(void **context)
{
	(void)context;
	take("chosen", 1, 0);
	seed_cell(&first);
	take("chosen", 1, SHA256_SIZE - 1);
	seed_cell(&first);
	take("memory", 1, SHA256_SIZE);
	seed_cell(&first);
	assert_int_equal(fills, 0);
}

static void the_table_is_as_linux_reads_it(void **context)
{
	struct {
		uint8_t secret[SHA256_SIZE];
		uint64_t index, now;
	} hashed = { .index = 1, .now = 1000 };
	const uint8_t size[4] = { SHA256_SIZE }; /* little-endian */
	struct sha256 state;
	uint8_t bytes[64], expected[SHA256_SIZE];

	(void)context;
	memset(bytes, 0x5a, sizeof(bytes));
	sha256_start(&state);
	sha256_add(&state, bytes, 40);
	sha256_end(&state, hashed.secret);
	sha256_start(&state);
	sha256_add(&state, &hashed, sizeof(hashed));
	sha256_end(&state, expected);

	take("chosen", 0x5a, 40);
	seed_cell(&second);
	assert_int_equal(fills, 1);
	assert_memory_equal(table, size, sizeof(size));
	assert_memory_equal(table + sizeof(size), expected, sizeof(expected));
}

static void each_life_of_each_cell_has_its_own(void **context)
{
	uint8_t seen[4][LOONGARCH_SEED_SIZE];

	(void)context;
	take("chosen", 7, SHA256_SIZE);
	for (unsigned int i = 0; i < 4; i++) {
		now = 1000 + i / 2;
		seed_cell(i % 2 ? &second : &first);
		memcpy(seen[i], table, sizeof(table));
		for (unsigned int j = 0; j < i; j++)
			assert_memory_not_equal(seen[i], seen[j], sizeof(table));
	}
	/* And each boot. */
	take("chosen", 8, SHA256_SIZE);
	now = 1000;
	seed_cell(&first);
	assert_memory_not_equal(seen[0], table, sizeof(table));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(without_a_seed_the_table_stays_empty, setup),
		cmocka_unit_test_setup(the_table_is_as_linux_reads_it, setup),
		cmocka_unit_test_setup(each_life_of_each_cell_has_its_own, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
