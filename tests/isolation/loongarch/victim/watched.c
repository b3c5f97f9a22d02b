/* SPDX-License-Identifier: Apache-2.0 */
/* Registers that only the victim may change. */
#include "victim.h"
#include "line.h"
#include "console.h"
#include "lib.h"
#include "trap.h"
#include "uart.h"

#define PIC 0x8000000010000000ull
#define PIC_MASK 0x20
#define PIC_VECTOR_9 0x209
#define RTC_MATCH2 0x80000000100d0174ull
#define MAILBOX3 0x1038
#define EIO_ENABLE 0x1600
#define EIO_ROUTE 0x1c40

static uint32_t mmio(uint64_t address)
{
	return *(volatile uint32_t *)address;
}

static uint64_t get_scratch(void)
{
	return uart_read(UART_SCRATCH);
}

static void set_scratch(uint64_t value)
{
	uart_write(UART_SCRATCH, (uint8_t)value);
}

static uint64_t get_pic_mask(void)
{
	return mmio(PIC + PIC_MASK);
}

static void set_pic_mask(uint64_t value)
{
	*(volatile uint32_t *)(PIC + PIC_MASK) = (uint32_t)value;
}

static uint64_t get_pic_vector(void)
{
	return *(volatile uint8_t *)(PIC + PIC_VECTOR_9);
}

static void set_pic_vector(uint64_t value)
{
	*(volatile uint8_t *)(PIC + PIC_VECTOR_9) = (uint8_t)value;
}

static uint64_t get_rtc_match(void)
{
	return mmio(RTC_MATCH2);
}

static void set_rtc_match(uint64_t value)
{
	*(volatile uint32_t *)RTC_MATCH2 = (uint32_t)value;
}

static uint64_t get_mailbox(void)
{
	return iocsr_read64(MAILBOX3);
}

static void set_mailbox(uint64_t value)
{
	iocsr_write64(MAILBOX3, value);
}

static uint64_t get_ipi_enable(void)
{
	return iocsr_read32(IOCSR_IPI_ENABLE);
}

static void set_ipi_enable(uint64_t value)
{
	iocsr_write32(IOCSR_IPI_ENABLE, (uint32_t)value);
}

static uint64_t get_eio_enable(void)
{
	return iocsr_read64(EIO_ENABLE);
}

static void set_eio_enable(uint64_t value)
{
	iocsr_write64(EIO_ENABLE, value);
}

static uint64_t get_eio_route(void)
{
	return iocsr_read64(EIO_ROUTE);
}

static void set_eio_route(uint64_t value)
{
	iocsr_write64(EIO_ROUTE, value);
}

static uint64_t get_save(void)
{
	return csr_read(CSR_SAVE(5));
}

static void set_save(uint64_t value)
{
	csr_write(CSR_SAVE(5), value);
}

static uint64_t get_merrsave(void)
{
	return csr_read(CSR_MERRSAVE);
}

static void set_merrsave(uint64_t value)
{
	csr_write(CSR_MERRSAVE, value);
}

static void set_nothing(uint64_t value)
{
	(void)value;
}

/* Values that neither reset nor chance leaves behind. */
const struct watched watched[] = {
	{ "UART scratch register", get_scratch, set_scratch, 0x6b },
	{ "PCH-PIC mask", get_pic_mask, set_pic_mask, 0xfeedfb6f & ~BIT(LINE_INPUT) },
	{ "PCH-PIC vector 9", get_pic_vector, set_pic_vector, 0x5c },
	{ "RTC match 2", get_rtc_match, set_rtc_match, 0xf0000001 },
	{ "mailbox 3", get_mailbox, set_mailbox, 0x123456789abcdef0 },
	{ "IPI enable", get_ipi_enable, set_ipi_enable, 0xffffffff },
	{ "EIOINTC enable", get_eio_enable, set_eio_enable, 0xfffffffffffffffb },
	{ "EIOINTC route", get_eio_route, set_eio_route, 0x0201020102010201 },
	{ "count of interrupts of the own UART", line_ask, set_nothing, 1 },
	{ "CSR SAVE5", get_save, set_save, 0x00000000deadbee0 },
	{ "CSR MERRSAVE", get_merrsave, set_merrsave, 0x00c0ffee00c0ffee },
};
const unsigned int nr_watched = ARRAY_SIZE(watched);

void watched_init(void)
{
	/* Extended interrupts on, so that one that is raised from outside arrives. */
	iocsr_write64(IOCSR_MISC_FUNC, IOCSR_MISC_EXT_IOI);
	line_init();
}
