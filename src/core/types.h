/* SPDX-License-Identifier: Apache-2.0 */
/* Basic types and helpers that every part of Bulkhead uses; freestanding C11 only. */
#ifndef CORE_TYPES_H
#define CORE_TYPES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* As in <assert.h>, which belongs to a C library. */
#ifndef static_assert
#define static_assert _Static_assert
#endif

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#define BIT(n) (1u << (n))
#define BIT_ULL(n) (1ull << (n))

#define PAGE_SHIFT 12
#define PAGE_SIZE ((uint64_t)4096)
#define PAGE_MASK (~(PAGE_SIZE - 1))

#define NSEC_PER_SEC UINT64_C(1000000000)

/* Negative errno values that functions return; numbers as in POSIX systems. */
#define EPERM 1
#define ENOENT 2
#define E2BIG 7
#define ENOMEM 12
#define EFAULT 14
#define EBUSY 16
#define ENODEV 19
#define EINVAL 22
#define ENOSPC 28
#define ERANGE 34

/* The structure that contains @member at @ptr. */
#define container_of(ptr, type, member) ((type *)((char *)(ptr)-offsetof(type, member)))

static inline uint64_t align_up(uint64_t value, uint64_t alignment)
{
	return (value + alignment - 1) & ~(alignment - 1);
}

#endif
