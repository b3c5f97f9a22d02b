/* SPDX-License-Identifier: Apache-2.0 */
/* The registers of the virtual 16550, uncached. */
#ifndef ISOLATION_UART_H
#define ISOLATION_UART_H

#include <stdint.h>

#define UART_MMIO 0x800000001fe001e0ull
#define UART_DIVISOR 54 /* of 100 MHz: 115200 baud */

static inline uint8_t uart_read(unsigned int reg)
{
	return *(volatile uint8_t *)(UART_MMIO + reg);
}

static inline void uart_write(unsigned int reg, uint8_t value)
{
	*(volatile uint8_t *)(UART_MMIO + reg) = value;
}

#endif
