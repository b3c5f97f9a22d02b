/* SPDX-License-Identifier: Apache-2.0 */
/* The physical 16550 that carries the console (PC16550D datasheet). */
#include "uart.h"
#include "apic.h"
#include "core/console.h"
#include "core/partition.h"
#include "core/uart.h"
#include "ioapic.h"
#include "x86.h"

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

static const struct x86_uart *uart(void)
{
	return &partition_table.board.arch.console;
}

static uint8_t get(uint16_t reg)
{
	return inb((uint16_t)(uart()->port + reg));
}

static void put(uint16_t reg, uint8_t value)
{
	outb((uint16_t)(uart()->port + reg), value);
}

void uart_init(void)
{
	uint32_t divisor = uart()->clock / (DIVISOR_OVERSAMPLING * uart()->baud);

	put(UART_IER, 0);
	put(UART_LCR, LCR_8N1 | LCR_DLAB);
	put(UART_DATA, (uint8_t)divisor);
	put(UART_IER, (uint8_t)(divisor >> 8));
	put(UART_LCR, LCR_8N1);
	put(UART_FCR, FCR_ENABLE_AND_CLEAR);
	put(UART_MCR, MCR_DTR_RTS_OUT2);
}

void uart_enable_interrupt(void)
{
	const struct ioapic_route route = {
		.delivery = DELIVERY_NMI,
		.destination = partition_table.board.cpus[0],
	};

	ioapic_set_route(uart()->pin, &route);
	put(UART_IER, IER_RECEIVE);
	console_drain(); /* switches the transmitter's interrupt on if something is left to send */
}

void uart_attend(void)
{
	/* The line is edge-triggered: it rises again only after every cause was served. */
	while (!(get(UART_IIR) & IIR_NONE)) {
		console_interrupt();
		get(UART_LSR);
		get(UART_MSR);
	}
}

bool uart_tx_ready(void)
{
	if (room == 0 && (get(UART_LSR) & LSR_THRE))
		room = FIFO_SIZE;
	return room > 0;
}

bool uart_tx_done(void)
{
	return get(UART_LSR) & LSR_TEMT;
}

void uart_tx(uint8_t byte)
{
	room--;
	put(UART_DATA, byte);
}

bool uart_rx(uint8_t *byte)
{
	if (!(get(UART_LSR) & LSR_DATA))
		return false;
	*byte = get(UART_DATA);
	return true;
}

void uart_tx_irq(bool on)
{
	put(UART_IER, IER_RECEIVE | (on ? IER_TRANSMIT : 0));
}
