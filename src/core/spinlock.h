/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A ticket lock: CPUs get it in the order in which they asked, so none starves.
 *
 * The holder must not be interrupted by code that takes the same lock. Code that may run in an NMI
 * uses spin_trylock() only. A zeroed lock is a free lock.
 */
#ifndef CORE_SPINLOCK_H
#define CORE_SPINLOCK_H

#include "core/types.h"
#include "arch_relax.h" /* cpu_relax() */

struct spinlock {
	uint32_t next;    /* the ticket that the next CPU draws */
	uint32_t serving; /* the ticket that holds the lock; equal to @next when the lock is free */
};

static inline void spin_lock(struct spinlock *lock)
{
	uint32_t ticket = __atomic_fetch_add(&lock->next, 1, __ATOMIC_RELAXED);

	while (__atomic_load_n(&lock->serving, __ATOMIC_ACQUIRE) != ticket)
		cpu_relax();
}

/* Takes the lock if it is free at the moment; never waits. */
static inline bool spin_trylock(struct spinlock *lock)
{
	/*
	 * A ticket can only be drawn while it is the one being served, which is what "free" means.
	 */
	uint32_t ticket = __atomic_load_n(&lock->serving, __ATOMIC_ACQUIRE);

	return __atomic_compare_exchange_n(&lock->next, &ticket, ticket + 1, false,
					   __ATOMIC_ACQUIRE, __ATOMIC_RELAXED);
}

static inline void spin_unlock(struct spinlock *lock)
{
	/* Only the holder writes @serving, so the read needs no ordering. */
	uint32_t ticket = __atomic_load_n(&lock->serving, __ATOMIC_RELAXED);

	__atomic_store_n(&lock->serving, ticket + 1, __ATOMIC_RELEASE);
}

#endif
