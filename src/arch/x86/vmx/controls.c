/* SPDX-License-Identifier: Apache-2.0 */
/* From the capability MSRs to control words: SDM vol. 3, appendix A. */
#include "insn.h"
#include "vmx.h"
#include "x86.h"

#define CPUID1_ECX_VMX BIT(5)
#define MSR_FEATURE_CONTROL 0x3a
#define FEATURE_CONTROL_LOCK BIT(0)
#define FEATURE_CONTROL_VMXON BIT(2) /* outside SMX */
#define MSR_VMX_BASIC 0x480
#define VMX_BASIC_TRUE BIT_ULL(55)
#define VMX_BASIC_TYPE_SHIFT 50
#define VMX_TYPE_WRITEBACK 6u
#define MSR_VMX_CPU2 0x48b
#define MSR_VMX_EPT_VPID 0x48c
#define EPT_WALK_4 BIT_ULL(6)
#define EPT_WRITEBACK BIT_ULL(14)
#define EPT_2M BIT_ULL(16)
#define EPT_1G BIT_ULL(17)
#define EPT_INVEPT_ALL (BIT_ULL(20) | BIT_ULL(26))
#define EPT_INVVPID_ALL (BIT_ULL(32) | BIT_ULL(42))
#define MSR_VMX_TRUE_PIN 0x48d
#define MSR_VMX_TRUE_CPU 0x48e
#define MSR_VMX_TRUE_EXIT 0x48f
#define MSR_VMX_TRUE_ENTRY 0x490

#define CPUID7_EBX_INVPCID BIT(10)
#define CPUID81_EDX_RDTSCP BIT(27)
#define CPUIDD1_EAX_XSAVES BIT(3)

/* A control that must be available, and how it is called when it is not. No pointer: the EFI
 * application, which uses these tables too, holds no addresses. */
struct wanted {
	uint32_t bit;
	char name[32];
};

static const struct wanted pin[] = { { PIN_NMI_EXITING, "NMI exiting" },
				     { PIN_VIRTUAL_NMIS, "virtual NMIs" } };
static const struct wanted cpu[] = {
	{ CPU_TSC_OFFSETTING, "TSC offsetting" },   { CPU_MWAIT_EXITING, "MWAIT exiting" },
	{ CPU_RDPMC_EXITING, "RDPMC exiting" },     { CPU_IO_BITMAPS, "I/O bitmaps" },
	{ CPU_MSR_BITMAPS, "MSR bitmaps" },         { CPU_MONITOR_EXITING, "MONITOR exiting" },
	{ CPU_SECONDARY, "secondary VMX controls" }
};
static const struct wanted cpu2[] = { { CPU2_EPT, "EPT" },
				      { CPU2_UNRESTRICTED, "unrestricted guest" },
				      { CPU2_VPID, "VPID" } };
static const struct wanted leaving[] = { { EXIT_SAVE_DEBUG, "saving of DR7 at exits" },
					 { EXIT_HOST_64, "64-bit host" },
					 { EXIT_SAVE_PAT, "saving of IA32_PAT at exits" },
					 { EXIT_LOAD_PAT, "loading of IA32_PAT at exits" },
					 { EXIT_SAVE_EFER, "saving of IA32_EFER at exits" },
					 { EXIT_LOAD_EFER, "loading of IA32_EFER at exits" } };
static const struct wanted entering[] = { { ENTRY_LOAD_DEBUG, "loading of DR7 at entries" },
					  { ENTRY_LOAD_PAT, "loading of IA32_PAT at entries" },
					  { ENTRY_LOAD_EFER, "loading of IA32_EFER at entries" } };

/* Must-be-one bits are in the low half of @msr, may-be-one bits in the high half. */
static const char *resolve(uint32_t msr, const struct wanted *wanted, size_t count, uint32_t *word)
{
	uint64_t capability = rdmsr(msr);

	*word = (uint32_t)capability;
	for (size_t i = 0; i < count; i++) {
		if (!(capability >> 32 & wanted[i].bit))
			return wanted[i].name;
		*word |= wanted[i].bit;
	}
	return NULL;
}

/* Instructions that CPUID shows to guests, but which VMX makes #UD unless told otherwise. */
static const char *resolve_instructions(uint32_t *word)
{
	uint32_t available = (uint32_t)(rdmsr(MSR_VMX_CPU2) >> 32);
	static const struct wanted shown[3] = { { CPU2_RDTSCP, "RDTSCP in guests" },
				   { CPU2_INVPCID, "INVPCID in guests" },
				   { CPU2_XSAVES, "XSAVES in guests" } };
	bool has[3] = { cpuid(0x80000001, 0).edx & CPUID81_EDX_RDTSCP,
			cpuid(7, 0).ebx & CPUID7_EBX_INVPCID,
			cpuid(0xd, 1).eax & CPUIDD1_EAX_XSAVES };

	for (unsigned int i = 0; i < ARRAY_SIZE(shown); i++) {
		if (has[i] && !(available & shown[i].bit))
			return shown[i].name;
		if (has[i])
			*word |= shown[i].bit;
	}
	*word |= available & CPU2_ENCLS_EXITING;
	return NULL;
}

static const char *missing_in_ept(void)
{
	uint64_t capability = rdmsr(MSR_VMX_EPT_VPID);

	if (!(capability & EPT_WALK_4) || !(capability & EPT_WRITEBACK))
		return "4-level write-back EPT";
	if (!(capability & EPT_2M))
		return "EPT pages of 2 MiB";
	if ((capability & EPT_INVEPT_ALL) != EPT_INVEPT_ALL)
		return "INVEPT of all contexts";
	if ((capability & EPT_INVVPID_ALL) != EPT_INVVPID_ALL)
		return "INVVPID of all contexts";
	return NULL;
}

bool vmx_present(void)
{
	return cpuid(1, 0).ecx & CPUID1_ECX_VMX;
}

const char *vmx_choose_controls(struct vmx_controls *controls)
{
	uint64_t feature_control = rdmsr(MSR_FEATURE_CONTROL);
	uint64_t basic = rdmsr(MSR_VMX_BASIC);
	const char *missing;

	if ((feature_control & FEATURE_CONTROL_LOCK) && !(feature_control & FEATURE_CONTROL_VMXON))
		return "VMX, which the firmware has switched off (IA32_FEATURE_CONTROL): allow it "
		       "in the firmware's setup";
	if (!(basic & VMX_BASIC_TRUE) ||
	    (basic >> VMX_BASIC_TYPE_SHIFT & 0xf) != VMX_TYPE_WRITEBACK)
		return "VMX capability MSRs of its second generation";
	missing = resolve(MSR_VMX_TRUE_PIN, pin, ARRAY_SIZE(pin), &controls->pin);
	if (!missing)
		missing = resolve(MSR_VMX_TRUE_CPU, cpu, ARRAY_SIZE(cpu), &controls->cpu);
	if (!missing)
		missing = resolve(MSR_VMX_CPU2, cpu2, ARRAY_SIZE(cpu2), &controls->cpu2);
	if (!missing)
		missing = resolve_instructions(&controls->cpu2);
	if (!missing)
		missing = resolve(MSR_VMX_TRUE_EXIT, leaving, ARRAY_SIZE(leaving), &controls->exit);
	if (!missing)
		missing = resolve(MSR_VMX_TRUE_ENTRY, entering, ARRAY_SIZE(entering),
				  &controls->entry);
	return missing ? missing : missing_in_ept();
}

bool vmx_has_1g_pages(void)
{
	return rdmsr(MSR_VMX_EPT_VPID) & EPT_1G;
}
