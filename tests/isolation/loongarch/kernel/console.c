/* SPDX-License-Identifier: Apache-2.0 */
/* The virtual 16550 where QEMU's virt machine has one, polled. */
#include "console.h"
#include "lib.h"
#include "trap.h"
#include "uart.h"

#define DATA 0
#define IER 1
#define FCR 2
#define MCR 4
#define LSR 5
#define LCR_DLAB 0x80
#define FCR_ENABLE_AND_CLEAR 0x07
#define MCR_DTR_RTS 0x03
#define LSR_THRE 0x20

/* Polls before a byte is given up. */
#define PATIENCE 10000000u

static bool held;

void console_init(void)
{
	uart_write(IER, 0);
	uart_write(UART_REG_LCR, LCR_DLAB);
	uart_write(DATA, 54); /* 100 MHz: 115200 baud */
	uart_write(IER, 0);
	uart_write(UART_REG_LCR, UART_LCR_8N1);
	uart_write(FCR, FCR_ENABLE_AND_CLEAR);
	uart_write(MCR, MCR_DTR_RTS);
}

static void put_byte(char c)
{
	for (uint32_t i = 0; i < PATIENCE && !(uart_read(LSR) & LSR_THRE); i++)
		cpu_relax();
	uart_write(DATA, (uint8_t)c);
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
	while (__atomic_exchange_n(&held, true, __ATOMIC_ACQUIRE))
		cpu_relax();
	put_text(line);
	__atomic_store_n(&held, false, __ATOMIC_RELEASE);
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
		__asm__ volatile("idle 0");
}
