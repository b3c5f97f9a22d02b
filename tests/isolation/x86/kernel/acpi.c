/* SPDX-License-Identifier: Apache-2.0 */
#include "acpi.h"
#include "console.h"
#include "lib.h"
#include "trap.h"

/* ACPI 6.4: 5.2.5 RSDP, 5.2.6 header, 5.2.7/5.2.8 RSDT/XSDT, 5.2.9 FADT, 5.2.12 MADT. */
struct rsdp {
	char signature[8];
	uint8_t checksum;
	char oem[6];
	uint8_t revision;
	uint32_t rsdt;
	uint32_t length;
	uint64_t xsdt;
} __attribute__((packed));

struct table_header {
	char signature[4];
	uint32_t length;
	uint8_t revision;
	uint8_t checksum;
	char oem[6];
	char oem_table[8];
	uint32_t oem_revision;
	uint32_t creator;
	uint32_t creator_revision;
} __attribute__((packed));

_Static_assert(sizeof(struct table_header) == 36, "fixed by ACPI");

#define FADT_PM_TMR_BLK 76
#define MADT_ENTRIES 44
#define MADT_LOCAL_APIC 0
#define MADT_LOCAL_X2APIC 9
#define MADT_ENABLED 0x1u
#define RSDP_ALIGNMENT 16 /* ACPI 6.4, 5.2.5.1 */
#define LOW_4_GIB 0x100000000ull

uint16_t acpi_pm_timer_port;
uint32_t acpi_cpu_ids[MAX_CPUS];
unsigned int acpi_nr_cpus;

static uint32_t read32(const uint8_t *p)
{
	uint32_t v;

	memcpy(&v, p, sizeof(v));
	return v;
}

static uint64_t read64(const uint8_t *p)
{
	uint64_t v;

	memcpy(&v, p, sizeof(v));
	return v;
}

static void add_cpu(uint32_t id, uint32_t flags)
{
	if (!(flags & MADT_ENABLED))
		return;
	if (acpi_nr_cpus == MAX_CPUS)
		panic("more than %u processors in the MADT", MAX_CPUS);
	acpi_cpu_ids[acpi_nr_cpus++] = id;
}

static void read_madt(const uint8_t *madt, uint32_t length)
{
	uint32_t at = MADT_ENTRIES;

	while (at + 2 <= length) {
		const uint8_t *entry = madt + at;

		if (entry[1] < 2)
			panic("MADT entry without a length");
		if (entry[0] == MADT_LOCAL_APIC)
			add_cpu(entry[3], read32(entry + 4));
		else if (entry[0] == MADT_LOCAL_X2APIC)
			add_cpu(read32(entry + 4), read32(entry + 8));
		at += entry[1];
	}
}

static void read_table(uint64_t address)
{
	const struct table_header *header = (const struct table_header *)address;

	if (!address || address >= LOW_4_GIB)
		return;
	if (text_equal(header->signature, 4, "APIC"))
		read_madt((const uint8_t *)header, header->length);
	else if (text_equal(header->signature, 4, "FACP") && header->length >= FADT_PM_TMR_BLK + 4)
		acpi_pm_timer_port = (uint16_t)read32((const uint8_t *)header + FADT_PM_TMR_BLK);
}

void acpi_init(uint64_t address)
{
	const struct table_header *root;
	const struct rsdp *rsdp;
	unsigned int entry_size = 4;
	uint64_t root_address;

	if (address < RSDP_ALIGNMENT || address >= LOW_4_GIB)
		panic("no ACPI RSDP below 4 GiB: 0x%lx", address);
	rsdp = (const struct rsdp *)address;
	if (!text_equal(rsdp->signature, 8, "RSD PTR "))
		panic("no ACPI RSDP at 0x%lx", address);
	root_address = rsdp->rsdt;
	if (rsdp->revision >= 2 && rsdp->xsdt && rsdp->xsdt < LOW_4_GIB) {
		root_address = rsdp->xsdt;
		entry_size = 8;
	}
	root = (const struct table_header *)root_address;
	for (uint32_t at = sizeof(*root); at + entry_size <= root->length; at += entry_size) {
		const uint8_t *entry = (const uint8_t *)root + at;

		read_table(entry_size == 8 ? read64(entry) : read32(entry));
	}
	if (!acpi_nr_cpus)
		panic("the ACPI tables list no processor");
}
