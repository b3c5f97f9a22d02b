/* SPDX-License-Identifier: Apache-2.0 */
/* Time: the TSC as clock, the HPET's comparators as the cells' event timers, the RTC for the date.
 */
#ifndef ARCH_TIMING_H
#define ARCH_TIMING_H

#include "core/types.h"

/* Lets the HPET count, if the board has one. Boot CPU, before timing_init(). */
void hpet_start(void);

/* Measures the TSC against the HPET (or the 8254) and reads the RTC. Boot CPU, once. */
void timing_init(void);

/* Frequency of the TSC in kHz, as measured. */
uint32_t timing_tsc_khz(void);

/* Busy-waits. */
void timing_delay(uint64_t ns);

/* Routes each cell's HPET comparator as NMI to the CPU of the cell's first vCPU. Boot CPU, once. */
void hpet_init(void);

/*
 * Makes comparator @index fire at @deadline (arch_now() time), or never (TIMER_OFF).
 * Returns false when that moment is so near that the comparator may have missed it: the caller acts
 * at once.
 */
bool hpet_arm(uint32_t index, uint64_t deadline);

/* The HPET's main counter and its period in femtoseconds; period 0 when the board has no HPET. */
uint64_t hpet_counter(void);
uint64_t hpet_period(void);

#endif
