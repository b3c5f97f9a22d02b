/* SPDX-License-Identifier: Apache-2.0 */
#include "acpi.h"
#include "core/string.h"

#define BIOS_AREA 0xe0000u
#define BIOS_AREA_END 0x100000u
#define LOW_4G 0x100000000u /* what the boot page table maps */

/* MADT entry types: ACPI 6.5, table 5.21 */
#define MADT_LOCAL_APIC 0
#define MADT_LOCAL_X2APIC 9
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

static const struct rsdp *find_rsdp(void)
{
	for (uint64_t at = BIOS_AREA; at < BIOS_AREA_END; at += 16)
		if (memcmp((const void *)at, "RSD PTR ", 8) == 0)
			return (const struct rsdp *)at;
	return NULL;
}

static const struct sdt *find_table(const struct rsdp *rsdp, const char *signature)
{
	bool wide = rsdp->revision >= 2 && rsdp->xsdt && rsdp->xsdt < LOW_4G;
	uint64_t root = wide ? rsdp->xsdt : rsdp->rsdt;
	unsigned int step = wide ? 8 : 4;
	uint32_t length;

	if (!root)
		return NULL;
	length = ((const struct sdt *)root)->length;
	for (uint32_t at = sizeof(struct sdt); at + step <= length; at += step) {
		uint64_t table = read32(root + at);

		if (wide && read32(root + at + 4))
			continue;
		if (table && memcmp((const void *)table, signature, 4) == 0)
			return (const struct sdt *)table;
	}
	return NULL;
}

int acpi_read_cpus(uint64_t rsdp, uint32_t *ids, unsigned int max)
{
	const struct rsdp *root = rsdp ? (const struct rsdp *)rsdp : find_rsdp();
	const struct sdt *madt = root ? find_table(root, "APIC") : NULL;
	const uint8_t *entry;
	unsigned int count = 0;

	if (!madt)
		return -ENOENT;
	for (uint32_t at = MADT_ENTRIES; at + 2 <= madt->length; at += entry[1]) {
		uint64_t address = (uint64_t)madt + at;

		entry = (const uint8_t *)address;
		if (entry[1] < 2)
			break;
		if (entry[0] == MADT_LOCAL_APIC && (read32(address + 4) & MADT_ENABLED)) {
			if (count < max)
				ids[count] = entry[3];
			count++;
		} else if (entry[0] == MADT_LOCAL_X2APIC && (read32(address + 8) & MADT_ENABLED)) {
			if (count < max)
				ids[count] = read32(address + 4);
			count++;
		}
	}
	return (int)count;
}
