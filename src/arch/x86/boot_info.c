/* SPDX-License-Identifier: Apache-2.0 */
#include "boot_info.h"
#include "core/efi_handover.h"
#include "core/string.h"

#define MB2_BOOTLOADER_MAGIC 0x36d76289u
#define MB2_TAG_END 0
#define MB2_TAG_MODULE 3
#define MB2_TAG_MMAP 6
#define MB2_TAG_FRAMEBUFFER 8
#define MB2_FRAMEBUFFER_RGB 1
#define MB2_TAG_ACPI_OLD 14
#define MB2_TAG_ACPI_NEW 15
#define MB2_MAX_SIZE 0x100000u /* larger information is damaged */

#define PVH_MAGIC 0x336ec578u
#define PVH_MAX_ENTRIES 0x10000u /* a longer memory map is damaged */
#define PVH_MAX_MODULES 0x1000u  /* and so is a longer list of modules */

/* RSDP: ACPI 6.5, 5.2.5.3 */
#define RSDP_REVISION 15 /* offset */
#define RSDP_SIZE 20
#define RSDP_SIZE_2 36 /* from revision 2 on */

#define MEMORY_USABLE 1u /* for multiboot2 and PVH the same: ACPI's AddressRangeMemory */

struct mb2_tag {
	uint32_t type;
	uint32_t size;
};

struct mb2_module {
	struct mb2_tag tag;
	uint32_t start;
	uint32_t end;
	/* the string follows */
};

struct mb2_framebuffer {
	struct mb2_tag tag;
	uint64_t base;
	uint32_t line_size;
	uint32_t width;
	uint32_t height;
	uint8_t bits; /* a pixel */
	uint8_t type;
	/* colours follow */
};

struct mb2_mmap_entry {
	uint64_t base;
	uint64_t size;
	uint32_t type;
	uint32_t reserved;
};

struct pvh_start_info {
	uint32_t magic;
	uint32_t version;
	uint32_t flags;
	uint32_t nr_modules;
	uint64_t modules;
	uint64_t cmdline;
	uint64_t rsdp;
	uint64_t memmap; /* from version 1 on */
	uint32_t memmap_entries;
	uint32_t reserved;
};

struct pvh_memmap_entry {
	uint64_t base;
	uint64_t size;
	uint32_t type;
	uint32_t reserved;
};

struct pvh_module {
	uint64_t base;
	uint64_t size;
	uint64_t cmdline;
	uint64_t reserved;
};

static void read_mb2_mmap(struct boot_info *info, uint64_t tag, uint32_t size)
{
	uint32_t entry_size = *(const uint32_t *)(tag + 8);
	struct mb2_mmap_entry entry;

	if (entry_size < sizeof(entry)) {
		info->ignored++;
		return;
	}
	for (uint32_t at = 16; size - at >= entry_size; at += entry_size) {
		memcpy(&entry, (const void *)(tag + at), sizeof(entry));
		if (entry.type == MEMORY_USABLE)
			boot_info_add_ram(info, entry.base, entry.size);
	}
}

static void read_mb2_module(struct boot_info *info, uint64_t tag, uint32_t size)
{
	struct mb2_module module = { .start = 0 };

	memcpy(&module, (const void *)tag, sizeof(module));
	if (module.start > module.end)
		info->ignored++;
	else
		boot_info_add_module(info, (const char *)(tag + sizeof(module)),
				     size - sizeof(module), module.start,
				     module.end - module.start);
}

static void read_mb2_framebuffer(struct boot_info *info, uint64_t tag)
{
	struct mb2_framebuffer from = { .base = 0 };
	uint64_t size;

	memcpy(&from, (const void *)tag, offsetof(struct mb2_framebuffer, type) + 1);
	size = (uint64_t)from.line_size * from.height;
	if (from.type != MB2_FRAMEBUFFER_RGB || from.bits != 32 ||
	    from.line_size / 4 < from.width || from.base + size < from.base)
		return;
	info->framebuffer.base = from.base;
	info->framebuffer.size = size;
	info->framebuffer.width = from.width;
	info->framebuffer.height = from.height;
	info->framebuffer.line_size = from.line_size;
}

/* Whether a tag of @size bytes holds all of the RSDP that it starts. */
static bool holds_rsdp(uint64_t tag, uint32_t size)
{
	const uint8_t *rsdp = (const uint8_t *)(tag + sizeof(struct mb2_tag));
	uint32_t space = size - (uint32_t)sizeof(struct mb2_tag);

	return space >= RSDP_SIZE && (rsdp[RSDP_REVISION] < 2 || space >= RSDP_SIZE_2);
}

static int read_mb2(struct boot_info *info, uint64_t address)
{
	uint32_t total = *(const uint32_t *)address;
	uint32_t at = 8;

	info->loader = "multiboot2";
	if (total < 16 || total > MB2_MAX_SIZE)
		return -EINVAL;
	while (at + sizeof(struct mb2_tag) <= total) {
		const struct mb2_tag *tag = (const struct mb2_tag *)(address + at);

		if (tag->type == MB2_TAG_END)
			return 0;
		if (tag->size < sizeof(*tag) || tag->size > total - at)
			return -EINVAL;
		if (tag->type == MB2_TAG_MMAP && tag->size >= 16)
			read_mb2_mmap(info, address + at, tag->size);
		if (tag->type == MB2_TAG_MODULE && tag->size >= sizeof(struct mb2_module))
			read_mb2_module(info, address + at, tag->size);
		if (tag->type == MB2_TAG_FRAMEBUFFER &&
		    tag->size > offsetof(struct mb2_framebuffer, type))
			read_mb2_framebuffer(info, address + at);
		if ((tag->type == MB2_TAG_ACPI_NEW ||
		     (tag->type == MB2_TAG_ACPI_OLD && !info->rsdp)) &&
		    holds_rsdp(address + at, tag->size))
			info->rsdp = address + at + sizeof(*tag);
		at += (tag->size + 7) & ~7u;
	}
	return -EINVAL;
}

static int read_pvh_modules(struct boot_info *info, const struct pvh_start_info *start)
{
	struct pvh_module module = { .base = 0 };

	if (start->nr_modules > PVH_MAX_MODULES ||
	    !boot_info_is_low(start->modules, start->nr_modules, sizeof(module)))
		return -EINVAL;
	for (uint32_t i = 0; i < start->nr_modules; i++) {
		memcpy(&module, (const void *)(start->modules + i * sizeof(module)),
		       sizeof(module));
		if (!module.cmdline || module.cmdline >= BOOT_LIMIT)
			info->ignored++;
		else
			boot_info_add_module(info, (const char *)module.cmdline,
					     BOOT_LIMIT - module.cmdline, module.base, module.size);
	}
	return 0;
}

static int read_pvh(struct boot_info *info, uint64_t address)
{
	const uint32_t *magic_version = (const uint32_t *)address;
	struct pvh_start_info start = { .magic = 0 };
	struct pvh_memmap_entry entry = { .base = 0 };

	info->loader = "PVH";
	if (magic_version[0] != PVH_MAGIC || magic_version[1] < 1)
		return -EINVAL;
	memcpy(&start, (const void *)address, sizeof(start));
	if (start.memmap_entries > PVH_MAX_ENTRIES ||
	    !boot_info_is_low(start.memmap, start.memmap_entries, sizeof(entry)))
		return -EINVAL;
	info->rsdp = start.rsdp;
	for (uint32_t i = 0; i < start.memmap_entries; i++) {
		memcpy(&entry, (const void *)(start.memmap + i * sizeof(entry)), sizeof(entry));
		if (entry.type == MEMORY_USABLE)
			boot_info_add_ram(info, entry.base, entry.size);
	}
	return read_pvh_modules(info, &start);
}

int boot_info_read(struct boot_info *info, uint32_t magic, uint64_t address)
{
	if (magic == EFI_HANDOVER_MAGIC)
		return boot_info_read_efi(info, address);
	memset(info, 0, sizeof(*info));
	if (address & 3)
		return -EINVAL;
	if (magic == MB2_BOOTLOADER_MAGIC)
		return read_mb2(info, address);
	return magic == 0 ? read_pvh(info, address) : -EINVAL;
}
