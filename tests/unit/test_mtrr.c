/* SPDX-License-Identifier: Apache-2.0 */
/* sources: src/arch/x86/mtrr.c src/arch/x86/mtrr_plan.c */
/* flags: -Isrc/arch/x86 -include tests/unit/fake_x86.h -include tests/unit/fake_mtrr.h */
/*
 * When the processor's MTRRs are changed, to what, and in which order. The processor is made of
 * variables; it fails a test that changes MTRRs while they are in use or memory is cached.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "arch/x86/mtrr.h"
#include "core/partition.h"
#include "fake_log.h"

#define MIB UINT64_C(0x100000)
#define GIB UINT64_C(0x40000000)
#define RAM (REGION_READ | REGION_WRITE | REGION_EXECUTE | REGION_RAM)
#define DEVICE (REGION_READ | REGION_WRITE | REGION_DEVICE)

#define MSR_SYSCFG 0xc0010010
#define MSR_TOM2 0xc001001d
#define AMD 0x68747541u
#define INTEL 0x756e6547u
#define ENABLED (MTRR_DEFAULT_ENABLED | MTRR_DEFAULT_FIXED)

/* ---- The table ---- */

static const struct mem_region memory[] = {
	{ MIB, MIB, 3 * GIB - MIB, RAM, "board.dtsi:7" },
	{ 4 * GIB, 4 * GIB, 4 * GIB, RAM, "board.dtsi:7" },
};
static const struct mem_region regions0[] = {
	{ 0, 32 * MIB, 0xa0000, RAM, "x.dts:10" },
	{ MIB, 33 * MIB, 31 * MIB, RAM, "x.dts:10" },
	{ 0xfe000000, 0xfe000000, PAGE_SIZE, DEVICE, "board.dtsi:30" },
};
static const struct mem_region regions1[] = {
	{ 0, 4 * GIB + 512 * MIB, 512 * MIB, RAM, "x.dts:20" },
};
static const struct cell_config cell_configs[] = {
	{ .name = "linux0", .regions = regions0, .nr_regions = ARRAY_SIZE(regions0) },
	{ .name = "linux1", .regions = regions1, .nr_regions = ARRAY_SIZE(regions1) },
};
/* Not const here: some tests have fewer cells. */
struct partition_table writable_table __asm__("partition_table") = {
	.hypervisor = { .base = 16 * MIB, .size = 16 * MIB },
	.board = { .memory = memory, .nr_memory = ARRAY_SIZE(memory) },
	.cells = cell_configs,
	.nr_cells = ARRAY_SIZE(cell_configs),
};

static const struct boot_info info = {
	.ram = {
		{ 0, 0x9f800 },
		{ MIB, 15 * MIB },
		{ 16 * MIB + 0x800, 2 * GIB - 16 * MIB - 0x1000 },
		{ 4 * GIB, 2 * GIB },
	},
	.nr_ram = 4,
};

/* ---- The processor ---- */

struct registers {
	uint64_t default_type, fixed[NR_FIXED_MTRRS], variable[16];
};

static struct registers msrs;
static uint64_t capabilities, syscfg, tom2, cr0, cr4;
static uint32_t vendor, features;
static bool flushed; /* caches and TLBs hold nothing of old types */
static unsigned int nr_writes;

struct cpuid_regs cpuid(uint32_t leaf, uint32_t subleaf)
{
	struct cpuid_regs regs = { .eax = 0 };

	assert_int_equal(subleaf, 0);
	if (leaf == 0)
		regs.ebx = vendor;
	else if (leaf == 1)
		regs.edx = features;
	else if (leaf == 0x80000008)
		regs.eax = 0x3028; /* 40 bits */
	else
		fail();
	return regs;
}

static uint64_t *find(uint32_t msr)
{
	static const uint32_t fixed[NR_FIXED_MTRRS] = { 0x250, 0x258, 0x259, 0x268, 0x269, 0x26a,
							0x26b, 0x26c, 0x26d, 0x26e, 0x26f };

	if (msr == MSR_MTRR_DEFAULT)
		return &msrs.default_type;
	if (msr >= 0x200 && msr < 0x200 + 2 * (capabilities & MTRR_CAP_COUNT))
		return &msrs.variable[msr - 0x200];
	for (unsigned int i = 0; i < NR_FIXED_MTRRS; i++)
		if (msr == fixed[i] && (capabilities & MTRR_CAP_FIXED))
			return &msrs.fixed[i];
	fail_msg("there is no MSR 0x%x: #GP", msr);
	return NULL;
}

uint64_t rdmsr(uint32_t msr)
{
	assert_true(features & BIT(12));
	if (msr == MSR_MTRR_CAP)
		return capabilities;
	if (vendor == AMD && msr == MSR_SYSCFG)
		return syscfg;
	if (vendor == AMD && msr == MSR_TOM2)
		return tom2;
	return *find(msr);
}

void wrmsr(uint32_t msr, uint64_t value)
{
	nr_writes++;
	assert_int_equal(cr0 & (CR0_CD | CR0_NW), CR0_CD);
	assert_false(cr4 & CR4_PGE);
	if (msr == MSR_MTRR_DEFAULT) {
		assert_true(flushed);
		flushed = !(value & MTRR_DEFAULT_ENABLED);
	} else {
		assert_false(msrs.default_type & MTRR_DEFAULT_ENABLED);
	}
	*find(msr) = value;
}

uint64_t rdtsc(void)
{
	return 0;
}

static bool caches_empty;

uint64_t fake_read_cr(unsigned int number)
{
	return number == 0 ? cr0 : number == 4 ? cr4 : 0x5000;
}

void fake_write_cr(unsigned int number, uint64_t value)
{
	if (number == 0) {
		/* Caching comes back only with nothing of the old types. */
		assert_true((value & CR0_CD) || flushed);
		cr0 = value;
	} else if (number == 4) {
		cr4 = value;
	} else {
		assert_int_equal(value, 0x5000);
		assert_false(cr4 & CR4_PGE); /* else global entries stay */
		flushed = caches_empty;
	}
}

void fake_wbinvd(void)
{
	assert_int_equal(cr0 & (CR0_CD | CR0_NW), CR0_CD);
	caches_empty = true;
}

static void set(unsigned int i, uint64_t base, uint64_t size, unsigned int type)
{
	msrs.variable[2 * i] = base | type;
	msrs.variable[2 * i + 1] = (~(size - 1) & ((UINT64_C(1) << 40) - 1)) | MTRR_MASK_VALID;
}

/* A processor of Intel's, whose firmware leaves RAM uncached: the boot ROM alone is not. */
static int setup(void **state)
{
	(void)state;
	memset(&msrs, 0, sizeof(msrs));
	memset(msrs.fixed, 6, sizeof(msrs.fixed));
	msrs.default_type = ENABLED;
	set(0, 0xffe00000, 2 * MIB, MTRR_WRITE_BACK);
	capabilities = MTRR_CAP_WC | MTRR_CAP_FIXED | 8;
	vendor = INTEL;
	features = BIT(12);
	syscfg = tom2 = 0;
	cr0 = 0x80010011;
	cr4 = CR4_PAE | CR4_PGE;
	flushed = caches_empty = false;
	nr_writes = 0;
	forget_log();
	writable_table.nr_cells = 2;
	return 0;
}

static void assert_settled(void)
{
	assert_int_equal(cr0, 0x80010011);
	assert_int_equal(cr4, CR4_PAE | CR4_PGE);
	assert_int_equal(msrs.default_type & MTRR_DEFAULT_ENABLED, MTRR_DEFAULT_ENABLED);
}

/* ---- The boot CPU ---- */

static void test_uncached_ram_is_made_write_back(void **state)
{
	(void)state;
	mtrr_init(&info);
	assert_settled();
	assert_int_equal(msrs.default_type, ENABLED | MTRR_UNCACHEABLE);
	/* All that the machine has from 0 on, of the board's RAM. */
	assert_int_equal(msrs.variable[0], 0 | MTRR_WRITE_BACK);
	assert_int_equal(msrs.variable[1], 0xffc0000800);
	assert_int_equal(msrs.variable[2], 4 * GIB | MTRR_WRITE_BACK);
	assert_int_equal(msrs.variable[3], 0xff80000800);
	for (unsigned int i = 4; i < 16; i++)
		assert_int_equal(msrs.variable[i], 0);
	assert_string_equal(said,
			    "the firmware's MTRRs leave RAM at 0x1000000 uncached; set anew on all "
			    "CPUs, all else uncacheable:\n"
			    "  write-back: 0x0 to 0x3fffffff\n"
			    "  write-back: 0x100000000 to 0x17fffffff\n");
}

static void test_ranges_that_serve_are_left_alone(void **state)
{
	(void)state;
	/* Write-back by default, with a hole for devices: the usual firmware. */
	msrs.default_type |= MTRR_WRITE_BACK;
	set(0, 3 * GIB, GIB, MTRR_UNCACHEABLE);
	mtrr_init(&info);
	assert_int_equal(nr_writes, 0);
	assert_string_equal(said, "");
}

static void test_ram_that_nothing_uses_may_be_uncached(void **state)
{
	(void)state;
	set(0, 16 * MIB, 16 * MIB, MTRR_WRITE_BACK);
	set(1, 32 * MIB, 32 * MIB, MTRR_WRITE_BACK);
	set(2, 4 * GIB + 512 * MIB, 512 * MIB, MTRR_WRITE_BACK);
	mtrr_init(&info);
	assert_int_equal(nr_writes, 0);
}

static void test_a_cells_uncached_ram_is_enough(void **state)
{
	(void)state;
	set(0, 0, 2 * GIB, MTRR_WRITE_BACK);
	mtrr_init(&info);
	assert_settled();
	assert_non_null(strstr(said, "leave RAM at 0x120000000 uncached"));
	assert_int_equal(msrs.variable[2], 4 * GIB | MTRR_WRITE_BACK);
}

static void test_write_through_is_not_write_back(void **state)
{
	(void)state;
	msrs.default_type |= MTRR_WRITE_BACK;
	set(0, 40 * MIB, PAGE_SIZE, MTRR_WRITE_THROUGH);
	mtrr_init(&info);
	assert_non_null(strstr(said, "leave RAM at 0x2800000 uncached"));
	assert_settled();
}

static void test_registers_that_are_off_are_switched_on(void **state)
{
	(void)state;
	writable_table.nr_cells = 1;
	msrs.default_type = MTRR_WRITE_BACK;
	mtrr_init(&info);
	assert_settled();
	/* The fixed ranges stay off, as nobody knows what is in them; so what is below the
	 * hypervisor, the first MiB too, is carved out. */
	assert_int_equal(msrs.default_type, MTRR_DEFAULT_ENABLED);
	assert_int_equal(msrs.variable[0], 0 | MTRR_WRITE_BACK);
	assert_int_equal(msrs.variable[2], 0 | MTRR_UNCACHEABLE);
	assert_int_equal(msrs.variable[3], 0xffff000800);
}

static void test_ram_that_the_machine_lacks_stays_uncacheable(void **state)
{
	static const struct boot_info less = {
		.ram = { { 0, 0x9f800 }, { MIB, 66 * MIB } }, /* to 67 MiB, the board says 3 GiB */
		.nr_ram = 2,
	};

	(void)state;
	writable_table.nr_cells = 1;
	mtrr_init(&less);
	assert_int_equal(msrs.variable[0], 0 | MTRR_WRITE_BACK);
	assert_int_equal(msrs.variable[1], 0xfffc000800); /* 64 MiB */
	assert_int_equal(msrs.variable[3], 0);
}

static void test_too_few_ranges_are_told(void **state)
{
	(void)state;
	capabilities = MTRR_CAP_FIXED | 1;
	mtrr_init(&info);
	assert_settled();
	assert_int_equal(msrs.variable[0], 0 | MTRR_WRITE_BACK);
	assert_non_null(strstr(said, "  write-back: 0x0 to 0x3fffffff\n"
				     "  RAM from 0x100000000 on stays uncached, and slow: it takes "
				     "2 MTRRs, the processor has 1\n"));
}

static void test_a_processor_without_mtrrs_is_left_alone(void **state)
{
	(void)state;
	features = 0;
	mtrr_init(&info);
	mtrr_init_ap();
	mtrr_report();
	assert_string_equal(said, "");
}

static void test_a_processor_without_fixed_ranges(void **state)
{
	(void)state;
	capabilities = 8;
	msrs.default_type = MTRR_DEFAULT_ENABLED;
	mtrr_init(&info);
	assert_settled();
}

static void test_amds_top_of_memory_counts(void **state)
{
	(void)state;
	vendor = AMD;
	set(0, 0, 2 * GIB, MTRR_WRITE_BACK);
	syscfg = BIT(21) | BIT(22);
	tom2 = 6 * GIB;
	mtrr_init(&info);
	assert_int_equal(nr_writes, 0);
	syscfg = BIT(21); /* it is there, and not write-back */
	mtrr_init(&info);
	assert_non_null(strstr(said, "leave RAM at 0x120000000 uncached"));
}

/* ---- The others ---- */

static void test_another_cpu_gets_what_the_boot_cpu_has(void **state)
{
	struct registers of_boot_cpu;

	(void)state;
	mtrr_init(&info);
	of_boot_cpu = msrs;
	memset(&msrs, 0, sizeof(msrs)); /* as at a reset */
	flushed = caches_empty = false;
	mtrr_init_ap();
	assert_settled();
	assert_memory_equal(&msrs, &of_boot_cpu, sizeof(msrs));

	nr_writes = 0;
	mtrr_init_ap(); /* one that has it */
	assert_int_equal(nr_writes, 0);

	msrs.fixed[10] = 0;
	flushed = caches_empty = false;
	mtrr_init_ap(); /* and one that differs in one register only */
	assert_memory_equal(&msrs, &of_boot_cpu, sizeof(msrs));
	forget_log();
	mtrr_report();
	assert_string_equal(said,
			    "2 CPUs had other MTRRs than the boot CPU; now all have the same\n");
}

static void test_it_does_so_when_the_firmwares_ranges_serve(void **state)
{
	(void)state;
	msrs.default_type |= MTRR_WRITE_BACK;
	mtrr_init(&info);
	assert_int_equal(nr_writes, 0);
	msrs.variable[5] = 0x800;
	mtrr_init_ap();
	assert_settled();
	assert_int_equal(msrs.variable[5], 0);
	assert_int_equal(msrs.default_type, ENABLED | MTRR_WRITE_BACK);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_uncached_ram_is_made_write_back, setup),
		cmocka_unit_test_setup(test_ranges_that_serve_are_left_alone, setup),
		cmocka_unit_test_setup(test_ram_that_nothing_uses_may_be_uncached, setup),
		cmocka_unit_test_setup(test_a_cells_uncached_ram_is_enough, setup),
		cmocka_unit_test_setup(test_write_through_is_not_write_back, setup),
		cmocka_unit_test_setup(test_registers_that_are_off_are_switched_on, setup),
		cmocka_unit_test_setup(test_ram_that_the_machine_lacks_stays_uncacheable, setup),
		cmocka_unit_test_setup(test_too_few_ranges_are_told, setup),
		cmocka_unit_test_setup(test_a_processor_without_mtrrs_is_left_alone, setup),
		cmocka_unit_test_setup(test_a_processor_without_fixed_ranges, setup),
		cmocka_unit_test_setup(test_amds_top_of_memory_counts, setup),
		cmocka_unit_test_setup(test_another_cpu_gets_what_the_boot_cpu_has, setup),
		cmocka_unit_test_setup(test_it_does_so_when_the_firmwares_ranges_serve, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
