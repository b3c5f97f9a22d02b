/* SPDX-License-Identifier: Apache-2.0 */
/* The stable counter as the hypervisor's clock; the date from the RTC at boot. */
#include "boot.h"
#include "core/arch.h"
#include "core/partition.h"
#include "loongarch.h"
#include "mmio.h"

#define CPUCFG_CRYSTAL 4 /* Hz */
#define CPUCFG_RATIO 5   /* multiplier in 15:0, divisor in 31:16 */

/* The RTC of the LS7A bridge (Loongson 7A1000 Bridge User Manual, ch. 22): the date is packed into
 * TOYREAD0, the year in TOYREAD1 counts from 1900. */
#define TOY_READ0 0x2c
#define TOY_READ1 0x30
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

/* Days from 1970-01-01 to a date of the Gregorian calendar; years from March, so that leap days
 * come last. */
static uint64_t days_since_epoch(unsigned int year, unsigned int month, unsigned int day)
{
	unsigned int y = month <= 2 ? year - 1 : year;
	unsigned int m = month <= 2 ? month + 9 : month - 3;

	return 365ull * y + y / 4 - y / 100 + y / 400 + (153 * m + 2) / 5 + day - 1 - 719468;
}

static uint64_t read_rtc(uint64_t rtc)
{
	uint32_t date, year;

	/* Again, when the second changed between the two registers. */
	for (int i = 0; i < TOY_TRIES; i++) {
		date = mmio_read32(rtc + TOY_READ0);
		year = mmio_read32(rtc + TOY_READ1);
		if (mmio_read32(rtc + TOY_READ0) == date)
			break;
	}
	return days_since_epoch(year + TOY_FIRST_YEAR, TOY_MONTH(date), TOY_DAY(date)) * 86400 +
	       TOY_HOUR(date) * 3600 + TOY_MINUTE(date) * 60 + TOY_SECOND(date);
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
