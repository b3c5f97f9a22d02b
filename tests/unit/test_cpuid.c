/* SPDX-License-Identifier: Apache-2.0 */
/* sources: src/arch/x86/cpuid.c */
/* flags: -include tests/unit/fake_x86.h */
/*
 * The CPUID policy on processors that have everything, nothing, or one bit. Feature bits are named
 * here after APM vol. 3, appendix E and SDM vol. 2, independently of the policy's own constants.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "arch/x86/guest.h"
#include "arch/x86/vendor.h"

enum reg { EAX, EBX, ECX, EDX };

#define MAX_BASIC 0x20u
#define MAX_EXTENDED 0x80000021u

/* ---- The processor: one answer for all leaves, and exceptions from it ---- */

static struct cpuid_regs everywhere;
static struct {
	uint32_t leaf, subleaf;
	struct cpuid_regs regs;
} special[8];
static unsigned int nr_special;
static uint32_t max_basic, max_extended;
static uint64_t cr4;
static uint64_t xcr0_allowed;

struct cpuid_regs cpuid(uint32_t leaf, uint32_t subleaf)
{
	struct cpuid_regs regs = everywhere;

	for (unsigned int i = 0; i < nr_special; i++)
		if (special[i].leaf == leaf && special[i].subleaf == subleaf)
			regs = special[i].regs;
	if (leaf == 0)
		regs.eax = max_basic;
	if (leaf == 0x80000000)
		regs.eax = max_extended;
	return regs;
}

static uint64_t fake_cr4(const struct arch_vcpu *guest)
{
	(void)guest;
	return cr4;
}

static const struct x86_vendor fake_vendor = { .name = "fake", .cr4 = fake_cr4 };
const struct x86_vendor *vendor = &fake_vendor;

uint64_t guest_xcr0_allowed(void)
{
	return xcr0_allowed;
}

/* The board's own word about the TSC is not const here: it decides a leaf. */
struct partition_table partition_table_of_test;
extern const struct partition_table partition_table
	__attribute__((alias("partition_table_of_test")));

/* ---- The guest ---- */

static struct cell_config config;
static struct cell cell = { .config = &config };
static struct arch_vcpu registers;
static struct vcpu vcpu = { .cell = &cell, .arch = &registers };

static void fill(uint32_t value)
{
	everywhere = (struct cpuid_regs){ value, value, value, value };
	nr_special = 0;
}

static int setup(void **state)
{
	(void)state;
	fill(UINT32_MAX);
	max_basic = MAX_BASIC;
	max_extended = MAX_EXTENDED;
	cr4 = 0;
	xcr0_allowed = 7;
	config.nr_cpus = 2;
	vcpu.index = 1;
	partition_table_of_test.board.arch.invariant_tsc = false;
	srand(3);
	return 0;
}

static struct cpuid_regs ask(uint32_t leaf, uint32_t subleaf)
{
	/* Only the low halves count, and all of the result registers is written. */
	memset(&registers, 0xcc, sizeof(registers));
	registers.gpr[GPR_RAX] = UINT64_C(0xdeadbeef00000000) | leaf;
	registers.gpr[GPR_RCX] = UINT64_C(0xdeadbeef00000000) | subleaf;
	guest_cpuid(&vcpu);
	for (unsigned int r = 0; r < 4; r++)
		assert_int_equal(registers.gpr[r] >> 32, 0);
	return (struct cpuid_regs){ (uint32_t)registers.gpr[GPR_RAX],
				    (uint32_t)registers.gpr[GPR_RBX],
				    (uint32_t)registers.gpr[GPR_RCX],
				    (uint32_t)registers.gpr[GPR_RDX] };
}

static uint32_t pick(struct cpuid_regs regs, enum reg reg)
{
	return reg == EAX ? regs.eax : reg == EBX ? regs.ebx : reg == ECX ? regs.ecx : regs.edx;
}

static void assert_nothing(struct cpuid_regs regs)
{
	assert_int_equal(regs.eax | regs.ebx | regs.ecx | regs.edx, 0);
}

/* ---- Features ---- */

struct feature {
	uint32_t leaf, subleaf;
	enum reg reg;
	unsigned int bit;
	const char *name;
};

/* What a cell must never see, however able the processor is. */
static const struct feature forbidden[] = {
	{ 1, 0, ECX, 3, "MONITOR" },
	{ 1, 0, ECX, 5, "VMX" },
	{ 1, 0, ECX, 6, "SMX" },
	{ 1, 0, ECX, 7, "EIST" },
	{ 1, 0, ECX, 8, "TM2" },
	{ 1, 0, ECX, 11, "SDBG" },
	{ 1, 0, ECX, 15, "PDCM" },
	{ 1, 0, ECX, 18, "DCA" },
	{ 1, 0, ECX, 24, "TSC deadline, which would ignore the guest's TSC offset" },
	{ 1, 0, ECX, 27, "OSXSAVE with CR4.OSXSAVE clear" },
	{ 1, 0, EDX, 18, "PSN" },
	{ 1, 0, EDX, 21, "DS" },
	{ 1, 0, EDX, 22, "ACPI" },
	{ 1, 0, EDX, 29, "TM" },
	{ 1, 0, EDX, 30, "IA64" },
	{ 1, 0, EDX, 31, "PBE" },
	{ 6, 0, EAX, 0, "digital thermal sensor" },
	{ 6, 0, EAX, 1, "turbo boost" },
	{ 6, 0, EAX, 7, "HWP" },
	{ 6, 0, ECX, 0, "APERF and MPERF" },
	{ 7, 0, EBX, 1, "IA32_TSC_ADJUST" },
	{ 7, 0, EBX, 2, "SGX" },
	{ 7, 0, EBX, 4, "HLE" },
	{ 7, 0, EBX, 11, "RTM" },
	{ 7, 0, EBX, 12, "RDT monitoring" },
	{ 7, 0, EBX, 14, "MPX" },
	{ 7, 0, EBX, 15, "RDT allocation" },
	{ 7, 0, EBX, 25, "processor trace" },
	{ 7, 0, ECX, 4, "OSPKE with CR4.PKE clear" },
	{ 7, 0, ECX, 5, "WAITPKG" },
	{ 7, 0, ECX, 7, "shadow stacks" },
	{ 7, 0, ECX, 13, "TME" },
	{ 7, 0, ECX, 23, "key locker" },
	{ 7, 0, ECX, 29, "ENQCMD" },
	{ 7, 0, ECX, 30, "SGX launch control" },
	{ 7, 0, ECX, 31, "PKS" },
	{ 7, 0, EDX, 5, "UINTR" },
	{ 7, 0, EDX, 18, "PCONFIG" },
	{ 7, 0, EDX, 19, "architectural LBRs" },
	{ 7, 0, EDX, 20, "indirect branch tracking" },
	{ 7, 0, EDX, 22, "AMX" },
	{ 7, 0, EDX, 24, "AMX" },
	{ 7, 0, EDX, 30, "IA32_CORE_CAPABILITIES" },
	{ 0xd, 1, EAX, 4, "extended feature disable" },
	{ 0x80000001, 0, ECX, 1, "CmpLegacy" },
	{ 0x80000001, 0, ECX, 2, "SVM" },
	{ 0x80000001, 0, ECX, 3, "extended APIC space" },
	{ 0x80000001, 0, ECX, 9, "OSVW" },
	{ 0x80000001, 0, ECX, 10, "IBS" },
	{ 0x80000001, 0, ECX, 12, "SKINIT" },
	{ 0x80000001, 0, ECX, 13, "watchdog timer" },
	{ 0x80000001, 0, ECX, 15, "LWP" },
	{ 0x80000001, 0, ECX, 19, "node id" },
	{ 0x80000001, 0, ECX, 22, "topology extensions" },
	{ 0x80000001, 0, ECX, 23, "core performance counters" },
	{ 0x80000001, 0, ECX, 24, "NB performance counters" },
	{ 0x80000001, 0, ECX, 28, "L3 performance counters" },
	{ 0x80000001, 0, ECX, 29, "MONITORX" },
	{ 0x80000007, 0, EDX, 7, "hardware P-states" },
	{ 0x80000007, 0, EDX, 9, "core performance boost" },
	{ 0x80000008, 0, EBX, 3, "INVLPGB" },
	{ 0x80000008, 0, EBX, 4, "RDPRU" },
	{ 0x80000008, 0, EBX, 25, "virtual SSBD" },
};

/* What stock kernels and their programs need when the processor has it. */
static const struct feature wanted[] = {
	{ 1, 0, ECX, 0, "SSE3" },
	{ 1, 0, ECX, 13, "CMPXCHG16B" },
	{ 1, 0, ECX, 17, "PCID" },
	{ 1, 0, ECX, 20, "SSE4.2" },
	{ 1, 0, ECX, 26, "XSAVE" },
	{ 1, 0, ECX, 28, "AVX" },
	{ 1, 0, ECX, 30, "RDRAND" },
	{ 1, 0, EDX, 0, "FPU" },
	{ 1, 0, EDX, 3, "PSE" },
	{ 1, 0, EDX, 4, "TSC" },
	{ 1, 0, EDX, 5, "MSR" },
	{ 1, 0, EDX, 6, "PAE" },
	{ 1, 0, EDX, 7, "MCE" },
	{ 1, 0, EDX, 8, "CMPXCHG8B" },
	{ 1, 0, EDX, 9, "APIC" },
	{ 1, 0, EDX, 12, "MTRR" },
	{ 1, 0, EDX, 13, "PGE" },
	{ 1, 0, EDX, 14, "MCA" },
	{ 1, 0, EDX, 16, "PAT" },
	{ 1, 0, EDX, 26, "SSE2" },
	{ 6, 0, EAX, 2, "ARAT" },
	{ 7, 0, EBX, 0, "FSGSBASE" },
	{ 7, 0, EBX, 7, "SMEP" },
	{ 7, 0, EBX, 20, "SMAP" },
	{ 7, 0, ECX, 2, "UMIP" },
	{ 7, 0, EDX, 26, "IBRS" },
	{ 0xd, 1, EAX, 0, "XSAVEOPT" },
	{ 0xd, 1, EAX, 1, "XSAVEC" },
	{ 0xd, 1, EAX, 3, "XSAVES" },
	{ 0x80000001, 0, ECX, 0, "LAHF" },
	{ 0x80000001, 0, EDX, 11, "SYSCALL" },
	{ 0x80000001, 0, EDX, 20, "NX" },
	{ 0x80000001, 0, EDX, 26, "1 GiB pages" },
	{ 0x80000001, 0, EDX, 27, "RDTSCP" },
	{ 0x80000001, 0, EDX, 29, "long mode" },
	{ 0x80000007, 0, EDX, 8, "invariant TSC" },
};

static void forbidden_features_never_show(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(forbidden); i++) {
		const struct feature *f = &forbidden[i];

		if (pick(ask(f->leaf, f->subleaf), f->reg) >> f->bit & 1)
			fail_msg("a guest sees %s", f->name);
	}
}

static void wanted_features_show_when_the_processor_has_them(void **state)
{
	(void)state;
	for (unsigned int has = 0; has < 2; has++) {
		fill(has ? UINT32_MAX : 0);
		for (unsigned int i = 0; i < ARRAY_SIZE(wanted); i++) {
			const struct feature *f = &wanted[i];

			if ((pick(ask(f->leaf, f->subleaf), f->reg) >> f->bit & 1) != has)
				fail_msg("%s is %s", f->name, has ? "hidden" : "invented");
		}
	}
}

/* On a processor without features only what the hypervisor itself provides is there. */
static void nothing_is_invented(void **state)
{
	struct cpuid_regs regs;

	(void)state;
	fill(0);
	regs = ask(1, 0);
	assert_int_equal(regs.eax, 0);
	assert_int_equal(regs.ecx, BIT(21) | BIT(31)); /* x2APIC, hypervisor present */
	assert_int_equal(regs.edx, BIT(28));
	assert_nothing(ask(6, 0));
	assert_nothing(ask(7, 0));
	assert_nothing(ask(0xd, 1));
	assert_nothing(ask(0x80000001, 0));
	assert_nothing(ask(0x80000007, 0));
	regs = ask(0x80000008, 0);
	assert_int_equal(regs.eax | regs.ebx | regs.edx, 0);
}

/* Each bit of a feature word goes through or not by itself. */
static void features_do_not_depend_on_each_other(void **state)
{
	static const struct feature words[] = {
		{ 7, 0, EBX, 0, "" },          { 7, 0, EDX, 0, "" }, { 0x80000001, 0, ECX, 0, "" },
		{ 0x80000001, 0, EDX, 0, "" }, { 6, 0, EAX, 0, "" }, { 0x80000008, 0, EBX, 0, "" },
	};

	(void)state;
	for (unsigned int w = 0; w < ARRAY_SIZE(words); w++) {
		uint32_t all;

		fill(UINT32_MAX);
		all = pick(ask(words[w].leaf, 0), words[w].reg);
		for (unsigned int bit = 0; bit < 32; bit++) {
			fill(BIT(bit));
			assert_int_equal(pick(ask(words[w].leaf, 0), words[w].reg), all & BIT(bit));
		}
	}
}

static void bits_that_mirror_cr4_follow_the_guests(void **state)
{
	(void)state;
	cr4 = BIT(18);
	assert_true(ask(1, 0).ecx & BIT(27));
	assert_false(ask(7, 0).ecx & BIT(4));
	cr4 = BIT(22);
	assert_false(ask(1, 0).ecx & BIT(27));
	assert_true(ask(7, 0).ecx & BIT(4));
	assert_nothing(ask(7, 1));
	fill(0); /* without PKU there is no OSPKE either */
	assert_false(ask(7, 0).ecx & BIT(4));
}

/* ---- Leaves ---- */

static void leaves_beyond_the_policy_are_empty(void **state)
{
	static const uint32_t leaves[] = {
		3,          5,          8,          9,          0xa,        0xc,        0xe,
		0xf,        0x10,       0x12,       0x14,       0x15,       0x16,       0x1f,
		0x20,       0x21,       0x3fffffff, 0x80000009, 0x8000000a, 0x8000001d, 0x8000001e,
		0x8000001f, 0x80860000, 0xc0000000, 0xffffffff
	};

	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(leaves); i++)
		for (uint32_t subleaf = 0; subleaf < 4; subleaf++)
			assert_nothing(ask(leaves[i], subleaf));
}

static void leaves_that_the_processor_lacks_are_empty(void **state)
{
	(void)state;
	max_basic = 6;
	max_extended = 0x80000001;
	assert_int_equal(ask(0, 0).eax, 6);
	assert_int_equal(ask(0x80000000, 0).eax, 0x80000001);
	assert_nothing(ask(7, 0));
	assert_nothing(ask(0xb, 0));
	assert_nothing(ask(0xd, 0));
	assert_nothing(ask(0x80000002, 0));
	assert_nothing(ask(0x80000008, 0));
	assert_int_not_equal(ask(6, 0).eax, 0);
}

static void the_highest_leaves_are_the_policys(void **state)
{
	(void)state;
	assert_int_equal(ask(0, 0).eax, 0xd);
	assert_int_equal(ask(0, 0).ebx, UINT32_MAX); /* the vendor's name is the processor's */
	assert_int_equal(ask(0x80000000, 0).eax, 0x80000008);
}

static void the_hypervisor_is_one_that_stock_kernels_know(void **state)
{
	struct cpuid_regs regs = ask(0x40000000, 0);

	(void)state;
	assert_int_equal(regs.eax, 0x40000001);
	assert_memory_equal(&regs.ebx, "KVMKVMKVM\0\0\0", 12);
	/* Its only features: the clock, and that it is stable; both need an invariant TSC. */
	assert_int_equal(ask(0x40000001, 0).eax, BIT(3) | BIT(24));
	assert_int_equal(ask(0x40000001, 0).ebx | ask(0x40000001, 0).edx, 0);
	for (uint32_t leaf = 0x40000002; leaf < 0x40000200; leaf++)
		assert_nothing(ask(leaf, 0));
	assert_nothing(ask(0x7fffffff, 0));
	fill(0);
	assert_nothing(ask(0x40000001, 0));
}

static void an_invariant_tsc_may_be_the_boards_word(void **state)
{
	(void)state;
	fill(0);
	assert_int_equal(ask(0x80000007, 0).edx, 0);
	partition_table_of_test.board.arch.invariant_tsc = true;
	assert_int_equal(ask(0x80000007, 0).edx, BIT(8));
	assert_int_equal(ask(0x40000001, 0).eax, BIT(3) | BIT(24));
}

/* ---- Topology ---- */

static void ids_are_dense_within_the_cell(void **state)
{
	static const uint8_t widths[] = { 0, 0, 1, 2, 2, 3, 3, 3, 3, 4 }; /* ceil(log2(count)) */

	(void)state;
	for (unsigned int count = 1; count <= MAX_CPUS; count++) {
		unsigned int width = 0;

		while (BIT(width) < count)
			width++;
		if (count < ARRAY_SIZE(widths))
			assert_int_equal(width, widths[count]);
		config.nr_cpus = count;
		for (vcpu.index = 0; vcpu.index < count; vcpu.index++) {
			struct cpuid_regs one = ask(1, 0), smt = ask(0xb, 0), core = ask(0xb, 1);

			assert_int_equal(one.ebx >> 24, vcpu.index);
			assert_int_equal(one.ebx >> 16 & 0xff, count);
			assert_int_equal(one.ebx & 0xff, 0);
			assert_int_equal(one.edx >> 28 & 1, count > 1);
			assert_int_equal(smt.eax, 0);
			assert_int_equal(smt.ebx, 1);
			assert_int_equal(smt.ecx, 0x100);
			assert_int_equal(smt.edx, vcpu.index);
			assert_int_equal(core.eax, width);
			assert_int_equal(core.ebx, count);
			assert_int_equal(core.ecx, 0x201);
			assert_int_equal(core.edx, vcpu.index);
			assert_int_equal(ask(0xb, 2).ebx, 0);
			assert_int_equal(ask(0xb, 2).ecx, 2); /* no further level */
			assert_int_equal(ask(0x80000008, 0).ecx, (count - 1) | width << 12);
		}
	}
	vcpu.index = 0;
}

static void nothing_tells_how_the_board_shares_its_caches(void **state)
{
	(void)state;
	config.nr_cpus = 3;
	assert_int_equal(ask(4, 0).eax, 0x3fff | 3u << 26);
	fill(UINT32_MAX & ~0x1fu); /* no more caches */
	assert_int_equal(ask(4, 5).eax & 0x1f, 0);
}

/* ---- Extended state ---- */

static void only_allowed_state_components_show(void **state)
{
	(void)state;
	for (unsigned int c = 2; c < 70; c++) {
		xcr0_allowed = 7 | (c == 9 ? BIT_ULL(9) : 0);
		if (c < 63 && (xcr0_allowed >> c & 1))
			assert_int_equal(ask(0xd, c).eax, UINT32_MAX);
		else
			assert_nothing(ask(0xd, c));
	}
	xcr0_allowed = UINT64_C(0x00000001000002e7);
	assert_int_equal(ask(0xd, 0).eax, 0x2e7);
	assert_int_equal(ask(0xd, 0).edx, 1);
	assert_int_equal(ask(0xd, 1).ecx | ask(0xd, 1).edx, 0); /* no supervisor states */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(forbidden_features_never_show, setup),
		cmocka_unit_test_setup(wanted_features_show_when_the_processor_has_them, setup),
		cmocka_unit_test_setup(nothing_is_invented, setup),
		cmocka_unit_test_setup(features_do_not_depend_on_each_other, setup),
		cmocka_unit_test_setup(bits_that_mirror_cr4_follow_the_guests, setup),
		cmocka_unit_test_setup(leaves_beyond_the_policy_are_empty, setup),
		cmocka_unit_test_setup(leaves_that_the_processor_lacks_are_empty, setup),
		cmocka_unit_test_setup(the_highest_leaves_are_the_policys, setup),
		cmocka_unit_test_setup(the_hypervisor_is_one_that_stock_kernels_know, setup),
		cmocka_unit_test_setup(an_invariant_tsc_may_be_the_boards_word, setup),
		cmocka_unit_test_setup(ids_are_dense_within_the_cell, setup),
		cmocka_unit_test_setup(nothing_tells_how_the_board_shares_its_caches, setup),
		cmocka_unit_test_setup(only_allowed_state_components_show, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
