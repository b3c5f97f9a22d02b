/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The CPUID policy: what a guest sees of the processor, leaf by leaf, and why.
 *
 * Features are allowed by name; what is not listed here reads as absent, so a new processor cannot
 * show a guest something that nobody thought about. Leaves and bits: APM vol. 3, appendix E; SDM
 * vol. 2, CPUID.
 */
#include "core/partition.h"
#include "guest.h"
#include "vendor.h"

#define LAST_BASIC 0x0du /* XSAVE; later leaves describe what cells do not have */
#define HYPERVISOR_FIRST 0x40000000u
#define HYPERVISOR_LAST 0x40000001u
#define KVM_FEATURE_CLOCKSOURCE2 BIT(3)
#define KVM_FEATURE_CLOCKSOURCE_STABLE BIT(24)
#define EXTENDED_FIRST 0x80000000u
#define LAST_EXTENDED 0x80000008u

/* Leaf 1 ECX. Absent: MONITOR 3 (intercepted), VMX 5, SMX 6, EST 7, TM2 8, SDBG 11, PDCM 15,
 * DCA 18, TSC_DEADLINE 24 (it would ignore the guest's TSC offset). */
#define ALLOW_1_ECX                                                                                \
	(BIT(0) | BIT(1) | BIT(9) | BIT(12) | BIT(13) | BIT(17) | BIT(19) | BIT(20) | BIT(21) |    \
	 BIT(22) | BIT(23) | BIT(25) | BIT(26) | BIT(28) | BIT(29) | BIT(30))
#define LEAF1_ECX_X2APIC BIT(21)
#define LEAF1_ECX_OSXSAVE BIT(27)
#define LEAF1_ECX_HYPERVISOR BIT(31)
/* Leaf 1 EDX. Absent: PSN 18, DS 21, ACPI 22, TM 29, IA64 30, PBE 31. MCE and MCA are there, with
 * no bank (msr.c): kernels complain without them, and machine checks are the hypervisor's. */
#define ABSENT_1_EDX (BIT(18) | BIT(21) | BIT(22) | BIT(29) | BIT(30) | BIT(31))
#define LEAF1_EDX_HTT BIT(28)

/* Leaf 6 EAX: only ARAT, the local APIC timer that runs in all idle states. */
#define ALLOW_6_EAX BIT(2)

/* Leaf 7: what needs no MSR and no second-stage support: FSGSBASE, BMI1, AVX2, SMEP, BMI2, ERMS,
 * INVPCID, AVX512*, RDSEED, ADX, SMAP, CLFLUSHOPT, CLWB, SHA. Not TSC_ADJUST: Linux would look at
 * it once a second on every CPU, an exit each time, to find firmware that tampers with the TSC. */
#define ALLOW_7_EBX                                                                                \
	(BIT(0) | BIT(3) | BIT(5) | BIT(7) | BIT(8) | BIT(9) | BIT(10) | BIT(16) | BIT(17) |       \
	 BIT(18) | BIT(19) | BIT(20) | BIT(21) | BIT(23) | BIT(24) | BIT(28) | BIT(29) | BIT(30) | \
	 BIT(31))
/* AVX512_VBMI, UMIP, PKU, VBMI2, GFNI, VAES, VPCLMUL, VNNI, BITALG, VPOPCNTDQ, LA57, RDPID,
 * CLDEMOTE, MOVDIR* */
#define ALLOW_7_ECX                                                                                \
	(BIT(1) | BIT(2) | BIT(3) | BIT(6) | BIT(8) | BIT(9) | BIT(10) | BIT(11) | BIT(12) |       \
	 BIT(14) | BIT(16) | BIT(22) | BIT(25) | BIT(27) | BIT(28))
#define LEAF7_ECX_OSPKE BIT(4)
/* AVX512_4*, FSRM, VP2INTERSECT, MD_CLEAR, SERIALIZE, AVX512_FP16, and the speculation controls
 * whose MSRs msr.c lets through: IBRS/IBPB 26, STIBP 27, SSBD 31. */
#define ALLOW_7_EDX                                                                                \
	(BIT(2) | BIT(3) | BIT(4) | BIT(8) | BIT(10) | BIT(14) | BIT(23) | BIT(26) | BIT(27) |     \
	 BIT(31))

/* 80000001 ECX. Absent: CmpLegacy 1 (topology is leaf 0Bh's), SVM 2, ExtApicSpace 3, OSVW 9, IBS
 * 10, SKINIT 12, WDT 13, LWP 15, NodeId 19, TopologyExtensions 22, performance counters 23-25, 28,
 * MWAITX 29. */
#define ALLOW_81_ECX                                                                               \
	(BIT(0) | BIT(4) | BIT(5) | BIT(6) | BIT(7) | BIT(8) | BIT(11) | BIT(16) | BIT(21))

/* 0Dh subleaf 1: XSAVEOPT, XSAVEC, XGETBV with ECX = 1, XSAVES (with an IA32_XSS that is 0). */
#define ALLOW_D1_EAX (BIT(0) | BIT(1) | BIT(2) | BIT(3))

/* 80000007 EDX: only the invariant TSC. */
#define INVARIANT_TSC BIT(8)
/* 80000008 EBX: CLZERO, XSaveErPtr, WBNOINVD, IBPB, IBRS, STIBP, always-on forms, SSBD, virtual
 * SSBD no. */
#define ALLOW_88_EBX                                                                               \
	(BIT(0) | BIT(2) | BIT(9) | BIT(12) | BIT(14) | BIT(15) | BIT(16) | BIT(17) | BIT(18) |    \
	 BIT(24))

/* By the processor's own word, or the board's. */
static bool guest_tsc_invariant(void)
{
	return partition_table.board.arch.invariant_tsc ||
	       (cpuid(EXTENDED_FIRST, 0).eax >= 0x80000007 &&
		(cpuid(0x80000007, 0).edx & INVARIANT_TSC));
}

static unsigned int bits_for(unsigned int count)
{
	unsigned int bits = 0;

	while ((1u << bits) < count)
		bits++;
	return bits;
}

/* Leaf 1: identity and features. The APIC id is the vCPU's number, dense within the cell. */
static void leaf_1(const struct vcpu *vcpu, struct cpuid_regs *r)
{
	unsigned int count = vcpu->cell->config->nr_cpus;

	r->ebx = (r->ebx & 0xff00) | count << 16 | vcpu->index << 24;
	/* OSXSAVE mirrors the guest's CR4: guest_cpuid() sets it. */
	r->ecx = (r->ecx & ALLOW_1_ECX) | LEAF1_ECX_X2APIC | LEAF1_ECX_HYPERVISOR;
	r->edx &= ~ABSENT_1_EDX;
	r->edx = count > 1 ? r->edx | LEAF1_EDX_HTT : r->edx & ~LEAF1_EDX_HTT;
}

static void leaf_7(struct cpuid_regs *r, uint32_t subleaf)
{
	if (subleaf != 0) {
		*r = (struct cpuid_regs){ 0 };
		return;
	}
	r->eax = 0;
	r->ebx &= ALLOW_7_EBX;
	r->ecx &= ALLOW_7_ECX;
	r->edx &= ALLOW_7_EDX;
}

/* Leaf 4 (Intel) describes caches; the sharing fields are the cell's, not the board's. */
static void leaf_4(const struct vcpu *vcpu, struct cpuid_regs *r)
{
	unsigned int cores = (1u << bits_for(vcpu->cell->config->nr_cpus)) - 1;

	if ((r->eax & 0x1f) == 0)
		return;
	r->eax = (r->eax & 0x3fff) | cores << 26;
}

/* Leaf 0Bh: the cell is one package of cores without SMT; x2APIC ids are vCPU numbers. */
static void leaf_b(const struct vcpu *vcpu, struct cpuid_regs *r, uint32_t subleaf)
{
	unsigned int count = vcpu->cell->config->nr_cpus;

	*r = (struct cpuid_regs){ 0 };
	r->ecx = subleaf & 0xff;
	r->edx = vcpu->index;
	if (subleaf == 0) {
		r->ebx = 1;
		r->ecx |= 1u << 8; /* SMT level */
	} else if (subleaf == 1) {
		r->eax = bits_for(count);
		r->ebx = count;
		r->ecx |= 2u << 8; /* core level */
	}
}

/* Leaf 0Dh follows the XCR0 that is loaded, and that is the guest's own; only the allowed
 * components show. */
static void leaf_d(struct cpuid_regs *r, uint32_t subleaf)
{
	uint64_t allowed = guest_xcr0_allowed();

	if (subleaf == 0) {
		r->eax &= (uint32_t)allowed;
		r->edx &= (uint32_t)(allowed >> 32);
	} else if (subleaf == 1) {
		r->eax &= ALLOW_D1_EAX;
		r->ecx = 0; /* no supervisor states: CET, PASID, PT, LBRs, ... are hidden */
		r->edx = 0;
	} else if (subleaf >= 63 || !(allowed & BIT_ULL(subleaf))) {
		*r = (struct cpuid_regs){ 0 };
	}
}

/* The hypervisor leaves: KVM's signature, and of its features only the clock that tells the TSC's
 * frequency (pvclock.c; it needs an invariant TSC). Stock kernels use x2APIC without interrupt
 * remapping only under a hypervisor they know, and every distribution kernel knows this one. */
static void leaf_hypervisor(struct cpuid_regs *r, uint32_t leaf)
{
	*r = (struct cpuid_regs){ 0 };
	if (leaf == HYPERVISOR_LAST && guest_tsc_invariant())
		r->eax = KVM_FEATURE_CLOCKSOURCE2 | KVM_FEATURE_CLOCKSOURCE_STABLE;
	if (leaf != HYPERVISOR_FIRST)
		return;
	r->eax = HYPERVISOR_LAST;
	r->ebx = 0x4b4d564b; /* "KVMK" */
	r->ecx = 0x564b4d56; /* "VMKV" */
	r->edx = 0x0000004d; /* "M" */
}

static void leaf_extended(const struct vcpu *vcpu, struct cpuid_regs *r, uint32_t leaf)
{
	unsigned int count = vcpu->cell->config->nr_cpus;

	switch (leaf) {
	case 0x80000001:
		r->ecx &= ALLOW_81_ECX;
		break;
	case 0x80000007:
		r->edx = guest_tsc_invariant() ? INVARIANT_TSC : 0;
		r->eax = r->ebx = r->ecx = 0;
		break;
	case 0x80000008: /* address sizes are the machine's; the core count is the cell's */
		r->ebx &= ALLOW_88_EBX;
		r->ecx = (count - 1) | bits_for(count) << 12;
		r->edx = 0;
		break;
	default: /* highest leaf, brand string, caches and TLBs: as they are */
		break;
	}
}

static void basic(const struct vcpu *vcpu, struct cpuid_regs *r, uint32_t leaf, uint32_t subleaf)
{
	switch (leaf) {
	case 0:
		if (r->eax > LAST_BASIC)
			r->eax = LAST_BASIC;
		break;
	case 1:
		leaf_1(vcpu, r);
		break;
	case 2: /* cache descriptors (Intel): as they are */
		break;
	case 4:
		leaf_4(vcpu, r);
		break;
	case 6:
		r->eax &= ALLOW_6_EAX;
		r->ebx = r->ecx = r->edx = 0;
		break;
	case 7:
		leaf_7(r, subleaf);
		break;
	case 0xb:
		leaf_b(vcpu, r, subleaf);
		break;
	case 0xd:
		leaf_d(r, subleaf);
		break;
	default: /* serial number, MONITOR, DCA, performance counters, ...: cells have none */
		*r = (struct cpuid_regs){ 0 };
		break;
	}
}

void guest_cpuid(struct vcpu *vcpu)
{
	struct arch_vcpu *guest = vcpu->arch;
	uint32_t leaf = (uint32_t)guest->gpr[GPR_RAX];
	uint32_t subleaf = (uint32_t)guest->gpr[GPR_RCX];
	struct cpuid_regs r;

	if (leaf >= HYPERVISOR_FIRST && leaf < EXTENDED_FIRST) {
		leaf_hypervisor(&r, leaf);
	} else if (leaf >= EXTENDED_FIRST) {
		r = cpuid(leaf, subleaf);
		if (leaf == EXTENDED_FIRST && r.eax > LAST_EXTENDED)
			r.eax = LAST_EXTENDED;
		if (leaf > LAST_EXTENDED || leaf > cpuid(EXTENDED_FIRST, 0).eax)
			r = (struct cpuid_regs){ 0 };
		else
			leaf_extended(vcpu, &r, leaf);
	} else {
		r = cpuid(leaf, subleaf);
		if (leaf > cpuid(0, 0).eax)
			r = (struct cpuid_regs){ 0 };
		else
			basic(vcpu, &r, leaf, subleaf);
	}
	if (leaf == 1 && (vendor->cr4(guest) & CR4_OSXSAVE))
		r.ecx |= LEAF1_ECX_OSXSAVE;
	if (leaf == 7 && subleaf == 0 && (vendor->cr4(guest) & CR4_PKE) && (r.ecx & BIT(3)))
		r.ecx |= LEAF7_ECX_OSPKE;
	guest->gpr[GPR_RAX] = r.eax;
	guest->gpr[GPR_RBX] = r.ebx;
	guest->gpr[GPR_RCX] = r.ecx;
	guest->gpr[GPR_RDX] = r.edx;
}
