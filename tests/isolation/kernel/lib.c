/* SPDX-License-Identifier: Apache-2.0 */
#include "lib.h"

int memcmp(const void *a, const void *b, size_t n)
{
	const uint8_t *x = a;
	const uint8_t *y = b;

	for (size_t i = 0; i < n; i++) {
		if (x[i] != y[i])
			return x[i] < y[i] ? -1 : 1;
	}
	return 0;
}

size_t strlen(const char *s)
{
	size_t n = 0;

	while (s[n])
		n++;
	return n;
}

bool text_equal(const char *s, size_t n, const char *word)
{
	return strlen(word) == n && memcmp(s, word, n) == 0;
}

static bool digit_value(char c, unsigned int base, unsigned int *value)
{
	if (c >= '0' && c <= '9')
		*value = (unsigned int)(c - '0');
	else if (base == 16 && c >= 'a' && c <= 'f')
		*value = (unsigned int)(c - 'a') + 10;
	else if (base == 16 && c >= 'A' && c <= 'F')
		*value = (unsigned int)(c - 'A') + 10;
	else
		return false;
	return true;
}

bool text_number(const char **s, const char *end, unsigned int base, uint64_t *value)
{
	const char *p = *s;
	uint64_t n = 0;
	unsigned int digit;

	if (base == 16 && end - p > 2 && p[0] == '0' && (p[1] == 'x' || p[1] == 'X'))
		p += 2;
	if (p >= end || !digit_value(*p, base, &digit))
		return false;
	while (p < end && digit_value(*p, base, &digit)) {
		n = n * base + digit;
		p++;
	}
	*s = p;
	*value = n;
	return true;
}

struct sink {
	char *out;
	size_t size;
	size_t used;
};

static void put(struct sink *sink, char c)
{
	if (sink->used + 1 < sink->size)
		sink->out[sink->used++] = c;
}

static void put_number(struct sink *sink, uint64_t n, unsigned int base, unsigned int width,
		       bool zero)
{
	char digits[20];
	unsigned int len = 0;

	do {
		digits[len++] = "0123456789abcdef"[n % base];
		n /= base;
	} while (n);
	for (; width > len; width--)
		put(sink, zero ? '0' : ' ');
	while (len)
		put(sink, digits[--len]);
}

size_t text_vformat(char *out, size_t size, const char *fmt, va_list args)
{
	struct sink sink = { .out = out, .size = size };

	if (!size)
		return 0;
	for (; *fmt; fmt++) {
		unsigned int width = 0;
		bool zero = false;
		bool wide = false;

		if (*fmt != '%') {
			put(&sink, *fmt);
			continue;
		}
		fmt++;
		if (*fmt == '0')
			zero = true;
		while (*fmt >= '0' && *fmt <= '9')
			width = width * 10 + (unsigned int)(*fmt++ - '0');
		while (*fmt == 'l') {
			wide = true;
			fmt++;
		}
		if (*fmt == 's') {
			for (const char *s = va_arg(args, const char *); *s; s++)
				put(&sink, *s);
		} else if (*fmt == 'c') {
			put(&sink, (char)va_arg(args, int));
		} else if (*fmt == 'u' || *fmt == 'x') {
			put_number(&sink,
				   wide ? va_arg(args, uint64_t) : va_arg(args, unsigned int),
				   *fmt == 'x' ? 16 : 10, width, zero);
		} else if (*fmt == 'd') {
			int64_t n = wide ? va_arg(args, int64_t) : va_arg(args, int);

			if (n < 0)
				put(&sink, '-');
			put_number(&sink, n < 0 ? 0 - (uint64_t)n : (uint64_t)n, 10, width, zero);
		} else if (*fmt) {
			put(&sink, *fmt);
		} else {
			break;
		}
	}
	sink.out[sink.used] = 0;
	return sink.used;
}

size_t text_format(char *out, size_t size, const char *fmt, ...)
{
	va_list args;
	size_t n;

	va_start(args, fmt);
	n = text_vformat(out, size, fmt, args);
	va_end(args);
	return n;
}
