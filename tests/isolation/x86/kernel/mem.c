/* SPDX-License-Identifier: Apache-2.0 */
#include "lib.h"

void *memcpy(void *to, const void *from, size_t n)
{
	void *dest = to;

	__asm__ volatile("rep movsb" : "+D"(to), "+S"(from), "+c"(n) : : "memory");
	return dest;
}

void *memset(void *to, int value, size_t n)
{
	void *dest = to;

	__asm__ volatile("rep stosb" : "+D"(to), "+c"(n) : "a"(value) : "memory");
	return dest;
}
