/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The interrupt controller of the 7A bridge (Loongson 7A1000 User Manual, chapter 5), whose inputs
 * become vectors of the processor's EIOINTC.
 *
 * compatible: "loongson,pch-pic-1.0"
 * ranges:     0 = the registers, 0x400 bytes
 * line:       not used; lines of the cell are its inputs of the same number
 * timer:      not used
 * parameter:  number of inputs, 64 at most (7A: 64, QEMU "virt": 32)
 *
 * An input that is active, not masked and enabled for messages holds its vector raised; nothing
 * else does, so that a mask, a clear or a change of the vector withdraws it. Only messages are
 * modelled: the pins to the processor (HTMSI_EN = 0) are not connected.
 */
#ifndef VDEV_PCH_PIC_H
#define VDEV_PCH_PIC_H

#include "core/device.h"

#define PCH_PIC_INPUTS 64

struct pch_pic {
	uint64_t mask;
	uint64_t message_enable; /* HTMSI_EN */
	uint64_t edge;
	uint64_t auto_control[2];
	uint64_t polarity; /* of levels; 1: active low */
	uint64_t inputs;   /* as the lines are */
	uint64_t request;  /* INTIRR */
	uint64_t raised;   /* INTISR: inputs whose vectors are raised */
	uint8_t route[PCH_PIC_INPUTS];
	uint8_t vector[PCH_PIC_INPUTS];
};

extern const struct device_ops pch_pic_ops;

#endif
