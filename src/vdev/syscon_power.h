/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Power-off and reset as ACPI 6.5, 4.8.3.7 (sleep control register) and 4.8.3.6 (reset register)
 * have them, where QEMU's "virt" machine for LoongArch has its own; the guest's device tree names
 * them as syscon-poweroff and syscon-reboot.
 *
 * compatible: "bulkhead,syscon-power"
 * ranges:     0 = 3 bytes: sleep control, sleep status, reset
 * line, timer, parameter: not used
 */
#ifndef VDEV_SYSCON_POWER_H
#define VDEV_SYSCON_POWER_H

#include "core/device.h"

/* What the device tree tells the guest to write. */
#define SYSCON_POWER_OFF 0x34   /* at offset 0 */
#define SYSCON_POWER_RESET 0x42 /* at offset 2 */

struct syscon_power {
	uint8_t control; /* the sleep control register without its write-only bit */
};

extern const struct device_ops syscon_power_ops;

#endif
