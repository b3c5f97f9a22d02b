/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The physical UART under the console, as the architecture provides it (resolved at link time).
 *
 * None of these waits. The console calls the transmit side with its own lock held, so never on two
 * CPUs at once; uart_rx() only from console_interrupt().
 */
#ifndef CORE_UART_H
#define CORE_UART_H

#include "core/types.h"

/* Whether uart_tx() may be called for one more byte now. */
bool uart_tx_ready(void);

/* Whether all that was sent has left the UART, so that it may lose its power. */
bool uart_tx_done(void);

/* Sends one byte; only after uart_tx_ready() said true. */
void uart_tx(uint8_t byte);

/* Takes one received byte; false when there is none. */
bool uart_rx(uint8_t *byte);

/*
 * Switches the transmitter's interrupt. A change from off to on must interrupt as soon as the UART
 * has room, also when it has room already (a 16550's THRE interrupt does this). The interrupt's
 * handler acknowledges the UART's cause first (a 16550: reads IIR) and calls console_interrupt()
 * then.
 */
void uart_tx_irq(bool on);

#endif
