/* SPDX-License-Identifier: Apache-2.0 */
/* arch: loongarch */
/* sources: src/arch/loongarch/board.c src/arch/loongarch/boot_info.c src/core/board.c
 * src/arch/loongarch/processor.c src/core/boot_info.c src/core/fdt.c src/core/format.c
 * src/core/cpio.c src/core/acpi.c tests/unit/make_fdt.c tests/unit/low_memory.c */
/* flags: -include tests/unit/fake_loongarch.h */
/*
 * Which LoongArch machines are refused: those whose device tree or ACPI tables name other CPUs,
 * other RAM or other devices than the board, and processors that lack something.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "arch/loongarch/boot.h"
#include "arch/loongarch/seed.h"
#include "core/partition.h"
#include "fake_log.h"
#include "low_memory.h"
#include "make_fdt.h"

#define MIB UINT64_C(0x100000)
#define RAM (REGION_READ | REGION_WRITE | REGION_EXECUTE | REGION_RAM)

/* ---- The board ---- */

static const uint32_t cpus[] = { 0, 2 };
static const struct mem_region memory[] = {
	{ 2 * MIB, 2 * MIB, 254 * MIB, RAM, "board.dtsi:7" },
};
static const struct mem_region regions[] = {
	{ 0, 64 * MIB, 128 * MIB, RAM, "x.dts:10" },
	{ 0x30000000, 0x30000000, 0x1000, REGION_READ | REGION_WRITE | REGION_DEVICE, "x.dts:11" },
};
static const struct loongarch_window windows[] = {
	{ 0x1fe002e0, 0x100, "x.dts:12" },
};
static const struct cell_config cell_configs[] = {
	{
		.name = "linux0",
		.regions = regions,
		.nr_regions = ARRAY_SIZE(regions),
		.arch = { .windows = windows, .nr_windows = ARRAY_SIZE(windows) },
	},
};
const struct partition_table partition_table = {
	.name = "x",
	.source = "x.dts",
	.hypervisor = { .base = 2 * MIB, .size = 30 * MIB },
	.board = {
		.model = "a board",
		.source = "board.dtsi:1",
		.cpus = cpus,
		.nr_cpus = ARRAY_SIZE(cpus),
		.memory = memory,
		.nr_memory = ARRAY_SIZE(memory),
		.arch = {
			.console = { .base = 0x1fe001e0, .clock = 100000000, .baud = 115200 },
			.pch_pic = 0x10000000,
			.rtc = 0x100d0100,
			.liointc = 0x1fe01400,
			.power_off = { .address = 0x100e001c },
		},
	},
	.cells = cell_configs,
	.nr_cells = ARRAY_SIZE(cell_configs),
};

/* ---- The machine ---- */

static struct boot_info info;
static uint64_t cpuid;
static uint32_t word1, word2;
static unsigned int nr_cpus, clock_hz, rtc, megabytes;
static bool has_uart;
static unsigned int given, second_uart, liointc, power_off;

uint64_t fake_csr(unsigned int number)
{
	assert_int_equal(number, CSR_CPUID);
	return cpuid;
}

uint32_t fake_cpucfg(uint32_t word)
{
	assert_in_range(word, 1, 2);
	return word == 1 ? word1 : word2;
}

static bool seed_taken;

void seed_take(const struct fdt *fdt)
{
	seed_taken = (uint64_t)(uintptr_t)fdt->blob == info.fdt;
}

static int setup(void **state)
{
	(void)state;
	low_start();
	forget_log();
	memset(&info, 0, sizeof(info));
	info.loader = "U-Boot";
	cpuid = UINT64_C(0x12340000); /* ids have nine bits */
	word1 = CPUCFG1_ARCH_LA64 | CPUCFG1_PGMMU | CPUCFG1_IOCSR;
	word2 = CPUCFG2_LLFTP | CPUCFG2_LVZ;
	nr_cpus = 3;
	clock_hz = 100000000;
	rtc = 0x100d0100;
	megabytes = 256;
	has_uart = true;
	given = 0x30000000;
	second_uart = 0x1fe002e0;
	liointc = 0x1fe01400;
	power_off = 0x100e0000; /* the register is in the middle */
	seed_taken = false;
	return 0;
}

static void device(const char *name, const char *compatible, unsigned int base)
{
	make_node(name);
	make_string("compatible", compatible);
	make_cells("reg", 4, 0, base, 0, 0x100);
	make_end();
}

static void add_cpus(void)
{
	make_node("cpus");
	make_cells("#address-cells", 1, 1);
	make_cells("#size-cells", 1, 0);
	for (unsigned int i = 0; i < nr_cpus; i++) {
		make_node("cpu");
		make_string("device_type", "cpu");
		make_cells("reg", 1, i);
		make_end();
	}
	make_end();
}

static void make_tree(void)
{
	uint32_t size, at[2];

	make_start();
	make_node("");
	make_cells("#address-cells", 1, 2);
	make_cells("#size-cells", 1, 2);
	add_cpus();
	make_node("memory@0");
	make_string("device_type", "memory");
	make_cells("reg", 4, 0, 0, 0, megabytes << 20);
	make_end();
	device("other", "ns16550a", second_uart);
	make_node("given"); /* the second of its registers */
	make_cells("reg", 8, 0, 0x28000000, 0, 0x1000, 0, given, 0, 0x1000);
	make_end();
	device("liointc", "loongson,liointc-2.0", liointc);
	device("syscon", "syscon", power_off);
	if (has_uart) {
		make_node("serial");
		make_string("compatible", "ns16550a");
		make_cells("reg", 4, 0, 0x1fe001e0, 0, 0x100);
		make_cells("clock-frequency", 1, clock_hz);
		make_end();
	}
	device("pic", "loongson,pch-pic-1.0", 0x10000000);
	device("rtc", "loongson,ls7a-rtc", rtc);
	make_end();
	info.fdt = (uint64_t)make_finish(&size, at);
}

static void assert_refused(const char *why)
{
	assert_int_equal(board_check(&info), -ENODEV);
	assert_non_null(strstr(said, why));
	assert_non_null(strstr(said, "is not the board \"a board\" that board.dtsi:1 describes (1 "
				     "difference, listed above)\n"));
}

static void the_board_itself_is_taken(void **state)
{
	(void)state;
	make_tree();
	assert_int_equal(board_check(&info), 0);
	assert_string_equal(said, "");
	assert_true(seed_taken);
}

static void a_boot_cpu_with_another_id_is_refused(void **state)
{
	(void)state;
	cpuid = 2;
	make_tree();
	assert_refused("  boot CPU: has id 2, the board lists 0 first\n");
}

static void a_cpu_that_is_not_there_is_told(void **state)
{
	(void)state;
	nr_cpus = 2;
	make_tree();
	assert_refused("  CPU with id 2: not in this machine, which has 2 CPUs\n");
}

static void assert_no_cpu_is_there(void)
{
	assert_int_equal(board_check(&info), -ENODEV);
	assert_non_null(strstr(said, "  CPU with id 0: not in this machine, which has 0 CPUs\n"
				     "  CPU with id 2: not in this machine, which has 0 CPUs\n"));
}

static void a_tree_without_cpus_lists_none(void **state)
{
	(void)state;
	nr_cpus = 0;
	make_tree();
	assert_no_cpu_is_there();
}

static void memory_that_is_not_there_is_told(void **state)
{
	(void)state;
	megabytes = 100;
	make_tree();
	assert_refused("  RAM 0x4000000 to 0xbffffff (linux0, x.dts:10): the machine has no usable "
		       "RAM at 0x6400000\n");
	assert_non_null(strstr(said, "    0x0 to 0x63fffff\n"));
}

static void the_firmwares_map_has_the_last_word(void **state)
{
	(void)state;
	boot_info_add_ram(&info, 0, 150 * MIB);
	make_tree();
	assert_refused("RAM at 0x9600000\n");
}

static void devices_elsewhere_are_told(void **state)
{
	(void)state;
	rtc = 0x100d8000;
	make_tree();
	assert_refused("  RTC at 0x100d0100: the machine has it at 0x100d8000\n");
}

static void the_console_must_be_there(void **state)
{
	(void)state;
	has_uart = false;
	make_tree();
	assert_refused("  console's UART at 0x1fe001e0: the machine has it at 0x1fe002e0\n");
}

static void the_consoles_clock_is_compared(void **state)
{
	(void)state;
	clock_hz = 50000000;
	make_tree();
	assert_refused("  console's UART: its clock has 50000000 Hz, the board says 100000000\n");
}

static void the_other_interrupt_controller_must_be_there(void **state)
{
	(void)state;
	liointc = 0x1fe01500;
	make_tree();
	assert_refused("  LIOINTC at 0x1fe01400: there is none\n");
}

static void the_register_that_switches_off_must_be_there(void **state)
{
	(void)state;
	power_off = 0x100e001c - 0x100; /* it ends there */
	make_tree();
	assert_refused("  power-off register at 0x100e001c: there is none\n");
}

static void devices_of_cells_that_are_not_there_are_told(void **state)
{
	(void)state;
	given = 0x30001000;
	second_uart = 0x1fe003e0;
	make_tree();
	assert_int_equal(board_check(&info), 0);
	assert_string_equal(said,
			    "warning: the device tree has nothing at 0x1fe002e0, a device for a "
			    "cell (x.dts:12)\n"
			    "warning: the device tree has nothing at 0x30000000, a device for a "
			    "cell (x.dts:11)\n");
}

static void a_damaged_tree_is_refused(void **state)
{
	(void)state;
	boot_info_add_ram(&info, 0, 256 * MIB);
	make_tree();
	*(uint8_t *)info.fdt ^= 1;
	assert_refused("damaged, or none\n");
	assert_false(seed_taken);
}

static void without_a_tree_memory_alone_is_compared(void **state)
{
	(void)state;
	boot_info_add_ram(&info, 0, 256 * MIB);
	assert_int_equal(board_check(&info), 0);
	assert_string_equal(said, "warning: U-Boot brings no device tree: the board's CPUs and "
				  "devices are not compared with the machine\n");
}

/* ---- ACPI tables, where firmware brings no tree: ACPI 6.5, 5.2.5 to 5.2.12 ---- */

#define MADT_FIRST 44u
#define CORE_PIC 15u

static uint8_t *madt;
static uint32_t madt_size = MADT_FIRST;

static void sum_up(uint8_t *table, uint32_t size, uint32_t at)
{
	table[at] = 0;
	for (uint32_t i = 0; i < size; i++)
		table[at] = (uint8_t)(table[at] - (i == at ? 0 : table[i]));
}

static uint8_t *start_table(const char *signature, uint32_t size)
{
	uint8_t *table = low_object(size);

	memcpy(table, signature, 4);
	memcpy(table + 4, &size, 4);
	return table;
}

/* An entry for each of CPUs 0 to @n - 1, and one that is disabled; another kind in between. */
static void make_tables(unsigned int n)
{
	uint8_t *rsdp = low_object(36), *xsdt = start_table("XSDT", 36 + 8), *entry;
	uint64_t at = low_address(xsdt);

	madt_size = MADT_FIRST + 13 + (n + 1) * CORE_PIC;
	madt = start_table("APIC", madt_size);
	madt[MADT_FIRST] = 21; /* MSI of a bridge */
	madt[MADT_FIRST + 1] = 13;
	for (unsigned int i = 0; i <= n; i++) {
		entry = madt + MADT_FIRST + 13 + (size_t)i * CORE_PIC;
		entry[0] = 17;
		entry[1] = CORE_PIC;
		entry[2] = 1;
		entry[3] = (uint8_t)(100 + i); /* the ACPI processor id is another number */
		entry[7] = (uint8_t)i;
		entry[11] = i < n;
	}
	sum_up(madt, madt_size, 9);
	memcpy(rsdp, "RSD PTR ", 8);
	rsdp[15] = 2;
	rsdp[20] = 36;
	memcpy(rsdp + 24, &at, 8);
	sum_up(rsdp, 20, 8);
	at = low_address(madt);
	memcpy(xsdt + 36, &at, 8);
	sum_up(xsdt, 36 + 8, 9);
	info.rsdp = low_address(rsdp);
	boot_info_add_ram(&info, 0, 256 * MIB);
}

static void without_a_tree_acpi_lists_the_cpus(void **state)
{
	(void)state;
	make_tables(3);
	assert_int_equal(board_check(&info), 0);
	assert_string_equal(said, "warning: U-Boot brings no device tree: the board's devices are "
				  "not compared with the machine\n");
}

static void a_cpu_that_acpi_does_not_list_is_told(void **state)
{
	(void)state;
	make_tables(2); /* and 2 is disabled */
	assert_refused("  CPU with id 2: not in this machine, which has 2 CPUs\n");
}

static void acpi_tables_without_cpus_list_none(void **state)
{
	(void)state;
	make_tables(0);
	assert_no_cpu_is_there();
}

static void a_boot_cpu_is_compared_without_a_tree_too(void **state)
{
	(void)state;
	cpuid = 1;
	make_tables(3);
	assert_refused("  boot CPU: has id 1, the board lists 0 first\n");
}

/* Whatever bit of the table is another: it is not believed. */
static void a_damaged_list_is_refused(void **state)
{
	static const uint32_t lengths[] = { 0, 35, MADT_FIRST, 0x100001, UINT32_MAX };

	for (uint32_t i = 0; i < madt_size; i++) {
		if (i - 4 < 4)
			continue;
		(void)setup(state);
		make_tables(3);
		madt[i] ^= 4;
		assert_refused("  CPUs: the machine has no sound ACPI table that lists them\n");
	}
	for (unsigned int i = 0; i < ARRAY_SIZE(lengths); i++) {
		(void)setup(state);
		make_tables(3);
		memcpy(madt + 4, &lengths[i], 4);
		assert_refused("  CPUs: the machine has no sound ACPI table that lists them\n");
	}
	(void)setup(state);
	make_tables(3);
	*(uint8_t *)info.rsdp ^= 1;
	assert_refused("no sound ACPI table");
	(void)setup(state);
	make_tables(3);
	info.rsdp = BOOT_LIMIT;
	assert_refused("no sound ACPI table");
}

/* Its length and checksum say that it ends within an entry: that CPU does not count. */
static void an_entry_that_is_cut_off_does_not_count(void **state)
{
	for (uint32_t cut = 1; cut <= CORE_PIC; cut++) {
		uint32_t size;

		(void)setup(state);
		make_tables(3);
		size = madt_size - CORE_PIC - cut;
		memcpy(madt + 4, &size, 4);
		sum_up(madt, size, 9);
		assert_refused("  CPU with id 2: not in this machine, which has 2 CPUs\n");
	}
	(void)setup(state);
	make_tables(3);
	madt[MADT_FIRST + 13 + 2 * CORE_PIC + 1] = CORE_PIC - 1; /* too short for its type */
	sum_up(madt, madt_size, 9);
	assert_refused("  CPU with id 2: not in this machine, which has 2 CPUs\n");
}

static void processors_that_lack_something_are_refused(void **state)
{
	static const struct {
		uint32_t word1, word2;
		const char *says;
	} lacking[] = {
		{ CPUCFG1_ARCH_MASK, 0, "lacks LA64\n" },
		{ CPUCFG1_PGMMU, 0, "lacks a page-mapping MMU\n" },
		{ CPUCFG1_IOCSR, 0, "lacks IOCSR\n" },
		{ 0, CPUCFG2_LLFTP, "lacks the stable counter\n" },
		{ 0, CPUCFG2_LVZ,
		  "lacks the virtualization extension LVZ (CPUCFG word 2 is 0x00004000, bit 10 is "
		  "0)\n" },
	};

	for (unsigned int i = 0; i < ARRAY_SIZE(lacking); i++) {
		(void)setup(state);
		word1 &= ~lacking[i].word1;
		word2 &= ~lacking[i].word2;
		make_tree();
		assert_refused(lacking[i].says);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(the_board_itself_is_taken, setup),
		cmocka_unit_test_setup(a_boot_cpu_with_another_id_is_refused, setup),
		cmocka_unit_test_setup(a_cpu_that_is_not_there_is_told, setup),
		cmocka_unit_test_setup(a_tree_without_cpus_lists_none, setup),
		cmocka_unit_test_setup(memory_that_is_not_there_is_told, setup),
		cmocka_unit_test_setup(the_firmwares_map_has_the_last_word, setup),
		cmocka_unit_test_setup(devices_elsewhere_are_told, setup),
		cmocka_unit_test_setup(the_console_must_be_there, setup),
		cmocka_unit_test_setup(the_consoles_clock_is_compared, setup),
		cmocka_unit_test_setup(the_other_interrupt_controller_must_be_there, setup),
		cmocka_unit_test_setup(the_register_that_switches_off_must_be_there, setup),
		cmocka_unit_test_setup(devices_of_cells_that_are_not_there_are_told, setup),
		cmocka_unit_test_setup(a_damaged_tree_is_refused, setup),
		cmocka_unit_test_setup(without_a_tree_memory_alone_is_compared, setup),
		cmocka_unit_test_setup(without_a_tree_acpi_lists_the_cpus, setup),
		cmocka_unit_test_setup(a_cpu_that_acpi_does_not_list_is_told, setup),
		cmocka_unit_test_setup(acpi_tables_without_cpus_list_none, setup),
		cmocka_unit_test_setup(a_boot_cpu_is_compared_without_a_tree_too, setup),
		cmocka_unit_test_setup(a_damaged_list_is_refused, setup),
		cmocka_unit_test_setup(an_entry_that_is_cut_off_does_not_count, setup),
		cmocka_unit_test_setup(processors_that_lack_something_are_refused, setup),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
