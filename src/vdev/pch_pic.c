/* SPDX-License-Identifier: Apache-2.0 */
/* Registers are those of the Loongson 7A1000 User Manual, 5.2. */
#include "vdev/pch_pic.h"

/* Registers with a bit for each input, 64 bits each, and ID */
#define REG_ID 0x000
#define REG_MASK 0x020
#define REG_HTMSI_EN 0x040
#define REG_EDGE 0x060
#define REG_CLEAR 0x080
#define REG_AUTO_CTRL0 0x0c0
#define REG_AUTO_CTRL1 0x0e0
#define REG_ISR_0 0x300 /* of what is routed to pin 0, which is all */
#define REG_IRR 0x380
#define REG_ISR 0x3a0
#define REG_POLARITY 0x3e0

/* A byte for each input */
#define REG_ROUTE 0x100
#define REG_VECTOR 0x200

#define ID_LOW UINT64_C(0x07000000)
#define ID_VERSION UINT64_C(1)
#define ID_LAST_INPUT_SHIFT 48
#define ID_VERSION_SHIFT 32

#define ROUTE_RESET 1 /* to pin 0 */

#define LOWEST(bits) ((unsigned int)__builtin_ctzll(bits))

static uint64_t nr_inputs(const struct device *dev)
{
	return dev->parameter < PCH_PIC_INPUTS ? dev->parameter : PCH_PIC_INPUTS;
}

static uint64_t existing(const struct device *dev)
{
	return nr_inputs(dev) < PCH_PIC_INPUTS ? BIT_ULL(nr_inputs(dev)) - 1 : UINT64_MAX;
}

static void send(const struct device *dev, unsigned int input, bool level)
{
	const struct pch_pic *pic = dev->state;
	const struct irq_message msg = { .vector = pic->vector[input], .level = level };

	device_send_message(dev, &msg);
}

/* Raises and lowers vectors as the registers want it now. */
static void update(const struct device *dev)
{
	struct pch_pic *pic = dev->state;
	uint64_t active = pic->inputs ^ pic->polarity;
	uint64_t changes;

	pic->request = ((pic->request & pic->edge) | (active & ~pic->edge)) & existing(dev);
	changes = (pic->request & ~pic->mask & pic->message_enable) ^ pic->raised;
	for (; changes; changes &= changes - 1) {
		unsigned int input = LOWEST(changes);

		pic->raised ^= BIT_ULL(input);
		send(dev, input, pic->raised & BIT_ULL(input));
	}
}

static void route(const struct device *dev, unsigned int input)
{
	const struct pch_pic *pic = dev->state;
	const struct irq_message msg = { .vector = pic->vector[input], .level = true };

	device_route_pin(dev, input, &msg, pic->mask & BIT_ULL(input));
}

static void set_mask(const struct device *dev, uint64_t mask)
{
	struct pch_pic *pic = dev->state;
	uint64_t changes = (pic->mask ^ mask) & existing(dev);

	pic->mask = mask;
	/* Before the inputs are looked at: the machine may lower one, to arm the physical line. */
	for (; changes; changes &= changes - 1)
		route(dev, LOWEST(changes));
}

/* An input whose vector changes gives the old one back. */
static void set_vector(const struct device *dev, unsigned int input, uint8_t vector)
{
	struct pch_pic *pic = dev->state;

	if (pic->vector[input] == vector)
		return;
	if (pic->raised & BIT_ULL(input))
		send(dev, input, false);
	pic->raised &= ~BIT_ULL(input);
	pic->vector[input] = vector;
}

/* The register of inputs' bits at @offset that is mere storage, or NULL. */
static uint64_t *stored(struct pch_pic *pic, uint64_t offset)
{
	switch (offset) {
	case REG_HTMSI_EN:
		return &pic->message_enable;
	case REG_EDGE:
		return &pic->edge;
	case REG_AUTO_CTRL0:
		return &pic->auto_control[0];
	case REG_AUTO_CTRL1:
		return &pic->auto_control[1];
	case REG_POLARITY:
		return &pic->polarity;
	default:
		return NULL;
	}
}

static bool is_byte_block(uint64_t offset, uint64_t block)
{
	return offset >= block && offset < block + PCH_PIC_INPUTS;
}

static uint64_t bytes_at(const uint8_t *bytes, uint64_t offset)
{
	uint64_t value = 0;

	for (unsigned int i = 0; i < 8; i++)
		value |= (uint64_t)bytes[offset + i] << 8 * i;
	return value;
}

/* The 64 bits at @offset, a multiple of 8. */
static uint64_t read_unit(const struct device *dev, uint64_t offset)
{
	struct pch_pic *pic = dev->state;
	const uint64_t *unit;

	if (is_byte_block(offset, REG_ROUTE))
		return bytes_at(pic->route, offset - REG_ROUTE);
	if (is_byte_block(offset, REG_VECTOR))
		return bytes_at(pic->vector, offset - REG_VECTOR);
	switch (offset) {
	case REG_ID:
		return ID_LOW | ID_VERSION << ID_VERSION_SHIFT |
		       (nr_inputs(dev) - 1) << ID_LAST_INPUT_SHIFT;
	case REG_MASK:
		return pic->mask;
	case REG_IRR:
		return pic->request;
	case REG_ISR:
	case REG_ISR_0:
		return pic->raised;
	default:
		unit = stored(pic, offset);
		return unit ? *unit : 0;
	}
}

/* Writes those of the 64 bits at @offset, a multiple of 8, that are ones in @mask. */
static void write_unit(const struct device *dev, uint64_t offset, uint64_t mask, uint64_t value)
{
	struct pch_pic *pic = dev->state;
	uint64_t *unit;

	switch (offset) {
	case REG_MASK:
		set_mask(dev, (pic->mask & ~mask) | (value & mask));
		break;
	case REG_CLEAR:
		pic->request &= ~(value & mask); /* levels come back */
		break;
	default:
		unit = stored(pic, offset);
		if (unit)
			*unit = (*unit & ~mask) | (value & mask);
		break;
	}
}

static void write_byte(const struct device *dev, uint64_t offset, uint8_t value)
{
	struct pch_pic *pic = dev->state;

	if (is_byte_block(offset, REG_ROUTE))
		pic->route[offset - REG_ROUTE] = value;
	else if (is_byte_block(offset, REG_VECTOR))
		set_vector(dev, (unsigned int)(offset - REG_VECTOR), value);
}

/* Of accesses that are not aligned, the part up to the next 8 bytes counts. */
static uint64_t pch_pic_read(const struct device *dev, unsigned int id, uint64_t offset,
			     unsigned int size)
{
	(void)id;
	(void)size;
	return read_unit(dev, offset & ~UINT64_C(7)) >> 8 * (offset & 7);
}

static void pch_pic_write(const struct device *dev, unsigned int id, uint64_t offset,
			  unsigned int size, uint64_t value)
{
	unsigned int shift = 8 * (unsigned int)(offset & 7);
	uint64_t mask = size < 8 ? BIT_ULL(8 * size) - 1 : UINT64_MAX;

	(void)id;
	write_unit(dev, offset & ~UINT64_C(7), mask << shift, value << shift);
	for (unsigned int i = 0; i < size; i++)
		write_byte(dev, offset + i, (uint8_t)(value >> 8 * i));
	update(dev);
}

static void pch_pic_set_line(const struct device *dev, unsigned int line, bool level)
{
	struct pch_pic *pic = dev->state;
	uint64_t bit, before = pic->inputs;

	if (line >= nr_inputs(dev))
		return;
	bit = BIT_ULL(line);
	pic->inputs = level ? before | bit : before & ~bit;
	if (pic->inputs == before)
		return;
	if (level)
		pic->request |= bit;
	update(dev);
}

static void pch_pic_reset(const struct device *dev)
{
	struct pch_pic *pic = dev->state;

	pic->mask = UINT64_MAX;
	pic->message_enable = 0;
	update(dev); /* lowers what is raised */
	pic->edge = 0;
	pic->auto_control[0] = 0;
	pic->auto_control[1] = 0;
	pic->polarity = 0;
	/* The inputs stay: they belong to the devices, which release theirs by their own reset. */
	for (unsigned int input = 0; input < PCH_PIC_INPUTS; input++) {
		pic->route[input] = ROUTE_RESET;
		pic->vector[input] = 0;
	}
	update(dev);
	for (unsigned int input = 0; input < nr_inputs(dev); input++)
		route(dev, input);
}

const struct device_ops pch_pic_ops = {
	.compatible = "loongson,pch-pic-1.0",
	.reset = pch_pic_reset,
	.read = pch_pic_read,
	.write = pch_pic_write,
	.set_line = pch_pic_set_line,
};
