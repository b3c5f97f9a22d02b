/* SPDX-License-Identifier: Apache-2.0 */
#include "acpi.h"
#include "core/acpi.h"

#define BIOS_AREA 0xe0000u
#define BIOS_AREA_END 0x100000u

/* ACPI 6.5, 5.2.12.2 and 5.2.12.12 */
static const struct acpi_cpu_entry kinds[] = {
	{ .type = 0, .size = 8, .id = 3, .id_size = 1, .flags = 4 },  /* local APIC */
	{ .type = 9, .size = 16, .id = 4, .id_size = 4, .flags = 8 }, /* local x2APIC */
};

static uint64_t find_rsdp(void)
{
	for (uint64_t at = BIOS_AREA; at < BIOS_AREA_END; at += 16)
		if (acpi_is_rsdp(at))
			return at;
	return 0;
}

int acpi_read_cpus(uint64_t rsdp, uint32_t *ids, unsigned int max)
{
	return acpi_list_cpus(rsdp ? rsdp : find_rsdp(), kinds, ARRAY_SIZE(kinds), ids, max);
}
