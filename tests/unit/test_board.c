/* SPDX-License-Identifier: Apache-2.0 */
/* sources: src/arch/x86/board.c src/core/board.c src/core/boot_info.c src/arch/x86/processor.c */
/* flags: -include tests/unit/fake_x86.h */
/*
 * Which machines are refused: those without RAM where something is, those whose CPUs are others,
 * and processors that lack something. What the machine has is chosen here.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "arch/x86/acpi.h"
#include "arch/x86/boot.h"
#include "arch/x86/svm/svm.h"
#include "arch/x86/vmx/vmx.h"
#include "core/partition.h"
#include "fake_log.h"

#define MIB UINT64_C(0x100000)
#define RAM (REGION_READ | REGION_WRITE | REGION_EXECUTE | REGION_RAM)
#define DEVICE (REGION_READ | REGION_WRITE | REGION_DEVICE)

/* ---- The board ---- */

static const uint32_t cpus[] = { 0, 2 };
static const struct mem_region memory[] = {
	{ MIB, MIB, 127 * MIB, RAM, "board.dtsi:7" },
};
static const struct mem_region regions0[] = {
	{ 0, 32 * MIB, 0xa0000, RAM, "x.dts:10" },
	{ 0xc0000, 32 * MIB + 0xc0000, 0x40000, REGION_READ | REGION_RAM, "x.dts:10" },
	{ MIB, 33 * MIB, 31 * MIB, RAM, "x.dts:10" },
	{ 0xe0000000, 0xe0000000, PAGE_SIZE, DEVICE, "board.dtsi:30" },
};
static const struct mem_region regions1[] = {
	{ 0, 64 * MIB, 16 * MIB, RAM, "x.dts:20" },
};
static const struct cell_config cell_configs[] = {
	{ .name = "linux0", .regions = regions0, .nr_regions = ARRAY_SIZE(regions0) },
	{ .name = "linux1", .regions = regions1, .nr_regions = ARRAY_SIZE(regions1) },
};
const struct partition_table partition_table = {
	.name = "x",
	.source = "x.dts",
	.hypervisor = { .base = 16 * MIB, .size = 16 * MIB },
	.board = {
		.model = "a board",
		.source = "board.dtsi:1",
		.cpus = cpus,
		.nr_cpus = ARRAY_SIZE(cpus),
		.memory = memory,
		.nr_memory = ARRAY_SIZE(memory),
	},
	.cells = cell_configs,
	.nr_cells = ARRAY_SIZE(cell_configs),
};

/* ---- The machine ---- */

static struct boot_info info;
static uint32_t found_ids[4];
static int nr_found;
static bool has_svm, has_vmx;
static const char *lacking;
static uint32_t features, extended_features, boot_id;

struct cpuid_regs cpuid(uint32_t leaf, uint32_t subleaf)
{
	struct cpuid_regs regs = { .eax = 0 };

	assert_int_equal(subleaf, 0);
	if (leaf == 1) {
		regs.ebx = boot_id << 24;
		regs.ecx = features;
	}
	if (leaf == 0x80000001)
		regs.edx = extended_features;
	return regs;
}

uint64_t rdmsr(uint32_t msr)
{
	fail_msg("reads MSR 0x%x", msr);
	return 0;
}

void wrmsr(uint32_t msr, uint64_t value)
{
	fail_msg("writes 0x%lx to MSR 0x%x", (unsigned long)value, msr);
}

uint64_t rdtsc(void)
{
	return 0;
}

int acpi_read_cpus(uint64_t rsdp, uint32_t *ids, unsigned int max)
{
	assert_int_equal(rsdp, info.rsdp);
	for (unsigned int i = 0; i < max && (int)i < nr_found; i++)
		ids[i] = found_ids[i];
	return nr_found;
}

unsigned int board_check_devices(void)
{
	return 0;
}

bool svm_present(void)
{
	return has_svm;
}

const char *svm_missing(void)
{
	return lacking;
}

bool vmx_present(void)
{
	return has_vmx;
}

const char *vmx_choose_controls(struct vmx_controls *controls)
{
	(void)controls;
	return lacking;
}

static void ram(uint64_t base, uint64_t size)
{
	info.ram[info.nr_ram++] = (struct boot_range){ base, size };
}

/* The very board. */
static int setup(void **state)
{
	(void)state;
	memset(&info, 0, sizeof(info));
	info.rsdp = 0xf5a40;
	ram(0, 0xa0000);
	ram(MIB, 127 * MIB);
	nr_found = 2;
	found_ids[0] = 2; /* in any order */
	found_ids[1] = 0;
	has_svm = true;
	has_vmx = false;
	lacking = NULL;
	features = 1u << 21 | 1u << 26;
	extended_features = 1u << 20;
	boot_id = 0;
	forget_log();
	return 0;
}

/* RAM from 1 MiB on but for [gap, gap + size). */
static void ram_but_for(uint64_t gap, uint64_t size)
{
	info.nr_ram = 1;
	ram(MIB, gap - MIB);
	ram(gap + size, 128 * MIB - gap - size);
	forget_log();
}

static void assert_refused(const char *why)
{
	assert_int_equal(board_check(&info), -ENODEV);
	if (!strstr(said, why))
		fail_msg("\"%s\" is not in: %s", why, said);
	assert_non_null(
		strstr(said, "this machine is not the board \"a board\" that board.dtsi:1"));
}

/* ---- Memory ---- */

static void the_very_board_is_accepted_in_silence(void **state)
{
	(void)state;
	assert_int_equal(board_check(&info), 0);
	assert_string_equal(said, "");
}

static void missing_ram_under_a_cell_is_refused(void **state)
{
	(void)state;
	ram_but_for(40 * MIB, PAGE_SIZE);
	assert_refused("RAM 0x2100000 to 0x3ffffff (linux0, x.dts:10): the machine has no usable "
		       "RAM at 0x2800000\n");
	assert_non_null(strstr(said, "(1 difference,"));
	assert_non_null(strstr(said, "usable RAM:\n    0x0 to 0x9ffff\n    0x100000 to 0x27fffff\n"
				     "    0x2801000 to 0x7ffffff\n"));
	ram_but_for(80 * MIB - PAGE_SIZE, PAGE_SIZE);
	assert_refused("(linux1, x.dts:20): the machine has no usable RAM at 0x4fff000");
	ram_but_for(32 * MIB + 0xc0000, 1);
	assert_refused("(linux0, x.dts:10): the machine has no usable RAM at 0x20c0000");
}

static void a_cell_is_named_once_and_every_cell_is(void **state)
{
	const char *first;

	(void)state;
	info.nr_ram = 1;
	ram(MIB, 31 * MIB);
	assert_refused("(2 differences,");
	first = strstr(said, "(linux0");
	assert_non_null(first);
	assert_null(strstr(first + 1, "(linux0"));
	assert_non_null(strstr(said, "(linux1"));
}

static void missing_ram_under_the_hypervisor_is_refused(void **state)
{
	(void)state;
	ram_but_for(32 * MIB - PAGE_SIZE, PAGE_SIZE);
	assert_refused("RAM 0x1000000 to 0x1ffffff (the hypervisor, x.dts): the machine has no "
		       "usable RAM at 0x1fff000");
}

static void missing_ram_where_cpus_start_is_refused(void **state)
{
	(void)state;
	info.ram[0].size = 0x8fff;
	assert_refused("RAM 0x8000 to 0x8fff (where CPUs start, board.dtsi:1): the machine has no "
		       "usable RAM at 0x8fff");
}

/* UEFI firmware keeps pieces here and there; the hole of a PC within a cell's memory is unused. */
static void missing_ram_that_nobody_uses_is_only_told(void **state)
{
	(void)state;
	ram_but_for(8 * MIB, MIB);
	assert_int_equal(board_check(&info), 0);
	assert_string_equal(said, "of the board's RAM 0x100000 to 0x7ffffff (board.dtsi:7), "
				  "0x800000 is not usable; nothing here uses it\n");
	ram_but_for(80 * MIB, 48 * MIB);
	assert_int_equal(board_check(&info), 0);
	ram_but_for(32 * MIB + 0xa0000, 0x20000);
	assert_int_equal(board_check(&info), 0);
}

/* ---- CPUs and processor ---- */

static void other_cpus_are_refused(void **state)
{
	(void)state;
	found_ids[0] = 1;
	assert_refused("CPU with APIC id 2: not in this machine, which has 2 CPUs");
	setup(state);
	nr_found = -ENOENT;
	assert_refused("no sound ACPI table that lists them");
	setup(state);
	boot_id = 2;
	assert_refused("boot CPU: has APIC id 2, the board lists 0 first");
}

static void a_processor_without_what_is_needed_is_refused(void **state)
{
	(void)state;
	features = 1u << 26;
	assert_refused("lacks x2APIC");
	setup(state);
	features = 1u << 21;
	assert_refused("lacks XSAVE");
	setup(state);
	extended_features = 0;
	assert_refused("lacks no-execute pages");
	setup(state);
	has_svm = false;
	assert_refused("lacks a virtualisation extension");
	setup(state);
	lacking = "wheels";
	assert_refused("lacks wheels");
	has_svm = false;
	has_vmx = true;
	lacking = "wings";
	assert_refused("lacks wings");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(the_very_board_is_accepted_in_silence, setup),
		cmocka_unit_test_setup(missing_ram_under_a_cell_is_refused, setup),
		cmocka_unit_test_setup(a_cell_is_named_once_and_every_cell_is, setup),
		cmocka_unit_test_setup(missing_ram_under_the_hypervisor_is_refused, setup),
		cmocka_unit_test_setup(missing_ram_where_cpus_start_is_refused, setup),
		cmocka_unit_test_setup(missing_ram_that_nobody_uses_is_only_told, setup),
		cmocka_unit_test_setup(other_cpus_are_refused, setup),
		cmocka_unit_test_setup(a_processor_without_what_is_needed_is_refused, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
