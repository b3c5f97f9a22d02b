/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Interrupt commands to every destination. To an own CPU they must arrive there; from all others,
 * nothing may come back, and the neighbours, who count what they did not ask for, are the proof
 * that nothing arrived.
 */
#include "attacks.h"
#include "apic.h"
#include "clock.h"
#include "lib.h"
#include "trap.h"

#define VECTOR_PROBE 0xe0
#define STARTUP_PAGE (STORM_PAGE / PAGE_SIZE)
#define ARRIVAL_PATIENCE_US 300000
#define SHORT_PATIENCE_US 1000 /* once it is clear that interrupts get lost */
#define MAX_LOST 8
#define SETTLE_US 20000

static const struct mode {
	const char *name;
	uint32_t delivery;
} modes[] = {
	{ "fixed", ICR_FIXED },	      { "lowest", ICR_LOWEST }, { "SMI", ICR_SMI },
	{ "reserved", ICR_RESERVED }, { "NMI", ICR_NMI },	{ "INIT", ICR_INIT },
	{ "SIPI", ICR_STARTUP },      { "ExtINT", ICR_EXTINT },
};

struct tally {
	uint64_t foreign; /* sent to nobody of ours */
	uint64_t own;	  /* arrivals that sends to own CPUs alone must cause */
	uint64_t mixed;	  /* arrivals that sends to own and other CPUs at once may cause, or not */
	uint64_t arrived;
	uint64_t faults;
	unsigned int lost; /* own commands that did not arrive in time */
};

/* Arrivals on all own CPUs of the probe vector and of NMIs. */
static uint64_t arrivals(void)
{
	uint64_t n = 0;

	for (unsigned int i = 0; i < nr_cpus; i++) {
		n += __atomic_load_n(&cpus[i].arrivals[VECTOR_PROBE], __ATOMIC_RELAXED);
		n += __atomic_load_n(&cpus[i].arrivals[VECTOR_NMI], __ATOMIC_RELAXED);
	}
	return n;
}

static bool cpu_matches(const struct cpu *cpu, uint32_t destination, bool logical)
{
	if (destination == APIC_BROADCAST)
		return true;
	if (!logical)
		return destination == cpu->apic_id;
	return destination >> 16 == cpu->apic_id >> 4 &&
	       (destination & 0xffff & 1u << (cpu->apic_id & 15));
}

static unsigned int own_matches(uint32_t destination, bool logical)
{
	unsigned int n = 0;

	for (unsigned int i = 0; i < nr_cpus; i++)
		n += cpu_matches(&cpus[i], destination, logical);
	return n;
}

static unsigned int shorthand_matches(unsigned int shorthand)
{
	return shorthand == 1 ? 1 : shorthand == 2 ? nr_cpus : nr_cpus - 1;
}

/* How many arrivals one command causes that reaches @n own CPUs. */
static unsigned int expected_arrivals(uint32_t delivery, unsigned int n)
{
	if (delivery == ICR_LOWEST)
		return n ? 1 : 0;
	return delivery == ICR_FIXED || delivery == ICR_NMI ? n : 0;
}

static void send(struct tally *tally, uint32_t destination, uint32_t low)
{
	if (wrmsr_probe(X2APIC_ICR, (uint64_t)destination << 32 | low) != PROBE_OK)
		tally->faults++;
}

static unsigned int bit_count(uint32_t v)
{
	unsigned int n = 0;

	for (; v; v &= v - 1)
		n++;
	return n;
}

/*
 * True for a logical destination that names others besides the @n own CPUs. On a machine without
 * the others the own get it; a hypervisor may as well refuse the whole command.
 */
static bool is_mixed(uint32_t destination, uint32_t low, unsigned int n)
{
	return low & ICR_LOGICAL && n && destination != APIC_BROADCAST &&
	       bit_count(destination & 0xffff) > n;
}

/* One command of which @n own CPUs are destinations. */
static void try_command(struct tally *tally, uint32_t destination, uint32_t low, unsigned int n)
{
	uint32_t delivery = low & ICR_EXTINT;
	uint64_t before, should, start, patience;
	bool mixed = is_mixed(destination, low, n);

	/* Own CPUs are reset by the storm test. SMI and ExtINT mean something on a bare machine. */
	if (n && (delivery == ICR_INIT || delivery == ICR_STARTUP))
		return;
	if (n && !in_cell && !expected_arrivals(delivery, 1))
		return;
	if (!n) {
		tally->foreign++;
		send(tally, destination, low);
		return;
	}
	should = expected_arrivals(delivery, n);
	before = arrivals();
	send(tally, destination, low);
	if (mixed)
		tally->mixed += should;
	else
		tally->own += should;
	patience = mixed || tally->lost >= MAX_LOST ? SHORT_PATIENCE_US : ARRIVAL_PATIENCE_US;
	start = rdtsc();
	while (arrivals() - before < should && tsc_to_us(rdtsc() - start) < patience)
		cpu_relax();
	tally->lost += !mixed && arrivals() - before < should;
}

static uint32_t command(const struct mode *mode)
{
	uint32_t vector = mode->delivery == ICR_STARTUP ? (uint32_t)STARTUP_PAGE : VECTOR_PROBE;

	/* INIT has no vector (SDM3 11.6.1). */
	return mode->delivery | ICR_ASSERT | (mode->delivery == ICR_INIT ? 0 : vector);
}

static void try_destination(struct tally *tally, const struct mode *mode, uint32_t destination)
{
	try_command(tally, destination, command(mode), own_matches(destination, false));
	try_command(tally, destination, command(mode) | ICR_LOGICAL,
		    own_matches(destination, true));
}

static void try_mode(struct attack *attack, const struct mode *mode)
{
	struct tally tally = { 0 };
	uint64_t before = arrivals();
	uint64_t most;
	const char *verdict = "";

	for (uint32_t destination = 0; destination < 0x200; destination++)
		try_destination(&tally, mode, destination);
	for (unsigned int bit = 9; bit < 32; bit++)
		try_destination(&tally, mode, 1u << bit);
	/* Every CPU of each of the first clusters. */
	for (uint32_t cluster = 1; cluster < 16; cluster++)
		try_command(&tally, cluster << 16 | 0xffff, command(mode) | ICR_LOGICAL,
			    own_matches(cluster << 16 | 0xffff, true));
	try_destination(&tally, mode, APIC_BROADCAST);
	for (unsigned int shorthand = 1; shorthand <= 3; shorthand++)
		try_command(&tally, 0, command(mode) | ICR_SHORTHAND(shorthand),
			    shorthand_matches(shorthand));
	/* Level-triggered de-assert: does nothing on any CPU of the last decades. */
	if (mode->delivery == ICR_INIT)
		send(&tally, 0xfe, ICR_INIT | ICR_LEVEL);
	delay_us(SETTLE_US);
	tally.arrived = arrivals() - before;
	most = tally.own + tally.mixed;
	if (tally.arrived > most)
		verdict = " LEAK";
	else if (tally.arrived < tally.own)
		verdict = " LOST";
	attack->tried += tally.foreign;
	attack->leaked += tally.arrived > most ? tally.arrived - most : 0;
	attack_note(attack, "%s: to others %lu, faults %lu; own should get %lu to %lu, got %lu%s",
		    mode->name, tally.foreign, tally.faults, tally.own, most, tally.arrived,
		    verdict);
}

/* Reserved bits of the ICR must fault (SDM3 11.12.9); vectors below 16 are illegal but harmless. */
static void try_malformed(struct attack *attack)
{
	static const uint32_t reserved[] = { 1u << 12, 1u << 13, 1u << 16,
					     1u << 17, 1u << 20, 1u << 31 };
	uint64_t before = arrivals();
	unsigned int faults = 0;

	for (unsigned int i = 0; i < ARRAY_SIZE(reserved); i++)
		faults += wrmsr_probe(X2APIC_ICR, 0xfeull << 32 | ICR_ASSERT | VECTOR_PROBE |
							  reserved[i]) != PROBE_OK;
	for (uint32_t vector = 0; vector < 16; vector++)
		(void)wrmsr_probe(X2APIC_ICR, 0xfeull << 32 | ICR_ASSERT | vector);
	delay_us(SETTLE_US);
	attack_count(attack, arrivals() != before);
	attack_note(attack, "reserved bits: %u of %lu fault", faults, ARRAY_SIZE(reserved));
}

void attack_icr(void)
{
	struct attack attack;

	attack_begin(&attack, "icr");
	for (unsigned int i = 0; i < ARRAY_SIZE(modes); i++)
		try_mode(&attack, &modes[i]);
	attack.denied = attack.tried > attack.leaked ? attack.tried - attack.leaked : 0;
	try_malformed(&attack);
	attack_end(&attack);
}

/* One fixed interrupt to one destination. */
void attack_badicr(const char *arg, size_t length)
{
	struct attack attack;
	uint64_t destination;

	attack_begin(&attack, "badicr");
	if (!arg || !text_number(&arg, arg + length, 16, &destination)) {
		attack_note(&attack, "needs a destination: tests=badicr=<hex>");
	} else {
		uint64_t before = arrivals();
		int vector = wrmsr_probe(X2APIC_ICR,
					 destination << 32 | ICR_FIXED | ICR_ASSERT | VECTOR_PROBE);

		delay_us(SETTLE_US);
		attack_note(&attack, "lived: exception %d, %lu own arrivals", vector,
			    arrivals() - before);
		attack_count(&attack,
			     arrivals() - before > own_matches((uint32_t)destination, false));
	}
	attack_end(&attack);
}
