/* SPDX-License-Identifier: Apache-2.0 */
/* Is this machine the board that the configuration was written for? */
#include "acpi.h"
#include "boot.h"
#include "core/log.h"
#include "core/partition.h"
#include "core/vcpu.h"
#include "vendor.h"
#include "x86.h"

/* CPUID feature bits: APM vol. 3, appendix E. */
#define CPUID1_EBX_ID_SHIFT 24 /* initial APIC id */
#define CPUID1_ECX_X2APIC BIT(21)
#define CPUID1_ECX_XSAVE BIT(26)
#define CPUID81_EDX_NX BIT(20)

static unsigned int differences;

static void check_cpus(const struct boot_info *info)
{
	const struct board_config *board = &partition_table.board;
	uint32_t ids[MAX_CPUS];
	int count = acpi_read_cpus(info->rsdp, ids, MAX_CPUS);

	if (count < 0) {
		log_printf("  CPUs: the machine has no ACPI table that lists them\n");
		differences++;
		return;
	}
	if (cpuid(1, 0).ebx >> CPUID1_EBX_ID_SHIFT != board->cpus[0]) {
		log_printf("  boot CPU: has APIC id %u, the board lists %u first\n",
			   cpuid(1, 0).ebx >> CPUID1_EBX_ID_SHIFT, board->cpus[0]);
		differences++;
	}
	for (unsigned int i = 0; i < board->nr_cpus; i++) {
		int found = 0;

		for (int j = 0; j < count && j < MAX_CPUS; j++)
			found |= ids[j] == board->cpus[i];
		if (found)
			continue;
		log_printf("  CPU with APIC id %u: not in this machine, which has %d CPU%s\n",
			   board->cpus[i], count, count == 1 ? "" : "s");
		differences++;
	}
}

static void check_memory(const struct boot_info *info)
{
	const struct board_config *board = &partition_table.board;

	for (unsigned int i = 0; i < board->nr_memory; i++) {
		const struct mem_region *memory = &board->memory[i];
		uint64_t gap = boot_info_first_gap(info, memory->hpa, memory->size);

		if (gap - memory->hpa == memory->size)
			continue;
		log_printf("  RAM 0x%lx to 0x%lx (%s): the machine has no usable RAM at 0x%lx\n",
			   (unsigned long)memory->hpa,
			   (unsigned long)(memory->hpa + memory->size - 1), memory->source,
			   (unsigned long)gap);
		differences++;
	}
}

static void require(bool present, const char *what)
{
	if (present)
		return;
	log_printf("  processor: lacks %s\n", what);
	differences++;
}

static void check_processor(void)
{
	const struct x86_vendor *found = vendor_select();
	const char *missing;

	require(cpuid(1, 0).ecx & CPUID1_ECX_X2APIC, "x2APIC");
	require(cpuid(1, 0).ecx & CPUID1_ECX_XSAVE, "XSAVE");
	require(cpuid(0x80000001, 0).edx & CPUID81_EDX_NX, "no-execute pages");
	if (!found) {
		require(false,
			"a virtualisation extension that Bulkhead knows (AMD SVM), or the firmware "
			"switched it off");
		return;
	}
	missing = found->missing();
	if (missing)
		require(false, missing);
}

int board_check(const struct boot_info *info)
{
	const struct partition_table *table = &partition_table;

	differences = 0;
	check_processor();
	check_cpus(info);
	check_memory(info);
	if (differences == 0)
		return 0;
	log_printf("this machine is not the board \"%s\" that %s describes (%u difference%s, "
		   "listed above)\n",
		   table->board.model, table->board.source, differences,
		   differences == 1 ? "" : "s");
	log_printf("use a configuration for this machine, or correct the board's description\n");
	return -ENODEV;
}
