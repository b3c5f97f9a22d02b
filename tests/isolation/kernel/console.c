/* SPDX-License-Identifier: Apache-2.0 */
#include "console.h"
#include "lib.h"
#include "spinlock.h"
#include "trap.h"
#include "uart.h"

/* 16550 registers, National Semiconductor PC16550D data sheet, section 8. */
#define UART_DATA 0
#define UART_IER 1
#define UART_FCR 2
#define UART_MCR 4
#define UART_LSR 5
#define LCR_DLAB 0x80
#define FCR_ENABLE_AND_CLEAR 0x07
#define MCR_DTR_RTS 0x03
#define LSR_THRE 0x20

/* Polls before a byte is given up: a stuck port must not stop the test, whose CPUs do more than
 * print. */
#define PATIENCE 10000000u

static struct spinlock console_lock;

void console_init(void)
{
	uart_write(UART_IER, 0);
	uart_write(UART_LCR, LCR_DLAB);
	uart_write(UART_DATA, UART_DIVISOR);
	uart_write(UART_IER, 0);
	uart_write(UART_LCR, UART_LCR_8N1);
	uart_write(UART_FCR, FCR_ENABLE_AND_CLEAR);
	uart_write(UART_MCR, MCR_DTR_RTS);
}

static void put_byte(char c)
{
	for (uint32_t i = 0; i < PATIENCE && !(uart_read(UART_LSR) & LSR_THRE); i++)
		cpu_relax();
	uart_write(UART_DATA, (uint8_t)c);
}

static void put_text(const char *s)
{
	for (; *s; s++) {
		if (*s == '\n')
			put_byte('\r');
		put_byte(*s);
	}
}

void print(const char *fmt, ...)
{
	char line[256];
	va_list args;
	uint64_t flags;

	va_start(args, fmt);
	text_vformat(line, sizeof(line), fmt, args);
	va_end(args);
	flags = irq_save();
	spin_lock(&console_lock);
	put_text(line);
	spin_unlock(&console_lock);
	irq_restore(flags);
}

_Noreturn void panic(const char *fmt, ...)
{
	char line[256];
	va_list args;

	(void)irq_save();
	va_start(args, fmt);
	text_vformat(line, sizeof(line), fmt, args);
	va_end(args);
	put_text("\nPANIC: ");
	put_text(line);
	put_text("\n");
	for (;;)
		irq_disable_and_halt();
}
