/* SPDX-License-Identifier: Apache-2.0 */
/* Is this machine the board that the configuration was written for? */
#include "acpi.h"
#include "boot.h"
#include "core/board.h"
#include "core/log.h"
#include "core/partition.h"
#include "core/processor.h"
#include "core/vcpu.h"
#include "smp.h"
#include "x86.h"

/* CPUID feature bits: APM vol. 3, appendix E. */
#define CPUID1_EBX_ID_SHIFT 24 /* initial APIC id */

static unsigned int differences;

static void check_cpus(const struct boot_info *info)
{
	uint32_t ids[MAX_CPUS];
	int count = acpi_read_cpus(info->rsdp, ids, MAX_CPUS);

	if (count < 0) {
		log_printf("  CPUs: the machine has no sound ACPI table that lists them\n");
		differences++;
		return;
	}
	differences += board_check_cpus(cpuid(1, 0).ebx >> CPUID1_EBX_ID_SHIFT, ids,
					(unsigned int)count, "APIC id");
}

static unsigned int check_memory(const struct boot_info *info)
{
	unsigned int missing = 0;

	if (partition_table.board.nr_cpus > 1)
		missing += !board_check_range(info, SMP_TRAMPOLINE, PAGE_SIZE, "where CPUs start",
					      partition_table.board.source);
	return board_check_memory(info, missing);
}

static void tell_missing(const char *what)
{
	log_printf("  processor: lacks %s\n", what);
}

int board_check(const struct boot_info *info)
{
	differences = 0;
	differences += processor_check(tell_missing);
	check_cpus(info);
	differences += check_memory(info);
	differences += board_check_devices();
	return board_verdict(differences);
}
