/* SPDX-License-Identifier: Apache-2.0 */
/* Section numbers are those of the 82093AA data sheet (Intel, 290566-001). */
#include "vdev/ioapic.h"

/* Memory-mapped registers, 3.1 and (EOI) ICH9 13.5.1; all at multiples of 16 */
#define REG_SELECT 0x00
#define REG_WINDOW 0x10
#define REG_EOI 0x40

/* Registers behind the window, 3.2 */
#define INDEX_ID 0x00
#define INDEX_VERSION 0x01
#define INDEX_ARBITRATION 0x02
#define INDEX_TABLE 0x10
#define INDEX_TABLE_END (INDEX_TABLE + 2 * IOAPIC_PINS)

static_assert(IOAPIC_PINS <= 32, "struct ioapic.asserted has a bit for each pin");

#define ID_SHIFT 24
#define ID_MASK UINT32_C(0x0f000000)
#define VERSION 0x20
#define VERSION_MAX_ENTRY_SHIFT 16

/* Redirection table entry, 3.2.4 */
#define RTE_VECTOR UINT64_C(0xff)
#define RTE_DELIVERY_SHIFT 8
#define RTE_DELIVERY_MASK 7
#define RTE_LOGICAL BIT_ULL(11)
#define RTE_REMOTE_IRR BIT_ULL(14)
#define RTE_LEVEL BIT_ULL(15)
#define RTE_MASKED BIT_ULL(16)
#define RTE_DESTINATION_SHIFT 56
/* Vector, delivery mode, destination mode, polarity, trigger mode, mask, destination; the rest is
 * read-only (delivery status: a message is gone at once, so it reads as idle) or reserved. */
#define RTE_WRITABLE UINT64_C(0xff0000000001afff)
#define RTE_RESET RTE_MASKED

/* Delivery modes, 3.2.4 */
#define DELIVERY_FIXED 0
#define DELIVERY_LOWEST 1
#define DELIVERY_RESERVED_3 3
#define DELIVERY_RESERVED_6 6
#define FIRST_VECTOR 0x10 /* local APICs refuse lower ones */

#define LINE_TIMER 0
#define PIN_TIMER 2
#define LINE_CASCADE 2

static struct irq_message decode(uint64_t entry)
{
	uint8_t delivery = (uint8_t)(entry >> RTE_DELIVERY_SHIFT & RTE_DELIVERY_MASK);
	bool may_be_level = delivery == DELIVERY_FIXED || delivery == DELIVERY_LOWEST;
	struct irq_message msg = {
		.destination = (uint32_t)(entry >> RTE_DESTINATION_SHIFT),
		.logical = entry & RTE_LOGICAL,
		/* SMI, NMI, INIT and ExtINT are edges, whatever the trigger mode says. */
		.level = may_be_level && (entry & RTE_LEVEL),
		.delivery = delivery,
		.vector = (uint8_t)(entry & RTE_VECTOR),
	};

	return msg;
}

static bool can_be_sent(const struct irq_message *msg)
{
	switch (msg->delivery) {
	case DELIVERY_FIXED:
	case DELIVERY_LOWEST:
		return msg->vector >= FIRST_VECTOR;
	case DELIVERY_RESERVED_3:
	case DELIVERY_RESERVED_6:
		return false;
	default:
		return true;
	}
}

/* Sends the message of @pin; a level-triggered one is not repeated before its EOI. */
static void send(const struct device *dev, unsigned int pin)
{
	struct ioapic *ioapic = dev->state;
	struct irq_message msg = decode(ioapic->entries[pin]);

	if (!can_be_sent(&msg))
		return;
	if (msg.level)
		ioapic->entries[pin] |= RTE_REMOTE_IRR;
	device_send_message(dev, &msg);
}

/* Sends if @pin is level-triggered, asserted, allowed to and not being served. */
static void evaluate_level(const struct device *dev, unsigned int pin)
{
	const struct ioapic *ioapic = dev->state;
	uint64_t entry = ioapic->entries[pin];

	if (decode(entry).level && !(entry & (RTE_MASKED | RTE_REMOTE_IRR)) &&
	    (ioapic->asserted & BIT(pin)))
		send(dev, pin);
}

static void route(const struct device *dev, unsigned int pin)
{
	const struct ioapic *ioapic = dev->state;
	struct irq_message msg = decode(ioapic->entries[pin]);
	/* An entry that could not send anything must not reach the machine as one that can. */
	bool masked = (ioapic->entries[pin] & RTE_MASKED) || !can_be_sent(&msg);

	device_route_pin(dev, pin, &msg, masked);
}

static void write_entry(const struct device *dev, unsigned int index, uint32_t value)
{
	struct ioapic *ioapic = dev->state;
	unsigned int pin = (index - INDEX_TABLE) / 2;
	unsigned int shift = index & 1 ? 32 : 0;
	uint64_t half = UINT64_C(0xffffffff) << shift & RTE_WRITABLE;
	uint64_t old = ioapic->entries[pin];
	uint64_t entry = (old & ~half) | ((uint64_t)value << shift & half);

	/* An edge-triggered entry has no remote IRR; software uses that to clear it. */
	if (!decode(entry).level)
		entry &= ~RTE_REMOTE_IRR;
	ioapic->entries[pin] = entry;
	if ((entry ^ old) & RTE_WRITABLE)
		route(dev, pin);
	evaluate_level(dev, pin);
}

static uint32_t read_index(const struct ioapic *ioapic)
{
	uint32_t index = ioapic->index;

	switch (index) {
	case INDEX_ID:
	case INDEX_ARBITRATION: /* loaded by each write to the ID, 3.2.3 */
		return ioapic->id;
	case INDEX_VERSION:
		return (IOAPIC_PINS - 1) << VERSION_MAX_ENTRY_SHIFT | VERSION;
	default:
		break;
	}
	if (index >= INDEX_TABLE && index < INDEX_TABLE_END) {
		uint64_t entry = ioapic->entries[(index - INDEX_TABLE) / 2];

		return (uint32_t)(index & 1 ? entry >> 32 : entry);
	}
	return UINT32_MAX;
}

static void write_index(const struct device *dev, uint32_t value)
{
	struct ioapic *ioapic = dev->state;

	if (ioapic->index == INDEX_ID)
		ioapic->id = value & ID_MASK;
	else if (ioapic->index >= INDEX_TABLE && ioapic->index < INDEX_TABLE_END)
		write_entry(dev, ioapic->index, value);
}

/*
 * The registers are meant for 32-bit accesses; narrower reads get their part, all else reads as
 * ones.
 */
static uint64_t ioapic_read(const struct device *dev, unsigned int id, uint64_t offset,
			    unsigned int size)
{
	const struct ioapic *ioapic = dev->state;
	unsigned int shift = (unsigned int)(offset & 3) * 8;
	uint64_t value = UINT64_C(0xffffffff00000000);

	(void)id;
	(void)size;
	switch (offset & ~UINT64_C(3)) {
	case REG_SELECT:
		value |= ioapic->index;
		break;
	case REG_WINDOW:
		value |= read_index(ioapic);
		break;
	default:
		return UINT32_MAX;
	}
	return (uint32_t)(value >> shift);
}

/*
 * The select and EOI registers have 8 bits and take any width; the window takes whole words only.
 */
static void ioapic_write(const struct device *dev, unsigned int id, uint64_t offset,
			 unsigned int size, uint64_t value)
{
	struct ioapic *ioapic = dev->state;

	(void)id;
	switch (offset) {
	case REG_SELECT:
		ioapic->index = value & 0xff;
		break;
	case REG_WINDOW:
		if (size == 4)
			write_index(dev, (uint32_t)value);
		break;
	case REG_EOI:
		ioapic_eoi(dev, (uint8_t)value);
		break;
	default:
		break;
	}
}

void ioapic_eoi(const struct device *dev, uint8_t vector)
{
	struct ioapic *ioapic = dev->state;

	for (unsigned int pin = 0; pin < IOAPIC_PINS; pin++) {
		uint64_t entry = ioapic->entries[pin];

		if (!(entry & RTE_REMOTE_IRR) || (entry & RTE_VECTOR) != vector)
			continue;
		ioapic->entries[pin] = entry & ~RTE_REMOTE_IRR;
		evaluate_level(dev, pin);
	}
}

static void ioapic_set_line(const struct device *dev, unsigned int line, bool level)
{
	struct ioapic *ioapic = dev->state;
	unsigned int pin = line == LINE_TIMER ? PIN_TIMER : line;
	uint32_t before = ioapic->asserted;
	uint64_t entry;

	if (line == LINE_CASCADE || line >= IOAPIC_PINS)
		return;
	ioapic->asserted = level ? before | BIT(pin) : before & ~BIT(pin);
	if (ioapic->asserted == before)
		return;
	entry = ioapic->entries[pin];
	if (decode(entry).level)
		evaluate_level(dev, pin);
	else if (level && !(entry & RTE_MASKED))
		send(dev, pin);
}

static void ioapic_reset(const struct device *dev)
{
	struct ioapic *ioapic = dev->state;

	ioapic->index = 0;
	ioapic->id = (uint32_t)(dev->parameter << ID_SHIFT) & ID_MASK;
	/* The inputs stay: they belong to the devices, which release theirs by their own reset. */
	for (unsigned int pin = 0; pin < IOAPIC_PINS; pin++) {
		ioapic->entries[pin] = RTE_RESET;
		route(dev, pin);
	}
}

const struct device_ops ioapic_ops = {
	.compatible = "intel,ioapic",
	.reset = ioapic_reset,
	.read = ioapic_read,
	.write = ioapic_write,
	.set_line = ioapic_set_line,
};
