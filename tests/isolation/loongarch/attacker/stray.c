/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Leaves behind whatever may be pending or set, and resets the cell. In the next life nothing of it
 * may be there: it looks before it does the same again.
 */
#include "clock.h"
#include "console.h"
#include "lib.h"
#include "attacks.h"
#include "smp.h"
#include "uart.h"

#define PIC 0x8000000010000000ull
#define PIC_MASK 0x20
#define PIC_HTMSI_EN 0x40
#define PIC_VECTORS 0x200
#define RTC_MATCH0 0x80000000100d0134ull
#define POWER_RESET 0x80000000100e001eull
#define RESET_VALUE 0x42
#define EIO_NODE_TYPE 0x14a0
#define EIO_PINS 0x14c0
#define EIO_ENABLE 0x1600
#define EIO_STATUS 0x1700
#define EIO_ROUTE 0x1c00
#define UART_IER 1
#define UART_MCR 4
#define SETTLE_US 10000
#define BITS 0x5a5a5a5a5a5a5a5aull

static unsigned int found;

static void expect(const char *what, uint64_t value, uint64_t should)
{
	if (value == should)
		return;
	found++;
	print("STRAY %s is %lx on CPU %u, should be %lx\n", what, value, this_cpu()->index, should);
}

static volatile uint64_t *pic(unsigned int offset)
{
	return (volatile uint64_t *)(PIC + offset);
}

/* On each CPU, with interrupts off. smp_init() has used the IPIs. */
static void look_at_cpu(void)
{
	uint64_t pending = csr_read(CSR_ESTAT) & INT_MASK;

	expect("ESTAT", pending & ~(uint64_t)INT_IPI, 0);
	expect("TCFG", csr_read(CSR_TCFG), 0);
	expect("IPI status", iocsr_read32(IOCSR_IPI_STATUS) & ~BIT(IPI_KICK), 0);
	for (unsigned int box = 0; box < 4; box++)
		expect("mailbox", iocsr_read64(IOCSR_MAILBOX0 + 8 * box), 0);
	expect("MERRSAVE", csr_read(CSR_MERRSAVE), 0);
	expect("CTAG", csr_read(CSR_CTAG), 0);
	expect("SAVE5", csr_read(CSR_SAVE(5)), 0);
	expect("MISC", csr_read(CSR_MISC), 0);
	expect("CNTC", csr_read(CSR_CNTC), 0);
	expect("DMW3", csr_read(CSR_DMW(3)), 0);
}

static void look_at_devices(void)
{
	expect("PCH-PIC mask", *pic(PIC_MASK), UINT64_MAX);
	expect("PCH-PIC messages", *pic(PIC_HTMSI_EN), 0);
	expect("PCH-PIC vectors", *pic(PIC_VECTORS), 0);
	expect("MISC_FUNC", iocsr_read64(IOCSR_MISC_FUNC), 0);
	expect("RTC match", *(volatile uint32_t *)RTC_MATCH0, 0);
	for (unsigned int i = 0; i < 32; i += 8) {
		expect("EIOINTC status", iocsr_read64(EIO_STATUS + i), 0);
		expect("EIOINTC enable", iocsr_read64(EIO_ENABLE + i), 0);
		expect("EIOINTC nodes", iocsr_read64(EIO_NODE_TYPE + i), 0);
	}
	expect("EIOINTC route", iocsr_read64(EIO_ROUTE + 64), 0);
	expect("UART scratch", uart_read(UART_SCRATCH), 0);
}

/* All interrupts that a CPU can have, none of them taken. */
static void dirty_cpu(unsigned int target)
{
	for (unsigned int bit = 0; bit < 32; bit++)
		ipi_send(target, bit);
	for (unsigned int box = 0; box < 4; box++)
		mail_send(target, box, BITS);
	csr_write(CSR_MERRSAVE, BITS);
	csr_write(CSR_CTAG, BITS);
	csr_write(CSR_SAVE(5), BITS);
	csr_write(CSR_CNTC, BITS);
	csr_write(CSR_DMW(3), 0x7000000000000001);
	csr_write(CSR_ESTAT, INT_SWI0 | INT_SWI0 << 1);
	timer_start(100, true);
}

static void other_cpu(void *arg)
{
	(void)irq_save();
	look_at_cpu();
	dirty_cpu(1);
	__atomic_store_n((bool *)arg, true, __ATOMIC_RELEASE);
	for (;;)
		cpu_relax();
}

static void dirty_devices(void)
{
	uart_write(UART_SCRATCH, 0x77);
	uart_write(UART_MCR, 0x0b);
	iocsr_write64(IOCSR_MISC_FUNC, IOCSR_MISC_EXT_IOI);
	for (unsigned int i = 0; i < 32; i += 8) {
		iocsr_write64(EIO_ENABLE + i, UINT64_MAX);
		iocsr_write64(EIO_NODE_TYPE + i, 0x0001000100010001);
	}
	iocsr_write64(EIO_PINS, 0x0804020108040201);
	for (unsigned int i = 0; i < 256; i += 8)
		iocsr_write64(EIO_ROUTE + i, 0x0102010201020102);
	*(volatile uint32_t *)RTC_MATCH0 = 0x12345678;
	*pic(PIC_HTMSI_EN) = UINT64_MAX;
	*pic(PIC_MASK) = 0;
	for (unsigned int vector = 0; vector < 256; vector++) {
		*(volatile uint8_t *)(PIC + PIC_VECTORS + 2) = (uint8_t)vector;
		uart_write(UART_IER, 2);
		uart_write(UART_IER, vector == 255 ? 2 : 0);
	}
}

void end_by_stray(uint64_t unused)
{
	bool done = false;

	(void)unused;
	(void)irq_save();
	look_at_cpu();
	look_at_devices();
	irq_enable();
	if (nr_cpus > 1) {
		smp_run(&cpus[1], other_cpu, &done);
		while (!__atomic_load_n(&done, __ATOMIC_ACQUIRE))
			cpu_relax();
	}
	print("stray: found %u\n", found);
	(void)irq_save();
	dirty_devices();
	dirty_cpu(0);
	delay_us(SETTLE_US);
	*(volatile uint8_t *)POWER_RESET = RESET_VALUE;
	for (;;)
		cpu_relax();
}
