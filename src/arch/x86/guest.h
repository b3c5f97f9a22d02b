/* SPDX-License-Identifier: Apache-2.0 */
/* The guest side of x86: the files that handle what a vCPU does, and what they share. */
#ifndef ARCH_GUEST_H
#define ARCH_GUEST_H

#include "arch_vcpu.h"
#include "core/arch.h"
#include "core/cell.h"

/* Builds a cell's second-stage tables and permission bitmaps. Boot CPU, once. 0 or -ENOMEM,
 * -EINVAL. */
int guest_init_cell(struct cell *cell);

/* ports.c: builds the cell's I/O permission bitmap: clear bits for the ports it was given. 0 or
 * -ENOMEM. */
int guest_init_ports(struct cell *cell);

/* cpuid.c: carries out CPUID as the policy says. */
void guest_cpuid(struct vcpu *vcpu);

/* msr.c: carries out RDMSR (write false) or WRMSR of the register that RCX names. */
void guest_msr(struct vcpu *vcpu, bool write);

/* msr.c: power-on values of the registers it keeps. */
void guest_msr_reset(struct arch_vcpu *guest);

/*
 * msr.c: calls @visit for every MSR that guests of this machine reach without an exit, with the
 * directions that are direct. The backends build their MSR bitmaps from it.
 */
void guest_msr_direct(void (*visit)(void *context, uint32_t msr, bool read, bool write),
		      void *context);

/* xstate.c: carries out XSETBV; the extended state's reset; the bits of XCR0 a guest may set. */
void guest_xsetbv(struct arch_vcpu *guest);
void guest_xstate_reset(void);
uint64_t guest_xcr0_allowed(void);

/*
 * pvclock.c: MSR_KVM_SYSTEM_TIME_NEW and MSR_KVM_WALL_CLOCK_NEW. @value, @gpa: where the guest
 * wants the clock's page. False when that is not the cell's memory.
 */
bool guest_clock_set(struct vcpu *vcpu, uint64_t value);
bool guest_wall_clock_set(struct vcpu *vcpu, uint64_t gpa);

/*
 * ipi.c: sends what the guest of @vcpu wrote into the ICR to the CPUs of its own cell.
 * Returns 0, or -EPERM when it names a CPU outside the cell or a delivery mode no cell has; nothing
 * is sent then.
 */
int guest_send_ipi(struct vcpu *vcpu, uint64_t icr);

/*
 * memory.c: copies @size (at most 16) bytes from or to guest memory. Writes to the cell's ROM
 * vanish. Returns 0, -ENOENT when the guest's page tables do not map the address, or -EPERM when
 * they lead outside the cell's memory.
 */
int guest_read_linear(const struct arch_vcpu *guest, const struct cell *cell, uint64_t linear,
		      void *buffer, unsigned int size);
int guest_read_physical(const struct cell *cell, uint64_t gpa, void *buffer, unsigned int size);
int guest_write_physical(const struct cell *cell, uint64_t gpa, const void *buffer,
			 unsigned int size);
int guest_write_linear(const struct arch_vcpu *guest, const struct cell *cell, uint64_t linear,
		       const void *buffer, unsigned int size);

#endif
