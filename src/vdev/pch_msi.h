/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The doorbell of message-signalled interrupts on Loongson machines: what is written to it raises a
 * vector of EIOINTC, an edge each time. Linux' binding: loongson,pch-msi.
 *
 * compatible: "loongson,pch-msi-1.0"
 * ranges:     0 = the doorbell, 8 bytes
 * line, timer: not used
 * parameter:  the first vector that messages may name; those below belong to the PCH-PIC
 */
#ifndef VDEV_PCH_MSI_H
#define VDEV_PCH_MSI_H

#include "core/device.h"

struct pch_msi {
	uint8_t last; /* the vector of the latest message; nobody reads it but who debugs */
};

extern const struct device_ops pch_msi_ops;

#endif
