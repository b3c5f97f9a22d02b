/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The POST code port (0x80): firmware writes progress codes to it, Linux writes to it to wait a
 * moment.
 *
 * compatible: "bulkhead,post-port"
 * ranges:     0 = the port, 1 byte
 * line, timer, parameter: not used
 */
#ifndef VDEV_PORT80_H
#define VDEV_PORT80_H

#include "core/device.h"

struct port80 {
	uint8_t code; /* the last byte written; 0 after reset */
};

extern const struct device_ops port80_ops;

#endif
