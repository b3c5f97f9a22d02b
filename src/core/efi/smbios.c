/* SPDX-License-Identifier: Apache-2.0 */
#include "smbios.h"
#include "core/string.h"

#define FOUR_GIB 0x100000000u
#define ADDRESS_LIMIT (UINT64_C(1) << 52)

/* 5.2.2 */
#define ENTRY_TABLE_SIZE 12 /* offset: the most that the table may have */
#define ENTRY_TABLE 16

/* 6.1: a structure begins with its type and the length of its formatted part; strings follow. */
#define HEADER_SIZE 4u
#define TYPE_RAM 19u /* memory array mapped address */
#define TYPE_END 127u

/* 7.20 */
#define RAM_FIRST_KIB 4 /* all ones: see RAM_FIRST */
#define RAM_LAST_KIB 8
#define RAM_FIRST 15 /* in bytes */
#define RAM_LAST 23
#define RAM_SIZE_SHORT 15u
#define RAM_SIZE 31u

struct table {
	const uint8_t *bytes;
	uint32_t size;
};

static uint64_t read(const uint8_t *bytes, unsigned int size)
{
	uint64_t value = 0;

	memcpy(&value, bytes, size);
	return value;
}

/* The offset behind the structure at @at, or 0 when it does not end within the table. */
static uint32_t next(const struct table *table, uint32_t at)
{
	at += table->bytes[at + 1];
	for (; table->size >= 2 && at <= table->size - 2; at++)
		if (table->bytes[at] == 0 && table->bytes[at + 1] == 0)
			return at + 2;
	return 0;
}

static bool is_unknown(const struct memory_map *map, uint64_t base, uint64_t end)
{
	struct efi_memory_descriptor known;

	for (uint64_t i = 0; memory_map_get(map, i, &known); i++)
		if (known.physical < end && base < known.physical + (known.pages << PAGE_SHIFT))
			return false;
	return true;
}

static bool append(struct memory_map *map, uint64_t base, uint64_t end)
{
	const struct efi_memory_descriptor ram = {
		.type = EFI_CONVENTIONAL_MEMORY,
		.physical = base,
		.pages = (end - base) >> PAGE_SHIFT,
		.attributes = EFI_MEMORY_WB,
	};

	if (map->room - map->size < map->descriptor_size)
		return false;
	memset(map->descriptors + map->size, 0, map->descriptor_size);
	memcpy(map->descriptors + map->size, &ram, sizeof(ram));
	map->size += map->descriptor_size;
	return true;
}

/* Appends what the structure at @at says; returns whether it did. */
static bool add(struct memory_map *map, const uint8_t *structure)
{
	uint64_t base = read(structure + RAM_FIRST_KIB, 4);
	uint64_t end = read(structure + RAM_LAST_KIB, 4);

	if (base != UINT32_MAX) {
		base <<= 10;
		end = (end + 1) << 10;
	} else if (structure[1] >= RAM_SIZE) {
		base = read(structure + RAM_FIRST, 8);
		end = read(structure + RAM_LAST, 8) + 1;
	}
	if (base < FOUR_GIB)
		base = FOUR_GIB;
	base = align_up(base, PAGE_SIZE);
	end &= PAGE_MASK;
	return base < end && end <= ADDRESS_LIMIT && is_unknown(map, base, end) &&
	       append(map, base, end);
}

unsigned int smbios_add_ram(struct memory_map *map, uint64_t entry)
{
	const uint8_t *start = (const uint8_t *)entry;
	struct table table;
	unsigned int count = 0;
	uint32_t at = 0;

	if (!entry || memcmp(start, "_SM3_", 5) != 0)
		return 0;
	table.bytes = (const uint8_t *)read(start + ENTRY_TABLE, 8);
	table.size = (uint32_t)read(start + ENTRY_TABLE_SIZE, 4);
	while (table.bytes && table.size >= HEADER_SIZE && at <= table.size - HEADER_SIZE) {
		const uint8_t *structure = table.bytes + at;

		if (structure[0] == TYPE_END || structure[1] < HEADER_SIZE)
			break;
		at = next(&table, at);
		if (at == 0)
			break;
		if (structure[0] == TYPE_RAM && structure[1] >= RAM_SIZE_SHORT)
			count += add(map, structure);
	}
	return count;
}
