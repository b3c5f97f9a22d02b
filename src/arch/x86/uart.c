/* SPDX-License-Identifier: Apache-2.0 */
/* Where the console's 16550 is on x86: I/O ports, an I/O APIC pin. */
#include "uart.h"
#include "apic.h"
#include "core/partition.h"
#include "core/uart_16550.h"
#include "ioapic.h"
#include "x86.h"

static const struct x86_uart *uart(void)
{
	return &partition_table.board.arch.console;
}

uint8_t uart_16550_get(unsigned int reg)
{
	return inb((uint16_t)(uart()->port + reg));
}

void uart_16550_put(unsigned int reg, uint8_t value)
{
	outb((uint16_t)(uart()->port + reg), value);
}

void uart_init(void)
{
	uart_16550_init(uart()->clock, uart()->baud);
}

void uart_enable_interrupt(void)
{
	const struct ioapic_route route = {
		.delivery = DELIVERY_NMI,
		.destination = partition_table.board.cpus[0],
	};

	ioapic_set_route(uart()->pin, &route);
	uart_16550_enable_interrupt();
}

void uart_attend(void)
{
	uart_16550_attend();
}
