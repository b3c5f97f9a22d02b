/* SPDX-License-Identifier: Apache-2.0 */
/* sources: src/vdev/pch_pic.c src/vdev/eiointc.c */
/* The PCH-PIC, alone and with an EIOINTC behind it as in a cell. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "core/device.h"
#include "vdev/eiointc.h"
#include "vdev/pch_pic.h"

#define ID 0x000
#define MASK 0x020
#define HTMSI_EN 0x040
#define EDGE 0x060
#define CLEAR 0x080
#define AUTO_CTRL0 0x0c0
#define AUTO_CTRL1 0x0e0
#define ROUTE 0x100
#define VECTOR 0x200
#define IRR 0x380
#define ISR 0x3a0
#define POLARITY 0x3e0
#define INPUTS 32

static struct pch_pic state;
static const struct device_range ranges[] = { { DEVICE_MMIO, 0x10000000, 0x400, 0 } };
static const struct device pic = {
	.ops = &pch_pic_ops,
	.name = "pic",
	.state = &state,
	.ranges = ranges,
	.nr_ranges = 1,
	.parameter = INPUTS,
};

static struct eiointc eio_state;
static const struct device eio = { .ops = &eiointc_ops, .state = &eio_state, .parameter = 1 };

/* ---- The world: what the PCH-PIC asks for ---- */

static bool raised[256];
static unsigned int messages, useless_messages;
static bool cpu_line; /* of the EIOINTC: pin 1 */

static struct {
	unsigned int pin;
	bool masked;
} routes[4096];
static unsigned int nr_routes;
static int lower_when_unmasked = -1; /* the machine lowers this input then */

void device_send_message(const struct device *dev, const struct irq_message *msg)
{
	assert_ptr_equal(dev, &pic);
	messages++;
	useless_messages += raised[msg->vector] == msg->level;
	raised[msg->vector] = msg->level;
	eio.ops->message(&eio, msg);
}

void device_set_cpu_line(const struct device *dev, unsigned int vcpu, unsigned int line, bool level)
{
	assert_ptr_equal(dev, &eio);
	assert_int_equal(vcpu, 0);
	assert_int_equal(line, 1);
	cpu_line = level;
}

unsigned int device_accessor(const struct device *dev)
{
	(void)dev;
	return 0;
}

void device_route_pin(const struct device *dev, unsigned int pin, const struct irq_message *msg,
		      bool masked)
{
	assert_ptr_equal(dev, &pic);
	assert_int_equal(msg->vector, state.vector[pin]);
	if (nr_routes < ARRAY_SIZE(routes)) {
		routes[nr_routes].pin = pin;
		routes[nr_routes++].masked = masked;
	}
	if (!masked && (int)pin == lower_when_unmasked)
		pic.ops->set_line(&pic, pin, false);
}

static uint64_t get(uint64_t offset, unsigned int size)
{
	uint64_t value = pic.ops->read(&pic, 0, offset, size);

	return size < 8 ? value & (BIT_ULL(8 * size) - 1) : value;
}

static void put(uint64_t offset, unsigned int size, uint64_t value)
{
	pic.ops->write(&pic, 0, offset, size, value);
}

static void line(unsigned int input, bool level)
{
	pic.ops->set_line(&pic, input, level);
}

static int setup(void **context)
{
	static const struct pch_pic zero;
	static const struct eiointc eio_zero;

	(void)context;
	state = zero;
	eio_state = eio_zero;
	memset(raised, 0, sizeof(raised));
	lower_when_unmasked = -1;
	pic.ops->reset(&pic);
	messages = 0;
	useless_messages = 0;
	nr_routes = 0;
	srand(6);
	return 0;
}

/* As Linux resets it, and then asks for a level-triggered interrupt of @input. */
static void linux_init(void)
{
	put(MASK, 4, UINT32_MAX);
	put(MASK + 4, 4, UINT32_MAX);
	put(CLEAR, 4, UINT32_MAX);
	put(CLEAR + 4, 4, UINT32_MAX);
	for (unsigned int i = 0; i < 2; i++) {
		put(AUTO_CTRL0 + 4 * i, 4, 0);
		put(AUTO_CTRL1 + 4 * i, 4, 0);
		put(HTMSI_EN + 4 * i, 4, UINT32_MAX);
	}
	for (unsigned int i = 0; i < 64; i++) {
		put(ROUTE + i, 1, 1);
		put(VECTOR + 0xff, 1, 0xff); /* no slot yet: all go there */
	}
}

static void linux_unmask(unsigned int input)
{
	put(CLEAR + input / 32 * 4, 4, BIT(input % 32));
	put(MASK + input / 32 * 4, 4, get(MASK + input / 32 * 4, 4) & ~BIT(input % 32));
}

static void linux_mask(unsigned int input)
{
	put(MASK + input / 32 * 4, 4, get(MASK + input / 32 * 4, 4) | BIT(input % 32));
}

static void linux_request(unsigned int input, uint8_t vector)
{
	put(VECTOR + input, 1, vector);
	linux_unmask(input);
}

/* ---- Registers ---- */

static void it_identifies_itself(void **context)
{
	struct device whole = pic;

	(void)context;
	assert_int_equal(get(ID, 4), 0x07000000);
	assert_int_equal(get(ID + 4, 4), 0x001f0001);
	assert_int_equal(get(ID, 8) >> 48 & 0xff, INPUTS - 1); /* what Linux takes */
	whole.parameter = 64;
	assert_int_equal(whole.ops->read(&whole, 0, ID, 8), UINT64_C(0x003f000107000000));
	whole.parameter = 1000;
	assert_int_equal(whole.ops->read(&whole, 0, ID, 8), UINT64_C(0x003f000107000000));
}

static void reset_is_that_of_the_manual(void **context)
{
	(void)context;
	put(HTMSI_EN, 8, UINT64_MAX);
	put(MASK, 8, 0);
	put(EDGE, 8, 5);
	put(POLARITY, 8, 5);
	put(VECTOR + 2, 1, 99);
	put(ROUTE + 2, 1, 2);
	put(VECTOR + 7, 1, 70);
	line(7, true);
	assert_true(raised[70]);
	nr_routes = 0;
	pic.ops->reset(&pic);
	assert_false(raised[70]);
	assert_false(raised[0]);
	assert_int_equal(useless_messages, 0);
	assert_int_equal(get(MASK, 8), UINT64_MAX);
	assert_int_equal(get(HTMSI_EN, 8), 0);
	assert_int_equal(get(EDGE, 8), 0);
	assert_int_equal(get(POLARITY, 8), 0);
	assert_int_equal(get(VECTOR, 8), 0);
	assert_int_equal(get(ROUTE, 8), UINT64_C(0x0101010101010101));
	assert_int_equal(get(ISR, 8), 0);
	assert_int_equal(get(IRR, 8), 0x80); /* the device still has its line up */
	assert_int_equal(nr_routes, INPUTS);
	for (unsigned int i = 0; i < INPUTS; i++) {
		assert_int_equal(routes[i].pin, i);
		assert_true(routes[i].masked);
	}
}

static void registers_keep_what_is_written_in_any_width(void **context)
{
	static const struct {
		unsigned int first, end;
	} kept[] = { { MASK, 0x28 },       { HTMSI_EN, 0x48 },   { EDGE, 0x68 },
		     { AUTO_CTRL0, 0xc8 }, { AUTO_CTRL1, 0xe8 }, { ROUTE, 0x140 },
		     { VECTOR, 0x240 },    { POLARITY, 0x3e8 } };
	uint8_t model[0x400] = { 0 };

	(void)context;
	memcpy(model, "\0\0\0\7\1\0\37\0", 8);
	memset(&model[MASK], 0xff, 8);
	memset(&model[ROUTE], 0x01, 64);
	for (unsigned int round = 0; round < 50000; round++) {
		unsigned int size = 1u << rand() % 4;
		unsigned int offset = (unsigned int)rand() % (0x400 / size) * size;
		uint64_t value = (uint64_t)rand() << 33 ^ (uint64_t)rand() << 11;
		uint64_t expected = 0;
		bool stored = false;

		for (unsigned int i = 0; i < ARRAY_SIZE(kept); i++)
			stored |= offset >= kept[i].first && offset < kept[i].end;
		if (stored && (offset & ~7u) == POLARITY)
			value = 0; /* low-active inputs would be requests: not here */
		put(offset, size, value);
		if (stored)
			memcpy(&model[offset], &value, size);
		size = 1u << rand() % 4;
		offset = (unsigned int)rand() % (0x400 / size) * size;
		memcpy(&expected, &model[offset], size);
		assert_int_equal(get(offset, size), expected);
	}
}

/* ---- Interrupts ---- */

static void a_level_is_raised_while_it_lasts(void **context)
{
	(void)context;
	linux_init();
	for (unsigned int input = 0; input < INPUTS; input++) {
		linux_request(input, (uint8_t)(input + 100));
		line(input, true);
		assert_true(raised[input + 100]);
		assert_int_equal(get(ISR, 8), BIT_ULL(input));
		line(input, true);
		line(input, false);
		assert_false(raised[input + 100]);
		assert_int_equal(get(ISR, 8), 0);
	}
	assert_int_equal(messages, 2 * INPUTS);
	assert_int_equal(useless_messages, 0);
}

static void masked_inputs_wait(void **context)
{
	(void)context;
	linux_init();
	put(VECTOR + 2, 1, 2);
	line(2, true);
	assert_int_equal(messages, 0);
	assert_int_equal(get(IRR, 8), 4);
	linux_unmask(2);
	assert_true(raised[2]);
	linux_mask(2);
	assert_false(raised[2]);
	linux_unmask(2); /* still there: a new interrupt */
	assert_true(raised[2]);
	linux_mask(2);
	line(2, false);
	linux_unmask(2);
	assert_false(raised[2]);
	assert_int_equal(useless_messages, 0);
}

static void unmasking_exposes_all_that_wait(void **context)
{
	(void)context;
	linux_init();
	for (unsigned int input = 0; input < INPUTS; input++) {
		put(VECTOR + input, 1, input);
		line(input, true);
	}
	put(MASK, 4, 0);
	for (unsigned int input = 0; input < INPUTS; input++)
		assert_true(raised[input]);
	put(MASK, 4, UINT32_MAX);
	for (unsigned int input = 0; input < INPUTS; input++)
		assert_false(raised[input]);
}

static void an_edge_is_kept_until_it_is_cleared(void **context)
{
	(void)context;
	linux_init();
	put(EDGE, 4, BIT(5));
	linux_request(5, 50);
	line(5, true);
	assert_true(raised[50]);
	line(5, false);
	assert_true(raised[50]);
	put(CLEAR, 4, BIT(5));
	assert_false(raised[50]);
	line(5, true);
	assert_true(raised[50]);
	put(CLEAR, 4, BIT(5)); /* the line being up is no edge */
	assert_false(raised[50]);
	linux_mask(5);
	line(5, false);
	line(5, true); /* an edge while masked is kept, too */
	assert_int_equal(get(IRR, 8), BIT(5));
	put(MASK, 4, ~BIT(5));
	assert_true(raised[50]);
	assert_int_equal(useless_messages, 0);
}

static void clear_is_not_for_levels(void **context)
{
	(void)context;
	linux_init();
	linux_request(5, 50);
	line(5, true);
	put(CLEAR, 8, UINT64_MAX);
	assert_true(raised[50]);
	assert_int_equal(messages, 1);
}

static void low_active_inputs_are_turned_round(void **context)
{
	(void)context;
	linux_init();
	put(POLARITY, 4, BIT(9));
	assert_int_equal(get(IRR, 8), BIT(9));
	linux_request(9, 90);
	assert_true(raised[90]);
	line(9, true);
	assert_false(raised[90]);
	line(9, false);
	assert_true(raised[90]);
	put(POLARITY, 4, 0); /* a write exposes or hides it */
	assert_false(raised[90]);
}

static void without_messages_enabled_there_are_none(void **context)
{
	(void)context;
	put(MASK, 8, 0);
	line(1, true);
	assert_int_equal(messages, 0);
	put(HTMSI_EN, 8, 2);
	assert_int_equal(messages, 1);
	put(HTMSI_EN, 8, 0);
	assert_int_equal(messages, 2);
}

static void a_new_vector_takes_the_place_of_the_old(void **context)
{
	(void)context;
	linux_init();
	linux_request(4, 10);
	line(4, true);
	put(VECTOR + 4, 1, 11);
	assert_false(raised[10]);
	assert_true(raised[11]);
	messages = 0;
	put(VECTOR + 4, 1, 11);
	assert_int_equal(messages, 0);
	put(VECTOR, 8, UINT64_C(0x0c00000000)); /* the same by a wide write */
	assert_false(raised[11]);
	assert_true(raised[12]);
	line(4, false);
	assert_false(raised[12]);
	assert_int_equal(useless_messages, 0);
}

static void lines_that_it_does_not_have_are_ignored(void **context)
{
	(void)context;
	linux_init();
	put(MASK, 8, 0);
	put(POLARITY, 8, UINT64_C(0xffffffff00000000));
	for (unsigned int input = INPUTS; input < 100; input++)
		line(input, true);
	assert_int_equal(messages, 0);
	assert_int_equal(get(IRR, 8), 0);
}

/* ---- Passthrough lines ---- */

static void changes_of_masks_are_told_to_the_machine(void **context)
{
	(void)context;
	linux_init();
	nr_routes = 0;
	linux_unmask(3);
	assert_int_equal(nr_routes, 1);
	assert_int_equal(routes[0].pin, 3);
	assert_false(routes[0].masked);
	linux_unmask(3);
	assert_int_equal(nr_routes, 1);
	put(MASK, 4, UINT32_MAX & ~BIT(8));
	assert_int_equal(nr_routes, 3);
	assert_int_equal(routes[1].pin, 3);
	assert_true(routes[1].masked);
	assert_int_equal(routes[2].pin, 8);
	assert_false(routes[2].masked);
	put(MASK + 4, 4, 0); /* inputs it does not have */
	assert_int_equal(nr_routes, 3);
}

static void a_line_that_the_machine_lowers_at_unmask_is_not_raised_again(void **context)
{
	(void)context;
	linux_init();
	linux_request(6, 60);
	lower_when_unmasked = 6;
	line(6, true); /* the physical line fired */
	assert_true(raised[60]);
	linux_mask(6);
	assert_false(raised[60]);
	messages = 0;
	linux_unmask(6); /* the machine lowers it and arms the physical line */
	assert_int_equal(messages, 0);
	assert_int_equal(get(IRR, 8), 0);
	line(6, true);
	assert_true(raised[60]);
	assert_int_equal(useless_messages, 0);
}

/* ---- With the EIOINTC ---- */

/* One interrupt as Linux handles it: vectors from the EIOINTC, then the flow of a level. */
static void a_device_is_served_by_linux_flow(void **context)
{
	(void)context;
	linux_init();
	eio.ops->write(&eio, 1, 0, 8, BIT_ULL(48));
	eio.ops->write(&eio, 0, 0xc0, 8, UINT64_C(0x0202020202020202));
	for (unsigned int i = 0; i < 4; i++)
		eio.ops->write(&eio, 0, 0x200 + 8 * i, 8, UINT64_MAX);
	linux_request(2, 0);
	for (unsigned int round = 0; round < 3; round++) {
		line(2, true);
		assert_true(cpu_line);
		assert_int_equal(eio.ops->read(&eio, 0, 0x400, 8), 1);
		eio.ops->write(&eio, 0, 0x400, 8, 1);
		assert_false(cpu_line);
		linux_mask(2);
		if (round != 1) /* the handler satisfies the device; once it does not */
			line(2, false);
		linux_unmask(2);
		assert_int_equal(cpu_line, round == 1);
	}
}

/* ---- Against a model of single inputs ---- */

static struct {
	bool input, mask, edge, low, latched;
	uint8_t vector;
} model[INPUTS];

static bool model_raised(unsigned int i)
{
	bool request = model[i].edge ? model[i].latched : model[i].input != model[i].low;

	return request && !model[i].mask;
}

static void random_operation(unsigned int i)
{
	bool on = rand() % 2;
	uint64_t offset;

	switch (rand() % 6) {
	case 0:
	case 1:
		model[i].latched |= model[i].edge && on && !model[i].input;
		model[i].input = on;
		line(i, on);
		break;
	case 2:
		model[i].mask = on;
		put(MASK, 4, on ? get(MASK, 4) | BIT(i) : get(MASK, 4) & ~BIT(i));
		break;
	case 3:
		model[i].latched = false;
		put(CLEAR, 4, BIT(i));
		break;
	case 4:
		offset = rand() % 2 ? EDGE : POLARITY;
		/* An active level that becomes an edge is one that has come. */
		if (offset == EDGE && on && !model[i].edge)
			model[i].latched = model[i].input != model[i].low;
		if (offset == EDGE)
			model[i].edge = on;
		else
			model[i].low = on;
		put(offset, 4, on ? get(offset, 4) | BIT(i) : get(offset, 4) & ~BIT(i));
		break;
	default:
		model[i].vector = (uint8_t)(4 * i + (unsigned int)rand() % 4);
		put(VECTOR + i, 1, model[i].vector);
		break;
	}
	if (!model[i].edge)
		model[i].latched = false;
}

static void random_operations_agree_with_the_model(void **context)
{
	(void)context;
	linux_init();
	for (unsigned int i = 0; i < INPUTS; i++) {
		model[i].mask = true;
		model[i].vector = (uint8_t)(4 * i);
		put(VECTOR + i, 1, model[i].vector);
	}
	for (unsigned int round = 0; round < 100000; round++) {
		random_operation((unsigned int)rand() % INPUTS);
		for (unsigned int i = 0; i < INPUTS; i++)
			for (unsigned int v = 4 * i; v < 4 * i + 4; v++)
				assert_int_equal(raised[v],
						 model[i].vector == v && model_raised(i));
	}
	assert_int_equal(useless_messages, 0);
}

static void nonsense_does_no_harm(void **context)
{
	(void)context;
	for (unsigned int round = 0; round < 100000; round++) {
		uint64_t offset = (uint64_t)rand() % 0x400;
		unsigned int size = 1u << rand() % 4;

		if (rand() % 2)
			put(offset, size, (uint64_t)rand() * 0x100000001);
		else
			get(offset, size);
		line((unsigned int)rand() % 70, rand() % 2);
	}
	assert_int_equal(state.raised >> INPUTS, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(it_identifies_itself, setup),
		cmocka_unit_test_setup(reset_is_that_of_the_manual, setup),
		cmocka_unit_test_setup(registers_keep_what_is_written_in_any_width, setup),
		cmocka_unit_test_setup(a_level_is_raised_while_it_lasts, setup),
		cmocka_unit_test_setup(masked_inputs_wait, setup),
		cmocka_unit_test_setup(unmasking_exposes_all_that_wait, setup),
		cmocka_unit_test_setup(an_edge_is_kept_until_it_is_cleared, setup),
		cmocka_unit_test_setup(clear_is_not_for_levels, setup),
		cmocka_unit_test_setup(low_active_inputs_are_turned_round, setup),
		cmocka_unit_test_setup(without_messages_enabled_there_are_none, setup),
		cmocka_unit_test_setup(a_new_vector_takes_the_place_of_the_old, setup),
		cmocka_unit_test_setup(lines_that_it_does_not_have_are_ignored, setup),
		cmocka_unit_test_setup(changes_of_masks_are_told_to_the_machine, setup),
		cmocka_unit_test_setup(a_line_that_the_machine_lowers_at_unmask_is_not_raised_again,
				       setup),
		cmocka_unit_test_setup(a_device_is_served_by_linux_flow, setup),
		cmocka_unit_test_setup(random_operations_agree_with_the_model, setup),
		cmocka_unit_test_setup(nonsense_does_no_harm, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
