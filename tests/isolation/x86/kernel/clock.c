/* SPDX-License-Identifier: Apache-2.0 */
#include "clock.h"
#include "console.h"
#include "x86.h"

/* Intel 8254 data sheet; port 0x61 as on the PC AT: bit 0 gate 2, bit 1 speaker, bit 5 OUT 2. */
#define PIT_HZ 1193182u
#define PIT_CHANNEL2 0x42
#define PIT_COMMAND 0x43
#define PIT_CH2_MODE0 0xb0 /* channel 2, low then high byte, mode 0 */
#define PORT61 0x61
#define PORT61_GATE2 0x01
#define PORT61_SPEAKER 0x02
#define PORT61_OUT2 0x20

#define PM_TIMER_HZ 3579545u /* ACPI 6.4, 4.8.3.3 */
#define PM_TIMER_MASK 0xffffffu

#define MEASURE_MS 10
#define MEASUREMENTS 8
#define PATIENCE 50000000u

uint64_t tsc_hz;

/* TSC ticks in MEASURE_MS by the 8254, 0 when it does not seem to be there. */
static uint64_t measure_by_pit(void)
{
	uint32_t count = PIT_HZ * MEASURE_MS / 1000;
	uint64_t start, end;
	uint32_t polls = 0;

	outb(PORT61, (uint8_t)((inb(PORT61) & ~PORT61_SPEAKER) | PORT61_GATE2));
	outb(PIT_COMMAND, PIT_CH2_MODE0);
	outb(PIT_CHANNEL2, (uint8_t)count);
	start = rdtsc();
	outb(PIT_CHANNEL2, (uint8_t)(count >> 8)); /* starts the count */
	while (!(inb(PORT61) & PORT61_OUT2)) {
		if (++polls == PATIENCE)
			return 0;
	}
	end = rdtsc();
	/* An absent port reads all ones at once. */
	return polls < 10 ? 0 : end - start;
}

static uint64_t measure_by_pm_timer(uint16_t port)
{
	uint32_t target = PM_TIMER_HZ / 1000 * MEASURE_MS;
	uint32_t first, now;
	uint64_t start;
	uint32_t polls = 0;

	if (!port)
		return 0;
	start = rdtsc();
	first = inl(port);
	do {
		now = inl(port);
		if (++polls == PATIENCE)
			return 0;
	} while (((now - first) & PM_TIMER_MASK) < target);
	return rdtsc() - start;
}

void clock_init(uint16_t pm_timer_port)
{
	uint64_t least = UINT64_MAX;

	/* Whoever shares the machine may delay a measurement, which can only make it longer: the
	 * shortest is best. */
	for (unsigned int n = 0; n < MEASUREMENTS; n++) {
		uint64_t ticks = measure_by_pit();

		if (!ticks)
			ticks = measure_by_pm_timer(pm_timer_port);
		if (ticks < least)
			least = ticks;
	}
	tsc_hz = least * (1000 / MEASURE_MS);
	if (tsc_hz < 1000000) {
		print("warning: neither 8254 nor ACPI timer counts; taking the TSC for 1 GHz\n");
		tsc_hz = 1000000000;
	}
}

uint64_t tsc_to_us(uint64_t ticks)
{
	uint64_t seconds = ticks / tsc_hz;

	return seconds * 1000000 + (ticks % tsc_hz) * 1000000 / tsc_hz;
}

void delay_us(uint64_t us)
{
	uint64_t start = rdtsc();

	while (tsc_to_us(rdtsc() - start) < us)
		cpu_relax();
}
