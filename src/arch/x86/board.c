/* SPDX-License-Identifier: Apache-2.0 */
/* Is this machine the board that the configuration was written for? */
#include "acpi.h"
#include "boot.h"
#include "core/log.h"
#include "core/partition.h"
#include "core/vcpu.h"
#include "processor.h"
#include "smp.h"
#include "x86.h"

/* CPUID feature bits: APM vol. 3, appendix E. */
#define CPUID1_EBX_ID_SHIFT 24 /* initial APIC id */

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

/* Whether all of [base, base + size) is usable; says so if not. */
static bool check_range(const struct boot_info *info, uint64_t base, uint64_t size,
			const char *whose, const char *source)
{
	uint64_t gap = boot_info_first_gap(info, base, size);

	if (gap - base == size)
		return true;
	log_printf("  RAM 0x%lx to 0x%lx (%s, %s): the machine has no usable RAM at 0x%lx\n",
		   (unsigned long)base, (unsigned long)(base + size - 1), whose, source,
		   (unsigned long)gap);
	return false;
}

static bool check_cell(const struct boot_info *info, const struct cell_config *cell)
{
	for (unsigned int i = 0; i < cell->nr_regions; i++) {
		const struct mem_region *region = &cell->regions[i];

		if ((region->flags & REGION_RAM) &&
		    !check_range(info, region->hpa, region->size, cell->name, region->source))
			return false; /* the first one tells enough */
	}
	return true;
}

/* Of RAM that the board has and nobody uses, firmware may keep what it likes: it keeps different
 * parts from version to version. That is told, so that nobody counts on it. */
static void note_unused(const struct boot_info *info)
{
	const struct board_config *board = &partition_table.board;

	for (unsigned int i = 0; i < board->nr_memory; i++) {
		const struct mem_region *memory = &board->memory[i];
		uint64_t gap = boot_info_first_gap(info, memory->hpa, memory->size);

		if (gap - memory->hpa != memory->size)
			log_printf("of the board's RAM 0x%lx to 0x%lx (%s), 0x%lx is not usable; "
				   "nothing here uses it\n",
				   (unsigned long)memory->hpa,
				   (unsigned long)(memory->hpa + memory->size - 1), memory->source,
				   (unsigned long)gap);
	}
}

/* What is used must be RAM that the firmware gives away: a cell or the hypervisor itself would
 * overwrite what firmware still needs. */
static void check_memory(const struct boot_info *info)
{
	const struct partition_table *table = &partition_table;
	unsigned int before = differences;

	differences += !check_range(info, table->hypervisor.base, table->hypervisor.size,
				    "the hypervisor", table->source);
	if (table->board.nr_cpus > 1)
		differences += !check_range(info, SMP_TRAMPOLINE, PAGE_SIZE, "where CPUs start",
					    table->board.source);
	for (unsigned int i = 0; i < table->nr_cells; i++)
		differences += !check_cell(info, &table->cells[i]);
	if (differences == before) {
		note_unused(info);
		return;
	}
	log_printf("  the machine's usable RAM:\n");
	for (unsigned int i = 0; i < info->nr_ram; i++)
		log_printf("    0x%lx to 0x%lx\n", (unsigned long)info->ram[i].base,
			   (unsigned long)(info->ram[i].base + info->ram[i].size - 1));
}

static void tell_missing(const char *what)
{
	log_printf("  processor: lacks %s\n", what);
}

int board_check(const struct boot_info *info)
{
	const struct partition_table *table = &partition_table;

	differences = 0;
	differences += processor_check(tell_missing);
	check_cpus(info);
	check_memory(info);
	differences += board_check_devices();
	if (differences == 0)
		return 0;
	log_printf("this machine is not the board \"%s\" that %s describes (%u difference%s, "
		   "listed above)\n",
		   table->board.model, table->board.source, differences,
		   differences == 1 ? "" : "s");
	log_printf("use a configuration for this machine, or correct the board's description\n");
	return -ENODEV;
}
