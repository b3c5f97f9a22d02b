/* SPDX-License-Identifier: Apache-2.0 */
/* The x86 part of a cell's run-time state. */
#ifndef ARCH_CELL_H
#define ARCH_CELL_H

#include "core/types.h"

#define NR_EXIT_CODES 0x440 /* SVM's go up to 403h, VMX's reasons end far below */

struct device;

struct arch_cell {
	uint64_t second_stage; /* physical address of the root of the second-stage tables */
	uint8_t *io_bitmap;    /* permission bitmap of the I/O ports, see guest_init_ports() */
	uint8_t *msr_bitmap;   /* of the MSRs, in the format of the vendor's backend */
	const struct device
		*pic;  /* the cell's 8259 pair, which acknowledges INTR; NULL if it has none */
	uint32_t intr; /* the 8259's INTR output */
	uint32_t startup[64]; /* by vCPU: vector of the latest start-up IPI; see REQUEST_SIPI */
};

#endif
