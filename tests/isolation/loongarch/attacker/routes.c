/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Real interrupts, of the own virtual UART, sent to every CPU that a route can name: each route
 * byte, each node, each vector, each pin.
 */
#include "boot.h"
#include "clock.h"
#include "console.h"
#include "lib.h"
#include "attacks.h"
#include "trap.h"
#include "uart.h"

#define PIC 0x8000000010000000ull
#define PIC_MASK 0x20
#define PIC_HTMSI_EN 0x40
#define PIC_VECTOR 0x200
#define MSI 0x800000002ff00000ull
#define MSI_FIRST 64
#define UART_INPUT 2
#define UART_IER 1
#define IER_THRE 0x02
#define UART_MCR 4
#define MCR_DTR_RTS_OUT2 0x0b /* OUT2 lets interrupts out, as on PCs */
#define VECTOR 200
#define SETTLE_US 200

#define EIO_NODE_TYPE 0x14a0
#define EIO_PINS 0x14c0
#define EIO_ENABLE 0x1600
#define EIO_CPU_STATUS 0x1800
#define EIO_ROUTE 0x1c00

static volatile uint8_t *pic_byte(unsigned int offset)
{
	return (volatile uint8_t *)(PIC + offset);
}

static volatile uint32_t *pic_word(unsigned int offset)
{
	return (volatile uint32_t *)(PIC + offset);
}

/* Ends the cause, and the interrupt here. */
static void take(struct cpu *cpu, unsigned int number)
{
	(void)cpu;
	(void)number;
	uart_write(UART_IER, 0);
	for (unsigned int i = 0; i < 4; i++)
		iocsr_write64(EIO_CPU_STATUS + 8 * i, UINT64_MAX);
}

static uint64_t taken(void)
{
	uint64_t sum = 0;

	for (unsigned int id = 0; id < nr_cpus; id++)
		for (unsigned int line = 0; line < 8; line++)
			sum += __atomic_load_n(&cpus[id].interrupts[IRQ_HWI(line)],
					       __ATOMIC_RELAXED);
	return sum;
}

static void init(void)
{
	for (unsigned int line = 0; line < 8; line++)
		irq_set_handler(IRQ_HWI(line), take);
	iocsr_write64(IOCSR_MISC_FUNC, UINT64_MAX);
	for (unsigned int i = 0; i < 4; i++)
		iocsr_write64(EIO_ENABLE + 8 * i, UINT64_MAX);
	*pic_word(PIC_HTMSI_EN) = UINT32_MAX;
	uart_write(UART_MCR, MCR_DTR_RTS_OUT2);
}

/* The transmitter is empty: the UART's line follows the enable. */
static void raise(unsigned int vector)
{
	*pic_byte(PIC_VECTOR + UART_INPUT) = (uint8_t)vector;
	*pic_word(PIC_MASK) = ~BIT(UART_INPUT);
	uart_write(UART_IER, IER_THRE);
	delay_us(SETTLE_US);
	uart_write(UART_IER, 0);
	*pic_word(PIC_MASK) = UINT32_MAX;
}

/* Messages to the doorbell: vectors of the PCH-PIC do not arrive, the others do, and here. */
static void message_all(struct attack *attack)
{
	for (uint32_t vector = 0; vector <= 256; vector++) {
		uint64_t before = taken();
		bool should = vector >= MSI_FIRST && vector < 256;

		*(volatile uint32_t *)MSI = vector;
		delay_us(SETTLE_US);
		attack_count(attack, (taken() != before) != should);
		if ((taken() != before) != should)
			attack_note(attack, "LEAK a message of vector %u %s", vector,
				    should ? "did not arrive" : "arrived");
	}
	*(volatile uint32_t *)MSI = UINT32_MAX;
	*(volatile uint64_t *)MSI = UINT64_MAX;
}

void attack_routes(void)
{
	struct attack attack;
	uint64_t before, arrived = 0;

	attack_begin(&attack, "routes");
	init();
	for (unsigned int node = 0; node < 16; node++) {
		for (unsigned int type = 0; type < 16; type += 4)
			iocsr_write64(EIO_NODE_TYPE + 2 * type, UINT64_C(0x0001000100010001)
									<< node);
		iocsr_write64(EIO_PINS, UINT64_C(0x0101010101010101) << node % 8);
		for (unsigned int route = 0; route < 256; route++) {
			iocsr_write8(EIO_ROUTE + VECTOR, (uint8_t)route);
			before = taken();
			raise(VECTOR);
			arrived += taken() != before;
			attack.tried++;
			attack.denied++;
		}
	}
	iocsr_write64(EIO_NODE_TYPE, UINT64_C(0x0008000400020001));
	for (unsigned int vector = 0; vector < 256; vector++) {
		iocsr_write8(EIO_ROUTE + vector, 1);
		before = taken();
		raise(vector);
		attack_count(&attack, taken() == before); /* the own CPU must get it */
	}
	if (attack.leaked)
		attack_note(&attack, "LEAK %lu vectors did not arrive at the own CPU",
			    attack.leaked);
	attack_note(&attack, "routes that ended at own CPUs: %lu", arrived);
	message_all(&attack);
	attack_end(&attack);
}
