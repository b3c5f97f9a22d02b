/* SPDX-License-Identifier: Apache-2.0 */
/* sources: src/arch/loongarch/insn.c */
/* arch: loongarch */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "arch/loongarch/insn.h"

/* The words are an assembler's; all name $t0 (r12) as the data register. */
struct access_case {
	uint32_t word;
	bool write, sign;
	unsigned int size;
	const char *what;
};

static const struct access_case accesses[] = {
	{ 0x28000dac, false, true, 1, "ld.b $t0, $t1, 3" },
	{ 0x28401dac, false, true, 2, "ld.h $t0, $t1, 7" },
	{ 0x28bfedac, false, true, 4, "ld.w $t0, $t1, -5" },
	{ 0x28c021ac, false, true, 8, "ld.d $t0, $t1, 8" },
	{ 0x290005ac, true, false, 1, "st.b $t0, $t1, 1" },
	{ 0x294009ac, true, false, 2, "st.h $t0, $t1, 2" },
	{ 0x298011ac, true, false, 4, "st.w $t0, $t1, 4" },
	{ 0x29ffe1ac, true, false, 8, "st.d $t0, $t1, -8" },
	{ 0x2a0001ac, false, false, 1, "ld.bu $t0, $t1, 0" },
	{ 0x2a4001ac, false, false, 2, "ld.hu $t0, $t1, 0" },
	{ 0x2a8001ac, false, false, 4, "ld.wu $t0, $t1, 0" },
	{ 0x240005ac, false, true, 4, "ldptr.w $t0, $t1, 4" },
	{ 0x250005ac, true, false, 4, "stptr.w $t0, $t1, 4" },
	{ 0x260009ac, false, true, 8, "ldptr.d $t0, $t1, 8" },
	{ 0x27fffdac, true, false, 8, "stptr.d $t0, $t1, -4" },
	{ 0x380039ac, false, true, 1, "ldx.b $t0, $t1, $t2" },
	{ 0x380439ac, false, true, 2, "ldx.h $t0, $t1, $t2" },
	{ 0x380839ac, false, true, 4, "ldx.w $t0, $t1, $t2" },
	{ 0x380c39ac, false, true, 8, "ldx.d $t0, $t1, $t2" },
	{ 0x381039ac, true, false, 1, "stx.b $t0, $t1, $t2" },
	{ 0x381439ac, true, false, 2, "stx.h $t0, $t1, $t2" },
	{ 0x381839ac, true, false, 4, "stx.w $t0, $t1, $t2" },
	{ 0x381c39ac, true, false, 8, "stx.d $t0, $t1, $t2" },
	{ 0x382039ac, false, false, 1, "ldx.bu $t0, $t1, $t2" },
	{ 0x382439ac, false, false, 2, "ldx.hu $t0, $t1, $t2" },
	{ 0x382839ac, false, false, 4, "ldx.wu $t0, $t1, $t2" },
};

static void every_form_of_load_and_store_is_decoded(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(accesses) / sizeof(accesses[0]); i++) {
		const struct access_case *want = &accesses[i];

		for (uint32_t reg = 0; reg < 32; reg++) {
			struct insn_access got;

			print_message("%s\n", want->what);
			assert_true(insn_decode_access((want->word & ~31u) | reg, &got));
			assert_int_equal(got.write, want->write);
			assert_int_equal(got.size, want->size);
			assert_int_equal(got.reg, reg);
			if (!want->write)
				assert_int_equal(got.sign, want->sign);
		}
	}
}

static void other_accesses_of_memory_are_not(void **state)
{
	static const uint32_t words[] = {
		0x200001ac, /* ll.w */
		0x210001ac, /* sc.w */
		0x220001ac, /* ll.d */
		0x230001ac, /* sc.d */
		0x38603dac, /* amswap.w */
		0x3869bdac, /* amswap_db.d */
		0x2b0001a0, /* fld.s */
		0x2b4001a0, /* fst.s */
		0x2b8001a0, /* fld.d */
		0x2bc001a0, /* fst.d */
		0x2c0001a0, /* vld */
		0x2c4001a0, /* vst */
		0x2c8001a0, /* xvld */
		0x2cc001a0, /* xvst */
		0x2ac001a0, /* preld */
		0x2e0001ac, /* ldl.w */
		0x383039a0, /* fldx.s */
		0x384039a0, /* vldx */
		0x382c39a0, /* preldx */
		0x387839ac, /* ldgt.b */
		0x387c39ac, /* stgt.b */
		0x380139ac, /* between ldx.b and ldx.h */
		0,          UINT32_MAX,
	};
	struct insn_access access;

	(void)state;
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		print_message("%08x\n", words[i]);
		assert_false(insn_decode_access(words[i], &access));
	}
}

/* Every word that is decoded must be one of the table, with other operands. */
static void nothing_else_is_decoded_at_all(void **state)
{
	(void)state;
	srand(3);
	for (unsigned int round = 0; round < 3000000; round++) {
		uint32_t word = ((uint32_t)rand() << 8) ^ (uint32_t)rand();
		struct insn_access access;
		bool known = false;

		if (round % 2) /* where they are */
			word = (word & 0x01ffffff) | 0x24000000 | (word & 0x1c000000);
		for (size_t i = 0; i < sizeof(accesses) / sizeof(accesses[0]) && !known; i++) {
			unsigned int shift = i < 11 ? 22 : i < 15 ? 24 : 15;

			known = word >> shift == accesses[i].word >> shift;
			if (known && insn_decode_access(word, &access)) {
				assert_int_equal(access.size, accesses[i].size);
				assert_int_equal(access.write, accesses[i].write);
			}
		}
		assert_int_equal(insn_decode_access(word, &access), known);
	}
}

static void loads_are_extended(void **state)
{
	(void)state;
	assert_int_equal(insn_extend(0xfffff80, 1, true), UINT64_C(0xffffffffffffff80));
	assert_int_equal(insn_extend(0xfffff80, 1, false), 0x80);
	assert_int_equal(insn_extend(0x7f, 1, true), 0x7f);
	assert_int_equal(insn_extend(0x18000, 2, true), UINT64_C(0xffffffffffff8000));
	assert_int_equal(insn_extend(0x18000, 2, false), 0x8000);
	assert_int_equal(insn_extend(0x180000000, 4, true), UINT64_C(0xffffffff80000000));
	assert_int_equal(insn_extend(0x180000000, 4, false), 0x80000000);
	assert_int_equal(insn_extend(UINT64_C(0x8000000000000001), 8, true),
			 UINT64_C(0x8000000000000001));
	assert_int_equal(insn_extend(UINT64_C(0x8000000000000001), 8, false),
			 UINT64_C(0x8000000000000001));
}

struct insn_case {
	uint32_t word;
	struct insn insn;
};

static void privileged_instructions_are_decoded(void **state)
{
	static const struct insn_case cases[] = {
		{ 0x0402000c, { INSN_CSR_READ, 12, 0, 0, 0x80 } },      /* csrrd $t0, 0x80 */
		{ 0x0402402c, { INSN_CSR_WRITE, 12, 1, 0, 0x90 } },     /* csrwr $t0, 0x90 */
		{ 0x040201ac, { INSN_CSR_EXCHANGE, 12, 13, 0, 0x80 } }, /* csrxchg $t0, $t1, 0x80 */
		{ 0x04fffc4c, { INSN_CSR_EXCHANGE, 12, 2, 0, 0x3fff } },
		{ 0x064801ac, { INSN_IOCSR_READ, 12, 13, 1, 0 } },  /* iocsrrd.b $t0, $t1 */
		{ 0x064805ac, { INSN_IOCSR_READ, 12, 13, 2, 0 } },  /* .h */
		{ 0x064809ac, { INSN_IOCSR_READ, 12, 13, 4, 0 } },  /* .w */
		{ 0x06480dac, { INSN_IOCSR_READ, 12, 13, 8, 0 } },  /* .d */
		{ 0x064811ac, { INSN_IOCSR_WRITE, 12, 13, 1, 0 } }, /* iocsrwr.b */
		{ 0x064815ac, { INSN_IOCSR_WRITE, 12, 13, 2, 0 } },
		{ 0x064819ac, { INSN_IOCSR_WRITE, 12, 13, 4, 0 } },
		{ 0x06481dac, { INSN_IOCSR_WRITE, 12, 13, 8, 0 } },
		{ 0x00006dac, { INSN_CPUCFG, 12, 13, 0, 0 } }, /* cpucfg $t0, $t1 */
		{ 0x060001a8, { INSN_CACOP, 8, 13, 0, 8 } },   /* cacop 8, $t1, 0 */
		{ 0x063ffdbf, { INSN_CACOP, 31, 13, 0, 31 } },
		{ 0x06488003, { INSN_IDLE, 3, 0, 0, 3 } },
		{ 0x002a8005, { INSN_DBCL, 5, 0, 0, 5 } },
		{ 0x002b8100, { INSN_HVCL, 0, 8, 0, 0x100 } },
		{ 0x0502000c, { INSN_OTHER, 12, 0, 0, 0 } }, /* gcsrrd */
		{ 0x06482001, { INSN_OTHER, 1, 0, 0, 0 } },  /* gtlbclr */
		{ 0x06483800, { INSN_OTHER, 0, 0, 0, 0 } },  /* ertn */
		{ 0x06498000, { INSN_OTHER, 0, 0, 0, 0 } },  /* invtlb */
		{ 0x00000000, { INSN_OTHER, 0, 0, 0, 0 } },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct insn got;

		print_message("%08x\n", cases[i].word);
		insn_decode(cases[i].word, &got);
		assert_int_equal(got.kind, cases[i].insn.kind);
		assert_int_equal(got.rd, cases[i].insn.rd);
		assert_int_equal(got.rj, cases[i].insn.rj);
		assert_int_equal(got.size, cases[i].insn.size);
		assert_int_equal(got.number, cases[i].insn.number);
	}
}

static void page_walks_are_told_apart(void **state)
{
	(void)state;
	assert_true(insn_is_walk(0x64005ac));  /* lddir $t0, $t1, 1 */
	assert_true(insn_is_walk(0x6400d8c));  /* lddir $t0, $t0, 3 */
	assert_true(insn_is_walk(0x64401a0));  /* ldpte $t1, 0 */
	assert_true(insn_is_walk(0x64405a0));  /* ldpte $t1, 1 */
	assert_false(insn_is_walk(0x64801ac)); /* iocsrrd.b */
	assert_false(insn_is_walk(0x63ffdbf)); /* cacop */
	assert_false(insn_is_walk(0x28c021ac));
}

static void only_cpucfg_is_for_everybody(void **state)
{
	(void)state;
	for (unsigned int kind = INSN_CPUCFG; kind <= INSN_HVCL; kind++)
		assert_int_equal(insn_is_privileged((enum insn_kind)kind), kind != INSN_CPUCFG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_form_of_load_and_store_is_decoded),
		cmocka_unit_test(other_accesses_of_memory_are_not),
		cmocka_unit_test(nothing_else_is_decoded_at_all),
		cmocka_unit_test(loads_are_extended),
		cmocka_unit_test(privileged_instructions_are_decoded),
		cmocka_unit_test(page_walks_are_told_apart),
		cmocka_unit_test(only_cpucfg_is_for_everybody),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
