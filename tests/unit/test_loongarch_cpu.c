/* SPDX-License-Identifier: Apache-2.0 */
/* sources: src/arch/loongarch/processor.c src/core/format.c */
/* arch: loongarch */
/* flags: -include tests/unit/fake_loongarch.h */
/* What a CPU is refused for, in which words, and what is set up on one that is not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "arch/loongarch/arch_vcpu.h"
#include "core/cell.h"
#include "core/console.h"
#include "core/log.h"
#include "core/partition.h"

/* In place of cpu.h, as far as cpu.c needs it */
#define __ASSEMBLER__
#include "arch/loongarch/cpu.h"
#undef __ASSEMBLER__

struct cpu {
	unsigned int index;
	struct vcpu *vcpu;
	struct arch_vcpu guest;
};

bool cpu_check(void);
uint64_t cpu_units(void);
void cpu_init_exceptions(void);
void cpu_init(void);
void cpu_exception(const uint64_t *frame, bool machine_error) __attribute__((noreturn));

static const char exception_entry[1], refill_entry[1], machine_error_entry[1];
static struct cpu block = { .index = 3 };

static struct cpu *this_cpu(void)
{
	return &block;
}

/* ---- A processor with LVZ, parts of which may be missing ---- */

#define CELLS 2
#define GID_BITS 8
#define LA464_WORD_1 0x03f2f2fe
#define LA464_WORD_2 0x006008c3 /* FP, LSX, LASX, LVZ version 1; see setup() */
#define GCFG_CAPABILITIES (0x7u | 0x70000u | 0x5540u)

static uint64_t csrs[0x400], writable[0x400];
static uint32_t words[3];
static unsigned int flushes;

uint64_t fake_csr(unsigned int number)
{
	assert_in_range(number, 0, ARRAY_SIZE(csrs) - 1);
	return csrs[number];
}

uint32_t fake_cpucfg(uint32_t word)
{
	assert_in_range(word, 1, 2);
	return words[word];
}

static void csr_exchange(unsigned int number, uint64_t value, uint64_t mask)
{
	mask &= writable[number];
	csrs[number] = (csrs[number] & ~mask) | (value & mask);
}

static void csr_write(unsigned int number, uint64_t value)
{
	csr_exchange(number, value, UINT64_MAX);
}

static void iocsr_write32(uint32_t number, uint32_t value)
{
	(void)number;
	(void)value;
}

static void cpu_idle(void)
{
	fail();
}

#define invtlb(op, info, address) ((void)(op), (void)(info), (void)(address), flushes++)

#include "arch/loongarch/cpu.c"

const struct partition_table partition_table = { .nr_cells = CELLS };

void console_last_words(void)
{
}

static char told[1024];

void log_printf(const char *format, ...)
{
	size_t used = strlen(told);
	va_list args;

	va_start(args, format);
	vsnprintf(told + used, sizeof(told) - used, format, args);
	va_end(args);
}

static int setup(void **state)
{
	(void)state;
	memset(csrs, 0, sizeof(csrs));
	memset(writable, 0xff, sizeof(writable));
	told[0] = '\0';
	flushes = 0;
	block.vcpu = NULL;
	words[1] = LA464_WORD_1;
	words[2] = LA464_WORD_2 | CPUCFG2_LLFTP | CPUCFG2_LVZ;
	csrs[CSR_PRCFG2] = 0x3ffff000;
	csrs[CSR_GSTAT] = GID_BITS << GSTAT_GID_BITS_SHIFT;
	writable[CSR_GSTAT] = GSTAT_PGM | (uint64_t)GSTAT_GID_MASK << GSTAT_GID_SHIFT;
	writable[CSR_GTLBC] = 0xff303f;
	csrs[CSR_GCFG] = GCFG_CAPABILITIES;
	writable[CSR_GCFG] = GCFG_WRITABLE;
	return 0;
}

/* ---- Tests ---- */

static void expect_refusal(const char *words_of_it)
{
	assert_false(cpu_check());
	assert_string_equal(told, words_of_it);
}

static void a_processor_with_lvz_is_taken(void **state)
{
	(void)state;
	assert_true(cpu_check());
	assert_string_equal(told, "");
	/* Nothing is left of the test. */
	assert_int_equal(csrs[CSR_GSTAT], GID_BITS << GSTAT_GID_BITS_SHIFT);
	assert_int_equal(csrs[CSR_GTLBC], 0);
}

static void what_cpucfg_lacks_is_told_and_nothing_else_is_tried(void **state)
{
	(void)state;
	words[2] &= ~(uint32_t)CPUCFG2_LVZ;
	csrs[CSR_GSTAT] = 0;
	csrs[CSR_GCFG] = 0;
	expect_refusal("CPU 3: lacks the virtualization extension LVZ (CPUCFG word 2 is "
		       "0x006048c3, bit 10 is 0)\n");
}

static void each_feature_that_is_missing_is_told(void **state)
{
	(void)state;
	words[1] = 0;
	words[2] = 0;
	expect_refusal("CPU 3: lacks LA64\n"
		       "CPU 3: lacks a page-mapping MMU\n"
		       "CPU 3: lacks IOCSR\n"
		       "CPU 3: lacks the stable counter\n"
		       "CPU 3: lacks the virtualization extension LVZ (CPUCFG word 2 is "
		       "0x00000000, bit 10 is 0)\n");
}

static void guest_ids_must_suffice_for_all_cells_and_the_host(void **state)
{
	(void)state;
	csrs[CSR_GSTAT] = 2 << GSTAT_GID_BITS_SHIFT; /* 0 to 3 */
	assert_true(cpu_check());
	csrs[CSR_GSTAT] = 1 << GSTAT_GID_BITS_SHIFT; /* 0 and 1 */
	expect_refusal("CPU 3: lacks guest ids for 2 cells (CSR.GSTAT offers 1 bits)\n");
}

static void guest_ids_must_be_kept(void **state)
{
	static const struct {
		unsigned int csr;
		uint64_t lost;
	} cases[] = {
		{ CSR_GTLBC, UINT64_MAX }, /* GTLBC is elsewhere */
		{ CSR_GTLBC, GTLBC_USETGID },
		{ CSR_GTLBC, UINT64_C(2) << GTLBC_TGID_SHIFT },
		{ CSR_GSTAT, UINT64_C(2) << GSTAT_GID_SHIFT },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		setup(NULL);
		writable[cases[i].csr] &= ~cases[i].lost;
		expect_refusal("CPU 3: lacks CSR.GTLBC (0x15) and CSR.GSTAT (0x50) as LVZ has "
			       "them: they do not keep a guest id\n");
	}
}

static void pages_of_2_mib_must_have_entries(void **state)
{
	(void)state;
	csrs[CSR_PRCFG2] &= ~STAGE2_PRCFG2_2M;
	expect_refusal("CPU 3: lacks TLB entries of 1 MiB\n");
}

static void memory_types_and_caches_must_be_the_hosts(void **state)
{
	static const struct {
		uint64_t lacks;
		const char *words;
	} cases[] = {
		{ GCFG_MATP_ROOT, "CPU 3: lacks control over guests' memory types or caches "
				  "(CSR.GCFG is 0x75545)\n" },
		{ GCFG_TOCIP_HIT | GCFG_TOCIP_SECURE,
		  "CPU 3: lacks control over guests' memory types or caches "
		  "(CSR.GCFG is 0x15547)\n" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		setup(NULL);
		csrs[CSR_GCFG] &= ~cases[i].lacks;
		expect_refusal(cases[i].words);
	}
	/* One that announces what it does not keep */
	setup(NULL);
	writable[CSR_GCFG] = 0;
	expect_refusal("CPU 3: lacks control over guests' memory types or caches (CSR.GCFG is "
		       "0x75547)\n");
}

static void all_that_lvz_lacks_is_told(void **state)
{
	(void)state;
	csrs[CSR_PRCFG2] = 0;
	csrs[CSR_GSTAT] = 0;
	csrs[CSR_GCFG] = 0;
	expect_refusal("CPU 3: lacks TLB entries of 1 MiB\n"
		       "CPU 3: lacks guest ids for 2 cells (CSR.GSTAT offers 0 bits)\n"
		       "CPU 3: lacks control over guests' memory types or caches (CSR.GCFG is "
		       "0x0)\n");
}

/* CACOP by index traps where only that can be had; all else of GCFG is off. */
static void a_cpu_is_set_up_for_its_guest(void **state)
{
	struct cell cell = { .arch = { .gid = 2, .second_stage = 0x12345000 } };
	struct vcpu vcpu = { .cell = &cell };

	(void)state;
	for (int hit_only = 0; hit_only < 2; hit_only++) {
		setup(NULL);
		if (hit_only)
			csrs[CSR_GCFG] &= ~(uint64_t)GCFG_TOCIP_SECURE;
		csrs[CSR_GCFG] |= GCFG_WRITABLE & 0xff0; /* what firmware left */
		csrs[CSR_CNTC] = 77;
		csrs[CSR_GTLBC] = GTLBC_TOTI;
		block.vcpu = &vcpu;
		cpu_init();
		assert_int_equal(csrs[CSR_GCFG] & GCFG_WRITABLE,
				 GCFG_MATC_ROOT << GCFG_MATC_SHIFT |
					 (hit_only ? GCFG_TOCI_HIT : GCFG_TOCI_SECURE)
						 << GCFG_TOCI_SHIFT);
		assert_int_equal(csrs[CSR_GSTAT] >> GSTAT_GID_SHIFT & GSTAT_GID_MASK, 2);
		assert_int_equal(csrs[CSR_GTLBC], GTLBC_USETGID | 2 << GTLBC_TGID_SHIFT);
		assert_int_equal(csrs[CSR_PGDL], 0x12345000);
		assert_int_equal(csrs[CSR_PGDH], 0x12345000);
		assert_int_equal(csrs[CSR_CNTC], 0);
		assert_int_equal(csrs[CSR_EUEN], cpu_units());
		assert_true(flushes >= 3);
	}
}

static void units_are_those_of_the_processor(void **state)
{
	static const struct {
		uint32_t word2;
		uint64_t units;
	} cases[] = {
		{ 0, 0 },
		{ CPUCFG2_FP, EUEN_FPE },
		{ CPUCFG2_FP | CPUCFG2_LSX, EUEN_FPE | EUEN_SXE },
		{ CPUCFG2_FP | CPUCFG2_LSX | CPUCFG2_LASX, EUEN_FPE | EUEN_SXE | EUEN_ASXE },
		{ CPUCFG2_LBT, EUEN_BTE },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		words[2] = cases[i].word2;
		assert_int_equal(cpu_units(), cases[i].units);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(a_processor_with_lvz_is_taken, setup),
		cmocka_unit_test_setup(what_cpucfg_lacks_is_told_and_nothing_else_is_tried, setup),
		cmocka_unit_test_setup(each_feature_that_is_missing_is_told, setup),
		cmocka_unit_test_setup(guest_ids_must_suffice_for_all_cells_and_the_host, setup),
		cmocka_unit_test_setup(guest_ids_must_be_kept, setup),
		cmocka_unit_test_setup(pages_of_2_mib_must_have_entries, setup),
		cmocka_unit_test_setup(memory_types_and_caches_must_be_the_hosts, setup),
		cmocka_unit_test_setup(all_that_lvz_lacks_is_told, setup),
		cmocka_unit_test_setup(a_cpu_is_set_up_for_its_guest, setup),
		cmocka_unit_test_setup(units_are_those_of_the_processor, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
