/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The real-time clock of a PC: a Motorola MC146818A with 128 bytes, and the century in byte 0x32.
 *
 * Time starts at device_wall_clock() and advances once a second in the device's own phase; should
 * it differ from the wall clock by more than a second, it is set right at the next update. Setting
 * the clock gives the cell an offset of its own to the wall clock, until the next reset. Dates from
 * year 1 to 9999 are kept; the day of the week follows from the date. Daylight saving (register B,
 * DSE) is kept as a bit and not acted on. The periodic interrupt is derived from a 32768 Hz chain;
 * SQW is not connected. Memory starts as zeros.
 *
 * compatible: "motorola,mc146818"
 * ranges:     0 = index and data port (0x70), 2 bytes. Bit 7 of the index (the NMI mask of PCs) is
 *             ignored; the index port reads as ones.
 * line:       its interrupt (8), level, asserted until register C is read
 * timer:      the next event whose interrupt is enabled
 * parameter:  not used
 */
#ifndef VDEV_MC146818_H
#define VDEV_MC146818_H

#include "core/device.h"

#define MC146818_SIZE 128

struct mc146818 {
	uint8_t ram[MC146818_SIZE]; /* time and date: valid while the clock is stopped */
	uint8_t index;
	uint8_t reg_c;	  /* flags without IRQF */
	bool irq;	  /* the level that the interrupt line has now */
	uint64_t timer;	  /* the deadline asked for, or TIMER_OFF */
	int64_t offset;	  /* seconds that the cell's clock is ahead of the wall clock */
	uint64_t chain;	  /* device_now() when the divider chain was 0; may wrap */
	uint64_t seconds; /* the clock: seconds since 0001-01-01, as of ... */
	uint64_t second;  /* ... this second of the chain */
	uint64_t cycle;	  /* 32768 Hz cycles of the chain that have been accounted for */
};

extern const struct device_ops mc146818_ops;

#endif
