/* SPDX-License-Identifier: Apache-2.0 */
/* The first serial port, a polled 16550, as the test kernels' only output. */
#ifndef ISOLATION_CONSOLE_H
#define ISOLATION_CONSOLE_H

#include <stdint.h>

/* Two of its registers. */
#define UART_LCR 3
#define UART_SCRATCH 7

/* The line format that console_init() sets and nobody changes afterwards: 8 data bits, 1 stop bit.
 */
#define UART_LCR_8N1 0x03

void console_init(void);

/* Prints text of at most 255 characters; what two CPUs print never mixes within one call. \n ends a
 * line. */
void print(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* Prints the message and stops this CPU for good. Takes no lock, so it works from any context. */
_Noreturn void panic(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

#endif
