/* SPDX-License-Identifier: Apache-2.0 */
/* The registers of the first serial port, a 16550. */
#ifndef ISOLATION_UART_H
#define ISOLATION_UART_H

#include "x86.h"

#define UART_BASE 0x3f8
#define UART_DIVISOR 1 /* 115200 baud */

static inline uint8_t uart_read(unsigned int reg)
{
	return inb((uint16_t)(UART_BASE + reg));
}

static inline void uart_write(unsigned int reg, uint8_t value)
{
	outb((uint16_t)(UART_BASE + reg), value);
}

#endif
