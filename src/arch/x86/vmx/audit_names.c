/* SPDX-License-Identifier: Apache-2.0 */
/* What findings are about, in words. */
#include "audit_checks.h"

/* clang-format off */
#define FIELDS(X) \
	X(VMCS_VPID, "VPID") \
	X(VMCS_POSTED_VECTOR, "posted vector") \
	X(VMCS_IO_BITMAP_A, "I/O bitmap A") \
	X(VMCS_IO_BITMAP_B, "I/O bitmap B") \
	X(VMCS_MSR_BITMAP, "MSR bitmap") \
	X(VMCS_EXIT_MSR_STORE, "exit MSR-store area") \
	X(VMCS_EXIT_MSR_LOAD, "exit MSR-load area") \
	X(VMCS_ENTRY_MSR_LOAD, "entry MSR-load area") \
	X(VMCS_PML, "PML address") \
	X(VMCS_VIRTUAL_APIC, "virtual APIC") \
	X(VMCS_APIC_ACCESS, "APIC access") \
	X(VMCS_POSTED_DESCRIPTOR, "posted descriptor") \
	X(VMCS_EPTP, "EPTP") \
	X(VMCS_VMREAD_BITMAP, "VMREAD bitmap") \
	X(VMCS_VMWRITE_BITMAP, "VMWRITE bitmap") \
	X(VMCS_TSC_MULTIPLIER, "TSC multiplier") \
	X(VMCS_CPU_CONTROLS3, "tertiary controls") \
	X(VMCS_EXIT_CONTROLS2, "secondary exit controls") \
	X(VMCS_LINK_POINTER, "link pointer") \
	X(VMCS_GUEST_DEBUGCTL, "DEBUGCTL") \
	X(VMCS_GUEST_PAT, "PAT") \
	X(VMCS_GUEST_EFER, "EFER") \
	X(VMCS_GUEST_PERF_GLOBAL_CTRL, "PERF_GLOBAL_CTRL") \
	X(VMCS_GUEST_PDPTE0, "PDPTE0") \
	X(VMCS_GUEST_PDPTE0 + 2, "PDPTE1") \
	X(VMCS_GUEST_PDPTE0 + 4, "PDPTE2") \
	X(VMCS_GUEST_PDPTE0 + 6, "PDPTE3") \
	X(VMCS_HOST_PAT, "PAT") \
	X(VMCS_HOST_EFER, "EFER") \
	X(VMCS_HOST_PERF_GLOBAL_CTRL, "PERF_GLOBAL_CTRL") \
	X(VMCS_PIN_CONTROLS, "pin-based controls") \
	X(VMCS_CPU_CONTROLS, "primary controls") \
	X(VMCS_CR3_TARGET_COUNT, "CR3-target count") \
	X(VMCS_EXIT_CONTROLS, "exit controls") \
	X(VMCS_EXIT_MSR_STORE_COUNT, "exit MSR-store count") \
	X(VMCS_EXIT_MSR_LOAD_COUNT, "exit MSR-load count") \
	X(VMCS_ENTRY_CONTROLS, "entry controls") \
	X(VMCS_ENTRY_MSR_LOAD_COUNT, "entry MSR-load count") \
	X(VMCS_ENTRY_INTERRUPTION, "injected event") \
	X(VMCS_ENTRY_ERROR_CODE, "injected error code") \
	X(VMCS_ENTRY_LENGTH, "instruction length") \
	X(VMCS_TPR_THRESHOLD, "TPR threshold") \
	X(VMCS_CPU_CONTROLS2, "secondary controls") \
	X(VMCS_GUEST_INTERRUPTIBILITY, "interruptibility") \
	X(VMCS_GUEST_ACTIVITY, "activity state") \
	X(VMCS_GUEST_CR0, "CR0") \
	X(VMCS_GUEST_CR3, "CR3") \
	X(VMCS_GUEST_CR4, "CR4") \
	X(VMCS_GUEST_DR7, "DR7") \
	X(VMCS_GUEST_RIP, "RIP") \
	X(VMCS_GUEST_RFLAGS, "RFLAGS") \
	X(VMCS_GUEST_PENDING_DEBUG, "pending debug") \
	X(VMCS_GUEST_SYSENTER_ESP, "SYSENTER_ESP") \
	X(VMCS_GUEST_SYSENTER_EIP, "SYSENTER_EIP") \
	X(VMCS_HOST_CR0, "CR0") \
	X(VMCS_HOST_CR3, "CR3") \
	X(VMCS_HOST_CR4, "CR4") \
	X(VMCS_HOST_SYSENTER_ESP, "SYSENTER_ESP") \
	X(VMCS_HOST_SYSENTER_EIP, "SYSENTER_EIP") \
	X(VMCS_HOST_RIP, "RIP") \

#define ENCODING(field, name) field,
#define NAME(field, name) name "\0"
static const uint16_t fields[] = { FIELDS(ENCODING) };
static const char names[] = FIELDS(NAME);

/* clang-format on */

/* What there is of each segment register. */
static const char segments[][5] = {
	"ES", "CS", "SS", "DS", "FS", "GS", "LDTR", "TR", "GDTR", "IDTR"
};
static const struct {
	uint16_t first;
	char name[10];
} parts[] = { { VMCS_GUEST_SELECTOR, " selector" }, { VMCS_GUEST_LIMIT, " limit" },
	      { VMCS_GUEST_RIGHTS, " rights" },     { VMCS_GUEST_BASE, " base" },
	      { VMCS_HOST_ES, " selector" },        { VMCS_HOST_FS_BASE - 2 * 4, " base" } };

/* Bits 11:10 of an encoding (SDM vol. 3, 25.11.2); there are no findings about type 1. */
#define FIELD_TYPE(field) ((field) >> 10 & 3)
static const char types[][7] = { "", "", "guest ", "host " };

/* The text number @n of @texts. */
static const char *nth(const char *texts, unsigned int n)
{
	while (n--)
		while (*texts++)
			;
	return texts;
}

static char *append(char *to, const char *text)
{
	while ((*to = *text++))
		to++;
	return to;
}

void vmx_field_name(uint32_t field, char name[VMX_FIELD_NAME_MAX])
{
	char *end = append(name, types[FIELD_TYPE(field)]);

	for (unsigned int i = 0; i < ARRAY_SIZE(fields); i++)
		if (fields[i] == field) {
			append(end, nth(names, i));
			return;
		}
	for (unsigned int i = 0; i < ARRAY_SIZE(parts); i++) {
		uint32_t n = (field - parts[i].first) / 2;

		if (FIELD_TYPE(field) == 3 && n > 5) /* a host has no LDTR */
			n++;
		if (n >= ARRAY_SIZE(segments))
			continue;
		append(append(end, segments[n]), parts[i].name);
		return;
	}
	append(name, "field");
}
