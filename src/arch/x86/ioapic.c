/* SPDX-License-Identifier: Apache-2.0 */
#include "ioapic.h"
#include "core/partition.h"
#include "core/spinlock.h"
#include "x86.h"

#define IOREGSEL 0x00
#define IOWIN 0x10
#define IOREDTBL(pin) (0x10 + 2 * (pin))
#define RTE_LEVEL BIT(15)
#define RTE_ACTIVE_LOW BIT(13)
#define RTE_MASKED BIT(16)

#define PIC_MASTER_DATA 0x21
#define PIC_SLAVE_DATA 0xa1

/* IOREGSEL and IOWIN are one register pair for the whole machine. */
static struct spinlock lock;

static void write_register(uint32_t index, uint32_t value)
{
	uint64_t base = partition_table.board.arch.ioapic;

	mmio_write32(base + IOREGSEL, index);
	mmio_write32(base + IOWIN, value);
}

void ioapic_set_route(unsigned int pin, const struct ioapic_route *route)
{
	uint32_t low = route->vector | (uint32_t)route->delivery << 8;

	if (route->level)
		low |= RTE_LEVEL;
	if (route->low)
		low |= RTE_ACTIVE_LOW;
	spin_lock(&lock);
	write_register(IOREDTBL(pin), RTE_MASKED);
	write_register(IOREDTBL(pin) + 1, route->destination << 24);
	write_register(IOREDTBL(pin), low | (route->masked ? RTE_MASKED : 0));
	spin_unlock(&lock);
}

void ioapic_init(void)
{
	const struct ioapic_route masked = { .masked = true };

	outb(PIC_MASTER_DATA, 0xff);
	outb(PIC_SLAVE_DATA, 0xff);
	for (unsigned int pin = 0; pin < partition_table.board.arch.nr_pins; pin++)
		ioapic_set_route(pin, &masked);
}
