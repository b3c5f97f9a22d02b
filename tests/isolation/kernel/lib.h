/* SPDX-License-Identifier: Apache-2.0 */
/* Text and memory helpers of the isolation test kernels. */
#ifndef ISOLATION_LIB_H
#define ISOLATION_LIB_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifndef PAGE_SIZE /* nor core/types.h, which the LoongArch kernels include for its registers */
#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#define PAGE_SIZE 4096ull
#define PAGE_MASK (~(PAGE_SIZE - 1))
#endif
#define MIB (1024ull * 1024)
#define GIB (1024ull * MIB)

/* The compiler calls these itself. */
void *memcpy(void *to, const void *from, size_t n);
void *memset(void *to, int value, size_t n);
int memcmp(const void *a, const void *b, size_t n);
size_t strlen(const char *s);

/* True when the first @n bytes of @s are exactly the string @word. */
bool text_equal(const char *s, size_t n, const char *word);

/*
 * Reads a number of base @base (10 or 16, for 16 with or without 0x) from *@s, at most up to @end,
 * and moves
 * *@s behind it. Returns false and leaves both alone when there is no digit.
 */
bool text_number(const char **s, const char *end, unsigned int base, uint64_t *value);

/*
 * Formats like vsnprintf(): %s %c %d %u %x with 0, a width, and l or ll; %%. Returns the length
 * written, which is at most @size - 1: longer text is cut.
 */
size_t text_vformat(char *out, size_t size, const char *fmt, va_list args);
size_t text_format(char *out, size_t size, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

#endif
