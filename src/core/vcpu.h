/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A virtual CPU: bound for good to one physical CPU. This structure is the part that other CPUs may
 * see (requests, state, counters); the guest's registers are in struct arch_vcpu, private to the
 * CPU.
 */
#ifndef CORE_VCPU_H
#define CORE_VCPU_H

#include "core/types.h"
#include "core/exit.h"
#include "arch_cell.h" /* NR_EXIT_CODES: how many codes of the hardware have a bit */

#define MAX_CPUS 64

struct cell;
struct arch_vcpu;

/* Requests to a vCPU; set with vcpu_request(). Bits from 8 up belong to the architecture. */
#define REQUEST_POLL BIT(0)  /* look at device timers and console input */
#define REQUEST_LEAVE BIT(1) /* the cell left RUNNING: park */
#define REQUEST_ARCH_SHIFT 8

struct vcpu {
	struct cell *cell;
	unsigned int index; /* in its cell */
	unsigned int cpu;   /* index in board.cpus: the physical CPU */
	uint32_t hwid;      /* hardware id of that CPU: its APIC id, or core id */
	uint32_t requests;
	bool waiting;     /* not started yet: the guest has not asked for this CPU */
	bool parked;
	uint64_t exits[NR_EXIT_REASONS];
	uint64_t codes[NR_EXIT_CODES / 64]; /* bitmap: the hardware's exit codes seen so far */
	uint64_t high_code;                 /* the latest of them that has no bit, or 0 */
	uint64_t unknown_sysregs; /* accesses to system registers that do not exist in cells */
	uint64_t last_pc;         /* at the latest exit */
	struct arch_vcpu *arch;
};

extern struct vcpu
	vcpus[MAX_CPUS]; /* indexed like board.cpus; .cell == NULL for a CPU without a cell */

/* Sets @bits and makes the vCPU's physical CPU look at them soon. Callable from any CPU. */
void vcpu_request(struct vcpu *vcpu, uint32_t bits);

/* Takes the requests: returns and clears them. */
uint32_t vcpu_take_requests(struct vcpu *vcpu);

/* Notes that the hardware left the guest with @code: for the list of exits that tests reached. */
static inline void vcpu_saw_code(struct vcpu *vcpu, uint64_t code)
{
	if (code < NR_EXIT_CODES)
		vcpu->codes[code / 64] |= BIT_ULL(code % 64);
	else
		vcpu->high_code = code;
}

/* The life of a physical CPU that has a vCPU: never returns. */
void vcpu_loop(struct vcpu *vcpu) __attribute__((noreturn));

#endif
