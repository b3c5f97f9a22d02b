/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Memory below 2 GiB, for code that reads tables by 32-bit physical addresses. Every object is
 * exactly as long as asked: the address sanitizer sees the first byte that is read beside it.
 */
#ifndef LOW_MEMORY_H
#define LOW_MEMORY_H

#include <stddef.h>
#include <stdint.h>

/* Gives back all objects of the test before, and ends the program when this test takes long. */
void low_start(void);

/* A new object of @size zeroed bytes, 16-byte aligned. */
uint8_t *low_object(size_t size);

/* The same with @data in it. */
uint8_t *low_copy(const void *data, size_t size);

/* The object's address, as a loader or a table would tell it. */
static inline uint32_t low_address(const void *object)
{
	return (uint32_t)(uintptr_t)object;
}

#endif
