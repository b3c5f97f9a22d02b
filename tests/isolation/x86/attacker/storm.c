/* SPDX-License-Identifier: Apache-2.0 */
/*
 * 100,000 interrupt commands as fast as they can be sent, to "all but self" and to ids that are not
 * the cell's. Then the own CPUs, which the storm has reset and halted, are started again and must
 * work.
 */
#include "attacks.h"
#include "apic.h"
#include "boot.h"
#include "clock.h"
#include "console.h"
#include "lib.h"
#include "smp.h"

#define VECTOR_STORM 0xe2
#define SELF_NMIS 1000
#define SETTLE_US 50000
#define WORK_PATIENCE_US 20000000 /* for a CPU that a busy host keeps waiting; else it is lost */
#define REAL_MODE_VECTORS 256

extern const uint8_t storm_start[], storm_end[], storm_iret[], storm_counter[];

enum target {
	OTHERS,  /* shorthand "all but self" */
	FOREIGN, /* each id that is not the cell's in turn */
	CLUSTER, /* logical: all of the own cluster but self, existing or not, own or not */
};

static const struct wave {
	const char *name;
	uint32_t low;
	enum target target;
	unsigned int count;
} waves[] = {
	{ "fixed to others", ICR_FIXED | VECTOR_STORM, OTHERS, 20000 },
	{ "fixed to foreign ids", ICR_FIXED | VECTOR_STORM, FOREIGN, 10000 },
	{ "NMI to others", ICR_NMI, OTHERS, 19000 },
	{ "NMI to cluster", ICR_NMI, CLUSTER, 1000 },
	{ "NMI to foreign ids", ICR_NMI, FOREIGN, 10000 },
	{ "INIT to others", ICR_INIT, OTHERS, 9000 },
	{ "INIT to cluster", ICR_INIT, CLUSTER, 1000 },
	{ "SIPI to others", ICR_STARTUP | STORM_PAGE / PAGE_SIZE, OTHERS, 9000 },
	{ "SIPI to cluster", ICR_STARTUP | STORM_PAGE / PAGE_SIZE, CLUSTER, 1000 },
	{ "INIT to foreign ids", ICR_INIT, FOREIGN, 10000 },
	{ "SIPI to foreign ids", ICR_STARTUP | STORM_PAGE / PAGE_SIZE, FOREIGN, 10000 },
};

static uint64_t saved_vectors[REAL_MODE_VECTORS / 2];

static volatile void *low_memory(uint64_t address)
{
	/* An empty statement for the compiler: it would take address 0 for a null pointer. */
	__asm__("" : "+r"(address));
	return (volatile void *)address;
}

/* Where a label of the storm page is in it. */
static uint64_t offset_of(const uint8_t *label)
{
	return (uint64_t)label - (uint64_t)storm_start;
}

/* A CPU that a start-up IPI caught lands in the storm page; should an NMI follow it there, it finds
 * an IRET. */
static void install_storm_page(void)
{
	volatile uint32_t *vectors = low_memory(0);
	const volatile uint64_t *words = low_memory(0);

	memcpy((void *)STORM_PAGE, storm_start, offset_of(storm_end));
	for (unsigned int i = 0; i < ARRAY_SIZE(saved_vectors); i++)
		saved_vectors[i] = words[i];
	for (unsigned int i = 0; i < REAL_MODE_VECTORS; i++)
		vectors[i] = (STORM_PAGE >> 4) << 16 | (uint32_t)offset_of(storm_iret);
}

static void remove_storm_page(void)
{
	volatile uint64_t *words = low_memory(0);

	for (unsigned int i = 0; i < ARRAY_SIZE(saved_vectors); i++)
		words[i] = saved_vectors[i];
}

static uint32_t storm_starts(void)
{
	const volatile uint32_t *counter = low_memory(STORM_PAGE + offset_of(storm_counter));

	return *counter;
}

static bool is_own_id(uint32_t id)
{
	for (unsigned int i = 0; i < nr_cpus; i++) {
		if (cpus[i].apic_id == id)
			return true;
	}
	return false;
}

static uint32_t next_foreign(uint32_t id)
{
	do {
		id = (id + 1) & 0xff;
	} while (is_own_id(id));
	return id;
}

static uint64_t count_arrivals(void)
{
	uint64_t n = 0;

	for (unsigned int i = 0; i < nr_cpus; i++) {
		n += __atomic_load_n(&cpus[i].arrivals[VECTOR_STORM], __ATOMIC_RELAXED);
		n += __atomic_load_n(&cpus[i].arrivals[VECTOR_NMI], __ATOMIC_RELAXED);
	}
	return n;
}

static void answer(void *arg)
{
	(void)arg;
}

/* A CPU that answers has taken what was sent to it earlier, however long the host kept it. */
static void settle(struct attack *attack)
{
	for (unsigned int i = 1; i < nr_cpus; i++) {
		smp_run(&cpus[i], answer, NULL);
		if (smp_wait(&cpus[i], WORK_PATIENCE_US))
			continue;
		attack_note(attack, "cpu %u DOES NOT ANSWER", i);
		attack->leaked++;
	}
}

static void send_wave(struct attack *attack, const struct wave *wave)
{
	uint64_t before, start;
	uint32_t self = this_cpu()->apic_id;
	uint32_t delivery = wave->low & ICR_DELIVERY(7);
	uint32_t id =
		wave->target == CLUSTER ? self >> 4 << 16 | (0xffff & ~(1u << (self & 15))) : 0;
	uint64_t us, arrived, faults = 0;
	bool leaked;

	/* The waves of INIT and SIPI come last: until then the own CPUs run. */
	if (wave->target == FOREIGN && (delivery == ICR_FIXED || delivery == ICR_NMI))
		settle(attack);
	before = count_arrivals();
	start = rdtsc();
	for (unsigned int i = 0; i < wave->count; i++) {
		uint32_t low = wave->low | ICR_ASSERT;

		if (wave->target == OTHERS)
			low |= ICR_OTHERS;
		else if (wave->target == FOREIGN)
			id = next_foreign(id);
		else
			low |= ICR_LOGICAL;
		faults += wrmsr_probe(X2APIC_ICR, (uint64_t)id << 32 | low) != PROBE_OK;
	}
	us = tsc_to_us(rdtsc() - start);
	delay_us(SETTLE_US);
	arrived = count_arrivals() - before;
	leaked = arrived > 0 && wave->target == FOREIGN;
	attack->tried += wave->count;
	attack->denied += wave->target != FOREIGN || leaked ? 0 : wave->count;
	attack->leaked += leaked ? arrived : 0;
	attack_note(attack, "%s: %u in %lu us, faults %lu, own arrivals %lu%s", wave->name,
		    wave->count, us, faults, arrived, leaked ? " LEAK" : "");
}

/* NMIs that this CPU sends to itself: some may merge, at least one must come, and none is lost for
 * good. */
static void self_nmis(struct attack *attack)
{
	const struct cpu *cpu = this_cpu();
	uint64_t before = cpu->arrivals[VECTOR_NMI];
	uint64_t arrived;

	for (unsigned int i = 0; i < SELF_NMIS; i++)
		(void)wrmsr_probe(X2APIC_ICR, (uint64_t)cpu->apic_id << 32 | ICR_NMI | ICR_ASSERT);
	delay_us(SETTLE_US);
	arrived = __atomic_load_n(&cpu->arrivals[VECTOR_NMI], __ATOMIC_RELAXED) - before;
	attack->tried += SELF_NMIS;
	attack_note(attack, "NMI to self: %u sent, %lu came%s", SELF_NMIS, arrived,
		    arrived && arrived <= SELF_NMIS ? "" : " WRONG");
}

static void add_up(void *arg)
{
	uint64_t *sum = arg;
	uint64_t n = 0;

	for (uint64_t i = 1; i <= 100000; i++) {
		n += i;
		__asm__ volatile("" : "+r"(n));
	}
	*sum = n;
}

/* Each other CPU is started anew, computes, and takes an interrupt (the one that gives it the
 * work). */
static void restart_cpus(struct attack *attack)
{
	for (unsigned int i = 1; i < nr_cpus; i++) {
		uint64_t sum = 0;
		bool works = smp_start(&cpus[i]);

		if (works) {
			smp_run(&cpus[i], add_up, &sum);
			works = smp_wait(&cpus[i], WORK_PATIENCE_US) && sum == 5000050000ull;
		}
		attack_note(attack, "cpu %u %s", i, works ? "works again" : "IS LOST");
		attack->tried++;
		if (!works)
			attack->leaked++; /* the filter must not break what is the cell's own */
	}
	if (nr_cpus == 1)
		attack_note(attack, "no second CPU to restart");
}

void attack_storm(void)
{
	struct attack attack;

	attack_begin(&attack, "storm");
	install_storm_page();
	self_nmis(&attack);
	for (unsigned int i = 0; i < ARRAY_SIZE(waves); i++)
		send_wave(&attack, &waves[i]);
	attack_note(&attack, "own CPUs caught by a SIPI: %u", storm_starts());
	remove_storm_page();
	restart_cpus(&attack);
	attack_end(&attack);
}

/*
 * Leaves an interrupt of every vector pending, those of exceptions and illegal ones (which emulated
 * APICs take) included, and resets the cell: whoever restarts it has to get rid of them.
 */
void attack_stray(const char *arg, size_t length)
{
	(void)arg;
	(void)length;
	print("attack stray begin\n");
	irq_disable();
	for (uint32_t vector = 0; vector < 256; vector++)
		wrmsr(X2APIC_SELF_IPI, vector);
	outb(0xcf9, 2);
	outb(0xcf9, 6);
	for (;;)
		irq_disable();
}
