/* SPDX-License-Identifier: Apache-2.0 */
/* Source: IBM PC/AT Technical Reference, "Keyboard controller"; Intel ICH9 data sheet 5.13. */
#include "vdev/i8042.h"

enum { RANGE_DATA, RANGE_COMMAND };

/* Status register: no bit for the buffers (0 output full, 1 input full) is ever set. */
#define STATUS_SYSTEM BIT(2)   /* the controller's self-test has passed */
#define STATUS_UNLOCKED BIT(4) /* the key switch does not inhibit the keyboard */

#define CMD_WRITE_OUTPUT_PORT 0xd1
/* 0xf0-0xff: pulse those of the output port's bits 0-3 low whose bit in the command is 0. */
#define CMD_PULSE 0xf0
#define CMD_PULSE_MASK 0xf0

#define OUTPUT_PORT_RESET BIT(0) /* active low: 0 resets the processor */

static void i8042_reset(const struct device *dev)
{
	struct i8042 *kbc = dev->state;

	kbc->output_port_next = false;
}

static uint64_t i8042_read(const struct device *dev, unsigned int id, uint64_t offset,
			   unsigned int size)
{
	(void)dev;
	(void)size;
	if (offset == 0 && id == RANGE_COMMAND)
		return UINT32_C(0xffffff00) | STATUS_SYSTEM | STATUS_UNLOCKED;
	return UINT32_MAX;
}

static void i8042_command(const struct device *dev, uint8_t command)
{
	struct i8042 *kbc = dev->state;

	kbc->output_port_next = command == CMD_WRITE_OUTPUT_PORT;
	if ((command & CMD_PULSE_MASK) == CMD_PULSE && !(command & OUTPUT_PORT_RESET))
		device_request_reset(dev);
}

static void i8042_data(const struct device *dev, uint8_t value)
{
	struct i8042 *kbc = dev->state;

	if (kbc->output_port_next && !(value & OUTPUT_PORT_RESET))
		device_request_reset(dev);
	kbc->output_port_next = false;
}

static void i8042_write(const struct device *dev, unsigned int id, uint64_t offset,
			unsigned int size, uint64_t value)
{
	(void)size;
	if (offset != 0)
		return;
	if (id == RANGE_COMMAND)
		i8042_command(dev, (uint8_t)value);
	else if (id == RANGE_DATA)
		i8042_data(dev, (uint8_t)value);
}

const struct device_ops i8042_ops = {
	.compatible = "intel,i8042",
	.reset = i8042_reset,
	.read = i8042_read,
	.write = i8042_write,
};
