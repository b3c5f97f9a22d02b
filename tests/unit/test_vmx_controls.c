/* SPDX-License-Identifier: Apache-2.0 */
/* sources: src/arch/x86/vmx/controls.c */
/* flags: -Isrc/arch/x86 -include tests/unit/fake_x86.h */
/*
 * Which processors with VMX are refused, and that the message names what they lack. Capability bits
 * are numbered here after SDM vol. 3, appendix A and tables 25-5 to 25-17, independently of the
 * source's constants. (x2APIC, XSAVE and a processor without any VMX: test_board.c.)
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "vmx/vmx.h"

#define FEATURE_CONTROL 0x3a
#define BASIC 0x480
#define CPU2 0x48b
#define EPT_VPID 0x48c
#define PIN 0x48d
#define CPU 0x48e
#define LEAVING 0x48f
#define ENTERING 0x490

#define HIGH 32 /* of a control's MSR: "may be 1" (A.3) */
#define RDTSCP BIT(27)
#define INVPCID BIT(10)
#define XSAVES BIT(3)

/* ---- The processor ---- */

/* What it must have and nothing else; the low halves are bits that every processor reports so. */
static const struct msr {
	uint32_t index;
	uint64_t value;
} enough[] = {
	{ FEATURE_CONTROL, 1 | 1 << 2 },
	{ BASIC, 1ull << 55 | 6ull << 50 },
	{ PIN, 0x16 | (0x16ull | 1 << 3 | 1 << 5) << HIGH },
	{ CPU, 0x04006172 | (0x04006172ull | 1 << 3 | 1 << 10 | 1 << 11 | 1 << 25 | 1 << 28 |
			     1 << 29 | 1u << 31)
				    << HIGH },
	{ CPU2, (1ull << 1 | 1 << 5 | 1 << 7) << HIGH },
	{ LEAVING,
	  0x00036dfb | (0x00036dfbull | 1 << 2 | 1 << 9 | 1 << 18 | 1 << 19 | 1 << 20 | 1 << 21)
			       << HIGH },
	{ ENTERING, 0x000011fb | (0x000011fbull | 1 << 2 | 1 << 14 | 1 << 15) << HIGH },
	{ EPT_VPID, 1ull << 6 | 1 << 14 | 1 << 16 | 1 << 20 | 1 << 26 | 1ull << 32 | 1ull << 42 },
};

static struct msr msrs[ARRAY_SIZE(enough)];
static uint32_t leaf_7_ebx, leaf_d1_eax, leaf_81_edx;

static uint64_t *msr(uint32_t index)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(msrs); i++)
		if (msrs[i].index == index)
			return &msrs[i].value;
	fail_msg("there is no MSR 0x%x", index);
	return NULL;
}

/* An MSR that another one does not announce is not there: the hypervisor would end by #GP. */
uint64_t rdmsr(uint32_t index)
{
	if (index >= PIN && !(*msr(BASIC) >> 55 & 1)) /* A.3.1 and following */
		fail_msg("reads TRUE MSR 0x%x", index);
	if (index == CPU2 && !(*msr(CPU) >> (HIGH + 31) & 1)) /* A.3.3 */
		fail_msg("reads the secondary controls' MSR");
	if (index == EPT_VPID && !(*msr(CPU2) >> HIGH & (BIT(1) | BIT(5)))) /* A.10 */
		fail_msg("reads the MSR of EPT and VPID");
	return *msr(index);
}

struct cpuid_regs cpuid(uint32_t leaf, uint32_t subleaf)
{
	struct cpuid_regs regs = { .eax = 0 };

	if (leaf == 7 && subleaf == 0)
		regs.ebx = leaf_7_ebx;
	else if (leaf == 0xd && subleaf == 1)
		regs.eax = leaf_d1_eax;
	else if (leaf == 0x80000001)
		regs.edx = leaf_81_edx;
	else
		fail_msg("asks for CPUID 0x%x, %u", leaf, subleaf);
	return regs;
}

static int setup(void **state)
{
	(void)state;
	memcpy(msrs, enough, sizeof(msrs));
	leaf_7_ebx = leaf_d1_eax = leaf_81_edx = 0;
	return 0;
}

/* ---- Refusals ---- */

static void expect_missing(const char *text)
{
	struct vmx_controls controls;
	const char *missing = vmx_choose_controls(&controls);

	if (!missing)
		fail_msg("is accepted, should lack %s", text);
	assert_string_equal(missing, text);
}

static void each_capability_that_is_missing_is_named(void **state)
{
	static const struct {
		uint32_t index;
		unsigned int bit;
		const char *name;
	} bits[] = {
		{ BASIC, 55, "VMX capability MSRs of its second generation" },
		{ PIN, HIGH + 3, "NMI exiting" },
		{ PIN, HIGH + 5, "virtual NMIs" },
		{ CPU, HIGH + 3, "TSC offsetting" },
		{ CPU, HIGH + 10, "MWAIT exiting" },
		{ CPU, HIGH + 11, "RDPMC exiting" },
		{ CPU, HIGH + 25, "I/O bitmaps" },
		{ CPU, HIGH + 28, "MSR bitmaps" },
		{ CPU, HIGH + 29, "MONITOR exiting" },
		{ CPU, HIGH + 31, "secondary VMX controls" },
		{ CPU2, HIGH + 1, "EPT" },
		{ CPU2, HIGH + 5, "VPID" },
		{ CPU2, HIGH + 7, "unrestricted guest" },
		{ LEAVING, HIGH + 2, "saving of DR7 at exits" },
		{ LEAVING, HIGH + 9, "64-bit host" },
		{ LEAVING, HIGH + 18, "saving of IA32_PAT at exits" },
		{ LEAVING, HIGH + 19, "loading of IA32_PAT at exits" },
		{ LEAVING, HIGH + 20, "saving of IA32_EFER at exits" },
		{ LEAVING, HIGH + 21, "loading of IA32_EFER at exits" },
		{ ENTERING, HIGH + 2, "loading of DR7 at entries" },
		{ ENTERING, HIGH + 14, "loading of IA32_PAT at entries" },
		{ ENTERING, HIGH + 15, "loading of IA32_EFER at entries" },
		{ EPT_VPID, 6, "4-level write-back EPT" },
		{ EPT_VPID, 14, "4-level write-back EPT" },
		{ EPT_VPID, 16, "EPT pages of 2 MiB" },
		{ EPT_VPID, 20, "INVEPT of all contexts" },
		{ EPT_VPID, 26, "INVEPT of all contexts" },
		{ EPT_VPID, 32, "INVVPID of all contexts" },
		{ EPT_VPID, 42, "INVVPID of all contexts" },
	};

	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(bits); i++) {
		memcpy(msrs, enough, sizeof(msrs));
		*msr(bits[i].index) &= ~BIT_ULL(bits[i].bit);
		expect_missing(bits[i].name);
	}
}

/* Only memory of type 6, write-back, will do for VMCSs (A.1). */
static void control_blocks_are_in_write_back_memory(void **state)
{
	(void)state;
	for (uint64_t type = 0; type < 16; type++) {
		struct vmx_controls controls;

		*msr(BASIC) = 1ull << 55 | type << 50;
		if (type == 6)
			assert_null(vmx_choose_controls(&controls));
		else
			expect_missing("VMX capability MSRs of its second generation");
	}
}

/* IA32_FEATURE_CONTROL: bit 0 locks it, bit 1 allows VMXON in SMX operation only, bit 2 outside. */
static void vmx_that_the_firmware_switched_off_is_said_so(void **state)
{
	struct vmx_controls controls;

	(void)state;
	for (uint64_t value = 0; value < 8; value++) {
		*msr(FEATURE_CONTROL) = value;
		if (value == 1 || value == 3)
			expect_missing("VMX, which the firmware has switched off "
				       "(IA32_FEATURE_CONTROL): allow it in the firmware's setup");
		else
			assert_null(vmx_choose_controls(&controls));
	}
}

/* Where CPUID shows an instruction to guests, VMX must be able to let them execute it. */
static void instructions_that_guests_see_must_be_available(void **state)
{
	static const struct {
		uint32_t *word, bit;
		unsigned int control;
		const char *name;
	} instructions[] = {
		{ &leaf_81_edx, RDTSCP, 3, "RDTSCP in guests" },
		{ &leaf_7_ebx, INVPCID, 12, "INVPCID in guests" },
		{ &leaf_d1_eax, XSAVES, 20, "XSAVES in guests" },
	};

	for (unsigned int i = 0; i < ARRAY_SIZE(instructions); i++) {
		uint32_t control = BIT(instructions[i].control);
		struct vmx_controls controls;

		setup(state);
		*instructions[i].word = instructions[i].bit;
		expect_missing(instructions[i].name);
		*msr(CPU2) |= (uint64_t)control << HIGH;
		assert_null(vmx_choose_controls(&controls));
		assert_int_equal(controls.cpu2, 1 << 1 | 1 << 5 | 1 << 7 | control);
		/* What CPUID does not show stays undefined. */
		*instructions[i].word = (uint32_t)~instructions[i].bit;
		assert_null(vmx_choose_controls(&controls));
		assert_int_equal(controls.cpu2, 1 << 1 | 1 << 5 | 1 << 7);
	}
}

/* ---- What is chosen ---- */

static void expect_words(const struct vmx_controls *expected)
{
	struct vmx_controls controls;

	memset(&controls, 0xcc, sizeof(controls));
	assert_null(vmx_choose_controls(&controls));
	assert_int_equal(controls.pin, expected->pin);
	assert_int_equal(controls.cpu, expected->cpu);
	assert_int_equal(controls.cpu2, expected->cpu2);
	assert_int_equal(controls.exit, expected->exit);
	assert_int_equal(controls.entry, expected->entry);
}

/* However much a processor can do, nothing is asked for beyond what it must do and what is wanted.
 */
static void the_words_are_what_must_be_and_what_is_wanted(void **state)
{
	struct vmx_controls expected = {
		.pin = (uint32_t)(*msr(PIN) >> HIGH),
		.cpu = (uint32_t)(*msr(CPU) >> HIGH),
		.cpu2 = (uint32_t)(*msr(CPU2) >> HIGH),
		.exit = (uint32_t)(*msr(LEAVING) >> HIGH),
		.entry = (uint32_t)(*msr(ENTERING) >> HIGH),
	};

	(void)state;
	expect_words(&expected);
	for (uint32_t index = PIN; index <= ENTERING; index++)
		*msr(index) |= UINT64_MAX << HIGH;
	*msr(CPU2) |= UINT64_MAX << HIGH;
	*msr(EPT_VPID) = UINT64_MAX;
	expected.cpu2 |= 1 << 15; /* ENCLS exiting, where it exists */
	expect_words(&expected);
	/* Another bit that must be 1. */
	*msr(PIN) |= 1 << 6;
	*msr(CPU) |= 1 << 15 | 1 << 16;
	*msr(CPU2) |= 1 << 6;
	*msr(LEAVING) |= 1 << 22;
	*msr(ENTERING) |= 1 << 17;
	expected.pin |= 1 << 6;
	expected.cpu |= 1 << 15 | 1 << 16;
	expected.cpu2 |= 1 << 6;
	expected.exit |= 1 << 22;
	expected.entry |= 1 << 17;
	expect_words(&expected);
}

static void pages_of_1_gib_are_no_condition(void **state)
{
	(void)state;
	assert_false(vmx_has_1g_pages());
	*msr(EPT_VPID) |= 1 << 17;
	assert_true(vmx_has_1g_pages());
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(each_capability_that_is_missing_is_named, setup),
		cmocka_unit_test_setup(control_blocks_are_in_write_back_memory, setup),
		cmocka_unit_test_setup(vmx_that_the_firmware_switched_off_is_said_so, setup),
		cmocka_unit_test_setup(instructions_that_guests_see_must_be_available, setup),
		cmocka_unit_test_setup(the_words_are_what_must_be_and_what_is_wanted, setup),
		cmocka_unit_test_setup(pages_of_1_gib_are_no_condition, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
