/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A guest that executes RDMSR and WRMSR, on a processor made of the variables below, for the tests
 * of src/arch/x86/msr.c.
 */
#ifndef MSR_GUEST_H
#define MSR_GUEST_H

#include "arch/x86/guest.h"
#include "arch/x86/vendor.h"

/* ---- The processor ---- */

extern uint32_t features; /* every word of every feature leaf */
extern bool intel;        /* else AMD's */
extern uint64_t now;      /* its TSC */
extern uint64_t efer, tsc_offset;

/* What the hypervisor wrote. Anything but what may be written fails the test. */
extern unsigned int nr_written;
extern uint32_t written_msr;
extern uint64_t written_value;
extern bool resetting;      /* guest_msr_reset() is under way: other MSRs may be written */
extern uint32_t reset_msrs; /* those it cleared, folded */

/* The bits that the LVT @msr has: SDM vol. 3, figure 11-8. */
uint64_t lvt_bits(uint32_t msr);

/* ---- The guest ---- */

extern struct arch_vcpu guest;
extern struct vcpu vcpu;
extern bool clock_works;
extern uint64_t clock_value, wall_clock; /* where it wanted its clocks */

/* All features, nothing written, as after power-on. */
int setup(void **state);

/* One instruction. Whether it was carried out; otherwise it was #GP, and counted. */
bool can_write(uint32_t msr, uint64_t value);
bool can_read(uint32_t msr);

/* What @msr reads as; it must be readable. */
uint64_t value_of(uint32_t msr);

#endif
