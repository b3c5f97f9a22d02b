/* SPDX-License-Identifier: Apache-2.0 */
/* The stable counter as the hypervisor's clock; the date from the RTC at boot. */
#include "boot.h"
#include "core/arch.h"
#include "core/calendar.h"
#include "core/partition.h"
#include "loongarch.h"
#include "mmio.h"

#define CPUCFG_CRYSTAL 4 /* Hz */
#define CPUCFG_RATIO 5   /* multiplier in 15:0, divisor in 31:16 */

/* The RTC of the LS7A bridge (Loongson 7A1000 User Manual, ch. 13): the date is packed into
 * TOYREAD0, the year in TOYREAD1 counts from 1900. */
#define TOY_READ0 0x2c
#define TOY_READ1 0x30
#define RTC_CONTROL 0x40
#define RTC_TOY_ENABLE BIT(11)
#define RTC_OSCILLATOR_ENABLE BIT(8)
#define TOY_SECOND(v) ((v) >> 4 & 0x3f)
#define TOY_MINUTE(v) ((v) >> 10 & 0x3f)
#define TOY_HOUR(v) ((v) >> 16 & 0x1f)
#define TOY_DAY(v) ((v) >> 21 & 0x1f)
#define TOY_MONTH(v) ((v) >> 26 & 0x3f)
#define TOY_FIRST_YEAR 1900u
#define TOY_TRIES 10

static uint64_t counter_start;
static uint64_t counter_hz;
static uint64_t ns_per_tick; /* 32.32 fixed point */
static uint64_t ticks_per_ns;
static uint64_t boot_seconds;

uint64_t arch_now(void)
{
	return (uint64_t)(((unsigned __int128)(rdtime() - counter_start) * ns_per_tick) >> 32);
}

uint64_t arch_wall_clock(void)
{
	return boot_seconds + arch_now() / NSEC_PER_SEC;
}

uint32_t timing_khz(void)
{
	return (uint32_t)(counter_hz / 1000);
}

uint64_t timing_ticks(uint64_t ns)
{
	return (uint64_t)(((unsigned __int128)ns * ticks_per_ns) >> 32);
}

static uint64_t read_rtc(uint64_t rtc)
{
	uint32_t control = mmio_read32(rtc + RTC_CONTROL), toy, year;
	struct date date;

	/* Firmware usually did this. */
	mmio_write32(rtc + RTC_CONTROL, control | RTC_TOY_ENABLE | RTC_OSCILLATOR_ENABLE);

	/* Again, when the second changed between the two registers. */
	for (int i = 0; i < TOY_TRIES; i++) {
		toy = mmio_read32(rtc + TOY_READ0);
		year = mmio_read32(rtc + TOY_READ1);
		if (mmio_read32(rtc + TOY_READ0) == toy)
			break;
	}
	date.year = year + TOY_FIRST_YEAR;
	date.month = TOY_MONTH(toy);
	date.day = TOY_DAY(toy);
	return (calendar_days(&date) - CALENDAR_UNIX_EPOCH) * SECONDS_PER_DAY +
	       TOY_HOUR(toy) * UINT64_C(3600) + TOY_MINUTE(toy) * UINT64_C(60) + TOY_SECOND(toy);
}

void timing_init(void)
{
	uint32_t ratio = cpucfg(CPUCFG_RATIO);
	uint32_t divisor = ratio >> 16 ? ratio >> 16 : 1;

	counter_hz = (uint64_t)cpucfg(CPUCFG_CRYSTAL) * (ratio & 0xffff) / divisor;
	if (counter_hz == 0)
		counter_hz = 1;
	ns_per_tick = (NSEC_PER_SEC << 32) / counter_hz;
	ticks_per_ns = (counter_hz << 32) / NSEC_PER_SEC;
	counter_start = rdtime();
	if (partition_table.board.arch.rtc)
		boot_seconds = read_rtc(partition_table.board.arch.rtc);
}
