/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Memory and string functions, see core/string.h.
 *
 * Guest images of many megabytes are copied at each start of a cell, so the bulk goes by 32 bytes
 * a turn. Vector registers are not available (they hold the guest's values).
 */
#include "core/string.h"

/* A machine word at any address and of any effective type (the source may be any object). */
struct __attribute__((packed, may_alias)) word {
	uint64_t value;
};

#define WORD sizeof(struct word)
#define TURN (4 * WORD)

_Static_assert(sizeof(struct word) == 8, "a packed word has no padding");

/* Keeps the compiler from seeing a loop as the library function that the loop implements. */
#define NOT_AN_IDIOM() __asm__ volatile("" ::: "memory")

static void copy_turn(uint8_t *to, const uint8_t *from)
{
	struct word *d = (struct word *)to;
	const struct word *s = (const struct word *)from;
	uint64_t a = s[0].value, b = s[1].value, c = s[2].value, e = s[3].value;

	/* All four are loaded before the first store: right for overlapping ranges too. */
	d[0].value = a;
	d[1].value = b;
	d[2].value = c;
	d[3].value = e;
}

static void copy_up(uint8_t *to, const uint8_t *from, size_t size)
{
	for (; size >= TURN; size -= TURN, to += TURN, from += TURN) {
		copy_turn(to, from);
		NOT_AN_IDIOM();
	}
	for (; size; size--) {
		*to++ = *from++;
		NOT_AN_IDIOM();
	}
}

static void copy_down(uint8_t *to, const uint8_t *from, size_t size)
{
	for (; size >= TURN; size -= TURN) {
		copy_turn(to + size - TURN, from + size - TURN);
		NOT_AN_IDIOM();
	}
	for (; size; size--) {
		to[size - 1] = from[size - 1];
		NOT_AN_IDIOM();
	}
}

void *memcpy(void *restrict destination, const void *restrict source, size_t size)
{
	copy_up(destination, source, size);
	return destination;
}

void *memmove(void *destination, const void *source, size_t size)
{
	/* Unsigned distance: below @size only when the destination starts inside the source. */
	if ((uintptr_t)destination - (uintptr_t)source < size)
		copy_down(destination, source, size);
	else
		copy_up(destination, source, size);
	return destination;
}

void *memset(void *destination, int value, size_t size)
{
	uint8_t *to = destination;
	uint64_t pattern = (uint8_t)value * UINT64_C(0x0101010101010101);

	for (; size >= TURN; size -= TURN, to += TURN) {
		struct word *d = (struct word *)to;

		d[0].value = pattern;
		d[1].value = pattern;
		d[2].value = pattern;
		d[3].value = pattern;
		NOT_AN_IDIOM();
	}
	for (; size; size--) {
		*to++ = (uint8_t)value;
		NOT_AN_IDIOM();
	}
	return destination;
}

int memcmp(const void *left, const void *right, size_t size)
{
	const uint8_t *a = left;
	const uint8_t *b = right;

	for (; size; size--, a++, b++)
		if (*a != *b)
			return *a - *b;
	return 0;
}

size_t strlen(const char *string)
{
	size_t length = 0;

	while (string[length]) {
		length++;
		NOT_AN_IDIOM();
	}
	return length;
}

int strcmp(const char *left, const char *right)
{
	while (*left && *left == *right) {
		left++;
		right++;
	}
	return (uint8_t)*left - (uint8_t)*right;
}
