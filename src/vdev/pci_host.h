/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A PCI host bridge with an otherwise empty bus 0, reached by configuration mechanism #1 (PCI Local
 * Bus Specification 3.0, 3.2.2.3.2) and, where the cell has its range, by the enhanced mechanism
 * (ECAM; PCI Express Base Specification 3.0, 7.2.2); and the reset control register at port 0xcf9
 * (Intel ICH9 data sheet 13.7.5).
 *
 * Function 00:00.0 is a generic host bridge (1b36:0008, class 06 00 00), wholly read-only; every
 * other function reads as all ones. CONFIG_ADDRESS is seen by aligned 32-bit accesses only.
 *
 * compatible: "bulkhead,pci-cam"
 * ranges:     0 = ports 0xcf8 to 0xcff, 8 bytes
 *             1 = ECAM of bus 0, 1 MiB of MMIO (optional)
 * line, timer, parameter: not used
 */
#ifndef VDEV_PCI_HOST_H
#define VDEV_PCI_HOST_H

#include "core/device.h"

#define PCI_HOST_ECAM 1 /* id of the ECAM range */

struct pci_host {
	uint32_t address;      /* CONFIG_ADDRESS */
	uint8_t reset_control; /* port 0xcf9 */
};

extern const struct device_ops pci_host_ops;

#endif
