/* SPDX-License-Identifier: Apache-2.0 */
/* Time by the TSC, whose frequency is measured against the 8254 or the ACPI timer. */
#ifndef ISOLATION_CLOCK_H
#define ISOLATION_CLOCK_H

#include <stdint.h>

/* TSC ticks per second. */
extern uint64_t tsc_hz;

/* Measures tsc_hz (about 80 ms). @pm_timer_port is the FADT's PM_TMR_BLK, 0 if there is none. */
void clock_init(uint16_t pm_timer_port);

/* A span of TSC ticks, up to centuries, in microseconds. */
uint64_t tsc_to_us(uint64_t ticks);

void delay_us(uint64_t us);

#endif
