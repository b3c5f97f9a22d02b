/* SPDX-License-Identifier: Apache-2.0 */
#include "audit_checks.h"
#include "arch_vcpu.h"

static const char sections[NR_SECTIONS][9] = { "27.2.1.1", "27.2.1.2", "27.2.1.3", "27.2.2",
					       "27.2.3",   "27.2.4",   "27.3.1.1", "27.3.1.2",
					       "27.3.1.3", "27.3.1.4", "27.3.1.5", "27.3.1.6" };

static void wrong(struct audit *audit, uint64_t bits, uint32_t field, const char *rule)
{
	struct vmx_finding *finding = &audit->findings[audit->count];

	if (audit->count++ >= audit->room)
		return;
	finding->field = field;
	finding->value = get(audit, field);
	finding->bits = bits;
	finding->rule = rule;
	finding->section = sections[audit->section];
	finding->when = audit->when;
}

void audit_refuse(struct audit *audit, uint64_t condition, uint32_t field, const char *rule)
{
	if (condition)
		wrong(audit, 0, field, rule);
}

void audit_refuse_bits(struct audit *audit, uint64_t bits, uint32_t field, const char *rule)
{
	if (bits)
		wrong(audit, bits, field, rule);
}

void audit_zero(struct audit *audit, uint64_t mask, uint32_t field)
{
	audit_refuse_bits(audit, get(audit, field) & mask, field, "must be 0");
}

void audit_one(struct audit *audit, uint64_t mask, uint32_t field)
{
	audit_refuse_bits(audit, ~get(audit, field) & mask, field, "must be 1");
}

void audit_canonical(struct audit *audit, uint64_t mask, uint32_t field)
{
	uint64_t bits = get(audit, field) & mask;

	audit_refuse(audit, bits && bits != mask, field, "not canonical");
}

uint64_t audit_not_physical(const struct audit *audit)
{
	return ~capability(audit, VMX_BITS_PHYSICAL);
}

unsigned int vmx_audit(const struct vmx_source *source, struct vmx_finding *findings,
		       unsigned int room)
{
	struct audit audit = { .source = source, .findings = findings, .room = room };
	uint64_t event = source->field(VMCS_ENTRY_INTERRUPTION);

	audit.when = ALWAYS;
	audit.event = event & EVENT_VALID ? (uint32_t)event : 0;
	audit.misc = (uint32_t)source->capability(VMX_MISC);
	audit_words(&audit);
	audit_facts(&audit);
	audit_rules(&audit, EXEC, ENTRIES);
	audit_controls(&audit);
	audit_rules(&audit, HOST, HOST_SIZE);
	audit_rules(&audit, GUEST, GUEST);
	audit_guest(&audit);
	audit_rules(&audit, GUEST_SEGMENTS, GUEST_OTHER);
	return audit.count;
}
