/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Control and status registers of which guests have no copy in hardware: their accesses exit.
 *
 * Some are kept in memory, since a kernel may read back what it wrote; nothing acts on them. The
 * others read as 0, the effect of a write being none, which is what the LoongArch Reference Manual
 * vol. 1, 7.2.3, allows for registers that are not implemented: watchpoints (none), performance
 * counters (CPUCFG word 6 says none), and all that belongs to LVZ.
 */
#ifndef LOONGARCH_CSR_H
#define LOONGARCH_CSR_H

#include "core/types.h"

enum {
	KEPT_IMPCTL1, /* kernels with pages of 4 KiB set bits of it */
	KEPT_IMPCTL2,
	KEPT_MERRENTRY, /* every kernel writes it */
	KEPT_MERRERA,
	KEPT_MERRSAVE,
	KEPT_CTAG,
	KEPT_DERA,
	KEPT_DSAVE,
	NR_KEPT_CSRS,
};

/* One of these for each vCPU; zero after its reset. */
struct kept_csrs {
	uint64_t values[NR_KEPT_CSRS];
};

/*
 * Reads CSR @number into *old, then replaces the bits of @mask by those of @value: CSRRD has no
 * mask bits, CSRWR all, CSRXCHG those of rj. False when cells do not have the register at all (it
 * reads as 0).
 */
bool kept_csr_access(struct kept_csrs *csrs, uint16_t number, uint64_t mask, uint64_t value,
		     uint64_t *old);

#endif
