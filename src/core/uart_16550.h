/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The physical 16550 under the console (core/uart.h). Where its registers and its interrupt are is
 * the architecture's matter.
 */
#ifndef CORE_UART_16550_H
#define CORE_UART_16550_H

#include "core/types.h"

/* Sets it up: 8N1 at @baud from an input clock of @clock Hz, FIFOs on, no interrupts. */
void uart_16550_init(uint32_t clock, uint32_t baud);

/* Lets reception interrupt, and transmission if something is left to send. */
void uart_16550_enable_interrupt(void);

/* Serves whatever the UART wants; its interrupt line is low afterwards. */
void uart_16550_attend(void);

/* ---- Resolved at link time: register @reg, 0 to 7 ---- */
uint8_t uart_16550_get(unsigned int reg);
void uart_16550_put(unsigned int reg, uint8_t value);

#endif
