/* SPDX-License-Identifier: Apache-2.0 */
#include "vdev/port80.h"

static void port80_reset(const struct device *dev)
{
	struct port80 *port = dev->state;

	port->code = 0;
}

static uint64_t port80_read(const struct device *dev, unsigned int id, uint64_t offset,
			    unsigned int size)
{
	const struct port80 *port = dev->state;

	(void)id;
	(void)size;
	/* One byte wide: the lanes beside it have nobody who drives them. */
	return offset == 0 ? UINT32_C(0xffffff00) | port->code : UINT32_MAX;
}

static void port80_write(const struct device *dev, unsigned int id, uint64_t offset,
			 unsigned int size, uint64_t value)
{
	struct port80 *port = dev->state;

	(void)id;
	(void)size;
	if (offset == 0)
		port->code = (uint8_t)value;
}

const struct device_ops port80_ops = {
	.compatible = "bulkhead,post-port",
	.reset = port80_reset,
	.read = port80_read,
	.write = port80_write,
};
