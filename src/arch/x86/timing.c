/* SPDX-License-Identifier: Apache-2.0 */
/* The TSC as the hypervisor's clock; the date from the RTC at boot. */
#include "timing.h"
#include "core/arch.h"
#include "core/calendar.h"
#include "x86.h"

#define CALIBRATION_NS 20000000ull /* 20 ms: an error of 1 us is 50 ppm */
#define FS_PER_NS 1000000ull

/* 8254: Intel 8254 datasheet; port 61h: channel 2's gate and output. */
#define PIT_HZ 1193182ull
#define PIT_CHANNEL2 0x42
#define PIT_CONTROL 0x43
#define PIT_MODE0_CHANNEL2 0xb0
#define PORT_61 0x61
#define PORT_61_GATE2 BIT(0)
#define PORT_61_SPEAKER BIT(1)
#define PORT_61_OUT2 BIT(5)

/* MC146818: registers and status bits. */
#define RTC_INDEX 0x70
#define RTC_DATA 0x71
#define RTC_STATUS_A 0x0a
#define RTC_STATUS_B 0x0b
#define RTC_UPDATING BIT(7)
#define RTC_BINARY BIT(2)
#define RTC_24_HOURS BIT(1)
#define RTC_PM BIT(7)
#define RTC_CENTURY 0x32
#define RTC_TRIES 100000

static uint64_t tsc_start;
static uint64_t tsc_hz;
static uint64_t ns_per_tick; /* 32.32 fixed point */
static uint64_t boot_seconds;

uint64_t arch_now(void)
{
	return (uint64_t)(((unsigned __int128)(rdtsc() - tsc_start) * ns_per_tick) >> 32);
}

uint64_t arch_wall_clock(void)
{
	return boot_seconds + arch_now() / NSEC_PER_SEC;
}

uint32_t timing_tsc_khz(void)
{
	return (uint32_t)(tsc_hz / 1000);
}

void timing_delay(uint64_t ns)
{
	uint64_t end = arch_now() + ns;

	while (arch_now() < end)
		__asm__ volatile("pause");
}

static uint64_t measure_by_hpet(void)
{
	uint64_t ticks = CALIBRATION_NS * FS_PER_NS / hpet_period();
	uint64_t begin = hpet_counter();
	uint64_t tsc = rdtsc();
	uint64_t end;

	do
		end = hpet_counter();
	while (end - begin < ticks);
	tsc = rdtsc() - tsc;
	/* ns = (end - begin) * period / 10^6, and period is below 10^8 fs */
	return tsc * NSEC_PER_SEC / ((end - begin) * hpet_period() / FS_PER_NS);
}

static uint64_t measure_by_pit(void)
{
	uint64_t count = PIT_HZ * CALIBRATION_NS / NSEC_PER_SEC;
	uint8_t port61 = inb(PORT_61) & (uint8_t) ~(PORT_61_SPEAKER | PORT_61_GATE2);
	uint64_t tsc;

	outb(PORT_61, port61);
	outb(PIT_CONTROL, PIT_MODE0_CHANNEL2);
	outb(PIT_CHANNEL2, (uint8_t)count);
	outb(PIT_CHANNEL2, (uint8_t)(count >> 8));
	outb(PORT_61, port61 | PORT_61_GATE2);
	tsc = rdtsc();
	while (!(inb(PORT_61) & PORT_61_OUT2))
		;
	tsc = rdtsc() - tsc;
	outb(PORT_61, port61);
	return tsc * PIT_HZ / count;
}

static uint8_t rtc_read(uint8_t index)
{
	outb(RTC_INDEX, index);
	return inb(RTC_DATA);
}

static unsigned int from_bcd(uint8_t value, uint8_t status)
{
	return status & RTC_BINARY ? value : (value >> 4) * 10u + (value & 15u);
}

static uint64_t read_rtc(void)
{
	uint8_t b = rtc_read(RTC_STATUS_B);
	unsigned int second, minute, hour, century;
	struct date date;
	uint8_t raw_hour;

	/* An update takes 2 ms; a board without an RTC reads as ones for ever. */
	for (int i = 0; i < RTC_TRIES && (rtc_read(RTC_STATUS_A) & RTC_UPDATING); i++)
		;
	second = from_bcd(rtc_read(0), b);
	minute = from_bcd(rtc_read(2), b);
	raw_hour = rtc_read(4);
	date.day = from_bcd(rtc_read(7), b);
	date.month = from_bcd(rtc_read(8), b);
	date.year = from_bcd(rtc_read(9), b);
	century = from_bcd(rtc_read(RTC_CENTURY), b);
	hour = from_bcd(raw_hour & (uint8_t)~RTC_PM, b);
	if (!(b & RTC_24_HOURS))
		hour = hour % 12 + (raw_hour & RTC_PM ? 12 : 0);
	date.year += (century >= 19 && century <= 25 ? century : 20) * 100;
	return (calendar_days(&date) - CALENDAR_UNIX_EPOCH) * SECONDS_PER_DAY +
	       hour * UINT64_C(3600) + minute * UINT64_C(60) + second;
}

void timing_init(void)
{
	tsc_hz = hpet_period() ? measure_by_hpet() : measure_by_pit();
	if (tsc_hz == 0)
		tsc_hz = 1;
	tsc_start = rdtsc();
	ns_per_tick = (NSEC_PER_SEC << 32) / tsc_hz;
	boot_seconds = read_rtc();
}
