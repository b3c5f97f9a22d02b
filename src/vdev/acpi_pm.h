/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The fixed hardware of ACPI (ACPI 6.5, 4.8): PM1 event and control registers and the power
 * management timer.
 *
 * compatible: "bulkhead,acpi-pm"
 * ranges:     0 = PM1 event block, 4 bytes (status, enable); 1 = PM1 control, 2 bytes; 2 = PM
 *             timer, 4 bytes (3.579545 MHz, 32 bits, zero at reset)
 * line:       the SCI (9): asserted while an enabled status bit is set
 * timer:      not used; the timer's carry is noticed at the next access to the device
 * parameter:  SLP_TYP of S5 (0 to 7): entering it powers the cell off
 */
#ifndef VDEV_ACPI_PM_H
#define VDEV_ACPI_PM_H

#include "core/device.h"

struct acpi_pm {
	uint64_t start;   /* device_now() of the reset: the timer's zero */
	uint64_t carries; /* carries of the timer that have been put into the status */
	uint16_t status;
	uint16_t enable;
	uint16_t control;
	bool sci; /* the level that the SCI has now */
};

extern const struct device_ops acpi_pm_ops;

#endif
