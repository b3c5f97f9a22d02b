/* SPDX-License-Identifier: Apache-2.0 */
#include "vdev/isa_window.h"

static void isa_window_reset(const struct device *dev)
{
	struct isa_window *window = dev->state;

	window->probes = 0;
}

static uint64_t isa_window_read(const struct device *dev, unsigned int id, uint64_t offset,
				unsigned int size)
{
	struct isa_window *window = dev->state;

	(void)id;
	(void)offset;
	(void)size;
	window->probes++;
	return UINT64_MAX;
}

static void isa_window_write(const struct device *dev, unsigned int id, uint64_t offset,
			     unsigned int size, uint64_t value)
{
	struct isa_window *window = dev->state;

	(void)id;
	(void)offset;
	(void)size;
	(void)value;
	window->probes++;
}

const struct device_ops isa_window_ops = {
	.compatible = "bulkhead,isa-window",
	.reset = isa_window_reset,
	.read = isa_window_read,
	.write = isa_window_write,
};
