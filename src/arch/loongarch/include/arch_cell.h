/* SPDX-License-Identifier: Apache-2.0 */
/* The LoongArch part of a cell's run-time state. */
#ifndef ARCH_CELL_H
#define ARCH_CELL_H

#include "core/types.h"

#define NR_EXIT_CODES 64 /* Ecode has 6 bits */

struct arch_cell {
	uint64_t second_stage; /* physical address of the root of the second-stage tables */
	uint32_t gid;          /* tags the cell's TLB entries (CSR.GSTAT.GID); 0 is the host */
};

#endif
