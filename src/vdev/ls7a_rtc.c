/* SPDX-License-Identifier: Apache-2.0 */
/* Registers are those of the Loongson 7A1000 User Manual, 13.2. */
#include "vdev/ls7a_rtc.h"

#include "core/calendar.h"

#define TOY_WRITE0 0x24
#define TOY_WRITE1 0x28
#define TOY_READ0 0x2c
#define TOY_READ1 0x30
#define TOY_MATCH0 0x34
#define TOY_MATCH2 0x3c
#define RTC_CTRL 0x40

#define RTC_WRITE0 0x64
#define RTC_READ0 0x68
#define RTC_MATCH0 0x6c
#define RTC_MATCH2 0x74

/* RTC_CTRL: enables of the counter, the calendar and the crystal, whose state is read-only */
#define CTRL_REN BIT(13)
#define CTRL_TEN BIT(11)
#define CTRL_EO BIT(8)
#define CTRL_STATUS BIT(5)
#define CTRL_WRITABLE (CTRL_REN | CTRL_TEN | CTRL_EO)

/* TOY_READ0 and TOY_WRITE0, shifts and masks; tenths of a second (3:0) stay 0 */
#define TOY_MONTH_SHIFT 26
#define TOY_DAY_SHIFT 21
#define TOY_HOUR_SHIFT 16
#define TOY_MINUTE_SHIFT 10
#define TOY_SECOND_SHIFT 4
#define TOY_YEAR_MASK 0x3fffu
#define TOY_FIRST_YEAR 1900u /* what kernels take the year's 0 for */

/* TOY_MATCH */
#define MATCH_YEAR_SHIFT 26
#define MATCH_MONTH_SHIFT 22
#define MATCH_DAY_SHIFT 17
#define MATCH_HOUR_SHIFT 12
#define MATCH_MINUTE_SHIFT 6
#define MATCH_YEARS 64u /* the lowest bits of the year that a match looks at */

#define FIELD(value, shift, bits) ((unsigned int)((value) >> (shift)) & (BIT(bits) - 1))

#define TICKS_PER_SEC UINT64_C(32768)
#define NEVER UINT64_MAX

static bool toy_runs(const struct ls7a_rtc *rtc)
{
	return (rtc->control & (CTRL_TEN | CTRL_EO)) == (CTRL_TEN | CTRL_EO);
}

static bool rtc_runs(const struct ls7a_rtc *rtc)
{
	return (rtc->control & (CTRL_REN | CTRL_EO)) == (CTRL_REN | CTRL_EO);
}

/* ---- The calendar; in seconds from 0001-01-01 ---- */

static uint64_t toy_now(const struct device *dev)
{
	const struct ls7a_rtc *rtc = dev->state;

	return device_wall_clock(dev) + CALENDAR_UNIX_EPOCH * SECONDS_PER_DAY +
	       (uint64_t)rtc->toy_offset;
}

static uint64_t seconds_of(const struct date *date, uint64_t hour, uint64_t minute, uint64_t second)
{
	return calendar_days(date) * SECONDS_PER_DAY + hour * 3600u + minute * 60u + second;
}

static uint32_t toy_fields(uint64_t seconds)
{
	struct date date = calendar_date(seconds / SECONDS_PER_DAY);
	unsigned int of_day = (unsigned int)(seconds % SECONDS_PER_DAY);

	return date.month << TOY_MONTH_SHIFT | date.day << TOY_DAY_SHIFT |
	       of_day / 3600 << TOY_HOUR_SHIFT | of_day / 60 % 60 << TOY_MINUTE_SHIFT |
	       of_day % 60 << TOY_SECOND_SHIFT;
}

static unsigned int toy_year(uint64_t seconds)
{
	return calendar_date(seconds / SECONDS_PER_DAY).year;
}

static unsigned int clamp(unsigned int value, unsigned int low, unsigned int high)
{
	return value < low ? low : value > high ? high : value;
}

/* What does not exist becomes what is next to it. In particular no program can drive the year
 * beyond what the register has. */
static void set_toy(const struct device *dev, unsigned int year, uint32_t fields)
{
	struct ls7a_rtc *rtc = dev->state;
	struct date date = {
		.year = clamp(year, TOY_FIRST_YEAR, TOY_FIRST_YEAR + TOY_YEAR_MASK),
		.month = clamp(FIELD(fields, TOY_MONTH_SHIFT, 6), 1, 12),
	};
	uint64_t seconds;

	date.day = clamp(FIELD(fields, TOY_DAY_SHIFT, 5), 1,
			 calendar_days_in_month(date.year, date.month));
	seconds = seconds_of(&date, clamp(FIELD(fields, TOY_HOUR_SHIFT, 5), 0, 23),
			     clamp(FIELD(fields, TOY_MINUTE_SHIFT, 6), 0, 59),
			     clamp(FIELD(fields, TOY_SECOND_SHIFT, 6), 0, 59));
	rtc->toy_offset += (int64_t)(seconds - toy_now(dev));
}

static void write_toy_fields(const struct device *dev, uint32_t fields)
{
	struct ls7a_rtc *rtc = dev->state;

	set_toy(dev, toy_year(toy_now(dev)), fields);
	rtc->toy_written = fields;
	rtc->toy_written_at = device_wall_clock(dev);
}

/* The rest of the date is what was written before: on the way the date may not exist (a 29th of
 * February), so that it cannot be taken from the clock. */
static void write_toy_year(const struct device *dev, uint32_t value)
{
	struct ls7a_rtc *rtc = dev->state;
	unsigned int year = TOY_FIRST_YEAR + (value & TOY_YEAR_MASK);

	if (rtc->toy_written_at == NEVER) {
		set_toy(dev, year, toy_fields(toy_now(dev)));
		return;
	}
	set_toy(dev, year, rtc->toy_written);
	rtc->toy_offset += (int64_t)(device_wall_clock(dev) - rtc->toy_written_at);
}

/* The second that the match register @match names, in the years around now. */
static uint64_t toy_match_time(const struct device *dev, uint32_t match)
{
	unsigned int since_first = toy_year(toy_now(dev)) - TOY_FIRST_YEAR;
	const struct date date = {
		.year = TOY_FIRST_YEAR + since_first / MATCH_YEARS * MATCH_YEARS +
			FIELD(match, MATCH_YEAR_SHIFT, 6),
		.month = FIELD(match, MATCH_MONTH_SHIFT, 4),
		.day = FIELD(match, MATCH_DAY_SHIFT, 5),
	};

	return seconds_of(&date, FIELD(match, MATCH_HOUR_SHIFT, 5),
			  FIELD(match, MATCH_MINUTE_SHIFT, 6), FIELD(match, 0, 6));
}

/* ---- The counter ---- */

/* Ticks since device_now() was 0. Whole seconds apart, so that no product exceeds 64 bits. */
static uint64_t ticks_now(const struct device *dev)
{
	uint64_t ns = device_now(dev);

	return ns / NSEC_PER_SEC * TICKS_PER_SEC + ns % NSEC_PER_SEC * TICKS_PER_SEC / NSEC_PER_SEC;
}

/* The first nanosecond of a tick. */
static uint64_t tick_to_ns(uint64_t tick)
{
	return tick / TICKS_PER_SEC * NSEC_PER_SEC +
	       (tick % TICKS_PER_SEC * NSEC_PER_SEC + TICKS_PER_SEC - 1) / TICKS_PER_SEC;
}

static uint32_t rtc_now(const struct device *dev)
{
	const struct ls7a_rtc *rtc = dev->state;

	return (uint32_t)ticks_now(dev) + rtc->rtc_offset;
}

/* ---- Alarms ---- */

/* The wall clock's seconds begin where device_now() is a multiple of a second. */
static uint64_t toy_deadline(const struct device *dev, uint32_t match)
{
	uint64_t now = device_now(dev), current = toy_now(dev);
	uint64_t time = toy_match_time(dev, match);

	if (time < current) /* also a register that was never written: year, month and day 0 */
		return TIMER_OFF;
	return now - now % NSEC_PER_SEC + (time - current) * NSEC_PER_SEC;
}

static uint64_t rtc_deadline(const struct device *dev, uint32_t match)
{
	uint32_t ticks = match - rtc_now(dev); /* modulo 2^32, as the counter counts */

	return match ? tick_to_ns(ticks_now(dev) + ticks) : TIMER_OFF;
}

static void update_line(const struct device *dev)
{
	struct ls7a_rtc *rtc = dev->state;
	bool level = rtc->matched != 0;

	if (level == rtc->line)
		return;
	rtc->line = level;
	device_set_irq(dev, level);
}

static void arm(const struct device *dev)
{
	const struct ls7a_rtc *rtc = dev->state;
	uint64_t next = TIMER_OFF;

	for (unsigned int i = 0; i < ARRAY_SIZE(rtc->deadlines); i++)
		if (rtc->deadlines[i] < next)
			next = rtc->deadlines[i];
	device_set_timer(dev, next);
}

/* Computes the deadlines of the alarms from @first to before @end anew: a clock or a match register
 * was set. The others stay: one that went off in this very second must not do it again. */
static void plan(const struct device *dev, unsigned int first, unsigned int end)
{
	struct ls7a_rtc *rtc = dev->state;

	for (unsigned int i = first; i < end; i++) {
		if (i < LS7A_RTC_ALARMS)
			rtc->deadlines[i] =
				toy_runs(rtc) ? toy_deadline(dev, rtc->toy_match[i]) : TIMER_OFF;
		else
			rtc->deadlines[i] =
				rtc_runs(rtc)
					? rtc_deadline(dev, rtc->rtc_match[i - LS7A_RTC_ALARMS])
					: TIMER_OFF;
	}
	arm(dev);
}

static void plan_toy(const struct device *dev)
{
	plan(dev, 0, LS7A_RTC_ALARMS);
}

static void plan_rtc(const struct device *dev)
{
	plan(dev, LS7A_RTC_ALARMS, 2 * LS7A_RTC_ALARMS);
}

static void write_match(const struct device *dev, unsigned int alarm, uint32_t value)
{
	struct ls7a_rtc *rtc = dev->state;

	if (alarm < LS7A_RTC_ALARMS)
		rtc->toy_match[alarm] = value;
	else
		rtc->rtc_match[alarm - LS7A_RTC_ALARMS] = value;
	rtc->matched &= (uint8_t)~BIT(alarm);
	update_line(dev);
	plan(dev, alarm, alarm + 1);
}

static void ls7a_rtc_timer(const struct device *dev, uint64_t now)
{
	struct ls7a_rtc *rtc = dev->state;

	for (unsigned int i = 0; i < ARRAY_SIZE(rtc->deadlines); i++) {
		if (now < rtc->deadlines[i])
			continue;
		rtc->deadlines[i] = TIMER_OFF;
		rtc->matched |= (uint8_t)BIT(i);
	}
	update_line(dev);
	arm(dev);
}

/* ---- Registers ---- */

static uint32_t read_register(const struct device *dev, uint64_t offset)
{
	const struct ls7a_rtc *rtc = dev->state;

	switch (offset) {
	case TOY_READ0:
		return toy_runs(rtc) ? toy_fields(toy_now(dev)) : 0;
	case TOY_READ1:
		return toy_runs(rtc) ? toy_year(toy_now(dev)) - TOY_FIRST_YEAR : 0;
	case RTC_CTRL:
		return rtc->control | (rtc->control & CTRL_EO ? CTRL_STATUS : 0);
	case RTC_READ0:
		return rtc_runs(rtc) ? rtc_now(dev) : 0;
	default:
		break;
	}
	if (offset >= TOY_MATCH0 && offset <= TOY_MATCH2)
		return rtc->toy_match[(offset - TOY_MATCH0) / 4];
	if (offset >= RTC_MATCH0 && offset <= RTC_MATCH2)
		return rtc->rtc_match[(offset - RTC_MATCH0) / 4];
	return 0; /* trim: none; what is for writing only */
}

static void write_register(const struct device *dev, uint64_t offset, uint32_t value)
{
	struct ls7a_rtc *rtc = dev->state;

	if (offset >= TOY_MATCH0 && offset <= TOY_MATCH2) {
		write_match(dev, (unsigned int)(offset - TOY_MATCH0) / 4, value);
	} else if (offset >= RTC_MATCH0 && offset <= RTC_MATCH2) {
		write_match(dev, LS7A_RTC_ALARMS + (unsigned int)(offset - RTC_MATCH0) / 4, value);
	} else if (offset == RTC_CTRL) {
		rtc->control = value & CTRL_WRITABLE;
		plan_toy(dev);
		plan_rtc(dev);
	} else if ((offset == TOY_WRITE0 || offset == TOY_WRITE1) && toy_runs(rtc)) {
		if (offset == TOY_WRITE0)
			write_toy_fields(dev, value);
		else
			write_toy_year(dev, value);
		plan_toy(dev);
	} else if (offset == RTC_WRITE0 && rtc_runs(rtc)) {
		rtc->rtc_offset += value - rtc_now(dev);
		plan_rtc(dev);
	}
}

/* Registers have 32 bits and take accesses of that width (13.1). Others read as their part, and
 * write nothing. */
static uint64_t ls7a_rtc_read(const struct device *dev, unsigned int id, uint64_t offset,
			      unsigned int size)
{
	uint64_t value = read_register(dev, offset & ~UINT64_C(3));

	(void)id;
	if (size == 8 && offset % 8 == 0)
		value |= (uint64_t)read_register(dev, offset + 4) << 32;
	return value >> 8 * (offset & 3);
}

static void ls7a_rtc_write(const struct device *dev, unsigned int id, uint64_t offset,
			   unsigned int size, uint64_t value)
{
	(void)id;
	if (size == 4 && offset % 4 == 0)
		write_register(dev, offset, (uint32_t)value);
}

static void ls7a_rtc_reset(const struct device *dev)
{
	struct ls7a_rtc *rtc = dev->state;

	rtc->control = CTRL_WRITABLE;
	rtc->toy_offset = 0;
	rtc->toy_written_at = NEVER;
	rtc->rtc_offset = 0;
	for (unsigned int i = 0; i < LS7A_RTC_ALARMS; i++) {
		rtc->toy_match[i] = 0;
		rtc->rtc_match[i] = 0;
	}
	rtc->matched = 0;
	update_line(dev);
	plan_toy(dev);
	plan_rtc(dev);
}

const struct device_ops ls7a_rtc_ops = {
	.compatible = "loongson,ls7a-rtc",
	.reset = ls7a_rtc_reset,
	.read = ls7a_rtc_read,
	.write = ls7a_rtc_write,
	.timer = ls7a_rtc_timer,
};
