/* SPDX-License-Identifier: Apache-2.0 */
/* C's formatted text, as far as the hypervisor and its loader need it. */
#ifndef CORE_FORMAT_H
#define CORE_FORMAT_H

#include <stdarg.h>

#include "core/types.h"

/*
 * Formats as C's vsnprintf() into @buffer of @size bytes and returns the length of the full text,
 * which was cut when it is not below @size. With @size above 0 the text always ends in NUL; with
 * 0, @buffer may be NULL.
 *
 * %[flags][width][.precision][length]conversion with flags "-" (left-justify) and "0" (pad numbers
 * with zeros), width and precision a number or "*" (precision: of %s only), length hh h l ll j z
 * t, and conversions c s d i u x X p %. What is none of these is copied as it stands, its argument
 * not consumed.
 */
size_t fmt_vsnprintf(char *buffer, size_t size, const char *fmt, va_list args)
	__attribute__((format(printf, 3, 0)));
size_t fmt_snprintf(char *buffer, size_t size, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

#endif
