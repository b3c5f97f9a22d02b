/* SPDX-License-Identifier: Apache-2.0 */
#include "vdev/syscon_power.h"

#define REG_CONTROL 0
#define REG_STATUS 1
#define REG_RESET 2

/* Sleep control: type, and "go to sleep", which reads as 0 */
#define SLP_TYP 0x1c
#define SLP_EN 0x20
#define SLP_TYP_S5 (5 << 2)

static_assert(SYSCON_POWER_OFF == (SLP_EN | SLP_TYP_S5), "what the guest is told to write");

static void syscon_power_reset(const struct device *dev)
{
	struct syscon_power *power = dev->state;

	power->control = 0;
}

static uint64_t syscon_power_read(const struct device *dev, unsigned int id, uint64_t offset,
				  unsigned int size)
{
	const struct syscon_power *power = dev->state;

	(void)id;
	(void)size;
	return offset == REG_CONTROL ? power->control : 0;
}

static void write_byte(const struct device *dev, uint64_t offset, uint8_t value)
{
	struct syscon_power *power = dev->state;

	if (offset == REG_CONTROL) {
		power->control = value & SLP_TYP;
		if ((value & (SLP_EN | SLP_TYP)) == SYSCON_POWER_OFF)
			device_request_poweroff(dev);
	} else if (offset == REG_RESET && value == SYSCON_POWER_RESET) {
		device_request_reset(dev);
	}
}

static void syscon_power_write(const struct device *dev, unsigned int id, uint64_t offset,
			       unsigned int size, uint64_t value)
{
	(void)id;
	for (unsigned int i = 0; i < size; i++)
		write_byte(dev, offset + i, (uint8_t)(value >> 8 * i));
}

const struct device_ops syscon_power_ops = {
	.compatible = "bulkhead,syscon-power",
	.reset = syscon_power_reset,
	.read = syscon_power_read,
	.write = syscon_power_write,
};
