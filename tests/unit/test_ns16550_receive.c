/* SPDX-License-Identifier: Apache-2.0 */
/* Reception, loopback and modem lines, and the way through an 8259. */
/* sources: src/vdev/ns16550.c src/vdev/i8259.c tests/unit/fake_device.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "fake_device.h"
#include "vdev/i8259.h"
#include "vdev/ns16550.h"

#define LINE 4

enum { DATA, IER, IIR, LCR, MCR, LSR, MSR, SCR, FCR = IIR };

/* IER and IIR */
#define RDI 1
#define THRI 2
#define RLSI 4
#define MSI 8
#define NO_INT 0x01
#define FIFO_IIR(cause) (0xc0 | (cause))

static struct ns16550 state;
static const struct device_range ranges[] = { { DEVICE_PIO, 0x3f8, 8, 0 } };
static const struct device uart = {
	.ops = &ns16550_ops,
	.name = "serial",
	.state = &state,
	.ranges = ranges,
	.nr_ranges = 1,
	.line = LINE,
};

static uint8_t in(unsigned int reg)
{
	return fake_in8(&uart, 0, reg);
}

static void out(unsigned int reg, uint8_t value)
{
	fake_out8(&uart, 0, reg, value);
}

static bool arrive(uint8_t byte)
{
	return uart.ops->receive(&uart, byte);
}

static int setup(void **context)
{
	static const struct ns16550 zero;

	(void)context;
	fake_start();
	state = zero;
	uart.ops->reset(&uart);
	return 0;
}

/* As a driver leaves it that works by interrupt: 115200 8N1, FIFOs with trigger 8, OUT2. */
static int driven(void **context)
{
	setup(context);
	out(LCR, 0x83);
	out(DATA, 1);
	out(IER, 0);
	out(LCR, 0x03);
	out(FCR, 0x81);
	out(MCR, 0x0b);
	return 0;
}

static int calm(void **context)
{
	(void)context;
	return fake.useless_irqs == 0 ? 0 : -1;
}

static void out2_gates_the_interrupt_line(void **context)
{
	(void)context;
	out(MCR, 0x03);
	out(IER, THRI);
	assert_int_equal(in(IIR) & 0x0f, 2);
	out(IER, 0);
	out(IER, THRI);
	assert_false(fake.level[LINE]);
	out(MCR, 0x0b);
	assert_true(fake.level[LINE]);
	out(MCR, 0x1b); /* in loopback the OUT2 pin is inactive */
	assert_false(fake.level[LINE]);
	out(MCR, 0x0b);
	assert_true(fake.level[LINE]);
}

static void without_fifos_one_byte_is_received_at_a_time(void **context)
{
	(void)context;
	out(MCR, 0x08);
	out(IER, RDI);
	assert_true(arrive('a'));
	assert_false(arrive('b'));
	assert_int_equal(in(LSR) & 3, 1);
	assert_int_equal(in(IIR), 4);
	assert_true(fake.level[LINE]);
	assert_int_equal(in(DATA), 'a');
	assert_false(fake.level[LINE]);
	assert_int_equal(in(LSR) & 3, 0);
	assert_true(arrive('b'));
	assert_int_equal(in(DATA), 'b');
}

static void the_receive_fifo_holds_sixteen_and_loses_none(void **context)
{
	(void)context;
	unsigned int sent = 0;
	unsigned int got = 0;

	fake_seed(7);
	while (got < 2000) {
		if (fake_random(2)) {
			if (arrive((uint8_t)sent))
				sent++;
			else
				assert_int_equal(sent - got, 16);
		} else if (in(LSR) & 1) {
			assert_int_equal(in(DATA), (uint8_t)got);
			got++;
		} else {
			assert_int_equal(sent, got);
		}
		assert_int_equal(in(LSR) & 2, 0);
	}
}

static void the_trigger_level_decides_when_data_interrupts(void **context)
{
	static const unsigned int levels[] = { 1, 4, 8, 14 };

	(void)context;
	out(IER, RDI);
	for (unsigned int i = 0; i < 4; i++) {
		out(FCR, (uint8_t)(i << 6 | 0x03));
		for (unsigned int n = 1; n <= 16; n++) {
			assert_true(arrive((uint8_t)n));
			assert_int_equal(fake.level[LINE], n >= levels[i]);
			assert_int_equal(in(IIR), FIFO_IIR(n >= levels[i] ? 4 : NO_INT));
			assert_int_equal(fake.timer == TIMER_OFF, n >= levels[i]);
		}
		for (unsigned int n = 16; n-- > 0;) {
			in(DATA);
			assert_int_equal(fake.level[LINE], n >= levels[i]);
		}
	}
}

static void the_time_out_comes_after_four_characters_of_silence(void **context)
{
	/* 4 characters of 10 bits at 115200 baud */
	const uint64_t four = UINT64_C(40) * NSEC_PER_SEC / 115200;

	(void)context;
	out(IER, RDI);
	assert_true(arrive('a'));
	fake_advance(&uart, four / 2);
	assert_true(arrive('b'));
	fake_advance(&uart, four - 1);
	assert_int_equal(in(IIR), FIFO_IIR(NO_INT));
	assert_false(fake.level[LINE]);
	fake_advance(&uart, 1);
	assert_true(fake.level[LINE]);
	assert_int_equal(in(IIR), FIFO_IIR(0x0c));
	assert_int_equal(in(IIR), FIFO_IIR(0x0c));
	/* Reading a byte ends it and starts the time again. */
	assert_int_equal(in(DATA), 'a');
	assert_false(fake.level[LINE]);
	fake_advance(&uart, four);
	assert_true(fake.level[LINE]);
	assert_int_equal(in(DATA), 'b');
	assert_false(fake.level[LINE]);
	fake_advance(&uart, 10 * four);
	assert_false(fake.level[LINE]);
	assert_true(fake.timer == TIMER_OFF);
}

static void the_time_out_follows_rate_and_format(void **context)
{
	(void)context;
	out(LCR, 0x80);
	out(DATA, 12);
	out(LCR, 0x1f); /* 8 data bits, parity, 2 stop bits: 12 in all */
	out(IER, RDI);
	assert_true(arrive('a'));
	assert_int_equal(fake.timer, UINT64_C(48) * NSEC_PER_SEC / 9600);
}

static void nobody_arms_a_timer_for_a_polled_receiver(void **context)
{
	(void)context;
	assert_true(arrive('a'));
	assert_int_equal(fake.timer_calls, 1); /* by reset */
	assert_true(fake.timer == TIMER_OFF);
	/* The silence counts from the last byte all the same. */
	fake_advance(&uart, NSEC_PER_SEC);
	assert_int_equal(in(IIR), FIFO_IIR(NO_INT));
	out(IER, RDI);
	assert_true(fake.level[LINE]);
	assert_int_equal(in(IIR), FIFO_IIR(0x0c));
}

static void the_line_stays_up_until_the_last_cause_is_served(void **context)
{
	(void)context;
	out(FCR, 0x01);
	out(IER, RDI | THRI);
	assert_true(arrive('x'));
	assert_int_equal(fake.rises[LINE], 1);
	in(DATA);
	assert_true(fake.level[LINE]);
	in(IIR);
	assert_false(fake.level[LINE]);
	assert_int_equal(fake.rises[LINE], 1);
	assert_true(arrive('y'));
	assert_int_equal(fake.rises[LINE], 2);
}

static void loopback_reflects_the_modem_outputs(void **context)
{
	static const uint8_t inputs[] = {
		0x00, 0x20, 0x10, 0x30, 0x40, 0x60, 0x50, 0x70,
		0x80, 0xa0, 0x90, 0xb0, 0xc0, 0xe0, 0xd0, 0xf0,
	};

	(void)context;
	for (uint8_t mcr = 0; mcr < 16; mcr++) {
		out(MCR, 0x10 | mcr);
		assert_int_equal(in(MSR) & 0xf0, inputs[mcr]);
		assert_int_equal(in(MSR) & 0x0f, 0);
	}
	out(MCR, 0);
	assert_int_equal(in(MSR) & 0xf0, 0xb0);
}

static void modem_deltas_are_set_by_changes_and_cleared_by_reading(void **context)
{
	(void)context;
	out(MCR, 0x1b); /* all as outside: CTS, DSR, DCD */
	in(MSR);
	out(IER, MSI);
	out(MCR, 0x19);
	assert_int_equal(in(IIR), FIFO_IIR(0));
	assert_int_equal(in(MSR), 0xa1);
	assert_int_equal(in(IIR), FIFO_IIR(NO_INT));
	out(MCR, 0x18);
	assert_int_equal(in(MSR), 0x82);
	out(MCR, 0x10);
	assert_int_equal(in(MSR), 0x08);
	out(MCR, 0x14); /* the ring indicator: only its end counts */
	assert_int_equal(in(MSR), 0x40);
	out(MCR, 0x10);
	assert_int_equal(in(MSR), 0x04);
}

static void loopback_cuts_the_outside_off(void **context)
{
	(void)context;
	out(MCR, 0x10);
	out(DATA, 'x');
	assert_int_equal(fake.nr_sent, 0);
	assert_false(arrive('y'));
	assert_int_equal(in(DATA), 'x');
	assert_int_equal(in(LSR) & 1, 0);
	out(MCR, 0);
	assert_true(arrive('y'));
	assert_int_equal(in(DATA), 'y');
}

static void without_fifos_an_overrun_destroys_the_older_byte(void **context)
{
	(void)context;
	out(MCR, 0x10);
	out(DATA, 'a');
	out(DATA, 'b');
	assert_int_equal(in(LSR), 0x63);
	assert_int_equal(in(LSR), 0x61);
	assert_int_equal(in(DATA), 'b');
	assert_int_equal(in(LSR), 0x60);
}

static void switching_the_fifos_clears_them(void **context)
{
	(void)context;
	assert_true(arrive('a'));
	out(FCR, 0x00);
	assert_int_equal(in(LSR) & 1, 0);
	assert_int_equal(in(IIR), NO_INT);
	assert_true(arrive('b'));
	out(FCR, 0x01);
	assert_int_equal(in(LSR) & 1, 0);
	assert_true(arrive('c'));
	out(FCR, 0x41); /* only the trigger level changes */
	assert_int_equal(in(LSR) & 1, 1);
	out(FCR, 0x43);
	assert_int_equal(in(LSR) & 1, 0);
}

static struct i8259 pic_state;
static const struct device pic = { .ops = &i8259_ops, .name = "pic", .state = &pic_state };

static void start_pic(void)
{
	static const struct i8259 zero;

	pic_state = zero;
	pic.ops->reset(&pic);
	fake_out8(&pic, 0, 0, 0x11);
	fake_out8(&pic, 0, 1, 0x30);
	fake_out8(&pic, 0, 1, 0x04);
	fake_out8(&pic, 0, 1, 0x01);
	fake_out8(&pic, 0, 1, 0x00);
	fake.controllers[0] = &pic;
}

/* A driver's interrupt routine: serves causes until none is left; bytes received go to @got. */
static void serve(uint8_t *got, unsigned int *nr_got, unsigned int *to_send)
{
	for (;;) {
		switch (in(IIR) & 0x0f) {
		case 4:
		case 0x0c:
			while (in(LSR) & 1)
				got[(*nr_got)++] = in(DATA);
			break;
		case 2:
			for (unsigned int i = 0; i < 16 && *to_send; i++, (*to_send)--)
				out(DATA, (uint8_t)*to_send);
			if (*to_send == 0)
				out(IER, RDI);
			break;
		default:
			return;
		}
	}
}

static void an_edge_triggered_controller_misses_nothing(void **context)
{
	static uint8_t got[FAKE_RECORDS];
	unsigned int nr_got = 0;
	unsigned int offered = 0;
	unsigned int to_send = 1500;

	(void)context;
	start_pic();
	fake_seed(3);
	out(IER, RDI | THRI);
	for (unsigned int step = 0; step < 20000; step++) {
		if (offered < 1500 && fake_random(4) == 0 && arrive((uint8_t)offered))
			offered++;
		if (fake_random(8) == 0)
			fake.sink_room = fake_random(20);
		if (fake.sink_room && fake_random(3) == 0)
			uart.ops->transmit_ready(&uart);
		fake_advance(&uart, fake_random(200000));
		if (fake.intr && fake_random(2)) {
			assert_int_equal(i8259_acknowledge(&pic), 0x30 + LINE);
			serve(got, &nr_got, &to_send);
			fake_out8(&pic, 0, 0, 0x20);
		}
	}
	assert_int_equal(offered, 1500);
	assert_int_equal(nr_got, 1500);
	assert_int_equal(to_send, 0);
	assert_int_equal(fake.nr_sent, 1500);
	for (unsigned int i = 0; i < 1500; i++) {
		assert_int_equal(got[i], (uint8_t)i);
		assert_int_equal(fake.sent[i], (uint8_t)(1500 - i));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(out2_gates_the_interrupt_line, driven, calm),
		cmocka_unit_test_setup_teardown(without_fifos_one_byte_is_received_at_a_time, setup,
						calm),
		cmocka_unit_test_setup_teardown(
			the_receive_fifo_holds_sixteen_and_loses_none, driven,
			calm),
		cmocka_unit_test_setup_teardown(
			the_trigger_level_decides_when_data_interrupts, driven,
			calm),
		cmocka_unit_test_setup_teardown(
			the_time_out_comes_after_four_characters_of_silence, driven,
			calm),
		cmocka_unit_test_setup_teardown(the_time_out_follows_rate_and_format, driven, calm),
		cmocka_unit_test_setup_teardown(nobody_arms_a_timer_for_a_polled_receiver, driven,
						calm),
		cmocka_unit_test_setup_teardown(
			the_line_stays_up_until_the_last_cause_is_served, driven,
			calm),
		cmocka_unit_test_setup_teardown(loopback_reflects_the_modem_outputs, driven, calm),
		cmocka_unit_test_setup_teardown(
			modem_deltas_are_set_by_changes_and_cleared_by_reading, driven,
			calm),
		cmocka_unit_test_setup_teardown(loopback_cuts_the_outside_off, driven, calm),
		cmocka_unit_test_setup_teardown(
			without_fifos_an_overrun_destroys_the_older_byte, setup,
			calm),
		cmocka_unit_test_setup_teardown(switching_the_fifos_clears_them, driven, calm),
		cmocka_unit_test_setup_teardown(an_edge_triggered_controller_misses_nothing, driven,
						calm),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
