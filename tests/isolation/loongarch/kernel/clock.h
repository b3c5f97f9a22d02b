/* SPDX-License-Identifier: Apache-2.0 */
/* Time by the stable counter. */
#ifndef ISOLATION_CLOCK_H
#define ISOLATION_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

/* Its ticks per second. */
extern uint64_t tsc_hz;

void clock_init(void);

/* A span of ticks, up to centuries, in microseconds. */
uint64_t tsc_to_us(uint64_t ticks);

void delay_us(uint64_t us);

/* Starts the calling CPU's timer: IRQ_TIMER every @us microseconds, or once. */
void timer_start(uint64_t us, bool periodic);

#endif
