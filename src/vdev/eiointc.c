/* SPDX-License-Identifier: Apache-2.0 */
/* Tables are those of the Loongson 3A5000/3B5000 Processor Reference Manual. */
#include "vdev/eiointc.h"

enum { RANGE_BLOCK, RANGE_MISC };

/* Offsets in the block; "end" is exclusive. Tables 11-9 to 11-17. */
#define NODE_TYPE 0xa0
#define NODE_TYPE_END 0xc0
#define PINS 0xc0
#define PINS_END 0xc8
#define ENABLE 0x200
#define ENABLE_END 0x220
#define BOUNCE 0x280
#define BOUNCE_END 0x2a0
#define STATUS 0x300
#define STATUS_END 0x320
#define CPU_STATUS 0x400
#define CPU_STATUS_END 0x420
#define ROUTE 0x800
#define ROUTE_END 0x900

/* Extended interrupts on, table 11-8. Pins as numbers (bit 49) are not offered. */
#define MISC_ON BIT_ULL(48)

#define CPUS_PER_NODE 4
#define VECTORS_PER_PIN 32
#define PIN_MASK 0xf

#define UNIT_SHIFT 3 /* registers are handled in units of 8 bytes */

static unsigned int nr_cpus(const struct device *dev)
{
	return dev->parameter < EIOINTC_CPUS ? (unsigned int)dev->parameter : EIOINTC_CPUS;
}

static uint8_t byte_of(const uint64_t *units, unsigned int index)
{
	return (uint8_t)(units[index / 8] >> 8 * (index % 8));
}

/* The lowest bit of @bitmap; 0 when it has none, which stands for what is nearest. */
static unsigned int lowest(unsigned int bitmap)
{
	return bitmap ? (unsigned int)__builtin_ctz(bitmap) : 0;
}

/*
 * The CPU that @vector goes to. Of several in the bitmap the first: rotation (BOUNCE) is a matter
 * of load, and kernels name one.
 */
static unsigned int target(const struct eiointc *eio, unsigned int vector)
{
	uint8_t route = byte_of(eio->route, vector);
	unsigned int type = route >> 4;
	unsigned int nodes = eio->node_type[type / 4] >> 16 * (type % 4) & 0xffff;

	return lowest(nodes) * CPUS_PER_NODE + lowest(route & 0xf);
}

static unsigned int pin(const struct eiointc *eio, unsigned int vector)
{
	return lowest(byte_of(&eio->pins, vector / VECTORS_PER_PIN) & PIN_MASK);
}

/* The vectors of @unit (64 of them) that are pending, enabled and routed to @cpu. */
static uint64_t seen_by(const struct eiointc *eio, unsigned int cpu, unsigned int unit)
{
	uint64_t active = eio->pending[unit] & eio->enable[unit];
	uint64_t seen = 0;

	if (!(eio->misc & MISC_ON))
		return 0;
	for (; active; active &= active - 1) {
		unsigned int bit = (unsigned int)__builtin_ctzll(active);

		if (target(eio, unit * 64 + bit) == cpu)
			seen |= BIT_ULL(bit);
	}
	return seen;
}

static void drive(const struct device *dev, unsigned int cpu, uint8_t levels)
{
	struct eiointc *eio = dev->state;
	uint8_t changes = eio->lines[cpu] ^ levels;

	eio->lines[cpu] = levels;
	for (; changes; changes &= (uint8_t)(changes - 1)) {
		unsigned int line = lowest(changes);

		device_set_cpu_line(dev, cpu, line, levels & BIT(line));
	}
}

/* Brings the pins of all CPUs to what the vectors want. */
static void update(const struct device *dev)
{
	const struct eiointc *eio = dev->state;
	uint8_t levels[EIOINTC_CPUS] = { 0 };

	for (unsigned int unit = 0; unit < 4 && (eio->misc & MISC_ON); unit++) {
		uint64_t active = eio->pending[unit] & eio->enable[unit];

		for (; active; active &= active - 1) {
			unsigned int vector = unit * 64 + (unsigned int)__builtin_ctzll(active);

			levels[target(eio, vector)] |= (uint8_t)BIT(pin(eio, vector));
		}
	}
	for (unsigned int cpu = 0; cpu < nr_cpus(dev); cpu++)
		drive(dev, cpu, levels[cpu]);
}

/* The register unit at @offset that is mere storage, or NULL. */
static uint64_t *stored(struct eiointc *eio, uint64_t offset)
{
	if (offset >= NODE_TYPE && offset < NODE_TYPE_END)
		return &eio->node_type[(offset - NODE_TYPE) >> UNIT_SHIFT];
	if (offset >= PINS && offset < PINS_END)
		return &eio->pins;
	if (offset >= ENABLE && offset < ENABLE_END)
		return &eio->enable[(offset - ENABLE) >> UNIT_SHIFT];
	if (offset >= BOUNCE && offset < BOUNCE_END)
		return &eio->bounce[(offset - BOUNCE) >> UNIT_SHIFT];
	if (offset >= ROUTE && offset < ROUTE_END)
		return &eio->route[(offset - ROUTE) >> UNIT_SHIFT];
	return NULL;
}

static uint64_t read_unit(const struct device *dev, unsigned int id, uint64_t offset)
{
	struct eiointc *eio = dev->state;
	const uint64_t *unit;

	if (id == RANGE_MISC)
		return eio->misc;
	if (offset >= CPU_STATUS && offset < CPU_STATUS_END)
		return seen_by(eio, device_accessor(dev),
			       (unsigned int)(offset - CPU_STATUS) >> UNIT_SHIFT);
	if (offset >= STATUS && offset < STATUS_END)
		return eio->pending[(offset - STATUS) >> UNIT_SHIFT];
	unit = stored(eio, offset);
	return unit ? *unit : 0;
}

static void write_unit(const struct device *dev, unsigned int id, uint64_t offset, uint64_t mask,
		       uint64_t value)
{
	struct eiointc *eio = dev->state;
	unsigned int cpu = device_accessor(dev);
	uint64_t *unit;

	if (id == RANGE_MISC) {
		if (mask & MISC_ON)
			eio->misc = value & MISC_ON;
		return;
	}
	if (offset >= CPU_STATUS && offset < CPU_STATUS_END) {
		unsigned int index = (unsigned int)(offset - CPU_STATUS) >> UNIT_SHIFT;

		eio->pending[index] &= ~(value & mask & seen_by(eio, cpu, index));
		return;
	}
	unit = stored(eio, offset);
	if (unit && cpu < CPUS_PER_NODE)
		*unit = (*unit & ~mask) | (value & mask);
}

/* Accesses are aligned: the IOCSR instructions know no others, and what the hypervisor makes of
 * them neither. What would leave the unit is cut. */
static uint64_t eiointc_read(const struct device *dev, unsigned int id, uint64_t offset,
			     unsigned int size)
{
	(void)size;
	return read_unit(dev, id, offset & ~UINT64_C(7)) >> 8 * (offset & 7);
}

static void eiointc_write(const struct device *dev, unsigned int id, uint64_t offset,
			  unsigned int size, uint64_t value)
{
	unsigned int shift = 8 * (unsigned int)(offset & 7);
	uint64_t mask = size < 8 ? BIT_ULL(8 * size) - 1 : UINT64_MAX;

	write_unit(dev, id, offset & ~UINT64_C(7), mask << shift, value << shift);
	update(dev);
}

static void eiointc_message(const struct device *dev, const struct irq_message *msg)
{
	struct eiointc *eio = dev->state;
	uint64_t bit = BIT_ULL(msg->vector % 64);

	if (msg->level)
		eio->pending[msg->vector / 64] |= bit;
	else
		eio->pending[msg->vector / 64] &= ~bit;
	update(dev);
}

static void eiointc_reset(const struct device *dev)
{
	struct eiointc *eio = dev->state;

	eio->misc = 0;
	eio->pins = 0;
	for (unsigned int i = 0; i < ARRAY_SIZE(eio->enable); i++) {
		eio->node_type[i] = 0;
		eio->enable[i] = 0;
		eio->bounce[i] = 0;
		eio->pending[i] = 0;
	}
	for (unsigned int i = 0; i < ARRAY_SIZE(eio->route); i++)
		eio->route[i] = 0;
	update(dev);
}

const struct device_ops eiointc_ops = {
	.compatible = "loongson,ls2k2000-eiointc",
	.reset = eiointc_reset,
	.read = eiointc_read,
	.write = eiointc_write,
	.message = eiointc_message,
};
