/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The checks that a processor makes at VM entry (SDM vol. 3, 27.2 and 27.3), made once more to tell
 * which field it refused and by which rule. Of an entry that failed the processor says no more than
 * "controls", "host state" or "guest state".
 *
 * Not checked, since it is not in the VMCS: what fields point to (the virtual TPR, the entries of
 * MSR areas, a linked VMCS, PDPTEs of guests without EPT). Nor what Bulkhead is far from: hosts in
 * 32-bit mode, entries into or from SMM, VM functions, #VE, sub-page permissions, tertiary controls
 * but for their being there, and the state of CET, protection keys, user interrupts, FRED, MPX,
 * processor trace and last branch records.
 */
#ifndef ARCH_VMX_AUDIT_H
#define ARCH_VMX_AUDIT_H

#include "core/types.h"

/* What capability() is asked for besides the MSRs 480h to 493h (SDM vol. 3, appendix A): which
 * bits may be set in an address or register of this processor. */
enum vmx_bits {
	VMX_BITS_PHYSICAL = 0x10000, /* of a physical address */
	VMX_BITS_SIGN, /* which are all alike in a canonical address, of the largest width */
	VMX_BITS_CR3,
	VMX_BITS_EFER,
	VMX_BITS_DEBUGCTL,
	VMX_BITS_PENDING_DEBUG,
	VMX_BITS_PERF_GLOBAL_CTRL,
};

/* Where the checks read. Capability MSRs that the processor lacks are not asked for. */
struct vmx_source {
	uint64_t (*field)(uint64_t encoding);
	uint64_t (*capability)(uint32_t index);
};

struct vmx_finding {
	uint64_t value;
	uint64_t bits;       /* those that are wrong; 0: the rule is not about bits */
	const char *rule;    /* "must be 0", "not canonical" */
	const char *section; /* of SDM vol. 3 */
	uint32_t field;
	uint32_t when; /* for vmx_finding_reason() */
};

/*
 * Checks the VMCS in the order of the manual. Returns how many findings there are and stores the
 * first @room of them. None: the rule that is broken concerns something that is not checked.
 */
unsigned int vmx_audit(const struct vmx_source *source, struct vmx_finding *findings,
		       unsigned int room);

/* The name of a field that findings can be about, as "guest CS limit"; otherwise "field". */
#define VMX_FIELD_NAME_MAX 32u
void vmx_field_name(uint32_t field, char name[VMX_FIELD_NAME_MAX]);

/* A rule applies since @field has @value, or another if @differs, in @width bits from @low on. */
struct vmx_reason {
	uint16_t field;
	uint8_t low, width, value;
	bool differs;
};

/* Sets @reason to the reason number @n, from 0 on, and returns true; false if there is none. */
bool vmx_finding_reason(const struct vmx_finding *finding, unsigned int n,
			struct vmx_reason *reason);

#endif
