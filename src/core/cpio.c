/* SPDX-License-Identifier: Apache-2.0 */
#include "cpio.h"
#include "core/string.h"

/* Linux' Documentation/driver-api/early-userspace/buffer-format.rst: magic, then fields of eight
 * hexadecimal digits; name and data begin at multiples of 4. */
#define MAGIC "070701"
#define MAGIC_LENGTH 6u
#define FIELD_LENGTH 8u
#define FIELD_FILE_SIZE 6u
#define FIELD_NAME_SIZE 11u
#define HEADER_SIZE 110u
#define ALIGNMENT 4u

/* Field @number of the header at @header; all ones, which is too large, where it is no number. */
static uint32_t field(const char *header, unsigned int number)
{
	const char *digits = header + MAGIC_LENGTH + (size_t)number * FIELD_LENGTH;
	uint32_t value = 0;

	for (unsigned int i = 0; i < FIELD_LENGTH; i++) {
		char c = digits[i];
		int digit = c >= '0' && c <= '9'   ? c - '0'
			    : c >= 'a' && c <= 'f' ? c - 'a' + 10
			    : c >= 'A' && c <= 'F' ? c - 'A' + 10
						   : -1;

		if (digit < 0)
			return UINT32_MAX;
		value = value << 4 | (uint32_t)digit;
	}
	return value;
}

bool cpio_read(uint64_t at, uint64_t end, uint32_t room, struct cpio_entry *entry)
{
	const char *header = (const char *)at;
	uint32_t name_size;

	if (at > end || end - at < HEADER_SIZE || memcmp(header, MAGIC, MAGIC_LENGTH) != 0)
		return false;
	name_size = field(header, FIELD_NAME_SIZE);
	entry->size = field(header, FIELD_FILE_SIZE);
	entry->name = header + HEADER_SIZE;
	if (name_size < 2 || name_size > room || name_size > end - at - HEADER_SIZE ||
	    entry->name[name_size - 1] != '\0' || strlen(entry->name) != name_size - 1)
		return false;
	entry->data = align_up(at + HEADER_SIZE + name_size, ALIGNMENT);
	entry->next = align_up(entry->data + entry->size, ALIGNMENT);
	return entry->next <= end;
}
