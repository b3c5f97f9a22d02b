/* SPDX-License-Identifier: Apache-2.0 */
/* When rules apply, and how to say that. */
#include "audit_checks.h"
#include "arch_vcpu.h"
#include "x86.h"

#define AT(bit) __builtin_ctz(bit)
#define DEBUGCTL_BTF BIT(1)

/* A table's row for a value of enum when. */
#define CONDITION(when) [(when)-FIRST_CONDITION] =
#define BOTH(when) [(when)-FIRST_CONJUNCTION] =

/* clang-format off */
static const struct vmx_reason conditions[] = {
	CONDITION(ALWAYS) { 0, 0, 0, 0, false },
	CONDITION(PROTECTED) { VMCS_GUEST_CR0, AT(CR0_PE), 1, 1, false },
	CONDITION(PAGING) { VMCS_GUEST_CR0, AT(CR0_PG), 1, 1, false },
	CONDITION(LMA) { VMCS_GUEST_EFER, AT(EFER_LMA), 1, 1, false },
	CONDITION(CODE_64) { VMCS_GUEST_CS_RIGHTS, AT(RIGHTS_LONG), 1, 1, false },
	CONDITION(CS_DATA) { VMCS_GUEST_CS_RIGHTS, 0, 4, TYPE_DATA, false },
	CONDITION(SS_IN_RING) { VMCS_GUEST_SS_RIGHTS, RIGHTS_DPL_SHIFT, 2, 0, true },
	CONDITION(VM86) { VMCS_GUEST_RFLAGS, AT(RFLAGS_VM), 1, 1, false },
	CONDITION(TRAPS) { VMCS_GUEST_RFLAGS, AT(RFLAGS_TF), 1, 1, false },
	CONDITION(TRAPS_BRANCHES) { VMCS_GUEST_DEBUGCTL, AT(DEBUGCTL_BTF), 1, 1, false },
	CONDITION(INTERRUPTIBLE) { VMCS_GUEST_RFLAGS, AT(RFLAGS_IF), 1, 1, false },
	CONDITION(BLOCKED) { VMCS_GUEST_INTERRUPTIBILITY, 0, 2, 0, true },
	CONDITION(BLOCKED_BY_STI) { VMCS_GUEST_INTERRUPTIBILITY, AT(BLOCKING_BY_STI), 1, 1, false },
	CONDITION(IN_ENCLAVE) { VMCS_GUEST_INTERRUPTIBILITY,
	  AT(ENCLAVE_INTERRUPTION), 1, 1, false },
	CONDITION(HALTED) { VMCS_GUEST_ACTIVITY, 0, 32, ACTIVITY_HLT, false },
	CONDITION(IN_RTM) { VMCS_GUEST_PENDING_DEBUG, AT(PENDING_DEBUG_RTM), 1, 1, false },
	CONDITION(INJECTS) { VMCS_ENTRY_INTERRUPTION, AT(EVENT_VALID), 1, 1, false },
	CONDITION(OF_ERROR) { VMCS_ENTRY_INTERRUPTION, AT(EVENT_ERROR), 1, 1, false },
	CONDITION(OF_INTERRUPT) { VMCS_ENTRY_INTERRUPTION, 8, 3, EVENT_INTR >> 8, false },
	CONDITION(OF_NMI) { VMCS_ENTRY_INTERRUPTION, 8, 3, EVENT_NMI >> 8, false },
};
static_assert(ARRAY_SIZE(conditions) == FIRST_CONJUNCTION - FIRST_CONDITION, "one for each");

/* The first may be a conjunction from further up. */
static const struct {
	uint16_t first, second;
} conjunctions[] = {
	BOTH(MODE_64) { WHEN(ENTRY, IA32E), CODE_64 },
	BOTH(MODE_32) { WHEN(ENTRY, IA32E), NOT(CODE_64) },
	BOTH(REAL_NOT_VM86) { NOT(PROTECTED), NOT(VM86) },
	BOTH(CS_DATA_NOT_VM86) { CS_DATA, NOT(VM86) },
	BOTH(THRESHOLD) { WHEN(CPU, TPR_SHADOW), NOT(WHEN(CPU2, INTERRUPT_DELIVERY)) },
	BOTH(LMA_ON) { WHEN(ENTRY, LOAD_EFER), WHEN(ENTRY, IA32E) },
	BOTH(LMA_OFF) { WHEN(ENTRY, LOAD_EFER), NOT(WHEN(ENTRY, IA32E)) },
	BOTH(EFER_PAGING) { WHEN(ENTRY, LOAD_EFER), PAGING },
	BOTH(LME_ON) { EFER_PAGING, LMA },
	BOTH(LME_OFF) { EFER_PAGING, NOT(LMA) },
	BOTH(HALTED_IN_RING) { HALTED, SS_IN_RING },
	BOTH(INJECTS_INTERRUPT) { INJECTS, OF_INTERRUPT },
	BOTH(INJECTS_NMI) { INJECTS, OF_NMI },
	BOTH(INJECTS_VIRTUAL_NMI) { INJECTS_NMI, WHEN(PIN, VIRTUAL_NMIS) },
	BOTH(INJECTS_ERROR) { INJECTS, OF_ERROR },
	BOTH(SINGLE_STEP) { TRAPS, NOT(TRAPS_BRANCHES) },
	BOTH(STEPS_BLOCKED) { SINGLE_STEP, BLOCKED },
	BOTH(STEPS_HALTED) { SINGLE_STEP, HALTED },
	BOTH(STAYS_BLOCKED) { NOT(TRAPS), BLOCKED },
	BOTH(STAYS_HALTED) { NOT(TRAPS), HALTED },
	BOTH(BRANCHES_BLOCKED) { TRAPS_BRANCHES, BLOCKED },
	BOTH(BRANCHES_HALTED) { TRAPS_BRANCHES, HALTED },
};
static_assert(ARRAY_SIZE(conjunctions) == END_OF_WHEN - FIRST_CONJUNCTION, "one for each");
/* clang-format on */

bool audit_is(const struct audit *audit, unsigned int when)
{
	return is(audit, when & WHEN_NUMBER) == (when <= WHEN_NUMBER);
}

void audit_facts(struct audit *audit)
{
	bool *fact = audit->facts;

	for (unsigned int i = 0; i < ARRAY_SIZE(conditions); i++) {
		const struct vmx_reason *condition = &conditions[i];
		uint64_t value = get(audit, condition->field) >> condition->low;

		value &= BIT_ULL(condition->width) - 1;
		*fact++ = (value == condition->value) != condition->differs;
	}
	for (unsigned int i = 0; i < ARRAY_SIZE(conjunctions); i++)
		*fact++ = audit_is(audit, conjunctions[i].first) &&
			  audit_is(audit, conjunctions[i].second);
}

bool vmx_finding_reason(const struct vmx_finding *finding, unsigned int n,
			struct vmx_reason *reason)
{
	unsigned int when = finding->when;
	unsigned int number;

	for (; (number = when & WHEN_NUMBER) >= FIRST_CONJUNCTION; n--) {
		if (n == 0) {
			when = conjunctions[number - FIRST_CONJUNCTION].second;
			number = when & WHEN_NUMBER;
			break;
		}
		when = conjunctions[number - FIRST_CONJUNCTION].first;
	}
	if (n > 0 || number == ALWAYS)
		return false;
	if (number < FIRST_CONDITION)
		*reason = (struct vmx_reason){ audit_word_field(number >> 5), number & 31, 1, 1,
					       false };
	else
		*reason = conditions[number - FIRST_CONDITION];
	reason->differs ^= when != number;
	return true;
}
