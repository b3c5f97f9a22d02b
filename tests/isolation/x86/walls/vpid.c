/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A mistake on purpose: after some VM entries of CPU 0, by then VMRESUMEs, the VPID is the host's
 * (SDM vol. 3, 27.2.1.1). Linked into a Bulkhead that must say so (--wrap=vmx_enter).
 */
#include "cpu.h"
#include "vmx/insn.h"

#define GOOD_ENTRIES 50u

uint32_t __real_vmx_enter(uint64_t *gpr, uint32_t launched, const uint32_t *attention);
uint32_t __wrap_vmx_enter(uint64_t *gpr, uint32_t launched, const uint32_t *attention);

uint32_t __wrap_vmx_enter(uint64_t *gpr, uint32_t launched, const uint32_t *attention)
{
	static unsigned int entries;

	if (this_cpu()->index == 0 && entries++ == GOOD_ENTRIES)
		vmwrite(VMCS_VPID, 0);
	return __real_vmx_enter(gpr, launched, attention);
}
