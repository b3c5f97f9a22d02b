/* SPDX-License-Identifier: Apache-2.0 */
#include "acpi.h"
#include "core/string.h"

#define LOW_4G 0x100000000u /* what can be read */
#define TABLE_MAX 0x100000u /* a longer table is damaged */
#define MADT_ENTRIES 44     /* offset of the first entry */
#define ENABLED BIT(0)

struct rsdp {
	char signature[8];
	uint8_t checksum;
	char oem[6];
	uint8_t revision;
	uint32_t rsdt;
	uint32_t length;
	uint64_t xsdt;
} __attribute__((packed));
static_assert(offsetof(struct rsdp, length) == ACPI_RSDP_SIZE, "ACPI 6.5, 5.2.5.3");

struct sdt {
	char signature[4];
	uint32_t length;
	uint8_t rest[28];
};
static_assert(sizeof(struct sdt) == 36, "ACPI 6.5, 5.2.6");

static uint32_t read32(uint64_t address)
{
	uint32_t value;

	memcpy(&value, (const void *)address, sizeof(value));
	return value;
}

/* All bytes of a table make 0: ACPI 6.5, 5.2.5.3 and 5.2.6. */
static bool is_sound(uint64_t address, uint32_t size)
{
	uint8_t sum = 0;

	for (uint32_t i = 0; i < size; i++)
		sum = (uint8_t)(sum + *(const uint8_t *)(address + i));
	return sum == 0;
}

bool acpi_is_rsdp(uint64_t address)
{
	return memcmp((const void *)address, "RSD PTR ", 8) == 0 &&
	       is_sound(address, ACPI_RSDP_SIZE);
}

/* The length of the table at @address, or 0 when that is another table or one that cannot be. */
static uint32_t table_length(uint64_t address, const char *signature)
{
	uint32_t length;

	if (address == 0 || address > LOW_4G - sizeof(struct sdt) ||
	    memcmp((const void *)address, signature, 4) != 0)
		return 0;
	length = read32(address + offsetof(struct sdt, length));
	if (length < sizeof(struct sdt) || length > TABLE_MAX || length > LOW_4G - address ||
	    !is_sound(address, length))
		return 0;
	return length;
}

/* Returns the address of the table with @signature, or 0. */
static uint64_t find_table(const struct rsdp *rsdp, const char *signature)
{
	uint32_t length = rsdp->revision >= 2 ? table_length(rsdp->xsdt, "XSDT") : 0;
	bool wide = length != 0;
	uint64_t root = wide ? rsdp->xsdt : rsdp->rsdt;
	unsigned int step = wide ? 8 : 4;

	if (!wide)
		length = table_length(root, "RSDT");
	for (uint32_t at = sizeof(struct sdt); at + step <= length; at += step) {
		uint64_t table = read32(root + at);

		if (wide)
			table |= (uint64_t)read32(root + at + 4) << 32;
		if (table_length(table, signature))
			return table;
	}
	return 0;
}

/* The id of the enabled processor that the MADT's entry of @size bytes is about; false when it is
 * about something else. */
static bool read_entry(const struct acpi_cpu_entry *kind, const uint8_t *entry, uint8_t size,
		       uint32_t *id)
{
	if (entry[0] != kind->type || size < kind->size)
		return false;
	*id = kind->id_size == 1 ? entry[kind->id] : read32((uint64_t)entry + kind->id);
	return entry[kind->flags] & ENABLED;
}

int acpi_list_cpus(uint64_t rsdp, const struct acpi_cpu_entry *kinds, unsigned int nr_kinds,
		   uint32_t *ids, unsigned int max)
{
	uint64_t madt = 0;
	uint32_t length, id;
	uint8_t size;
	unsigned int count = 0;

	if (rsdp && rsdp <= LOW_4G - sizeof(struct rsdp) && acpi_is_rsdp(rsdp))
		madt = find_table((const struct rsdp *)rsdp, "APIC");
	if (!madt)
		return -ENOENT;
	length = read32(madt + offsetof(struct sdt, length));
	for (uint32_t at = MADT_ENTRIES; at + 2 <= length; at += size) {
		const uint8_t *entry = (const uint8_t *)(madt + at);

		size = entry[1];
		if (size < 2 || size > length - at)
			break;
		for (unsigned int i = 0; i < nr_kinds; i++) {
			if (!read_entry(&kinds[i], entry, size, &id))
				continue;
			if (count < max)
				ids[count] = id;
			count++;
		}
	}
	return (int)count;
}
