/* SPDX-License-Identifier: Apache-2.0 */
/* sources: src/arch/loongarch/cpucfg.c src/arch/loongarch/csr.c */
/* arch: loongarch */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "arch/loongarch/cpucfg.h"
#include "arch/loongarch/csr.h"
#include "arch/loongarch/loongarch.h"

#define ALL_UNITS (EUEN_FPE | EUEN_SXE | EUEN_ASXE | EUEN_BTE)

static unsigned int asked;                                /* how often the host's words were read */
static uint32_t word_1 = 0x03f2f2fe, word_2 = 0x007ccfc7; /* those of a 3A5000 */

/* A host with something in every word; reading one that is not defined fails the test. */
static uint32_t host(uint32_t index)
{
	asked++;
	assert_true(index <= 6 || (index >= 0x10 && index <= 0x14));
	if (index == 1)
		return word_1;
	if (index == 2)
		return word_2;
	return 0xa5000000 | index;
}

static uint32_t view(uint64_t index)
{
	return cell_cpucfg(index, host, ALL_UNITS);
}

static void identity_timer_and_caches_are_the_processors(void **state)
{
	(void)state;
	assert_int_equal(view(0), 0xa5000000);
	assert_int_equal(view(3), 0xa5000003);
	assert_int_equal(view(4), 0xa5000004);
	assert_int_equal(view(5), 0xa5000005);
	for (uint32_t index = 0x10; index <= 0x14; index++)
		assert_int_equal(view(index), 0xa5000000 | index);
}

static void what_cells_do_not_have_is_hidden(void **state)
{
	(void)state;
	word_1 = UINT32_MAX;
	assert_int_equal(view(1), 0xfbffffff); /* MSGINT */
	word_1 = 0x03f2f2fe;
	assert_int_equal(view(1), 0x03f2f2fe);
	assert_int_equal(view(2), 0x007cc3c7); /* LVZ and its version */
	word_2 = 0x7e7ccfc7;                   /* a 3C6000 */
	assert_int_equal(view(2), 0x7e7cc3c7);
	word_2 = UINT32_MAX;
	assert_int_equal(view(2), 0xfeffc3ff); /* and HPTW */
	word_2 = 0x007ccfc7;
	assert_int_equal(view(6), 0);
}

static void units_that_the_host_does_not_enable_are_hidden(void **state)
{
	(void)state;
	word_2 = UINT32_MAX;
	assert_int_equal(cell_cpucfg(2, host, ALL_UNITS & ~EUEN_FPE), 0xfeffc3c0);
	assert_int_equal(cell_cpucfg(2, host, ALL_UNITS & ~EUEN_SXE), 0xfeffc0bf);
	assert_int_equal(cell_cpucfg(2, host, ALL_UNITS & ~EUEN_ASXE), 0xfeffc37f);
	assert_int_equal(cell_cpucfg(2, host, ALL_UNITS & ~EUEN_BTE), 0xfee3c3ff);
	assert_int_equal(cell_cpucfg(2, host, 0), 0xfee3c000);
	word_2 = 0x007ccfc7;
}

static void no_other_word_exists(void **state)
{
	static const uint64_t indices[] = {
		0x40000000, 0x40000004, UINT32_MAX, UINT64_C(0x100000000), UINT64_C(0x100000002),
		UINT64_MAX
	};

	(void)state;
	asked = 0;
	for (uint64_t index = 6; index < 0x1000; index++)
		if (index < 0x10 || index > 0x14)
			assert_int_equal(view(index), 0);
	for (size_t i = 0; i < ARRAY_SIZE(indices); i++)
		assert_int_equal(view(indices[i]), 0);
	assert_int_equal(asked, 0);
}

/* ---- CSRs ---- */

static struct kept_csrs csrs;

static int setup(void **state)
{
	static const struct kept_csrs zero;

	(void)state;
	csrs = zero;
	return 0;
}

static const uint16_t kept[] = { CSR_IMPCTL1,  CSR_IMPCTL2, CSR_MERRENTRY, CSR_MERRERA,
				 CSR_MERRSAVE, CSR_CTAG,    CSR_DERA,      CSR_DSAVE };

static uint64_t read_csr(uint16_t number)
{
	uint64_t value = 77;

	kept_csr_access(&csrs, number, 0, UINT64_MAX, &value);
	return value;
}

static void kept_registers_are_read_written_and_exchanged(void **state)
{
	uint64_t old;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(kept); i++) {
		assert_int_equal(read_csr(kept[i]), 0);
		assert_true(kept_csr_access(&csrs, kept[i], UINT64_MAX, 0x1234 + i, &old));
		assert_int_equal(old, 0);
	}
	for (size_t i = 0; i < ARRAY_SIZE(kept); i++) {
		assert_true(kept_csr_access(&csrs, kept[i], 0xff00, 0xabcd, &old));
		assert_int_equal(old, 0x1234 + i);
		assert_int_equal(read_csr(kept[i]), (0xab34 + i) & ~UINT64_C(0));
	}
}

static bool is_kept(uint16_t number)
{
	for (size_t i = 0; i < ARRAY_SIZE(kept); i++)
		if (kept[i] == number)
			return true;
	return false;
}

static void all_others_read_as_zero_whatever_was_written(void **state)
{
	uint64_t old;

	(void)state;
	for (unsigned int number = 0; number < 0x4000; number++) {
		if (is_kept((uint16_t)number))
			continue;
		kept_csr_access(&csrs, (uint16_t)number, UINT64_MAX, UINT64_MAX, &old);
		assert_int_equal(old, 0);
		assert_int_equal(read_csr((uint16_t)number), 0);
	}
	for (size_t i = 0; i < ARRAY_SIZE(kept); i++)
		assert_int_equal(read_csr(kept[i]), 0); /* and none of them was touched */
}

static void registers_that_cells_do_not_have_are_told_apart(void **state)
{
	static const uint16_t known[] = { CSR_MERRCTL, CSR_MERRINFO1, CSR_MERRINFO2, CSR_DBG,
					  0x200,       0x23f,         0x300,         0x3ff };
	static const uint16_t unknown[] = {
		CSR_GTLBC, CSR_TRGP, CSR_GSTAT, CSR_GCFG, CSR_GINTC, CSR_GCNTC, CSR_MERRSAVE + 1,
		0x1ff,     0x240,    0x2ff,     0x400,    0x503,     0x3fff
	};
	uint64_t old;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(known); i++)
		assert_true(kept_csr_access(&csrs, known[i], 0, 0, &old));
	for (size_t i = 0; i < ARRAY_SIZE(unknown); i++)
		assert_false(kept_csr_access(&csrs, unknown[i], 0, 0, &old));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(identity_timer_and_caches_are_the_processors),
		cmocka_unit_test(what_cells_do_not_have_is_hidden),
		cmocka_unit_test(units_that_the_host_does_not_enable_are_hidden),
		cmocka_unit_test(no_other_word_exists),
		cmocka_unit_test_setup(kept_registers_are_read_written_and_exchanged, setup),
		cmocka_unit_test_setup(all_others_read_as_zero_whatever_was_written, setup),
		cmocka_unit_test_setup(registers_that_cells_do_not_have_are_told_apart, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
