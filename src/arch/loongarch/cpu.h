/* SPDX-License-Identifier: Apache-2.0 */
/* A physical CPU's private block: struct cpu at its beginning, the stack grows down from its end.
 */
#ifndef LOONGARCH_CPU_H
#define LOONGARCH_CPU_H

#define CPU_BLOCK_SIZE 0x8000

/* Offsets in struct arch_vcpu, for assembly. */
#define VCPU_HOST_SP 256
#define VCPU_HOST_RA 264
#define VCPU_PC 272

#ifndef __ASSEMBLER__

#include "arch_vcpu.h"
#include "core/types.h"

struct cpu {
	unsigned int index; /* in board.cpus */
	uint32_t hwid;      /* CSR.CPUID */
	struct vcpu *vcpu;  /* NULL: the board gives this CPU to no cell */
	uint64_t deadline;  /* of its cell's device timers, arch_now() time, or TIMER_OFF */
	struct arch_vcpu guest;
};
static_assert(offsetof(struct arch_vcpu, host_sp) == VCPU_HOST_SP, "switch.S");
static_assert(offsetof(struct arch_vcpu, host_ra) == VCPU_HOST_RA, "switch.S");
static_assert(offsetof(struct arch_vcpu, pc) == VCPU_PC, "switch.S");
static_assert(sizeof(struct cpu) <= CPU_BLOCK_SIZE / 2, "half of the block is for the stack");

/* This CPU's block. */
static inline struct cpu *this_cpu(void)
{
	struct cpu *cpu;

	__asm__("move %0, $tp" : "=r"(cpu));
	return cpu;
}

/* Lets exceptions of the hypervisor's own be reported. */
void cpu_init_exceptions(void);

/* Sets this CPU up for its guest, if it has one. */
void cpu_init(void);

/* Whether this CPU has what the hypervisor needs; logs what it lacks. */
bool cpu_check(void);

/* EUEN: the units that guests may use. */
uint64_t cpu_units(void);

/* Zeroes the registers of the units that are on in @euen. */
void units_reset(uint64_t euen);

/* Exceptions of the hypervisor's own; the general registers are in @frame. */
void cpu_exception(const uint64_t *frame, bool machine_error) __attribute__((noreturn));

/*
 * Runs the guest until an exception leaves it, and returns ESTAT, see switch.S. As the compiler
 * sees to the registers that a function must keep, the caller saves them once.
 */
static inline uint64_t vcpu_switch(struct arch_vcpu *guest)
{
	register uint64_t a0 __asm__("a0") = (uint64_t)guest;

	__asm__ volatile("bl vcpu_enter"
			 : "+r"(a0)
			 :
			 : "memory", "ra", "a1", "a2", "a3", "a4", "a5", "a6", "a7", "t0", "t1",
			   "t2", "t3", "t4", "t5", "t6", "t7", "t8", "fp", "s0", "s1", "s2", "s3",
			   "s4", "s5", "s6", "s7", "s8");
	return a0;
}

extern const char exception_entry[], refill_entry[], machine_error_entry[];

#endif
#endif
