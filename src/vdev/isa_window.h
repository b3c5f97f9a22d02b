/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The window of a Loongson machine through which processors reach ISA I/O ports, with nothing
 * behind it: stock kernels probe there (keyboard controller, timers) whatever their device tree
 * says.
 *
 * compatible: "bulkhead,isa-window"
 * ranges:     0 = the window; all bytes read as ones, writes have no effect
 * line, timer, parameter: not used
 */
#ifndef VDEV_ISA_WINDOW_H
#define VDEV_ISA_WINDOW_H

#include "core/device.h"

struct isa_window {
	uint64_t probes; /* accesses so far, for who debugs */
};

extern const struct device_ops isa_window_ops;

#endif
