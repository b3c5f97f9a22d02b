/* SPDX-License-Identifier: Apache-2.0 */
/* How a CPU waits politely in a spin loop; core/spinlock.h uses it. */
#ifndef ARCH_RELAX_H
#define ARCH_RELAX_H

/* LoongArch has no hint for it (Reference Manual vol. 1, ch. 2); only the compiler is stopped. */
static inline void cpu_relax(void)
{
	__asm__ volatile("nop" ::: "memory");
}

#endif
