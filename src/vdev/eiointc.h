/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The extended I/O interrupts of a Loongson 3A5000 (Loongson 3A5000/3B5000 Processor Reference
 * Manual, 11.2): 256 vectors, each routed to a CPU, where 32 of them share an interrupt pin.
 *
 * compatible: "loongson,ls2k2000-eiointc"
 * ranges:     0 = IOCSR 0x1400, 0x900 bytes (a CPU reads its own part of the vectors at 0x1800);
 *             1 = IOCSR 0x420, 8 bytes: the "other function" register, whose bit 48 turns it on
 * line:       not used; vectors come as messages (.vector, .level) of the cell's other controllers
 * timer:      not used
 * parameter:  number of vCPUs of the cell
 *
 * A vector is latched when it is raised, until the CPU that it is routed to clears it or its source
 * lowers it. CPUs are numbered in nodes of four. All interrupts come in at node 0, so that its
 * registers decide; kernels write to those of the other nodes, too, which has no effect.
 */
#ifndef VDEV_EIOINTC_H
#define VDEV_EIOINTC_H

#include "core/device.h"

#define EIOINTC_VECTORS 256
#define EIOINTC_CPUS 64 /* 16 nodes of 4 */

struct eiointc {
	uint64_t misc;         /* other function register */
	uint64_t node_type[4]; /* 16 bits for each of 16 types: a bitmap of nodes */
	uint64_t pins;         /* a byte for 32 vectors: a bitmap of pins */
	uint64_t enable[4];
	uint64_t bounce[4];
	uint64_t pending[4];
	uint64_t route[32];          /* a byte for each vector: type of node, bitmap of CPUs */
	uint8_t lines[EIOINTC_CPUS]; /* the levels of the CPUs' pins */
};

extern const struct device_ops eiointc_ops;

#endif
