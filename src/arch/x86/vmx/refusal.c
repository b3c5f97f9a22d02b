/* SPDX-License-Identifier: Apache-2.0 */
/* What the log says about an entry that failed. */
#include "audit.h"
#include "core/cell.h"
#include "core/format.h"
#include "core/log.h"
#include "core/vcpu.h"
#include "insn.h"
#include "vmx.h"
#include "x86.h"

#define NR_FINDINGS 8u
#define REASONS_MAX 160u

#define CPUID1_ECX_PDCM BIT(15)
#define CPUID7_EBX_RTM BIT(11)
#define CPUID7_ECX_BUS_LOCK BIT(24)
#define CPUID71_EAX_LAM BIT(26)
#define CPUID_PERF 0xa
#define CPUID_SIZES 0x80000008
#define MSR_PERF_CAPABILITIES 0x345
#define PERF_CAPABILITIES_METRICS BIT(15)
#define PERF_GLOBAL_METRICS BIT_ULL(48)

#define CR3_LAM (3ull << 61)
#define DEBUGCTL_ALL 0x7fc3u
#define DEBUGCTL_BUS_LOCK BIT(2)
#define DEBUGCTL_RTM BIT(15)
#define PENDING_DEBUG_ALL 0x500fu
#define PENDING_DEBUG_BUS_LOCK BIT(11)

/* SDM vol. 3, 31.4; other numbers are of other instructions or of SMM. */
static const struct meaning {
	uint32_t number;
	const char *text;
} errors[] = {
	{ 0, "there is no current VMCS" }, /* VMfailInvalid */
	{ 4, "VMLAUNCH of a VMCS that is launched" },
	{ 5, "VMRESUME of a VMCS that is not launched" },
	{ 6, "VMRESUME after VMXOFF" },
	{ 7, "invalid control fields" },
	{ 8, "invalid host state" },
	{ 26, "events blocked by MOV SS" },
};

static const struct meaning reasons[] = {
	{ VMX_EXIT_BAD_GUEST_STATE, "invalid guest state" },
	{ VMX_EXIT_MSR_LOADING, "invalid entry in the MSR-load area" },
	{ VMX_EXIT_MACHINE_CHECK, "machine check" },
};

/* Of invalid guest state the exit qualification may say more (27.8). */
static const struct meaning qualifications[] = {
	{ 2, ": PDPTEs" },
	{ 3, ": NMI injected while STI blocks" },
	{ 4, ": VMCS link pointer" },
};

static const char *look_up(const struct meaning *table, size_t size, uint64_t number,
			   const char *otherwise)
{
	for (size_t i = 0; i < size; i++)
		if (table[i].number == number)
			return table[i].text;
	return otherwise;
}

static uint64_t read_field(uint64_t encoding)
{
	return vmread(encoding);
}

static struct cpuid_regs features(uint32_t subleaf)
{
	if (cpuid(0, 0).eax < 7 || cpuid(7, 0).eax < subleaf)
		return (struct cpuid_regs){ 0 };
	return cpuid(7, subleaf);
}

/* Counters that IA32_PERF_GLOBAL_CTRL switches (SDM vol. 3, 20.2.2 and following). */
static uint64_t performance_counters(void)
{
	struct cpuid_regs perf;
	uint64_t metrics = 0;

	if (cpuid(0, 0).eax < CPUID_PERF)
		return 0;
	perf = cpuid(CPUID_PERF, 0);
	if ((cpuid(1, 0).ecx & CPUID1_ECX_PDCM) &&
	    (rdmsr(MSR_PERF_CAPABILITIES) & PERF_CAPABILITIES_METRICS))
		metrics = PERF_GLOBAL_METRICS;
	return metrics | (BIT_ULL(perf.eax >> 8 & 0x1f) - 1) |
	       ((BIT_ULL(perf.edx & 0x1f) - 1) | perf.ecx) << 32;
}

static uint64_t read_capability(uint32_t index)
{
	uint32_t sizes = cpuid(CPUID_SIZES, 0).eax;
	uint64_t physical = BIT_ULL(sizes & 0x3f) - 1;
	bool bus_lock = features(0).ecx & CPUID7_ECX_BUS_LOCK;
	bool rtm = features(0).ebx & CPUID7_EBX_RTM;

	switch (index) {
	case VMX_BITS_PHYSICAL:
		return physical;
	case VMX_BITS_SIGN:
		return UINT64_MAX << ((sizes >> 8 & 0x3f) - 1);
	case VMX_BITS_CR3:
		return features(1).eax & CPUID71_EAX_LAM ? physical | CR3_LAM : physical;
	case VMX_BITS_EFER:
		return EFER_SCE | EFER_LME | EFER_LMA | EFER_NXE;
	case VMX_BITS_DEBUGCTL:
		return DEBUGCTL_ALL | (bus_lock ? DEBUGCTL_BUS_LOCK : 0) | (rtm ? DEBUGCTL_RTM : 0);
	case VMX_BITS_PENDING_DEBUG:
		return PENDING_DEBUG_ALL | (bus_lock ? PENDING_DEBUG_BUS_LOCK : 0) |
		       (rtm ? PENDING_DEBUG_RTM : 0);
	case VMX_BITS_PERF_GLOBAL_CTRL:
		return performance_counters();
	default:
		return rdmsr(index);
	}
}

/* ", since bit 9 of entry controls is 1": appends the reason and returns the new length. */
static size_t append_reason(char *text, size_t length, const struct vmx_reason *reason)
{
	char name[VMX_FIELD_NAME_MAX];
	char high[8] = "";
	bool many = reason->width > 1;

	vmx_field_name(reason->field, name);
	if (many)
		fmt_snprintf(high, sizeof(high), "s %u:", reason->low + reason->width - 1u);
	return length + fmt_snprintf(text + length, REASONS_MAX - length,
				     "%s bit%s%u of %s %s %s%u", length ? " and" : ", since",
				     many ? high : " ", reason->low, name, many ? "are" : "is",
				     many && reason->differs ? "not " : "",
				     many ? reason->value : reason->value ^ reason->differs);
}

static void describe_reasons(const struct vmx_finding *finding, char *text)
{
	struct vmx_reason reason;
	size_t length = 0;

	text[0] = '\0';
	for (unsigned int n = 0; vmx_finding_reason(finding, n, &reason) && length < REASONS_MAX;
	     n++)
		length = append_reason(text, length, &reason);
}

static void log_finding(const struct vmx_finding *finding)
{
	char name[VMX_FIELD_NAME_MAX];
	char bits[32] = "";
	char text[REASONS_MAX];

	vmx_field_name(finding->field, name);
	describe_reasons(finding, text);
	if (finding->bits)
		fmt_snprintf(bits, sizeof(bits), "bits 0x%lx ", (unsigned long)finding->bits);
	log_printf("  %s (0x%04x) = 0x%lx: %s%s%s (SDM vol. 3, %s)\n", name, finding->field,
		   (unsigned long)finding->value, bits, finding->rule, text, finding->section);
}

void vmx_log_refusal(const struct vcpu *vcpu, const struct vcpu_exit *exit)
{
	static const struct vmx_source source = { read_field, read_capability };
	const char *cell = vcpu->cell->config->name;
	uint16_t reason = (uint16_t)exit->code;
	struct vmx_finding findings[NR_FINDINGS];
	unsigned int count;

	if (exit->code == VMX_ENTRY_FAILED)
		log_printf("cell %s: VM entry of vCPU %u failed, error %lu: %s\n", cell,
			   vcpu->index, (unsigned long)exit->info,
			   look_up(errors, ARRAY_SIZE(errors), exit->info, "not one of entries"));
	else
		log_printf("cell %s: VM entry of vCPU %u failed, exit reason %u: %s, "
			   "qualification %lu%s\n",
			   cell, vcpu->index, reason,
			   look_up(reasons, ARRAY_SIZE(reasons), reason, "not one of entries"),
			   (unsigned long)exit->info,
			   reason != VMX_EXIT_BAD_GUEST_STATE
				   ? ""
				   : look_up(qualifications, ARRAY_SIZE(qualifications), exit->info,
					     ""));
	if (exit->code == VMX_ENTRY_FAILED && !exit->info)
		return; /* there is no VMCS to read */
	count = vmx_audit(&source, findings, NR_FINDINGS);
	for (unsigned int i = 0; i < count && i < NR_FINDINGS; i++)
		log_finding(&findings[i]);
	if (count > NR_FINDINGS)
		log_printf("  and %u more\n", count - NR_FINDINGS);
	if (!count)
		log_printf("  no rule that is checked is broken (src/arch/x86/vmx/audit.h)\n");
}
