/* SPDX-License-Identifier: Apache-2.0 */
/* sources: src/arch/x86/vmx/audit.c src/arch/x86/vmx/audit_controls.c
 * src/arch/x86/vmx/audit_guest.c src/arch/x86/vmx/audit_names.c src/arch/x86/vmx/audit_rules.c
 * src/arch/x86/vmx/audit_when.c tests/unit/vmx_model.c */
/* flags: -Isrc/arch/x86 */
/*
 * The auditor of VM entries: the guest's segment registers. Each row breaks one rule of SDM vol. 3,
 * 27.3.1.2, in a VMCS that is correct otherwise.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "vmx_model.h"

#define ZERO "must be 0"
#define ONE "must be 1"
#define CANONICAL "not canonical"
#define HIGH BIT_ULL(32)
#define HOLE BIT_ULL(47) /* the first address that is not canonical */

#define RUN(model, rows) expect_broken(model, rows, ARRAY_SIZE(rows))
#define CORRECT(model, changes)                                                                    \
	expect_all_correct(model, (changes)[0], ARRAY_SIZE(changes), ARRAY_SIZE((changes)[0]))

enum { ES, CS, SS, DS, FS, GS, LDTR, TR };
#define SELECTOR(n) (0x0800u + 2 * (n))
#define LIMIT(n) (0x4800u + 2 * (n))
#define RIGHTS(n) (0x4814u + 2 * (n))
#define BASE(n) (0x6806u + 2 * (n))
#define SEGMENT "27.3.1.2"

static void bases_of_segments_fit_the_register(void **state)
{
	static const struct broken rows[] = {
		{ BASE(CS), HIGH, ZERO, SEGMENT, { ON(BASE(CS), HIGH) } },
		{ BASE(SS), HIGH, ZERO, SEGMENT, { ON(BASE(SS), HIGH) } },
		{ BASE(DS), HIGH, ZERO, SEGMENT, { ON(BASE(DS), HIGH) } },
		{ BASE(ES), HIGH, ZERO, SEGMENT, { ON(BASE(ES), HIGH) } },
		{ BASE(FS), 0, CANONICAL, SEGMENT, { SET(BASE(FS), HOLE) } }, /* not usable */
		{ BASE(GS), 0, CANONICAL, SEGMENT, { SET(BASE(GS), HOLE) } },
		{ BASE(LDTR), 0, CANONICAL, SEGMENT, { SET(BASE(LDTR), HOLE) } },
		{ BASE(TR), 0, CANONICAL, SEGMENT, { SET(BASE(TR), HOLE) } },
	};
	static const struct change correct[][2] = {
		{ SET(BASE(ES), HIGH), SET(RIGHTS(ES), 0x10000) },
		{ SET(BASE(SS), HIGH), SET(RIGHTS(SS), 0x10000) },
		{ SET(BASE(LDTR), HOLE), SET(RIGHTS(LDTR), 0x10000) },
	};

	(void)state;
	RUN(model_long, rows);
	CORRECT(model_long, correct);
}

static void rights_of_usable_segments_are_those_of_a_segment(void **state)
{
	static const uint32_t memory[] = { ES, CS, SS, DS, GS };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(memory); i++) {
		uint32_t rights = RIGHTS(memory[i]);
		const struct broken rows[] = {
			{ rights, BIT(8), ZERO, SEGMENT, { ON(rights, BIT(8)) } },
			{ rights, BIT(11), ZERO, SEGMENT, { ON(rights, BIT(11)) } },
			{ rights, BIT(17), ZERO, SEGMENT, { ON(rights, BIT(17)) } },
			{ rights, BIT(31), ZERO, SEGMENT, { ON(rights, BIT(31)) } },
			{ rights, BIT(7), ONE, SEGMENT, { OFF(rights, BIT(7)) } },
			{ rights, BIT(4), ONE, SEGMENT, { OFF(rights, BIT(4)) } },
		};
		const struct change unusable[][1] = { { SET(rights, 0x10000) } };

		RUN(model_long, rows);
		if (memory[i] != CS)
			CORRECT(model_long, unusable);
	}
	for (uint32_t n = LDTR; n <= TR; n++) {
		const struct broken rows[] = {
			{ RIGHTS(n), BIT(9), ZERO, SEGMENT, { ON(RIGHTS(n), BIT(9)) } },
			{ RIGHTS(n), BIT(20), ZERO, SEGMENT, { ON(RIGHTS(n), BIT(20)) } },
			{ RIGHTS(n), BIT(4), ZERO, SEGMENT, { ON(RIGHTS(n), BIT(4)) } },
			{ RIGHTS(n), BIT(7), ONE, SEGMENT, { OFF(RIGHTS(n), BIT(7)) } },
			{ SELECTOR(n), BIT(2), ZERO, SEGMENT, { ON(SELECTOR(n), BIT(2)) } },
		};

		RUN(model_long, rows);
	}
}

static void limits_and_granularity_agree(void **state)
{
	static const char rule[] = "do not fit the limit";

	(void)state;
	for (uint32_t n = ES; n <= TR; n++) {
		const struct broken rows[] = {
			{ RIGHTS(n),
			  BIT(15),
			  rule,
			  SEGMENT,
			  { SET(LIMIT(n), 0xfffffffe), ON(RIGHTS(n), BIT(15)) } },
			{ RIGHTS(n),
			  BIT(15),
			  rule,
			  SEGMENT,
			  { SET(LIMIT(n), 0x100fff), OFF(RIGHTS(n), BIT(15)) } },
		};
		const struct change correct[][2] = {
			{ SET(LIMIT(n), 0xfff), ON(RIGHTS(n), BIT(15)) },
			{ SET(LIMIT(n), 0xfffff), OFF(RIGHTS(n), BIT(15)) },
			{ SET(LIMIT(n), 0), OFF(RIGHTS(n), BIT(15)) },
		};

		if (n == FS) {
			const struct change unusable[][1] = { { SET(LIMIT(n), 0x100ffe) } };

			CORRECT(model_long, unusable);
			continue;
		}
		RUN(model_long, rows);
		CORRECT(model_long, correct);
	}
}

/* All types: @good has a bit for each that may be, in a VMCS of @model. */
static void expect_types(void (*model)(void), uint32_t n, uint32_t good)
{
	for (uint32_t type = 0; type < 16; type++) {
		const struct broken row = { RIGHTS(n),
					    0xf,
					    "are no type that is allowed",
					    SEGMENT,
					    { OFF(RIGHTS(n), 0xf), ON(RIGHTS(n), type) } };

		if (good >> type & 1)
			expect_correct(model, row.changes, 2);
		else
			expect_broken(model, &row, 1);
	}
}

static void types_of_segments_are_those_of_the_register(void **state)
{
	(void)state;
	expect_types(model_long, CS, 0xaa08); /* data, since unrestricted */
	expect_types(model_protected, SS, 0x0088);
	expect_types(model_long, SS, 0x0088);
	expect_types(model_long, ES, 0x88aa);
	expect_types(model_long, DS, 0x88aa);
	expect_types(model_protected, FS, 0x88aa);
	expect_types(model_protected, GS, 0x88aa);
	expect_types(model_long, LDTR, BIT(2));
	expect_types(model_long, TR, BIT(11));
	expect_types(model_protected, TR, BIT(11) | BIT(3));
}

static void just_unrestricted_guests_run_data(void **state)
{
	static const struct broken rows[] = {
		{ RIGHTS(CS),
		  0xf,
		  "are no type that is allowed",
		  SEGMENT,
		  { SET(RIGHTS(CS), 0xc093), SET(SELECTOR(CS), 0x10), SET(RIGHTS(SS), 0xc093),
		    SET(SELECTOR(SS), 0x18) } },
	};

	(void)state;
	RUN(model_protected, rows);
}

static void tr_is_usable(void **state)
{
	static const struct broken rows[] = {
		{ RIGHTS(TR), BIT(16), ZERO, SEGMENT, { ON(RIGHTS(TR), BIT(16)) } },
	};
	static const struct change no_ldt[][2] = {
		{ SET(RIGHTS(LDTR), 0x10000), SET(SELECTOR(LDTR), 4) },
	};

	(void)state;
	RUN(model_long, rows);
	RUN(model_vm86, rows);
	CORRECT(model_long, no_ldt);
}

static void privilege_levels_agree(void **state)
{
	static const char cs[] = "DPL does not fit SS's";
	static const struct broken any[] = {
		{ RIGHTS(CS), 0, cs, SEGMENT, { SET(RIGHTS(CS), 0xa0fb) } },
		{ RIGHTS(CS), 0, cs, SEGMENT, { SET(RIGHTS(CS), 0xa0d9) } },
		{ RIGHTS(CS), 0, cs, SEGMENT, { SET(RIGHTS(CS), 0xa0bf) } },
		{ RIGHTS(CS), 0x60, ZERO, SEGMENT, { SET(RIGHTS(CS), 0xa0f3) } },
		{ RIGHTS(SS),
		  0x20,
		  ZERO,
		  SEGMENT,
		  { SET(RIGHTS(CS), 0xa093), SET(RIGHTS(SS), 0xc0b3) } },
		{ RIGHTS(CS), BIT(14), ZERO, SEGMENT, { ON(RIGHTS(CS), BIT(14)) } },
	};
	static const struct change correct[][2] = {
		{ SET(RIGHTS(CS), 0xa09f), SET(RIGHTS(SS), 0xc0f3) },
		{ SET(RIGHTS(CS), 0xa09d), SET(RIGHTS(SS), 0xc093) },
		{ SET(SELECTOR(SS), 0x1b) }, /* unrestricted */
		{ ON(SELECTOR(DS), 3), SET(RIGHTS(DS), 0xc093) },
		{ SET(RIGHTS(CS), 0xc09b), SET(0x681e, 0) }, /* compatibility mode */
	};
	static const struct broken real[] = {
		{ RIGHTS(SS),
		  0x60,
		  ZERO,
		  SEGMENT,
		  { SET(RIGHTS(CS), 0xfb), SET(RIGHTS(SS), 0xf3) } },
	};
	static const struct broken restricted[] = {
		{ SELECTOR(SS), 0, "RPL is not CS's", SEGMENT, { SET(SELECTOR(CS), 0x10) } },
		{ RIGHTS(SS),
		  0,
		  "DPL is not the selector's RPL",
		  SEGMENT,
		  { SET(SELECTOR(CS), 0x12), SET(SELECTOR(SS), 0x1a) } },
		{ RIGHTS(DS),
		  0,
		  "DPL below the selector's RPL",
		  SEGMENT,
		  { SET(RIGHTS(DS), 0xc0d3) } },
		{ RIGHTS(GS),
		  0,
		  "DPL below the selector's RPL",
		  SEGMENT,
		  { SET(RIGHTS(GS), 0xdb) } },
	};
	static const struct change restricted_correct[][2] = {
		{ SET(RIGHTS(GS), 0xdf) }, /* conforming */
		{ SET(SELECTOR(ES), 3), SET(RIGHTS(ES), 0x10000) },
		{ SET(SELECTOR(DS), 0x28) },
	};

	(void)state;
	RUN(model_long, any);
	CORRECT(model_long, correct);
	RUN(model_real, real);
	RUN(model_protected, restricted);
	CORRECT(model_protected, restricted_correct);
}

static void virtual_8086_segments_are_those_of_an_8086(void **state)
{
	(void)state;
	for (uint32_t n = ES; n <= GS; n++) {
		const struct broken rows[] = {
			{ BASE(n), 0, "not selector << 4", SEGMENT, { ON(BASE(n), 1) } },
			{ BASE(n), 0, "not selector << 4", SEGMENT, { ON(SELECTOR(n), 8) } },
			{ LIMIT(n), 0, "not 0xffff", SEGMENT, { SET(LIMIT(n), 0xfffff) } },
			{ RIGHTS(n), 0, "not 0xf3", SEGMENT, { SET(RIGHTS(n), 0x93) } },
			{ RIGHTS(n), 0, "not 0xf3", SEGMENT, { ON(RIGHTS(n), 0x10000) } },
		};
		struct vmx_finding finding;
		struct vmx_reason reason;

		RUN(model_vm86, rows);
		assert_int_equal(vmx_audit(&model_source, &finding, 1), 1);
		assert_true(vmx_finding_reason(&finding, 0, &reason));
		assert_int_equal(reason.field, 0x6820);
		assert_int_equal(reason.low, 17);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(bases_of_segments_fit_the_register),
		cmocka_unit_test(rights_of_usable_segments_are_those_of_a_segment),
		cmocka_unit_test(limits_and_granularity_agree),
		cmocka_unit_test(types_of_segments_are_those_of_the_register),
		cmocka_unit_test(just_unrestricted_guests_run_data),
		cmocka_unit_test(tr_is_usable),
		cmocka_unit_test(privilege_levels_agree),
		cmocka_unit_test(virtual_8086_segments_are_those_of_an_8086),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
