/* SPDX-License-Identifier: Apache-2.0 */
/* sources: src/vdev/ls7a_rtc.c src/core/calendar.c tests/unit/fake_device.c */
#define _DEFAULT_SOURCE /* timegm() */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>
#include <cmocka.h>

#include "core/calendar.h"
#include "fake_device.h"
#include "vdev/ls7a_rtc.h"

#define TOY_WRITE0 0x24
#define TOY_WRITE1 0x28
#define TOY_READ0 0x2c
#define TOY_READ1 0x30
#define TOY_MATCH0 0x34
#define CTRL 0x40
#define RTC_WRITE0 0x64
#define RTC_READ0 0x68
#define RTC_MATCH0 0x6c
#define LINE 6

static struct ls7a_rtc state;
static const struct device_range ranges[] = { { DEVICE_MMIO, 0x100d0100, 0x100, 0 } };
static const struct device rtc = {
	.ops = &ls7a_rtc_ops,
	.name = "rtc",
	.state = &state,
	.ranges = ranges,
	.nr_ranges = 1,
	.line = LINE,
};

static uint32_t get(uint64_t offset)
{
	return fake_in(&rtc, 0, offset, 4);
}

static void put(uint64_t offset, uint32_t value)
{
	fake_out(&rtc, 0, offset, 4, value);
}

static uint64_t seconds(int year, int month, int day, int hour, int minute, int second)
{
	struct tm tm = { .tm_year = year - 1900,
			 .tm_mon = month - 1,
			 .tm_mday = day,
			 .tm_hour = hour,
			 .tm_min = minute,
			 .tm_sec = second };

	return (uint64_t)timegm(&tm);
}

static uint32_t toy(unsigned int month, unsigned int day, unsigned int hour, unsigned int minute,
		    unsigned int second)
{
	return month << 26 | day << 21 | hour << 16 | minute << 10 | second << 4;
}

static uint32_t match(unsigned int year, unsigned int month, unsigned int day, unsigned int hour,
		      unsigned int minute, unsigned int second)
{
	return (year - 1900) % 64 << 26 | month << 22 | day << 17 | hour << 12 | minute << 6 |
	       second;
}

static int setup(void **context)
{
	static const struct ls7a_rtc zero;

	(void)context;
	fake_start();
	fake.wall = seconds(2026, 11, 21, 18, 26, 3);
	state = zero;
	rtc.ops->reset(&rtc);
	return 0;
}

static void assert_time(unsigned int year, uint32_t fields)
{
	assert_int_equal(get(TOY_READ1), year - 1900);
	assert_int_equal(get(TOY_READ0), fields);
}

/* ---- The calendar ---- */

static void every_day_of_800_years_is_the_c_librarys(void **context)
{
	(void)context;
	for (int64_t day = -800 * 366; day < 365 * 800; day += 1) {
		time_t at = day * 86400;
		struct tm tm;
		uint64_t days = (uint64_t)(day + (int64_t)CALENDAR_UNIX_EPOCH);
		struct date date = calendar_date(days);

		gmtime_r(&at, &tm);
		assert_int_equal(date.year, tm.tm_year + 1900);
		assert_int_equal(date.month, tm.tm_mon + 1);
		assert_int_equal(date.day, tm.tm_mday);
		assert_int_equal(calendar_days(&date), days);
	}
}

static void the_calendar_begins_with_the_year_1(void **context)
{
	const struct date first = { .year = 1, .month = 1, .day = 1 };

	(void)context;
	assert_int_equal(calendar_days(&first), 0);
	assert_int_equal(calendar_date(0).year, 1);
	assert_int_equal(calendar_date(0).month, 1);
	assert_int_equal(calendar_date(0).day, 1);
	assert_int_equal(calendar_days_in_month(2000, 2), 29);
	assert_int_equal(calendar_days_in_month(2100, 2), 28);
	assert_int_equal(calendar_days_in_month(2024, 2), 29);
	assert_int_equal(calendar_days_in_month(2023, 12), 31);
}

/* ---- Time of day ---- */

static void it_starts_running_with_the_wall_clock(void **context)
{
	(void)context;
	assert_int_equal(get(CTRL), 0x2920);
	assert_time(2026, toy(11, 21, 18, 26, 3));
	fake_advance(&rtc, 59 * NSEC_PER_SEC);
	assert_time(2026, toy(11, 21, 18, 27, 2));
	fake_advance(&rtc, 40 * 86400 * NSEC_PER_SEC);
	assert_time(2026, toy(12, 31, 18, 27, 2));
	fake_advance(&rtc, 86400 * NSEC_PER_SEC);
	assert_time(2027, toy(1, 1, 18, 27, 2));
}

static void it_can_be_set_as_linux_does(void **context)
{
	(void)context;
	put(TOY_WRITE0, toy(2, 29, 23, 59, 58)); /* which 2026 does not have */
	put(TOY_WRITE1, 2028 - 1900);
	assert_time(2028, toy(2, 29, 23, 59, 58));
	fake_advance(&rtc, 2 * NSEC_PER_SEC);
	assert_time(2028, toy(3, 1, 0, 0, 0));
}

static void time_goes_on_between_both_halves(void **context)
{
	(void)context;
	put(TOY_WRITE0, toy(5, 1, 10, 0, 0));
	fake_advance(&rtc, 7 * NSEC_PER_SEC);
	put(TOY_WRITE1, 99);
	assert_time(1999, toy(5, 1, 10, 0, 7));
}

static void what_does_not_exist_becomes_its_neighbour(void **context)
{
	(void)context;
	put(TOY_WRITE0, UINT32_MAX);
	assert_time(2026, toy(12, 31, 23, 59, 59));
	put(TOY_WRITE0, 0);
	assert_time(2026, toy(1, 1, 0, 0, 0));
	put(TOY_WRITE0, toy(2, 30, 1, 2, 3));
	assert_time(2026, toy(2, 28, 1, 2, 3));
	put(TOY_WRITE1, 2028 - 1900);
	assert_time(2028, toy(2, 29, 1, 2, 3));
	for (unsigned int i = 0; i < 100000; i++) /* the year does not creep */
		put(TOY_WRITE0, UINT32_MAX);
	assert_time(2028, toy(12, 31, 23, 59, 59));
	put(TOY_WRITE1, UINT32_MAX);
	put(TOY_WRITE0, UINT32_MAX);
	assert_time(1900 + 16383, toy(12, 31, 23, 59, 59));
}

static void the_year_alone_can_be_set(void **context)
{
	(void)context;
	put(TOY_WRITE1, 2001 - 1900);
	assert_time(2001, toy(11, 21, 18, 26, 3));
	put(TOY_WRITE1, UINT32_MAX);
	assert_int_equal(get(TOY_READ1), 16383);
}

static void disabled_it_reads_as_zero_and_cannot_be_set(void **context)
{
	static const uint32_t off[] = { 0, 0x100, 0x800, 0x2000, 0x2800 };

	(void)context;
	for (unsigned int i = 0; i < ARRAY_SIZE(off); i++) {
		put(CTRL, off[i]);
		assert_int_equal(get(CTRL) & ~0x20u, off[i]);
		assert_int_equal(get(TOY_READ0), 0);
		assert_int_equal(get(TOY_READ1), 0);
		put(TOY_WRITE0, toy(1, 1, 1, 1, 1));
		put(TOY_WRITE1, 1);
	}
	put(CTRL, UINT32_MAX);
	assert_int_equal(get(CTRL), 0x2920);
	assert_time(2026, toy(11, 21, 18, 26, 3));
	put(CTRL, 0x900);
	assert_int_equal(get(RTC_READ0), 0);
	assert_time(2026, toy(11, 21, 18, 26, 3));
}

/* ---- The counter ---- */

static void the_counter_has_32768_ticks_a_second(void **context)
{
	(void)context;
	assert_int_equal(get(RTC_READ0), 0);
	fake_advance(&rtc, NSEC_PER_SEC / 4);
	assert_int_equal(get(RTC_READ0), 8192);
	put(RTC_WRITE0, UINT32_MAX - 1);
	fake_advance(&rtc, NSEC_PER_SEC);
	assert_int_equal(get(RTC_READ0), 32766);
	fake_advance(&rtc, UINT64_C(1000000) * NSEC_PER_SEC);
	assert_int_equal(get(RTC_READ0), (uint32_t)(32766 + UINT64_C(32768000000)));
}

/* ---- Alarms ---- */

static void an_alarm_rings_at_its_second_until_it_is_written(void **context)
{
	(void)context;
	for (unsigned int alarm = 0; alarm < 3; alarm++) {
		setup(NULL);
		put(TOY_MATCH0 + 4 * alarm, match(2026, 11, 21, 18, 26, 10));
		assert_int_equal(get(TOY_MATCH0 + 4 * alarm), match(2026, 11, 21, 18, 26, 10));
		fake_advance(&rtc, 7 * NSEC_PER_SEC - 1);
		assert_false(fake.level[LINE]);
		fake_advance(&rtc, 1);
		assert_true(fake.level[LINE]);
		assert_time(2026, toy(11, 21, 18, 26, 10));
		fake_advance(&rtc, NSEC_PER_SEC);
		assert_true(fake.level[LINE]);
		put(TOY_MATCH0 + 4 * alarm, 0);
		assert_false(fake.level[LINE]);
		assert_int_equal(fake.timer, TIMER_OFF);
		assert_int_equal(fake.useless_irqs, 0);
	}
}

static void alarms_of_the_past_are_silent(void **context)
{
	(void)context;
	put(TOY_MATCH0, match(2026, 11, 21, 18, 26, 2));
	put(TOY_MATCH0 + 4, match(2020, 1, 1, 0, 0, 0));
	assert_int_equal(fake.timer, TIMER_OFF);
	put(TOY_MATCH0, match(2026, 11, 21, 18, 26, 3)); /* now */
	fake_advance(&rtc, 0);
	assert_true(fake.level[LINE]);
}

static void alarms_follow_the_clock_that_is_set(void **context)
{
	(void)context;
	put(TOY_MATCH0, match(2027, 3, 1, 0, 0, 0));
	put(TOY_WRITE0, toy(2, 28, 23, 59, 50));
	put(TOY_WRITE1, 2027 - 1900);
	fake_advance(&rtc, 9 * NSEC_PER_SEC);
	assert_false(fake.level[LINE]);
	fake_advance(&rtc, NSEC_PER_SEC);
	assert_true(fake.level[LINE]);
}

static void a_stopped_clock_rings_no_alarm(void **context)
{
	(void)context;
	put(TOY_MATCH0, match(2026, 11, 21, 18, 26, 10));
	put(RTC_MATCH0, 32768);
	put(CTRL, 0x100);
	assert_int_equal(fake.timer, TIMER_OFF);
	put(CTRL, 0x900);
	fake_advance(&rtc, 6 * NSEC_PER_SEC);
	assert_false(fake.level[LINE]);
	fake_advance(&rtc, NSEC_PER_SEC);
	assert_true(fake.level[LINE]);
}

static void counter_alarms_ring_when_the_counter_is_there(void **context)
{
	(void)context;
	fake_advance(&rtc, 12345);
	put(RTC_MATCH0 + 8, 40000);
	fake_advance(&rtc, UINT64_C(40000) * NSEC_PER_SEC / 32768 - 12345 - 1);
	assert_false(fake.level[LINE]);
	fake_advance(&rtc, 2);
	assert_true(fake.level[LINE]);
	assert_true(get(RTC_READ0) >= 40000);
	put(RTC_MATCH0, 50000); /* another one does not silence it */
	assert_true(fake.level[LINE]);
	put(RTC_MATCH0 + 8, 0);
	assert_false(fake.level[LINE]);
	fake_advance(&rtc, NSEC_PER_SEC);
	assert_true(fake.level[LINE]);
}

static void two_alarms_share_the_line(void **context)
{
	(void)context;
	put(TOY_MATCH0, match(2026, 11, 21, 18, 26, 5));
	put(TOY_MATCH0 + 4, match(2026, 11, 21, 18, 26, 5));
	fake_advance(&rtc, 2 * NSEC_PER_SEC);
	put(TOY_MATCH0, 0);
	assert_true(fake.level[LINE]);
	put(TOY_MATCH0 + 4, 0);
	assert_false(fake.level[LINE]);
}

static void reset_silences_it(void **context)
{
	(void)context;
	put(TOY_MATCH0, match(2026, 11, 21, 18, 26, 5));
	put(TOY_WRITE1, 1);
	put(TOY_WRITE1, 126);
	fake_advance(&rtc, 2 * NSEC_PER_SEC);
	assert_true(fake.level[LINE]);
	put(TOY_MATCH0 + 4, match(2026, 11, 21, 18, 26, 30));
	rtc.ops->reset(&rtc);
	assert_false(fake.level[LINE]);
	assert_int_equal(fake.timer, TIMER_OFF);
	assert_int_equal(get(TOY_MATCH0), 0);
	assert_time(2026, toy(11, 21, 18, 26, 5));
}

static void only_words_are_written_and_any_part_is_read(void **context)
{
	uint32_t fields = toy(11, 21, 18, 26, 3);

	(void)context;
	fake_out(&rtc, 0, TOY_MATCH0, 2, 1);
	fake_out(&rtc, 0, TOY_MATCH0, 8, 1);
	fake_out(&rtc, 0, TOY_MATCH0 + 1, 4, 1);
	assert_int_equal(get(TOY_MATCH0), 0);
	assert_int_equal(fake_in8(&rtc, 0, TOY_READ0 + 3), fields >> 24);
	assert_int_equal(fake_in(&rtc, 0, TOY_READ0 + 2, 2), fields >> 16);
	assert_int_equal(rtc.ops->read(&rtc, 0, 0x28, 8), (uint64_t)fields << 32);
	assert_int_equal(get(0x00), 0);
	assert_int_equal(get(TOY_WRITE0), 0);
}

/* Any date that can be set is what is read, if it exists. */
static void random_dates_can_be_set_and_read(void **context)
{
	(void)context;
	fake_seed(31);
	for (unsigned int round = 0; round < 5000; round++) {
		unsigned int year = 1900 + fake_random(8000), month = 1 + fake_random(12);
		unsigned int day = 1 + fake_random(calendar_days_in_month(year, month));
		uint32_t fields =
			toy(month, day, fake_random(24), fake_random(60), fake_random(60));

		put(TOY_WRITE0, fields);
		put(TOY_WRITE1, year - 1900);
		assert_time(year, fields);
		fake_advance(&rtc, fake_random(1000000000) * UINT64_C(100));
	}
}

static void nonsense_does_no_harm(void **context)
{
	(void)context;
	fake_seed(9);
	for (unsigned int round = 0; round < 200; round++) {
		fake_hammer(&rtc, 1000);
		fake_advance(&rtc, 100 * NSEC_PER_SEC);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_day_of_800_years_is_the_c_librarys),
		cmocka_unit_test(the_calendar_begins_with_the_year_1),
		cmocka_unit_test_setup(it_starts_running_with_the_wall_clock, setup),
		cmocka_unit_test_setup(it_can_be_set_as_linux_does, setup),
		cmocka_unit_test_setup(time_goes_on_between_both_halves, setup),
		cmocka_unit_test_setup(what_does_not_exist_becomes_its_neighbour, setup),
		cmocka_unit_test_setup(the_year_alone_can_be_set, setup),
		cmocka_unit_test_setup(disabled_it_reads_as_zero_and_cannot_be_set, setup),
		cmocka_unit_test_setup(the_counter_has_32768_ticks_a_second, setup),
		cmocka_unit_test_setup(an_alarm_rings_at_its_second_until_it_is_written, setup),
		cmocka_unit_test_setup(alarms_of_the_past_are_silent, setup),
		cmocka_unit_test_setup(alarms_follow_the_clock_that_is_set, setup),
		cmocka_unit_test_setup(a_stopped_clock_rings_no_alarm, setup),
		cmocka_unit_test_setup(counter_alarms_ring_when_the_counter_is_there, setup),
		cmocka_unit_test_setup(two_alarms_share_the_line, setup),
		cmocka_unit_test_setup(reset_silences_it, setup),
		cmocka_unit_test_setup(only_words_are_written_and_any_part_is_read, setup),
		cmocka_unit_test_setup(random_dates_can_be_set_and_read, setup),
		cmocka_unit_test_setup(nonsense_does_no_harm, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
