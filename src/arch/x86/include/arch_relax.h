/* SPDX-License-Identifier: Apache-2.0 */
/* How a CPU waits politely in a spin loop; core/spinlock.h uses it. */
#ifndef ARCH_RELAX_H
#define ARCH_RELAX_H

/* PAUSE (AMD APM vol. 3, "PAUSE"): lets the sibling thread run and keeps the loop's exit cheap. */
static inline void cpu_relax(void)
{
	__asm__ volatile("pause" ::: "memory");
}

#endif
