/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The MSR policy. Every MSR exits unless guest_msr_direct() names it; an MSR that this file does
 * not know does not exist in cells: #GP, as on a processor without it, and counted. Numbers: APM
 * appendix A, SDM vol. 4.
 */
#include "apic.h"
#include "core/partition.h"
#include "core/string.h"
#include "guest.h"
#include "mtrr.h"
#include "vendor.h"

#define MSR_TSC 0x10
#define MSR_PLATFORM_ID 0x17
#define MSR_FEATURE_CONTROL 0x3a
#define MSR_SPEC_CTRL 0x48
#define MSR_PRED_CMD 0x49
#define MSR_PATCH_LEVEL 0x8b
#define MSR_MCG_CAP 0x179
#define MSR_MCG_STATUS 0x17a
#define MSR_SYSENTER_CS 0x174
#define MSR_SYSENTER_EIP 0x176
#define MSR_MISC_ENABLE 0x1a0
#define MSR_DEBUGCTL 0x1d9
#define MSR_PAT 0x277
#define MSR_XSS 0xda0
#define MSR_KVM_WALL_CLOCK_NEW 0x4b564d00
#define MSR_KVM_SYSTEM_TIME_NEW 0x4b564d01
#define MSR_STAR 0xc0000081
#define MSR_SFMASK 0xc0000084
#define MSR_FS_BASE 0xc0000100
#define MSR_KERNEL_GS_BASE 0xc0000102
#define MSR_TSC_AUX 0xc0000103
#define MSR_SYSCFG 0xc0010010
#define MSR_HWCR 0xc0010015
#define MSR_NB_CFG 0xc001001f
#define MSR_INT_PENDING 0xc0010055
#define MSR_DE_CFG 0xc0011029

/* Writable bits of an LVT: vector and mask; not the timer's: delivery mode; of the two pins:
 * polarity and trigger mode; the timer's: periodic mode. Status bits may be written and keep their
 * value (SDM vol. 3, 11.5.1). */
#define LVT_COMMON 0x110ffu
#define LVT_PIN 0x0e000u
#define LVT_PERIODIC 0x20000u
#define LVT_VECTOR 0xffu
#define FIRST_VECTOR 16u /* those below are illegal: SDM vol. 3, 11.5.2 */

#define MTRR_DEFAULT_WRITEBACK 0xc06 /* enabled, fixed ranges enabled, write-back */
#define MTRR_DEFAULT_MASK 0xcff
#define FEATURE_CONTROL_LOCK BIT(0)
#define MISC_ENABLE_CELLS (BIT(0) | BIT(11) | BIT(12)) /* fast strings; no BTS, no PEBS */
#define HWCR_TSC_FREQ_SEL BIT(24)
#define NB_CFG_ENABLE_CF8_EXT BIT_ULL(46)
#define DE_CFG_LFENCE_SERIALIZE BIT(1)
#define EFER_GUEST (EFER_SCE | EFER_LME | EFER_LMA | EFER_NXE | EFER_FFXSR)

#define CPUID0_EBX_INTEL 0x756e6547u /* "Genu" */
#define CPUID7_EDX_SPEC_CTRL BIT(26)
#define CPUIDD1_EAX_XSAVES BIT(3)
#define CPUID81_EDX_RDTSCP BIT(27)
#define CPUID88_EBX_IBPB BIT(12)
#define CPUID88_EBX_SPEC_CTRL (BIT(14) | BIT(15) | BIT(24)) /* IBRS, STIBP, SSBD */
#define CPUID81_EDX_FFXSR BIT(25)

enum result {
	OK,
	ABSENT, /* the MSR or the value does not exist: #GP */
};

/* The fixed-range MTRRs are three groups; returns the slot of @msr or -1. */
static int fixed_mtrr(uint32_t msr)
{
	if (msr == MSR_MTRR_FIX64K)
		return 0;
	if (msr >= MSR_MTRR_FIX16K && msr <= MSR_MTRR_FIX16K + 1)
		return (int)(1 + msr - MSR_MTRR_FIX16K);
	if (msr >= MSR_MTRR_FIX4K && msr <= MSR_MTRR_FIX4K + 7)
		return (int)(3 + msr - MSR_MTRR_FIX4K);
	return -1;
}

static uint64_t *mtrr(struct arch_vcpu *guest, uint32_t msr)
{
	int fixed = fixed_mtrr(msr);

	if (msr == MSR_MTRR_DEFAULT)
		return &guest->mtrrs.default_type;
	if (msr >= MSR_MTRR_VARIABLE && msr < MSR_MTRR_VARIABLE + 2 * NR_VARIABLE_MTRRS)
		return &guest->mtrrs.variable[msr - MSR_MTRR_VARIABLE];
	return fixed >= 0 ? &guest->mtrrs.fixed[fixed] : NULL;
}

/* The LVTs other than the timer's are kept, because a delivery mode other than fixed must not reach
 * the APIC. */
static uint64_t *lvt(struct arch_vcpu *guest, uint32_t msr)
{
	if (msr >= X2APIC_LVT_THERMAL && msr <= X2APIC_LVT_ERROR)
		return &guest->lvt[msr - X2APIC_LVT_THERMAL];
	return NULL;
}

/* IA32_XSS comes with XSAVES. Its one value in cells is 0: the components that it would switch on
 * belong to features that cells do not have (cpuid.c). */
static bool has_xss(void)
{
	return cpuid(0xd, 1).eax & CPUIDD1_EAX_XSAVES;
}

static enum result read_x2apic(const struct vcpu *vcpu, uint32_t msr, uint64_t *value)
{
	const uint64_t *kept = lvt(vcpu->arch, msr);

	if (kept)
		*value = *kept;
	else if (msr == X2APIC_ID)
		*value = vcpu->index;
	else if (msr == X2APIC_LDR)
		*value = (uint64_t)(vcpu->index >> 4) << 16 | BIT(vcpu->index & 15);
	else if (msr == X2APIC_ICR)
		*value = 0;
	else
		return ABSENT;
	return OK;
}

static uint64_t lvt_writable(uint32_t msr)
{
	if (msr == X2APIC_LVT_TIMER)
		return LVT_COMMON | LVT_PERIODIC;
	if (msr == X2APIC_LVT_LINT0 || msr == X2APIC_LVT_LINT1)
		return LVT_COMMON | APIC_LVT_MODE | LVT_PIN;
	return LVT_COMMON | APIC_LVT_MODE;
}

/*
 * NMI, SMI, INIT and ExtINT from local sources would interrupt the hypervisor or the firmware: they
 * stay masked. Emulated APICs take these modes from the timer too, and deliver illegal vectors.
 */
static enum result write_lvt(struct arch_vcpu *guest, uint32_t msr, uint64_t value)
{
	uint64_t *kept = lvt(guest, msr);

	if (value & ~lvt_writable(msr))
		return ABSENT;
	if (kept)
		*kept = value;
	if ((value & APIC_LVT_MODE) || (value & LVT_VECTOR) < FIRST_VECTOR)
		value = (value & ~(uint64_t)APIC_LVT_MODE) | APIC_LVT_MASKED;
	wrmsr(msr, value);
	return OK;
}

static bool is_intel(void)
{
	return cpuid(0, 0).ebx == CPUID0_EBX_INTEL;
}

/* What kernels take for granted on AMD's processors. */
static enum result read_amd(const struct arch_vcpu *guest, uint32_t msr, uint64_t *value)
{
	switch (msr) {
	case MSR_HWCR: /* Linux checks that the TSC counts at the rate of P0 */
		*value = guest->hwcr | HWCR_TSC_FREQ_SEL;
		return OK;
	case MSR_DE_CFG: /* Linux wants LFENCE serialising, which it is made to be on every CPU that
			    has the bit */
		*value = DE_CFG_LFENCE_SERIALIZE;
		return OK;
	case MSR_NB_CFG: /* Linux switches this on, where it is off */
		*value = NB_CFG_ENABLE_CF8_EXT;
		return OK;
	case MSR_SYSCFG:      /* no memory encryption, no TOP_MEM2 */
	case MSR_INT_PENDING: /* no C1E by message */
		*value = 0;
		return OK;
	default:
		return ABSENT;
	}
}

/* And on Intel's. */
static enum result read_intel(uint32_t msr, uint64_t *value)
{
	switch (msr) {
	case MSR_PLATFORM_ID:
		*value = 0;
		return OK;
	case MSR_FEATURE_CONTROL: /* no VMX, and no way to it */
		*value = FEATURE_CONTROL_LOCK;
		return OK;
	case MSR_MISC_ENABLE:
		*value = MISC_ENABLE_CELLS;
		return OK;
	default:
		return ABSENT;
	}
}

static enum result read_msr(struct vcpu *vcpu, uint32_t msr, uint64_t *value)
{
	struct arch_vcpu *guest = vcpu->arch;
	const uint64_t *range = mtrr(guest, msr);

	if (range) {
		*value = *range;
		return OK;
	}
	if (msr >= MSR_X2APIC_FIRST && msr <= MSR_X2APIC_LAST)
		return read_x2apic(vcpu, msr, value);
	switch (msr) {
	case MSR_TSC:
		*value = rdtsc() + guest->tsc_offset;
		break;
	case MSR_APIC_BASE:
		*value = APIC_BASE_ADDRESS | APIC_BASE_ENABLE | APIC_BASE_EXTD |
			 (vcpu->index == 0 ? APIC_BASE_BSP : 0);
		break;
	case MSR_PATCH_LEVEL:
		*value = rdmsr(msr);
		break;
	case MSR_MTRR_CAP:
		*value = NR_VARIABLE_MTRRS | MTRR_CAP_FIXED | MTRR_CAP_WC;
		break;
	case MSR_EFER:
		*value = vendor->efer(guest);
		break;
	case MSR_KVM_SYSTEM_TIME_NEW:
		*value = guest->clock_page;
		break;
	case MSR_XSS:
		if (!has_xss())
			return ABSENT;
		*value = 0;
		break;
	case MSR_KVM_WALL_CLOCK_NEW:
	case MSR_MCG_CAP: /* no bank */
	case MSR_MCG_STATUS:
	case MSR_DEBUGCTL: /* no last-branch records */
		*value = 0;
		break;
	default:
		return is_intel() ? read_intel(msr, value) : read_amd(guest, msr, value);
	}
	return OK;
}

static enum result write_mtrr(uint64_t *range, uint32_t msr, uint64_t value)
{
	if (msr == MSR_MTRR_DEFAULT && (value & ~(uint64_t)MTRR_DEFAULT_MASK))
		return ABSENT;
	*range = value;
	return OK;
}

static enum result write_efer(struct arch_vcpu *guest, uint64_t value)
{
	uint64_t current = vendor->efer(guest);

	if (value & ~(uint64_t)EFER_GUEST)
		return ABSENT;
	if ((value & EFER_FFXSR) && !(cpuid(0x80000001, 0).edx & CPUID81_EDX_FFXSR))
		return ABSENT;
	if (((value ^ current) & EFER_LME) && (current & EFER_LMA))
		return ABSENT; /* not while paging is on (APM 14.6.1) */
	vendor->set_efer(guest, (value & ~(uint64_t)EFER_LMA) | (current & EFER_LMA));
	return OK;
}

static enum result write_tsc(struct vcpu *vcpu, uint64_t offset)
{
	struct arch_vcpu *guest = vcpu->arch;

	guest->tsc_offset = offset;
	vendor->set_tsc_offset(guest, offset);
	return guest_clock_set(vcpu, guest->clock_page) ? OK : ABSENT;
}

static enum result write_msr(struct vcpu *vcpu, uint32_t msr, uint64_t value)
{
	struct arch_vcpu *guest = vcpu->arch;
	uint64_t *range = mtrr(guest, msr);
	uint64_t current;

	if (range)
		return write_mtrr(range, msr, value);
	if (msr >= X2APIC_LVT_TIMER && msr <= X2APIC_LVT_ERROR)
		return write_lvt(guest, msr, value);
	switch (msr) {
	case MSR_TSC:
		return write_tsc(vcpu, value - rdtsc());
	case MSR_KVM_SYSTEM_TIME_NEW:
		return guest_clock_set(vcpu, value) ? OK : ABSENT;
	case MSR_KVM_WALL_CLOCK_NEW:
		return guest_wall_clock_set(vcpu, value) ? OK : ABSENT;
	case MSR_EFER:
		return write_efer(guest, value);
	case MSR_PATCH_LEVEL: /* Intel's way to ask for it is to write 0 first */
		return is_intel() && value == 0 ? OK : ABSENT;
	case MSR_HWCR:
		if (is_intel())
			return ABSENT;
		guest->hwcr = value & ~(uint64_t)HWCR_TSC_FREQ_SEL;
		return OK;
	case MSR_APIC_BASE: /* x2APIC mode is locked on */
	case MSR_DE_CFG:
	case MSR_NB_CFG:
	case MSR_MISC_ENABLE:
	case MSR_MCG_STATUS:
	case MSR_DEBUGCTL:
	case MSR_XSS:
		return read_msr(vcpu, msr, &current) == OK && current == value ? OK : ABSENT;
	default:
		return ABSENT;
	}
}

void guest_msr(struct vcpu *vcpu, bool write)
{
	struct arch_vcpu *guest = vcpu->arch;
	uint32_t msr = (uint32_t)guest->gpr[GPR_RCX];
	uint64_t value = (uint32_t)guest->gpr[GPR_RAX] | guest->gpr[GPR_RDX] << 32;
	enum result result = write ? write_msr(vcpu, msr, value) : read_msr(vcpu, msr, &value);

	if (result != OK) {
		vcpu->unknown_sysregs++;
		vcpu_inject_exception(guest, VECTOR_GP, 0);
		return;
	}
	if (!write) {
		guest->gpr[GPR_RAX] = (uint32_t)value;
		guest->gpr[GPR_RDX] = value >> 32;
	}
	vcpu_skip(guest, guest->instruction_length);
}

static bool has_spec_ctrl(void)
{
	return (cpuid(7, 0).edx & CPUID7_EDX_SPEC_CTRL) ||
	       (cpuid(0x80000008, 0).ebx & CPUID88_EBX_SPEC_CTRL);
}

void guest_msr_reset(struct arch_vcpu *guest)
{
	memset(&guest->mtrrs, 0, sizeof(guest->mtrrs));
	guest->mtrrs.default_type = MTRR_DEFAULT_WRITEBACK;
	for (unsigned int i = 0; i < ARRAY_SIZE(guest->lvt); i++)
		guest->lvt[i] = APIC_LVT_MASKED;
	guest->hwcr = 0;
	guest->clock_page = 0;
	if (has_spec_ctrl())
		wrmsr(MSR_SPEC_CTRL, 0);
	if (has_xss()) /* whatever firmware left */
		wrmsr(MSR_XSS, 0);
}

static void direct_x2apic(void (*visit)(void *context, uint32_t msr, bool read, bool write),
			  void *context)
{
	visit(context, X2APIC_VERSION, true, false);
	visit(context, X2APIC_TPR, true, true);
	visit(context, X2APIC_PPR, true, false);
	visit(context, X2APIC_EOI, false, true);
	visit(context, X2APIC_SIVR, true, true);
	for (uint32_t msr = X2APIC_ISR; msr < X2APIC_ESR; msr++) /* ISR, TMR, IRR */
		visit(context, msr, true, false);
	visit(context, X2APIC_ESR, true, true);
	visit(context, X2APIC_LVT_TIMER, true, false);
	visit(context, X2APIC_TIMER_INITIAL, true, true);
	visit(context, X2APIC_TIMER_CURRENT, true, false);
	visit(context, X2APIC_TIMER_DIVIDE, true, true);
	visit(context, X2APIC_SELF_IPI, false, true);
}

void guest_msr_direct(void (*visit)(void *context, uint32_t msr, bool read, bool write),
		      void *context)
{
	uint32_t features = cpuid(7, 0).edx;

	direct_x2apic(visit, context);
	visit(context, MSR_PAT, true, true);
	for (uint32_t msr = MSR_SYSENTER_CS; msr <= MSR_SYSENTER_EIP; msr++)
		visit(context, msr, true, true);
	for (uint32_t msr = MSR_STAR; msr <= MSR_SFMASK; msr++)
		visit(context, msr, true, true);
	for (uint32_t msr = MSR_FS_BASE; msr <= MSR_KERNEL_GS_BASE; msr++)
		visit(context, msr, true, true);
	if (cpuid(0x80000001, 0).edx & CPUID81_EDX_RDTSCP)
		visit(context, MSR_TSC_AUX, true, true);
	if (has_spec_ctrl())
		visit(context, MSR_SPEC_CTRL, true, true);
	if ((features & CPUID7_EDX_SPEC_CTRL) || (cpuid(0x80000008, 0).ebx & CPUID88_EBX_IBPB))
		visit(context, MSR_PRED_CMD, false, true);
}
