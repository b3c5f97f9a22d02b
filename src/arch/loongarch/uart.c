/* SPDX-License-Identifier: Apache-2.0 */
/* Where the console's 16550 is on LoongArch: in memory. */
#include "boot.h"
#include "core/partition.h"
#include "core/uart_16550.h"
#include "mmio.h"

static const struct loongarch_uart *uart(void)
{
	return &partition_table.board.arch.console;
}

uint8_t uart_16550_get(unsigned int reg)
{
	return mmio_read8(uart()->base + reg);
}

void uart_16550_put(unsigned int reg, uint8_t value)
{
	mmio_write8(uart()->base + reg, value);
}

void uart_init(void)
{
	uart_16550_init(uart()->clock, uart()->baud);
}
