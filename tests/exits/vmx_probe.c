/* SPDX-License-Identifier: Apache-2.0 */
/* sources: src/arch/x86/vmx/decode.c src/arch/x86/vmx/controls.c src/core/vcpu.c */
/* flags: -Isrc/arch/x86 -include tests/unit/fake_x86.h -include tests/unit/fake_vmx.h
 *	-ffunction-sections -Wl,--gc-sections */
/*
 * Prints what the VMX backend makes of every exit reason, and the control words that it chooses on
 * a processor where all may be 1 (tests/unit/test_exit_tables.py compares them with vmx.yaml):
 *
 *   decode REASON NAME...     the neutral reasons, over all that the decoder looks at
 *   control WORD VALUE
 */
#include <stdio.h>
#include <string.h>

#include "apic.h"
#include "arch_vcpu.h"
#include "core/exit.h"
#include "core/vcpu.h"
#include "vmx/vmcs.h"
#include "vmx/vmx.h"

#define LAST_REASON 255u

static uint64_t reason;
static uint64_t interruption;

uint64_t vmread(uint64_t field)
{
	return field == VMCS_EXIT_REASON         ? reason
	       : field == VMCS_EXIT_INTERRUPTION ? interruption
						 : 0;
}

uint64_t rdmsr(uint32_t msr)
{
	switch (msr) {
	case 0x3a: /* IA32_FEATURE_CONTROL */
		return 5;
	case 0x480: /* IA32_VMX_BASIC: write-back, TRUE MSRs */
		return 6ull << 50 | 1ull << 55;
	case 0x48d: /* from here on: what must be 1, SDM vol. 3, A.3 to A.5 */
		return UINT64_MAX << 32 | 0x16;
	case 0x48e:
		return UINT64_MAX << 32 | 0x04006172;
	case 0x48f:
		return UINT64_MAX << 32 | 0x00036dfb;
	case 0x490:
		return UINT64_MAX << 32 | 0x000011fb;
	case 0x48b:
		return UINT64_MAX << 32;
	default:
		return UINT64_MAX;
	}
}

struct cpuid_regs cpuid(uint32_t leaf, uint32_t subleaf)
{
	const struct cpuid_regs all = { UINT32_MAX, UINT32_MAX, UINT32_MAX, UINT32_MAX };

	(void)leaf;
	(void)subleaf;
	return all;
}

static void print_reasons(void)
{
	static const uint64_t events[] = { EVENT_NMI | 2, EVENT_EXCEPTION | 18,
					   EVENT_EXCEPTION | 1 };
	bool found[NR_EXIT_REASONS] = { false };
	struct arch_vcpu guest;
	struct vcpu vcpu = { .arch = &guest };

	memset(&guest, 0, sizeof(guest));
	for (unsigned int n = 0; n < 2 * ARRAY_SIZE(events); n++) {
		struct vcpu_exit exit;

		interruption = EVENT_VALID | events[n / 2];
		guest.gpr[GPR_RCX] = n % 2 ? X2APIC_ICR : 0;
		vmx_decode(&vcpu, &exit);
		found[exit.reason] = true;
	}
	printf("decode %llu", (unsigned long long)reason);
	for (unsigned int r = 0; r < NR_EXIT_REASONS; r++)
		if (found[r])
			printf(" %s", exit_reason_name((enum exit_reason)r));
	printf("\n");
}

int main(void)
{
	struct vmx_controls controls;
	const char *missing = vmx_choose_controls(&controls);

	if (missing) {
		printf("missing %s\n", missing);
		return 1;
	}
	printf("control pin %u\ncontrol cpu %u\ncontrol cpu2 %u\n", controls.pin, controls.cpu,
	       controls.cpu2);
	for (uint64_t n = 0; n <= LAST_REASON; n++) {
		reason = n;
		print_reasons();
		reason |= EXIT_REASON_ENTRY_FAILED;
		print_reasons();
	}
	return 0;
}
