/* SPDX-License-Identifier: Apache-2.0 */
#include "victim.h"
#include "apic.h"
#include "clock.h"
#include "console.h"
#include "trap.h"

#define VECTOR_TICK 0x40
#define MAX_REPORTS 16

struct tick_state {
	uint64_t last;	  /* TSC of the last tick, 0 before the first */
	uint64_t max_gap; /* TSC ticks */
	uint64_t count; /* the cyclic counter: counts in the handler, not where arrivals are counted
			 */
};

static struct tick_state states[MAX_CPUS];
static uint64_t reported[256];
static unsigned int reports;

static void tick(struct cpu *cpu, unsigned int vector)
{
	struct tick_state *state = &states[cpu->index];
	uint64_t now = rdtsc();

	(void)vector;
	if (state->last && now - state->last > state->max_gap)
		__atomic_store_n(&state->max_gap, now - state->last, __ATOMIC_RELAXED);
	state->last = now;
	__atomic_fetch_add(&state->count, 1, __ATOMIC_RELAXED);
}

void ticks_start(struct cpu *cpu)
{
	(void)cpu;
	irq_set_handler(VECTOR_TICK, tick);
	apic_timer_start(1000000 / TICK_HZ, true, VECTOR_TICK);
}

uint64_t ticks_count(void)
{
	uint64_t least = UINT64_MAX;

	for (unsigned int i = 0; i < nr_cpus; i++) {
		uint64_t count = __atomic_load_n(&states[i].count, __ATOMIC_RELAXED);

		if (count < least)
			least = count;
	}
	return least;
}

uint64_t ticks_max_gap_us(void)
{
	uint64_t most = 0;

	for (unsigned int i = 0; i < nr_cpus; i++) {
		uint64_t gap = __atomic_load_n(&states[i].max_gap, __ATOMIC_RELAXED);

		if (gap > most)
			most = gap;
	}
	return tsc_to_us(most);
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
