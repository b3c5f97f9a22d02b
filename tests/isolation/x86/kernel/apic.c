/* SPDX-License-Identifier: Apache-2.0 */
#include "apic.h"
#include "clock.h"
#include "console.h"
#include "trap.h"

#define CPUID_X2APIC (1u << 21) /* CPUID 1 ECX */
#define SVR_ENABLE 0x100u
#define DIVIDE_BY_16 0x3u
#define CALIBRATION_US 20000

static uint64_t timer_hz; /* after the divider */

void apic_init(void)
{
	uint64_t base = rdmsr(MSR_APIC_BASE);

	if (!(cpuid(1, 0).ecx & CPUID_X2APIC))
		panic("this CPU has no x2APIC");
	if (!(base & APIC_BASE_EXTD)) {
		/* SDM3 11.12.5: the way into x2APIC mode leads through xAPIC mode. */
		wrmsr(MSR_APIC_BASE, base | APIC_BASE_ENABLE);
		wrmsr(MSR_APIC_BASE, base | APIC_BASE_ENABLE | APIC_BASE_EXTD);
	}
	wrmsr(X2APIC_SVR, SVR_ENABLE | VECTOR_SPURIOUS);
	wrmsr(X2APIC_TPR, 0);
	/* Not every APIC has the thermal and the performance counter entry: those may fault. */
	for (uint32_t lvt = X2APIC_LVT_TIMER; lvt <= X2APIC_LVT_ERROR; lvt++)
		(void)wrmsr_probe(lvt, LVT_MASKED | VECTOR_SPURIOUS);
}

void apic_timer_calibrate(void)
{
	uint64_t start, elapsed_us;
	uint32_t left;

	wrmsr(X2APIC_TIMER_DIVIDE, DIVIDE_BY_16);
	wrmsr(X2APIC_TIMER_INITIAL, UINT32_MAX);
	start = rdtsc();
	delay_us(CALIBRATION_US);
	left = (uint32_t)rdmsr(X2APIC_TIMER_CURRENT);
	elapsed_us = tsc_to_us(rdtsc() - start);
	wrmsr(X2APIC_TIMER_INITIAL, 0);
	timer_hz = (uint64_t)(UINT32_MAX - left) * 1000000 / elapsed_us;
	if (!timer_hz)
		panic("the local APIC timer does not count");
}

void apic_timer_start(uint64_t us, bool periodic, uint8_t vector)
{
	uint64_t count = us * timer_hz / 1000000;

	wrmsr(X2APIC_TIMER_DIVIDE, DIVIDE_BY_16);
	wrmsr(X2APIC_LVT_TIMER, (periodic ? LVT_TIMER_PERIODIC : 0) | vector);
	wrmsr(X2APIC_TIMER_INITIAL, count ? count : 1);
}

void apic_timer_stop(void)
{
	wrmsr(X2APIC_TIMER_INITIAL, 0);
	wrmsr(X2APIC_LVT_TIMER, LVT_MASKED | VECTOR_SPURIOUS);
}
