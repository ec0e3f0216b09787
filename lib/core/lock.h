/* SPDX-License-Identifier: GPL-2.0 */
/* A spin lock among the vCPUs of one TD. Holders do not take interrupts that would want it. */
#ifndef CORE_LOCK_H
#define CORE_LOCK_H

#include <stdint.h>

struct lock {
	uint32_t taken;
};

static inline void lock_take(struct lock *lock)
{
	while (__atomic_exchange_n(&lock->taken, 1, __ATOMIC_ACQUIRE))
		while (__atomic_load_n(&lock->taken, __ATOMIC_RELAXED))
			__builtin_ia32_pause();
}

static inline void lock_drop(struct lock *lock)
{
	__atomic_store_n(&lock->taken, 0, __ATOMIC_RELEASE);
}

#endif
