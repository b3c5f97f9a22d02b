/* SPDX-License-Identifier: Apache-2.0 */
/* sources: src/vdev/mc146818.c src/core/calendar.c tests/unit/fake_device.c */
#define _DEFAULT_SOURCE /* timegm() */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>
#include <cmocka.h>

#include "fake_device.h"
#include "vdev/mc146818.h"

#define LINE 8
#define SECOND NSEC_PER_SEC
#define START 1714521540u /* 2024-04-30 23:59:00 UTC, a Tuesday */

enum { SECONDS, SECONDS_ALARM, MINUTES, MINUTES_ALARM, HOURS, HOURS_ALARM };
enum { WEEKDAY = 6, DAY, MONTH, YEAR, A, B, C, D, CENTURY = 0x32 };

#define SET 0x80
#define PIE 0x40
#define AIE 0x20
#define UIE 0x10
#define BINARY 0x04
#define H24 0x02

static struct mc146818 state;
static const struct device_range ranges[] = { { DEVICE_PIO, 0x70, 2, 0 } };
static const struct device rtc = {
	.ops = &mc146818_ops,
	.name = "rtc",
	.state = &state,
	.ranges = ranges,
	.nr_ranges = 1,
	.line = LINE,
};

static uint8_t get(unsigned int reg)
{
	fake_out8(&rtc, 0, 0, (uint8_t)reg);
	return fake_in8(&rtc, 0, 1);
}

static void set(unsigned int reg, uint8_t value)
{
	fake_out8(&rtc, 0, 0, (uint8_t)reg);
	fake_out8(&rtc, 0, 1, value);
}

/* Checks all time registers at once, given as they are read. */
static void assert_clock(unsigned int century, unsigned int year, unsigned int month,
			 unsigned int day, unsigned int hours, unsigned int minutes,
			 unsigned int seconds)
{
	assert_int_equal(get(CENTURY), century);
	assert_int_equal(get(YEAR), year);
	assert_int_equal(get(MONTH), month);
	assert_int_equal(get(DAY), day);
	assert_int_equal(get(HOURS), hours);
	assert_int_equal(get(MINUTES), minutes);
	assert_int_equal(get(SECONDS), seconds);
}

static int start_at(uint64_t wall)
{
	static const struct mc146818 zero;

	fake_start();
	fake.wall = wall;
	state = zero;
	rtc.ops->reset(&rtc);
	return 0;
}

static int setup(void **context)
{
	(void)context;
	return start_at(START);
}

static int calm(void **context)
{
	(void)context;
	return fake.useless_irqs == 0 ? 0 : -1;
}

static void the_time_is_the_wall_clocks_in_bcd_and_24_hours(void **context)
{
	(void)context;
	assert_clock(0x20, 0x24, 0x04, 0x30, 0x23, 0x59, 0x00);
	assert_int_equal(get(WEEKDAY), 3);
	assert_int_equal(get(A), 0x26);
	assert_int_equal(get(B), H24);
	assert_int_equal(get(C), 0);
	assert_int_equal(get(D), 0x80);
}

static void the_time_advances_and_carries(void **context)
{
	(void)context;
	fake_advance(&rtc, 59 * SECOND);
	assert_clock(0x20, 0x24, 0x04, 0x30, 0x23, 0x59, 0x59);
	fake_advance(&rtc, SECOND - 1);
	assert_clock(0x20, 0x24, 0x04, 0x30, 0x23, 0x59, 0x59);
	fake_advance(&rtc, 1);
	assert_clock(0x20, 0x24, 0x05, 0x01, 0x00, 0x00, 0x00);
	assert_int_equal(get(WEEKDAY), 4);
}

static void every_date_is_what_the_c_library_says(void **context)
{
	(void)context;
	/*
	 * Steps of 9 days and a bit through 1970 to 2400 meet every month end and leap year rule.
	 */
	for (uint64_t t = 0; t < UINT64_C(13569465600); t += 9 * 86400 + 7919) {
		time_t time = (time_t)t;
		struct tm tm;

		start_at(t);
		set(B, H24 | BINARY);
		gmtime_r(&time, &tm);
		assert_clock((unsigned int)(tm.tm_year + 1900) / 100,
			     (unsigned int)tm.tm_year % 100, (unsigned int)tm.tm_mon + 1,
			     (unsigned int)tm.tm_mday, (unsigned int)tm.tm_hour,
			     (unsigned int)tm.tm_min, (unsigned int)tm.tm_sec);
		assert_int_equal(get(WEEKDAY), tm.tm_wday + 1);
	}
}

static void twelve_hour_format_has_noon_midnight_and_pm(void **context)
{
	static const uint8_t hours[] = {
		0x12, 0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0x08, 0x09, 0x10, 0x11,
		0x92, 0x81, 0x82, 0x83, 0x84, 0x85, 0x86, 0x87, 0x88, 0x89, 0x90, 0x91,
	};

	(void)context;
	for (unsigned int i = 0; i < 24; i++) {
		start_at(1714521600u + i * 3600);
		set(B, 0);
		assert_int_equal(get(HOURS), hours[i]);
		/* ... and back */
		set(B, SET);
		set(HOURS, hours[i]);
		set(B, 0);
		set(B, H24 | BINARY);
		assert_int_equal(get(HOURS), i);
	}
}

static void a_program_sets_the_time_under_set(void **context)
{
	(void)context;
	set(B, SET | H24);
	set(SECONDS, 0x58);
	set(MINUTES, 0x59);
	set(HOURS, 0x23);
	set(DAY, 0x28);
	set(MONTH, 0x02);
	set(YEAR, 0x99);
	set(CENTURY, 0x19);
	fake_advance(&rtc, 5 * SECOND);
	assert_clock(0x19, 0x99, 0x02, 0x28, 0x23, 0x59, 0x58);
	assert_int_equal(get(A) & 0x80, 0);
	set(B, H24);
	assert_clock(0x19, 0x99, 0x02, 0x28, 0x23, 0x59, 0x58);
	fake_advance(&rtc, 2 * SECOND);
	assert_clock(0x19, 0x99, 0x03, 0x01, 0x00, 0x00, 0x00);
	fake_advance(&rtc, 86400 * SECOND);
	assert_clock(0x19, 0x99, 0x03, 0x02, 0x00, 0x00, 0x00);
	/* The wall clock rules again after a reset. */
	rtc.ops->reset(&rtc);
	assert_int_equal(get(YEAR), 0x24);
}

/* The sequence of Linux's mc146818_set_time(). */
static void linux_sets_the_time_with_the_divider_in_reset(void **context)
{
	(void)context;
	fake_advance(&rtc, SECOND / 3);
	set(B, get(B) | SET);
	set(A, get(A) | 0x70);
	set(YEAR, 0x25);
	set(MONTH, 0x12);
	set(DAY, 0x31);
	set(HOURS, 0x23);
	set(MINUTES, 0x59);
	set(SECONDS, 0x59);
	set(CENTURY, 0x20);
	set(B, H24);
	fake_advance(&rtc, 3 * SECOND);
	set(A, 0x26);
	assert_clock(0x20, 0x25, 0x12, 0x31, 0x23, 0x59, 0x59);
	/* The first update comes half a second after the divider is released. */
	fake_advance(&rtc, SECOND / 2 - 1);
	assert_int_equal(get(A) & 0x80, 0x80);
	assert_int_equal(get(SECONDS), 0x59);
	fake_advance(&rtc, 1);
	assert_clock(0x20, 0x26, 0x01, 0x01, 0x00, 0x00, 0x00);
}

static void without_its_divider_the_clock_stands_still(void **context)
{
	(void)context;
	fake_advance(&rtc, 7 * SECOND);
	set(A, 0x76);
	fake_advance(&rtc, 100 * SECOND);
	assert_clock(0x20, 0x24, 0x04, 0x30, 0x23, 0x59, 0x07);
	set(A, 0x26);
	fake_advance(&rtc, SECOND / 2);
	assert_clock(0x20, 0x24, 0x04, 0x30, 0x23, 0x59, 0x08);
}

static void a_running_clock_takes_single_registers(void **context)
{
	(void)context;
	set(MINUTES, 0x12);
	assert_clock(0x20, 0x24, 0x04, 0x30, 0x23, 0x12, 0x00);
	fake_advance(&rtc, SECOND);
	assert_clock(0x20, 0x24, 0x04, 0x30, 0x23, 0x12, 0x01);
}

static void dates_before_1970_and_at_the_ends_work(void **context)
{
	(void)context;
	set(B, SET | H24);
	set(CENTURY, 0x19);
	set(YEAR, 0x00);
	set(MONTH, 0x02);
	set(DAY, 0x29); /* 1900 was no leap year */
	set(B, H24);
	assert_clock(0x19, 0x00, 0x02, 0x28, 0x23, 0x59, 0x00);
	set(B, SET | H24);
	set(CENTURY, 0x99);
	set(YEAR, 0x99);
	set(MONTH, 0x12);
	set(DAY, 0x31);
	set(SECONDS, 0x59);
	set(B, H24);
	assert_clock(0x99, 0x99, 0x12, 0x31, 0x23, 0x59, 0x59);
	fake_advance(&rtc, 10 * SECOND);
	assert_clock(0x99, 0x99, 0x12, 0x31, 0x23, 0x59, 0x59);
}

static void a_wall_clock_that_is_set_is_followed(void **context)
{
	(void)context;
	fake.wall += 3600;
	fake_advance(&rtc, SECOND);
	assert_clock(0x20, 0x24, 0x05, 0x01, 0x00, 0x59, 0x01);
	fake.wall -= 7200;
	fake_advance(&rtc, SECOND);
	assert_clock(0x20, 0x24, 0x04, 0x30, 0x22, 0x59, 0x02);
}

static void two_seconds_are_no_small_difference(void **context)
{
	(void)context;
	fake.wall -= 1;
	fake_advance(&rtc, SECOND);
	assert_int_equal(get(SECONDS), 0x01);
	fake.wall -= 1;
	fake_advance(&rtc, SECOND);
	assert_int_equal(get(SECONDS), 0x00);
}

static void small_differences_to_the_wall_clock_do_not_make_it_jump(void **context)
{
	uint8_t last = 0;

	(void)context;
	/* The wall clock's second begins at another moment than the device's. */
	fake_advance(&rtc, SECOND / 3);
	rtc.ops->reset(&rtc);
	for (unsigned int i = 1; i < 50; i++) {
		fake_advance(&rtc, SECOND);
		set(B, H24 | BINARY);
		assert_int_equal(get(SECONDS), i);
		assert_true(get(SECONDS) > last);
		last = get(SECONDS);
	}
}

static void uip_warns_before_each_update(void **context)
{
	const uint64_t warned = 2227 * UINT64_C(1000);

	(void)context;
	fake_advance(&rtc, 3 * SECOND - warned - 100000);
	assert_int_equal(get(A), 0x26);
	fake_advance(&rtc, 100000);
	assert_int_equal(get(A), 0xa6);
	assert_int_equal(get(SECONDS), 2);
	fake_advance(&rtc, warned - 1);
	assert_int_equal(get(A), 0xa6);
	assert_int_equal(get(SECONDS), 2);
	fake_advance(&rtc, 1);
	assert_int_equal(get(A), 0x26);
	assert_int_equal(get(SECONDS), 3);
	set(A, 0xff);
	assert_int_equal(get(A), 0x7f);
}

static void the_update_interrupt_comes_each_second(void **context)
{
	(void)context;
	set(B, H24 | UIE);
	for (unsigned int i = 1; i < 10; i++) {
		fake_advance(&rtc, SECOND - 1);
		assert_false(fake.level[LINE]);
		fake_advance(&rtc, 1);
		assert_true(fake.level[LINE]);
		assert_int_equal(fake.rises[LINE], i);
		assert_int_equal(get(C) & 0xb0, 0x90);
		assert_false(fake.level[LINE]);
		assert_int_equal(get(C), 0);
	}
	set(B, H24 | UIE | SET);
	assert_int_equal(get(B), H24 | SET);
	fake_advance(&rtc, 3 * SECOND);
	assert_false(fake.level[LINE]);
}

static void the_line_stays_up_until_register_c_is_read(void **context)
{
	(void)context;
	set(B, H24 | UIE);
	fake_advance(&rtc, 10 * SECOND);
	assert_true(fake.level[LINE]);
	assert_int_equal(fake.rises[LINE], 1);
	assert_int_equal(fake.timer_runs, 1);
	get(C);
	fake_advance(&rtc, SECOND);
	assert_int_equal(fake.rises[LINE], 2);
}

static void the_periodic_interrupt_has_the_tables_rates(void **context)
{
	static const unsigned int per_second[] = {
		0, 256, 128, 8192, 4096, 2048, 1024, 512, 256, 128, 64, 32, 16, 8, 4, 2,
	};

	(void)context;
	set(B, H24 | PIE);
	for (uint8_t rate = 0; rate < 16; rate++) {
		unsigned int count = 0;
		uint64_t end = fake.now + SECOND;

		set(A, 0x20 | rate);
		get(C);
		while (fake.timer <= end) {
			fake_advance(&rtc, fake.timer - fake.now);
			assert_true(fake.level[LINE]);
			assert_int_equal(get(C) & 0xc0, 0xc0);
			assert_false(fake.level[LINE]);
			count++;
		}
		fake_advance(&rtc, end - fake.now);
		assert_int_equal(count, per_second[rate]);
	}
}

static void flags_are_set_whether_enabled_or_not(void **context)
{
	(void)context;
	fake_advance(&rtc, 2 * SECOND);
	assert_int_equal(get(C), 0x50);
	assert_int_equal(get(C), 0);
	assert_int_equal(fake.timer_runs, 0);
	assert_int_equal(fake.rises[LINE], 0);
	/* Reading the index port does not touch the register that is selected. */
	fake_advance(&rtc, SECOND);
	fake_out8(&rtc, 0, 0, C);
	fake_in8(&rtc, 0, 0);
	assert_int_equal(get(C), 0x50);
	/* Enabling one that is set interrupts at once. */
	fake_advance(&rtc, 2 * SECOND);
	set(B, H24 | UIE);
	assert_true(fake.level[LINE]);
	set(B, H24);
	assert_false(fake.level[LINE]);
}

static void the_alarm_comes_at_its_time_of_day(void **context)
{
	(void)context;
	set(HOURS_ALARM, 0x00);
	set(MINUTES_ALARM, 0x01);
	set(SECONDS_ALARM, 0x30);
	set(B, H24 | AIE);
	fake_advance(&rtc, 150 * SECOND - 1);
	assert_false(fake.level[LINE]);
	fake_advance(&rtc, 1);
	assert_true(fake.level[LINE]);
	assert_int_equal(get(C) & 0xa0, 0xa0);
	assert_int_equal(fake.timer_runs, 1);
	fake_advance(&rtc, 86400 * SECOND - 1);
	assert_false(fake.level[LINE]);
	fake_advance(&rtc, 1);
	assert_true(fake.level[LINE]);
}

static unsigned int alarms_in(unsigned int seconds)
{
	unsigned int before = fake.rises[LINE];

	for (unsigned int i = 0; i < seconds; i++) {
		fake_advance(&rtc, SECOND);
		get(C);
	}
	return fake.rises[LINE] - before;
}

static void alarm_fields_may_match_anything(void **context)
{
	(void)context;
	set(B, H24 | AIE);
	set(HOURS_ALARM, 0xff);
	set(MINUTES_ALARM, 0xc0);
	set(SECONDS_ALARM, 0xc0);
	assert_int_equal(alarms_in(100), 100);
	set(SECONDS_ALARM, 0x15);
	assert_int_equal(alarms_in(600), 10);
	set(MINUTES_ALARM, 0x20);
	assert_int_equal(alarms_in(3 * 3600), 3);
	set(MINUTES_ALARM, 0x77); /* no minute */
	assert_int_equal(alarms_in(3600), 0);
}

static void the_alarm_understands_every_format(void **context)
{
	(void)context;
	set(B, AIE | BINARY); /* 12 hours */
	set(HOURS_ALARM, 0x80 | 11);
	set(MINUTES_ALARM, 59);
	set(SECONDS_ALARM, 10);
	assert_int_equal(alarms_in(9), 0);
	assert_int_equal(alarms_in(1), 1);
	set(HOURS_ALARM, 12);
	set(MINUTES_ALARM, 0);
	set(SECONDS_ALARM, 0);
	assert_int_equal(alarms_in(49), 0);
	assert_int_equal(alarms_in(1), 1);
}

static void an_alarm_passed_unwatched_is_still_flagged(void **context)
{
	(void)context;
	set(HOURS_ALARM, 0x00);
	set(MINUTES_ALARM, 0x00);
	set(SECONDS_ALARM, 0x01);
	fake_advance(&rtc, 60 * SECOND);
	assert_int_equal(get(C) & 0x20, 0);
	fake_advance(&rtc, 3600 * SECOND);
	assert_int_equal(get(C) & 0x20, 0x20);
	fake_advance(&rtc, 3600 * SECOND);
	assert_int_equal(get(C) & 0x20, 0);
}

static void memory_holds_what_is_written(void **context)
{
	(void)context;
	for (unsigned int reg = 14; reg < 128; reg++) {
		if (reg != CENTURY)
			set(reg, (uint8_t)(reg * 7));
	}
	for (unsigned int reg = 14; reg < 128; reg++) {
		if (reg != CENTURY)
			assert_int_equal(get(reg), (uint8_t)(reg * 7));
	}
	/* Bit 7 of the index is the NMI mask of PCs. */
	assert_int_equal(get(0x80 | 0x40), (uint8_t)(0x40 * 7));
	assert_int_equal(fake_in8(&rtc, 0, 0), 0xff);
	rtc.ops->reset(&rtc);
	assert_int_equal(get(0x40), 0);
}

static void c_and_d_cannot_be_written(void **context)
{
	(void)context;
	set(C, 0xff);
	set(D, 0x00);
	assert_int_equal(get(C), 0);
	assert_int_equal(get(D), 0x80);
	assert_false(fake.level[LINE]);
}

static void a_word_written_to_the_index_port_selects_and_writes(void **context)
{
	(void)context;
	fake_out(&rtc, 0, 0, 2, 0x5a40);
	assert_int_equal(get(0x40), 0x5a);
	assert_int_equal(fake_in(&rtc, 0, 0, 4), 0xffff5aff);
}

static void reset_lets_the_line_go(void **context)
{
	(void)context;
	set(B, H24 | UIE);
	fake_advance(&rtc, SECOND);
	assert_true(fake.level[LINE]);
	rtc.ops->reset(&rtc);
	assert_false(fake.level[LINE]);
	assert_true(fake.timer == TIMER_OFF);
}

static void nonsense_does_no_harm(void **context)
{
	(void)context;
	fake_seed(13);
	for (unsigned int i = 0; i < 200; i++) {
		fake_hammer(&rtc, 500);
		assert_int_equal(fake.useless_irqs, 0);
		fake.wall = fake_random(UINT32_MAX);
		fake_advance(&rtc, SECOND * fake_random(100000));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			the_time_is_the_wall_clocks_in_bcd_and_24_hours, setup,
			calm),
		cmocka_unit_test_setup_teardown(the_time_advances_and_carries, setup, calm),
		cmocka_unit_test_setup_teardown(every_date_is_what_the_c_library_says, setup, calm),
		cmocka_unit_test_setup_teardown(twelve_hour_format_has_noon_midnight_and_pm, setup,
						calm),
		cmocka_unit_test_setup_teardown(a_program_sets_the_time_under_set, setup, calm),
		cmocka_unit_test_setup_teardown(
			linux_sets_the_time_with_the_divider_in_reset, setup,
			calm),
		cmocka_unit_test_setup_teardown(two_seconds_are_no_small_difference, setup, calm),
		cmocka_unit_test_setup_teardown(without_its_divider_the_clock_stands_still, setup,
						calm),
		cmocka_unit_test_setup_teardown(a_running_clock_takes_single_registers, setup,
						calm),
		cmocka_unit_test_setup_teardown(dates_before_1970_and_at_the_ends_work, setup,
						calm),
		cmocka_unit_test_setup_teardown(a_wall_clock_that_is_set_is_followed, setup, calm),
		cmocka_unit_test_setup_teardown(
			small_differences_to_the_wall_clock_do_not_make_it_jump, setup,
			calm),
		cmocka_unit_test_setup_teardown(uip_warns_before_each_update, setup, calm),
		cmocka_unit_test_setup_teardown(the_update_interrupt_comes_each_second, setup,
						calm),
		cmocka_unit_test_setup_teardown(the_line_stays_up_until_register_c_is_read, setup,
						calm),
		cmocka_unit_test_setup_teardown(the_periodic_interrupt_has_the_tables_rates, setup,
						calm),
		cmocka_unit_test_setup_teardown(flags_are_set_whether_enabled_or_not, setup, calm),
		cmocka_unit_test_setup_teardown(the_alarm_comes_at_its_time_of_day, setup, calm),
		cmocka_unit_test_setup_teardown(alarm_fields_may_match_anything, setup, calm),
		cmocka_unit_test_setup_teardown(the_alarm_understands_every_format, setup, calm),
		cmocka_unit_test_setup_teardown(an_alarm_passed_unwatched_is_still_flagged, setup,
						calm),
		cmocka_unit_test_setup_teardown(memory_holds_what_is_written, setup, calm),
		cmocka_unit_test_setup_teardown(c_and_d_cannot_be_written, setup, calm),
		cmocka_unit_test_setup_teardown(
			a_word_written_to_the_index_port_selects_and_writes, setup,
			calm),
		cmocka_unit_test_setup_teardown(reset_lets_the_line_go, setup, calm),
		cmocka_unit_test_setup_teardown(nonsense_does_no_harm, setup, calm),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
