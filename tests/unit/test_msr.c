/* SPDX-License-Identifier: Apache-2.0 */
/* sources: src/arch/x86/msr.c tests/unit/msr_guest.c */
/* flags: -include tests/unit/fake_x86.h */
/*
 * The MSR policy: which registers exist in cells, which of them reach the hardware, and with what
 * values. Numbers are those of APM appendix A and SDM vol. 4, written out once more.
 */
#include <setjmp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "msr_guest.h"

/* ---- Which MSRs exist ---- */

static bool is_mtrr(uint32_t msr)
{
	return (msr >= 0x200 && msr < 0x210) || msr == 0x250 || msr == 0x258 || msr == 0x259 ||
	       (msr >= 0x268 && msr <= 0x26f) || msr == 0x2ff;
}

static bool is_lvt(uint32_t msr)
{
	return msr >= 0x833 && msr <= 0x837; /* the timer's (0x832) is direct */
}

static bool is_readable(uint32_t msr)
{
	static const uint32_t others[] = {
		0x10,       0x1b,       0x8b,       0xfe,       0x179,      0x17a,      0x1d9,
		0xda0,      0x802,      0x80d,      0x830,      0xc0000080, 0xc0010010, 0xc0010015,
		0xc001001f, 0xc0010055, 0xc0011029, 0x4b564d00, 0x4b564d01,
	};

	for (unsigned int i = 0; i < ARRAY_SIZE(others); i++)
		if (others[i] == msr)
			return true;
	return is_mtrr(msr) || is_lvt(msr);
}

/* Ranges in which processors have MSRs, hypervisors' ones, and the ends of the 32 bits. */
static const struct {
	uint32_t first, last;
} scanned[] = {
	{ 0, 0x1fff },
	{ 0x40000000, 0x400001ff },
	{ 0x4b564cf0, 0x4b564d20 },
	{ 0x80000000, 0x800000ff },
	{ 0xc0000000, 0xc0001fff },
	{ 0xc0010000, 0xc0011fff },
	{ 0xc0020000, 0xc00200ff },
	{ 0xffffff00, 0xfffffffe },
};

static void only_known_msrs_can_be_read(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(scanned); i++)
		for (uint32_t msr = scanned[i].first; msr <= scanned[i].last; msr++)
			if (can_read(msr) != is_readable(msr))
				fail_msg("MSR 0x%x can%s be read", msr,
					 is_readable(msr) ? "not" : "");
	assert_int_equal(nr_written, 0);
}

/* Whatever the value: most MSRs cannot be written at all. */
static void only_known_msrs_can_be_written(void **state)
{
	static const uint64_t values[] = { 0, 1, 0xc06, 0xd01, 0xfee00c00, UINT64_MAX };

	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(scanned); i++) {
		for (uint32_t msr = scanned[i].first; msr <= scanned[i].last; msr++) {
			bool known = is_mtrr(msr) || is_lvt(msr) || msr == 0x832 || msr == 0x10 ||
				     msr == 0x1b || msr == 0x17a || msr == 0x1d9 || msr == 0xda0 ||
				     msr == 0xc0000080 || msr == 0xc0010015 || msr == 0xc0011029 ||
				     msr == 0x4b564d00 || msr == 0x4b564d01;

			for (unsigned int v = 0; v < ARRAY_SIZE(values) && !known; v++)
				if (can_write(msr, values[v]))
					fail_msg("MSR 0x%x can be written", msr);
		}
	}
	assert_int_equal(nr_written, 0);
}

/* ---- Values ---- */

static void memory_types_are_kept_and_have_no_effect(void **state)
{
	(void)state;
	assert_int_equal(value_of(0xfe), 0x508); /* 8 variable, fixed, write-combining */
	assert_int_equal(value_of(0x2ff), 0xc06);
	for (uint32_t msr = 0x200; msr < 0x300; msr++)
		if (is_mtrr(msr) && msr != 0x2ff)
			assert_true(can_write(msr, msr * UINT64_C(0x100010001)));
	for (uint32_t msr = 0x200; msr < 0x300; msr++)
		if (is_mtrr(msr) && msr != 0x2ff) /* each has a place of its own */
			assert_int_equal(value_of(msr), msr * UINT64_C(0x100010001));
	assert_int_equal(value_of(0x2ff), 0xc06);
	assert_true(can_write(0x2ff, 0x806));
	assert_int_equal(value_of(0x2ff), 0x806);
	for (unsigned int bit = 0; bit < 64; bit++)
		assert_int_equal(can_write(0x2ff, BIT_ULL(bit)), 0xcff >> (bit & 31) & (bit < 12));
	features = 0; /* no SPEC_CTRL to clear */
	guest_msr_reset(&guest);
	assert_int_equal(value_of(0x2ff), 0xc06);
	assert_int_equal(value_of(0x200), 0);
	assert_int_equal(value_of(0x26f), 0);
	assert_int_equal(nr_written, 0);
}

static void efer_has_what_guests_may_have(void **state)
{
	static const uint64_t allowed = BIT(0) | BIT(8) | BIT(10) | BIT(11) | BIT(14);

	(void)state;
	for (unsigned int bit = 0; bit < 64; bit++) {
		efer = 0;
		assert_int_equal(can_write(0xc0000080, BIT_ULL(bit)), allowed >> bit & 1);
		/* SVME above all, and LMA is not the guest's to set. */
		assert_int_equal(efer, allowed & ~BIT_ULL(10) & BIT_ULL(bit));
	}
	efer = 0xd01;
	assert_true(can_write(0xc0000080, 0x901)); /* it cannot be cleared either */
	assert_int_equal(efer, 0xd01);
	assert_false(can_write(0xc0000080, 0x801)); /* LME while paging is on */
	assert_int_equal(efer, 0xd01);
	assert_int_equal(value_of(0xc0000080), 0xd01);
	features = 0; /* no FFXSR */
	assert_false(can_write(0xc0000080, 0x4d01));
}

/* Machine checks are the hypervisor's: a guest's architecture has no bank and nothing to tell. */
static void machine_checks_have_no_banks(void **state)
{
	(void)state;
	assert_int_equal(value_of(0x179), 0);
	assert_false(can_write(0x179, 0));
	assert_int_equal(value_of(0x17a), 0);
	assert_true(can_write(0x17a, 0));
	assert_false(can_write(0x17a, 4)); /* MCIP */
	assert_false(can_read(0x17b));     /* MCG_CTL */
	for (uint32_t msr = 0x400; msr < 0x480; msr++)
		assert_false(can_read(msr) || can_write(msr, 0) || can_write(msr, UINT64_MAX));
}

static void the_tsc_has_an_offset(void **state)
{
	(void)state;
	now = 5000;
	assert_int_equal(value_of(0x10), 5000);
	assert_true(can_write(0x10, 100));
	assert_int_equal(tsc_offset, (uint64_t)-4900);
	now = 5010;
	assert_int_equal(value_of(0x10), 110);
	assert_true(can_write(0x10, UINT64_MAX));
	now += 2;
	assert_int_equal(value_of(0x10), 1);
}

/* The clock's page tells a point of the TSC, so it is written again when that changes. */
static void a_new_tsc_moves_the_clock(void **state)
{
	(void)state;
	assert_true(can_write(0x4b564d01, 0x5001));
	assert_int_equal(clock_value, 0x5001);
	assert_int_equal(value_of(0x4b564d01), 0x5001);
	clock_value = 0;
	assert_true(can_write(0x10, 7));
	assert_int_equal(clock_value, 0x5001);
}

static void clocks_outside_the_cell_are_refused(void **state)
{
	(void)state;
	assert_true(can_write(0x4b564d00, 0x6000));
	assert_int_equal(wall_clock, 0x6000);
	assert_int_equal(value_of(0x4b564d00), 0);
	clock_works = false;
	assert_false(can_write(0x4b564d00, UINT64_C(0x123456789000)));
	assert_false(can_write(0x4b564d01, UINT64_C(0x123456789001)));
	assert_int_equal(clock_value, UINT64_C(0x123456789001)); /* all 64 bits were looked at */
}

static void amds_configuration_is_what_linux_expects(void **state)
{
	(void)state;
	assert_int_equal(value_of(0x8b), UINT64_C(0x0123456789abcdef));
	assert_int_equal(value_of(0xc0010015), BIT(24)); /* TscFreqSel */
	assert_true(can_write(0xc0010015, 0x10));
	assert_int_equal(value_of(0xc0010015), BIT(24) | 0x10);
	assert_true(can_write(0xc0010015, BIT(24)));
	assert_int_equal(value_of(0xc0010015), BIT(24));
	assert_int_equal(value_of(0xc001001f), UINT64_C(1) << 46); /* EnableCf8ExtCfg */
	assert_false(can_write(0xc001001f, 0));
	assert_int_equal(value_of(0xc0011029), 2);
	assert_true(can_write(0xc0011029, 2));
	assert_false(can_write(0xc0011029, 0));
	assert_int_equal(value_of(0x1d9), 0);
	assert_true(can_write(0x1d9, 0));
	assert_false(can_write(0x1d9, 1));
	assert_int_equal(nr_written, 0);
}

/* AMD's registers do not exist there, and the other way round (only_known_msrs_can_be_read()). */
static void intels_configuration_is_what_linux_expects(void **state)
{
	static const uint32_t amds[] = { 0xc0010010, 0xc0010015, 0xc001001f, 0xc0010055,
					 0xc0011029 };

	(void)state;
	intel = true;
	assert_int_equal(value_of(0x17), 0);
	assert_int_equal(value_of(0x3a), 1);       /* locked, without VMX */
	assert_int_equal(value_of(0x1a0), 0x1801); /* fast strings; no BTS, no PEBS */
	assert_true(can_write(0x1a0, 0x1801));
	assert_false(can_write(0x1a0, 0x41801)); /* MONITOR */
	assert_false(can_write(0x3a, 5));
	assert_true(can_write(0x8b, 0));
	assert_false(can_write(0x8b, 1));
	assert_int_equal(value_of(0x8b), UINT64_C(0x0123456789abcdef));
	for (unsigned int i = 0; i < ARRAY_SIZE(amds); i++)
		assert_false(can_read(amds[i]) || can_write(amds[i], 0));
	assert_int_equal(nr_written, 0);
}

/* IA32_XSS comes with XSAVES; no supervisor component exists in cells. */
static void xss_is_there_with_xsaves_and_stays_0(void **state)
{
	(void)state;
	assert_int_equal(value_of(0xda0), 0);
	assert_true(can_write(0xda0, 0));
	for (unsigned int bit = 0; bit < 64; bit++)
		assert_false(can_write(0xda0, BIT_ULL(bit)));
	features = ~BIT(3);
	assert_false(can_read(0xda0));
	assert_false(can_write(0xda0, 0));
	assert_int_equal(nr_written, 0);
}

/* A guest that starts again must not inherit what the one before it, or firmware, wrote:
 * speculation control and the supervisor state components, where the processor has them. */
static void a_reset_clears_what_is_in_the_processor(void **state)
{
	(void)state;
	resetting = true;
	for (unsigned int has = 0; has < 2; has++) {
		features = has ? UINT32_MAX : 0;
		nr_written = 0;
		reset_msrs = 0;
		guest_msr_reset(&guest);
		assert_int_equal(nr_written, 2 * has);
		assert_int_equal(reset_msrs, has ? 0x48 ^ 0xda0 : 0);
	}
	resetting = false;
}

/* ---- Direct MSRs ---- */

#define FOLD 0x2000u /* the two ranges that have direct MSRs, one behind the other */
static bool direct_reads[2 * FOLD], direct_writes[2 * FOLD];
static unsigned int nr_direct;

static unsigned int fold(uint32_t msr)
{
	return msr < FOLD ? msr : FOLD + (msr - 0xc0000000);
}

static void note(void *context, uint32_t msr, bool read, bool write)
{
	assert_ptr_equal(context, &nr_direct);
	assert_true(msr < FOLD || (msr >= 0xc0000000 && msr < 0xc0000000 + FOLD));
	assert_true(read || write);
	assert_false(direct_reads[fold(msr)] || direct_writes[fold(msr)]);
	direct_reads[fold(msr)] = read;
	direct_writes[fold(msr)] = write;
	nr_direct++;
}

static void find_direct(void)
{
	memset(direct_reads, 0, sizeof(direct_reads));
	memset(direct_writes, 0, sizeof(direct_writes));
	nr_direct = 0;
	guest_msr_direct(note, &nr_direct);
}

/* What a guest may reach without the hypervisor seeing it: its own state and nothing that names,
 * interrupts or configures another CPU. "r", "w", "rw". */
static const struct {
	uint32_t first, last;
	const char *how;
} direct[] = {
	{ 0x174, 0x176, "rw" },           /* SYSENTER */
	{ 0x277, 0x277, "rw" },           /* PAT */
	{ 0x803, 0x803, "r" },            /* APIC version */
	{ 0x808, 0x808, "rw" },           /* TPR */
	{ 0x80a, 0x80a, "r" },            /* PPR */
	{ 0x80b, 0x80b, "w" },            /* EOI */
	{ 0x80f, 0x80f, "rw" },           /* SIVR */
	{ 0x810, 0x827, "r" },            /* ISR, TMR, IRR */
	{ 0x828, 0x828, "rw" },           /* ESR */
	{ 0x832, 0x832, "r" },            /* LVT timer */
	{ 0x838, 0x838, "rw" },           /* timer's initial count */
	{ 0x839, 0x839, "r" },            /* and current one */
	{ 0x83e, 0x83e, "rw" },           /* divider */
	{ 0x83f, 0x83f, "w" },            /* self IPI */
	{ 0xc0000081, 0xc0000084, "rw" }, /* STAR to SFMASK */
	{ 0xc0000100, 0xc0000102, "rw" }, /* FS, GS, kernel GS base */
};

static const char *how_direct(uint32_t msr)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(direct); i++)
		if (msr >= direct[i].first && msr <= direct[i].last)
			return direct[i].how;
	return "";
}

/* MSRs that are direct when the processor has them. */
static bool is_optional(uint32_t msr)
{
	return msr == 0x48 || msr == 0x49 || msr == 0x10a || msr == 0xc0000103;
}

static void only_a_cpus_own_state_is_direct(void **state)
{
	(void)state;
	for (unsigned int has = 0; has < 2; has++) {
		features = has ? UINT32_MAX : 0;
		find_direct();
		for (unsigned int i = 0; i < 2 * FOLD; i++) {
			uint32_t msr = i < FOLD ? i : 0xc0000000 + i - FOLD;
			const char *how = how_direct(msr);

			if (is_optional(msr)) {
				if (!has)
					assert_false(direct_reads[i] || direct_writes[i]);
				continue;
			}
			if (direct_reads[i] != (strchr(how, 'r') != NULL) ||
			    direct_writes[i] != (strchr(how, 'w') != NULL))
				fail_msg("MSR 0x%x", msr);
		}
	}
	assert_true(direct_reads[0x48] && direct_writes[0x48]);  /* SPEC_CTRL */
	assert_true(!direct_reads[0x49] && direct_writes[0x49]); /* PRED_CMD */
	assert_true(direct_reads[fold(0xc0000103)] && direct_writes[fold(0xc0000103)]);
	assert_false(direct_writes[0x10a]);
}

/* A register with an exit of its own must not also be direct. */
static void no_msr_has_two_ways(void **state)
{
	(void)state;
	find_direct();
	for (unsigned int i = 0; i < 2 * FOLD; i++)
		if (direct_reads[i] || direct_writes[i])
			assert_false(is_readable(i < FOLD ? i : 0xc0000000 + i - FOLD));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(only_known_msrs_can_be_read, setup),
		cmocka_unit_test_setup(only_known_msrs_can_be_written, setup),
		cmocka_unit_test_setup(memory_types_are_kept_and_have_no_effect, setup),
		cmocka_unit_test_setup(efer_has_what_guests_may_have, setup),
		cmocka_unit_test_setup(machine_checks_have_no_banks, setup),
		cmocka_unit_test_setup(the_tsc_has_an_offset, setup),
		cmocka_unit_test_setup(a_new_tsc_moves_the_clock, setup),
		cmocka_unit_test_setup(clocks_outside_the_cell_are_refused, setup),
		cmocka_unit_test_setup(amds_configuration_is_what_linux_expects, setup),
		cmocka_unit_test_setup(intels_configuration_is_what_linux_expects, setup),
		cmocka_unit_test_setup(xss_is_there_with_xsaves_and_stays_0, setup),
		cmocka_unit_test_setup(a_reset_clears_what_is_in_the_processor, setup),
		cmocka_unit_test_setup(only_a_cpus_own_state_is_direct, setup),
		cmocka_unit_test_setup(no_msr_has_two_ways, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
