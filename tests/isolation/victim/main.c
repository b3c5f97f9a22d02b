/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The victim: a cell that notices when anybody disturbs it.
 *
 * Prints "victim ready cpus=N" once, then one line each second, forever:
 *
 *   victim t=S ticks=N passes=N errors=N unexpected=N maxgap_us=N
 *
 * - t: seconds since the timers started, by the TSC
 *
 * - ticks: timer interrupts of the CPU that had the fewest (100 a second)
 *
 * - passes: times that all memory was verified
 *
 * - errors: words of memory, and device or CPU registers, that were not as left
 *
 * - unexpected: interrupts, NMIs and exceptions that nobody asked for
 *
 * - maxgap_us: the longest time between two ticks of one CPU (10000 were ideal)
 *
 * A "victim error: ..." line tells about each of the first few errors. Option: memory=MIB (decimal)
 * at most is patterned.
 */
#include "victim.h"
#include "boot.h"
#include "clock.h"
#include "console.h"
#include "lib.h"
#include "smp.h"
#include "trap.h"

#define FILL_TIMEOUT_US 600000000ull

static uint64_t errors;

static void fill(void *arg)
{
	(void)arg;
	pattern_fill(this_cpu()->index);
}

static void verify_slice(unsigned int cpu)
{
	unsigned int found = pattern_verify_slice(cpu);

	if (found)
		__atomic_fetch_add(&errors, found, __ATOMIC_RELAXED);
}

static void work(void *arg)
{
	struct cpu *cpu = this_cpu();

	(void)arg;
	ticks_start(cpu);
	for (;;)
		verify_slice(cpu->index);
}

static uint64_t memory_limit(void)
{
	size_t length;
	const char *text = cmdline_value("memory", &length);
	uint64_t mib;

	if (!text || !text_number(&text, text + length, 10, &mib))
		return UINT64_MAX;
	return mib * MIB;
}

/* Each kick of smp_run() counts as an arrival, so each CPU gets exactly one: fill and work are one
 * job. */
static void fill_and_work(void *arg)
{
	bool *filled = arg;

	fill(NULL);
	__atomic_store_n(filled, true, __ATOMIC_RELEASE);
	work(NULL);
}

void kernel_main(void)
{
	static bool filled[MAX_CPUS];
	uint64_t bytes = pattern_init(memory_limit());
	uint64_t start, seconds = 0;

	if (!bytes)
		panic("no memory to put the pattern into");
	print("victim: %u CPUs, %lu KiB patterned, TSC %lu kHz\n", nr_cpus, bytes / 1024,
	      tsc_hz / 1000);
	watch_init();
	for (unsigned int i = 1; i < nr_cpus; i++)
		smp_run(&cpus[i], fill_and_work, &filled[i]);
	fill(NULL);
	start = rdtsc();
	for (unsigned int i = 1; i < nr_cpus; i++) {
		while (!__atomic_load_n(&filled[i], __ATOMIC_ACQUIRE)) {
			if (tsc_to_us(rdtsc() - start) > FILL_TIMEOUT_US)
				panic("CPU %u does not work", i);
			cpu_relax();
		}
	}
	print("victim ready cpus=%u\n", nr_cpus);
	ticks_start(this_cpu());
	start = rdtsc();
	for (;;) {
		uint64_t unexpected;

		verify_slice(0);
		if (tsc_to_us(rdtsc() - start) < (seconds + 1) * 1000000)
			continue;
		seconds = tsc_to_us(rdtsc() - start) / 1000000;
		errors += watch_check();
		unexpected = ticks_unexpected();
		print("victim t=%lu ticks=%lu passes=%lu errors=%lu unexpected=%lu maxgap_us=%lu\n",
		      seconds, ticks_count(), pattern_passes(),
		      __atomic_load_n(&errors, __ATOMIC_RELAXED), unexpected, ticks_max_gap_us());
	}
}
