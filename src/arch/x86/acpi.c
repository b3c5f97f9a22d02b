/* SPDX-License-Identifier: Apache-2.0 */
#include "acpi.h"
#include "core/string.h"

#define BIOS_AREA 0xe0000u
#define BIOS_AREA_END 0x100000u
#define LOW_4G 0x100000000u /* what the boot page table maps */
#define TABLE_MAX 0x100000u /* a longer table is damaged */

/* ACPI 6.5, 5.2.5.3: what the first checksum of the RSDP covers, and all there is before revision
 * 2. */
#define RSDP_SIZE 20

/* MADT entry types: ACPI 6.5, table 5.21 */
#define MADT_LOCAL_APIC 0
#define MADT_LOCAL_APIC_SIZE 8
#define MADT_LOCAL_X2APIC 9
#define MADT_LOCAL_X2APIC_SIZE 16
#define MADT_ENTRIES 44 /* offset of the first entry */
#define MADT_ENABLED BIT(0)

struct rsdp {
	char signature[8];
	uint8_t checksum;
	char oem[6];
	uint8_t revision;
	uint32_t rsdt;
	uint32_t length;
	uint64_t xsdt;
} __attribute__((packed));
static_assert(offsetof(struct rsdp, length) == RSDP_SIZE, "ACPI 6.5, 5.2.5.3");

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

static bool is_rsdp(uint64_t address)
{
	const uint8_t *bytes = (const uint8_t *)address;
	uint8_t sum = 0;

	if (memcmp(bytes, "RSD PTR ", 8) != 0)
		return false;
	for (unsigned int i = 0; i < RSDP_SIZE; i++)
		sum = (uint8_t)(sum + bytes[i]);
	return sum == 0;
}

static uint64_t find_rsdp(void)
{
	for (uint64_t at = BIOS_AREA; at < BIOS_AREA_END; at += 16)
		if (is_rsdp(at))
			return at;
	return 0;
}

/* The length of the table at @address, or 0 when that is another table or one that cannot be. */
static uint32_t table_length(uint64_t address, const char *signature)
{
	uint32_t length;

	if (address == 0 || address > LOW_4G - sizeof(struct sdt) ||
	    memcmp((const void *)address, signature, 4) != 0)
		return 0;
	length = read32(address + offsetof(struct sdt, length));
	if (length < sizeof(struct sdt) || length > TABLE_MAX || length > LOW_4G - address)
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

/* The APIC id of the enabled processor that the MADT's entry of @size bytes is about; false when it
 * is about something else. */
static bool read_entry(uint64_t entry, unsigned int size, uint32_t *id)
{
	uint8_t type = *(const uint8_t *)entry;

	if (type == MADT_LOCAL_APIC && size >= MADT_LOCAL_APIC_SIZE) {
		*id = *(const uint8_t *)(entry + 3);
		return read32(entry + 4) & MADT_ENABLED;
	}
	if (type == MADT_LOCAL_X2APIC && size >= MADT_LOCAL_X2APIC_SIZE) {
		*id = read32(entry + 4);
		return read32(entry + 8) & MADT_ENABLED;
	}
	return false;
}

int acpi_read_cpus(uint64_t rsdp, uint32_t *ids, unsigned int max)
{
	uint64_t root = rsdp ? rsdp : find_rsdp();
	uint64_t madt = 0;
	uint32_t length;
	uint8_t size;
	unsigned int count = 0;

	if (root && root <= LOW_4G - sizeof(struct rsdp) && is_rsdp(root))
		madt = find_table((const struct rsdp *)root, "APIC");
	if (!madt)
		return -ENOENT;
	length = table_length(madt, "APIC");
	for (uint32_t at = MADT_ENTRIES; at + 2 <= length; at += size) {
		uint32_t id;

		size = *(const uint8_t *)(madt + at + 1);
		if (size < 2 || size > length - at)
			break;
		if (!read_entry(madt + at, size, &id))
			continue;
		if (count < max)
			ids[count] = id;
		count++;
	}
	return (int)count;
}
