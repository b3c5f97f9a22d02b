/* SPDX-License-Identifier: Apache-2.0 */
#include "apic.h"
#include "console.h"
#include "trap.h"
#include "victim.h"

#define VECTOR_TICK 0x40
#define MAX_REPORTS 16

static uint64_t reported[256];
static unsigned int reports;

static void tick(struct cpu *cpu, unsigned int vector)
{
	(void)vector;
	ticks_note(cpu);
}

void ticks_start(struct cpu *cpu)
{
	(void)cpu;
	irq_set_handler(VECTOR_TICK, tick);
	apic_timer_start(1000000 / TICK_HZ, true, VECTOR_TICK);
}

/* Arrivals of @vector at CPU @cpu that are in order: its ticks (too many of them show in the count
 * of ticks), and, at all but the first, the one kick that begins its work. */
static uint64_t expected_arrivals(unsigned int cpu, unsigned int vector, uint64_t arrivals)
{
	if (vector == VECTOR_TICK)
		return arrivals;
	return vector == VECTOR_KICK && cpu != 0 ? 1 : 0;
}

uint64_t ticks_unexpected(void)
{
	uint64_t total = 0;

	for (unsigned int vector = 0; vector < 256; vector++) {
		uint64_t found = 0;

		for (unsigned int i = 0; i < nr_cpus; i++) {
			uint64_t n = __atomic_load_n(&cpus[i].arrivals[vector], __ATOMIC_RELAXED);

			found += n - expected_arrivals(i, vector, n);
		}
		total += found;
		if (found > reported[vector] && reports < MAX_REPORTS) {
			reports++;
			print("victim error: vector %u came %lu times without being asked for\n",
			      vector, found);
		}
		reported[vector] = found;
	}
	return total;
}
