/* SPDX-License-Identifier: Apache-2.0 */
/* _GNU_SOURCE must come before all headers. */
#define _GNU_SOURCE
#include "fake_efi.h"

#include <stdarg.h>
#include <setjmp.h>
#include <string.h>
#include <sys/mman.h>
#include <cmocka.h>

#define MAX_MEMORY 64u
#define DESCRIPTOR 48u /* longer than struct efi_memory_descriptor, as on most machines */
#define PATTERN 0xe5

char fake_said[8192];
unsigned int fake_stale, fake_exits;
void (*fake_on_stale)(void), (*fake_on_map)(void);
bool fake_secure_boot, fake_no_map, fake_protects, fake_exited;
const struct efi_graphics_mode *fake_graphics;
efi_status(EFIAPI *fake_handle_protocol)(efi_handle handle, const struct efi_guid *protocol,
					 void **interface);
uint64_t fake_executable;

static struct efi_memory_descriptor memory[MAX_MEMORY];
static unsigned int nr_memory;
static struct efi_configuration_table tables[4];
static uint64_t key;

static void assert_in_boot_services(void)
{
	if (fake_exited)
		fail_msg("a boot service is called after ExitBootServices()");
}

/* ---- Memory ---- */

static void insert(unsigned int at, const struct efi_memory_descriptor *descriptor)
{
	assert_true(nr_memory < MAX_MEMORY && at <= nr_memory);
	memmove(&memory[at + 1], &memory[at], (nr_memory - at) * sizeof(memory[0]));
	memory[at] = *descriptor;
	nr_memory++;
}

void fake_memory(uint32_t type, uint64_t base, uint64_t pages, uint64_t attributes)
{
	const struct efi_memory_descriptor descriptor = {
		.type = type,
		.physical = base,
		.pages = pages,
		.attributes = attributes,
	};

	insert(nr_memory, &descriptor);
}

static uint64_t end_of(const struct efi_memory_descriptor *descriptor)
{
	return descriptor->physical + (descriptor->pages << PAGE_SHIFT);
}

/* Makes pages within descriptor @at one of their own; returns its number. */
static unsigned int split(unsigned int at, uint64_t base, uint64_t pages)
{
	struct efi_memory_descriptor rest = memory[at];

	if (base > memory[at].physical) {
		memory[at].pages = (base - memory[at].physical) >> PAGE_SHIFT;
		rest.physical = base;
		rest.pages -= memory[at].pages;
		insert(++at, &rest);
	}
	if (memory[at].pages > pages) {
		rest.physical = base + (pages << PAGE_SHIFT);
		rest.pages = memory[at].pages - pages;
		memory[at].pages = pages;
		insert(at + 1, &rest);
	}
	return at;
}

void fake_retype(uint64_t base, uint32_t type)
{
	for (unsigned int i = 0; i < nr_memory; i++)
		if (memory[i].physical == base)
			memory[i].type = type;
	key++;
}

uint64_t fake_pages(uint32_t type, uint64_t base, uint64_t pages)
{
	uint64_t end = base + (pages << PAGE_SHIFT), count = 0;

	for (unsigned int i = 0; i < nr_memory; i++)
		if (memory[i].type == type && memory[i].physical >= base &&
		    end_of(&memory[i]) <= end)
			count += memory[i].pages;
	return count;
}

/* As EDK II does, the highest address that fits. */
static efi_status EFIAPI allocate_pages(uint32_t how, uint32_t type, uint64_t pages,
					uint64_t *address)
{
	uint64_t limit = how == EFI_ALLOCATE_BELOW ? *address : UINT64_MAX;

	assert_in_boot_services();
	assert_true(pages > 0 && how <= EFI_ALLOCATE_AT);
	assert_true(type == EFI_LOADER_CODE || type == EFI_LOADER_DATA);
	for (unsigned int i = nr_memory; i-- > 0;) {
		struct efi_memory_descriptor *free = &memory[i];
		uint64_t size = pages << PAGE_SHIFT, at = end_of(free) - size;

		if (free->type != EFI_CONVENTIONAL_MEMORY || free->pages < pages)
			continue;
		if (how == EFI_ALLOCATE_AT)
			at = *address;
		if (at < free->physical || at + size > end_of(free) || at + size - 1 > limit)
			continue;
		memory[split(i, at, pages)].type = type;
		*address = at;
		key++;
		return EFI_SUCCESS;
	}
	return EFI_ERROR(9); /* out of resources */
}

static efi_status EFIAPI free_pages(uint64_t address, uint64_t pages)
{
	assert_in_boot_services();
	for (unsigned int i = 0; i < nr_memory; i++) {
		if (memory[i].physical != address)
			continue;
		assert_int_equal(memory[i].pages, pages);
		assert_true(memory[i].type == EFI_LOADER_CODE || memory[i].type == EFI_LOADER_DATA);
		memory[i].type = EFI_CONVENTIONAL_MEMORY;
		key++;
		return EFI_SUCCESS;
	}
	fail_msg("frees 0x%lx, which was not allocated", (unsigned long)address);
	return EFI_INVALID_PARAMETER;
}

uint64_t fake_map(uint8_t *map, uint64_t room)
{
	assert_true(room >= nr_memory * DESCRIPTOR);
	memset(map, PATTERN, nr_memory * DESCRIPTOR);
	for (unsigned int i = 0; i < nr_memory; i++)
		memcpy(map + i * DESCRIPTOR, &memory[i], sizeof(memory[i]));
	return nr_memory * DESCRIPTOR;
}

static efi_status EFIAPI get_memory_map(uint64_t *size, void *map, uint64_t *its_key,
					uint64_t *descriptor_size, uint32_t *version)
{
	uint64_t room = *size;

	assert_in_boot_services();
	if (fake_no_map)
		return EFI_INVALID_PARAMETER;
	*size = nr_memory * DESCRIPTOR;
	*descriptor_size = DESCRIPTOR;
	*version = EFI_DESCRIPTOR_VERSION;
	if (room < *size)
		return EFI_BUFFER_TOO_SMALL;
	(void)fake_map(map, room);
	*its_key = key;
	if (fake_on_map)
		fake_on_map();
	return EFI_SUCCESS;
}

uint64_t fake_arena(void)
{
	static void *arena;

	if (!arena)
		arena = mmap(NULL, FAKE_ARENA_PAGES * PAGE_SIZE, PROT_READ | PROT_WRITE | PROT_EXEC,
			     MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
	assert_true(arena != MAP_FAILED && (uint64_t)arena < INT32_MAX);
	return (uint64_t)arena;
}

/* ---- The other services ---- */

static efi_status EFIAPI exit_boot_services(efi_handle image, uint64_t with)
{
	assert_in_boot_services();
	assert_ptr_equal(image, FAKE_IMAGE);
	fake_exits++;
	if (fake_stale) {
		fake_stale--;
		key++;
		if (fake_on_stale)
			fake_on_stale();
		return EFI_INVALID_PARAMETER;
	}
	if (with != key)
		return EFI_INVALID_PARAMETER;
	fake_exited = true;
	return EFI_SUCCESS;
}

static efi_status EFIAPI stall(uint64_t microseconds)
{
	(void)microseconds;
	assert_in_boot_services();
	return EFI_SUCCESS;
}

static efi_status EFIAPI set_attributes(struct efi_memory_attribute *self, uint64_t base,
					uint64_t size, uint64_t attributes)
{
	(void)self;
	assert_in_boot_services();
	assert_int_equal(size, PAGE_SIZE);
	if (attributes == EFI_MEMORY_RO)
		fake_executable = base | 1; /* half of it */
	else
		assert_int_equal(attributes, EFI_MEMORY_XP);
	return EFI_SUCCESS;
}

static efi_status EFIAPI clear_attributes(struct efi_memory_attribute *self, uint64_t base,
					  uint64_t size, uint64_t attributes)
{
	(void)self;
	assert_in_boot_services();
	assert_int_equal(size, PAGE_SIZE);
	assert_int_equal(base, fake_executable & PAGE_MASK);
	if (attributes == EFI_MEMORY_XP)
		fake_executable = base;
	else if (attributes == EFI_MEMORY_RO)
		fake_executable = 0;
	else
		fail();
	return EFI_SUCCESS;
}

static efi_status EFIAPI locate_protocol(const struct efi_guid *protocol, void *registration,
					 void **interface)
{
	static struct efi_memory_attribute attribute = { .set = set_attributes,
							 .clear = clear_attributes };
	static struct efi_graphics_output graphics;

	assert_in_boot_services();
	assert_null(registration);
	if (protocol->a == 0x9042a9de && fake_graphics) {
		graphics.mode = fake_graphics;
		*interface = &graphics;
		return EFI_SUCCESS;
	}
	if (protocol->a == 0xf4560cf6 && fake_protects) {
		*interface = &attribute;
		return EFI_SUCCESS;
	}
	return EFI_ERROR(14); /* not found */
}

static efi_status EFIAPI handle_protocol(efi_handle handle, const struct efi_guid *protocol,
					 void **interface)
{
	assert_in_boot_services();
	return fake_handle_protocol ? fake_handle_protocol(handle, protocol, interface)
				    : EFI_ERROR(14);
}

static efi_status EFIAPI get_variable(const uint16_t *name, const struct efi_guid *vendor,
				      uint32_t *attributes, uint64_t *size, void *data)
{
	(void)attributes;
	assert_memory_equal(name, u"SecureBoot", sizeof(u"SecureBoot"));
	assert_int_equal(vendor->a, 0x8be4df61);
	assert_int_equal(*size, 1);
	*(uint8_t *)data = fake_secure_boot;
	return EFI_SUCCESS;
}

static efi_status EFIAPI output_string(struct efi_text_output *self, const uint16_t *string)
{
	size_t at = strlen(fake_said);

	assert_ptr_equal(self, fake_system.out);
	assert_in_boot_services();
	for (; *string; string++) {
		assert_true(*string < 128 && at < sizeof(fake_said) - 1);
		if (*string != '\r')
			fake_said[at++] = (char)*string;
		else
			assert_int_equal(string[1], '\n');
	}
	fake_said[at] = '\0';
	return EFI_SUCCESS;
}

void fake_table(uint32_t first_word_of_guid, uint64_t address)
{
	static const struct efi_guid known[] = {
		{ 0x8868e871, 0xe4f1, 0x11d3, { 0xbc, 0x22, 0, 0x80, 0xc7, 0x3c, 0x88, 0x81 } },
		{ 0xeb9d2d30, 0x2d88, 0x11d3, { 0x9a, 0x16, 0, 0x90, 0x27, 0x3f, 0xc1, 0x4d } },
		{ 0xf2fd1544, 0x9794, 0x4a2c, { 0x99, 0x2e, 0xe5, 0xbb, 0xcf, 0x20, 0xe3, 0x94 } },
		{ 0xb1b621d5, 0xf19c, 0x41a5, { 0x83, 0x0b, 0xd9, 0x15, 0x2c, 0x69, 0xaa, 0xe0 } },
	};
	struct efi_configuration_table *table = &tables[fake_system.nr_tables++];

	for (unsigned int i = 0; i < ARRAY_SIZE(known); i++)
		if (known[i].a == first_word_of_guid)
			table->vendor = known[i];
	table->table = (void *)address;
}

static struct efi_text_output text_output = { .output_string = output_string };
static const struct efi_boot_services boot_services = {
	.allocate_pages = allocate_pages,
	.free_pages = free_pages,
	.get_memory_map = get_memory_map,
	.exit_boot_services = exit_boot_services,
	.stall = stall,
	.handle_protocol = handle_protocol,
	.locate_protocol = locate_protocol,
};
static const struct efi_runtime_services runtime_services = { .get_variable = get_variable };
struct efi_system_table fake_system;

void fake_efi_reset(void)
{
	fake_system = (struct efi_system_table){
		.out = &text_output,
		.runtime = &runtime_services,
		.boot = &boot_services,
		.tables = tables,
	};
	memset(tables, 0, sizeof(tables));
	memset((void *)fake_arena(), PATTERN, FAKE_ARENA_PAGES * PAGE_SIZE);
	nr_memory = 0;
	fake_said[0] = '\0';
	fake_stale = 0;
	fake_on_stale = fake_on_map = NULL;
	fake_secure_boot = fake_no_map = fake_protects = fake_exited = false;
	fake_graphics = NULL;
	fake_handle_protocol = NULL;
	fake_exits = 0;
	fake_executable = 0;
}
