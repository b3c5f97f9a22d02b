/* SPDX-License-Identifier: Apache-2.0 */
#include "make_fdt.h"
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "low_memory.h"

#define HEADER 40u

static uint8_t structure[8192], strings[1024], reservations[1024];
static uint32_t nr_structure, nr_strings, nr_reservations;

static void put32(uint8_t *to, uint32_t value)
{
	for (unsigned int i = 0; i < 4; i++)
		to[i] = (uint8_t)(value >> (24 - 8 * i));
}

static void add32(uint32_t value)
{
	if (nr_structure + 4 > sizeof(structure))
		abort();
	put32(structure + nr_structure, value);
	nr_structure += 4;
}

static void add_bytes(const void *bytes, uint32_t size)
{
	if (nr_structure + size + 4 > sizeof(structure))
		abort();
	if (size)
		memcpy(structure + nr_structure, bytes, size);
	memset(structure + nr_structure + size, 0, 4);
	nr_structure += (size + 3) & ~3u;
}

static uint32_t string(const char *name)
{
	uint32_t at = nr_strings, size = (uint32_t)strlen(name) + 1;

	for (uint32_t i = 0; i < nr_strings; i += (uint32_t)strlen((char *)strings + i) + 1)
		if (strcmp((char *)strings + i, name) == 0)
			return i;
	if (at + size > sizeof(strings))
		abort();
	memcpy(strings + at, name, size);
	nr_strings += size;
	return at;
}

void make_start(void)
{
	nr_structure = nr_strings = nr_reservations = 0;
}

void make_reservation(uint64_t base, uint64_t size)
{
	uint8_t *entry = reservations + nr_reservations;

	if (nr_reservations + 32 > sizeof(reservations))
		abort();
	put32(entry, (uint32_t)(base >> 32));
	put32(entry + 4, (uint32_t)base);
	put32(entry + 8, (uint32_t)(size >> 32));
	put32(entry + 12, (uint32_t)size);
	nr_reservations += 16;
}

void make_node(const char *name)
{
	add32(1);
	add_bytes(name, (uint32_t)strlen(name) + 1);
}

void make_end(void)
{
	add32(2);
}

void make_property(const char *name, const void *value, uint32_t size)
{
	add32(3);
	add32(size);
	add32(string(name));
	add_bytes(value, size);
}

void make_string(const char *name, const char *value)
{
	make_property(name, value, (uint32_t)strlen(value) + 1);
}

void make_cells(const char *name, unsigned int n, ...)
{
	uint8_t value[128];
	va_list args;

	if (n > sizeof(value) / 4)
		abort();
	va_start(args, n);
	for (unsigned int i = 0; i < n; i++)
		put32(value + (size_t)4 * i, va_arg(args, unsigned int));
	va_end(args);
	make_property(name, value, 4 * n);
}

uint8_t *make_finish(uint32_t *size, uint32_t at[2])
{
	uint32_t reserved = HEADER;
	uint8_t *blob;

	make_reservation(0, 0);
	add32(9);
	at[0] = reserved + nr_reservations;
	at[1] = at[0] + nr_structure;
	*size = at[1] + nr_strings;
	blob = low_object(*size);
	put32(blob, 0xd00dfeed);
	put32(blob + 4, *size);
	put32(blob + 8, at[0]);
	put32(blob + 12, at[1]);
	put32(blob + 16, reserved);
	put32(blob + 20, 17);
	put32(blob + 24, 16);
	put32(blob + 32, nr_strings);
	put32(blob + 36, nr_structure);
	memcpy(blob + reserved, reservations, nr_reservations);
	memcpy(blob + at[0], structure, nr_structure);
	memcpy(blob + at[1], strings, nr_strings);
	return blob;
}
