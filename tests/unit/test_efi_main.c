/* SPDX-License-Identifier: Apache-2.0 */
/* sources: src/core/efi/main.c src/core/efi/memory.c src/core/efi/elf.c
 * src/core/efi/print.c src/core/efi/modules.c src/core/efi/smbios.c
 * src/core/efi/loadables.c src/core/cpio.c src/core/boot_info.c src/core/format.c
 * tests/unit/fake_efi.c tests/unit/fake_efi_files.c */
/* flags: -DBULKHEAD_VERSION=\"1.2.3\" */
/*
 * The EFI application on a firmware made of variables. The hypervisor's place is not really there,
 * so whatever writes to it ends the program; the code that would put it there is replaced by a jump
 * into this test.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "core/boot_info.h"
#include "core/efi/launch.h"
#include "core/processor.h"
#include "fake_efi_files.h"

#define PLACE 0x90000000u /* above the arena: EDK II would take it first */
#define PLACE_PAGES 5u
#define FREE_PAGE (PLACE + 2 * 4096u)
#define ACPI_20 0x8868e871u
#define ACPI_10 0xeb9d2d30u
#define SMBIOS_3 0xf2fd1544u
#define DEVICE_TREE 0xb1b621d5u

efi_status efi_main(efi_handle image, const struct efi_system_table *system);
void launched(const struct launch *launch) __attribute__((noreturn));

/* Symbols as the linker makes them: a payload of two pages, and code that comes here. */
__asm__(".data\n"
	".globl payload_start, payload_end, launch_start, launch_end\n"
	"payload_start: .skip 8192\n"
	"payload_end:\n"
	"launch_start: movabs $launched, %rax\n"
	"	jmp *%rax\n"
	"launch_end:\n"
	".text\n");
extern uint8_t payload_start[];
extern const char payload_system[], payload_modules[], payload_console[];
extern const uint64_t payload_loadables, payload_loadables_size;
static const char loadables[4096]; /* no archive */
const char payload_system[] = "test-system", payload_modules[] = "vmlinuz\0initrd\0";
const uint64_t payload_loadables = (uint64_t)loadables, payload_loadables_size = sizeof(loadables);
const char payload_console[] = "port 0x2e8, 57600 baud";

static jmp_buf back;
static const struct launch *launch;
static const struct efi_handover *handover;
static struct boot_info info;
static const char *lacking;

unsigned int processor_check(void (*tell)(const char *what))
{
	if (lacking)
		tell(lacking);
	return lacking != NULL;
}

void launched(const struct launch *with)
{
	launch = with;
	longjmp(back, 1);
}

/* ---- Building ---- */

static void poke(uint32_t at, uint64_t value, unsigned int bytes)
{
	memcpy(payload_start + at, &value, bytes);
}

static void segment(uint32_t number, uint64_t offset, uint64_t address, uint64_t filesz,
		    uint64_t memsz)
{
	uint32_t at = 64 + number * 56;

	poke(at, 1, 4);
	poke(at + 8, offset, 8);
	poke(at + 24, address, 8);
	poke(at + 32, filesz, 8);
	poke(at + 40, memsz, 8);
}

static void build_payload(void)
{
	for (uint32_t i = 0; i < 8192; i++)
		payload_start[i] = (uint8_t)(i * 7);
	memset(payload_start, 0, 512);
	memcpy(payload_start, "\177ELF\2\1\1", 7);
	poke(16, 2, 2);
	poke(18, 62, 2);
	poke(24, PLACE + 0x2f, 8);
	poke(32, 64, 8);
	poke(54, 56, 2);
	poke(56, 3, 2);
	segment(0, 4096, PLACE, 4096, 4096);
	segment(1, 600, PLACE + 4096, 2001, 0x2fff);
	segment(2, 0, PLACE + 4 * 4096, 0, 4096);
}

/* The place: two pages of boot services, one that is free, two of this application. */
static int setup(void **state)
{
	(void)state;
	build_payload();
	fake_efi_reset();
	fake_memory(EFI_CONVENTIONAL_MEMORY, fake_arena(), FAKE_ARENA_PAGES, 0xf);
	fake_memory(EFI_RESERVED_MEMORY, PLACE - 4096, 1, 0xf);
	fake_memory(EFI_BOOT_SERVICES_DATA, PLACE, 2, 0xf);
	fake_memory(EFI_CONVENTIONAL_MEMORY, FREE_PAGE, 1, 0xf);
	fake_memory(EFI_LOADER_CODE, FREE_PAGE + 4096, 2, 0xf);
	fake_memory(EFI_RUNTIME_SERVICES_DATA, PLACE + PLACE_PAGES * 4096, 16, FAKE_RUNTIME);
	lacking = NULL;
	launch = NULL;
	handover = NULL;
	return 0;
}

/* Runs it; returns whether it has jumped away. */
static bool starts(void)
{
	if (setjmp(back) != 0)
		return true;
	assert_int_equal(efi_main(FAKE_IMAGE, &fake_system), EFI_LOAD_ERROR);
	return false;
}

/* Runs it until it jumps away; what it hands over must read well. */
static void start(void)
{
	if (!starts())
		fail_msg("does not start: %s", fake_said);
	assert_true(fake_exited);
	handover = (const struct efi_handover *)(uint64_t)launch->handover;
	assert_int_equal(boot_info_read_efi(&info, launch->handover), 0);
}

/* Runs it until it gives up: it says @why, and all memory is free again. */
static void refuse(const char *why)
{
	uint64_t before = fake_pages(EFI_CONVENTIONAL_MEMORY, 0, UINT64_C(1) << 40);

	assert_false(starts());
	if (!strstr(fake_said, why))
		fail_msg("\"%s\" is not in: %s", why, fake_said);
	assert_non_null(strstr(fake_said, "Bulkhead does not start"));
	assert_true(fake_exits > 0 || !strstr(fake_said, "leaves the firmware"));
	assert_int_equal(fake_pages(EFI_CONVENTIONAL_MEMORY, 0, UINT64_C(1) << 40), before);
	assert_int_equal(fake_executable, 0);
}

static bool in_arena(uint64_t address, uint64_t size)
{
	return address >= fake_arena() &&
	       address + size <= fake_arena() + FAKE_ARENA_PAGES * PAGE_SIZE;
}

/* ---- Starting ---- */

static void everything_is_prepared_away_from_its_place(void **state)
{
	static const struct {
		uint32_t offset, destination, size, zeroes;
	} expected[] = {
		{ 4096, PLACE, 4096, 0 },
		{ 600, PLACE + 4096, 2001, 0x2fff - 2001 },
		{ 0, PLACE + 4 * 4096, 0, 4096 },
	};

	(void)state;
	start();
	assert_int_equal(fake_exits, 1);
	assert_true(in_arena((uint64_t)launch, PAGE_SIZE));
	assert_true(in_arena(launch->handover, sizeof(*handover)));
	assert_true(in_arena(handover->map, handover->map_size));
	assert_int_equal(launch->entry, PLACE + 0x2f);
	assert_int_equal(launch->nr_moves, 3);
	for (unsigned int i = 0; i < 3; i++) {
		const struct launch_move *move = &launch->moves[i];

		assert_int_equal(move->destination, expected[i].destination);
		assert_int_equal(move->size, expected[i].size);
		assert_int_equal(move->zeroes, expected[i].zeroes);
		if (move->size == 0)
			continue;
		assert_true(in_arena(move->source, move->size));
		assert_memory_equal((void *)(uint64_t)move->source,
				    payload_start + expected[i].offset, move->size);
	}
	/* Nobody can have got the free page in the place. */
	assert_int_equal(fake_pages(EFI_LOADER_DATA, FREE_PAGE, 1), 1);
}

static void the_map_is_the_last_one(void **state)
{
	static uint8_t map[4096];
	uint64_t size;

	(void)state;
	start();
	size = fake_map(map, sizeof(map));
	assert_int_equal(handover->map_size, size);
	assert_memory_equal((void *)handover->map, map, size);
	/* The arena, and the place. */
	assert_int_equal(info.nr_ram, 2);
	assert_int_equal(info.ram[1].base, PLACE);
	assert_int_equal(info.ram[1].size, PLACE_PAGES * PAGE_SIZE);
}

static void something_is_kept(void)
{
	fake_retype(0xa0000000, EFI_RUNTIME_SERVICES_DATA);
}

static void a_stale_key_is_followed_by_a_new_map(void **state)
{
	(void)state;
	fake_memory(EFI_BOOT_SERVICES_DATA, 0xa0000000, 1, 0xf);
	fake_stale = 7;
	fake_on_stale = something_is_kept;
	the_map_is_the_last_one(state);
	assert_int_equal(fake_exits, 8);
}

/* fake_efi.c would fail a message after the last one. */
static void messages_come_before_the_end_of_boot_services(void **state)
{
	(void)state;
	start();
	assert_non_null(strstr(fake_said, "Bulkhead 1.2.3: test-system, from UEFI\n"));
	assert_non_null(strstr(fake_said, "goes to 0x90000000 to 0x90004fff;"));
	assert_non_null(strstr(fake_said, "serial console at port 0x2e8, 57600 baud\n"));
	assert_null(strstr(fake_said, "Secure"));
	setup(state);
	fake_secure_boot = true;
	start();
	assert_non_null(strstr(fake_said, "Secure Boot is on"));
	setup(state);
	fake_system.out = NULL;
	start();
}

static void a_processor_that_lacks_something_is_told(void **state)
{
	(void)state;
	lacking = "wings";
	refuse("error: the processor lacks wings\n");
	assert_false(fake_exited);
}

static void the_page_of_code_is_protected(void **state)
{
	(void)state;
	fake_protects = true;
	start();
	assert_int_equal(fake_executable, (uint64_t)launch);
	assert_int_equal(fake_pages(EFI_LOADER_CODE, (uint64_t)launch, 1), 1);
}

static void the_firmware_frees_something(void)
{
	fake_on_map = NULL;
	fake_retype(PLACE, EFI_CONVENTIONAL_MEMORY);
}

static void memory_that_becomes_free_in_the_place_is_not_used(void **state)
{
	fake_on_map = the_firmware_frees_something;
	everything_is_prepared_away_from_its_place(state);
	assert_int_equal(fake_pages(EFI_LOADER_DATA, PLACE, 2), 2);
}

/* More free pages than memory_take() would try, and nothing more than them is taken. */
static void a_place_amid_free_memory_is_kept_clear(void **state)
{
	const uint64_t place = fake_arena() + 8 * PAGE_SIZE, pages = 32;
	const uint8_t *there = (const uint8_t *)place;

	(void)state;
	fake_efi_reset();
	fake_memory(EFI_CONVENTIONAL_MEMORY, fake_arena(), FAKE_ARENA_PAGES, 0xf);
	poke(24, place, 8);
	poke(56, 1, 2);
	segment(0, 4096, place, 4096, pages * PAGE_SIZE);
	start();
	assert_int_equal(fake_pages(EFI_LOADER_DATA, place, pages), pages);
	assert_true(fake_pages(EFI_CONVENTIONAL_MEMORY, fake_arena(), FAKE_ARENA_PAGES) > 8);
	for (uint64_t i = 1; i < pages * PAGE_SIZE; i++)
		assert_int_equal(there[i], there[0]);
}

/* ---- Tables and protocols ---- */

static void the_device_tree_and_the_newer_rsdp_are_taken(void **state)
{
	(void)state;
	start();
	assert_int_equal(info.rsdp | info.fdt, 0);
	setup(state);
	fake_table(1, 0x111);
	fake_table(ACPI_10, 0x7000);
	start();
	assert_int_equal(info.rsdp, 0x7000);
	setup(state);
	fake_table(ACPI_10, 0x7000);
	fake_table(ACPI_20, 0x8014);
	fake_table(DEVICE_TREE, 0x9000);
	start();
	assert_int_equal(info.rsdp, 0x8014);
	assert_int_equal(info.fdt, 0x9000);
}

/* SMBIOS tables that tell of RAM from 4 to 10 GiB. */
static struct {
	char anchor[12];
	uint32_t size;
	const uint8_t *table;
} smbios = { .anchor = "_SM3_" };

static void add_smbios(void)
{
	static const uint8_t ram[33] = { 19, 31, 0, 0, 0, 0, 0x40, 0, 0xff, 0xff, 0x9f, 0 };

	smbios.table = ram;
	smbios.size = sizeof(ram);
	fake_table(SMBIOS_3, (uint64_t)&smbios);
}

static bool has_ram_at_5_gib(void)
{
	return boot_info_first_gap(&info, UINT64_C(5) << 30, 4096) != UINT64_C(5) << 30;
}

static void test_ram_that_u_boot_does_not_tell_is_found(void **state)
{
	static const uint16_t u_boot[] = u"Das U-Boot", edk[] = u"EDK II";

	(void)state;
	add_smbios();
	start(); /* a firmware without a name */
	assert_false(has_ram_at_5_gib());
	setup(state);
	add_smbios();
	fake_system.vendor = edk; /* whose map is whole */
	start();
	assert_false(has_ram_at_5_gib());
	setup(state);
	fake_system.vendor = u_boot;
	start();
	assert_false(has_ram_at_5_gib());
	setup(state);
	add_smbios();
	fake_system.vendor = u_boot;
	fake_stale = 2; /* the map is read anew, and completed anew */
	start();
	assert_true(has_ram_at_5_gib());
	assert_int_equal(info.ram[info.nr_ram - 1].base, UINT64_C(4) << 30);
	assert_int_equal(info.ram[info.nr_ram - 1].size, UINT64_C(6) << 30);
	assert_non_null(strstr(fake_said, "takes RAM above 4 GiB from SMBIOS"));
}

static struct efi_graphics_mode mode;

static void show(uint64_t size, uint32_t width, uint32_t height, uint32_t format, uint32_t line)
{
	static uint32_t screen[9];

	memset(screen, 0, sizeof(screen));
	screen[1] = width;
	screen[2] = height;
	screen[3] = format;
	screen[8] = line;
	mode.info = (void *)screen;
	mode.base = 0xc0000000;
	mode.size = size;
	fake_graphics = &mode;
	start();
}

static void a_frame_buffer_is_handed_over(void **state)
{
	for (uint32_t format = 0; format < 2; format++) {
		setup(state);
		show(4096 * 600, 800, 600, format, 1024);
		assert_int_equal(info.framebuffer.base, 0xc0000000);
		assert_int_equal(info.framebuffer.size, 4096 * 600);
		assert_int_equal(info.framebuffer.width, 800);
		assert_int_equal(info.framebuffer.height, 600);
		assert_int_equal(info.framebuffer.line_size, 4096);
	}
}

/* Never a reason not to start. */
static void a_frame_buffer_of_another_kind_is_not(void **state)
{
	static const struct {
		uint64_t size;
		uint32_t width, height, format, line;
	} wrong[] = {
		{ 4096 * 600, 800, 600, 2, 1024 }, /* bit masks */
		{ 0, 800, 600, 3, 0 },             /* no memory */
		{ 4096 * 600 - 1, 800, 600, 1, 1024 },
		{ 4096 * 600, 1025, 600, 1, 1024 },
		{ UINT64_MAX, 800, 600, 1, 1024 },
		{ UINT64_C(1) << 36, 1, 4, 1, UINT32_MAX },
		{ 4096, 1, 0x10000, 1, 0x10000 },
	};

	for (unsigned int i = 0; i < ARRAY_SIZE(wrong); i++) {
		setup(state);
		show(wrong[i].size, wrong[i].width, wrong[i].height, wrong[i].format,
		     wrong[i].line);
		assert_int_equal(info.framebuffer.size, 0);
	}
	setup(state);
	mode.info = NULL;
	fake_graphics = &mode;
	start();
	assert_int_equal(info.framebuffer.size, 0);
}

/* ---- Modules ---- */

static void files_beside_it_are_handed_over(void **state)
{
	static const char *const nodes[] = { "\\EFI\\BOOT\\BOOTX64.EFI", NULL };

	(void)state;
	fake_files_start(nodes);
	fake_file("\\EFI\\BOOT\\vmlinuz", payload_start, 8000);
	fake_file("\\EFI\\BOOT\\initrd", payload_start + 3, 7);
	start();
	assert_int_equal(info.nr_modules, 2);
	assert_string_equal(info.modules[1].name, "initrd");
	assert_int_equal(info.modules[0].size, 8000);
	assert_true(in_arena(handover->modules, 2 * sizeof(struct efi_handover_module)));
	for (unsigned int i = 0; i < 2; i++)
		assert_true(in_arena(info.modules[i].base, info.modules[i].size));
	assert_memory_equal((void *)info.modules[0].base, payload_start, 8000);
	assert_memory_equal((void *)info.modules[1].base, payload_start + 3, 7);
}

/* Files of any size: what the hypervisor itself needs was taken before. */
static void without_its_files_it_starts_all_the_same(void **state)
{
	static const char *const nodes[] = { "\\BOOTX64.EFI", NULL };

	(void)state;
	fake_files_start(nodes);
	fake_file("\\initrd", payload_start, UINT64_C(1) << 30);
	start();
	assert_int_equal(info.nr_modules, 0);
	assert_non_null(strstr(fake_said, "warning: module vmlinuz: "));
	assert_non_null(strstr(fake_said, "warning: module initrd: "));
}

/* ---- Refusing ---- */

static void a_place_that_the_firmware_keeps_is_refused(void **state)
{
	static const struct {
		uint32_t type;
		const char *says;
	} kinds[] = {
		{ EFI_RESERVED_MEMORY, "0x90000000 to 0x90001fff is the firmware's: reserved" },
		{ EFI_RUNTIME_SERVICES_CODE, "is the firmware's: runtime services code" },
		{ EFI_ACPI_RECLAIM_MEMORY, "is the firmware's: ACPI tables" },
		{ EFI_ACPI_MEMORY_NVS, "is the firmware's: ACPI NVS memory" },
		{ EFI_UNACCEPTED_MEMORY, "is the firmware's: unaccepted memory" },
		{ 0x80000000, "is the firmware's: memory of another kind" },
	};

	for (unsigned int i = 0; i < ARRAY_SIZE(kinds); i++) {
		setup(state);
		fake_retype(PLACE, kinds[i].type);
		refuse(kinds[i].says);
		assert_non_null(strstr(fake_said, "must go to 0x90000000 to 0x90004fff, but\n"));
		assert_non_null(strstr(fake_said, "to fix it: in the DTS"));
		assert_int_equal(fake_exits, 0);
	}
}

static void a_place_without_memory_is_refused(void **state)
{
	(void)state;
	fake_retype(FREE_PAGE, EFI_BOOT_SERVICES_DATA); /* not really there */
	poke(24, 0xa0000000, 8);
	for (uint32_t i = 0; i < 3; i++)
		poke(64 + i * 56 + 24, 0xa0000000 + i * UINT64_C(0x10000), 8);
	refuse("the machine has no memory at 0xa0000000\n");
	assert_int_equal(fake_exits, 0);
}

static void the_place_is_lost(void)
{
	fake_retype(PLACE, EFI_RUNTIME_SERVICES_DATA);
}

static void a_place_that_is_lost_at_the_last_moment_is_refused(void **state)
{
	(void)state;
	fake_protects = true;
	fake_stale = 1;
	fake_on_stale = the_place_is_lost;
	refuse("is the firmware's: runtime services data");
	assert_int_equal(fake_exits, 1);
}

static void a_firmware_that_never_lets_go_is_left_alone(void **state)
{
	(void)state;
	fake_stale = 1000;
	refuse("the firmware does not end its boot services");
	assert_true(fake_exits > 1 && fake_exits < 100);
}

static void a_firmware_that_tells_no_memory_is_refused(void **state)
{
	(void)state;
	fake_no_map = true;
	refuse("the firmware does not tell or give its free memory");
}

/* All amounts of memory that are too little, each of which ends somewhere else. */
static void too_little_memory_is_refused(void **state)
{
	unsigned int pages = 0;

	do {
		assert_true(++pages < FAKE_ARENA_PAGES);
		setup(state);
		fake_efi_reset();
		fake_memory(EFI_CONVENTIONAL_MEMORY, fake_arena(), pages, 0xf);
		fake_memory(EFI_BOOT_SERVICES_DATA, PLACE, PLACE_PAGES, 0xf);
		if (starts())
			break;
		assert_true(strstr(fake_said, "error: no free memory below 4 GiB") ||
			    strstr(fake_said, "does not tell or give its free memory"));
		assert_int_equal(fake_pages(EFI_CONVENTIONAL_MEMORY, fake_arena(), pages), pages);
	} while (fake_exits == 0);
	assert_true(fake_exited);
	assert_true(pages > 8); /* two maps, the hand-over, the page of code, two parts */
}

static void a_damaged_payload_is_refused(void **state)
{
	(void)state;
	payload_start[0] = 0;
	refuse("the hypervisor in this image is damaged");
	assert_int_equal(fake_exits, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(everything_is_prepared_away_from_its_place, setup),
		cmocka_unit_test_setup(the_map_is_the_last_one, setup),
		cmocka_unit_test_setup(a_stale_key_is_followed_by_a_new_map, setup),
		cmocka_unit_test_setup(messages_come_before_the_end_of_boot_services, setup),
		cmocka_unit_test_setup(a_processor_that_lacks_something_is_told, setup),
		cmocka_unit_test_setup(the_page_of_code_is_protected, setup),
		cmocka_unit_test_setup(memory_that_becomes_free_in_the_place_is_not_used, setup),
		cmocka_unit_test_setup(a_place_amid_free_memory_is_kept_clear, setup),
		cmocka_unit_test_setup(the_device_tree_and_the_newer_rsdp_are_taken, setup),
		cmocka_unit_test_setup(a_frame_buffer_is_handed_over, setup),
		cmocka_unit_test_setup(a_frame_buffer_of_another_kind_is_not, setup),
		cmocka_unit_test_setup(files_beside_it_are_handed_over, setup),
		cmocka_unit_test_setup(without_its_files_it_starts_all_the_same, setup),
		cmocka_unit_test_setup(a_place_that_the_firmware_keeps_is_refused, setup),
		cmocka_unit_test_setup(a_place_without_memory_is_refused, setup),
		cmocka_unit_test_setup(a_place_that_is_lost_at_the_last_moment_is_refused, setup),
		cmocka_unit_test_setup(a_firmware_that_never_lets_go_is_left_alone, setup),
		cmocka_unit_test_setup(a_firmware_that_tells_no_memory_is_refused, setup),
		cmocka_unit_test_setup(too_little_memory_is_refused, setup),
		cmocka_unit_test_setup(a_damaged_payload_is_refused, setup),
		cmocka_unit_test_setup(test_ram_that_u_boot_does_not_tell_is_found, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
