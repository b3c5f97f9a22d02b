/* SPDX-License-Identifier: Apache-2.0 */
#include "board.h"
#include "core/log.h"
#include "core/partition.h"
#include "core/vcpu.h"

static bool is_listed(uint32_t id, const uint32_t *ids, unsigned int count)
{
	for (unsigned int i = 0; i < count && i < MAX_CPUS; i++)
		if (ids[i] == id)
			return true;
	return false;
}

unsigned int board_check_cpus(uint32_t boot_id, const uint32_t *ids, unsigned int count,
			      const char *name)
{
	const struct board_config *board = &partition_table.board;
	unsigned int differences = boot_id != board->cpus[0];

	if (differences)
		log_printf("  boot CPU: has %s %u, the board lists %u first\n", name, boot_id,
			   board->cpus[0]);
	for (unsigned int i = 0; ids && i < board->nr_cpus; i++) {
		if (is_listed(board->cpus[i], ids, count))
			continue;
		log_printf("  CPU with %s %u: not in this machine, which has %u CPU%s\n", name,
			   board->cpus[i], count, count == 1 ? "" : "s");
		differences++;
	}
	return differences;
}

bool board_check_range(const struct boot_info *info, uint64_t base, uint64_t size,
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
		    !board_check_range(info, region->hpa, region->size, cell->name, region->source))
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

unsigned int board_check_memory(const struct boot_info *info, unsigned int before)
{
	const struct partition_table *table = &partition_table;
	unsigned int differences = before;

	differences += !board_check_range(info, table->hypervisor.base, table->hypervisor.size,
					  "the hypervisor", table->source);
	for (unsigned int i = 0; i < table->nr_cells; i++)
		differences += !check_cell(info, &table->cells[i]);
	if (differences == 0) {
		note_unused(info);
		return 0;
	}
	log_printf("  the machine's usable RAM:\n");
	for (unsigned int i = 0; i < info->nr_ram; i++)
		log_printf("    0x%lx to 0x%lx\n", (unsigned long)info->ram[i].base,
			   (unsigned long)(info->ram[i].base + info->ram[i].size - 1));
	return differences;
}

int board_verdict(unsigned int differences)
{
	const struct partition_table *table = &partition_table;

	if (differences == 0)
		return 0;
	log_printf("this machine is not the board \"%s\" that %s describes (%u difference%s, "
		   "listed above)\n",
		   table->board.model, table->board.source, differences,
		   differences == 1 ? "" : "s");
	log_printf("use a configuration for this machine, or correct the board's description\n");
	return -ENODEV;
}
