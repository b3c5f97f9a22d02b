/* SPDX-License-Identifier: Apache-2.0 */
/* Control fields, as far as it takes more than a row of a table: SDM vol. 3, 27.2.1. */
#include "audit_checks.h"
#include "arch_vcpu.h"
#include "x86.h"

/* Capability MSRs */
#define VMX_PIN 0x481
#define VMX_CPU2 0x48b
#define VMX_EPT_VPID 0x48c
#define EPT_CAP_WALK 3        /* plus levels less 1 */
#define EPT_CAP_MEMORY_TYPE 8 /* plus type */
#define EPT_CAP_DIRTY BIT(21)
#define EPT_CAP_SHADOW_STACK BIT(23)
#define VMX_TRUE_PIN 0x48d
#define VMX_CPU3 0x492
#define VMX_EXIT2 0x493

#define EPTP_MEMORY_TYPE 7u
#define EPTP_WALK_SHIFT 3
#define EPTP_WALK 7u
#define EPTP_DIRTY BIT(6)
#define EPTP_SHADOW_STACK BIT(7)
#define EPTP_RESERVED 0xf00u

/* Types of events */
enum { TYPE_RESERVED = 1, TYPE_NMI = 2, TYPE_SOFTWARE = 4, TYPE_OTHER = 7 };
#define WITH_ERROR_CODE 0x27d00u /* by vector: #DF, #TS, #NP, #SS, #GP, #PF, #AC */
#define LENGTH_MAX 15u

static uint64_t allowed_controls(const struct audit *audit, unsigned int word)
{
	uint32_t first =
		capability(audit, VMX_BASIC) & BASIC_TRUE_CONTROLS ? VMX_TRUE_PIN : VMX_PIN;

	return capability(audit, word == CPU2 ? VMX_CPU2 : first + word);
}

uint16_t audit_word_field(unsigned int word)
{
	static const uint16_t fields[] = { VMCS_PIN_CONTROLS, VMCS_CPU_CONTROLS, VMCS_EXIT_CONTROLS,
					   VMCS_ENTRY_CONTROLS, VMCS_CPU_CONTROLS2 };

	return fields[word];
}

/* The low half of the capability is what must be set, the high half what may be. */
static void check_word(struct audit *audit, unsigned int word)
{
	uint64_t allowed = allowed_controls(audit, word);
	uint32_t field = audit_word_field(word);

	audit_one(audit, (uint32_t)allowed, field);
	audit_zero(audit, ~(allowed >> 32), field);
	audit->words[word] = (uint32_t)(get(audit, field) & allowed >> 32);
}

void audit_words(struct audit *audit)
{
	audit->section = EXEC;
	check_word(audit, PIN);
	check_word(audit, CPU);
	if (is(audit, WHEN(CPU, SECONDARY)))
		check_word(audit, CPU2);
	if (is(audit, WHEN(CPU, TERTIARY)))
		audit_zero(audit, ~capability(audit, VMX_CPU3), VMCS_CPU_CONTROLS3);
	audit->section = EXITS;
	check_word(audit, EXIT);
	if (is(audit, WHEN(EXIT, SECONDARY)))
		audit_zero(audit, ~capability(audit, VMX_EXIT2), VMCS_EXIT_CONTROLS2);
	audit->section = ENTRIES;
	check_word(audit, ENTRY);
}

static void check_eptp(struct audit *audit)
{
	uint64_t eptp = get(audit, VMCS_EPTP);
	uint64_t capabilities = capability(audit, VMX_EPT_VPID);
	uint64_t type = eptp & EPTP_MEMORY_TYPE;
	uint64_t walk = eptp >> EPTP_WALK_SHIFT & EPTP_WALK; /* levels less 1 */
	uint64_t reserved = EPTP_RESERVED | audit_not_physical(audit);

	if (!(capabilities & EPT_CAP_DIRTY))
		reserved |= EPTP_DIRTY;
	if (!(capabilities & EPT_CAP_SHADOW_STACK))
		reserved |= EPTP_SHADOW_STACK;
	audit_zero(audit, reserved, VMCS_EPTP);
	audit_refuse(audit,
		     (type != 0 && type != 6) ||
			     !(capabilities >> (EPT_CAP_MEMORY_TYPE + type) & 1),
		     VMCS_EPTP, "memory type not supported");
	audit_refuse(audit,
		     (walk != 3 && walk != 4) || !(capabilities >> (EPT_CAP_WALK + walk) & 1),
		     VMCS_EPTP, "page-walk length not supported");
}

/* Entries of 16 bytes. How many there may be: SDM vol. 3, A.6. */
static void check_msr_area(struct audit *audit, uint32_t address, uint32_t counter)
{
	uint64_t maximum = 512ull * ((audit->misc >> MISC_MSR_COUNT_SHIFT & MISC_MSR_COUNT) + 1);
	uint64_t beyond = audit_not_physical(audit);
	uint64_t count = get(audit, counter);
	uint64_t first = get(audit, address);

	if (!count)
		return;
	audit_zero(audit, beyond | 0xf, address);
	audit_refuse(audit, (first + count * 16 - 1) & beyond & ~first, address,
		     "ends above the physical addresses");
	audit_refuse(audit, count > maximum, counter, "above the processor's maximum");
}

static void check_event(struct audit *audit)
{
	static const uint8_t last_vectors[] = { 255, 255, 2, 31, 255, 255, 255, 0 };
	uint32_t event = audit->event;
	uint32_t type = (event & EVENT_TYPE) >> 8;
	uint32_t vector = event & EVENT_VECTOR;
	uint64_t length = get(audit, VMCS_ENTRY_LENGTH);
	bool trap = allowed_controls(audit, CPU) >> 32 & CPU_MONITOR_TRAP;
	bool any = capability(audit, VMX_BASIC) & BASIC_ANY_ERROR_CODE;
	bool may = type == EVENT_EXCEPTION >> 8 &&
		   (!is(audit, WHEN(CPU2, UNRESTRICTED)) || is(audit, PROTECTED));
	bool does = WITH_ERROR_CODE >> (vector & 31) & 1;

	audit_refuse(audit, type == TYPE_RESERVED || (type == TYPE_OTHER && !trap),
		     VMCS_ENTRY_INTERRUPTION, "type not supported");
	audit_refuse(audit,
		     vector > last_vectors[type] || (type == TYPE_NMI && vector != VECTOR_NMI),
		     VMCS_ENTRY_INTERRUPTION, "vector does not fit the type");
	audit_refuse(audit, event & EVENT_ERROR ? !may || !(does || any) : may && does && !any,
		     VMCS_ENTRY_INTERRUPTION, "error code does not fit the event");
	audit_refuse(audit,
		     type >= TYPE_SOFTWARE && type < TYPE_OTHER &&
			     (length > LENGTH_MAX || (!length && !(audit->misc & MISC_LENGTH_0))),
		     VMCS_ENTRY_LENGTH, "not an instruction's");
}

void audit_controls(struct audit *audit)
{
	audit->section = EXEC;
	audit_refuse(audit,
		     get(audit, VMCS_CR3_TARGET_COUNT) >
			     (audit->misc >> MISC_CR3_TARGETS_SHIFT & MISC_CR3_TARGETS),
		     VMCS_CR3_TARGET_COUNT, "above the processor's maximum");
	if (is(audit, WHEN(CPU2, EPT)))
		check_eptp(audit);
	audit->section = EXITS;
	check_msr_area(audit, VMCS_EXIT_MSR_STORE, VMCS_EXIT_MSR_STORE_COUNT);
	check_msr_area(audit, VMCS_EXIT_MSR_LOAD, VMCS_EXIT_MSR_LOAD_COUNT);
	audit->section = ENTRIES;
	check_msr_area(audit, VMCS_ENTRY_MSR_LOAD, VMCS_ENTRY_MSR_LOAD_COUNT);
	if (audit->event)
		check_event(audit);
}
