/* SPDX-License-Identifier: Apache-2.0 */
/* Every x2APIC register: does it answer as the manual says, is the id the one of the MADT, does the
 * timer run. */
#include "attacks.h"
#include "apic.h"
#include "clock.h"
#include "console.h"
#include "lib.h"
#include "smp.h"

#define VECTOR_TIMER 0xe8
#define VECTOR_SELF 0xe0
#define TIMER_US 2000
#define TIMER_PATIENCE_US 500000ull

enum access { NONE, READ_ONLY, WRITE_ONLY, READ_WRITE, OPTIONAL };

/* SDM3 table 11-6; what depends on the model (AMD's extended registers, CMCI, thermal, performance)
 * is optional. */
static enum access expected_access(uint32_t msr)
{
	switch (msr) {
	case X2APIC_ID:
	case X2APIC_VERSION:
	case X2APIC_PPR:
	case X2APIC_LDR:
	case X2APIC_TIMER_CURRENT:
		return READ_ONLY;
	case X2APIC_EOI:
	case X2APIC_SELF_IPI:
		return WRITE_ONLY;
	case X2APIC_TPR:
	case X2APIC_SVR:
	case X2APIC_ESR:
	case X2APIC_ICR:
	case X2APIC_TIMER_INITIAL:
	case X2APIC_TIMER_DIVIDE:
	case X2APIC_LVT_TIMER:
	case 0x835: /* LINT0 */
	case 0x836: /* LINT1 */
	case X2APIC_LVT_ERROR:
		return READ_WRITE;
	case X2APIC_LVT_CMCI:
	case 0x833: /* thermal */
	case 0x834: /* performance counters */
		return OPTIONAL;
	default:
		if (msr >= X2APIC_ISR0 && msr <= X2APIC_IRR7)
			return READ_ONLY;
		return msr >= 0x840 && msr <= 0x853 ? OPTIONAL : NONE;
	}
}

struct differences {
	struct ranges missing_read, extra_read, missing_write, extra_write;
};

static void check_register(struct attack *attack, uint32_t msr, struct differences *d)
{
	enum access access = expected_access(msr);
	uint64_t value = 0;
	bool reads = rdmsr_probe(msr, &value) == PROBE_OK;
	bool writes;

	attack->tried++;
	if (msr == X2APIC_ICR || msr == X2APIC_SELF_IPI)
		return; /* a write would send something: see below and the icr test */
	/* Writing a read-only ESR or EOI anything but 0 faults; the others take back what they
	 * said. */
	writes = wrmsr_probe(msr, reads && msr != X2APIC_ESR ? value : 0) == PROBE_OK;
	if (access == OPTIONAL)
		return;
	if (!reads && !writes && access == NONE)
		attack->denied++;
	if (reads && (access == NONE || access == WRITE_ONLY))
		ranges_add(&d->extra_read, msr, msr);
	if (!reads && (access == READ_ONLY || access == READ_WRITE))
		ranges_add(&d->missing_read, msr, msr);
	if (writes && (access == NONE || access == READ_ONLY))
		ranges_add(&d->extra_write, msr, msr);
	if (!writes && (access == WRITE_ONLY || access == READ_WRITE))
		ranges_add(&d->missing_write, msr, msr);
}

/* The identity must be the MADT's, and stay it: a CPU that could rename itself would get others'
 * interrupts. */
static void check_identity(struct attack *attack)
{
	uint32_t id = apic_id();
	uint64_t ldr = rdmsr(X2APIC_LDR);
	uint32_t should_be = this_cpu()->apic_id;
	uint64_t derived = (uint64_t)(id >> 4) << 16 | 1u << (id & 15); /* SDM3 11.12.10.2 */
	bool leaked;

	(void)wrmsr_probe(X2APIC_ID, id + 1);
	(void)wrmsr_probe(X2APIC_LDR, ldr << 1 | 1);
	leaked = id != should_be || apic_id() != id || rdmsr(X2APIC_LDR) != ldr;
	attack_count(attack, leaked);
	attack_note(attack, "%scpu %u: id %u, MADT %u, LDR %lx%s", leaked ? "LEAK " : "",
		    this_cpu()->index, id, should_be, ldr,
		    ldr == derived ? "" : ", which does not follow from the id");
}

/* The timer's LVT has no delivery mode: an APIC that takes one would send NMIs or SMIs to the
 * hypervisor and the firmware. Masked, in case it is taken. */
static void check_timer_modes(struct attack *attack)
{
	uint32_t taken = 0;

	for (uint32_t mode = 1; mode < 8; mode++)
		if (wrmsr_probe(X2APIC_LVT_TIMER, LVT_MASKED | mode << 8 | VECTOR_TIMER) ==
		    PROBE_OK)
			taken |= 1u << mode;
	attack_count(attack, taken != 0);
	attack_note(attack, "%stimer delivery modes taken: %x", taken ? "LEAK " : "", taken);
}

struct timer_check {
	uint64_t came_after_us; /* 0: never */
	bool self_ipi;
	bool identity_ok;
};

static uint64_t wait_for(unsigned int vector, uint64_t before)
{
	const struct cpu *cpu = this_cpu();
	uint64_t start = rdtsc();

	while (__atomic_load_n(&cpu->arrivals[vector], __ATOMIC_RELAXED) == before) {
		if (tsc_to_us(rdtsc() - start) > TIMER_PATIENCE_US)
			return 0;
		cpu_relax();
	}
	return tsc_to_us(rdtsc() - start) + 1;
}

/* Runs on each CPU in turn. */
static void check_cpu(void *arg)
{
	struct timer_check *check = arg;
	struct cpu *cpu = this_cpu();
	uint64_t before = cpu->arrivals[VECTOR_TIMER];

	apic_timer_start(TIMER_US, false, VECTOR_TIMER);
	check->came_after_us = wait_for(VECTOR_TIMER, before);
	apic_timer_stop();
	before = cpu->arrivals[VECTOR_SELF];
	check->self_ipi = wrmsr_probe(X2APIC_SELF_IPI, VECTOR_SELF) == PROBE_OK &&
			  wait_for(VECTOR_SELF, before);
	check->identity_ok = apic_id() == cpu->apic_id;
}

static void check_cpus(struct attack *attack)
{
	for (unsigned int i = 0; i < nr_cpus; i++) {
		struct timer_check check = { .came_after_us = 0 };
		bool done = true;

		if (i) {
			smp_run(&cpus[i], check_cpu, &check);
			done = smp_wait(&cpus[i], 4 * TIMER_PATIENCE_US);
		} else {
			check_cpu(&check);
		}
		if (!done)
			panic("CPU %u does not finish its APIC check", i);
		/* A CPU without its own id or timer is no leak, but nothing that holds, either. */
		attack_count(attack, !check.came_after_us || !check.self_ipi || !check.identity_ok);
		attack_note(attack, "cpu %u: timer of %u us %s after %lu us, self IPI %s, id %s", i,
			    TIMER_US, check.came_after_us ? "came" : "NEVER CAME",
			    check.came_after_us, check.self_ipi ? "ok" : "LOST",
			    check.identity_ok ? "ok" : "WRONG");
	}
}

void attack_x2apic(void)
{
	static struct differences d;
	struct attack attack;

	d = (struct differences){ 0 };
	attack_begin(&attack, "x2apic");
	check_identity(&attack);
	for (uint32_t msr = X2APIC_FIRST; msr <= X2APIC_LAST; msr++)
		check_register(&attack, msr, &d);
	/* Differences from the manual are told, not judged: the registers may be the hardware's
	 * own. */
	ranges_note(&attack, "not readable", &d.missing_read);
	ranges_note(&attack, "readable beyond the manual", &d.extra_read);
	ranges_note(&attack, "not writable", &d.missing_write);
	ranges_note(&attack, "writable beyond the manual", &d.extra_write);
	check_timer_modes(&attack);
	apic_init();
	check_cpus(&attack);
	attack_end(&attack);
}
