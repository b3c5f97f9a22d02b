/* SPDX-License-Identifier: Apache-2.0 */
/* Is this machine the board that the configuration was written for? The firmware's device tree
 * says, or its ACPI tables, which know of CPUs alone. */
#include "core/board.h"
#include "boot.h"
#include "core/acpi.h"
#include "core/log.h"
#include "core/partition.h"
#include "core/processor.h"
#include "core/string.h"
#include "core/vcpu.h"
#include "loongarch.h"
#include "seed.h"

static unsigned int differences;

static void tell_missing(const char *what)
{
	log_printf("  processor: lacks %s\n", what);
}

/* ---- CPUs ---- */

static bool is_cpu(const struct fdt_node *node, uint32_t *id)
{
	uint32_t size;
	const uint8_t *reg = fdt_property(node, "reg", &size);

	if (!reg || size < 4 || !fdt_has_string(node, "device_type", "cpu") || !fdt_enabled(node))
		return false;
	reg += size - 4; /* ids are small; a tree may have two cells for them */
	*id = (uint32_t)reg[0] << 24 | (uint32_t)reg[1] << 16 | (uint32_t)reg[2] << 8 | reg[3];
	return true;
}

/* How many CPUs the tree has; at most MAX_CPUS are stored. */
static int list_fdt_cpus(const struct fdt *fdt, uint32_t *ids)
{
	const struct fdt_node *node;
	struct fdt_walk walk;
	unsigned int count = 0;
	uint32_t id;

	fdt_walk_start(&walk, fdt);
	while ((node = fdt_walk_next(&walk)) != NULL) {
		if (!is_cpu(node, &id))
			continue;
		if (count < MAX_CPUS)
			ids[count] = id;
		count++;
	}
	return (int)count;
}

/* @fdt is NULL where there is none. */
static unsigned int check_cpus(const struct boot_info *info, const struct fdt *fdt)
{
	/* ACPI 6.5, 5.2.12.20: core programmable interrupt controller */
	static const struct acpi_cpu_entry kind = {
		.type = 17, .size = 15, .id = 7, .id_size = 4, .flags = 11
	};
	uint32_t ids[MAX_CPUS], boot_id = (uint32_t)csr_read(CSR_CPUID) & CPUID_CORE_MASK;
	int count = 0;

	if (fdt)
		count = list_fdt_cpus(fdt, ids);
	else if (info->rsdp)
		count = acpi_list_cpus(info->rsdp, &kind, 1, ids, MAX_CPUS);
	if (count < 0)
		log_printf("  CPUs: the machine has no sound ACPI table that lists them\n");
	/* A list of none is a list, too. */
	return board_check_cpus(boot_id, (fdt || info->rsdp) && count >= 0 ? ids : NULL,
				(unsigned int)count, "id") +
	       (count < 0);
}

/* ---- Devices ---- */

/* The device that is compatible with @compatible at @base. Without one, *@elsewhere is where the
 * last of its kind is, or 0. */
static const struct fdt_node *find_device(const struct fdt *fdt, const char *compatible,
					  uint64_t base, struct fdt_walk *walk, uint64_t *elsewhere)
{
	const struct fdt_node *node;
	uint64_t other, size;

	*elsewhere = 0;
	fdt_walk_start(walk, fdt);
	while ((node = fdt_walk_next(walk)) != NULL) {
		if (!fdt_has_string(node, "compatible", compatible) || !fdt_enabled(node) ||
		    fdt_reg(node, 0, &other, &size) != 0)
			continue;
		if (other == base)
			return node;
		*elsewhere = other;
	}
	return NULL;
}

/* Returns the device at @base; says so when there is none. @base is 0 where the board has none. */
static const struct fdt_node *check_device(const struct fdt *fdt, const char *what,
					   const char *compatible, uint64_t base,
					   struct fdt_walk *walk)
{
	const struct fdt_node *node;
	uint64_t elsewhere;

	if (base == 0)
		return NULL;
	node = find_device(fdt, compatible, base, walk, &elsewhere);
	if (node)
		return node;
	differences++;
	if (elsewhere)
		log_printf("  %s at 0x%lx: the machine has it at 0x%lx\n", what,
			   (unsigned long)base, (unsigned long)elsewhere);
	else
		log_printf("  %s at 0x%lx: there is none (\"%s\" in the device tree)\n", what,
			   (unsigned long)base, compatible);
	return NULL;
}

static void check_uart(const struct fdt *fdt)
{
	const struct loongarch_uart *uart = &partition_table.board.arch.console;
	const struct fdt_node *node;
	struct fdt_walk walk;
	uint32_t clock;

	node = check_device(fdt, "console's UART", "ns16550a", uart->base, &walk);
	clock = node ? fdt_u32(node, "clock-frequency", uart->clock) : uart->clock;
	if (clock == uart->clock)
		return;
	log_printf("  console's UART: its clock has %u Hz, the board says %u\n", clock,
		   uart->clock);
	differences++;
}

/* Whether the registers of any device are at @address. */
static bool has_registers(const struct fdt *fdt, uint64_t address)
{
	const struct fdt_node *node;
	struct fdt_walk walk;
	uint64_t base, size;

	fdt_walk_start(&walk, fdt);
	while ((node = fdt_walk_next(&walk)) != NULL)
		for (unsigned int i = 0; fdt_reg(node, i, &base, &size) == 0; i++)
			if (address - base < size && fdt_enabled(node))
				return true;
	return false;
}

/* For what goes by several names; @address is 0 where the board has none. */
static void check_registers(const struct fdt *fdt, const char *what, uint64_t address)
{
	if (address == 0 || has_registers(fdt, address))
		return;
	log_printf("  %s at 0x%lx: there is none\n", what, (unsigned long)address);
	differences++;
}

/* That is told, and no more: a PCI function's registers are in no device tree. */
static void note_given(const struct fdt *fdt, const char *source, uint64_t address)
{
	if (!has_registers(fdt, address))
		log_printf("warning: the device tree has nothing at 0x%lx, a device for a cell "
			   "(%s)\n",
			   (unsigned long)address, source);
}

static void note_cell(const struct fdt *fdt, const struct cell_config *cell)
{
	for (unsigned int i = 0; i < cell->arch.nr_windows; i++)
		note_given(fdt, cell->arch.windows[i].source, cell->arch.windows[i].base);
	for (unsigned int i = 0; i < cell->nr_regions; i++)
		if (cell->regions[i].flags & REGION_DEVICE)
			note_given(fdt, cell->regions[i].source, cell->regions[i].hpa);
}

static void check_devices(const struct fdt *fdt)
{
	const struct arch_board *board = &partition_table.board.arch;
	struct fdt_walk walk;

	check_uart(fdt);
	(void)check_device(fdt, "PCH-PIC", "loongson,pch-pic-1.0", board->pch_pic, &walk);
	(void)check_device(fdt, "RTC", "loongson,ls7a-rtc", board->rtc, &walk);
	check_registers(fdt, "LIOINTC", board->liointc);
	check_registers(fdt, "power-off register", board->power_off.address);
	for (unsigned int i = 0; i < partition_table.nr_cells; i++)
		note_cell(fdt, &partition_table.cells[i]);
}

/* ---- All of it ---- */

/* 0, or -EINVAL when there is something that is no device tree. */
static int read_fdt(const struct boot_info *info, struct fdt *fdt)
{
	if (!info->fdt) {
		log_printf("warning: %s brings no device tree: the board's %sdevices are not "
			   "compared with the machine\n",
			   info->loader, info->rsdp ? "" : "CPUs and ");
		return 0;
	}
	if (fdt_open(fdt, info->fdt) == 0)
		return 0;
	log_printf("  device tree at 0x%lx: damaged, or none\n", (unsigned long)info->fdt);
	return -EINVAL;
}

int board_check(struct boot_info *info)
{
	static struct fdt fdt;
	bool has_fdt = info->fdt != 0;

	differences = processor_check(tell_missing);
	if (read_fdt(info, &fdt) != 0) {
		differences++;
		has_fdt = false;
	}
	if (has_fdt)
		boot_info_find_fdt_initrd(info, &fdt);
	if (has_fdt && info->nr_ram == 0 && boot_info_add_fdt_ram(info, &fdt) != 0)
		log_printf("  device tree: reserves more pieces of memory than can be kept "
			   "apart\n");
	differences += check_cpus(info, has_fdt ? &fdt : NULL);
	if (has_fdt) {
		check_devices(&fdt);
		seed_take(&fdt);
	}
	differences += board_check_memory(info, 0);
	return board_verdict(differences);
}
