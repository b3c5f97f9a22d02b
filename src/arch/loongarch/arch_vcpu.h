/* SPDX-License-Identifier: Apache-2.0 */
/* The private part of a vCPU: the guest's registers and what belongs to this vCPU alone. Guest CSRs
 * are not here: they stay in the CPU, which runs no other guest. */
#ifndef ARCH_VCPU_H
#define ARCH_VCPU_H

#include "core/types.h"
#include "core/vcpu.h"
#include "csr.h"
#include "insn.h"
#include "ipi.h"

/* Index of general registers with a role (LoongArch ABI, "Register convention"). */
#define GPR_A0 4

/* The architecture's requests to a vCPU, see core/vcpu.h. */
#define REQUEST_LINES BIT(REQUEST_ARCH_SHIFT)     /* .lines changed */
#define REQUEST_IPI BIT(REQUEST_ARCH_SHIFT + 1)   /* the state of its IPI block changed */
#define REQUEST_TIMER BIT(REQUEST_ARCH_SHIFT + 2) /* its cell's deadline changed */

struct arch_vcpu {
	uint64_t gpr[32];          /* [0] is 0 */
	uint64_t host_sp, host_ra; /* while the guest runs */
	uint64_t pc;
	uint32_t lines;   /* HWI lines that devices assert, a bit each; atomic, any CPU sets it */
	bool started;     /* the guest has started this CPU */
	struct insn insn; /* of the latest exit, where that depends on it */
	struct kept_csrs csrs;
	struct ipi_block ipi; /* every CPU of the cell accesses it */
};

#endif
