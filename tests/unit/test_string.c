/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tests of core/string.c against the C library, and of what else is small in core: ring.h and
 * pool.c. string.c is included under other names: under its own, it would replace the functions
 * that the sanitizers check.
 */
/* sources: src/core/pool.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#define memcpy own_memcpy
#define memmove own_memmove
#define memset own_memset
#define memcmp own_memcmp
#define strlen own_strlen
#define strcmp own_strcmp
#include "core/string.c"
#undef memcpy
#undef memmove
#undef memset
#undef memcmp
#undef strlen
#undef strcmp

#include "core/partition.h"
#include "core/pool.h"
#include "core/ring.h"

#define POOL_PAGES 16u
#define LONGEST 200u

static uint8_t noise(void)
{
	return (uint8_t)((unsigned int)rand() >> 7);
}

static void fill(uint8_t *memory, size_t size)
{
	while (size--)
		*memory++ = noise();
}

/* Every size at every alignment of both sides; the bytes around must stay. */
static void memcpy_copies_all_sizes_at_all_alignments(void **state)
{
	uint8_t source[LONGEST + 16], target[LONGEST + 32], expected[LONGEST + 32];

	(void)state;
	for (size_t size = 0; size <= LONGEST; size++) {
		size_t from = size % 8;
		size_t to = (size / 8 + size) % 9;

		fill(source, sizeof(source));
		fill(target, sizeof(target));
		memcpy(expected, target, sizeof(target));
		memcpy(expected + to, source + from, size);
		assert_ptr_equal(own_memcpy(target + to, source + from, size), target + to);
		assert_memory_equal(target, expected, sizeof(target));
	}
}

static void memmove_copes_with_every_overlap(void **state)
{
	uint8_t memory[3 * LONGEST], expected[3 * LONGEST];

	(void)state;
	for (int distance = -70; distance <= 70; distance++) {
		for (size_t size = 0; size <= LONGEST; size += 1 + size / 9) {
			size_t to = (size_t)((int)LONGEST + distance);

			fill(memory, sizeof(memory));
			memcpy(expected, memory, sizeof(memory));
			memmove(expected + to, expected + LONGEST, size);
			assert_ptr_equal(own_memmove(memory + to, memory + LONGEST, size),
					 memory + to);
			assert_memory_equal(memory, expected, sizeof(memory));
		}
	}
}

static void memset_writes_its_range_and_nothing_else(void **state)
{
	uint8_t memory[LONGEST + 32], expected[LONGEST + 32];

	(void)state;
	for (size_t size = 0; size <= LONGEST; size++) {
		int value = (int)size * 7 - 300; /* only the lowest byte counts */

		fill(memory, sizeof(memory));
		memcpy(expected, memory, sizeof(memory));
		memset(expected + size % 9, (uint8_t)value, size);
		assert_ptr_equal(own_memset(memory + size % 9, value, size), memory + size % 9);
		assert_memory_equal(memory, expected, sizeof(memory));
	}
}

static int sign(int value)
{
	return (value > 0) - (value < 0);
}

static void memcmp_orders_as_unsigned_bytes(void **state)
{
	uint8_t left[40], right[40];

	(void)state;
	for (int round = 0; round < 5000; round++) {
		size_t size = noise() % sizeof(left);

		fill(left, sizeof(left));
		memcpy(right, left, sizeof(left));
		if (size && noise() % 4)
			right[noise() % size] = noise();
		assert_int_equal(sign(own_memcmp(left, right, size)),
				 sign(memcmp(left, right, size)));
	}
	assert_int_equal(own_memcmp("a", "b", 0), 0);
	assert_true(own_memcmp("\x80", "\x7f", 1) > 0);
}

static void strlen_and_strcmp_agree_with_the_c_library(void **state)
{
	static const char *const words[] = { "",  "a",	  "ab",	  "abc",   "abd",
					     "b", "\x80", "\xff", "ab\x01" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		assert_int_equal(own_strlen(words[i]), strlen(words[i]));
		for (size_t j = 0; j < ARRAY_SIZE(words); j++)
			assert_int_equal(sign(own_strcmp(words[i], words[j])),
					 sign(strcmp(words[i], words[j])));
	}
}

uint8_t page_pool[POOL_PAGES * 4096] __attribute__((aligned(4096)));
const uint64_t page_pool_size = sizeof(page_pool);

static void a_ring_keeps_order_uses_all_bytes_and_survives_index_overflow(void **state)
{
	uint8_t data[8];
	struct ring ring;
	uint8_t in = 0, out = 0, byte;

	(void)state;
	ring_init(&ring, data, sizeof(data));
	ring.head = ring.tail = UINT32_MAX - 20;
	assert_false(ring_get(&ring, &byte));
	for (int round = 0; round < 1000; round++) {
		for (int n = rand() % 10; n; n--) {
			bool full = (uint8_t)(in - out) == sizeof(data);

			assert_int_equal(ring_put(&ring, in), !full);
			in = (uint8_t)(in + !full);
		}
		assert_int_equal(ring_used(&ring), (uint8_t)(in - out));
		assert_int_equal(ring_space(&ring), 8 - (uint8_t)(in - out));
		for (uint32_t n = 0; n < ring_used(&ring); n++)
			assert_int_equal(ring_peek(&ring, n), (uint8_t)(out + n));
		for (int n = rand() % 10; n && out != in; n--) {
			assert_true(ring_get(&ring, &byte));
			assert_int_equal(byte, out++);
		}
	}
}

static void the_pool_gives_zeroed_pages_until_it_is_empty(void **state)
{
	uint8_t *first;

	(void)state;
	memset(page_pool, 0xff, sizeof(page_pool));
	first = pool_alloc(3);
	assert_ptr_equal(first, page_pool);
	assert_ptr_equal(pool_alloc(1), page_pool + 3 * 4096);
	for (size_t i = 0; i < sizeof(page_pool); i++)
		assert_int_equal(page_pool[i], i < 4 * 4096 ? 0 : 0xff);
	assert_int_equal(pool_free_pages(), POOL_PAGES - 4);
	assert_null(pool_alloc(POOL_PAGES - 3));
	assert_null(pool_alloc(UINT32_MAX));
	assert_null(pool_alloc(0));
	assert_non_null(pool_alloc(POOL_PAGES - 4));
	assert_int_equal(pool_free_pages(), 0);
	assert_null(pool_alloc(1));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(memcpy_copies_all_sizes_at_all_alignments),
		cmocka_unit_test(memmove_copes_with_every_overlap),
		cmocka_unit_test(memset_writes_its_range_and_nothing_else),
		cmocka_unit_test(memcmp_orders_as_unsigned_bytes),
		cmocka_unit_test(strlen_and_strcmp_agree_with_the_c_library),
		cmocka_unit_test(a_ring_keeps_order_uses_all_bytes_and_survives_index_overflow),
		cmocka_unit_test(the_pool_gives_zeroed_pages_until_it_is_empty),
	};

	srand(1);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
