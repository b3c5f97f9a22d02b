/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers are those of SDM vol. 3, written out once more. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "vmx_model.h"

#define FIRST_MSR 0x480u
#define LAST_MSR 0x493u
#define NR_BITS (VMX_BITS_PERF_GLOBAL_CTRL - VMX_BITS_PHYSICAL + 1)

static uint64_t vmcs[0x7000];
static uint64_t msrs[LAST_MSR - FIRST_MSR + 1];
static bool missing[LAST_MSR - FIRST_MSR + 1];
static uint64_t bits[NR_BITS];

uint64_t *vmcs_field(uint32_t field)
{
	assert_true(field < 0x7000);
	assert_false(field & 1);
	return &vmcs[field];
}

uint64_t *vmx_capability(uint32_t index)
{
	if (index >= VMX_BITS_PHYSICAL) {
		assert_true(index < VMX_BITS_PHYSICAL + NR_BITS);
		return &bits[index - VMX_BITS_PHYSICAL];
	}
	assert_true(index >= FIRST_MSR && index <= LAST_MSR);
	return &msrs[index - FIRST_MSR];
}

void vmx_take_away(uint32_t msr)
{
	missing[msr - FIRST_MSR] = true;
}

static uint64_t read_field(uint64_t field)
{
	return *vmcs_field((uint32_t)field);
}

static uint64_t read_capability(uint32_t index)
{
	if (index < VMX_BITS_PHYSICAL && missing[index - FIRST_MSR])
		fail_msg("MSR 0x%x is not there", index);
	return *vmx_capability(index);
}

const struct vmx_source model_source = { read_field, read_capability };

static void set(const uint64_t (*pairs)[2], size_t count)
{
	for (size_t i = 0; i < count; i++)
		*vmcs_field((uint32_t)pairs[i][0]) = pairs[i][1];
}

static void set_capabilities(void)
{
	static const uint64_t values[][2] = {
		{ 0x480, 0x00d8100000000001 }, /* with TRUE MSRs */
		{ 0x481, 0x000000ff00000016 },
		{ 0x482, 0xfffbfffe0401e172 },
		{ 0x483, 0xf7ffffff00036dff },
		{ 0x484, 0x00ffffff000011ff },
		{ 0x485, 0x00000000000401e5 }, /* three activity states, 4 CR3 targets, 512 MSRs */
		{ 0x486, 0x0000000080000021 },
		{ 0x487, 0x00000000ffffffff },
		{ 0x488, 0x0000000000002000 },
		{ 0x489, 0x00000000003727ff },
		{ 0x48b, 0x02ffffff00000000 },
		{ 0x48c, 0x00000f0106b341c1 },
		{ 0x48d, 0x000000ff00000016 },
		{ 0x48e, 0xfffbfffe04006172 },
		{ 0x48f, 0xf7ffffff00036dfb },
		{ 0x490, 0x00ffffff000011fb },
		{ 0x492, 0x1f },
		{ 0x493, 0x8 },
		{ VMX_BITS_PHYSICAL, 0x0000007fffffffff },
		{ VMX_BITS_SIGN, 0xffff800000000000 },
		{ VMX_BITS_CR3, 0x0000007fffffffff },
		{ VMX_BITS_EFER, 0xd01 },
		{ VMX_BITS_DEBUGCTL, 0x7fc3 },
		{ VMX_BITS_PENDING_DEBUG, 0x1500f },
		{ VMX_BITS_PERF_GLOBAL_CTRL, 0x70000000f },
	};

	memset(missing, 0, sizeof(missing));
	memset(msrs, 0, sizeof(msrs));
	for (size_t i = 0; i < ARRAY_SIZE(values); i++)
		*vmx_capability((uint32_t)values[i][0]) = values[i][1];
}

static void set_host(void)
{
	static const uint64_t host[][2] = {
		{ 0x0c00, 0x10 },
		{ 0x0c02, 0x08 },
		{ 0x0c04, 0x10 },
		{ 0x0c06, 0x10 },
		{ 0x0c08, 0 },
		{ 0x0c0a, 0x10 },
		{ 0x0c0c, 0x20 },
		{ 0x2c00, 0x0007040600070406 },
		{ 0x2c02, 0xd01 },
		{ 0x6c00, 0x80010033 },
		{ 0x6c02, 0x12345000 },
		{ 0x6c04, 0x42020 },
		{ 0x6c06, 0 },
		{ 0x6c08, 0xffff800000001000 },
		{ 0x6c0a, 0xffff800000002000 },
		{ 0x6c0c, 0xffff800000003000 },
		{ 0x6c0e, 0x00007fffffffffff },
		{ 0x6c10, 0 },
		{ 0x6c12, 0 },
		{ 0x6c14, 0xffff800000404000 },
		{ 0x6c16, 0x100200 },
	};

	set(host, ARRAY_SIZE(host));
}

static void set_controls(void)
{
	static const uint64_t controls[][2] = {
		{ 0x0000, 1 },
		{ 0x2000, 0x201000 },
		{ 0x2002, 0x202000 },
		{ 0x2004, 0x203000 },
		{ 0x201a, 0x20401e },
		{ 0x2800, UINT64_MAX },
		{ 0x4000, 0x3e },
		{ 0x4002, 0xb6006d7a },
		{ 0x4004, 0x40000 },
		{ 0x400c, 0x3f6fff },
		{ 0x4012, 0xd3ff },
		{ 0x401e, 0x001010aa },
		{ 0x2804, 0x0007040600070406 },
	};

	set(controls, ARRAY_SIZE(controls));
}

/* Selector, base, limit and access rights of ES to TR. */
static void set_segment(uint32_t n, uint64_t selector, uint64_t base, uint64_t limit,
			uint64_t rights)
{
	*vmcs_field(0x0800 + 2 * n) = selector;
	*vmcs_field(0x6806 + 2 * n) = base;
	*vmcs_field(0x4800 + 2 * n) = limit;
	*vmcs_field(0x4814 + 2 * n) = rights;
}

static void set_segments(uint64_t cs, uint64_t ss)
{
	set_segment(0, 0x2b, 0, 0xffffffff, 0xc0f3);
	set_segment(1, 0x10, 0, 0xffffffff, cs);
	set_segment(2, 0x18, 0, 0xffffffff, ss);
	set_segment(3, 0x2b, 0, 0xffffffff, 0xc0f3);
	set_segment(4, 0, 0xffff888000000000, 0, 0x10000);
	set_segment(5, 0x1f, 0xffffffff, 0x1234, 0xff); /* conforming code */
	set_segment(6, 0x50, 0x1000, 0x57, 0x82);
	set_segment(7, 0x40, 0x2000, 0x206f, 0x8b);
}

void model_long(void)
{
	static const uint64_t guest[][2] = {
		{ 0x2802, 0 },
		{ 0x2812, 3 }, /* not looked at; beside the PDPTEs */
		{ 0x2806, 0xd01 },
		{ 0x4810, 0x7f },
		{ 0x4812, 0xfff },
		{ 0x6800, 0x80050033 },
		{ 0x6802, 0x1000 },
		{ 0x6804, 0x3620a0 },
		{ 0x6816, 0xfffffe0000001000 },
		{ 0x6818, 0xfffffe0000000000 },
		{ 0x681a, 0x400 },
		{ 0x681e, 0xffffffff81000000 },
		{ 0x6820, 0x202 },
		{ 0x6824, 0xfffffe0000003000 },
		{ 0x6826, 0xffffffff81a00000 },
	};

	memset(vmcs, 0, sizeof(vmcs));
	set_capabilities();
	set_controls();
	set_host();
	set_segments(0xa09b, 0xc093);
	set(guest, ARRAY_SIZE(guest));
}

/* Without unrestricted guest; with PAE paging, at privilege level 3. */
void model_protected(void)
{
	static const uint64_t guest[][2] = {
		{ 0x401e, 0x0010102a },
		{ 0x4012, 0xd1ff },
		{ 0x2806, 0x800 },
		{ 0x280a, 0x5001 },
		{ 0x280c, 0x6001 },
		{ 0x280e, 0xfffffffffffffffe },
		{ 0x2810, 0x7fffffe019 },
		{ 0x6800, 0x80050033 },
		{ 0x6804, 0x2020 },
		{ 0x681e, 0xc0100000 },
		{ 0x6816, 0x1000 },
		{ 0x6818, 0x2000 },
		{ 0x6824, 0 },
		{ 0x6826, 0 },
	};

	model_long();
	set_segments(0xc0fb, 0xc0f7);
	set_segment(4, 0x2b, 0x1000, 0xffffffff, 0xc0f3);
	*vmcs_field(0x0802) = 0x13;
	*vmcs_field(0x0804) = 0x1b;
	*vmcs_field(0x4822) = 0x83; /* busy 16-bit TSS */
	*vmcs_field(0x480e) = 0x2b;
	set(guest, ARRAY_SIZE(guest));
}

void model_vm86(void)
{
	model_protected();
	*vmcs_field(0x6820) = 0x20202;
	for (uint32_t n = 0; n < 6; n++)
		set_segment(n, 0x1000 + n, 0x10000 + 16 * n, 0xffff, 0xf3);
	*vmcs_field(0x681e) = 0x100;
}

void model_real(void)
{
	static const uint64_t guest[][2] = {
		{ 0x401e, 0x001010aa }, { 0x2806, 0 },      { 0x6800, 0x20 },   { 0x6804, 0x2000 },
		{ 0x6802, 0 },          { 0x6820, 0x2 },    { 0x681e, 0xfff0 }, { 0x4012, 0xd1ff },
		{ 0x4810, 0xffff },     { 0x4812, 0xffff }, { 0x280a, 0 },
	};

	model_protected();
	for (uint32_t n = 0; n < 6; n++)
		set_segment(n, 0x3000, 0x30000, 0xffff, 0x93);
	set_segment(1, 0xf000, 0xffff0000, 0xffff, 0x9b);
	set(guest, ARRAY_SIZE(guest));
}

void model_all(void)
{
	static const uint64_t controls[][2] = {
		{ 0x0002, 0xf2 },     { 0x200e, 0x301000 },   { 0x2012, 0x302000 },
		{ 0x2014, 0x303000 }, { 0x2016, 0x304040 },   { 0x2026, 0x305000 },
		{ 0x2028, 0x306000 }, { 0x2032, 1ull << 48 }, { 0x2034, 0x1f },
		{ 0x2044, 8 },
	};

	model_long();
	set(controls, ARRAY_SIZE(controls));
	/* External interrupts, preemption timer, posted interrupts. */
	*vmcs_field(0x4000) |= BIT(0) | BIT(6) | BIT(7);
	/* Interrupt and NMI windows, tertiary, TPR shadow. */
	*vmcs_field(0x4002) |= BIT(2) | BIT(17) | BIT(21) | BIT(22);
	/* APIC accesses and registers, interrupt delivery, VMCS shadowing, PML, mode-based
	 * execution, TSC scaling. */
	*vmcs_field(0x401e) |= BIT(0) | BIT(8) | BIT(9) | BIT(14) | BIT(17) | BIT(22) | BIT(25);
	/* Acknowledging, saved timer, secondary. */
	*vmcs_field(0x400c) |= BIT(15) | BIT(22) | BIT(31);
}

/* ---- Expectations ---- */

static void change(const struct change *changes, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		uint32_t where = changes[i].field;
		bool msr = where >= FIRST_MSR && where <= LAST_MSR; /* no field has such a number */
		uint64_t *value = msr || where >= VMX_BITS_PHYSICAL ? vmx_capability(where)
								    : vmcs_field(where);

		*value = (*value & ~changes[i].off) | changes[i].on;
	}
}

static void print(const struct vmx_finding *findings, unsigned int count)
{
	for (unsigned int i = 0; i < count && i < 8; i++) {
		char name[VMX_FIELD_NAME_MAX];

		vmx_field_name(findings[i].field, name);
		print_message("finding: %s = 0x%llx, bits 0x%llx, %s (%s)\n", name,
			      (unsigned long long)findings[i].value,
			      (unsigned long long)findings[i].bits, findings[i].rule,
			      findings[i].section);
	}
}

void expect_findings(unsigned int count)
{
	struct vmx_finding findings[8];
	unsigned int found = vmx_audit(&model_source, findings, 8);

	if (found != count) {
		print(findings, found);
		fail_msg("%u findings, not %u", found, count);
	}
}

static void expect_row(const struct broken *row, size_t index)
{
	struct vmx_finding finding[8];
	unsigned int found = vmx_audit(&model_source, finding, 8);
	char name[VMX_FIELD_NAME_MAX];

	if (found == 1 && finding->field == row->field && finding->bits == row->bits &&
	    !strcmp(finding->rule, row->rule) && !strcmp(finding->section, row->section)) {
		assert_int_equal(finding->value, *vmcs_field(row->field));
		vmx_field_name(row->field, name);
		assert_string_not_equal(name, "field");
		return;
	}
	print(finding, found);
	fail_msg("row %zu: %u findings; expected is 0x%04x, bits 0x%llx, %s (%s)", index, found,
		 row->field, (unsigned long long)row->bits, row->rule, row->section);
}

void expect_broken(void (*model)(void), const struct broken *rows, size_t count)
{
	model();
	expect_findings(0);
	for (size_t i = 0; i < count; i++) {
		model();
		change(rows[i].changes, CHANGES);
		expect_row(&rows[i], i);
	}
}

void expect_correct(void (*model)(void), const struct change *changes, size_t count)
{
	model();
	change(changes, count);
	expect_findings(0);
}

void expect_all_correct(void (*model)(void), const struct change *changes, size_t rows,
			size_t columns)
{
	for (size_t row = 0; row < rows; row++)
		expect_correct(model, changes + row * columns, columns);
}
