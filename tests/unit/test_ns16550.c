/* SPDX-License-Identifier: Apache-2.0 */
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
static int setup_driven(void **context)
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

static int no_useless_irqs(void **context)
{
	(void)context;
	return fake.useless_irqs == 0 ? 0 : -1;
}

static void reset_puts_the_registers_where_the_data_sheet_says(void **context)
{
	(void)context;
	assert_int_equal(in(IER), 0);
	assert_int_equal(in(IIR), NO_INT);
	assert_int_equal(in(LCR), 0);
	assert_int_equal(in(MCR), 0);
	assert_int_equal(in(LSR), 0x60);
	assert_int_equal(in(MSR), 0xb0);
	assert_int_equal(in(DATA), 0);
	assert_false(fake.level[LINE]);
}

static void reset_takes_a_pending_interrupt_back(void **context)
{
	(void)context;
	out(IER, THRI);
	assert_true(fake.level[LINE]);
	uart.ops->reset(&uart);
	assert_false(fake.level[LINE]);
}

static void reset_ends_a_running_time_out(void **context)
{
	(void)context;
	out(IER, RDI);
	assert_true(arrive('x'));
	assert_true(fake.timer != TIMER_OFF);
	uart.ops->reset(&uart);
	assert_true(fake.timer == TIMER_OFF);
}

static void only_the_bits_that_exist_can_be_written(void **context)
{
	(void)context;
	out(IER, 0xff);
	assert_int_equal(in(IER), 0x0f);
	out(IER, 0);
	out(MCR, 0xff);
	assert_int_equal(in(MCR), 0x1f);
	out(LSR, 0xff);
	assert_int_equal(in(LSR) & 0x9f, 0);
	for (unsigned int i = 0; i < 256; i++) {
		out(SCR, (uint8_t)i);
		assert_int_equal(in(SCR), i);
	}
}

static void the_divisor_stands_behind_dlab_only(void **context)
{
	(void)context;
	out(LCR, 0x80);
	out(DATA, 0x34);
	out(IER, 0x12);
	assert_int_equal(in(DATA), 0x34);
	assert_int_equal(in(IER), 0x12);
	assert_int_equal(fake.nr_sent, 0);
	out(LCR, 0x03);
	assert_int_equal(in(IER), 0);
	out(LCR, 0x83);
	assert_int_equal(fake_in(&uart, 0, DATA, 2), 0x1234);
}

static void transmitted_bytes_reach_the_sink_in_order(void **context)
{
	(void)context;
	for (unsigned int i = 0; i < 600; i++) {
		assert_int_equal(in(LSR) & 0x60, 0x60);
		out(DATA, (uint8_t)i);
	}
	assert_int_equal(fake.nr_sent, 600);
	for (unsigned int i = 0; i < 600; i++)
		assert_int_equal(fake.sent[i], (uint8_t)i);
}

static void a_refused_byte_waits_in_the_transmitter(void **context)
{
	(void)context;
	fake.sink_room = 3;
	out(IER, THRI);
	assert_int_equal(in(IIR), FIFO_IIR(2));
	for (uint8_t i = 0; i < 16; i++)
		out(DATA, i);
	assert_int_equal(fake.nr_sent, 3);
	assert_int_equal(in(LSR) & 0x60, 0);
	assert_int_equal(in(IIR), FIFO_IIR(NO_INT));
	assert_false(fake.level[LINE]);

	fake.sink_room = 5;
	uart.ops->transmit_ready(&uart);
	assert_int_equal(in(LSR) & 0x60, 0);
	assert_false(fake.level[LINE]);

	fake.sink_room = 100;
	uart.ops->transmit_ready(&uart);
	assert_int_equal(in(LSR) & 0x60, 0x60);
	assert_true(fake.level[LINE]);
	assert_int_equal(fake.nr_sent, 16);
	for (uint8_t i = 0; i < 16; i++)
		assert_int_equal(fake.sent[i], i);
	uart.ops->transmit_ready(&uart);
	assert_int_equal(fake.nr_sent, 16);
}

static void a_full_fifo_drops_what_is_written_beyond_it(void **context)
{
	(void)context;
	fake.sink_room = 0;
	for (uint8_t i = 0; i < 20; i++)
		out(DATA, i);
	fake.sink_room = 100;
	uart.ops->transmit_ready(&uart);
	assert_int_equal(fake.nr_sent, 16);
	assert_int_equal(fake.sent[15], 15);
}

static void without_fifos_one_byte_waits_and_the_last_one_wins(void **context)
{
	(void)context;
	fake.sink_room = 0;
	out(DATA, 'a');
	out(DATA, 'b');
	assert_int_equal(in(LSR) & 0x60, 0);
	fake.sink_room = 9;
	uart.ops->transmit_ready(&uart);
	assert_int_equal(fake.nr_sent, 1);
	assert_int_equal(fake.sent[0], 'b');
}

static void clearing_the_transmit_fifo_discards_and_reports_empty(void **context)
{
	(void)context;
	fake.sink_room = 0;
	out(IER, THRI);
	in(IIR);
	out(DATA, 'a');
	assert_false(fake.level[LINE]);
	out(FCR, 0x85);
	assert_int_equal(in(LSR) & 0x60, 0x60);
	assert_true(fake.level[LINE]);
	fake.sink_room = 9;
	uart.ops->transmit_ready(&uart);
	assert_int_equal(fake.nr_sent, 0);
}

static void enabling_thri_while_empty_interrupts_each_time(void **context)
{
	(void)context;
	/* Linux: "Test for UARTs that do not reassert THRE when the transmitter is idle" */
	for (unsigned int i = 0; i < 3; i++) {
		out(IER, THRI);
		assert_true(fake.level[LINE]);
		assert_int_equal(in(IIR), FIFO_IIR(2));
		assert_int_equal(in(IIR), FIFO_IIR(NO_INT));
		assert_false(fake.level[LINE]);
		out(IER, 0);
	}
	/* Again, without having read IIR in between */
	out(IER, THRI);
	out(IER, 0);
	assert_false(fake.level[LINE]);
	out(IER, THRI);
	assert_int_equal(in(IIR), FIFO_IIR(2));
}

static void writing_ier_again_does_not_repeat_a_served_thre(void **context)
{
	(void)context;
	out(IER, THRI);
	assert_int_equal(in(IIR), FIFO_IIR(2));
	out(IER, THRI | RDI);
	assert_int_equal(in(IIR), FIFO_IIR(NO_INT));
}

static void reading_iir_for_another_cause_leaves_thre_pending(void **context)
{
	(void)context;
	out(FCR, 0x01);
	out(IER, THRI | RDI);
	assert_true(arrive('x'));
	assert_int_equal(in(IIR), FIFO_IIR(4));
	assert_int_equal(in(DATA), 'x');
	assert_int_equal(in(IIR), FIFO_IIR(2));
	assert_int_equal(in(IIR), FIFO_IIR(NO_INT));
}

static void each_byte_written_makes_a_new_edge(void **context)
{
	(void)context;
	out(IER, THRI);
	for (unsigned int i = 1; i <= 5; i++) {
		assert_int_equal(fake.rises[LINE], i);
		assert_true(fake.level[LINE]);
		out(DATA, 'x');
	}
	assert_int_equal(fake.falls[LINE], 5);
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
	out(IER, RDI);
	assert_true(fake.level[LINE]);
	assert_int_equal(in(IIR), FIFO_IIR(0x0c));
}

static void the_causes_have_the_data_sheets_order(void **context)
{
	(void)context;
	out(FCR, 0x01);
	out(MCR, 0x1a); /* loopback: modem lines change, and bytes overrun */
	for (unsigned int i = 0; i < 17; i++)
		out(DATA, (uint8_t)i);
	out(IER, RDI | THRI | RLSI | MSI);
	assert_int_equal(in(IIR), FIFO_IIR(6));
	assert_int_equal(in(LSR), 0x63);
	assert_int_equal(in(LSR), 0x61);
	assert_int_equal(in(IIR), FIFO_IIR(4));
	for (unsigned int i = 0; i < 16; i++)
		assert_int_equal(in(DATA), i);
	assert_int_equal(in(IIR), FIFO_IIR(2));
	assert_int_equal(in(IIR), FIFO_IIR(0));
	assert_int_not_equal(in(MSR) & 0x0f, 0);
	assert_int_equal(in(IIR), FIFO_IIR(NO_INT));
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

static void fifo_bits_need_the_enable_bit(void **context)
{
	(void)context;
	out(FCR, 0xc0);
	out(IER, RDI);
	assert_int_equal(in(IIR), NO_INT);
	assert_true(arrive('a'));
	assert_int_equal(in(IIR), 4);
}

/* What Linux's autoconfig() does, step by step, up to the name "16550A". */
static void linux_recognises_a_16550a(void **context)
{
	unsigned int count = 0;

	(void)context;
	out(IER, 0);
	assert_int_equal(in(IER) & 0x0f, 0);
	out(IER, 0x0f);
	assert_int_equal(in(IER) & 0x0f, 0x0f);
	out(IER, 0);
	out(MCR, 0x1a);
	assert_int_equal(in(MSR) & 0xf0, 0x90);
	out(MCR, 0);
	out(LCR, 0xbf);
	out(IIR, 0); /* EFR of other chips */
	out(LCR, 0);
	out(FCR, 1);
	assert_int_equal(in(IIR) >> 6, 3);
	/* Not a 16650, 16850, ...: their EFR would read as 0 */
	out(LCR, 0x80);
	assert_int_not_equal(in(IIR), 0);
	out(LCR, 0xbf);
	assert_int_not_equal(in(IIR), 0);
	/* Not a National SuperIO: MCR's loop bit does not show in the register at 2 */
	out(LCR, 0);
	out(MCR, 0x10);
	out(LCR, 0xe0);
	assert_int_equal(in(IIR) & 0x10, 0);
	out(LCR, 0);
	out(MCR, 0);
	/* Not a 16750: no 64-byte FIFO */
	out(FCR, 0x21);
	assert_int_equal(in(IIR) >> 5, 6);
	out(FCR, 1);
	out(LCR, 0x80);
	out(FCR, 0x21);
	assert_int_equal(in(IIR) >> 5, 6);
	out(FCR, 1);
	out(LCR, 0);
	/* Not an XScale: IER has no UUE bit */
	out(IER, 0x40);
	assert_int_equal(in(IER) & 0x40, 0);
	/* size_fifo(): 256 bytes through the loop, 16 remain */
	out(FCR, 7);
	out(MCR, 0x10);
	out(LCR, 3);
	for (unsigned int i = 0; i < 256; i++)
		out(DATA, (uint8_t)i);
	for (; (in(LSR) & 1) && count < 256; count++)
		assert_int_equal(in(DATA), count);
	assert_int_equal(count, 16);
	/* serial8250_do_startup(): TXEN test */
	out(FCR, 0);
	out(MCR, 8);
	out(IER, THRI);
	assert_int_equal(in(LSR) & 0x40, 0x40);
	assert_int_equal(in(IIR) & NO_INT, 0);
}

static void wide_accesses_are_byte_accesses_in_a_row(void **context)
{
	(void)context;
	fake_out(&uart, 0, LCR, 2, 0x0b03);
	assert_int_equal(in(LCR), 3);
	assert_int_equal(in(MCR), 0x0b);
	assert_int_equal(fake_in(&uart, 0, LCR, 4), 0xb0600b03);
	fake_out(&uart, 0, SCR, 2, 0x99aa);
	assert_int_equal(fake_in(&uart, 0, SCR, 4), 0xffffffaa);
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

static void nonsense_does_no_harm(void **context)
{
	(void)context;
	fake_seed(11);
	for (unsigned int i = 0; i < 50; i++) {
		fake_hammer(&uart, 1000);
		assert_int_equal(fake.useless_irqs, 0);
		fake.sink_room = fake_random(2) ? 0 : UINT32_MAX;
		fake.nr_sent = 0;
		assert_true(state.rx.count <= NS16550_FIFO_SIZE);
		assert_true(state.tx.count <= NS16550_FIFO_SIZE);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			reset_puts_the_registers_where_the_data_sheet_says, setup,
			no_useless_irqs),
		cmocka_unit_test_setup_teardown(
			reset_takes_a_pending_interrupt_back, setup_driven,
			no_useless_irqs),
		cmocka_unit_test_setup_teardown(
			reset_ends_a_running_time_out, setup_driven,
			no_useless_irqs),
		cmocka_unit_test_setup_teardown(
			only_the_bits_that_exist_can_be_written, setup,
			no_useless_irqs),
		cmocka_unit_test_setup_teardown(
			the_divisor_stands_behind_dlab_only, setup,
			no_useless_irqs),
		cmocka_unit_test_setup_teardown(
			transmitted_bytes_reach_the_sink_in_order, setup,
			no_useless_irqs),
		cmocka_unit_test_setup_teardown(
			a_refused_byte_waits_in_the_transmitter, setup_driven,
			no_useless_irqs),
		cmocka_unit_test_setup_teardown(
			a_full_fifo_drops_what_is_written_beyond_it, setup_driven,
			no_useless_irqs),
		cmocka_unit_test_setup_teardown(
			without_fifos_one_byte_waits_and_the_last_one_wins, setup,
			no_useless_irqs),
		cmocka_unit_test_setup_teardown(
			clearing_the_transmit_fifo_discards_and_reports_empty, setup_driven,
			no_useless_irqs),
		cmocka_unit_test_setup_teardown(
			enabling_thri_while_empty_interrupts_each_time, setup_driven,
			no_useless_irqs),
		cmocka_unit_test_setup_teardown(
			writing_ier_again_does_not_repeat_a_served_thre, setup_driven,
			no_useless_irqs),
		cmocka_unit_test_setup_teardown(
			reading_iir_for_another_cause_leaves_thre_pending, setup_driven,
			no_useless_irqs),
		cmocka_unit_test_setup_teardown(
			each_byte_written_makes_a_new_edge, setup_driven,
			no_useless_irqs),
		cmocka_unit_test_setup_teardown(
			out2_gates_the_interrupt_line, setup_driven,
			no_useless_irqs),
		cmocka_unit_test_setup_teardown(
			without_fifos_one_byte_is_received_at_a_time, setup,
			no_useless_irqs),
		cmocka_unit_test_setup_teardown(
			the_receive_fifo_holds_sixteen_and_loses_none, setup_driven,
			no_useless_irqs),
		cmocka_unit_test_setup_teardown(
			the_trigger_level_decides_when_data_interrupts, setup_driven,
			no_useless_irqs),
		cmocka_unit_test_setup_teardown(
			the_time_out_comes_after_four_characters_of_silence, setup_driven,
			no_useless_irqs),
		cmocka_unit_test_setup_teardown(
			the_time_out_follows_rate_and_format, setup_driven,
			no_useless_irqs),
		cmocka_unit_test_setup_teardown(
			nobody_arms_a_timer_for_a_polled_receiver, setup_driven,
			no_useless_irqs),
		cmocka_unit_test_setup_teardown(
			the_causes_have_the_data_sheets_order, setup_driven,
			no_useless_irqs),
		cmocka_unit_test_setup_teardown(
			the_line_stays_up_until_the_last_cause_is_served, setup_driven,
			no_useless_irqs),
		cmocka_unit_test_setup_teardown(
			loopback_reflects_the_modem_outputs, setup_driven,
			no_useless_irqs),
		cmocka_unit_test_setup_teardown(
			modem_deltas_are_set_by_changes_and_cleared_by_reading, setup_driven,
			no_useless_irqs),
		cmocka_unit_test_setup_teardown(
			loopback_cuts_the_outside_off, setup_driven,
			no_useless_irqs),
		cmocka_unit_test_setup_teardown(
			without_fifos_an_overrun_destroys_the_older_byte, setup,
			no_useless_irqs),
		cmocka_unit_test_setup_teardown(
			switching_the_fifos_clears_them, setup_driven,
			no_useless_irqs),
		cmocka_unit_test_setup_teardown(
			fifo_bits_need_the_enable_bit, setup,
			no_useless_irqs),
		cmocka_unit_test_setup_teardown(linux_recognises_a_16550a, setup, no_useless_irqs),
		cmocka_unit_test_setup_teardown(
			wide_accesses_are_byte_accesses_in_a_row, setup,
			no_useless_irqs),
		cmocka_unit_test_setup_teardown(
			an_edge_triggered_controller_misses_nothing, setup_driven,
			no_useless_irqs),
		cmocka_unit_test_setup_teardown(
			nonsense_does_no_harm, setup_driven,
			no_useless_irqs),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
