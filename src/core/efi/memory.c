/* SPDX-License-Identifier: Apache-2.0 */
#include "memory.h"
#include "core/string.h"

#define LOW_4G 0x100000000u
#define MAX_HELD 128u
#define MAX_MISFITS 16u
/* The map grows by what is taken after its size was asked: two descriptors at most for each. */
#define MAP_GROWTH (UINT64_C(2) * MAX_HELD)

static const struct efi_boot_services *boot;
static struct held {
	uint64_t address;
	uint64_t pages;
} held[MAX_HELD];
static unsigned int nr_held;
static uint64_t clear_base, clear_end;

void memory_start(const struct efi_boot_services *services)
{
	boot = services;
	nr_held = 0;
}

static efi_status hold(enum efi_allocate how, enum efi_memory_type type, uint64_t pages,
		       uint64_t *address)
{
	efi_status status;

	if (nr_held == MAX_HELD)
		return EFI_LOAD_ERROR;
	status = boot->allocate_pages(how, type, pages, address);
	if (status == EFI_SUCCESS)
		held[nr_held++] = (struct held){ .address = *address, .pages = pages };
	return status;
}

void memory_give_back(void)
{
	while (nr_held) {
		nr_held--;
		(void)boot->free_pages(held[nr_held].address, held[nr_held].pages);
	}
}

uint64_t memory_take(enum efi_memory_type type, uint64_t size)
{
	uint64_t pages = align_up(size, PAGE_SIZE) >> PAGE_SHIFT;

	for (unsigned int i = 0; i < MAX_MISFITS; i++) {
		uint64_t address = LOW_4G - 1;

		if (hold(EFI_ALLOCATE_BELOW, type, pages, &address) != EFI_SUCCESS)
			return 0;
		if (address >= clear_end || address + (pages << PAGE_SHIFT) <= clear_base)
			return address;
		/* The firmware has freed something of its own there: it is held, now. */
	}
	return 0;
}

void memory_claim(uint64_t base, uint64_t end)
{
	uint64_t address = base & PAGE_MASK;

	(void)hold(EFI_ALLOCATE_AT, EFI_LOADER_DATA,
		   (align_up(end, PAGE_SIZE) - address) >> PAGE_SHIFT, &address);
}

/* How much room a map needs, and some for what is taken meanwhile. */
static efi_status measure(struct memory_map *map)
{
	memset(map, 0, sizeof(*map));
	if (boot->get_memory_map(&map->size, NULL, &map->key, &map->descriptor_size,
				 &map->descriptor_version) != EFI_BUFFER_TOO_SMALL ||
	    map->descriptor_size < sizeof(struct efi_memory_descriptor))
		return EFI_LOAD_ERROR;
	map->room = align_up(map->size + MAP_GROWTH * map->descriptor_size, PAGE_SIZE);
	return EFI_SUCCESS;
}

efi_status memory_map_take(struct memory_map *map)
{
	efi_status status = measure(map);

	if (status == EFI_SUCCESS)
		map->descriptors = (uint8_t *)memory_take(EFI_LOADER_DATA, map->room);
	return map->descriptors ? EFI_SUCCESS : EFI_LOAD_ERROR;
}

efi_status memory_map_read(struct memory_map *map)
{
	map->size = map->room;
	return boot->get_memory_map(&map->size, map->descriptors, &map->key, &map->descriptor_size,
				    &map->descriptor_version);
}

bool memory_map_get(const struct memory_map *map, uint64_t i,
		    struct efi_memory_descriptor *descriptor)
{
	if (map->size < sizeof(*descriptor) ||
	    i * map->descriptor_size > map->size - sizeof(*descriptor))
		return false;
	memcpy(descriptor, map->descriptors + i * map->descriptor_size, sizeof(*descriptor));
	return true;
}

efi_status memory_keep_clear(uint64_t base, uint64_t end)
{
	struct efi_memory_descriptor found;
	struct memory_map map;
	uint64_t address = 0;
	efi_status status = measure(&map);

	clear_base = base;
	clear_end = end;
	/* Wherever this map is, it is needed no more when the hypervisor goes to its place. */
	if (status == EFI_SUCCESS)
		status = hold(EFI_ALLOCATE_ANY, EFI_LOADER_DATA, map.room >> PAGE_SHIFT, &address);
	map.descriptors = (uint8_t *)address;
	if (status == EFI_SUCCESS)
		status = memory_map_read(&map);
	for (uint64_t i = 0; status == EFI_SUCCESS && memory_map_get(&map, i, &found); i++) {
		uint64_t first = found.physical > base ? found.physical : base;
		uint64_t last = found.physical + (found.pages << PAGE_SHIFT);

		last = last < end ? last : end;
		if (found.type == EFI_CONVENTIONAL_MEMORY && first < last)
			status = hold(EFI_ALLOCATE_AT, EFI_LOADER_DATA,
				      (last - first) >> PAGE_SHIFT, &first);
	}
	return status;
}
