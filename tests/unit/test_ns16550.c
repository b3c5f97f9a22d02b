/* SPDX-License-Identifier: Apache-2.0 */
/* Registers, transmission, interrupt causes, and what Linux looks for. */
/* sources: src/vdev/ns16550.c tests/unit/fake_device.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "fake_device.h"
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
	assert_int_equal(uart.ops->read(&uart, 0, LCR, 8), UINT64_C(0xffffffaab0600b03));
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
			calm),
		cmocka_unit_test_setup_teardown(reset_takes_a_pending_interrupt_back, driven, calm),
		cmocka_unit_test_setup_teardown(reset_ends_a_running_time_out, driven, calm),
		cmocka_unit_test_setup_teardown(only_the_bits_that_exist_can_be_written, setup,
						calm),
		cmocka_unit_test_setup_teardown(the_divisor_stands_behind_dlab_only, setup, calm),
		cmocka_unit_test_setup_teardown(transmitted_bytes_reach_the_sink_in_order, setup,
						calm),
		cmocka_unit_test_setup_teardown(a_refused_byte_waits_in_the_transmitter, driven,
						calm),
		cmocka_unit_test_setup_teardown(a_full_fifo_drops_what_is_written_beyond_it, driven,
						calm),
		cmocka_unit_test_setup_teardown(
			without_fifos_one_byte_waits_and_the_last_one_wins, setup,
			calm),
		cmocka_unit_test_setup_teardown(
			clearing_the_transmit_fifo_discards_and_reports_empty, driven,
			calm),
		cmocka_unit_test_setup_teardown(
			enabling_thri_while_empty_interrupts_each_time, driven,
			calm),
		cmocka_unit_test_setup_teardown(
			writing_ier_again_does_not_repeat_a_served_thre, driven,
			calm),
		cmocka_unit_test_setup_teardown(
			reading_iir_for_another_cause_leaves_thre_pending, driven,
			calm),
		cmocka_unit_test_setup_teardown(each_byte_written_makes_a_new_edge, driven, calm),
		cmocka_unit_test_setup_teardown(the_causes_have_the_data_sheets_order, driven,
						calm),
		cmocka_unit_test_setup_teardown(fifo_bits_need_the_enable_bit, setup, calm),
		cmocka_unit_test_setup_teardown(linux_recognises_a_16550a, setup, calm),
		cmocka_unit_test_setup_teardown(wide_accesses_are_byte_accesses_in_a_row, setup,
						calm),
		cmocka_unit_test_setup_teardown(nonsense_does_no_harm, driven, calm),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
