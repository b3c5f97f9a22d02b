/* SPDX-License-Identifier: Apache-2.0 */
#include "victim.h"
#include "apic.h"
#include "console.h"
#include "lib.h"
#include "uart.h"
#include "x86.h"

/* Intel 8259A, 8254 data sheets; MC146818 data sheet: bytes from 0x0e on are plain memory. */
#define PIC_MASTER 0x20
#define PIC_SLAVE 0xa0
#define ICW1_INIT_ICW4 0x11
#define ICW4_8086 0x01
#define PIT_CHANNEL2 0x42
#define PIT_COMMAND 0x43
#define PIT_CH2_MODE2 0xb4	   /* channel 2, low then high byte, mode 2 */
#define PIT_READBACK_STATUS_2 0xe8 /* latch status, not count, of channel 2 */
#define PIT_READBACK_COUNT_2 0xd8  /* latch count, not status, of channel 2 */
#define PIT_STATUS_SETTINGS 0x3f   /* access, mode, BCD: what was programmed */
#define PORT61 0x61
#define PORT61_GATE2 0x01
#define CMOS_INDEX 0x70
#define CMOS_DATA 0x71
#define CMOS_BYTE 0x50

/* Values that neither reset nor chance leaves behind. With LINT0 masked, no open line of the 8259s
 * interrupts. */
#define IMR_MASTER 0xb8
#define IMR_SLAVE 0x8d
#define RELOAD 0xbeef
#define CMOS_VALUE 0x5c
#define SCRATCH_VALUE 0x6b
#define LSTAR_VALUE 0x0000123456789abcull
#define MSR_LSTAR 0xc0000082
#define DR0_VALUE 0x00000000deadbee0ull

static uint64_t get_imr_master(void)
{
	return inb(PIC_MASTER + 1);
}

static void set_imr_master(uint64_t v)
{
	outb(PIC_MASTER + 1, (uint8_t)v);
}

static uint64_t get_imr_slave(void)
{
	return inb(PIC_SLAVE + 1);
}

static void set_imr_slave(uint64_t v)
{
	outb(PIC_SLAVE + 1, (uint8_t)v);
}

static uint64_t get_cmos(void)
{
	outb(CMOS_INDEX, CMOS_BYTE);
	return inb(CMOS_DATA);
}

static void set_cmos(uint64_t v)
{
	outb(CMOS_INDEX, CMOS_BYTE);
	outb(CMOS_DATA, (uint8_t)v);
}

static uint64_t get_scratch(void)
{
	return uart_read(UART_SCRATCH);
}

static void set_scratch(uint64_t v)
{
	uart_write(UART_SCRATCH, (uint8_t)v);
}

static uint64_t get_lcr(void)
{
	return uart_read(UART_LCR);
}

static void set_lcr(uint64_t v)
{
	uart_write(UART_LCR, (uint8_t)v);
}

static void set_pit(uint64_t v)
{
	(void)v;
	outb(PORT61, (uint8_t)((inb(PORT61) & 0xfc) | PORT61_GATE2));
	outb(PIT_COMMAND, PIT_CH2_MODE2);
	outb(PIT_CHANNEL2, RELOAD & 0xff);
	outb(PIT_CHANNEL2, RELOAD >> 8);
}

static uint64_t get_pit_mode(void)
{
	outb(PIT_COMMAND, PIT_READBACK_STATUS_2);
	return inb(PIT_CHANNEL2) & PIT_STATUS_SETTINGS;
}

/* 1 as long as the count is between 1 and RELOAD: another reload value shows sooner or later. */
static uint64_t get_pit_count(void)
{
	unsigned int count;

	outb(PIT_COMMAND, PIT_READBACK_COUNT_2);
	count = inb(PIT_CHANNEL2);
	count |= (unsigned int)inb(PIT_CHANNEL2) << 8;
	return count >= 1 && count <= RELOAD;
}

static uint64_t get_gate(void)
{
	return inb(PORT61) & 3;
}

static uint64_t get_lstar(void)
{
	return rdmsr(MSR_LSTAR);
}

static void set_lstar(uint64_t v)
{
	wrmsr(MSR_LSTAR, v);
}

static uint64_t get_dr0(void)
{
	uint64_t v;

	__asm__ volatile("mov %%dr0, %0" : "=r"(v));
	return v;
}

static void set_dr0(uint64_t v)
{
	__asm__ volatile("mov %0, %%dr0" : : "r"(v));
}

static uint64_t get_tpr(void)
{
	return rdmsr(X2APIC_TPR);
}

static void set_tpr(uint64_t v)
{
	wrmsr(X2APIC_TPR, v);
}

/* Everything that is watched: how to read it, how to set it, and what it must be. */
const struct watched watched[] = {
	{ "8259 master mask", get_imr_master, set_imr_master, IMR_MASTER },
	{ "8259 slave mask", get_imr_slave, set_imr_slave, IMR_SLAVE },
	{ "CMOS byte", get_cmos, set_cmos, CMOS_VALUE },
	{ "UART scratch register", get_scratch, set_scratch, SCRATCH_VALUE },
	{ "UART line control", get_lcr, set_lcr, UART_LCR_8N1 },
	{ "8254 channel 2 settings", get_pit_mode, set_pit, PIT_CH2_MODE2 &PIT_STATUS_SETTINGS },
	{ "8254 channel 2 count in range", get_pit_count, set_pit, 1 },
	{ "port 61h gate", get_gate, set_pit, PORT61_GATE2 },
	{ "LSTAR", get_lstar, set_lstar, LSTAR_VALUE },
	{ "DR0", get_dr0, set_dr0, DR0_VALUE },
	{ "APIC task priority", get_tpr, set_tpr, 0x10 },
};
const unsigned int nr_watched = ARRAY_SIZE(watched);

static void init_pic(uint16_t base, uint8_t vector, uint8_t cascade)
{
	outb(base, ICW1_INIT_ICW4);
	outb(base + 1, vector);
	outb(base + 1, cascade);
	outb(base + 1, ICW4_8086);
}

void watched_init(void)
{
	init_pic(PIC_MASTER, 0x20, 0x04);
	init_pic(PIC_SLAVE, 0x28, 0x02);
}
