/* SPDX-License-Identifier: Apache-2.0 */
#include "victim.h"
#include "clock.h"
#include "trap.h"

static struct {
	uint64_t last;    /* of the counter at the last tick, 0 before the first */
	uint64_t max_gap; /* ticks of the counter */
	uint64_t count;   /* counts in the handler, not where arrivals are counted */
} states[MAX_CPUS];

void ticks_note(const struct cpu *cpu)
{
	uint64_t now = rdtsc();
	uint64_t last = states[cpu->index].last;

	if (last && now - last > states[cpu->index].max_gap)
		__atomic_store_n(&states[cpu->index].max_gap, now - last, __ATOMIC_RELAXED);
	states[cpu->index].last = now;
	__atomic_fetch_add(&states[cpu->index].count, 1, __ATOMIC_RELAXED);
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
