/* SPDX-License-Identifier: Apache-2.0 */
#include "boot_info.h"
#include "core/efi_handover.h"
#include "core/string.h"

#define EFI_MAX_MAP_SIZE 0x100000u /* a longer memory map is damaged */

static bool is_name_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '.' || c == '-' || c == '_';
}

void boot_info_add_module(struct boot_info *info, const char *string, uint64_t room, uint64_t base,
			  uint64_t size)
{
	struct boot_module *module = &info->modules[info->nr_modules];
	uint32_t length = 0;

	info->ignored++;
	if (info->nr_modules == BOOT_MAX_MODULES || base + size < base)
		return;
	while (length < room && length < BOOT_MODULE_NAME - 1 && is_name_char(string[length]))
		length++;
	if (length == 0 || length == room || (string[length] != '\0' && string[length] != ' '))
		return;
	memcpy(module->name, string, length);
	module->name[length] = '\0';
	module->base = base;
	module->size = size;
	info->nr_modules++;
	info->ignored--;
}

void boot_info_add_ram(struct boot_info *info, uint64_t base, uint64_t size)
{
	if (size == 0)
		return;
	if (base + size < base) {
		info->ignored++;
		return;
	}
	for (unsigned int i = 0; i < info->nr_ram; i++) {
		struct boot_range *ram = &info->ram[i];

		if (base != ram->base + ram->size && base + size != ram->base)
			continue;
		if (base < ram->base)
			ram->base = base;
		ram->size += size;
		return;
	}
	if (info->nr_ram == BOOT_MAX_RANGES) {
		info->ignored++;
		return;
	}
	info->ram[info->nr_ram].base = base;
	info->ram[info->nr_ram].size = size;
	info->nr_ram++;
}

bool boot_info_is_low(uint64_t list, uint32_t n, uint64_t size)
{
	return (list || n == 0) && list < BOOT_LIMIT && n * size <= BOOT_LIMIT - list;
}

/*
 * Whether memory is RAM once the firmware's boot services have ended: for the types, ACPI 6.5,
 * 15.3; what is not write-back or has another purpose (UEFI 2.10, 7.2.3) is no RAM for cells.
 */
static bool is_efi_ram(const struct efi_memory_descriptor *memory)
{
	if ((memory->attributes & (EFI_MEMORY_WB | EFI_MEMORY_SP | EFI_MEMORY_RUNTIME)) !=
	    EFI_MEMORY_WB)
		return false;
	switch (memory->type) {
	case EFI_LOADER_CODE:
	case EFI_LOADER_DATA:
	case EFI_BOOT_SERVICES_CODE:
	case EFI_BOOT_SERVICES_DATA:
	case EFI_CONVENTIONAL_MEMORY:
		return true;
	default:
		return false;
	}
}

int boot_info_add_efi_map(struct boot_info *info, const struct boot_efi_map *map)
{
	struct efi_memory_descriptor memory = { .type = EFI_RESERVED_MEMORY };

	if (map->descriptor_version != EFI_DESCRIPTOR_VERSION ||
	    map->descriptor_size < sizeof(memory) || map->size == 0 ||
	    map->size > EFI_MAX_MAP_SIZE || map->size % map->descriptor_size ||
	    !boot_info_is_low(map->descriptors, (uint32_t)map->size, 1))
		return -EINVAL;
	for (uint64_t at = 0; at < map->size; at += map->descriptor_size) {
		memcpy(&memory, (const void *)(map->descriptors + at), sizeof(memory));
		if ((memory.physical & ~PAGE_MASK) ||
		    memory.pages > (UINT64_MAX - memory.physical) >> PAGE_SHIFT)
			return -EINVAL;
		if (is_efi_ram(&memory))
			boot_info_add_ram(info, memory.physical, memory.pages << PAGE_SHIFT);
	}
	return 0;
}

static int read_efi_modules(struct boot_info *info, const struct efi_handover *handover)
{
	const uint32_t n = handover->nr_modules;
	struct efi_handover_module module = { .base = 0 };

	if (n > EFI_HANDOVER_MODULES || !boot_info_is_low(handover->modules, n, sizeof(module)))
		return -EINVAL;
	for (uint32_t i = 0; i < n; i++) {
		memcpy(&module, (const void *)(handover->modules + i * sizeof(module)),
		       sizeof(module));
		boot_info_add_module(info, module.name, sizeof(module.name), module.base,
				     module.size);
	}
	return 0;
}

int boot_info_read_efi(struct boot_info *info, uint64_t address)
{
	struct efi_handover handover = { .magic = 0 };
	struct boot_efi_map map;

	memset(info, 0, sizeof(*info));
	info->loader = "UEFI";
	if ((address & 3) || address > BOOT_LIMIT - sizeof(handover))
		return -EINVAL;
	memcpy(&handover, (const void *)address, offsetof(struct efi_handover, map));
	if (handover.magic != EFI_HANDOVER_MAGIC || handover.version != EFI_HANDOVER_VERSION ||
	    handover.size < sizeof(handover))
		return -EINVAL;
	memcpy(&handover, (const void *)address, sizeof(handover));
	if (handover.framebuffer + handover.framebuffer_size < handover.framebuffer ||
	    (uint64_t)handover.line_size * handover.height > handover.framebuffer_size ||
	    handover.line_size / 4 < handover.width)
		return -EINVAL;
	info->rsdp = handover.rsdp;
	info->fdt = handover.fdt;
	info->framebuffer.base = handover.framebuffer;
	info->framebuffer.size = handover.framebuffer_size;
	info->framebuffer.width = handover.width;
	info->framebuffer.height = handover.height;
	info->framebuffer.line_size = handover.line_size;
	if (read_efi_modules(info, &handover) != 0)
		return -EINVAL;
	map.descriptors = handover.map;
	map.size = handover.map_size;
	map.descriptor_size = handover.descriptor_size;
	map.descriptor_version = handover.descriptor_version;
	return boot_info_add_efi_map(info, &map);
}

uint64_t boot_info_first_gap(const struct boot_info *info, uint64_t base, uint64_t size)
{
	uint64_t at = base;
	bool moved = true;

	while (moved && at - base < size) {
		moved = false;
		for (unsigned int i = 0; i < info->nr_ram; i++) {
			const struct boot_range *ram = &info->ram[i];

			if (at >= ram->base && at - ram->base < ram->size) {
				at = ram->base + ram->size;
				moved = true;
			}
		}
	}
	return at - base < size ? at : base + size;
}
