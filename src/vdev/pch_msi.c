/* SPDX-License-Identifier: Apache-2.0 */
#include "vdev/pch_msi.h"

/* The data of a message is 32 bits wide; the rest of the doorbell is not used. */
#define VECTORS 256

static void pch_msi_reset(const struct device *dev)
{
	struct pch_msi *msi = dev->state;

	msi->last = 0;
}

static uint64_t pch_msi_read(const struct device *dev, unsigned int id, uint64_t offset,
			     unsigned int size)
{
	(void)dev;
	(void)id;
	(void)offset;
	(void)size;
	return 0;
}

static void pch_msi_write(const struct device *dev, unsigned int id, uint64_t offset,
			  unsigned int size, uint64_t value)
{
	struct pch_msi *msi = dev->state;
	const struct irq_message msg = { .vector = (uint8_t)value, .level = true };

	(void)id;
	value &= size < 4 ? BIT_ULL(8 * size) - 1 : UINT32_MAX;
	if (offset || value < dev->parameter || value >= VECTORS)
		return;
	msi->last = msg.vector;
	device_send_message(dev, &msg);
}

const struct device_ops pch_msi_ops = {
	.compatible = "loongson,pch-msi-1.0",
	.reset = pch_msi_reset,
	.read = pch_msi_read,
	.write = pch_msi_write,
};
