/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Starts the hypervisor from UEFI. The application is whatever the firmware makes of it: it runs
 * where it was put. The hypervisor has a fixed place, which may still be in the firmware's use. So
 * everything is prepared elsewhere, all that can go wrong is found out while the firmware can still
 * go on with something else, and only after ExitBootServices() does launch_start put each part to
 * its place. Section numbers: UEFI Specification 2.10.
 */
#include "core/boot_info.h"
#include "core/efi_handover.h"
#include "core/processor.h"
#include "core/string.h"
#include "elf.h"
#include "launch.h"
#include "loadables.h"
#include "memory.h"
#include "modules.h"
#include "print.h"
#include "smbios.h"

#define EXIT_ATTEMPTS 8u
#define DRAIN_US 50000u   /* until the last line has left a UART */
#define READ_US 10000000u /* for someone to read why nothing starts */

/* payload.S */
extern const char payload_system[], payload_modules[], payload_console[];
extern const uint64_t payload_loadables, payload_loadables_size;
extern const uint8_t payload_start[], payload_end[];

/* 4.6.1, 3.3, 12.9.2, and of EFI_MEMORY_ATTRIBUTE_PROTOCOL */
static const struct efi_guid acpi_20_table = {
	0x8868e871, 0xe4f1, 0x11d3, { 0xbc, 0x22, 0x00, 0x80, 0xc7, 0x3c, 0x88, 0x81 }
};
static const struct efi_guid acpi_10_table = {
	0xeb9d2d30, 0x2d88, 0x11d3, { 0x9a, 0x16, 0x00, 0x90, 0x27, 0x3f, 0xc1, 0x4d }
};
static const struct efi_guid smbios_3_table = {
	0xf2fd1544, 0x9794, 0x4a2c, { 0x99, 0x2e, 0xe5, 0xbb, 0xcf, 0x20, 0xe3, 0x94 }
};
static const struct efi_guid device_tree_table = {
	0xb1b621d5, 0xf19c, 0x41a5, { 0x83, 0x0b, 0xd9, 0x15, 0x2c, 0x69, 0xaa, 0xe0 }
};
static const struct efi_guid global_variable = {
	0x8be4df61, 0x93ca, 0x11d2, { 0xaa, 0x0d, 0x00, 0xe0, 0x98, 0x03, 0x2b, 0x8c }
};
static const struct efi_guid graphics_output = {
	0x9042a9de, 0x23dc, 0x4a38, { 0x96, 0xfb, 0x7a, 0xde, 0xd0, 0x80, 0x51, 0x6a }
};
static const struct efi_guid memory_attribute = {
	0xf4560cf6, 0x40ec, 0x4b4a, { 0xa1, 0x92, 0xbf, 0x1d, 0x57, 0xd0, 0xb1, 0x89 }
};

efi_status efi_main(efi_handle image, const struct efi_system_table *system);

static const struct efi_boot_services *boot;
static struct elf_program program;
static struct memory_map map;
static struct boot_info info;
static bool from_uboot;
static uint64_t smbios;		  /* the entry point, where the map lacks RAM that it knows; or 0 */
static unsigned int nr_completed; /* ranges that the map has from there */

/* ---- What the firmware knows ---- */

static void tell_secure_boot(const struct efi_system_table *system)
{
	static const uint16_t name[] = { 'S', 'e', 'c', 'u', 'r', 'e', 'B', 'o', 'o', 't', 0 };
	uint8_t value = 0;
	uint64_t size = sizeof(value);

	if (system->runtime->get_variable(name, &global_variable, NULL, &size, &value) ==
		    EFI_SUCCESS &&
	    value == 1)
		print("  Secure Boot is on; the firmware has accepted this image's signature\n");
}

static void tell_missing(const char *what)
{
	print("error: the processor lacks %s\n", what);
}

static uint64_t find_table(const struct efi_system_table *system, const struct efi_guid *guid)
{
	for (uint64_t i = 0; i < system->nr_tables; i++)
		if (memcmp(&system->tables[i].vendor, guid, sizeof(*guid)) == 0)
			return (uint64_t)system->tables[i].table;
	return 0;
}

static bool is_uboot(const struct efi_system_table *system)
{
	static const uint16_t name[] = { 'D', 'a', 's', ' ', 'U', '-', 'B', 'o', 'o', 't' };

	if (!system->vendor)
		return false;
	for (unsigned int i = 0; i < ARRAY_SIZE(name); i++)
		if (system->vendor[i] != name[i])
			return false;
	return true;
}

static void find_framebuffer(struct efi_handover *handover)
{
	const struct efi_graphics_output *graphics = NULL;
	const struct efi_graphics_mode *mode;

	if (boot->locate_protocol(&graphics_output, NULL, (void **)&graphics) != EFI_SUCCESS ||
	    !graphics->mode || !graphics->mode->info)
		return;
	mode = graphics->mode;
	if (mode->info->format > EFI_PIXEL_FORMAT_BGR ||
	    mode->info->width > mode->info->pixels_per_line ||
	    mode->info->pixels_per_line > UINT32_MAX / 4 || mode->base + mode->size < mode->base ||
	    mode->info->pixels_per_line * UINT64_C(4) * mode->info->height > mode->size)
		return;
	handover->framebuffer = mode->base;
	handover->framebuffer_size = mode->size;
	handover->width = mode->info->width;
	handover->height = mode->info->height;
	handover->line_size = mode->info->pixels_per_line * 4;
}

/* ---- Preparing ---- */

/* Copies the hypervisor's parts to where launch_start takes them from. */
static bool stage(struct launch *launch)
{
	for (unsigned int i = 0; i < program.nr_parts; i++) {
		const struct elf_part *part = &program.parts[i];
		uint64_t copy = part->size ? memory_take(EFI_LOADER_DATA, part->size) : 0;

		if (part->size && !copy)
			return false;
		if (copy)
			memcpy((void *)copy, part->data, part->size);
		launch->moves[i] = (struct launch_move){ (uint32_t)copy, part->address, part->size,
							 part->zeroes };
	}
	launch->nr_moves = program.nr_parts;
	return true;
}

/* Firmware that protects memory may let nothing run in what it gives out, and nothing be written
 * where something runs. */
static bool protect(const struct launch *page, uint64_t set, uint64_t clear)
{
	struct efi_memory_attribute *attribute = NULL;

	if (boot->locate_protocol(&memory_attribute, NULL, (void **)&attribute) != EFI_SUCCESS)
		return true;
	return attribute->set(attribute, (uint64_t)page, PAGE_SIZE, set) == EFI_SUCCESS &&
	       attribute->clear(attribute, (uint64_t)page, PAGE_SIZE, clear) == EFI_SUCCESS;
}

/* Where the code of launch_start goes in its page. */
static uint8_t *code_of(struct launch *launch)
{
	return (uint8_t *)align_up((uint64_t)(launch + 1), 16);
}

/* Makes the page of launch_start. Returns NULL after having said why not. */
static struct launch *prepare_launch(const struct efi_handover *handover)
{
	struct launch *launch = (struct launch *)memory_take(EFI_LOADER_CODE, PAGE_SIZE);

	if (launch) {
		memset(launch, 0, sizeof(*launch));
		launch->entry = program.entry;
		launch->handover = (uint32_t)(uint64_t)handover;
	}
	if (!launch || !stage(launch)) {
		print("error: no free memory below 4 GiB for a copy of the hypervisor\n");
		return NULL;
	}
	memcpy(code_of(launch), launch_start, (size_t)(launch_end - launch_start));
	if (!protect(launch, EFI_MEMORY_RO, EFI_MEMORY_XP)) {
		print("error: the firmware refuses to make a page of code executable\n");
		return NULL;
	}
	return launch;
}

static struct efi_handover *prepare_handover(const struct efi_system_table *system)
{
	struct efi_handover *handover =
		(struct efi_handover *)memory_take(EFI_LOADER_DATA, sizeof(*handover));

	if (!handover || memory_map_take(&map) != EFI_SUCCESS) {
		print("error: no free memory below 4 GiB for the hand-over\n");
		return NULL;
	}
	memset(handover, 0, sizeof(*handover));
	handover->magic = EFI_HANDOVER_MAGIC;
	handover->version = EFI_HANDOVER_VERSION;
	handover->size = sizeof(*handover);
	handover->map = (uint64_t)map.descriptors;
	handover->rsdp = find_table(system, &acpi_20_table);
	if (!handover->rsdp)
		handover->rsdp = find_table(system, &acpi_10_table);
	handover->fdt = find_table(system, &device_tree_table);
	find_framebuffer(handover);
	return handover;
}

/* After all that is indispensable: a file of any size does no harm, then. */
static void prepare_modules(efi_handle image, struct efi_handover *handover)
{
	struct efi_handover_module *list;

	if (!*payload_modules)
		return;
	list = (struct efi_handover_module *)memory_take(EFI_LOADER_DATA,
							 EFI_HANDOVER_MODULES * sizeof(*list));
	handover->modules = (uint64_t)list;
	if (!list)
		return;
	if (from_uboot)
		handover->nr_modules =
			loadables_find(payload_loadables, payload_loadables_size, list);
	if (handover->nr_modules)
		print("  takes %u modules from the FIT image\n", handover->nr_modules);
	else
		handover->nr_modules = modules_read(boot, image, payload_modules, list);
}

/* ---- Leaving ---- */

static const char *type_name(uint32_t type)
{
	static const char names[][24] = { "reserved memory",       "loader code",
					  "loader data",           "boot services code",
					  "boot services data",    "runtime services code",
					  "runtime services data", "conventional memory",
					  "unusable memory",       "ACPI tables",
					  "ACPI NVS memory",       "device memory",
					  "device ports",          "processor code",
					  "persistent memory",     "unaccepted memory" };

	return type < ARRAY_SIZE(names) ? names[type] : "memory of another kind";
}

/* Whose @gap is, which the hypervisor needs. */
static void tell_owner(uint64_t gap)
{
	struct efi_memory_descriptor memory;
	bool found = false;

	print("error: the hypervisor must go to 0x%x to 0x%x, but\n", program.base,
	      program.end - 1);
	for (uint64_t i = 0; !found && memory_map_get(&map, i, &memory); i++) {
		found = gap >= memory.physical &&
			(gap - memory.physical) >> PAGE_SHIFT < memory.pages;
		if (found)
			print("       0x%lx to 0x%lx is the firmware's: %s\n",
			      (unsigned long)memory.physical,
			      (unsigned long)(memory.physical + (memory.pages << PAGE_SHIFT) - 1),
			      type_name(memory.type));
	}
	if (!found)
		print("       the machine has no memory at 0x%lx\n", (unsigned long)gap);
	print("to fix it: in the DTS, give the hypervisor another place by its property "
	      "\"memory\"\n");
}

/* Reads the map into the hand-over, and looks at it as the hypervisor will. */
static bool place_is_free(struct efi_handover *handover)
{
	uint64_t gap;

	if (memory_map_read(&map) != EFI_SUCCESS) {
		print("error: the firmware does not tell its memory map\n");
		return false;
	}
	if (smbios)
		nr_completed = smbios_add_ram(&map, smbios);
	handover->map_size = (uint32_t)map.size;
	handover->descriptor_size = (uint32_t)map.descriptor_size;
	handover->descriptor_version = map.descriptor_version;
	if (boot_info_read_efi(&info, (uint64_t)handover) != 0) {
		print("error: the firmware's memory map is damaged\n");
		return false;
	}
	gap = boot_info_first_gap(&info, program.base, program.end - program.base);
	if (gap != program.end)
		tell_owner(gap);
	return gap == program.end;
}

/*
 * Ends the boot services. The key of the map is stale when the firmware has allocated anything
 * since; 7.4.6 wants another attempt with a new map then, and nothing but that: messages after a
 * first attempt are the last resort of a machine that could only stand still.
 */
static bool leave(efi_handle image, struct efi_handover *handover)
{
	for (unsigned int i = 0; i < EXIT_ATTEMPTS; i++) {
		if (!place_is_free(handover))
			return false;
		if (boot->exit_boot_services(image, map.key) == EFI_SUCCESS)
			return true;
	}
	print("error: the firmware does not end its boot services\n");
	return false;
}

/* Returns when the hypervisor cannot be started. */
static void start(efi_handle image, const struct efi_system_table *system)
{
	struct efi_handover *handover;
	struct launch *launch;

	if (processor_check(tell_missing) != 0)
		return;
	if (elf_read(&program, payload_start, (uint64_t)(payload_end - payload_start)) != 0) {
		print("error: the hypervisor in this image is damaged\n");
		return;
	}
	if (memory_keep_clear(program.base, program.end) != EFI_SUCCESS) {
		print("error: the firmware does not tell or give its free memory\n");
		return;
	}
	from_uboot = is_uboot(system);
	smbios = from_uboot ? find_table(system, &smbios_3_table) : 0;
	nr_completed = 0;
	handover = prepare_handover(system);
	if (!handover || !place_is_free(handover))
		return;
	launch = prepare_launch(handover);
	if (!launch)
		return;
	prepare_modules(image, handover);
	if (nr_completed)
		print("  takes RAM above 4 GiB from SMBIOS: U-Boot's memory map lacks it\n");
	print("  goes to 0x%x to 0x%x; ACPI's RSDP is at 0x%lx\n", program.base, program.end - 1,
	      (unsigned long)handover->rsdp);
	print("  leaves the firmware; what follows is on the serial console at %s\n",
	      payload_console);
	(void)boot->stall(DRAIN_US);
	if (leave(image, handover))
		((launch_function)code_of(launch))(launch);
	(void)protect(launch, EFI_MEMORY_XP, EFI_MEMORY_RO);
}

efi_status efi_main(efi_handle image, const struct efi_system_table *system)
{
	boot = system->boot;
	print_start(system->out);
	memory_start(boot);
	print("Bulkhead %s: %s, from UEFI\n", BULKHEAD_VERSION, payload_system);
	tell_secure_boot(system);
	start(image, system);
	print("Bulkhead does not start; back to the firmware in %u seconds\n", READ_US / 1000000u);
	(void)boot->stall(READ_US);
	memory_give_back();
	return EFI_LOAD_ERROR;
}
