/* SPDX-License-Identifier: Apache-2.0 */
/* The little of ACPI that the test kernels need: the MADT's processors and the FADT's timer. */
#ifndef ISOLATION_ACPI_H
#define ISOLATION_ACPI_H

#include <stdint.h>

extern uint16_t acpi_pm_timer_port; /* FADT PM_TMR_BLK, 0 if none */

/* Fills acpi_cpu_ids from the tables that the RSDP at physical address @rsdp leads to; panics on
 * bad tables. */
void acpi_init(uint64_t rsdp);

/* APIC ids of the usable processors in the order of the MADT. */
extern uint32_t acpi_cpu_ids[];
extern unsigned int acpi_nr_cpus;

#endif
