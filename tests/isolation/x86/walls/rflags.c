/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A mistake on purpose: at the first VM entry of CPU 0, a VMLAUNCH, the guest's RFLAGS lacks the
 * bit that is always 1 (SDM vol. 3, 27.3.1.4). Linked into a Bulkhead that must say so
 * (--wrap=vmx_enter).
 */
#include "cpu.h"
#include "vmx/insn.h"

#define RFLAGS_ALWAYS_1 BIT_ULL(1)
#define ENTRY_ABANDONED 2u /* vmx/enter.S: an NMI came before it */

uint32_t __real_vmx_enter(uint64_t *gpr, uint32_t launched, const uint32_t *attention);
uint32_t __wrap_vmx_enter(uint64_t *gpr, uint32_t launched, const uint32_t *attention);

uint32_t __wrap_vmx_enter(uint64_t *gpr, uint32_t launched, const uint32_t *attention)
{
	static bool done;
	bool now = this_cpu()->index == 0 && !done;
	uint32_t result;

	if (now)
		vmwrite(VMCS_GUEST_RFLAGS, vmread(VMCS_GUEST_RFLAGS) & ~RFLAGS_ALWAYS_1);
	result = __real_vmx_enter(gpr, launched, attention);
	if (now)
		done = result != ENTRY_ABANDONED;
	return result;
}
