/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What exits cost: ticks of the TSC from before an instruction that exits to after it. Where the
 * TSC counts instructions, as it does on an emulator with one CPU, that is their number.
 */
#include "attacks.h"
#include "apic.h"
#include "console.h"
#include "lib.h"
#include "trap.h"

#define ROUNDS 32
#define APIC_BASE 0x1b /* kept from the guest, so each access exits */
#define PORT_POST 0x80
#define VECTOR_COST 0xe8
#define CPUID_AMD_EBX 0x68747541u /* "Auth" */

static void nothing(void)
{
	__asm__ volatile("" : : : "memory");
}

static void do_cpuid(void)
{
	(void)cpuid(0x40000000, 0);
}

static void do_hypercall(void)
{
	uint64_t number = UINT64_MAX;

	/* CPUID is not asked here: it would be counted. */
	__asm__ volatile("vmcall" : "+a"(number) : : "memory", "rbx", "rcx", "rdx");
}

static void do_hypercall_amd(void)
{
	uint64_t number = UINT64_MAX;

	__asm__ volatile("vmmcall" : "+a"(number) : : "memory", "rbx", "rcx", "rdx");
}

static void do_rdmsr(void)
{
	(void)rdmsr(APIC_BASE);
}

static void do_out(void)
{
	outb(PORT_POST, 0);
}

/* To itself: with interrupts off it waits until the measurement is over. */
static void do_icr(void)
{
	wrmsr(X2APIC_ICR, (uint64_t)this_cpu()->apic_id << 32 | ICR_ASSERT | VECTOR_COST);
}

static uint64_t ticks(void (*fn)(void))
{
	uint64_t least = UINT64_MAX;

	for (unsigned int i = 0; i < ROUNDS; i++) {
		uint64_t start = rdtsc();
		uint64_t end;

		fn();
		end = rdtsc();
		if (end - start < least)
			least = end - start;
	}
	return least;
}

void attack_cost(void)
{
	bool amd = cpuid(0, 0).ebx == CPUID_AMD_EBX;
	const struct {
		const char *name;
		void (*fn)(void);
	} exits[] = {
		{ "hypercall", amd ? do_hypercall_amd : do_hypercall },
		{ "CPUID", do_cpuid },
		{ "RDMSR", do_rdmsr },
		{ "OUT", do_out },
		{ "ICR", do_icr },
	};
	uint64_t flags = irq_save();
	uint64_t empty = ticks(nothing);

	for (unsigned int i = 0; i < ARRAY_SIZE(exits); i++)
		print("cost %s %lu\n", exits[i].name, ticks(exits[i].fn) - empty);
	irq_restore(flags);
}
