/* SPDX-License-Identifier: Apache-2.0 */
#include "lib.h"

void *memcpy(void *to, const void *from, size_t n)
{
	uint8_t *x = to;
	const uint8_t *y = from;

	while (n--)
		*x++ = *y++;
	return to;
}

void *memset(void *to, int value, size_t n)
{
	uint8_t *x = to;

	while (n--)
		*x++ = (uint8_t)value;
	return to;
}
