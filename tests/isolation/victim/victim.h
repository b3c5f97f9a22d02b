/* SPDX-License-Identifier: Apache-2.0 */
/* The victim: three things that must go on undisturbed, whatever a neighbour does. */
#ifndef VICTIM_H
#define VICTIM_H

#include <stdbool.h>
#include <stdint.h>

struct cpu;

/* ---- pattern.c: all memory holds what was written ---- */

/* Chooses the memory, at most @limit bytes; returns the bytes chosen. Then each CPU fills its part.
 */
uint64_t pattern_init(uint64_t limit);
void pattern_fill(unsigned int cpu);

/* Verifies the next slice of this CPU's part; returns the number of words that were wrong (and are
 * repaired). */
unsigned int pattern_verify_slice(unsigned int cpu);

/* Complete passes that every CPU has made over its part. */
uint64_t pattern_passes(void);

/* ---- ticks.c: the timer of each CPU comes in time, and nothing else comes ---- */

#define TICK_HZ 100

/* Of the calling CPU's timer, in its handler. */
void ticks_note(const struct cpu *cpu);

/* Ticks of the CPU that has the fewest; the longest time between two ticks of one CPU in
 * microseconds. */
uint64_t ticks_count(void);
uint64_t ticks_max_gap_us(void);

/* ---- the architecture's arrivals.c ---- */

/* Starts the calling CPU's timer. */
void ticks_start(struct cpu *cpu);

/* Interrupts and exceptions of any CPU that nobody asked for. Prints the first few. */
uint64_t ticks_unexpected(void);

/* ---- watch.c: device and CPU registers keep what was written ---- */

/* How to read it, to set it, and what it must be. The list is the architecture's watched.c. */
struct watched {
	const char *name;
	uint64_t (*get)(void);
	void (*set)(uint64_t value);
	uint64_t value;
};

extern const struct watched watched[];
extern const unsigned int nr_watched;

/* What must be done to devices before registers are set. */
void watched_init(void);

void watch_init(void);

/* Compares all; returns the number of registers that changed (and are set again). Prints the first
 * few. */
unsigned int watch_check(void);

#endif
