/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Random access sequences: counter 2 (with its gate) and counter 0 (with its line) against clocked
 * models.
 */
/* sources: src/vdev/i8254.c tests/unit/fake_device.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "fake_device.h"
#include "vdev/i8254.h"

#define LINE 0

enum { COUNTERS, PORT61 };

static struct i8254 state;
static const struct device_range ranges[] = {
	{ DEVICE_PIO, 0x40, 4, COUNTERS },
	{ DEVICE_PIO, 0x61, 1, PORT61 },
};
static const struct device pit = {
	.ops = &i8254_ops,
	.name = "timer",
	.state = &state,
	.ranges = ranges,
	.nr_ranges = 2,
	.line = LINE,
};

/*
 * One counter as the data sheet draws it: a counting element that a clock moves, one call a clock.
 * It knows nothing of elapsed times. Counts are binary and two bytes wide; a count of 1 is not used
 * in modes 2 and 3.
 */
struct model {
	unsigned int mode;
	bool gate, out;
	bool trigger;	/* the gate has risen, the next clock acts on it */
	bool fresh;	/* written, and the next clock loads it */
	bool written;	/* the count register is valid */
	bool running;	/* the counting element has been loaded since the control word */
	bool armed;	/* modes 0, 1, 4, 5: the end has not been reached */
	bool disabled;	/* mode 0: between the bytes of a count */
	bool null_count;
	bool half;	/* mode 3: second half */
	uint32_t cr, ce, left; /* left: clocks to the end of the half in mode 3 */
};

static void model_program(struct model *m, unsigned int mode)
{
	struct model fresh = {
		.mode = mode,
		.gate = m->gate,
		.out = mode != 0,
		.null_count = true,
	};

	*m = fresh;
}

static void model_load(struct model *m)
{
	m->ce = m->cr;
	m->fresh = false;
	m->trigger = false;
	m->running = true;
	m->armed = true;
	m->null_count = false;
	m->half = false;
	m->left = (m->cr + 1) / 2;
	if (m->mode == 3)
		m->ce &= ~1u;
}

static void model_write_low(struct model *m)
{
	if (m->mode == 0) {
		m->disabled = true;
		m->running = false;
		m->fresh = false;
		m->out = false;
	}
}

static void model_write_high(struct model *m, uint16_t value)
{
	m->cr = value ? value : 65536;
	m->written = true;
	m->null_count = true;
	m->disabled = false;
	if (m->mode == 0 || m->mode == 4 || ((m->mode == 2 || m->mode == 3) && !m->running))
		m->fresh = true;
}

static void model_gate(struct model *m, bool gate)
{
	bool periodic = m->mode == 2 || m->mode == 3;

	if (gate && !m->gate && m->written)
		m->trigger = m->mode == 1 || m->mode == 5 || (m->running && periodic);
	if (!gate && periodic) {
		m->trigger = false;
		if (m->running)
			m->out = true;
	}
	m->gate = gate;
}

/* Modes 2 and 3 once loaded and enabled. */
static void model_clock_periodic(struct model *m)
{
	if (m->mode == 2) {
		if (m->ce == 1)
			model_load(m);
		else
			m->ce--;
		m->out = m->ce != 1;
		return;
	}
	if (--m->left) {
		m->ce -= 2;
		return;
	}
	m->half = !m->half;
	m->out = !m->half;
	m->null_count = false;
	m->left = m->half ? m->cr / 2 : (m->cr + 1) / 2;
	m->ce = m->cr & ~1u;
}

static void model_clock(struct model *m)
{
	if (m->trigger || m->fresh) {
		model_load(m);
		m->out = m->mode >= 2;
		return;
	}
	if (!m->running || m->disabled)
		return;
	if (m->mode == 4 || m->mode == 5)
		m->out = true; /* a strobe is one clock long, whatever the gate does */
	if (!m->gate && m->mode != 1 && m->mode != 5)
		return;
	if (m->mode == 2 || m->mode == 3) {
		model_clock_periodic(m);
		return;
	}
	m->ce = (m->ce - 1) & 0xffff;
	if (m->ce == 0 && m->armed) {
		m->armed = false;
		m->out = m->mode < 2;
	}
}

static uint64_t tick;

static void next_tick(void)
{
	tick++;
	fake.now = (uint64_t)(((long double)tick + 0.5L) * 1e9L / 1193182.0L);
}

static void start(struct model *m, unsigned int channel)
{
	static const struct i8254 zero;
	static const struct model off = { .null_count = true };

	fake_start();
	state = zero;
	tick = 100;
	next_tick();
	pit.ops->reset(&pit);
	*m = off;
	m->gate = channel == 0;
}

static uint16_t random_count(unsigned int mode)
{
	uint16_t value = (uint16_t)fake_random(fake_random(4) ? 20 : 65536);

	/* 1 is illegal in modes 2 and 3; the others stay, 0 (65536) among them */
	return (mode == 2 || mode == 3) && value == 1 ? 2 : value;
}

/*
 * One random thing that a program may do to @channel between two clocks; programs it when @program.
 */
static void act(struct model *m, unsigned int channel, bool program)
{
	uint16_t value;

	if (program) {
		unsigned int mode = fake_random(channel == 0 ? 5 : 6);

		fake_out8(&pit, COUNTERS, 3, (uint8_t)(channel << 6 | 0x30 | mode << 1));
		model_program(m, mode);
	}
	if (program || fake_random(2)) {
		value = random_count(m->mode);
		fake_out8(&pit, COUNTERS, channel, (uint8_t)value);
		model_write_low(m);
		fake_out8(&pit, COUNTERS, channel, (uint8_t)(value >> 8));
		model_write_high(m, value);
	} else if (channel == 2) {
		fake_out8(&pit, PORT61, 0, !m->gate);
		model_gate(m, !m->gate);
	}
}

static void compare(const struct model *m, unsigned int channel)
{
	uint8_t status;
	unsigned int read;

	fake_out8(&pit, COUNTERS, 3, (uint8_t)(0xc0 | 2u << channel));
	status = fake_in8(&pit, COUNTERS, channel);
	read = fake_in8(&pit, COUNTERS, channel);
	read |= (unsigned int)fake_in8(&pit, COUNTERS, channel) << 8;
	assert_int_equal(status >> 7, m->out);
	assert_int_equal(status >> 6 & 1, m->null_count);
	if (m->running)
		assert_int_equal(read, m->ce & 0xffff);
}

static void counter_2_agrees_with_the_model(void **context)
{
	struct model m;

	(void)context;
	for (uint32_t seed = 1; seed <= 60; seed++) {
		start(&m, 2);
		fake_seed(seed);
		for (unsigned int step = 0; step < 6000; step++) {
			if (step == 0 || fake_random(15) == 0)
				act(&m, 2, step == 0 || fake_random(12) == 0);
			next_tick();
			model_clock(&m);
			compare(&m, 2);
			assert_int_equal(fake_in8(&pit, PORT61, 0) >> 5 & 1, m.out);
		}
	}
}

/* In the periodic modes edges may be thinned out when they come faster than the device promises. */
static void edges_of_counter_0_agree_with_the_model(void **context)
{
	struct model m;
	unsigned int checked = 0;

	(void)context;
	for (uint32_t seed = 100; seed < 160; seed++) {
		start(&m, 0);
		fake_seed(seed);
		for (unsigned int step = 0; step < 6000; step++) {
			bool before;
			unsigned int rises = fake.rises[LINE];

			if (step == 0 || fake_random(200) == 0) {
				act(&m, 0, step == 0 || fake_random(4) == 0);
				rises = fake.rises[LINE];
			}
			before = m.out;
			next_tick();
			model_clock(&m);
			if (fake.timer <= fake.now)
				fake_advance(&pit, 0);
			if ((m.mode == 2 || m.mode == 3) && m.cr < I8254_MIN_INTERVAL) {
				assert_in_range(fake.rises[LINE] - rises, 0, m.out && !before);
				continue;
			}
			if (m.out && !before)
				checked++;
			/* A period just before may have been too short. */
			if (m.mode != 2 && m.mode != 3)
				assert_int_equal(fake.rises[LINE] - rises, m.out && !before);
			else if (fake.rises[LINE] != rises)
				assert_true(m.out && !before);
		}
	}
	assert_true(checked > 300);
}

static void nonsense_does_no_harm(void **context)
{
	struct model m;

	(void)context;
	start(&m, 0);
	fake_seed(9);
	fake_hammer(&pit, 100000);
	assert_int_equal(fake.useless_irqs, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(counter_2_agrees_with_the_model),
		cmocka_unit_test(edges_of_counter_0_agree_with_the_model),
		cmocka_unit_test(nonsense_does_no_harm),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
