/* SPDX-License-Identifier: Apache-2.0 */
/* sources: src/arch/x86/vmx/audit.c src/arch/x86/vmx/audit_controls.c
 * src/arch/x86/vmx/audit_guest.c src/arch/x86/vmx/audit_names.c src/arch/x86/vmx/audit_rules.c
 * src/arch/x86/vmx/audit_when.c tests/unit/vmx_model.c */
/* flags: -Isrc/arch/x86 */
/*
 * The auditor of VM entries: controls and host state. Each row breaks one rule of SDM vol. 3, 27.2,
 * in a VMCS that is correct otherwise.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "vmx_model.h"

#define ZERO "must be 0"
#define ONE "must be 1"
#define NOT_ZERO "must not be 0"
#define CANONICAL "not canonical"
#define MAXIMUM "above the processor's maximum"
#define BEYOND BIT_ULL(39) /* the first bit that physical addresses do not have */

static void correct_vmcss_have_no_finding(void **state)
{
	(void)state;
	model_long();
	expect_findings(0);
	model_protected();
	expect_findings(0);
	model_vm86();
	expect_findings(0);
	model_real();
	expect_findings(0);
}

static void controls_are_those_that_the_processor_has(void **state)
{
	static const struct broken rows[] = {
		{ 0x4000, BIT(1), ONE, "27.2.1.1", { OFF(0x4000, BIT(1)) } },
		{ 0x4000, BIT(8), ZERO, "27.2.1.1", { ON(0x4000, BIT(8)) } },
		{ 0x4002, BIT(4), ONE, "27.2.1.1", { OFF(0x4002, BIT(4)) } },
		{ 0x4002, BIT(18), ZERO, "27.2.1.1", { ON(0x4002, BIT(18)) } },
		{ 0x401e, BIT(30), ZERO, "27.2.1.1", { ON(0x401e, BIT(30)) } },
		{ 0x401e, BIT(11), ONE, "27.2.1.1", { ON(0x48b, BIT(11)) } },
		{ 0x2034, BIT(5), ZERO, "27.2.1.1", { ON(0x4002, BIT(17)), SET(0x2034, 0x3f) } },
		{ 0x400c, BIT(16), ONE, "27.2.1.2", { OFF(0x400c, BIT(16)) } },
		{ 0x400c, BIT(27), ZERO, "27.2.1.2", { ON(0x400c, BIT(27)) } },
		{ 0x2044, BIT(2), ZERO, "27.2.1.2", { ON(0x400c, BIT(31)), SET(0x2044, 0xc) } },
		{ 0x4012, BIT(12), ONE, "27.2.1.3", { OFF(0x4012, BIT(12)) } },
		{ 0x4012, BIT(24), ZERO, "27.2.1.3", { ON(0x4012, BIT(24)) } },
		{ 0x4012, BIT(10), ZERO, "27.2.1.3", { ON(0x4012, BIT(10)) } },
		{ 0x4012, BIT(11), ZERO, "27.2.1.3", { ON(0x4012, BIT(11)) } },
	};

	(void)state;
	expect_broken(model_long, rows, ARRAY_SIZE(rows));
}

static void old_processors_want_more_controls_on(void **state)
{
	(void)state;
	model_long();
	*vmx_capability(0x480) &= ~BIT_ULL(55);
	for (uint32_t msr = 0x48d; msr <= 0x490; msr++)
		vmx_take_away(msr);
	expect_findings(1); /* CR3-load and CR3-store exiting */
	*vmcs_field(0x4002) |= 0x18000;
	expect_findings(0);
}

/* Each is read only when the controls say that it is there: else RDMSR would fault. */
static void capability_msrs_that_are_not_there_are_not_read(void **state)
{
	(void)state;
	model_protected();
	*vmcs_field(0x4002) &= ~BIT(31);
	*vmcs_field(0x401e) = 0xffffffff; /* ignored */
	*vmx_capability(0x48e) &= ~BIT_ULL(63);
	vmx_take_away(0x48b);
	vmx_take_away(0x48c);
	vmx_take_away(0x491);
	vmx_take_away(0x492);
	vmx_take_away(0x493);
	expect_findings(0);
	/* Set, but not there: told once, and nothing is concluded from it. */
	*vmcs_field(0x4002) |= BIT(31) | BIT(17);
	*vmcs_field(0x400c) |= BIT(31);
	*vmx_capability(0x48e) &= ~BIT_ULL(49);
	*vmx_capability(0x48f) &= ~BIT_ULL(63);
	expect_findings(2);
}

static void a_control_may_need_or_exclude_another(void **state)
{
	static const struct broken rows[] = {
		{ 0x4000, BIT(3), ONE, "27.2.1.1", { OFF(0x4000, BIT(3)) } },
		{ 0x4000, BIT(5), ONE, "27.2.1.1", { OFF(0x4000, BIT(5)), ON(0x4002, BIT(22)) } },
		{ 0x4002, BIT(21), ONE, "27.2.1.1", { ON(0x401e, BIT(4)) } },
		{ 0x4002, BIT(21), ONE, "27.2.1.1", { ON(0x401e, BIT(8)) } },
		{ 0x4002, BIT(21), ONE, "27.2.1.1", { ON(0x401e, BIT(9)), ON(0x4000, BIT(0)) } },
		{ 0x401e,
		  BIT(0),
		  ZERO,
		  "27.2.1.1",
		  { ON(0x401e, BIT(4) | BIT(0)), ON(0x4002, BIT(21)) } },
		{ 0x4000, BIT(0), ONE, "27.2.1.1", { ON(0x401e, BIT(9)), ON(0x4002, BIT(21)) } },
		{ 0x401e, BIT(9), ONE, "27.2.1.1", { ON(0x4000, BIT(7)), ON(0x400c, BIT(15)) } },
		{ 0x400c,
		  BIT(15),
		  ONE,
		  "27.2.1.1",
		  { ON(0x4000, BIT(7) | BIT(0)), ON(0x401e, BIT(9)), ON(0x4002, BIT(21)) } },
		{ 0x401e, BIT(1), ONE, "27.2.1.1", { OFF(0x401e, BIT(1)) } }, /* unrestricted */
		{ 0x401e,
		  BIT(1),
		  ONE,
		  "27.2.1.1",
		  { OFF(0x401e, BIT(1) | BIT(7)), ON(0x401e, BIT(17)) } },
		{ 0x401e,
		  BIT(1),
		  ONE,
		  "27.2.1.1",
		  { OFF(0x401e, BIT(1) | BIT(7)), ON(0x401e, BIT(22)) } },
		{ 0x4000, BIT(6), ONE, "27.2.1.2", { ON(0x400c, BIT(22)) } },
	};
	static const struct change no_nmis = OFF(0x4000, BIT(3) | BIT(5));

	(void)state;
	expect_broken(model_long, rows, ARRAY_SIZE(rows));
	expect_correct(model_long, &no_nmis, 1);
	model_all();
	expect_findings(0);
}

/* What control fields point to: address field, and low bits that are 0. */
static const struct {
	uint32_t field, alignment;
} structures[] = {
	{ 0x2000, 12 }, { 0x2002, 12 }, { 0x2004, 12 }, { 0x200e, 12 }, { 0x2012, 12 },
	{ 0x2014, 12 }, { 0x2016, 6 },  { 0x2026, 12 }, { 0x2028, 12 },
};

static void structures_are_aligned_and_have_physical_addresses(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(structures); i++) {
		uint32_t field = structures[i].field;
		uint64_t size = BIT_ULL(structures[i].alignment);
		const struct broken rows[] = {
			{ field, size / 2, ZERO, "27.2.1.1", { SET(field, size / 2) } },
			{ field, BEYOND, ZERO, "27.2.1.1", { SET(field, BEYOND) } },
			{ field, BEYOND | 1, ZERO, "27.2.1.1", { SET(field, BEYOND | 1 | size) } },
		};
		const struct change highest = SET(field, BEYOND - size);

		expect_broken(model_all, rows, ARRAY_SIZE(rows));
		expect_correct(model_all, &highest, 1);
	}
}

static void fields_of_controls_that_are_off_do_not_matter(void **state)
{
	static const uint32_t others[] = { 0x0000, 0x0002, 0x201a, 0x2032, 0x2034, 0x2044, 0x401c };

	(void)state;
	model_protected();
	*vmcs_field(0x4002) &= ~(BIT(25) | BIT(28));
	*vmcs_field(0x401e) &= ~(BIT(1) | BIT(5));
	for (size_t i = 0; i < ARRAY_SIZE(structures); i++)
		*vmcs_field(structures[i].field) = UINT64_MAX;
	for (size_t i = 0; i < ARRAY_SIZE(others); i++)
		*vmcs_field(others[i]) = others[i] == 0x2032 || !others[i] ? 0 : UINT64_MAX;
	expect_findings(0);
}

static void execution_control_fields_have_possible_values(void **state)
{
	static const struct broken rows[] = {
		{ 0x400a, 0, MAXIMUM, "27.2.1.1", { SET(0x400a, 5) } },
		{ 0x401c,
		  BIT(4),
		  ZERO,
		  "27.2.1.1",
		  { OFF(0x401e, BIT(9)), OFF(0x4000, BIT(7)), SET(0x401c, 0x1f) } },
		{ 0x0002, BIT(8), ZERO, "27.2.1.1", { SET(0x0002, 0x1ff) } },
		{ 0x0000, 0, NOT_ZERO, "27.2.1.1", { SET(0x0000, 0) } },
		{ 0x2032, 0, NOT_ZERO, "27.2.1.1", { SET(0x2032, 0) } },
	};
	static const struct change correct[] = { SET(0x400a, 4), SET(0x401c, 0x10), SET(2, 0xff) };

	(void)state;
	expect_broken(model_all, rows, ARRAY_SIZE(rows));
	expect_correct(model_all, correct, ARRAY_SIZE(correct));
}

static void an_ept_pointer_is_what_the_processor_can_use(void **state)
{
	static const char type[] = "memory type not supported";
	static const char walk[] = "page-walk length not supported";
	static const struct broken rows[] = {
		{ 0x201a, BIT(11), ZERO, "27.2.1.1", { ON(0x201a, BIT(11)) } },
		{ 0x201a, BEYOND, ZERO, "27.2.1.1", { ON(0x201a, BEYOND) } },
		{ 0x201a, BIT(6), ZERO, "27.2.1.1", { ON(0x201a, 64), OFF(0x48c, BIT(21)) } },
		{ 0x201a, BIT(7), ZERO, "27.2.1.1", { ON(0x201a, 128), OFF(0x48c, BIT(23)) } },
		{ 0x201a, 0, type, "27.2.1.1", { SET(0x201a, 0x20401c) } },
		{ 0x201a, 0, type, "27.2.1.1", { SET(0x201a, 0x20401f) } },
		{ 0x201a, 0, type, "27.2.1.1", { OFF(0x48c, BIT(14)) } },
		{ 0x201a, 0, type, "27.2.1.1", { SET(0x201a, 0x204018), OFF(0x48c, BIT(8)) } },
		{ 0x201a, 0, walk, "27.2.1.1", { SET(0x201a, 0x204016) } },
		{ 0x201a, 0, walk, "27.2.1.1", { SET(0x201a, 0x20402e) } },
		{ 0x201a, 0, walk, "27.2.1.1", { OFF(0x48c, BIT(6)) } },
		{ 0x201a, 0, walk, "27.2.1.1", { SET(0x201a, 0x204026), OFF(0x48c, BIT(7)) } },
	};
	static const struct change correct[][1] = { { SET(0x201a, 0x204018) },
						    { SET(0x201a, 0x204026) },
						    { SET(0x201a, 0x2040de) } };

	(void)state;
	expect_broken(model_long, rows, ARRAY_SIZE(rows));
	for (size_t i = 0; i < ARRAY_SIZE(correct); i++)
		expect_correct(model_long, correct[i], 1);
}

static void areas_of_msrs_fit_the_processor(void **state)
{
	static const char end[] = "ends above the physical addresses";
	static const struct {
		uint32_t address, count;
		const char *section;
	} areas[] = { { 0x2006, 0x400e, "27.2.1.2" },
		      { 0x2008, 0x4010, "27.2.1.2" },
		      { 0x200a, 0x4014, "27.2.1.3" } };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(areas); i++) {
		uint32_t address = areas[i].address;
		uint32_t count = areas[i].count;
		const struct broken rows[] = {
			{ address, 8, ZERO, areas[i].section, { SET(address, 8), SET(count, 1) } },
			{ address,
			  BEYOND,
			  ZERO,
			  areas[i].section,
			  { SET(address, BEYOND), SET(count, 1) } },
			{ address,
			  0,
			  end,
			  areas[i].section,
			  { SET(address, BEYOND - 16), SET(count, 2) } },
			{ count, 0, MAXIMUM, areas[i].section, { SET(count, 513) } },
		};
		const struct change last[] = { SET(address, BEYOND - 16), SET(count, 1) };
		const struct change most[] = { SET(count, 1024), ON(0x485, BIT(25)) };
		const struct change none[] = { SET(address, UINT64_MAX) };

		expect_broken(model_long, rows, ARRAY_SIZE(rows));
		expect_correct(model_long, last, ARRAY_SIZE(last));
		expect_correct(model_long, most, ARRAY_SIZE(most));
		expect_correct(model_long, none, ARRAY_SIZE(none));
	}
}

static void an_injected_event_is_one(void **state)
{
	static const char type[] = "type not supported";
	static const char vector[] = "vector does not fit the type";
	static const char code[] = "error code does not fit the event";
	static const char length[] = "not an instruction's";
	static const struct broken rows[] = {
		{ 0x4016, BIT(12), ZERO, "27.2.1.3", { SET(0x4016, 0x80001030) } },
		{ 0x4016, BIT(30), ZERO, "27.2.1.3", { SET(0x4016, 0xc0000030) } },
		{ 0x4016, 0, type, "27.2.1.3", { SET(0x4016, 0x80000130) } },
		{ 0x4016,
		  0,
		  type,
		  "27.2.1.3",
		  { SET(0x4016, 0x80000700), OFF(0x48e, 1ull << 59) } },
		{ 0x4016, 0, vector, "27.2.1.3", { SET(0x4016, 0x80000203) } },
		{ 0x4016, 0, vector, "27.2.1.3", { SET(0x4016, 0x80000201) } },
		{ 0x4016, 0, vector, "27.2.1.3", { SET(0x4016, 0x80000320) } },
		{ 0x4016, 0, vector, "27.2.1.3", { SET(0x4016, 0x80000701) } },
		{ 0x4016, 0, code, "27.2.1.3", { SET(0x4016, 0x8000030d) } },
		{ 0x4016, 0, code, "27.2.1.3", { SET(0x4016, 0x80000b06) } },
		{ 0x4016, 0, code, "27.2.1.3", { SET(0x4016, 0x80000830) } },
		{ 0x4016,
		  0,
		  code,
		  "27.2.1.3",
		  { SET(0x4016, 0x80000830), ON(0x480, BIT_ULL(56)) } },
		{ 0x4018,
		  BIT(16),
		  ZERO,
		  "27.2.1.3",
		  { SET(0x4016, 0x80000b0d), SET(0x4018, 0x1ffff) } },
		{ 0x401a, 0, length, "27.2.1.3", { SET(0x4016, 0x80000480) } },
		{ 0x401a, 0, length, "27.2.1.3", { SET(0x4016, 0x80000501), SET(0x401a, 16) } },
		{ 0x401a, 0, length, "27.2.1.3", { SET(0x4016, 0x80000603), SET(0x401a, 16) } },
	};
	static const struct change correct[][3] = {
		{ SET(0x4016, 0x7fffffff), SET(0x4018, UINT32_MAX) }, /* not valid */
		{ SET(0x4016, 0x800000ff), SET(0x4018, UINT32_MAX) },
		{ SET(0x4016, 0x80000202) },
		{ SET(0x4016, 0x8000031f) },
		{ SET(0x4016, 0x80000700) },
		{ SET(0x4016, 0x80000b0e), SET(0x4018, 0xffff) },
		{ SET(0x4016, 0x80000b06), ON(0x480, BIT_ULL(56)) },
		{ SET(0x4016, 0x8000030d), ON(0x480, BIT_ULL(56)) },
		{ SET(0x4016, 0x800004ff), SET(0x401a, 1) },
		{ SET(0x4016, 0x80000501), SET(0x401a, 15) },
		{ SET(0x4016, 0x80000603), ON(0x485, BIT(30)) },
	};
	static const struct broken real = {
		0x4016, 0, code, "27.2.1.3", { SET(0x4016, 0x80000b0d) }
	};
	static const struct change correct_real = SET(0x4016, 0x8000030d);

	(void)state;
	expect_broken(model_long, rows, ARRAY_SIZE(rows));
	for (size_t i = 0; i < ARRAY_SIZE(correct); i++)
		expect_correct(model_long, correct[i], ARRAY_SIZE(correct[i]));
	/* Real mode has no error codes. */
	expect_broken(model_real, &real, 1);
	expect_correct(model_real, &correct_real, 1);
}

static void just_the_exceptions_with_an_error_code_have_one(void **state)
{
	(void)state;
	for (uint32_t vector = 0; vector < 32; vector++) {
		bool has = vector == 8 || (vector >= 10 && vector <= 14) || vector == 17;

		model_long();
		*vmcs_field(0x4016) = 0x80000300 | vector;
		expect_findings(has);
		*vmcs_field(0x4016) |= BIT(11);
		expect_findings(!has);
	}
}

/* ---- Host state ---- */

static void host_registers_are_those_of_64_bit_mode(void **state)
{
	static const struct broken rows[] = {
		{ 0x6c00, BIT(0), ONE, "27.2.2", { OFF(0x6c00, BIT(0)) } },
		{ 0x6c00, BIT_ULL(32), ZERO, "27.2.2", { ON(0x6c00, BIT_ULL(32)) } },
		{ 0x6c04, BIT(13), ONE, "27.2.2", { OFF(0x6c04, BIT(13)) } },
		{ 0x6c04, BIT(11), ZERO, "27.2.2", { ON(0x6c04, BIT(11)) } },
		{ 0x6c02, BEYOND, ZERO, "27.2.2", { ON(0x6c02, BEYOND) } },
		{ 0x6c10, 0, CANONICAL, "27.2.2", { SET(0x6c10, BIT_ULL(47)) } },
		{ 0x6c12, 0, CANONICAL, "27.2.2", { SET(0x6c12, BIT_ULL(63)) } },
		{ 0x2c00,
		  0xff00,
		  "are no memory type",
		  "27.2.2",
		  { SET(0x2c00, 0x0007040600070206) } },
		{ 0x2c02, BIT(12), ZERO, "27.2.2", { ON(0x2c02, BIT(12)) } },
		{ 0x2c02, BIT(8), ONE, "27.2.2", { OFF(0x2c02, BIT(8)) } },
		{ 0x2c02, BIT(10), ONE, "27.2.2", { OFF(0x2c02, BIT(10)) } },
		{ 0x2c04, BIT(4), ZERO, "27.2.2", { ON(0x400c, BIT(12)), SET(0x2c04, 0x1f) } },
		{ 0x400c, BIT(9), ONE, "27.2.4", { OFF(0x400c, BIT(9)) } },
		{ 0x6c04, BIT(5), ONE, "27.2.4", { OFF(0x6c04, BIT(5)) } },
		{ 0x6c16, 0, CANONICAL, "27.2.4", { SET(0x6c16, BIT_ULL(47)) } },
	};
	static const struct change off[] = { OFF(0x400c, BIT(12) | BIT(19) | BIT(21)),
					     SET(0x2c00, UINT64_MAX), SET(0x2c02, UINT64_MAX),
					     SET(0x2c04, UINT64_MAX) };

	(void)state;
	expect_broken(model_long, rows, ARRAY_SIZE(rows));
	expect_correct(model_long, off, ARRAY_SIZE(off));
	*vmcs_field(0x2c02) = 0;
	expect_findings(0);
}

static void every_byte_of_pat_is_a_memory_type(void **state)
{
	(void)state;
	for (unsigned int shift = 0; shift < 64; shift += 8)
		for (uint64_t type = 0; type < 256; type++) {
			model_long();
			*vmcs_field(0x2804) = type << shift;
			expect_findings(type > 7 || type == 2 || type == 3);
		}
}

static void host_segments_are_usable_at_an_exit(void **state)
{
	static const struct broken rows[] = {
		{ 0x0c00, BIT(0), ZERO, "27.2.3", { ON(0x0c00, BIT(0)) } },
		{ 0x0c02, BIT(2), ZERO, "27.2.3", { ON(0x0c02, BIT(2)) } },
		{ 0x0c04, BIT(1), ZERO, "27.2.3", { ON(0x0c04, BIT(1)) } },
		{ 0x0c06, BIT(2), ZERO, "27.2.3", { ON(0x0c06, BIT(2)) } },
		{ 0x0c08, BIT(1), ZERO, "27.2.3", { ON(0x0c08, BIT(1)) } },
		{ 0x0c0a, BIT(0), ZERO, "27.2.3", { ON(0x0c0a, BIT(0)) } },
		{ 0x0c0c, BIT(2), ZERO, "27.2.3", { ON(0x0c0c, BIT(2)) } },
		{ 0x0c02, 0, NOT_ZERO, "27.2.3", { SET(0x0c02, 0) } },
		{ 0x0c0c, 0, NOT_ZERO, "27.2.3", { SET(0x0c0c, 0) } },
		{ 0x6c06, 0, CANONICAL, "27.2.3", { SET(0x6c06, BIT_ULL(47)) } },
		{ 0x6c08, 0, CANONICAL, "27.2.3", { SET(0x6c08, BIT_ULL(47)) } },
		{ 0x6c0a, 0, CANONICAL, "27.2.3", { SET(0x6c0a, BIT_ULL(47)) } },
		{ 0x6c0c, 0, CANONICAL, "27.2.3", { SET(0x6c0c, BIT_ULL(47)) } },
		{ 0x6c0e, 0, CANONICAL, "27.2.3", { SET(0x6c0e, BIT_ULL(47)) } },
	};
	static const struct change wide[] = { SET(VMX_BITS_SIGN, 0xff00000000000000),
					      SET(0x6c06, BIT_ULL(47)) };
	static const struct change null[] = { SET(0x0c00, 0), SET(0x0c04, 0), SET(0x0c06, 0),
					      SET(0x0c0a, 0) };

	(void)state;
	expect_broken(model_long, rows, ARRAY_SIZE(rows));
	expect_correct(model_long, wide, ARRAY_SIZE(wide)); /* 57-bit addresses */
	expect_correct(model_long, null, ARRAY_SIZE(null));
}

/* ---- Findings ---- */

static void findings_come_in_the_manuals_order_and_no_more_than_fit(void **state)
{
	struct vmx_finding findings[3] = { { .rule = "untouched" },
					   { .rule = "untouched" },
					   { .rule = "untouched" } };

	(void)state;
	model_long();
	*vmcs_field(0x6820) = 0;
	*vmcs_field(0x6c00) = 0;
	*vmcs_field(0x0000) = 0;
	assert_int_equal(vmx_audit(&model_source, findings, 2), 3);
	assert_int_equal(findings[0].field, 0x0000);
	assert_int_equal(findings[1].field, 0x6c00);
	assert_int_equal(findings[1].bits, 0x80000021);
	assert_string_equal(findings[2].rule, "untouched");
	assert_int_equal(vmx_audit(&model_source, findings, 3), 3);
	assert_int_equal(findings[2].field, 0x6820);
	assert_int_equal(vmx_audit(&model_source, NULL, 0), 3);
}

/* Names never overflow, whatever is asked; nor does the auditor, whatever the VMCS holds. */
static void nothing_in_a_vmcs_makes_the_auditor_fail(void **state)
{
	static void (*const models[])(void) = { model_long, model_protected, model_vm86, model_real,
						model_all };
	struct vmx_finding findings[64];
	unsigned int broken = 0;

	(void)state;
	srand(11);
	for (unsigned int round = 0; round < 20000; round++) {
		unsigned int count;

		models[(unsigned int)rand() % ARRAY_SIZE(models)]();
		for (int flips = 1 + rand() % 8; flips; flips--)
			*vmcs_field((uint32_t)rand() % 0x3800 * 2) ^= BIT_ULL(rand() % 64);
		for (int flips = rand() % 8; flips; flips--)
			*vmcs_field(0x4000 + (uint32_t)rand() % 0x20 * 2) ^= BIT_ULL(rand() % 32);
		count = vmx_audit(&model_source, findings, ARRAY_SIZE(findings));
		assert_in_range(count, 0, ARRAY_SIZE(findings));
		broken += count > 0;
		for (unsigned int i = 0; i < count; i++) {
			char name[VMX_FIELD_NAME_MAX];
			struct vmx_reason reason;

			vmx_field_name(findings[i].field, name);
			assert_string_not_equal(name, "field");
			assert_true(strlen(name) < VMX_FIELD_NAME_MAX);
			for (unsigned int n = 0; vmx_finding_reason(&findings[i], n, &reason);
			     n++) {
				vmx_field_name(reason.field, name);
				assert_string_not_equal(name, "field");
			}
		}
	}
	assert_in_range(broken, 1000, 19999);
	for (uint32_t field = 0; field < 0x10000; field++) {
		char name[VMX_FIELD_NAME_MAX];

		vmx_field_name(field, name);
		assert_true(strlen(name) < VMX_FIELD_NAME_MAX);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(correct_vmcss_have_no_finding),
		cmocka_unit_test(controls_are_those_that_the_processor_has),
		cmocka_unit_test(old_processors_want_more_controls_on),
		cmocka_unit_test(capability_msrs_that_are_not_there_are_not_read),
		cmocka_unit_test(a_control_may_need_or_exclude_another),
		cmocka_unit_test(structures_are_aligned_and_have_physical_addresses),
		cmocka_unit_test(fields_of_controls_that_are_off_do_not_matter),
		cmocka_unit_test(execution_control_fields_have_possible_values),
		cmocka_unit_test(an_ept_pointer_is_what_the_processor_can_use),
		cmocka_unit_test(areas_of_msrs_fit_the_processor),
		cmocka_unit_test(an_injected_event_is_one),
		cmocka_unit_test(just_the_exceptions_with_an_error_code_have_one),
		cmocka_unit_test(host_registers_are_those_of_64_bit_mode),
		cmocka_unit_test(every_byte_of_pat_is_a_memory_type),
		cmocka_unit_test(host_segments_are_usable_at_an_exit),
		cmocka_unit_test(findings_come_in_the_manuals_order_and_no_more_than_fit),
		cmocka_unit_test(nothing_in_a_vmcs_makes_the_auditor_fail),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
