/* SPDX-License-Identifier: Apache-2.0 */
/* sources: src/core/fdt.c tests/unit/make_fdt.c tests/unit/low_memory.c */
/* flags: -l:libfdt.so.1 */
/*
 * The reader of device tree blobs: good ones, ones that are damaged in every field of the header,
 * and ones with bytes changed at random (from a fixed seed). Whatever it takes, libfdt takes too,
 * and both see the same nodes and properties. The one thing that no reader can check is the blob's
 * own size; it is left alone.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "core/fdt.h"
#include "low_memory.h"
#include "make_fdt.h"

#define ROUNDS 20000u

/* libfdt, without its headers: some names are the same. */
int fdt_check_full(const void *blob, size_t size);
int fdt_next_node(const void *blob, int offset, int *depth);
const char *fdt_get_name(const void *blob, int offset, int *length);
const void *fdt_getprop(const void *blob, int offset, const char *name, int *length);

static const char *const property_names[] = { "#address-cells", "#size-cells", "ranges", "reg",
					      "compatible",     "status",      "x",      "empty" };
static uint8_t *blob;
static uint32_t blob_size, at[2];

static void make_tree(void)
{
	make_start();
	make_reservation(0x100000, 0x2000);
	make_reservation(UINT64_C(0x123456789000), 1);
	make_node("");
	make_cells("#address-cells", 1, 2);
	make_cells("#size-cells", 1, 2);
	make_property("compatible", "one\0two\0three", 14);
	make_property("empty", "", 0);
	make_node("memory@0");
	make_string("device_type", "memory");
	make_cells("reg", 8, 0, 0, 0, 0x10000000, 1, 0x80000000, 2, 0);
	make_end();
	make_node("soc");
	make_cells("#address-cells", 1, 1);
	make_cells("#size-cells", 1, 1);
	make_cells("ranges", 8, 0x1000, 0, 0x1fe00000, 0x1000, 0x8000, 0xe, 0x10000000, 0x100);
	make_node("uart@11e0");
	make_cells("reg", 4, 0x11e0, 0x100, 0x8000, 0x101);
	make_string("status", "okay");
	make_cells("x", 1, 0x12345678);
	make_end();
	make_node("bus");
	make_cells("#address-cells", 1, 1);
	make_cells("#size-cells", 1, 0);
	make_cells("reg", 2, 0x8010, 0x10);
	make_property("ranges", "", 0);
	make_string("status", "disabled");
	make_node("inner");
	make_cells("reg", 1, 0x8020);
	make_end();
	make_end();
	make_end();
	make_node("cpus");
	make_node("cpu@3");
	make_end();
	make_end();
	make_end();
	blob = make_finish(&blob_size, at);
}

static int setup(void **state)
{
	(void)state;
	low_start();
	make_tree();
	return 0;
}

static int open_it(struct fdt *fdt)
{
	return fdt_open(fdt, (uint64_t)blob);
}

static const struct fdt_node *find(struct fdt_walk *walk, const struct fdt *fdt, const char *name)
{
	const struct fdt_node *node;

	fdt_walk_start(walk, fdt);
	while ((node = fdt_walk_next(walk)) != NULL)
		if (strcmp(node->name, name) == 0)
			return node;
	fail();
	return NULL;
}

static void nodes_come_in_their_order(void **state)
{
	static const char *const names[] = { "",    "memory@0", "soc",  "uart@11e0",
					     "bus", "inner",    "cpus", "cpu@3" };
	static const int parents[] = { -1, 0, 0, 2, 2, 4, 0, 6 };
	const struct fdt_node *node;
	struct fdt_walk walk;
	struct fdt fdt;

	(void)state;
	assert_int_equal(open_it(&fdt), 0);
	fdt_walk_start(&walk, &fdt);
	for (unsigned int i = 0; i < ARRAY_SIZE(names); i++) {
		node = fdt_walk_next(&walk);
		assert_non_null(node);
		assert_string_equal(node->name, names[i]);
		if (parents[i] < 0)
			assert_null(node->parent);
		else
			assert_string_equal(node->parent->name, names[parents[i]]);
	}
	assert_null(fdt_walk_next(&walk));
}

static void reservations_are_told(void **state)
{
	uint64_t base, size;
	struct fdt fdt;

	(void)state;
	assert_int_equal(open_it(&fdt), 0);
	assert_int_equal(fdt.nr_reservations, 2);
	fdt_reservation(&fdt, 1, &base, &size);
	assert_int_equal(base, UINT64_C(0x123456789000));
	assert_int_equal(size, 1);
}

static void properties_are_told(void **state)
{
	const struct fdt_node *node;
	struct fdt_walk walk;
	struct fdt fdt;
	uint32_t size;

	(void)state;
	assert_int_equal(open_it(&fdt), 0);
	node = find(&walk, &fdt, "");
	assert_true(fdt_has_string(node, "compatible", "one"));
	assert_true(fdt_has_string(node, "compatible", "three"));
	assert_false(fdt_has_string(node, "compatible", "thre"));
	assert_false(fdt_has_string(node, "compatible", "o"));
	assert_false(fdt_has_string(node, "empty", ""));
	assert_non_null(fdt_property(node, "empty", &size));
	assert_int_equal(size, 0);
	assert_null(fdt_property(node, "x", &size)); /* a child's */
	assert_int_equal(fdt_u32(find(&walk, &fdt, "uart@11e0"), "x", 7), 0x12345678);
	assert_int_equal(fdt_u32(find(&walk, &fdt, "uart@11e0"), "y", 7), 7);
	assert_int_equal(fdt_u32(find(&walk, &fdt, "uart@11e0"), "reg", 7), 7); /* not one cell */
	assert_true(fdt_enabled(find(&walk, &fdt, "uart@11e0")));
	assert_true(fdt_enabled(find(&walk, &fdt, "soc")));
	assert_false(fdt_enabled(find(&walk, &fdt, "bus")));
}

static void addresses_are_as_the_root_sees_them(void **state)
{
	const struct fdt_node *node;
	struct fdt_walk walk;
	uint64_t base, size;
	struct fdt fdt;

	(void)state;
	assert_int_equal(open_it(&fdt), 0);
	node = find(&walk, &fdt, "memory@0");
	assert_int_equal(fdt_reg(node, 1, &base, &size), 0);
	assert_int_equal(base, UINT64_C(0x180000000));
	assert_int_equal(size, UINT64_C(0x200000000));
	assert_int_equal(fdt_reg(node, 2, &base, &size), -ENOENT);
	node = find(&walk, &fdt, "uart@11e0");
	assert_int_equal(fdt_reg(node, 0, &base, &size), 0);
	assert_int_equal(base, 0x1fe001e0);
	assert_int_equal(size, 0x100);
	assert_int_equal(fdt_reg(node, 1, &base, &size), -ENOENT); /* longer than the range */
	node = find(&walk, &fdt, "inner");
	assert_int_equal(fdt_reg(node, 0, &base, &size), 0); /* by "ranges;" and the second range */
	assert_int_equal(base, UINT64_C(0xe10000020));
	assert_int_equal(size, 0);
	assert_int_equal(fdt_reg(find(&walk, &fdt, "cpu@3"), 0, &base, &size), -ENOENT);
}

/* @value at offset @where, and back. */
static void assert_refused(uint32_t where, uint32_t value)
{
	struct fdt fdt;
	uint8_t old[4];

	memcpy(old, blob + where, 4);
	for (unsigned int i = 0; i < 4; i++)
		blob[where + i] = (uint8_t)(value >> (24 - 8 * i));
	assert_int_equal(open_it(&fdt), -EINVAL);
	memcpy(blob + where, old, 4);
	assert_int_equal(open_it(&fdt), 0);
}

static void damaged_headers_are_refused(void **state)
{
	struct fdt fdt;

	(void)state;
	assert_int_equal(fdt_open(&fdt, 0), -EINVAL);
	assert_int_equal(fdt_open(&fdt, (uint64_t)blob + 4), -EINVAL);
	assert_refused(0, 0xd00dfeee);
	assert_refused(4, 39);
	assert_refused(4, FDT_MAX_SIZE + 1);
	assert_refused(4, blob_size - 1);
	for (unsigned int field = 8; field <= 16; field += 4) {
		assert_refused(field, 0);
		assert_refused(field, 36);
		assert_refused(field, blob_size + 8);
		assert_refused(field, UINT32_MAX);
	}
	assert_refused(8, at[0] + 2);
	assert_refused(16, 44); /* not a multiple of 8 */
	assert_refused(20, 16);
	assert_refused(24, 18);
	assert_refused(32, UINT32_MAX);
	assert_refused(36, UINT32_MAX);
	assert_refused(36, 4); /* the structure ends within the first node */
	assert_refused(at[0], 2);
	assert_refused(at[0], 3);
	assert_refused(at[0], 9);
	assert_refused(at[1] - 4, 4); /* no end */
	assert_refused(at[1] - 8, 4); /* the root does not end */
	assert_refused(at[1] - 8, 1);
}

static void trees_that_are_too_deep_are_refused(void **state)
{
	struct fdt fdt;

	(void)state;
	for (unsigned int depth = FDT_MAX_DEPTH; depth <= FDT_MAX_DEPTH + 1; depth++) {
		make_start();
		for (unsigned int i = 0; i < depth; i++)
			make_node(i ? "n" : "");
		for (unsigned int i = 0; i < depth; i++)
			make_end();
		blob = make_finish(&blob_size, at);
		assert_int_equal(open_it(&fdt), depth > FDT_MAX_DEPTH ? -EINVAL : 0);
	}
}

/* ---- Against libfdt ---- */

static uint32_t random_state;

static uint32_t random32(void)
{
	random_state = random_state * 1664525u + 1013904223u;
	return random_state >> 8 | random_state << 24;
}

static void assert_same_properties(const struct fdt_node *node, int offset)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(property_names); i++) {
		uint32_t size = 0;
		int length = 0;
		const uint8_t *mine = fdt_property(node, property_names[i], &size);
		const void *theirs = fdt_getprop(blob, offset, property_names[i], &length);

		assert_ptr_equal(mine, theirs);
		if (mine)
			assert_int_equal(size, length);
	}
}

/* Returns whether the blob was taken. */
static bool compare(void)
{
	const struct fdt_node *node;
	struct fdt_walk walk;
	struct fdt fdt;
	uint64_t base, size;
	int offset = -1, depth = -1;

	if (open_it(&fdt) != 0)
		return false;
	assert_int_equal(fdt_check_full(blob, blob_size), 0);
	fdt_walk_start(&walk, &fdt);
	while ((node = fdt_walk_next(&walk)) != NULL) {
		offset = fdt_next_node(blob, offset, &depth);
		assert_true(offset >= 0);
		assert_int_equal(depth + 1, walk.depth);
		assert_string_equal(node->name, fdt_get_name(blob, offset, NULL));
		assert_same_properties(node, offset);
		(void)fdt_enabled(node);
		(void)fdt_has_string(node, "compatible", "two");
		for (unsigned int i = 0; fdt_reg(node, i, &base, &size) == 0; i++)
			;
	}
	return true;
}

static void libfdt_sees_the_same(void **state)
{
	unsigned int taken = 0;

	(void)state;
	assert_true(compare());
	for (unsigned int round = 0; round < ROUNDS; round++) {
		uint8_t good[4096];
		unsigned int changes = 1 + random32() % 3;

		assert_true(blob_size <= sizeof(good));
		memcpy(good, blob, blob_size);
		while (changes--) {
			uint32_t where = random32() % blob_size;

			if (where < 4 || where >= 8)
				blob[where] =
					(uint8_t)(random32() % 4 ? random32() % 16 : random32());
		}
		taken += compare();
		memcpy(blob, good, blob_size);
	}
	/* Most changes hit a value or a name and leave a sound tree; many do not. */
	assert_in_range(taken, ROUNDS / 10, ROUNDS - ROUNDS / 10);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(nodes_come_in_their_order, setup),
		cmocka_unit_test_setup(reservations_are_told, setup),
		cmocka_unit_test_setup(properties_are_told, setup),
		cmocka_unit_test_setup(addresses_are_as_the_root_sees_them, setup),
		cmocka_unit_test_setup(damaged_headers_are_refused, setup),
		cmocka_unit_test_setup(trees_that_are_too_deep_are_refused, setup),
		cmocka_unit_test_setup(libfdt_sees_the_same, setup),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
