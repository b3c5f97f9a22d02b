/* SPDX-License-Identifier: Apache-2.0 */
/* sources: src/vdev/i8254.c tests/unit/fake_device.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "fake_device.h"
#include "vdev/i8254.h"

#define LINE 0
#define HZ UINT64_C(1193182)

enum { COUNTERS, PORT61 };
enum { CONTROL = 3 };

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
 * The time in the middle of clock @tick: long double is exact enough for the ranges of these tests.
 */
static uint64_t time_of(uint64_t tick)
{
	return (uint64_t)(((long double)tick + 0.5L) * 1e9L / HZ);
}

/* Lets the world run to clock @tick. */
static void go_to(uint64_t tick)
{
	fake_advance(&pit, time_of(tick) - fake.now);
}

static void control(uint8_t value)
{
	fake_out8(&pit, COUNTERS, CONTROL, value);
}

static void count(unsigned int channel, uint16_t value)
{
	fake_out8(&pit, COUNTERS, channel, (uint8_t)value);
	fake_out8(&pit, COUNTERS, channel, (uint8_t)(value >> 8));
}

static uint16_t read_count(unsigned int channel)
{
	uint8_t low = fake_in8(&pit, COUNTERS, channel);

	return (uint16_t)(low | fake_in8(&pit, COUNTERS, channel) << 8);
}

static uint8_t status(unsigned int channel)
{
	control((uint8_t)(0xe0 | 2u << channel));
	return fake_in8(&pit, COUNTERS, channel);
}

static bool out2(void)
{
	return fake_in8(&pit, PORT61, 0) & 0x20;
}

static int setup(void **context)
{
	static const struct i8254 zero;

	(void)context;
	fake_start();
	state = zero;
	pit.ops->reset(&pit);
	go_to(1000);
	return 0;
}

static int calm(void **context)
{
	(void)context;
	return fake.useless_irqs == 0 ? 0 : -1;
}

static void mode_0_ends_n_plus_1_clocks_after_the_count(void **context)
{
	(void)context;
	control(0x30);
	count(0, 4);
	for (unsigned int i = 1; i <= 4; i++) {
		go_to(1000 + i);
		assert_int_equal(read_count(0), 5 - i);
		assert_int_equal(status(0), 0x30);
		assert_false(fake.level[LINE]);
	}
	go_to(1005);
	assert_true(fake.level[LINE]);
	assert_int_equal(status(0), 0xb0);
	assert_int_equal(read_count(0), 0);
	go_to(1006);
	assert_int_equal(read_count(0), 0xffff);
	go_to(500000);
	assert_int_equal(fake.rises[LINE], 1);
	assert_true(fake.timer == TIMER_OFF);
}

static void mode_0_goes_low_with_the_first_byte_of_a_new_count(void **context)
{
	(void)context;
	control(0x30);
	count(0, 10);
	go_to(1100);
	assert_true(fake.level[LINE]);
	fake_out8(&pit, COUNTERS, 0, 5);
	assert_false(fake.level[LINE]);
	go_to(1200); /* counting is disabled until the second byte */
	assert_false(fake.level[LINE]);
	fake_out8(&pit, COUNTERS, 0, 0);
	go_to(1205);
	assert_false(fake.level[LINE]);
	go_to(1206);
	assert_true(fake.level[LINE]);
}

static void mode_2_divides_with_one_low_clock(void **context)
{
	(void)context;
	control(0xb4);
	fake_out8(&pit, PORT61, 0, 1);
	count(2, 5);
	for (unsigned int i = 1; i < 100; i++) {
		go_to(1000 + i);
		assert_int_equal(out2(), (i - 1) % 5 != 4);
		assert_int_equal(read_count(2), 5 - (i - 1) % 5);
	}
}

static void mode_2_gives_one_edge_a_period_in_phase_for_ever(void **context)
{
	(void)context;
	control(0x34);
	count(0, 11932);
	for (unsigned int i = 0; i < 1000; i++) {
		uint64_t edge = 1001 + UINT64_C(11932) * (i + 1);

		go_to(edge - 1);
		assert_int_equal(fake.rises[LINE], 1 + i);
		go_to(edge);
		assert_int_equal(fake.rises[LINE], 2 + i);
		assert_true(fake.level[LINE]);
	}
	/* 1000 periods: as many callbacks, no more. The first rise is that of the control word. */
	assert_int_equal(fake.timer_runs, 1000);
	assert_int_equal(fake.falls[LINE], 1000);
}

static void ten_years_bring_no_drift(void **context)
{
	const uint64_t seconds = UINT64_C(315360000);

	(void)context;
	control(0x34);
	count(0, 0);
	/* A whole number of seconds is a whole number of clocks, whatever the nanoseconds do. */
	fake.now += seconds * NSEC_PER_SEC;
	assert_int_equal(read_count(0), (uint16_t)(0 - (seconds * HZ - 1) % 65536));
}

static void a_late_callback_gives_one_edge_and_keeps_the_phase(void **context)
{
	(void)context;
	control(0x34);
	count(0, 1000);
	go_to(1500);
	fake.now = time_of(1001 + 5 * 1000 + 300); /* five periods without a callback */
	fake_advance(&pit, 0);
	assert_int_equal(fake.rises[LINE], 2);
	assert_int_equal(fake.timer_runs, 1);
	go_to(1001 + 6000 - 1);
	assert_int_equal(fake.rises[LINE], 2);
	go_to(1001 + 6000);
	assert_int_equal(fake.rises[LINE], 3);
}

static void an_edge_due_is_delivered_before_the_counter_is_set_anew(void **context)
{
	(void)context;
	control(0x38);
	count(0, 100);
	fake.now = time_of(2000);
	count(0, 200);
	assert_int_equal(fake.rises[LINE], 2);
}

static void mode_3_is_a_square_wave_of_even_and_odd_counts(void **context)
{
	(void)context;
	for (uint16_t n = 2; n < 12; n++) {
		uint64_t begin;

		control(0xb6);
		fake_out8(&pit, PORT61, 0, 1);
		count(2, n);
		begin = fake.now * HZ / NSEC_PER_SEC + 1;
		for (unsigned int i = 0; i < 40; i++) {
			unsigned int phase = i % n;
			bool high = phase < (n + 1u) / 2;

			go_to(begin + i);
			assert_int_equal(out2(), high);
			if (!high)
				phase -= (n + 1u) / 2;
			assert_int_equal(read_count(2), (n & ~1u) - 2 * phase);
		}
	}
}

static void mode_3_interrupts_once_a_period(void **context)
{
	(void)context;
	control(0x36);
	count(0, 0);
	go_to(1001 + 65536 * 18);
	assert_int_equal(fake.rises[LINE], 1 + 18);
	assert_int_equal(fake.timer_runs, 18);
}

static void mode_4_strobes_once(void **context)
{
	(void)context;
	control(0xb8);
	fake_out8(&pit, PORT61, 0, 1);
	count(2, 3);
	for (unsigned int i = 1; i < 30; i++) {
		go_to(1000 + i);
		assert_int_equal(out2(), i != 4);
	}
}

static void mode_4_interrupts_after_the_strobe(void **context)
{
	(void)context;
	/* As Linux programs one-shot ticks */
	control(0x38);
	for (unsigned int i = 0; i < 10; i++) {
		uint64_t now = 1000 + i * UINT64_C(5000);
		unsigned int rises = fake.rises[LINE];

		count(0, 4000);
		go_to(now + 4001);
		assert_int_equal(fake.rises[LINE], rises);
		go_to(now + 4002);
		assert_int_equal(fake.rises[LINE], rises + 1);
		go_to(now + 5000);
		assert_int_equal(fake.rises[LINE], rises + 1);
	}
}

static void mode_1_is_started_by_the_gate(void **context)
{
	(void)context;
	control(0xb2);
	count(2, 10);
	go_to(1050);
	assert_true(out2());
	fake_out8(&pit, PORT61, 0, 1);
	assert_true(out2());
	go_to(1051);
	assert_false(out2());
	go_to(1055);
	fake_out8(&pit, PORT61, 0, 0); /* falling: no effect */
	fake_out8(&pit, PORT61, 0, 1);
	for (unsigned int i = 0; i < 10; i++) {
		go_to(1056 + i);
		assert_false(out2());
		assert_int_equal(read_count(2), 10 - i);
	}
	go_to(1066);
	assert_true(out2());
}

static void mode_5_strobes_after_the_gate_rose(void **context)
{
	(void)context;
	control(0xba);
	count(2, 3);
	fake_out8(&pit, PORT61, 0, 1);
	for (unsigned int i = 1; i < 30; i++) {
		go_to(1000 + i);
		assert_int_equal(out2(), i != 4);
	}
}

static void gate_2_stops_mode_0_and_goes_on_where_it_was(void **context)
{
	(void)context;
	control(0xb0);
	fake_out8(&pit, PORT61, 0, 1);
	count(2, 100);
	go_to(1001 + 40);
	fake_out8(&pit, PORT61, 0, 0);
	go_to(5000);
	assert_int_equal(read_count(2), 60);
	assert_false(out2());
	fake_out8(&pit, PORT61, 0, 1);
	go_to(5059);
	assert_false(out2());
	go_to(5060);
	assert_true(out2());
}

static void gate_2_stops_and_restarts_periodic_modes(void **context)
{
	(void)context;
	for (uint8_t mode = 2; mode <= 3; mode++) {
		uint64_t now = fake.now * HZ / NSEC_PER_SEC;

		control((uint8_t)(0xb0 | mode << 1));
		fake_out8(&pit, PORT61, 0, 1);
		count(2, 4);
		go_to(now + 4);
		assert_false(out2());
		fake_out8(&pit, PORT61, 0, 0);
		assert_true(out2());
		go_to(now + 50);
		assert_true(out2());
		fake_out8(&pit, PORT61, 0, 1);
		go_to(now + 51);
		assert_int_equal(read_count(2), 4);
		go_to(now + 54);
		assert_false(out2());
		go_to(now + 100);
	}
}

static void a_new_rate_waits_for_the_end_of_the_period(void **context)
{
	(void)context;
	control(0x34);
	count(0, 1000);
	go_to(1200);
	count(0, 500);
	assert_int_equal(status(0), 0xf4); /* null count */
	assert_int_equal(read_count(0), 1000 - 199);
	go_to(2000);
	assert_int_equal(fake.rises[LINE], 1);
	go_to(2001);
	assert_int_equal(fake.rises[LINE], 2);
	assert_int_equal(status(0), 0xb4);
	assert_int_equal(read_count(0), 500);
	go_to(2501);
	assert_int_equal(fake.rises[LINE], 3);
}

static void a_new_square_wave_waits_for_half_a_period(void **context)
{
	(void)context;
	control(0xb6);
	fake_out8(&pit, PORT61, 0, 1);
	count(2, 1000);
	go_to(1100);
	count(2, 100);
	go_to(1500);
	assert_true(out2());
	go_to(1501);
	assert_false(out2());
	go_to(1550);
	assert_false(out2());
	go_to(1551);
	assert_true(out2());
	go_to(1601);
	assert_false(out2());
}

static void a_latched_count_stands_until_it_is_read(void **context)
{
	(void)context;
	control(0x34);
	count(0, 1000);
	go_to(1101);
	control(0x00);
	go_to(1301);
	control(0x00); /* ignored */
	assert_int_equal(read_count(0), 900);
	assert_int_equal(read_count(0), 700);
}

static void read_back_latches_many_at_once(void **context)
{
	(void)context;
	control(0x34);
	count(0, 1000);
	control(0x56);
	fake_out8(&pit, COUNTERS, 1, 18);
	control(0xa1); /* counter 2: high byte only, BCD, mode 0 */
	fake_out8(&pit, COUNTERS, 2, 0x12);
	fake_out8(&pit, PORT61, 0, 1);
	go_to(1011);
	control(0xce); /* status and count of all three */
	go_to(1100);
	control(0xce);
	assert_int_equal(fake_in8(&pit, COUNTERS, 0), 0xb4);
	assert_int_equal(read_count(0), 990);
	assert_int_equal(fake_in8(&pit, COUNTERS, 1), 0x16); /* the low half */
	assert_int_equal(fake_in8(&pit, COUNTERS, 1), 18 - 2);
	assert_int_equal(fake_in8(&pit, COUNTERS, 2), 0x21);
	assert_int_equal(fake_in8(&pit, COUNTERS, 2), 0x11); /* of 1190 */
	assert_int_equal(fake_in8(&pit, COUNTERS, 2), 0x11); /* 1101, unlatched */
}

static void bcd_counts_in_decimal(void **context)
{
	(void)context;
	control(0x35);
	count(0, 0x1000);
	go_to(1002);
	assert_int_equal(read_count(0), 0x0999);
	control(0x35);
	count(0, 0); /* 10000 */
	go_to(1003 + 1);
	assert_int_equal(read_count(0), 0x9999);
	go_to(1003 + 5678);
	assert_int_equal(read_count(0), 0x4322);
}

static void a_byte_alone_sets_the_other_to_zero(void **context)
{
	(void)context;
	control(0x14);
	fake_out8(&pit, COUNTERS, 0, 200);
	go_to(1001 + 50);
	assert_int_equal(fake_in8(&pit, COUNTERS, 0), 150);
	assert_int_equal(fake_in8(&pit, COUNTERS, 0), 150);
	control(0x24);
	fake_out8(&pit, COUNTERS, 0, 2);
	go_to(1052 + 100);
	assert_int_equal(fake_in8(&pit, COUNTERS, 0), 412 >> 8);
}

static void bytes_read_and_written_do_not_mix(void **context)
{
	(void)context;
	control(0x34);
	count(0, 0x1234);
	go_to(1001);
	assert_int_equal(fake_in8(&pit, COUNTERS, 0), 0x34);
	fake_out8(&pit, COUNTERS, 0, 0x78);
	assert_int_equal(fake_in8(&pit, COUNTERS, 0), 0x12);
	fake_out8(&pit, COUNTERS, 0, 0x56);
	go_to(1001 + 0x1234);
	assert_int_equal(read_count(0), 0x5678);
}

static void modes_6_and_7_are_2_and_3(void **context)
{
	(void)context;
	control(0x3c);
	count(0, 100);
	go_to(1001 + 99);
	assert_int_equal(status(0), 0x3c);
	assert_int_equal(read_count(0), 1);
	control(0x3e);
	count(0, 100);
	go_to(1101 + 50);
	assert_int_equal(status(0), 0x3e);
}

static void the_control_word_reads_as_ones(void **context)
{
	(void)context;
	assert_int_equal(fake_in8(&pit, COUNTERS, CONTROL), 0xff);
	assert_int_equal(fake_in(&pit, PORT61, 0, 2) >> 8, 0xff);
}

static void port_61_keeps_four_bits_and_shows_refresh(void **context)
{
	unsigned int changes = 0;
	uint8_t last = 0;

	(void)context;
	fake_out8(&pit, PORT61, 0, 0xff);
	assert_int_equal(fake_in8(&pit, PORT61, 0) & 0xcf, 0x0f);
	for (unsigned int i = 0; i < 1800; i++) {
		uint8_t now = fake_in8(&pit, PORT61, 0) & 0x10;

		changes += i && now != last;
		last = now;
		go_to(1001 + i);
	}
	assert_in_range(changes, 99, 100);
}

static void linux_calibrates_against_counter_2(void **context)
{
	uint64_t begin;

	(void)context;
	/* pit_hpet_ptimer_calibrate_cpu(): 50 ms in mode 0 */
	fake_out8(&pit, PORT61, 0, (uint8_t)((fake_in8(&pit, PORT61, 0) & ~2u) | 1u));
	control(0xb0);
	count(2, 59659);
	begin = fake.now;
	while (!out2())
		fake.now += 1000;
	assert_in_range(fake.now - begin, 49999000, 50003000);
}

static void too_short_periods_are_thinned_out(void **context)
{
	(void)context;
	for (uint16_t n = 1; n < 24; n++) {
		uint64_t begin = fake.now;

		control(0x34);
		fake.timer_runs = 0;
		count(0, n);
		fake_advance(&pit, NSEC_PER_SEC / 100);
		assert_in_range(fake.timer_runs, n == 1 ? 0 : 240, n == 1 ? 0 : 498);
		fake.now = begin + NSEC_PER_SEC;
	}
}

static void reset_lets_the_line_go(void **context)
{
	(void)context;
	control(0x34);
	count(0, 100);
	assert_true(fake.level[LINE]);
	pit.ops->reset(&pit);
	assert_false(fake.level[LINE]);
	assert_true(fake.timer == TIMER_OFF);
	assert_int_equal(fake_in8(&pit, PORT61, 0) & 0x0f, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(mode_0_ends_n_plus_1_clocks_after_the_count, setup,
						calm),
		cmocka_unit_test_setup_teardown(
			mode_0_goes_low_with_the_first_byte_of_a_new_count, setup,
			calm),
		cmocka_unit_test_setup_teardown(mode_2_divides_with_one_low_clock, setup, calm),
		cmocka_unit_test_setup_teardown(
			mode_2_gives_one_edge_a_period_in_phase_for_ever, setup,
			calm),
		cmocka_unit_test_setup_teardown(ten_years_bring_no_drift, setup, calm),
		cmocka_unit_test_setup_teardown(
			a_late_callback_gives_one_edge_and_keeps_the_phase, setup,
			calm),
		cmocka_unit_test_setup_teardown(
			an_edge_due_is_delivered_before_the_counter_is_set_anew, setup,
			calm),
		cmocka_unit_test_setup_teardown(
			mode_3_is_a_square_wave_of_even_and_odd_counts, setup,
			calm),
		cmocka_unit_test_setup_teardown(mode_3_interrupts_once_a_period, setup, calm),
		cmocka_unit_test_setup_teardown(mode_4_strobes_once, setup, calm),
		cmocka_unit_test_setup_teardown(mode_4_interrupts_after_the_strobe, setup, calm),
		cmocka_unit_test_setup_teardown(mode_1_is_started_by_the_gate, setup, calm),
		cmocka_unit_test_setup_teardown(mode_5_strobes_after_the_gate_rose, setup, calm),
		cmocka_unit_test_setup_teardown(gate_2_stops_mode_0_and_goes_on_where_it_was, setup,
						calm),
		cmocka_unit_test_setup_teardown(gate_2_stops_and_restarts_periodic_modes, setup,
						calm),
		cmocka_unit_test_setup_teardown(a_new_rate_waits_for_the_end_of_the_period, setup,
						calm),
		cmocka_unit_test_setup_teardown(a_new_square_wave_waits_for_half_a_period, setup,
						calm),
		cmocka_unit_test_setup_teardown(a_latched_count_stands_until_it_is_read, setup,
						calm),
		cmocka_unit_test_setup_teardown(read_back_latches_many_at_once, setup, calm),
		cmocka_unit_test_setup_teardown(bcd_counts_in_decimal, setup, calm),
		cmocka_unit_test_setup_teardown(a_byte_alone_sets_the_other_to_zero, setup, calm),
		cmocka_unit_test_setup_teardown(bytes_read_and_written_do_not_mix, setup, calm),
		cmocka_unit_test_setup_teardown(modes_6_and_7_are_2_and_3, setup, calm),
		cmocka_unit_test_setup_teardown(the_control_word_reads_as_ones, setup, calm),
		cmocka_unit_test_setup_teardown(port_61_keeps_four_bits_and_shows_refresh, setup,
						calm),
		cmocka_unit_test_setup_teardown(linux_calibrates_against_counter_2, setup, calm),
		cmocka_unit_test_setup_teardown(too_short_periods_are_thinned_out, setup, calm),
		cmocka_unit_test_setup_teardown(reset_lets_the_line_go, setup, calm),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
