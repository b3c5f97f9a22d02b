/* SPDX-License-Identifier: Apache-2.0 */
/* The few facts that the hypervisor wants from the machine's own ACPI tables. */
#ifndef ARCH_ACPI_H
#define ARCH_ACPI_H

#include "core/types.h"

/*
 * Collects the local APIC ids of the enabled processors from the MADT (ACPI 6.5, 5.2.12).
 * @rsdp: physical address of the RSDP; 0 searches the BIOS area. Tables must lie below 4 GiB.
 * Returns how many there are (at most @max are stored), or -ENOENT without usable tables.
 */
int acpi_read_cpus(uint64_t rsdp, uint32_t *ids, unsigned int max);

#endif
