/* SPDX-License-Identifier: Apache-2.0 */
/* A spinlock. Take it with interrupts off where an interrupt handler may take it, too. */
#ifndef ISOLATION_SPINLOCK_H
#define ISOLATION_SPINLOCK_H

#include "trap.h"

struct spinlock {
	bool held;
};

static inline void spin_lock(struct spinlock *lock)
{
	while (__atomic_test_and_set(&lock->held, __ATOMIC_ACQUIRE))
		cpu_relax();
}

static inline void spin_unlock(struct spinlock *lock)
{
	__atomic_clear(&lock->held, __ATOMIC_RELEASE);
}

#endif
