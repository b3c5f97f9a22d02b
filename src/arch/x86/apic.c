/* SPDX-License-Identifier: Apache-2.0 */
#include "apic.h"
#include "x86.h"

#define SIVR_RESET 0xffu
/* While what is in service is got rid of, spurious interrupts have a vector that no other can have:
 * Bochs' APIC takes no EOI for an interrupt with the spurious vector. */
#define SIVR_ILLEGAL 0x0fu
#define NR_VECTOR_WORDS 8u

void apic_init(void)
{
	uint64_t base = rdmsr(MSR_APIC_BASE);

	wrmsr(MSR_APIC_BASE, base | APIC_BASE_ENABLE);
	wrmsr(MSR_APIC_BASE, base | APIC_BASE_ENABLE | APIC_BASE_EXTD);
	wrmsr(X2APIC_SIVR, SIVR_RESET);
}

uint32_t apic_id(void)
{
	return (uint32_t)rdmsr(X2APIC_ID);
}

void apic_eoi(void)
{
	wrmsr(X2APIC_EOI, 0);
}

void apic_send(uint32_t id, uint32_t low)
{
	wrmsr(X2APIC_ICR, (uint64_t)id << 32 | low);
}

/* Vector 0 does not count: emulated APICs take it into their IRR, and never deliver it. */
static bool any(uint32_t first)
{
	uint64_t found = rdmsr(first) & ~UINT64_C(1);

	for (uint32_t i = 1; i < NR_VECTOR_WORDS; i++)
		found |= rdmsr(first + i);
	return found;
}

void apic_reset(void (*drain)(void))
{
	static const uint32_t lvts[] = { X2APIC_LVT_TIMER, X2APIC_LVT_THERMAL, X2APIC_LVT_COUNTER,
					 X2APIC_LVT_LINT0, X2APIC_LVT_LINT1,   X2APIC_LVT_ERROR };

	wrmsr(X2APIC_TIMER_INITIAL, 0);
	for (unsigned int i = 0; i < ARRAY_SIZE(lvts); i++)
		wrmsr(lvts[i], APIC_LVT_MASKED);
	wrmsr(X2APIC_TPR, 0);
	wrmsr(X2APIC_SIVR, SIVR_ILLEGAL | APIC_SIVR_ENABLE);
	do {
		while (any(X2APIC_ISR))
			apic_eoi();
		drain();
	} while (any(X2APIC_IRR) || any(X2APIC_ISR));
	wrmsr(X2APIC_TIMER_DIVIDE, 0);
	wrmsr(X2APIC_ESR, 0);
	wrmsr(X2APIC_SIVR, SIVR_RESET);
}
