/* SPDX-License-Identifier: Apache-2.0 */
/* sources: src/vdev/eiointc.c tests/unit/fake_device.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "fake_device.h"
#include "vdev/eiointc.h"

/* Offsets from IOCSR 0x1400. */
#define NODE_TYPE 0xa0
#define PINS 0xc0
#define ENABLE 0x200
#define BOUNCE 0x280
#define STATUS 0x300
#define CPU_STATUS 0x400
#define ROUTE 0x800
#define MISC_ON (UINT64_C(1) << 48)
#define CPUS 6

static struct eiointc state;
static const struct device_range ranges[] = {
	{ DEVICE_IOCSR, 0x1400, 0x900, 0 },
	{ DEVICE_IOCSR, 0x420, 8, 1 },
};
static const struct device eio = {
	.ops = &eiointc_ops,
	.name = "eiointc",
	.state = &state,
	.ranges = ranges,
	.nr_ranges = 2,
	.parameter = CPUS,
};

static uint64_t get(unsigned int cpu, uint64_t offset, unsigned int size)
{
	uint64_t value;

	fake.accessor = cpu;
	value = eio.ops->read(&eio, 0, offset, size);
	return size < 8 ? value & (BIT_ULL(8 * size) - 1) : value;
}

static void put(unsigned int cpu, uint64_t offset, unsigned int size, uint64_t value)
{
	fake.accessor = cpu;
	eio.ops->write(&eio, 0, offset, size, value);
}

static void raise(unsigned int vector, bool level)
{
	const struct irq_message msg = { .vector = (uint8_t)vector, .level = level };

	eio.ops->message(&eio, &msg);
}

static int setup(void **context)
{
	static const struct eiointc zero;

	(void)context;
	fake_start();
	state = zero;
	eio.ops->reset(&eio);
	return 0;
}

/* As Linux does it on the first CPU of each node. */
static void linux_init(unsigned int cpu)
{
	fake.accessor = cpu;
	eio.ops->write(&eio, 1, 0, 8, eio.ops->read(&eio, 1, 0, 8) | MISC_ON);
	for (unsigned int i = 0; i < 8; i++)
		put(cpu, NODE_TYPE + 4 * i, 4, (UINT64_C(0x20000) << 2 * i) | BIT(2 * i));
	for (unsigned int i = 0; i < 2; i++)
		put(cpu, PINS + 4 * i, 4, 0x02020202);
	for (unsigned int i = 0; i < 64; i++)
		put(cpu, ROUTE + 4 * i, 4, 0x01010101);
	for (unsigned int i = 0; i < 8; i++) {
		put(cpu, ENABLE + 4 * i, 4, UINT32_MAX);
		put(cpu, BOUNCE + 4 * i, 4, UINT32_MAX);
	}
}

/* As Linux does it for each CPU @of whose node there is one. */
static void linux_affinity(unsigned int vector, unsigned int cpu)
{
	unsigned int word = vector / 32 * 4;

	put(0, ENABLE + word, 4, ~BIT(vector % 32));
	for (unsigned int other = 0; other < CPUS; other++) {
		unsigned int node = other / 4;
		unsigned int route_node = node == 0 ? cpu / 4 : node;

		put(node * 4, ROUTE + vector, 1, BIT(cpu % 4) | route_node << 4);
	}
	put(0, ENABLE + word, 4, UINT32_MAX);
}

static void assert_lines(unsigned int cpu, uint8_t levels)
{
	for (unsigned int i = 0; i < FAKE_CPUS; i++)
		assert_int_equal(fake.cpu_lines[i], i == cpu ? levels : 0);
	assert_int_equal(fake.useless_cpu_lines, 0);
}

static void a_vector_reaches_the_pin_and_is_cleared(void **context)
{
	(void)context;
	linux_init(0);
	for (unsigned int vector = 0; vector < 256; vector++) {
		raise(vector, true);
		assert_lines(0, 0x02);
		for (unsigned int i = 0; i < 4; i++)
			assert_int_equal(get(0, CPU_STATUS + 8 * i, 8),
					 vector / 64 == i ? BIT_ULL(vector % 64) : 0);
		assert_int_equal(get(1, CPU_STATUS + vector / 64 * 8, 8), 0);
		assert_int_equal(get(0, STATUS + vector / 8, 1), BIT(vector % 8));
		put(1, CPU_STATUS + vector / 64 * 8, 8, UINT64_MAX); /* not its own */
		assert_lines(0, 0x02);
		put(0, CPU_STATUS + vector / 64 * 8, 8, BIT_ULL(vector % 64));
		assert_lines(0, 0);
		assert_int_equal(get(0, STATUS + vector / 8, 1), 0);
	}
}

static void nothing_comes_before_it_is_on_and_enabled(void **context)
{
	(void)context;
	raise(7, true);
	assert_lines(0, 0);
	put(0, ENABLE, 4, UINT32_MAX);
	assert_lines(0, 0);
	assert_int_equal(get(0, CPU_STATUS, 8), 0);
	eio.ops->write(&eio, 1, 0, 8, UINT64_MAX);
	assert_int_equal(eio.ops->read(&eio, 1, 0, 8), MISC_ON);
	assert_int_equal(eio.ops->read(&eio, 1, 6, 1) & 0xff, 1);
	assert_lines(0, 0x01); /* latched meanwhile */
	put(0, ENABLE, 4, 0);
	assert_lines(0, 0);
	put(0, ENABLE, 1, 0x80);
	assert_lines(0, 0x01);
	assert_int_equal(get(0, ENABLE, 4), 0x80);
	eio.ops->write(&eio, 1, 0, 4, 0); /* does not touch bit 48 */
	assert_lines(0, 0x01);
	eio.ops->write(&eio, 1, 4, 4, 0);
	assert_lines(0, 0);
}

static void the_source_may_withdraw(void **context)
{
	(void)context;
	linux_init(0);
	raise(40, true);
	raise(41, true);
	assert_lines(0, 0x02);
	raise(40, false);
	assert_int_equal(get(0, CPU_STATUS, 8), BIT_ULL(41));
	raise(41, false);
	assert_lines(0, 0);
}

static void pins_are_chosen_for_32_vectors(void **context)
{
	(void)context;
	linux_init(0);
	put(0, PINS, 8, UINT64_C(0x8004020108040201));
	for (unsigned int group = 0; group < 8; group++) {
		/* the upper half of the last byte does not count: the first pin */
		static const uint8_t lines[] = { 1, 2, 4, 8, 1, 2, 4, 1 };

		raise(32 * group + 31, true);
		assert_lines(0, lines[group]);
		raise(32 * group + 31, false);
	}
	raise(0, true);
	raise(32, true);
	assert_lines(0, 3);
}

static void vectors_go_where_their_route_says(void **context)
{
	(void)context;
	linux_init(0);
	linux_init(4);
	for (unsigned int cpu = 0; cpu < CPUS; cpu++) {
		linux_affinity(100, cpu);
		raise(100, true);
		assert_lines(cpu, 0x02);
		assert_int_equal(get(cpu, CPU_STATUS + 12, 4), 0x10);
		put(cpu, CPU_STATUS + 8, 8, UINT64_MAX);
		assert_lines(cpu, 0);
	}
}

static void a_pending_vector_moves_with_its_route(void **context)
{
	(void)context;
	linux_init(0);
	raise(5, true);
	assert_lines(0, 2);
	put(0, ROUTE + 5, 1, 0x04);
	assert_lines(2, 2);
	assert_int_equal(get(0, CPU_STATUS, 8), 0);
	put(2, CPU_STATUS, 4, 0x20);
	assert_lines(2, 0);
}

static void node_types_are_bitmaps_of_nodes(void **context)
{
	(void)context;
	linux_init(0);
	put(0, NODE_TYPE + 2 * 9, 2, 0x0002); /* type 9: node 1 */
	put(0, ROUTE + 3, 1, 0x92);
	raise(3, true);
	assert_lines(5, 2);
	put(0, NODE_TYPE + 2 * 9, 2, 0x0000); /* none: the nearest */
	assert_lines(1, 2);
}

static void a_cpu_that_the_cell_does_not_have_gets_nothing(void **context)
{
	(void)context;
	linux_init(0);
	put(0, ROUTE + 3, 1, 0x18); /* node 1, CPU 7 of the six */
	raise(3, true);
	assert_lines(0, 0);
	put(0, ROUTE + 3, 1, 0xf8); /* node 15, CPU 63 */
	assert_lines(0, 0);
	put(0, ROUTE + 3, 1, 0x12); /* it was not lost */
	assert_lines(5, 2);
}

static void other_nodes_change_nothing(void **context)
{
	struct eiointc before;

	(void)context;
	linux_init(0);
	before = state;
	for (unsigned int offset = 0; offset < 0x900; offset += 8)
		put(4, offset, 8, 0);
	assert_memory_equal(&before, &state, sizeof(before));
}

static void registers_keep_what_is_written_in_any_width(void **context)
{
	static const struct {
		unsigned int first, end;
	} kept[] = { { NODE_TYPE, 0xc8 }, { ENABLE, 0x220 }, { BOUNCE, 0x2a0 }, { ROUTE, 0x900 } };
	uint8_t model[0x900] = { 0 };

	(void)context;
	fake_seed(4);
	for (unsigned int round = 0; round < 50000; round++) {
		unsigned int size = 1u << fake_random(4);
		unsigned int offset = fake_random(0x900 / size) * size;
		uint64_t value = (uint64_t)fake_random(UINT32_MAX) << 32 | fake_random(UINT32_MAX);
		uint64_t expected = 0;
		bool stored = false;

		for (unsigned int i = 0; i < ARRAY_SIZE(kept); i++)
			stored |= offset >= kept[i].first && offset < kept[i].end;
		put(0, offset, size, value);
		if (stored)
			memcpy(&model[offset], &value, size);
		size = 1u << fake_random(4);
		offset = fake_random(0x900 / size) * size;
		memcpy(&expected, &model[offset], size);
		assert_int_equal(get(0, offset, size), expected);
	}
}

/* ---- Against a model that looks at one vector after the other ---- */

static struct {
	bool pending[256], enabled[256];
	uint8_t route[256], pin[8];
} model;

static unsigned int model_target(unsigned int vector)
{
	unsigned int bitmap = model.route[vector] & 15, cpu = 0;

	while (bitmap && !(bitmap >> cpu & 1))
		cpu++;
	return (model.route[vector] >> 4) * 4 + cpu; /* Linux' node types */
}

static void compare(void)
{
	for (unsigned int cpu = 0; cpu < CPUS; cpu++) {
		uint64_t seen[4] = { 0 };
		uint8_t lines = 0;

		for (unsigned int v = 0; v < 256; v++) {
			if (!model.pending[v] || !model.enabled[v] || model_target(v) != cpu)
				continue;
			seen[v / 64] |= BIT_ULL(v % 64);
			lines |= (uint8_t)(1u << model.pin[v / 32]);
		}
		assert_int_equal(fake.cpu_lines[cpu], lines);
		for (unsigned int i = 0; i < 4; i++)
			assert_int_equal(get(cpu, CPU_STATUS + 8 * i, 8), seen[i]);
	}
	assert_int_equal(fake.useless_cpu_lines, 0);
}

static void random_operation(void)
{
	unsigned int vector = fake_random(256), cpu = fake_random(CPUS), pin = fake_random(4);

	switch (fake_random(6)) {
	case 0:
	case 1:
		model.pending[vector] = true;
		raise(vector, true);
		break;
	case 2:
		model.pending[vector] = false;
		raise(vector, false);
		break;
	case 3:
		model.route[vector] = (uint8_t)(fake_random(2) << 4 | fake_random(16));
		put(fake_random(4), ROUTE + vector, 1, model.route[vector]);
		break;
	case 4:
		for (unsigned int v = vector & ~7u; v < (vector & ~7u) + 8; v++)
			model.enabled[v] = v != vector;
		put(fake_random(4), ENABLE + vector / 8, 1, (uint8_t)~BIT(vector % 8));
		model.pin[vector / 32] = (uint8_t)pin;
		put(fake_random(4), PINS + vector / 32, 1, BIT(pin));
		break;
	default:
		if (model.enabled[vector] && model_target(vector) == cpu)
			model.pending[vector] = false;
		put(cpu, CPU_STATUS + vector / 32 * 4, 4, BIT(vector % 32));
		break;
	}
}

static void random_operations_agree_with_the_model(void **context)
{
	(void)context;
	fake_seed(8);
	linux_init(0);
	for (unsigned int v = 0; v < 256; v++) {
		model.enabled[v] = true;
		model.route[v] = 1;
		model.pin[v / 32] = 1;
	}
	for (unsigned int round = 0; round < 5000; round++) {
		random_operation();
		compare();
	}
}

static void reset_lowers_the_pins_and_forgets(void **context)
{
	(void)context;
	linux_init(0);
	put(0, ROUTE + 9, 1, 8);
	raise(9, true);
	assert_lines(3, 2);
	eio.ops->reset(&eio);
	assert_lines(3, 0);
	linux_init(0);
	assert_lines(0, 0);
	assert_int_equal(get(0, STATUS, 8), 0);
}

static void nonsense_does_no_harm(void **context)
{
	(void)context;
	fake_seed(2);
	linux_init(0);
	for (unsigned int round = 0; round < 20; round++) {
		fake.accessor = fake_random(64);
		fake_hammer(&eio, 1000);
		for (unsigned int i = 0; i < 300; i++) {
			put(fake_random(64), fake_random(0x900), 8,
			    (uint64_t)fake_random(UINT32_MAX) << 32 | fake_random(UINT32_MAX));
			raise(fake_random(256), fake_random(2));
		}
	}
	for (unsigned int cpu = CPUS; cpu < FAKE_CPUS; cpu++)
		assert_int_equal(fake.cpu_lines[cpu], 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(a_vector_reaches_the_pin_and_is_cleared, setup),
		cmocka_unit_test_setup(nothing_comes_before_it_is_on_and_enabled, setup),
		cmocka_unit_test_setup(the_source_may_withdraw, setup),
		cmocka_unit_test_setup(pins_are_chosen_for_32_vectors, setup),
		cmocka_unit_test_setup(vectors_go_where_their_route_says, setup),
		cmocka_unit_test_setup(a_pending_vector_moves_with_its_route, setup),
		cmocka_unit_test_setup(node_types_are_bitmaps_of_nodes, setup),
		cmocka_unit_test_setup(a_cpu_that_the_cell_does_not_have_gets_nothing, setup),
		cmocka_unit_test_setup(other_nodes_change_nothing, setup),
		cmocka_unit_test_setup(registers_keep_what_is_written_in_any_width, setup),
		cmocka_unit_test_setup(random_operations_agree_with_the_model, setup),
		cmocka_unit_test_setup(reset_lowers_the_pins_and_forgets, setup),
		cmocka_unit_test_setup(nonsense_does_no_harm, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
