/* SPDX-License-Identifier: Apache-2.0 */
#include "boot_info.h"
#include "core/cpio.h"
#include "core/efi/efi.h"
#include "core/efi_handover.h"
#include "core/string.h"

#define SIGNATURE UINT64_C(0x5453595320494249) /* "IBI SYST": UEFI Specification 2.10, 4.3.1 */
#define MAX_TABLES 64u                         /* more of them are damage */
#define MAX_RESERVED 64u

/* UEFI 2.10, 4.6.1; the others are Linux' own, of include/linux/efi.h: how its EFI stub hands on
 * the memory map and the initrd, and QEMU with it. */
static const struct efi_guid device_tree_table = {
	0xb1b621d5, 0xf19c, 0x41a5, { 0x83, 0x0b, 0xd9, 0x15, 0x2c, 0x69, 0xaa, 0xe0 }
};
static const struct efi_guid memory_map_table = {
	0x800f683f, 0xd08b, 0x423a, { 0xa2, 0x93, 0x96, 0x5c, 0x3c, 0x6f, 0xe2, 0xb4 }
};
static const struct efi_guid initrd_table = {
	0x5568e427, 0x68fc, 0x4f3d, { 0xac, 0x74, 0xca, 0x55, 0x52, 0x31, 0xcc, 0x68 }
};

/* struct efi_boot_memmap of Linux' include/linux/efi.h; the descriptors follow. */
struct memory_map {
	uint64_t size;
	uint64_t descriptor_size;
	uint32_t descriptor_version;
	uint32_t pad;
	uint64_t key;
	uint64_t room;
};
static_assert(sizeof(struct memory_map) == 40, "as in Linux");
static_assert(sizeof(struct boot_range) == 16, "as struct linux_efi_initrd");

struct holes {
	struct boot_range ranges[MAX_RESERVED];
	unsigned int nr;
	bool full;
};

static void add_hole(struct holes *holes, uint64_t base, uint64_t size)
{
	if (size == 0)
		return;
	if (holes->nr == MAX_RESERVED || base + size < base) {
		holes->full = true;
		return;
	}
	holes->ranges[holes->nr].base = base;
	holes->ranges[holes->nr].size = size;
	holes->nr++;
}

static bool is_named(const struct fdt_node *node, const char *name)
{
	return node && strcmp(node->name, name) == 0;
}

/* Devicetree Specification 0.4, 5.3 and 3.5. The loader reserves the initrd too, which stays RAM:
 * only what is needed of it is copied, before anything else is written. */
static void find_holes(struct holes *holes, const struct fdt *fdt, const struct boot_range *initrd)
{
	const struct fdt_node *node;
	struct fdt_walk walk;
	uint64_t base, size;

	holes->nr = 0;
	holes->full = false;
	for (uint32_t i = 0; i < fdt->nr_reservations; i++) {
		fdt_reservation(fdt, i, &base, &size);
		if (base != initrd->base || size != initrd->size)
			add_hole(holes, base, size);
	}
	fdt_walk_start(&walk, fdt);
	while ((node = fdt_walk_next(&walk)) != NULL)
		for (unsigned int i = 0; is_named(node->parent, "reserved-memory") &&
					 fdt_enabled(node) && fdt_reg(node, i, &base, &size) == 0;
		     i++)
			add_hole(holes, base, size);
}

/* Adds [base, base + size) without its holes. */
static void add_around(struct boot_info *info, const struct holes *holes, uint64_t base,
		       uint64_t size)
{
	const uint64_t end = base + size;
	uint64_t at = base;

	if (end < base) {
		info->ignored++;
		return;
	}
	while (at < end) {
		uint64_t stop = end, next = end;

		/* The first hole from here on; one that covers this place is skipped alone. */
		for (unsigned int i = 0; i < holes->nr; i++) {
			const struct boot_range *hole = &holes->ranges[i];
			uint64_t first = hole->base > at ? hole->base : at;

			if (hole->base + hole->size > at && first < stop) {
				stop = first;
				next = hole->base + hole->size;
			}
		}
		boot_info_add_ram(info, at, stop - at);
		at = next;
	}
}

void boot_info_find_fdt_initrd(struct boot_info *info, const struct fdt *fdt)
{
	const struct fdt_node *node;
	struct fdt_walk walk;
	uint64_t start, end;

	fdt_walk_start(&walk, fdt);
	while ((node = fdt_walk_next(&walk)) != NULL) {
		if (!is_named(node, "chosen") ||
		    fdt_address(node, "linux,initrd-start", &start) != 0 ||
		    fdt_address(node, "linux,initrd-end", &end) != 0 || end <= start)
			continue;
		info->initrd.base = start;
		info->initrd.size = end - start;
	}
}

int boot_info_add_initrd(struct boot_info *info)
{
	const uint64_t base = info->initrd.base, end = base + info->initrd.size;
	struct cpio_entry entry = { .next = base };

	if (end == base)
		return 0;
	if ((base & 3) || end > BOOT_LIMIT ||
	    boot_info_first_gap(info, base, info->initrd.size) != end)
		return -EINVAL;
	while (cpio_read(entry.next, end, BOOT_MODULE_NAME, &entry)) {
		if (strcmp(entry.name, CPIO_LAST) == 0)
			return 0;
		boot_info_add_module(info, entry.name, BOOT_MODULE_NAME, entry.data, entry.size);
	}
	return -EINVAL;
}

int boot_info_add_fdt_ram(struct boot_info *info, const struct fdt *fdt)
{
	static struct holes holes;
	const struct fdt_node *node;
	struct fdt_walk walk;
	uint64_t base, size;

	find_holes(&holes, fdt, &info->initrd);
	if (holes.full)
		return -ENOSPC;
	fdt_walk_start(&walk, fdt);
	while ((node = fdt_walk_next(&walk)) != NULL)
		for (unsigned int i = 0; fdt_has_string(node, "device_type", "memory") &&
					 fdt_enabled(node) && fdt_reg(node, i, &base, &size) == 0;
		     i++)
			add_around(info, &holes, base, size);
	return 0;
}

static uint64_t find_table(const struct efi_system_table *system, const struct efi_guid *guid)
{
	for (uint64_t i = 0; i < system->nr_tables; i++)
		if (memcmp(&system->tables[i].vendor, guid, sizeof(*guid)) == 0)
			return (uint64_t)system->tables[i].table;
	return 0;
}

/* QEMU's is there and empty. */
static int add_memory_map(struct boot_info *info, uint64_t table)
{
	struct memory_map from = { .size = 0 };
	struct boot_efi_map map;

	if (table == 0)
		return 0;
	if (!boot_info_is_low(table, 1, sizeof(from)))
		return -EINVAL;
	memcpy(&from, (const void *)table, sizeof(from));
	if (from.size == 0)
		return 0;
	map.descriptors = table + sizeof(from);
	map.size = from.size;
	map.descriptor_size = from.descriptor_size;
	map.descriptor_version = from.descriptor_version;
	return boot_info_add_efi_map(info, &map);
}

/* struct linux_efi_initrd of Linux' include/linux/efi.h; QEMU's is there and empty, too. */
static int read_initrd(struct boot_info *info, uint64_t table)
{
	if (table == 0)
		return 0;
	if (!boot_info_is_low(table, 1, sizeof(info->initrd)))
		return -EINVAL;
	memcpy(&info->initrd, (const void *)table, sizeof(info->initrd));
	return 0;
}

static int read_system_table(struct boot_info *info, uint64_t address)
{
	struct efi_system_table system;

	memset(info, 0, sizeof(*info));
	info->loader = "EFI system table";
	if (address == 0 || (address & 7) || !boot_info_is_low(address, 1, sizeof(system)))
		return -EINVAL;
	memcpy(&system, (const void *)address, sizeof(system));
	if (system.header.signature != SIGNATURE || system.nr_tables > MAX_TABLES ||
	    ((uint64_t)system.tables & 7) ||
	    !boot_info_is_low((uint64_t)system.tables, (uint32_t)system.nr_tables,
			      sizeof(*system.tables)))
		return -EINVAL;
	info->fdt = find_table(&system, &device_tree_table);
	if (read_initrd(info, find_table(&system, &initrd_table)) != 0)
		return -EINVAL;
	return add_memory_map(info, find_table(&system, &memory_map_table));
}

int boot_info_read(struct boot_info *info, uint64_t kind, uint64_t handover, uint64_t system_table)
{
	if (kind == EFI_HANDOVER_MAGIC)
		return boot_info_read_efi(info, handover);
	return read_system_table(info, system_table);
}
