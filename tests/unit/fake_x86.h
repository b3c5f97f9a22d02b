/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A processor made of variables. Included before everything else (flags: -include), it takes the
 * place of the instructions of src/arch/x86/x86.h that a program may not execute, or whose results
 * a test has to choose.
 */
#ifndef FAKE_X86_H
#define FAKE_X86_H

/* The real ones get other names, and are not used. */
#define cpuid real_cpuid
#define rdmsr real_rdmsr
#define wrmsr real_wrmsr
#define rdtsc real_rdtsc
#include "arch/x86/x86.h"
#undef cpuid
#undef rdmsr
#undef wrmsr
#undef rdtsc

struct cpuid_regs cpuid(uint32_t leaf, uint32_t subleaf);
uint64_t rdmsr(uint32_t msr);
void wrmsr(uint32_t msr, uint64_t value);
uint64_t rdtsc(void);

#endif
