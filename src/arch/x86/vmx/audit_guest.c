/* SPDX-License-Identifier: Apache-2.0 */
/* The guest's state, as far as it takes more than a row of a table: SDM vol. 3, 27.3.1. */
#include "audit_checks.h"
#include "arch_vcpu.h"
#include "x86.h"

#define HIGH_HALF 0xffffffff00000000ull
#define SELECTOR_RPL 3u
#define SELECTOR_TI BIT(2)
#define RIGHTS_VM86 0xf3u
#define LIMIT_VM86 0xffffu
#define PDPTE_PRESENT BIT(0)
#define PDPTE_RESERVED 0x1e6u

/* Whether the activity state lets an event in. */
static bool admits(uint64_t activity, uint32_t event)
{
	uint32_t type = event & EVENT_TYPE;
	uint32_t vector = event & EVENT_VECTOR;
	bool exception = type == EVENT_EXCEPTION;
	bool always = type == EVENT_NMI || (exception && vector == VECTOR_MC);

	if (activity == ACTIVITY_HLT)
		return always || type == EVENT_INTR || type == EVENT_OTHER ||
		       (exception && vector == VECTOR_DB);
	return !activity || (always && activity != ACTIVITY_WAIT_FOR_SIPI);
}

static void check_vm86_segment(struct audit *audit, uint32_t n)
{
	uint32_t base = VMCS_GUEST_BASE + 2 * n;

	audit_refuse(audit, get(audit, base) != get(audit, VMCS_GUEST_SELECTOR + 2 * n) << 4, base,
		     "not selector << 4");
	audit_refuse(audit, get(audit, VMCS_GUEST_LIMIT + 2 * n) != LIMIT_VM86,
		     VMCS_GUEST_LIMIT + 2 * n, "not 0xffff");
	audit_refuse(audit, get(audit, VMCS_GUEST_RIGHTS + 2 * n) != RIGHTS_VM86,
		     VMCS_GUEST_RIGHTS + 2 * n, "not 0xf3");
}

static void check_base(struct audit *audit, uint32_t n, bool usable)
{
	uint32_t field = VMCS_GUEST_BASE + 2 * n;

	if (n >= SEG_FS && (usable || n != SEG_LDTR))
		audit_canonical(audit, capability(audit, VMX_BITS_SIGN), field);
	else if (usable)
		audit_zero(audit, HIGH_HALF, field);
}

/* A usable segment's type, if that does not depend on other segments. */
static void check_type(struct audit *audit, uint32_t n, uint64_t type)
{
	/* By type: data and readable code, code, stack, LDT, TSS; all accessed or busy. */
	static const uint16_t types[] = { 0x88aa, 0xaa00, 0x0088, 0x88aa,
					  0x88aa, 0x88aa, 0x0004, 0x0800 };
	uint32_t allowed = types[n];

	if ((n == SEG_CS && is(audit, WHEN(CPU2, UNRESTRICTED))) ||
	    (n == SEG_TR && !is(audit, WHEN(ENTRY, IA32E))))
		allowed |= BIT(TYPE_DATA);
	audit_refuse_bits(audit, allowed >> type & 1 ? 0 : RIGHTS_TYPE, VMCS_GUEST_RIGHTS + 2 * n,
			  "are no type that is allowed");
}

static void check_segment(struct audit *audit, uint32_t n)
{
	uint32_t field = VMCS_GUEST_RIGHTS + 2 * n;
	uint64_t rights = get(audit, field);
	uint64_t limit = get(audit, VMCS_GUEST_LIMIT + 2 * n);
	uint64_t selector = get(audit, VMCS_GUEST_SELECTOR + 2 * n);
	bool system = n >= SEG_LDTR;
	bool usable = !(rights & RIGHTS_UNUSABLE) || n == SEG_CS || n == SEG_TR;
	uint64_t zero = system ? RIGHTS_RESERVED | RIGHTS_CODE_OR_DATA : RIGHTS_RESERVED;

	check_base(audit, n, usable);
	if (!usable)
		return;
	check_type(audit, n, rights & RIGHTS_TYPE);
	if (system)
		audit_zero(audit, SELECTOR_TI, VMCS_GUEST_SELECTOR + 2 * n);
	audit_zero(audit, n == SEG_TR ? zero | RIGHTS_UNUSABLE : zero, field);
	audit_one(audit, system ? RIGHTS_PRESENT : RIGHTS_PRESENT | RIGHTS_CODE_OR_DATA, field);
	if (rights & RIGHTS_GRANULARITY ? (limit & 0xfff) != 0xfff : limit >> 20)
		audit_refuse_bits(audit, RIGHTS_GRANULARITY, field, "do not fit the limit");
	audit_refuse(audit,
		     n != SEG_CS && n != SEG_SS && !system &&
			     !is(audit, WHEN(CPU2, UNRESTRICTED)) &&
			     (rights & RIGHTS_TYPE) < TYPE_CONFORMING &&
			     dpl(rights) < (selector & SELECTOR_RPL),
		     field, "DPL below the selector's RPL");
}

static void check_privilege(struct audit *audit)
{
	uint64_t rights = get(audit, VMCS_GUEST_CS_RIGHTS);
	uint64_t type = rights & RIGHTS_TYPE;
	uint64_t cs = dpl(rights);
	uint64_t ss = dpl(get(audit, VMCS_GUEST_SS_RIGHTS));
	uint64_t rpl = get(audit, VMCS_GUEST_SS) & SELECTOR_RPL;

	audit_refuse(audit, type >= TYPE_CONFORMING ? cs > ss : type != TYPE_DATA && cs != ss,
		     VMCS_GUEST_CS_RIGHTS, "DPL does not fit SS's");
	if (is(audit, WHEN(CPU2, UNRESTRICTED)))
		return;
	audit_refuse(audit, rpl != (get(audit, VMCS_GUEST_CS) & SELECTOR_RPL), VMCS_GUEST_SS,
		     "RPL is not CS's");
	audit_refuse(audit, rpl != ss, VMCS_GUEST_SS_RIGHTS, "DPL is not the selector's RPL");
}

/* Of guests without EPT they are in memory. */
static void check_pdptes(struct audit *audit)
{
	if (!is(audit, PAGING) || is(audit, WHEN(ENTRY, IA32E)) ||
	    !(get(audit, VMCS_GUEST_CR4) & CR4_PAE) || !is(audit, WHEN(CPU2, EPT)))
		return;
	for (uint32_t field = VMCS_GUEST_PDPTE0; field < VMCS_GUEST_PDPTE0 + 8; field += 2)
		if (get(audit, field) & PDPTE_PRESENT)
			audit_zero(audit, audit_not_physical(audit) | PDPTE_RESERVED, field);
}

static void check_other_state(struct audit *audit)
{
	uint64_t activity = get(audit, VMCS_GUEST_ACTIVITY);
	uint64_t link = get(audit, VMCS_LINK_POINTER);

	audit_refuse(audit,
		     activity > ACTIVITY_WAIT_FOR_SIPI ||
			     (activity && !(audit->misc >> (MISC_ACTIVITY + activity) & 1)),
		     VMCS_GUEST_ACTIVITY, "not supported");
	audit_refuse(audit, audit->event && !admits(activity, audit->event), VMCS_GUEST_ACTIVITY,
		     "excludes the injected event");
	if (link == UINT64_MAX)
		return;
	audit_zero(audit, audit_not_physical(audit) | (PAGE_SIZE - 1), VMCS_LINK_POINTER);
	/* Another VMCS may be there, but nobody wants that (25.4.2). */
	audit_refuse(audit, !is(audit, WHEN(CPU2, VMCS_SHADOWING)), VMCS_LINK_POINTER,
		     "not all ones, and VMCS shadowing is off");
}

void audit_guest(struct audit *audit)
{
	bool vm86 = is(audit, VM86);

	audit->section = GUEST_SEGMENTS;
	for (uint32_t n = 0; n < NR_SEGMENTS; n++) {
		audit->when = vm86 && n < SEG_LDTR ? VM86 : ALWAYS;
		if (audit->when == VM86)
			check_vm86_segment(audit, n);
		else
			check_segment(audit, n);
	}
	if (!vm86)
		check_privilege(audit);
	audit->section = GUEST_OTHER;
	check_other_state(audit);
	audit->section = GUEST_PDPTES;
	check_pdptes(audit);
}
