/* SPDX-License-Identifier: Apache-2.0 */
#include "clock.h"
#include "trap.h"

/* CPUCFG words 4 and 5: crystal, multiplier and divisor */
#define CRYSTAL 4
#define RATIO 5

uint64_t tsc_hz;

void clock_init(void)
{
	uint32_t ratio = cpucfg(RATIO);

	tsc_hz = (uint64_t)cpucfg(CRYSTAL) * (ratio & 0xffff) / (ratio >> 16);
}

uint64_t tsc_to_us(uint64_t ticks)
{
	return ticks / tsc_hz * 1000000 + ticks % tsc_hz * 1000000 / tsc_hz;
}

void delay_us(uint64_t us)
{
	uint64_t start = rdtsc();

	while (tsc_to_us(rdtsc() - start) < us)
		cpu_relax();
}

void timer_start(uint64_t us, bool periodic)
{
	csr_write(CSR_TCFG,
		  (tsc_hz * us / 1000000 & ~3ull) | TCFG_EN | (periodic ? TCFG_PERIODIC : 0));
}
