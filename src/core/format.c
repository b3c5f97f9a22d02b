/* SPDX-License-Identifier: Apache-2.0 */
/* The formatter, see core/format.h. */
#include "core/format.h"
#include "core/string.h"

_Static_assert(sizeof(size_t) == sizeof(uintmax_t) && sizeof(ptrdiff_t) == sizeof(intmax_t),
	       "next_signed() and next_unsigned() take them for the same");

/* No field is wider than this. */
#define FIELD_MAX 10000

struct output {
	char *buffer;
	size_t size;
	size_t length; /* of the full text */
};

struct conversion {
	bool left;
	bool zero;
	int width;
	int precision; /* -1: none given */
	char length;   /* 0, 'H' (hh), 'h', 'l', 'L' (ll), 'j', 'z', 't' */
};

static void put(struct output *out, char c)
{
	if (out->length + 1 < out->size)
		out->buffer[out->length] = c;
	out->length++;
}

static void put_repeated(struct output *out, char c, int count)
{
	for (; count > 0; count--)
		put(out, c);
}

/* Puts @prefix (sign or "0x") and @text of @length bytes, padded to the conversion's width. */
static void put_field(struct output *out, const struct conversion *conv, const char *prefix,
		      const char *text, int length)
{
	int padding = conv->width - length - (int)strlen(prefix);

	if (!conv->left && !conv->zero)
		put_repeated(out, ' ', padding);
	while (*prefix)
		put(out, *prefix++);
	if (!conv->left && conv->zero)
		put_repeated(out, '0', padding);
	for (int i = 0; i < length; i++)
		put(out, text[i]);
	if (conv->left)
		put_repeated(out, ' ', padding);
}

static void put_number(struct output *out, const struct conversion *conv, const char *prefix,
		       uint64_t value, unsigned int base, bool upper)
{
	const char *digits = upper ? "0123456789ABCDEF" : "0123456789abcdef";
	char text[20]; /* 2^64 - 1 has 20 decimal digits */
	unsigned int first = sizeof(text);

	do {
		text[--first] = digits[value % base];
		value /= base;
	} while (value);
	put_field(out, conv, prefix, &text[first], (int)(sizeof(text) - first));
}

static void put_string(struct output *out, const struct conversion *conv, const char *text)
{
	struct conversion plain = *conv;
	int length = 0;

	if (!text)
		text = "(null)";
	while ((conv->precision < 0 || length < conv->precision) && text[length])
		length++;
	plain.zero = false;
	put_field(out, &plain, "", text, length);
}

/* The next argument of the conversion's length, widened to 64 bits. */
static int64_t next_signed(va_list *args, char length)
{
	switch (length) {
	case 'H':
		return (signed char)va_arg(*args, int);
	case 'h':
		return (short)va_arg(*args, int);
	case 'l':
		return va_arg(*args, long);
	case 'L':
		return va_arg(*args, long long);
	case 'j':
	case 'z':
	case 't':
		return va_arg(*args, intmax_t);
	default:
		return va_arg(*args, int);
	}
}

static uint64_t next_unsigned(va_list *args, char length)
{
	switch (length) {
	case 'H':
		return (unsigned char)va_arg(*args, unsigned int);
	case 'h':
		return (unsigned short)va_arg(*args, unsigned int);
	case 'l':
		return va_arg(*args, unsigned long);
	case 'L':
		return va_arg(*args, unsigned long long);
	case 'j':
	case 'z':
	case 't':
		return va_arg(*args, uintmax_t);
	default:
		return va_arg(*args, unsigned int);
	}
}

static const char *parse_number(const char *p, int *number)
{
	int value = 0;

	for (; *p >= '0' && *p <= '9'; p++)
		if (value < FIELD_MAX) /* keeps the sum from overflowing */
			value = value * 10 + (*p - '0');
	*number = value;
	return p;
}

/* Reads flags, width and precision at @p, which stands behind the '%'. */
static const char *parse_layout(const char *p, va_list *args, struct conversion *conv)
{
	for (; *p == '-' || *p == '0'; p++) {
		if (*p == '-')
			conv->left = true;
		else
			conv->zero = true;
	}
	if (*p == '*') {
		conv->width = va_arg(*args, int);
		if (conv->width < 0) {
			conv->left = true;
			conv->width = conv->width < -FIELD_MAX ? FIELD_MAX : -conv->width;
		}
		p++;
	} else {
		p = parse_number(p, &conv->width);
	}
	if (p[0] == '.' && p[1] == '*') {
		conv->precision = va_arg(*args, int);
		p += 2;
	} else if (p[0] == '.') {
		p = parse_number(p + 1, &conv->precision);
	}
	return p;
}

static const char *parse_length(const char *p, struct conversion *conv)
{
	switch (*p) {
	case 'h':
		conv->length = p[1] == 'h' ? 'H' : 'h';
		return p + (p[1] == 'h' ? 2 : 1);
	case 'l':
		conv->length = p[1] == 'l' ? 'L' : 'l';
		return p + (p[1] == 'l' ? 2 : 1);
	case 'j':
	case 'z':
	case 't':
		conv->length = *p;
		return p + 1;
	default:
		return p;
	}
}

/* Carries out the conversion that starts with the '%' at @start; returns what follows it. */
static const char *put_conversion(struct output *out, const char *start, va_list *args)
{
	struct conversion conv = { .precision = -1 };
	const char *p = parse_layout(start + 1, args, &conv);
	int64_t number;
	char c;

	p = parse_length(p, &conv);
	switch (*p) {
	case '%':
		put(out, '%');
		break;
	case 'c':
		c = (char)va_arg(*args, int);
		conv.zero = false;
		put_field(out, &conv, "", &c, 1);
		break;
	case 's':
		put_string(out, &conv, va_arg(*args, const char *));
		break;
	case 'd':
	case 'i':
		number = next_signed(args, conv.length);
		put_number(out, &conv, number < 0 ? "-" : "",
			   number < 0 ? -(uint64_t)number : (uint64_t)number, 10, false);
		break;
	case 'u':
		put_number(out, &conv, "", next_unsigned(args, conv.length), 10, false);
		break;
	case 'x':
	case 'X':
		put_number(out, &conv, "", next_unsigned(args, conv.length), 16, *p == 'X');
		break;
	case 'p':
		put_number(out, &conv, "0x", (uintptr_t)va_arg(*args, void *), 16, false);
		break;
	default: /* unknown, or the end of the format: it is shown as it stands */
		while (start < p)
			put(out, *start++);
		if (*p)
			put(out, *p);
		break;
	}
	return *p ? p + 1 : p;
}

size_t fmt_vsnprintf(char *buffer, size_t size, const char *fmt, va_list args)
{
	struct output out = { .buffer = buffer, .size = size };
	va_list copy; /* its address can be passed on, that of a parameter cannot */

	va_copy(copy, args);
	while (*fmt) {
		if (*fmt == '%')
			fmt = put_conversion(&out, fmt, &copy);
		else
			put(&out, *fmt++);
	}
	va_end(copy);
	if (size)
		buffer[out.length < size ? out.length : size - 1] = '\0';
	return out.length;
}

size_t fmt_snprintf(char *buffer, size_t size, const char *fmt, ...)
{
	va_list args;
	size_t length;

	va_start(args, fmt);
	length = fmt_vsnprintf(buffer, size, fmt, args);
	va_end(args);
	return length;
}
