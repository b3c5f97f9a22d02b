/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The reset line of a keyboard controller, without the keyboard.
 *
 * Of an 8042 a PC without keyboard and mouse needs one thing: the output port whose bit 0 resets
 * the machine. The cell's ACPI tables say that there is no 8042 for input (FADT IAPC_BOOT_ARCH), so
 * Linux does not look for one; it still resets through port 0x64 (FADT RESET_REG, or reboot=kbd).
 * Before each attempt Linux waits until the status register shows an empty input buffer, 65536
 * reads long if need be. So the status is that of an idle controller with both buffers empty: a
 * writer never waits, and software that first drains the output buffer ends at once (with all ones,
 * as without any device, it would never end).
 *
 * compatible: "intel,i8042"
 * ranges:     0 = data port (0x60), 1 byte; 1 = status and command port (0x64), 1 byte
 * line, timer, parameter: not used
 */
#ifndef VDEV_I8042_H
#define VDEV_I8042_H

#include "core/device.h"

struct i8042 {
	bool output_port_next; /* the next byte at the data port is meant for the output port */
};

extern const struct device_ops i8042_ops;

#endif
