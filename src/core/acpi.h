/* SPDX-License-Identifier: Apache-2.0 */
/* The processors that the firmware's ACPI tables list. */
#ifndef CORE_ACPI_H
#define CORE_ACPI_H

#include "core/types.h"

/* ACPI 6.5, 5.2.5.3: before revision 2, and what the first checksum covers */
#define ACPI_RSDP_SIZE 20u

/* How an entry of the MADT tells of a processor (ACPI 6.5, 5.2.12): offsets in it. Its flags have
 * "enabled" in bit 0. */
struct acpi_cpu_entry {
	uint8_t type;
	uint8_t size; /* at least */
	uint8_t id;
	uint8_t id_size; /* 1 or 4 */
	uint8_t flags;
};

/* Whether there is an RSDP at @address, which can be read. */
bool acpi_is_rsdp(uint64_t address);

/*
 * Collects the hardware ids of the enabled processors from the MADT, as its entries of @nr_kinds
 * @kinds tell them. Tables must lie below 4 GiB, and their checksums be right. Returns how many
 * there are (at most @max are stored), or -ENOENT without usable tables.
 */
int acpi_list_cpus(uint64_t rsdp, const struct acpi_cpu_entry *kinds, unsigned int nr_kinds,
		   uint32_t *ids, unsigned int max);

#endif
