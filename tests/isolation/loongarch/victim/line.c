/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The board's second UART, which the victim owns: whenever it is asked for an interrupt, one comes,
 * and none at any other time, whatever the neighbour does to its own interrupt controllers.
 */
#include "line.h"
#include "clock.h"
#include "smp.h"
#include "trap.h"

#define UART 0x800000001fe002e0ull /* QEMU's virt machine, input 3 of the PCH-PIC */
#define UART_IER 1
#define IER_THRE 0x02
#define UART_IIR 2
#define UART_MCR 4
#define MCR_DTR_RTS_OUT2 0x0b /* OUT2 lets interrupts out, as on PCs */

#define PIC 0x8000000010000000ull
#define PIC_MASK 0x20
#define PIC_HTMSI_ENABLE 0x40
#define PIC_VECTOR(n) (0x200 + (n))

#define EIO_NODE_TYPES 0x14a0
#define EIO_PINS 0x14c0
#define EIO_CPU_STATUS 0x1800
#define EIO_ROUTE(n) (0x1c00 + (n))

#define HWI 0
#define PATIENCE_US 5000000
#define SETTLE_US 2000 /* a second one would come by then */

static bool asked;
static uint64_t taken; /* those that were asked for */

static volatile uint8_t *uart(unsigned int reg)
{
	return (volatile uint8_t *)(UART + reg);
}

static volatile uint32_t *pic(unsigned int offset)
{
	return (volatile uint32_t *)(PIC + offset);
}

/* As a kernel serves a level: masked until its cause is gone. */
static void take(struct cpu *cpu, unsigned int number)
{
	uint32_t mask = *pic(PIC_MASK);

	(void)number;
	*pic(PIC_MASK) = mask | BIT(LINE_INPUT);
	(void)*uart(UART_IIR);
	*uart(UART_IER) = 0;
	iocsr_write64(EIO_CPU_STATUS, BIT(LINE_INPUT));
	*pic(PIC_MASK) = mask;
	if (cpu->index == 0 && asked)
		__atomic_store_n(&taken, taken + 1, __ATOMIC_RELEASE);
}

void line_init(void)
{
	irq_set_handler(IRQ_HWI(HWI), take);
	iocsr_write64(EIO_NODE_TYPES, UINT64_C(0x0008000400020001));
	iocsr_write8(EIO_PINS, BIT(HWI));
	iocsr_write8(EIO_ROUTE(LINE_INPUT), 1);
	*(volatile uint8_t *)(PIC + PIC_VECTOR(LINE_INPUT)) = LINE_INPUT;
	*pic(PIC_HTMSI_ENABLE) = BIT(LINE_INPUT);
	*uart(UART_MCR) = MCR_DTR_RTS_OUT2;
}

uint64_t line_ask(void)
{
	uint64_t before = taken, start = rdtsc();

	asked = true;
	*uart(UART_IER) = IER_THRE; /* the transmitter is empty */
	while (__atomic_load_n(&taken, __ATOMIC_ACQUIRE) == before &&
	       tsc_to_us(rdtsc() - start) < PATIENCE_US)
		cpu_relax();
	delay_us(SETTLE_US);
	asked = false;
	return taken - before;
}

uint64_t line_taken(unsigned int cpu, unsigned int number)
{
	return cpu == 0 && number == IRQ_HWI(HWI) ? taken : 0;
}
