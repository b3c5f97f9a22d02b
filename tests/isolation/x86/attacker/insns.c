/* SPDX-License-Identifier: Apache-2.0 */
/* Instructions that a hypervisor may have to intercept: they must work, or fault, and never end the
 * cell. */
#include "attacks.h"
#include "apic.h"
#include "clock.h"
#include "console.h"
#include "lib.h"
#include "insns_extra.h"
#include "trap.h"

#define VECTOR_WAKE 0xe9
#define WAKE_US 2000
#define CPUID_SVM (1u << 2)	/* 8000_0001h ECX, APM3 E.4.2 */
#define CPUID_VMX (1u << 5)	/* 1 ECX */
#define CPUID_MONITOR (1u << 3) /* 1 ECX */
#define SUBLEAVES 40

/* All leaves of one range with their subleaves; the sum keeps the compiler honest and tells runs
 * apart. */
static uint32_t read_leaves(uint32_t first, uint32_t last)
{
	uint32_t sum = 0;

	for (uint32_t leaf = first; leaf <= last && leaf >= first; leaf++) {
		for (uint32_t sub = 0; sub < SUBLEAVES; sub++) {
			struct cpuid_result r = cpuid(leaf, sub);

			sum = sum * 31 + (r.eax ^ r.ebx ^ r.ecx ^ r.edx);
		}
	}
	return sum;
}

static void check_hidden(struct attack *attack, const char *what, bool visible)
{
	attack_count(attack, visible);
	if (visible)
		attack_note(attack, "LEAK CPUID shows %s", what);
}

static void attack_cpuid(struct attack *attack)
{
	uint32_t last = cpuid(0, 0).eax;
	uint32_t last_ext = cpuid(0x80000000, 0).eax;
	struct cpuid_result hv = cpuid(0x40000000, 0);
	struct cpuid_result svm = cpuid(0x8000000a, 0);
	struct cpuid_result topology = cpuid(0xb, 0);
	uint32_t id = cpuid(1, 0).ebx >> 24;
	char signature[13];

	(void)read_leaves(0, (last < 0x100 ? last : 0x100) + 2);
	(void)read_leaves(0x40000000, 0x400000ff);
	(void)read_leaves(0x80000000, last_ext < 0x80000100 ? last_ext + 2 : 0x80000100);
	(void)read_leaves(0xc0000000, 0xc0000004);
	(void)read_leaves(0xfffffff0, 0xffffffff);
	memcpy(signature, &hv.ebx, 4);
	memcpy(signature + 4, &hv.ecx, 4);
	memcpy(signature + 8, &hv.edx, 4);
	signature[12] = 0;
	attack_note(attack, "CPUID: up to %x and %x, hypervisor leaf %x '%s', features %x", last,
		    last_ext, hv.eax, signature, cpuid(0x40000001, 0).eax);
	check_hidden(attack, "SVM", cpuid(0x80000001, 0).ecx & CPUID_SVM);
	check_hidden(attack, "SVM features", svm.eax | svm.ebx | svm.edx);
	check_hidden(attack, "VMX", cpuid(1, 0).ecx & CPUID_VMX);
	check_hidden(attack, "an APIC id that the MADT does not say",
		     id != (this_cpu()->apic_id & 0xff));
	check_hidden(attack, "another x2APIC id in leaf 0Bh",
		     last >= 0xb && topology.ebx && topology.edx != this_cpu()->apic_id);
}

static void do_rdtscp(void *arg)
{
	uint32_t *aux = arg;
	uint32_t low, high;

	__asm__ volatile("rdtscp" : "=a"(low), "=d"(high), "=c"(*aux));
}

static void do_rdpmc(void *arg)
{
	uint32_t counter = *(uint32_t *)arg;
	uint32_t low, high;

	__asm__ volatile("rdpmc" : "=a"(low), "=d"(high) : "c"(counter));
}

static void do_wbinvd(void *arg)
{
	(void)arg;
	__asm__ volatile("wbinvd" : : : "memory");
}

static void do_invd(void *arg)
{
	(void)arg;
	__asm__ volatile("invd" : : : "memory");
}

static void do_rsm(void *arg)
{
	(void)arg;
	__asm__ volatile("rsm" : : : "memory");
}

static void do_int3(void *arg)
{
	(void)arg;
	__asm__ volatile("int3");
}

static void do_ud2(void *arg)
{
	(void)arg;
	__asm__ volatile("ud2");
}

/* As attack_must_raise(), but what works as it should is no attempt that was denied. */
static void attack_result(struct attack *attack, const char *what, int vector, int should)
{
	if (vector == PROBE_OK && vector == should)
		attack->tried++;
	else
		attack_must_raise(attack, what, vector, should);
}

static void attack_simple(struct attack *attack)
{
	static const uint32_t counters[] = { 0, 1, 5, 6, 0x40000000, 0x80000000, 0xffffffff };
	uint32_t aux = 0;
	unsigned int pmc_faults = 0;
	int rdtscp = probe_run(do_rdtscp, &aux);
	int wbinvd;
	uint64_t start = rdtsc();

	for (unsigned int i = 0; i < ARRAY_SIZE(counters); i++) {
		uint32_t counter = counters[i];
		int vector = probe_run(do_rdpmc, &counter);

		pmc_faults += vector != PROBE_OK;
		if (in_cell) /* has no counters */
			attack_must_raise(attack, "RDPMC", vector, VECTOR_GP);
	}
	wbinvd = probe_run(do_wbinvd, NULL);
	attack_note(attack,
		    "RDTSCP exception %d aux %x; RDPMC faults %u of %lu; WBINVD exception %d; TSC "
		    "runs %s",
		    rdtscp, aux, pmc_faults, ARRAY_SIZE(counters), wbinvd,
		    rdtsc() > start ? "on" : "BACKWARDS");
	attack_result(attack, "WBINVD", wbinvd, PROBE_OK);
	/* On a bare machine, INVD throws away what others wrote. */
	if (in_cell)
		attack_result(attack, "INVD", probe_run(do_invd, NULL), PROBE_OK);
	attack_must_raise(attack, "RSM", probe_run(do_rsm, NULL), VECTOR_UD);
	attack_must_raise(attack, "INT3", probe_run(do_int3, NULL), VECTOR_BP);
	attack_must_raise(attack, "UD2", probe_run(do_ud2, NULL), VECTOR_UD);
}

static volatile uint64_t monitored;

/* Without a MONITOR before it: where that is undefined, MWAIT would never be tried. */
static void do_mwait_alone(void *arg)
{
	(void)arg;
	__asm__ volatile("sti; mwait" : : "a"(0), "c"(0) : "memory");
}

static void do_hlt(void *arg)
{
	(void)arg;
	irq_enable_and_halt();
}

static void do_mwait(void *arg)
{
	const volatile uint64_t *address = arg;

	__asm__ volatile("monitor" : : "a"(address), "c"(0), "d"(0) : "memory");
	__asm__ volatile("sti; mwait" : : "a"(0), "c"(0) : "memory");
}

/* A halted CPU is woken by its own timer. HLT may end early (by an NMI), so it is repeated until
 * a tick came; ticks go on, as the first may come before the CPU halts. What does not exist must be
 * undefined. */
static void attack_wait(struct attack *attack, cpu_work_fn wait, const char *name, bool exists)
{
	const struct cpu *cpu = this_cpu();
	uint64_t before = cpu->arrivals[VECTOR_WAKE];
	uint64_t start = rdtsc();
	uint64_t waits = 0;
	int vector;

	apic_timer_start(WAKE_US, true, VECTOR_WAKE);
	do {
		irq_disable();
		vector = probe_run(wait, (void *)&monitored);
		irq_enable();
		waits++;
	} while (vector == PROBE_OK &&
		 __atomic_load_n(&cpu->arrivals[VECTOR_WAKE], __ATOMIC_RELAXED) == before);
	apic_timer_stop();
	attack_result(attack, name, vector, exists ? PROBE_OK : VECTOR_UD);
	if (vector == PROBE_OK)
		attack_note(attack, "%s: woken after %lu us, %lu times", name,
			    tsc_to_us(rdtsc() - start), waits);
	else
		attack_note(attack, "%s: exception %d", name, vector);
}

void attack_insns(void)
{
	struct attack attack;
	bool monitor = cpuid(1, 0).ecx & CPUID_MONITOR;

	attack_begin(&attack, "insns");
	attack_cpuid(&attack);
	attack_simple(&attack);
	attack_wait(&attack, do_hlt, "HLT", true);
	attack_wait(&attack, do_mwait, monitor ? "MWAIT" : "MWAIT (not in CPUID)", monitor);
	attack_wait(&attack, do_mwait_alone, "MWAIT without MONITOR", monitor);
	attack_xsetbv(&attack);
	attack_control_registers(&attack);
	attack_debug_registers(&attack);
	attack_transfers(&attack);
	attack_rare(&attack);
	attack_task_switch(&attack);
	attack_end(&attack);
}

/* A triple fault: an exception without an IDT. */
void attack_crash(const char *arg, size_t length)
{
	static const struct {
		uint16_t limit;
		uint64_t base;
	} __attribute__((packed)) no_idt = { 0, 0 };

	(void)arg;
	(void)length;
	print("attack crash begin\n");
	irq_disable();
	__asm__ volatile("lidt %0; int3" : : "m"(no_idt) : "memory");
}
