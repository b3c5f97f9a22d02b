/* SPDX-License-Identifier: Apache-2.0 */
/* sources: src/arch/x86/vmx/audit.c src/arch/x86/vmx/audit_controls.c
 * src/arch/x86/vmx/audit_guest.c src/arch/x86/vmx/audit_names.c src/arch/x86/vmx/audit_rules.c
 * src/arch/x86/vmx/audit_when.c tests/unit/vmx_model.c */
/* flags: -Isrc/arch/x86 */
/*
 * The auditor of VM entries: the guest's state but for its segments. Each row breaks one rule of
 * SDM vol. 3, 27.3.1, in a VMCS that is correct otherwise.
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
#define BEYOND BIT_ULL(39) /* the first bit that physical addresses do not have */
#define HIGH BIT_ULL(32)
#define HOLE BIT_ULL(47) /* the first address that is not canonical */

#define RUN(model, rows) expect_broken(model, rows, ARRAY_SIZE(rows))
#define CORRECT(model, changes)                                                                    \
	expect_all_correct(model, (changes)[0], ARRAY_SIZE(changes), ARRAY_SIZE((changes)[0]))

/* ---- Registers: 27.3.1.1 ---- */

static void control_registers_are_those_that_vmx_permits(void **state)
{
	static const struct broken any[] = {
		{ 0x6800, BIT(5), ONE, "27.3.1.1", { OFF(0x6800, BIT(5)) } },
		{ 0x6800, HIGH, ZERO, "27.3.1.1", { ON(0x6800, HIGH) } },
		{ 0x6804, BIT(13), ONE, "27.3.1.1", { OFF(0x6804, BIT(13)) } },
		{ 0x6804, BIT(11), ZERO, "27.3.1.1", { ON(0x6804, BIT(11)) } },
		{ 0x6802, BEYOND, ZERO, "27.3.1.1", { ON(0x6802, BEYOND) } },
	};
	static const struct broken long_mode[] = {
		{ 0x6800, BIT(31), ONE, "27.3.1.1", { OFF(0x6800, BIT(31)) } },
		{ 0x6804, BIT(5), ONE, "27.3.1.1", { OFF(0x6804, BIT(5)) } },
	};
	static const struct broken real[] = {
		{ 0x6800, BIT(0), ONE, "27.3.1.1", { ON(0x6800, BIT(31)) } },
		{ 0x6804, BIT(17), ZERO, "27.3.1.1", { ON(0x6804, BIT(17)) } },
	};
	static const struct broken protected_mode[] = {
		{ 0x6804, BIT(17), ZERO, "27.3.1.1", { ON(0x6804, BIT(17)) } },
	};
	static const struct change caches[][2] = {
		{ ON(0x6800, BIT(30)) },
		{ ON(0x6800, BIT(29)) },
		{ ON(VMX_BITS_CR3, 3ull << 61), ON(0x6802, 3ull << 61) },
	};

	(void)state;
	RUN(model_long, any);
	RUN(model_protected, any);
	RUN(model_real, any);
	RUN(model_long, long_mode);
	RUN(model_real, real);
	RUN(model_protected, protected_mode);
	CORRECT(model_long, caches);
}

/* Without unrestricted guest, protection and paging are fixed, too. */
static void just_unrestricted_guests_need_no_paging(void **state)
{
	static const struct broken rows[] = {
		{ 0x6800, BIT(31), ONE, "27.3.1.1", { OFF(0x6800, BIT(31)) } },
	};
	static const struct change paging_off[][2] = {
		{ ON(0x401e, BIT(7)), OFF(0x6800, BIT(31)) },
	};

	(void)state;
	RUN(model_protected, rows);
	CORRECT(model_protected, paging_off);
}

static void msrs_that_are_loaded_have_possible_values(void **state)
{
	static const struct broken rows[] = {
		{ 0x2802, BIT(3), ZERO, "27.3.1.1", { SET(0x2802, 0x7fcb) } },
		{ 0x681a, HIGH, ZERO, "27.3.1.1", { ON(0x681a, HIGH) } },
		{ 0x6824, 0, CANONICAL, "27.3.1.1", { SET(0x6824, HOLE) } },
		{ 0x6826, 0, CANONICAL, "27.3.1.1", { SET(0x6826, HOLE) } },
		{ 0x2808, BIT(4), ZERO, "27.3.1.1", { ON(0x4012, BIT(13)), SET(0x2808, 0x10) } },
		{ 0x2804, 0xff, "are no memory type", "27.3.1.1", { SET(0x2804, 3) } },
		{ 0x2806, BIT(14), ZERO, "27.3.1.1", { ON(0x2806, BIT(14)) } },
		{ 0x2806, BIT(10), ONE, "27.3.1.1", { SET(0x2806, 1) } },
		{ 0x2806, BIT(8), ONE, "27.3.1.1", { OFF(0x2806, BIT(8)) } },
	};
	static const struct broken protected_mode[] = {
		{ 0x2806, BIT(10), ZERO, "27.3.1.1", { SET(0x2806, 0xd01) } },
		{ 0x2806, BIT(8), ZERO, "27.3.1.1", { ON(0x2806, BIT(8)) } },
	};
	static const struct change off[][6] = {
		{ OFF(0x4012, 0xe004), SET(0x2802, BIT(3)), SET(0x681a, HIGH), SET(0x2808, 0x10),
		  SET(0x2804, 3), SET(0x2806, BIT(14)) },
	};
	static const struct change off_protected[][2] = {
		{ OFF(0x4012, BIT(15)), SET(0x2806, BIT(10)) },
	};
	static const struct change lme_without_paging[][1] = { { ON(0x2806, BIT(8)) } };

	(void)state;
	RUN(model_long, rows);
	RUN(model_protected, protected_mode);
	CORRECT(model_long, off);
	CORRECT(model_protected, off_protected);
	CORRECT(model_real, lme_without_paging);
}

/* ---- Tables, RIP and RFLAGS: 27.3.1.3 and 27.3.1.4 ---- */

static void descriptor_tables_are_where_they_can_be(void **state)
{
	static const struct broken rows[] = {
		{ 0x6816, 0, CANONICAL, "27.3.1.3", { SET(0x6816, HOLE) } },
		{ 0x6818, 0, CANONICAL, "27.3.1.3", { SET(0x6818, HOLE) } },
		{ 0x4810, BIT(16), ZERO, "27.3.1.3", { SET(0x4810, 0x1ffff) } },
		{ 0x4812, BIT(31), ZERO, "27.3.1.3", { SET(0x4812, 0x80000000) } },
	};

	(void)state;
	RUN(model_long, rows);
	RUN(model_real, rows);
}

static void rip_fits_the_mode(void **state)
{
	static const struct broken long_mode[] = {
		{ 0x681e, 0, CANONICAL, "27.3.1.4", { SET(0x681e, BIT_ULL(48)) } },
		{ 0x681e, 0, CANONICAL, "27.3.1.4", { SET(0x681e, BIT_ULL(63)) } },
		{ 0x681e, HIGH, ZERO, "27.3.1.4", { SET(0x681e, HIGH), SET(0x4816, 0xc09b) } },
	};
	static const struct broken protected_mode[] = {
		{ 0x681e, HIGH, ZERO, "27.3.1.4", { SET(0x681e, HIGH) } },
		{ 0x681e, HIGH, ZERO, "27.3.1.4", { SET(0x681e, HIGH), ON(0x4816, BIT(13)) } },
	};
	static const struct change correct[][2] = {
		{ SET(0x681e, HOLE) }, /* one byte behind the canonical ones */
		{ SET(0x681e, 0xffff000000000000) },
		{ SET(0x681e, 0xffffffff), SET(0x4816, 0xc09b) },
	};

	(void)state;
	RUN(model_long, long_mode);
	RUN(model_protected, protected_mode);
	RUN(model_real, protected_mode);
	CORRECT(model_long, correct);
}

static void rflags_fit_mode_and_event(void **state)
{
	static const struct broken any[] = {
		{ 0x6820, BIT(1), ONE, "27.3.1.4", { OFF(0x6820, BIT(1)) } },
		{ 0x6820, BIT(3), ZERO, "27.3.1.4", { ON(0x6820, BIT(3)) } },
		{ 0x6820, BIT(5), ZERO, "27.3.1.4", { ON(0x6820, BIT(5)) } },
		{ 0x6820, BIT(15), ZERO, "27.3.1.4", { ON(0x6820, BIT(15)) } },
		{ 0x6820, BIT(22), ZERO, "27.3.1.4", { ON(0x6820, BIT(22)) } },
		{ 0x6820, HIGH, ZERO, "27.3.1.4", { ON(0x6820, HIGH) } },
		{ 0x6820,
		  BIT(9),
		  ONE,
		  "27.3.1.4",
		  { OFF(0x6820, BIT(9)), SET(0x4016, 0x80000030) } },
	};
	static const struct broken vm86_in_long_mode[] = {
		{ 0x6820,
		  BIT(17),
		  ZERO,
		  "27.3.1.4",
		  { ON(0x4012, BIT(9)), SET(0x2806, 0xd01), SET(0x4822, 0x8b) } },
	};
	static const struct broken vm86_in_real_mode[] = {
		{ 0x6820,
		  BIT(17),
		  ZERO,
		  "27.3.1.4",
		  { ON(0x401e, BIT(7)), OFF(0x6800, BIT(31) | BIT(0)) } },
	};
	static const struct change correct[][1] = { { SET(0x6820, 0x3d7fd7) }, { SET(0x6820, 2) } };

	(void)state;
	RUN(model_long, any);
	RUN(model_real, any);
	RUN(model_vm86, vm86_in_long_mode);
	RUN(model_vm86, vm86_in_real_mode);
	CORRECT(model_long, correct);
}

/* ---- Other state: 27.3.1.5 ---- */

#define OTHER "27.3.1.5"
#define EVENT "excludes the injected event"

static void the_activity_state_fits_everything_else(void **state)
{
	static const struct broken rows[] = {
		{ 0x4826, 0, "not supported", OTHER, { SET(0x4826, 4) } },
		{ 0x4826, 0, "not supported", OTHER, { SET(0x4826, 1), OFF(0x485, BIT(6)) } },
		{ 0x4826, 0, "not supported", OTHER, { SET(0x4826, 2), OFF(0x485, BIT(7)) } },
		{ 0x4826, 0, "not supported", OTHER, { SET(0x4826, 3), OFF(0x485, BIT(8)) } },
		{ 0x4826,
		  BIT(0),
		  ZERO,
		  OTHER,
		  { SET(0x4826, 1), SET(0x4818, 0xc0f3), SET(0x4816, 0xa0fb) } },
		{ 0x4826, BIT(0), ZERO, OTHER, { SET(0x4826, 1), SET(0x4824, 1) } },
		{ 0x4826, BIT(1), ZERO, OTHER, { SET(0x4826, 2), SET(0x4824, 2) } },
		{ 0x4826, 0, EVENT, OTHER, { SET(0x4826, 1), SET(0x4016, 0x80000306) } },
		{ 0x4826,
		  0,
		  EVENT,
		  OTHER,
		  { SET(0x4826, 1), SET(0x4016, 0x80000480), SET(0x401a, 2) } },
		{ 0x4826,
		  0,
		  EVENT,
		  OTHER,
		  { SET(0x4826, 1), SET(0x4016, 0x80000501), SET(0x401a, 1) } },
		{ 0x4826, 0, EVENT, OTHER, { SET(0x4826, 2), SET(0x4016, 0x80000030) } },
		{ 0x4826, 0, EVENT, OTHER, { SET(0x4826, 2), SET(0x4016, 0x80000301) } },
		{ 0x4826, 0, EVENT, OTHER, { SET(0x4826, 2), SET(0x4016, 0x80000700) } },
		{ 0x4826, 0, EVENT, OTHER, { SET(0x4826, 3), SET(0x4016, 0x80000202) } },
		{ 0x4826, 0, EVENT, OTHER, { SET(0x4826, 3), SET(0x4016, 0x80000312) } },
	};
	static const struct change correct[][3] = {
		{ SET(0x4826, 1) },
		{ SET(0x4826, 2) },
		{ SET(0x4826, 3) },
		{ SET(0x4826, 3), SET(0x4818, 0xc0f3), SET(0x4816, 0xa0fb) },
		{ SET(0x4826, 1), SET(0x4016, 0x80000030) },
		{ SET(0x4826, 1), SET(0x4016, 0x80000202) },
		{ SET(0x4826, 1), SET(0x4016, 0x80000301) },
		{ SET(0x4826, 1), SET(0x4016, 0x80000312) },
		{ SET(0x4826, 1), SET(0x4016, 0x80000700) },
		{ SET(0x4826, 2), SET(0x4016, 0x80000202) },
		{ SET(0x4826, 2), SET(0x4016, 0x80000312) },
		{ SET(0x4826, 3), SET(0x4016, 0x00000030) }, /* not valid */
	};

	(void)state;
	RUN(model_long, rows);
	CORRECT(model_long, correct);
}

static void interruptibility_fits_everything_else(void **state)
{
	static const struct broken rows[] = {
		{ 0x4824, BIT(5), ZERO, OTHER, { SET(0x4824, BIT(5)) } },
		{ 0x4824, BIT(31), ZERO, OTHER, { SET(0x4824, BIT(31)) } },
		{ 0x4824, BIT(1), ZERO, OTHER, { SET(0x4824, 3) } },
		{ 0x4824, BIT(0), ZERO, OTHER, { SET(0x4824, 1), OFF(0x6820, BIT(9)) } },
		{ 0x4824, BIT(2), ZERO, OTHER, { SET(0x4824, 4) } },
		{ 0x4824, BIT(1), ZERO, OTHER, { SET(0x4824, 0x12) } },
		{ 0x4824, BIT(0), ZERO, OTHER, { SET(0x4824, 1), SET(0x4016, 0x80000030) } },
		{ 0x4824, BIT(1), ZERO, OTHER, { SET(0x4824, 2), SET(0x4016, 0x80000030) } },
		{ 0x4824, BIT(0), ZERO, OTHER, { SET(0x4824, 1), SET(0x4016, 0x80000202) } },
		{ 0x4824, BIT(1), ZERO, OTHER, { SET(0x4824, 2), SET(0x4016, 0x80000202) } },
		{ 0x4824, BIT(3), ZERO, OTHER, { SET(0x4824, 8), SET(0x4016, 0x80000202) } },
		{ 0x4824, BIT(1), ZERO, OTHER, { SET(0x4824, 2), SET(0x6822, BIT(16)) } },
	};
	static const struct change correct[][3] = {
		{ SET(0x4824, 1) },
		{ SET(0x4824, 2) },
		{ SET(0x4824, 8) },
		{ SET(0x4824, 0x11) },
		{ SET(0x4824, 2), OFF(0x6820, BIT(9)) },
		{ SET(0x4824, 8), SET(0x4016, 0x80000030) },
		{ SET(0x4824, 3 & 2), SET(0x4016, 0x80000301) },
		{ SET(0x4824, 8), SET(0x4016, 0x80000202), OFF(0x4000, BIT(5)) },
	};

	(void)state;
	RUN(model_long, rows);
	CORRECT(model_long, correct);
}

/* TF makes a single-step trap pending exactly when something holds it back. */
static void pending_debug_exceptions_fit_everything_else(void **state)
{
	static const struct broken rows[] = {
		{ 0x6822, BIT(4), ZERO, OTHER, { SET(0x6822, BIT(4)) } },
		{ 0x6822, BIT(11), ZERO, OTHER, { SET(0x6822, BIT(11)) } },
		{ 0x6822, BIT(13), ZERO, OTHER, { SET(0x6822, BIT(13)) } },
		{ 0x6822, BIT_ULL(63), ZERO, OTHER, { SET(0x6822, BIT_ULL(63)) } },
		{ 0x6822,
		  BIT(16),
		  ZERO,
		  OTHER,
		  { SET(0x6822, BIT(16)), OFF(VMX_BITS_PENDING_DEBUG, BIT(16)) } },
		{ 0x6822, BIT(0), ZERO, OTHER, { SET(0x6822, BIT(16) | BIT(12) | BIT(0)) } },
		{ 0x6822, BIT(14), ZERO, OTHER, { SET(0x6822, BIT(16) | BIT(14)) } },
		{ 0x6822, BIT(14), ONE, OTHER, { ON(0x6820, BIT(8)), SET(0x4824, 1) } },
		{ 0x6822, BIT(14), ONE, OTHER, { ON(0x6820, BIT(8)), SET(0x4824, 2) } },
		{ 0x6822, BIT(14), ONE, OTHER, { ON(0x6820, BIT(8)), SET(0x4826, 1) } },
		{ 0x6822, BIT(14), ZERO, OTHER, { SET(0x6822, BIT(14)), SET(0x4824, 1) } },
		{ 0x6822, BIT(14), ZERO, OTHER, { SET(0x6822, BIT(14)), SET(0x4826, 1) } },
		{ 0x6822,
		  BIT(14),
		  ZERO,
		  OTHER,
		  { ON(0x6820, BIT(8)), SET(0x2802, 2), SET(0x6822, BIT(14)), SET(0x4824, 2) } },
		{ 0x6822,
		  BIT(14),
		  ZERO,
		  OTHER,
		  { ON(0x6820, BIT(8)), SET(0x2802, 2), SET(0x6822, BIT(14)), SET(0x4826, 1) } },
	};
	static const struct change correct[][4] = {
		{ SET(0x6822, 0x500f) },
		{ SET(0x6822, BIT(16) | BIT(12)) },
		{ ON(0x6820, BIT(8)) },
		{ ON(0x6820, BIT(8)), SET(0x6822, BIT(14)), SET(0x4824, 1) },
		{ ON(0x6820, BIT(8)), SET(0x6822, BIT(14)), SET(0x4826, 1) },
		{ ON(0x6820, BIT(8)), SET(0x2802, 2), SET(0x4826, 1) },
		{ ON(0x6820, BIT(8)), SET(0x4826, 2) },
		{ SET(0x6822, BIT(11)), ON(VMX_BITS_PENDING_DEBUG, BIT(11)) },
	};

	(void)state;
	RUN(model_long, rows);
	CORRECT(model_long, correct);
}

static void the_link_pointer_points_nowhere_or_to_a_shadow(void **state)
{
	static const char rule[] = "not all ones, and VMCS shadowing is off";
	static const struct broken rows[] = {
		{ 0x2800, 0, rule, OTHER, { SET(0x2800, 0) } },
		{ 0x2800, 0, rule, OTHER, { SET(0x2800, 0x5000) } },
	};
	static const struct broken shadowing[] = {
		{ 0x2800, 8, ZERO, OTHER, { SET(0x2800, 8) } },
		{ 0x2800, BEYOND, ZERO, OTHER, { SET(0x2800, BEYOND) } },
	};
	static const struct change correct[][1] = { { SET(0x2800, 0x5000) },
						    { SET(0x2800, UINT64_MAX) } };

	(void)state;
	RUN(model_long, rows);
	RUN(model_all, shadowing);
	CORRECT(model_all, correct);
}

/* ---- PDPTEs: 27.3.1.6 ---- */

static void pdptes_of_pae_paging_have_no_reserved_bit(void **state)
{
	static const struct broken rows[] = {
		{ 0x280a, BIT(1), ZERO, "27.3.1.6", { ON(0x280a, BIT(1)) } },
		{ 0x280c, BIT(8), ZERO, "27.3.1.6", { ON(0x280c, BIT(8)) } },
		{ 0x280e, 0x1e6 | ~(BEYOND - 1), ZERO, "27.3.1.6", { ON(0x280e, BIT(0)) } },
		{ 0x2810, BEYOND, ZERO, "27.3.1.6", { ON(0x2810, BEYOND) } },
	};
	static const struct change correct[][3] = {
		{ ON(0x280a, BIT(1)), OFF(0x6804, BIT(5)) },
		{ ON(0x280a, BIT(1)), OFF(0x401e, BIT(1)) }, /* in memory */
		{ ON(0x280a, BIT(1)), OFF(0x6800, BIT(31)), ON(0x401e, BIT(7)) },
	};
	static const struct change long_mode[][1] = { { SET(0x280a, 3) } };

	(void)state;
	RUN(model_protected, rows);
	RUN(model_vm86, rows);
	CORRECT(model_protected, correct);
	CORRECT(model_long, long_mode);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(control_registers_are_those_that_vmx_permits),
		cmocka_unit_test(just_unrestricted_guests_need_no_paging),
		cmocka_unit_test(msrs_that_are_loaded_have_possible_values),
		cmocka_unit_test(descriptor_tables_are_where_they_can_be),
		cmocka_unit_test(rip_fits_the_mode),
		cmocka_unit_test(rflags_fit_mode_and_event),
		cmocka_unit_test(the_activity_state_fits_everything_else),
		cmocka_unit_test(interruptibility_fits_everything_else),
		cmocka_unit_test(pending_debug_exceptions_fit_everything_else),
		cmocka_unit_test(the_link_pointer_points_nowhere_or_to_a_shadow),
		cmocka_unit_test(pdptes_of_pae_paging_have_no_reserved_bit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
