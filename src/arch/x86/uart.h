/* SPDX-License-Identifier: Apache-2.0 */
/* The x86 side of the physical console UART; core/uart.h is the console's side. */
#ifndef ARCH_UART_H
#define ARCH_UART_H

/* Sets up the board's console UART: 8N1, the board's baud rate, FIFOs on, no interrupts. */
void uart_init(void);

/* Routes the UART's interrupt as NMI to the boot CPU and lets reception interrupt. After
 * ioapic_init(). */
void uart_enable_interrupt(void);

/* Serves whatever the UART wants. On the boot CPU, when an NMI came. */
void uart_attend(void);

#endif
