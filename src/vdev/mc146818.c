/* SPDX-License-Identifier: Apache-2.0 */
/* Register and bit names are those of the MC146818A data sheet (Motorola, 1984). */
#include "vdev/mc146818.h"

#include "core/calendar.h"

/* Ports */
#define PORT_INDEX 0
#define PORT_DATA 1
#define INDEX_MASK 0x7f

/* Address map; the century byte is where ACPI's FADT.CENTURY points. */
#define RTC_SECONDS 0x00
#define RTC_SECONDS_ALARM 0x01
#define RTC_MINUTES 0x02
#define RTC_MINUTES_ALARM 0x03
#define RTC_HOURS 0x04
#define RTC_HOURS_ALARM 0x05
#define RTC_WEEKDAY 0x06
#define RTC_DAY 0x07
#define RTC_MONTH 0x08
#define RTC_YEAR 0x09
#define REG_A 0x0a
#define REG_B 0x0b
#define REG_C 0x0c
#define REG_D 0x0d
#define RTC_CENTURY 0x32

#define A_UIP BIT(7)
#define A_DV_MASK 0x70
#define A_DV_32768 0x20
#define A_RS_MASK 0x0f

#define B_SET BIT(7)
#define B_PIE BIT(6)
#define B_AIE BIT(5)
#define B_UIE BIT(4)
#define B_DM BIT(2) /* binary rather than BCD */
#define B_24H BIT(1)

/* Flags of register C; the enables of register B are the same bits. */
#define C_IRQF BIT(7)
#define C_PF BIT(6)
#define C_AF BIT(5)
#define C_UF BIT(4)

static_assert((C_PF | C_AF | C_UF) == (B_PIE | B_AIE | B_UIE), "flags and enables must match");

#define D_VRT BIT(7)

#define HOURS_PM 0x80
#define ALARM_ANY 0xc0 /* "don't care" codes 0xc0 to 0xff */

#define CHAIN_HZ UINT64_C(32768)
#define CHAIN_SHIFT 15
/*
 * UIP is set 244 us before an update cycle of 1984 us, at whose end the time changes: 73 cycles in
 * all.
 */
#define UIP_CYCLES 73
/* After the divider is released the first update comes half a second later. */
#define RELEASE_NS (NSEC_PER_SEC / 2)

#define UNIX_EPOCH UINT64_C(62135596800)   /* seconds from 0001-01-01 to 1970-01-01 */
#define LAST_SECOND UINT64_C(315537897599) /* 9999-12-31 23:59:59 */
#define NEVER UINT64_MAX

static uint8_t encode(const struct mc146818 *rtc, unsigned int value)
{
	return (uint8_t)((rtc->ram[REG_B] & B_DM) ? value : value / 10 << 4 | value % 10);
}

static unsigned int decode(const struct mc146818 *rtc, uint8_t value)
{
	return (rtc->ram[REG_B] & B_DM) ? value : (value >> 4) * 10u + (value & 15u);
}

static uint8_t encode_hours(const struct mc146818 *rtc, unsigned int hours)
{
	unsigned int twelve = hours % 12 ? hours % 12 : 12;

	if (rtc->ram[REG_B] & B_24H)
		return encode(rtc, hours);
	return (uint8_t)(encode(rtc, twelve) | (hours >= 12 ? HOURS_PM : 0));
}

static unsigned int decode_hours(const struct mc146818 *rtc, uint8_t value)
{
	if (rtc->ram[REG_B] & B_24H)
		return decode(rtc, value);
	return decode(rtc, value & (uint8_t)~HOURS_PM) % 12 + (value & HOURS_PM ? 12 : 0);
}

static bool is_time(unsigned int reg)
{
	switch (reg) {
	case RTC_SECONDS:
	case RTC_MINUTES:
	case RTC_HOURS:
	case RTC_WEEKDAY:
	case RTC_DAY:
	case RTC_MONTH:
	case RTC_YEAR:
	case RTC_CENTURY:
		return true;
	default:
		return false;
	}
}

/* What register @reg of the running clock reads. */
static uint8_t time_register(const struct mc146818 *rtc, unsigned int reg)
{
	unsigned int of_day = (unsigned int)(rtc->seconds % SECONDS_PER_DAY);
	uint64_t days = rtc->seconds / SECONDS_PER_DAY;
	struct date date = calendar_date(days);

	switch (reg) {
	case RTC_SECONDS:
		return encode(rtc, of_day % 60);
	case RTC_MINUTES:
		return encode(rtc, of_day / 60 % 60);
	case RTC_HOURS:
		return encode_hours(rtc, of_day / 3600);
	case RTC_WEEKDAY:
		return encode(rtc, (unsigned int)((days + 1) % 7) + 1); /* Sunday is 1 */
	case RTC_DAY:
		return encode(rtc, date.day);
	case RTC_MONTH:
		return encode(rtc, date.month);
	case RTC_YEAR:
		return encode(rtc, date.year % 100);
	default:
		return encode(rtc, date.year / 100);
	}
}

static void store_time(struct mc146818 *rtc)
{
	for (unsigned int reg = 0; reg < MC146818_SIZE; reg++) {
		if (is_time(reg))
			rtc->ram[reg] = time_register(rtc, reg);
	}
}

static unsigned int clamp(unsigned int value, unsigned int low, unsigned int high)
{
	if (value < low)
		return low;
	return value > high ? high : value;
}

/*
 * The seconds that the stored registers mean; what is out of range goes to the nearest valid value.
 */
static uint64_t stored_time(const struct mc146818 *rtc)
{
	const uint8_t *ram = rtc->ram;
	unsigned int year = decode(rtc, ram[RTC_CENTURY]) * 100 + decode(rtc, ram[RTC_YEAR]);
	struct date date = {
		.year = clamp(year, 1, 9999),
		.month = clamp(decode(rtc, ram[RTC_MONTH]), 1, 12),
	};

	date.day =
		clamp(decode(rtc, ram[RTC_DAY]), 1, calendar_days_in_month(date.year, date.month));
	return calendar_days(&date) * SECONDS_PER_DAY +
	       clamp(decode_hours(rtc, ram[RTC_HOURS]), 0, 23) * UINT64_C(3600) +
	       clamp(decode(rtc, ram[RTC_MINUTES]), 0, 59) * UINT64_C(60) +
	       clamp(decode(rtc, ram[RTC_SECONDS]), 0, 59);
}

static bool field_matches(const struct mc146818 *rtc, unsigned int reg, unsigned int value)
{
	uint8_t alarm = rtc->ram[reg];

	if (alarm >= ALARM_ANY)
		return true;
	return reg == RTC_HOURS_ALARM ? decode_hours(rtc, alarm) == value
				      : decode(rtc, alarm) == value;
}

/*
 * Seconds from now to the next alarm, 1 to 86400, or NEVER. Steps over hours and minutes that do
 * not fit.
 */
static uint64_t seconds_to_alarm(const struct mc146818 *rtc)
{
	unsigned int begin = (unsigned int)(rtc->seconds % SECONDS_PER_DAY);
	unsigned int time = begin + 1;

	while (time <= begin + SECONDS_PER_DAY) {
		if (!field_matches(rtc, RTC_HOURS_ALARM, time / 3600 % 24))
			time = (time / 3600 + 1) * 3600;
		else if (!field_matches(rtc, RTC_MINUTES_ALARM, time / 60 % 60))
			time = (time / 60 + 1) * 60;
		else if (!field_matches(rtc, RTC_SECONDS_ALARM, time % 60))
			time++;
		else
			return time - begin;
	}
	return NEVER;
}

/* The divider chain runs and may be read as a clock. */
static bool chain_runs(const struct mc146818 *rtc)
{
	return (rtc->ram[REG_A] & A_DV_MASK) == A_DV_32768;
}

/* The time advances: the chain runs and no program is setting the clock. */
static bool clock_runs(const struct mc146818 *rtc)
{
	return chain_runs(rtc) && !(rtc->ram[REG_B] & B_SET);
}

/*
 * Cycles of the chain since it was 0. Seconds apart: exact for ever, and no product exceeds 64
 * bits.
 */
static uint64_t chain_cycles(const struct device *dev)
{
	const struct mc146818 *rtc = dev->state;
	uint64_t ns = device_now(dev) - rtc->chain;

	return ns / NSEC_PER_SEC * CHAIN_HZ + ns % NSEC_PER_SEC * CHAIN_HZ / NSEC_PER_SEC;
}

/* device_now() at the beginning of @cycle. */
static uint64_t cycle_to_ns(const struct mc146818 *rtc, uint64_t cycle)
{
	uint64_t part = cycle % CHAIN_HZ * NSEC_PER_SEC;

	return rtc->chain + cycle / CHAIN_HZ * NSEC_PER_SEC + (part + CHAIN_HZ - 1) / CHAIN_HZ;
}

/* Cycles between periodic interrupts, 0 if none: register A, "Rate selection". */
static uint64_t period(const struct mc146818 *rtc)
{
	unsigned int rate = rtc->ram[REG_A] & A_RS_MASK;

	if (rate == 0)
		return 0;
	/* The two lowest codes repeat slower rates. */
	return UINT64_C(1) << (rate <= 2 ? rate + 6 : rate - 1);
}

static uint64_t wall_clock(const struct device *dev)
{
	const struct mc146818 *rtc = dev->state;
	uint64_t seconds = device_wall_clock(dev) + UNIX_EPOCH + (uint64_t)rtc->offset;

	return seconds > LAST_SECOND ? LAST_SECOND : seconds;
}

static void update_irq(const struct device *dev)
{
	struct mc146818 *rtc = dev->state;
	bool level = (rtc->reg_c & rtc->ram[REG_B] & (C_PF | C_AF | C_UF)) != 0;

	if (level == rtc->irq)
		return;
	rtc->irq = level;
	device_set_irq(dev, level);
}

/* The updates of the time that @second seconds of the chain bring. */
static void advance_clock(const struct device *dev, uint64_t second)
{
	struct mc146818 *rtc = dev->state;
	uint64_t passed = second - rtc->second;
	uint64_t wall;

	rtc->second = second;
	if (passed == 0)
		return;
	rtc->reg_c |= C_UF;
	if (seconds_to_alarm(rtc) <= passed)
		rtc->reg_c |= C_AF;
	rtc->seconds += passed;
	wall = wall_clock(dev);
	if (rtc->seconds > wall + 1 || rtc->seconds + 1 < wall)
		rtc->seconds = wall;
}

/* Brings flags, time and interrupt line to the present. */
static void synchronise(const struct device *dev)
{
	struct mc146818 *rtc = dev->state;

	if (chain_runs(rtc)) {
		uint64_t cycle = chain_cycles(dev);

		if (period(rtc) && cycle / period(rtc) != rtc->cycle / period(rtc))
			rtc->reg_c |= C_PF;
		rtc->cycle = cycle;
		if (clock_runs(rtc))
			advance_clock(dev, cycle >> CHAIN_SHIFT);
	}
	update_irq(dev);
}

/* Arms the timer for the first event that would raise the interrupt line. */
static void arm(const struct device *dev)
{
	struct mc146818 *rtc = dev->state;
	uint8_t wanted = rtc->ram[REG_B] & (uint8_t)~rtc->reg_c;
	uint64_t next = NEVER;
	uint64_t second = rtc->cycle >> CHAIN_SHIFT;
	uint64_t deadline;

	/* While the line is asserted no event can change it; reading register C arms again. */
	if (!rtc->irq && chain_runs(rtc)) {
		if ((wanted & B_PIE) && period(rtc))
			next = (rtc->cycle / period(rtc) + 1) * period(rtc);
		if ((wanted & B_UIE) && clock_runs(rtc) && (second + 1) << CHAIN_SHIFT < next)
			next = (second + 1) << CHAIN_SHIFT;
		if ((wanted & B_AIE) && clock_runs(rtc)) {
			uint64_t distance = seconds_to_alarm(rtc);

			if (distance != NEVER && (second + distance) << CHAIN_SHIFT < next)
				next = (second + distance) << CHAIN_SHIFT;
		}
	}
	deadline = next == NEVER ? TIMER_OFF : cycle_to_ns(rtc, next);
	if (deadline == rtc->timer)
		return;
	rtc->timer = deadline;
	device_set_timer(dev, deadline);
}

/*
 * The stored registers become the time, and the difference to the wall clock the cell's own offset.
 */
static void start_clock(const struct device *dev)
{
	struct mc146818 *rtc = dev->state;

	rtc->seconds = stored_time(rtc);
	rtc->offset = (int64_t)(rtc->seconds - UNIX_EPOCH - device_wall_clock(dev));
	rtc->second = rtc->cycle >> CHAIN_SHIFT;
}

static void write_a(const struct device *dev, uint8_t value)
{
	struct mc146818 *rtc = dev->state;
	bool ran = chain_runs(rtc);
	bool clock_ran = clock_runs(rtc);

	rtc->ram[REG_A] = value & (uint8_t)~A_UIP;
	if (!ran && chain_runs(rtc)) {
		rtc->chain = device_now(dev) - RELEASE_NS;
		rtc->cycle = chain_cycles(dev);
	}
	if (clock_ran && !clock_runs(rtc))
		store_time(rtc);
	else if (!clock_ran && clock_runs(rtc))
		start_clock(dev);
}

static void write_b(const struct device *dev, uint8_t value)
{
	struct mc146818 *rtc = dev->state;
	bool clock_ran = clock_runs(rtc);

	/* The registers keep the format in which they were stored. */
	if (clock_ran && (value & B_SET))
		store_time(rtc);
	/* SET takes the update interrupt's enable away. */
	rtc->ram[REG_B] = (value & B_SET) ? value & (uint8_t)~B_UIE : value;
	if (!clock_ran && clock_runs(rtc))
		start_clock(dev);
}

static void write_data(const struct device *dev, uint8_t value)
{
	struct mc146818 *rtc = dev->state;

	synchronise(dev);
	switch (rtc->index) {
	case REG_A:
		write_a(dev, value);
		break;
	case REG_B:
		write_b(dev, value);
		break;
	case REG_C:
	case REG_D:
		break; /* read-only */
	default:
		/* A program that sets a running clock changes one register of it. */
		if (is_time(rtc->index) && clock_runs(rtc)) {
			store_time(rtc);
			rtc->ram[rtc->index] = value;
			start_clock(dev);
		} else {
			rtc->ram[rtc->index] = value;
		}
		break;
	}
	update_irq(dev);
	arm(dev);
}

static uint8_t read_data(const struct device *dev)
{
	struct mc146818 *rtc = dev->state;
	uint8_t value;

	synchronise(dev);
	switch (rtc->index) {
	case REG_A:
		value = rtc->ram[REG_A];
		if (clock_runs(rtc) && rtc->cycle % CHAIN_HZ >= CHAIN_HZ - UIP_CYCLES)
			value |= A_UIP;
		return value;
	case REG_C:
		value = (uint8_t)(rtc->reg_c | (rtc->irq ? C_IRQF : 0));
		rtc->reg_c = 0;
		update_irq(dev);
		arm(dev);
		return value;
	case REG_D:
		return D_VRT;
	default:
		if (is_time(rtc->index) && clock_runs(rtc))
			return time_register(rtc, rtc->index);
		return rtc->ram[rtc->index];
	}
}

/* A wide access is a sequence of byte accesses, as on the ISA bus. */
static uint64_t mc146818_read(const struct device *dev, unsigned int id, uint64_t offset,
			      unsigned int size)
{
	uint32_t value = UINT32_MAX;

	(void)id;
	for (unsigned int i = 0; i < size; i++) {
		if (offset + i == PORT_DATA) {
			value &= ~(UINT32_C(0xff) << (i * 8));
			value |= (uint32_t)read_data(dev) << (i * 8);
		}
	}
	return value;
}

static void mc146818_write(const struct device *dev, unsigned int id, uint64_t offset,
			   unsigned int size, uint64_t value)
{
	struct mc146818 *rtc = dev->state;

	(void)id;
	for (unsigned int i = 0; i < size; i++) {
		uint8_t byte = (uint8_t)(value >> (i * 8));

		if (offset + i == PORT_INDEX)
			rtc->index = byte & INDEX_MASK;
		else if (offset + i == PORT_DATA)
			write_data(dev, byte);
	}
}

static void mc146818_timer(const struct device *dev, uint64_t now)
{
	(void)now;
	synchronise(dev);
	arm(dev);
}

static void mc146818_reset(const struct device *dev)
{
	struct mc146818 *rtc = dev->state;
	struct mc146818 clear = {
		/* 1024 Hz, 24 hours, BCD: what PC firmware sets up. */
		.ram = { [REG_A] = A_DV_32768 | 6, [REG_B] = B_24H },
		.irq = rtc->irq,
		.timer = rtc->timer,
		.chain = device_now(dev),
	};

	*rtc = clear;
	rtc->seconds = wall_clock(dev);
	update_irq(dev);
	arm(dev);
}

const struct device_ops mc146818_ops = {
	.compatible = "motorola,mc146818",
	.reset = mc146818_reset,
	.read = mc146818_read,
	.write = mc146818_write,
	.timer = mc146818_timer,
};
