/* SPDX-License-Identifier: Apache-2.0 */
/* sources: src/arch/x86/vmx/audit.c src/arch/x86/vmx/audit_controls.c
 * src/arch/x86/vmx/audit_guest.c src/arch/x86/vmx/audit_names.c src/arch/x86/vmx/audit_rules.c
 * src/arch/x86/vmx/audit_when.c src/arch/x86/vmx/refusal.c src/core/log.c src/core/format.c
 * tests/unit/vmx_model.c */
/* flags: -Isrc/arch/x86 -include tests/unit/fake_x86.h -include tests/unit/fake_vmx.h */
/* What is said about an entry that failed: which field, which rule, and why it applies. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "core/cell.h"
#include "core/console.h"
#include "core/log.h"
#include "vmx/vmx.h"
#include "vmx_model.h"

/* ---- The processor ---- */

static struct cpuid_regs leaf_0, leaf_1, leaf_7, leaf_7_1, leaf_a, leaf_sizes;
static uint64_t perf_capabilities;

uint64_t vmread(uint64_t field)
{
	return *vmcs_field((uint32_t)field);
}

struct cpuid_regs cpuid(uint32_t leaf, uint32_t subleaf)
{
	if (leaf == 0)
		return leaf_0;
	if (leaf == 1)
		return leaf_1;
	if (leaf == 0xa)
		return leaf_a;
	if (leaf == 0x80000008)
		return leaf_sizes;
	assert_int_equal(leaf, 7);
	return subleaf ? leaf_7_1 : leaf_7;
}

uint64_t rdmsr(uint32_t msr)
{
	if (msr == 0x345)
		return perf_capabilities;
	return model_source.capability(msr);
}

void console_drain(void)
{
}

static int setup(void **state)
{
	(void)state;
	leaf_0 = (struct cpuid_regs){ .eax = 0x1f };
	leaf_1 = leaf_7 = leaf_7_1 = leaf_a = (struct cpuid_regs){ 0 };
	leaf_sizes = (struct cpuid_regs){ .eax = 0x3027 };
	log_head = 0;
	log_complete = 0;
	model_long();
	return 0;
}

static const struct cell_config config = { .name = "red" };
static struct cell red = { .config = &config };
static const struct vcpu vcpu = { .cell = &red, .index = 1 };

static void expect_log(uint64_t code, uint64_t info, const char *text)
{
	const struct vcpu_exit failure = { .code = code, .info = info };
	char log[LOG_SIZE];
	uint64_t cursor = log_head;
	size_t length;

	vmx_log_refusal(&vcpu, &failure);
	length = log_read(&cursor, log, sizeof(log) - 1);
	log[length] = '\0';
	assert_string_equal(log, text);
}

/* ---- Lines ---- */

#define NOTHING "  no rule that is checked is broken (src/arch/x86/vmx/audit.h)\n"

static void the_log_says_what_failed(void **state)
{
	(void)state;
	expect_log(
		VMX_ENTRY_FAILED, 7,
		"cell red: VM entry of vCPU 1 failed, error 7: invalid control fields\n" NOTHING);
	expect_log(VMX_ENTRY_FAILED, 12,
		   "cell red: VM entry of vCPU 1 failed, error 12: not one of entries\n" NOTHING);
	expect_log(0x80000021, 0,
		   "cell red: VM entry of vCPU 1 failed, exit reason 33: invalid guest state, "
		   "qualification 0\n" NOTHING);
	expect_log(0x80000021, 4,
		   "cell red: VM entry of vCPU 1 failed, exit reason 33: invalid guest state, "
		   "qualification 4: VMCS link pointer\n" NOTHING);
	expect_log(0x80000022, 3,
		   "cell red: VM entry of vCPU 1 failed, exit reason 34: invalid entry in the "
		   "MSR-load area, qualification 3\n" NOTHING);
	expect_log(0x80000029, 0,
		   "cell red: VM entry of vCPU 1 failed, exit reason 41: machine check, "
		   "qualification 0\n" NOTHING);
}

/* Without a current VMCS all fields would read as 0. */
static void without_a_vmcs_nothing_is_audited(void **state)
{
	(void)state;
	*vmcs_field(0x0000) = 0;
	expect_log(VMX_ENTRY_FAILED, 0,
		   "cell red: VM entry of vCPU 1 failed, error 0: there is no current VMCS\n");
}

static void the_log_says_which_field_and_why(void **state)
{
	(void)state;
	*vmcs_field(0x0000) = 0;
	*vmcs_field(0x681e) = 0x8000000000000000;
	*vmcs_field(0x6820) = 0x200;
	*vmcs_field(0x4016) = 0x80000202;
	*vmcs_field(0x4824) = 8;
	expect_log(0x80000021, 0,
		   "cell red: VM entry of vCPU 1 failed, exit reason 33: invalid guest state, "
		   "qualification 0\n"
		   "  VPID (0x0000) = 0x0: must not be 0, since bit 5 of secondary controls is 1 "
		   "(SDM vol. 3, 27.2.1.1)\n"
		   "  guest RIP (0x681e) = 0x8000000000000000: not canonical, since bit 13 of "
		   "guest CS rights is 1 and bit 9 of entry controls is 1 "
		   "(SDM vol. 3, 27.3.1.4)\n"
		   "  guest RFLAGS (0x6820) = 0x200: bits 0x2 must be 1 (SDM vol. 3, 27.3.1.4)\n"
		   "  guest interruptibility (0x4824) = 0x8: bits 0x8 must be 0, since bit 5 of "
		   "pin-based controls is 1 and bits 10:8 of injected event are 2 and bit 31 of "
		   "injected event is 1 (SDM vol. 3, 27.3.1.5)\n");
}

static void negative_reasons_are_said_so(void **state)
{
	(void)state;
	model_protected();
	*vmcs_field(0x6804) |= BIT(17);
	*vmcs_field(0x4826) = 2;
	*vmcs_field(0x4824) = 2;
	expect_log(0x80000021, 0,
		   "cell red: VM entry of vCPU 1 failed, exit reason 33: invalid guest state, "
		   "qualification 0\n"
		   "  guest CR4 (0x6804) = 0x22020: bits 0x20000 must be 0, since bit 9 of entry "
		   "controls is 0 (SDM vol. 3, 27.3.1.1)\n"
		   "  guest activity state (0x4826) = 0x2: bits 0x2 must be 0, since bits 1:0 of "
		   "guest interruptibility are not 0 (SDM vol. 3, 27.3.1.5)\n");
}

static void many_findings_are_counted(void **state)
{
	char log[LOG_SIZE];
	const struct vcpu_exit failure = { .code = VMX_ENTRY_FAILED, .info = 8 };
	uint64_t cursor = log_head;
	unsigned int lines = 0;
	size_t length;

	(void)state;
	for (uint32_t field = 0x0c00; field <= 0x0c0c; field += 2)
		*vmcs_field(field) |= 1;
	*vmcs_field(0x6c16) = BIT_ULL(63);
	*vmcs_field(0x6820) = 0;
	vmx_log_refusal(&vcpu, &failure);
	length = log_read(&cursor, log, sizeof(log) - 1);
	log[length] = '\0';
	for (size_t i = 0; i < length; i++)
		lines += log[i] == '\n';
	assert_int_equal(lines, 1 + 8 + 1);
	assert_non_null(strstr(log, "  and 1 more\n"));
}

/* ---- What the processor is asked ---- */

/* Which bits of @field are not refused, of those of @tried. */
static void expect_bits(uint32_t field, uint64_t tried, uint64_t permitted)
{
	uint64_t old = *vmcs_field(field);

	for (unsigned int bit = 0; bit < 64; bit++) {
		const struct vcpu_exit failure = { .code = 0x80000021 };
		char log[LOG_SIZE];
		uint64_t cursor;
		size_t length;

		if (!(tried >> bit & 1))
			continue;
		log_head = 0;
		log_complete = 0;
		cursor = 0;
		*vmcs_field(field) = BIT_ULL(bit);
		vmx_log_refusal(&vcpu, &failure);
		length = log_read(&cursor, log, sizeof(log) - 1);
		log[length] = '\0';
		if ((strstr(log, "must be 0") == NULL) != (permitted >> bit & 1))
			fail_msg("field 0x%x, bit %u: %s", field, bit, log);
	}
	*vmcs_field(field) = old;
}

static void limits_come_from_cpuid(void **state)
{
	(void)state;
	expect_bits(0x6802, UINT64_MAX, 0x7fffffffff);
	expect_bits(0x2802, UINT64_MAX, 0x7fc3);
	expect_bits(0x6822, UINT64_MAX & ~BIT_ULL(14), 0x100f);
	expect_bits(0x2c02, UINT64_MAX, 0xd01);
	leaf_7 = (struct cpuid_regs){ .eax = 1, .ebx = BIT(11), .ecx = BIT(24) };
	leaf_7_1 = (struct cpuid_regs){ .eax = BIT(26) };
	expect_bits(0x6802, UINT64_MAX, 0x6000007fffffffff);
	expect_bits(0x2802, UINT64_MAX, 0xffc7);
	expect_bits(0x6822, UINT64_MAX & ~BIT_ULL(14), 0x1180f);
	leaf_7.eax = 0; /* what its subleaf 1 says is nothing */
	expect_bits(0x6802, UINT64_MAX, 0x7fffffffff);
	leaf_0.eax = 6;
	expect_bits(0x2802, UINT64_MAX, 0x7fc3);
	leaf_sizes.eax = 0x3934;
	expect_bits(0x6802, UINT64_MAX, 0xfffffffffffff);
	*vmcs_field(0x6c16) = BIT_ULL(55);
	expect_log(VMX_ENTRY_FAILED, 8,
		   "cell red: VM entry of vCPU 1 failed, error 8: invalid host state\n" NOTHING);
}

static void counters_come_from_cpuid(void **state)
{
	(void)state;
	*vmcs_field(0x400c) |= BIT(12);
	expect_bits(0x2c04, UINT64_MAX, 0);
	leaf_a = (struct cpuid_regs){ .eax = 0x08300805, .ecx = BIT(5), .edx = 0x603 };
	expect_bits(0x2c04, UINT64_MAX, 0x27000000ff);
	perf_capabilities = BIT(15);
	expect_bits(0x2c04, UINT64_MAX, 0x27000000ff);
	leaf_1.ecx = BIT(15);
	expect_bits(0x2c04, UINT64_MAX, 0x10027000000ff);
	perf_capabilities = 0;
	expect_bits(0x2c04, UINT64_MAX, 0x27000000ff);
	leaf_0.eax = 9;
	expect_bits(0x2c04, UINT64_MAX, 0);
}

/* ---- What findings say ---- */

static void a_finding_says_why_its_rule_applies(void **state)
{
	static const struct vmx_reason injects = { 0x4016, 31, 1, 1, false };
	struct vmx_finding finding;
	struct vmx_reason reason;

	(void)state;
	/* A control. */
	model_long();
	*vmcs_field(0x0000) = 0;
	assert_int_equal(vmx_audit(&model_source, &finding, 1), 1);
	assert_true(vmx_finding_reason(&finding, 0, &reason));
	assert_int_equal(reason.field, 0x401e);
	assert_int_equal(reason.low, 5);
	assert_int_equal(reason.width, 1);
	assert_int_equal(reason.value, 1);
	assert_false(reason.differs);
	assert_false(vmx_finding_reason(&finding, 1, &reason));
	/* Nothing. */
	*vmcs_field(0x0000) = 1;
	*vmcs_field(0x0c02) = 0;
	assert_int_equal(vmx_audit(&model_source, &finding, 1), 1);
	assert_false(vmx_finding_reason(&finding, 0, &reason));
	/* Not a control. */
	model_protected();
	*vmcs_field(0x6804) |= BIT(17);
	assert_int_equal(vmx_audit(&model_source, &finding, 1), 1);
	assert_true(vmx_finding_reason(&finding, 0, &reason));
	assert_int_equal(reason.field, 0x4012);
	assert_int_equal(reason.low, 9);
	assert_true(reason.differs);
	/* Two conditions. */
	model_long();
	*vmcs_field(0x681e) = BIT_ULL(48);
	assert_int_equal(vmx_audit(&model_source, &finding, 1), 1);
	assert_true(vmx_finding_reason(&finding, 0, &reason));
	assert_int_equal(reason.field, 0x4816);
	assert_int_equal(reason.low, 13);
	assert_true(vmx_finding_reason(&finding, 1, &reason));
	assert_int_equal(reason.field, 0x4012);
	assert_int_equal(reason.low, 9);
	/* Three conditions. */
	model_long();
	*vmcs_field(0x4016) = 0x80000202;
	*vmcs_field(0x4824) = 8;
	assert_int_equal(vmx_audit(&model_source, &finding, 1), 1);
	assert_true(vmx_finding_reason(&finding, 0, &reason));
	assert_int_equal(reason.field, 0x4000);
	assert_int_equal(reason.low, 5);
	assert_true(vmx_finding_reason(&finding, 1, &reason));
	assert_int_equal(reason.field, 0x4016);
	assert_int_equal(reason.low, 8);
	assert_int_equal(reason.width, 3);
	assert_int_equal(reason.value, 2);
	assert_true(vmx_finding_reason(&finding, 2, &reason));
	assert_memory_equal(&reason, &injects, sizeof(reason));
	assert_false(vmx_finding_reason(&finding, 3, &reason));
}

static void fields_have_names(void **state)
{
	static const struct {
		uint32_t field;
		const char *name;
	} fields[] = {
		{ 0x0000, "VPID" },
		{ 0x6820, "guest RFLAGS" },
		{ 0x6c00, "host CR0" },
		{ 0x0802, "guest CS selector" },
		{ 0x080e, "guest TR selector" },
		{ 0x0c0a, "host GS selector" },
		{ 0x0c0c, "host TR selector" },
		{ 0x6c06, "host FS base" },
		{ 0x6c0a, "host TR base" },
		{ 0x6c0e, "host IDTR base" },
		{ 0x6806, "guest ES base" },
		{ 0x6814, "guest TR base" },
		{ 0x6818, "guest IDTR base" },
		{ 0x4800, "guest ES limit" },
		{ 0x4810, "guest GDTR limit" },
		{ 0x4814, "guest ES rights" },
		{ 0x4822, "guest TR rights" },
		{ 0x2810, "guest PDPTE3" },
		{ 0x401a, "instruction length" },
		{ 0x7ffe, "field" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(fields); i++) {
		char name[VMX_FIELD_NAME_MAX];

		vmx_field_name(fields[i].field, name);
		assert_string_equal(name, fields[i].name);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(the_log_says_what_failed, setup),
		cmocka_unit_test_setup(without_a_vmcs_nothing_is_audited, setup),
		cmocka_unit_test_setup(the_log_says_which_field_and_why, setup),
		cmocka_unit_test_setup(negative_reasons_are_said_so, setup),
		cmocka_unit_test_setup(many_findings_are_counted, setup),
		cmocka_unit_test_setup(limits_come_from_cpuid, setup),
		cmocka_unit_test_setup(counters_come_from_cpuid, setup),
		cmocka_unit_test_setup(a_finding_says_why_its_rule_applies, setup),
		cmocka_unit_test_setup(fields_have_names, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
