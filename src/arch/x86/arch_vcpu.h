/* SPDX-License-Identifier: Apache-2.0 */
/* The private part of a vCPU: the guest's registers and what belongs to this vCPU alone. */
#ifndef ARCH_VCPU_H
#define ARCH_VCPU_H

#include "core/types.h"
#include "core/vcpu.h"
#include "x86.h"

/* Index of the general registers, in the order of their encoding (APM vol. 3, table 1-9). */
enum x86_gpr {
	GPR_RAX,
	GPR_RCX,
	GPR_RDX,
	GPR_RBX,
	GPR_RSP,
	GPR_RBP,
	GPR_RSI,
	GPR_RDI,
	NR_GPR = 16,
};

/* The architecture's requests to a vCPU, see core/vcpu.h. */
#define REQUEST_INIT BIT(REQUEST_ARCH_SHIFT)
#define REQUEST_SIPI BIT(REQUEST_ARCH_SHIFT + 1)
#define REQUEST_NMI BIT(REQUEST_ARCH_SHIFT + 2)
#define REQUEST_INTR BIT(REQUEST_ARCH_SHIFT + 3) /* the cell's 8259 output changed */

enum x86_segment_index {
	SEG_ES,
	SEG_CS,
	SEG_SS,
	SEG_DS,
	SEG_FS,
	SEG_GS,
	SEG_LDTR,
	SEG_TR,
	NR_SEGMENTS
};

/* Attributes as in bits 55:52 and 47:40 of a descriptor, packed to 12 bits (APM 15.5.1). */
#define SEG_ATTR_DPL (3u << 5)
#define SEG_ATTR_LONG BIT(9)
#define SEG_ATTR_BIG BIT(10)

struct x86_segment {
	uint16_t selector;
	uint16_t attributes;
	uint32_t limit;
	uint64_t base;
};

struct x86_table {
	uint64_t base;
	uint32_t limit;
};

/* The state of a guest CPU apart from its general registers, RIP and RFLAGS. */
struct x86_state {
	uint64_t cr0, cr2, cr3, cr4, efer;
	uint64_t dr6, dr7;
	uint64_t pat;
	struct x86_segment segments[NR_SEGMENTS];
	struct x86_table gdtr, idtr;
};

#define NR_VARIABLE_MTRRS 8
#define NR_FIXED_MTRRS 11

/* Memory type range registers that a guest may set; they have no effect, the second stage rules. */
struct x86_mtrrs {
	uint64_t default_type;
	uint64_t variable[2 * NR_VARIABLE_MTRRS];
	uint64_t fixed[NR_FIXED_MTRRS];
};

struct arch_vcpu {
	uint64_t gpr[NR_GPR]; /* offset 0: the backends' assembly relies on it */
	uint64_t rip;
	uint64_t rflags;
	uint64_t instruction_length; /* of the intercepted instruction, when the backend knows it */
	bool skipped;       /* RIP was moved past an instruction: an interrupt shadow ends */
	bool in_guest_mode; /* started: not waiting for INIT or SIPI */
	bool nmi_pending;
	bool nmi_blocked; /* the guest is in its NMI handler */
	bool shutdown; /* a fault while a double fault was delivered: the next run is a triple fault
			*/
	bool event_pending; /* .event waits to be injected at the next entry */
	uint32_t event;     /* vector, type and validity, APM 15.20 (VMX uses the same layout,
			       SDM 25.8.3) */
	uint32_t event_error;
	uint64_t tsc_offset;
	uint64_t lvt[5]; /* LVT thermal, counter, LINT0, LINT1, error as the guest wrote them */
	uint64_t hwcr;
	uint64_t clock_page; /* MSR_KVM_SYSTEM_TIME_NEW as written, see pvclock.c */
	struct x86_mtrrs mtrrs;
	void *vendor; /* the backend's own control blocks */
};
static_assert(offsetof(struct arch_vcpu, gpr) == 0, "see the backends' assembly");

/* Layout of arch_vcpu.event. */
#define EVENT_VALID BIT(31)
#define EVENT_ERROR BIT(11)
#define EVENT_VECTOR 0xffu
#define EVENT_TYPE (7u << 8)
#define EVENT_INTR (0u << 8)
#define EVENT_NMI (2u << 8)
#define EVENT_EXCEPTION (3u << 8)

/* Makes the guest take exception @vector at its next entry. @error is used by vectors that have an
 * error code. */
void vcpu_inject_exception(struct arch_vcpu *guest, unsigned int vector, uint32_t error);

/* Moves RIP past the intercepted instruction of @length bytes, as the CPU would have done it. */
void vcpu_skip(struct arch_vcpu *guest, uint64_t length);

#endif
