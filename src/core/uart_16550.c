/* SPDX-License-Identifier: Apache-2.0 */
/* The physical 16550 that carries the console (PC16550D datasheet). */
#include "core/uart_16550.h"
#include "core/console.h"
#include "core/uart.h"

#define UART_DATA 0
#define UART_IER 1
#define UART_IIR 2
#define UART_FCR 2
#define UART_LCR 3
#define UART_MCR 4
#define UART_LSR 5
#define UART_MSR 6

#define IER_RECEIVE BIT(0)
#define IER_TRANSMIT BIT(1)
#define IIR_NONE BIT(0)
#define FCR_ENABLE_AND_CLEAR 0x07
#define LCR_8N1 0x03
#define LCR_DLAB 0x80
#define MCR_DTR_RTS_OUT2 0x0b
#define LSR_DATA BIT(0)
#define LSR_THRE BIT(5)
#define LSR_TEMT BIT(6)

#define DIVISOR_OVERSAMPLING 16u
#define FIFO_SIZE 16u

/* Bytes that may still follow into the FIFO since it was last seen empty. */
static unsigned int room;

void uart_16550_init(uint32_t clock, uint32_t baud)
{
	uint32_t divisor = clock / (DIVISOR_OVERSAMPLING * baud);

	uart_16550_put(UART_IER, 0);
	uart_16550_put(UART_LCR, LCR_8N1 | LCR_DLAB);
	uart_16550_put(UART_DATA, (uint8_t)divisor);
	uart_16550_put(UART_IER, (uint8_t)(divisor >> 8));
	uart_16550_put(UART_LCR, LCR_8N1);
	uart_16550_put(UART_FCR, FCR_ENABLE_AND_CLEAR);
	uart_16550_put(UART_MCR, MCR_DTR_RTS_OUT2);
}

void uart_16550_enable_interrupt(void)
{
	uart_16550_put(UART_IER, IER_RECEIVE);
	console_drain(); /* switches the transmitter's interrupt on if something is left to send */
}

void uart_16550_attend(void)
{
	/* Where the line is edge-triggered, it rises again only after every cause was served. */
	while (!(uart_16550_get(UART_IIR) & IIR_NONE)) {
		console_interrupt();
		uart_16550_get(UART_LSR);
		uart_16550_get(UART_MSR);
	}
}

bool uart_tx_ready(void)
{
	if (room == 0 && (uart_16550_get(UART_LSR) & LSR_THRE))
		room = FIFO_SIZE;
	return room > 0;
}

bool uart_tx_done(void)
{
	return uart_16550_get(UART_LSR) & LSR_TEMT;
}

void uart_tx(uint8_t byte)
{
	room--;
	uart_16550_put(UART_DATA, byte);
}

bool uart_rx(uint8_t *byte)
{
	if (!(uart_16550_get(UART_LSR) & LSR_DATA))
		return false;
	*byte = uart_16550_get(UART_DATA);
	return true;
}

void uart_tx_irq(bool on)
{
	uart_16550_put(UART_IER, IER_RECEIVE | (on ? IER_TRANSMIT : 0));
}
