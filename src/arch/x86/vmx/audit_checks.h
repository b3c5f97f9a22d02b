/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of the auditor share. */
#ifndef ARCH_VMX_AUDIT_CHECKS_H
#define ARCH_VMX_AUDIT_CHECKS_H

#include "audit.h"
#include "vmcs.h"

/* Words of controls, one bit of which decides whether a rule applies. Names are the prefixes of the
 * controls' in vmcs.h. */
enum word { PIN, CPU, EXIT, ENTRY, CPU2, NR_WORDS };

/* When a rule applies: a control, as WHEN(CPU, IO_BITMAPS); what is said in audit_when.c; or that
 * this is not so. */
#define WHEN(word, control) ((word) << 5 | __builtin_ctz(word##_##control))
#define NOT(when) ((when) | 0x8000)
#define WHEN_NUMBER 0x7fffu
#define FIRST_CONDITION (NR_WORDS << 5)

enum when {
	/* Conditions, of one field each */
	ALWAYS = FIRST_CONDITION,
	PROTECTED,
	PAGING,
	LMA,
	CODE_64,
	CS_DATA,
	SS_IN_RING,
	VM86,
	TRAPS,
	TRAPS_BRANCHES,
	INTERRUPTIBLE,
	BLOCKED,
	BLOCKED_BY_STI,
	IN_ENCLAVE,
	HALTED,
	IN_RTM,
	INJECTS,
	OF_ERROR,
	OF_INTERRUPT,
	OF_NMI,
	/* Two of them, or of the controls */
	FIRST_CONJUNCTION,
	MODE_64 = FIRST_CONJUNCTION,
	MODE_32,
	REAL_NOT_VM86,
	CS_DATA_NOT_VM86,
	THRESHOLD,
	LMA_ON,
	LMA_OFF,
	EFER_PAGING,
	LME_ON,
	LME_OFF,
	HALTED_IN_RING,
	INJECTS_INTERRUPT,
	INJECTS_NMI,
	INJECTS_VIRTUAL_NMI,
	INJECTS_ERROR,
	SINGLE_STEP,
	STEPS_BLOCKED,
	STEPS_HALTED,
	STAYS_BLOCKED,
	STAYS_HALTED,
	BRANCHES_BLOCKED,
	BRANCHES_HALTED,
	END_OF_WHEN
};

/* Sections of SDM vol. 3, from 27.2.1.1 on. */
enum section {
	EXEC,
	EXITS,
	ENTRIES,
	HOST,
	HOST_SEGMENTS,
	HOST_SIZE,
	GUEST,
	GUEST_SEGMENTS,
	GUEST_TABLES,
	GUEST_FLAGS,
	GUEST_OTHER,
	GUEST_PDPTES,
	NR_SECTIONS
};

struct audit {
	const struct vmx_source *source;
	struct vmx_finding *findings;
	unsigned int room, count;
	unsigned int section, when; /* of what is being checked */
	uint32_t words[NR_WORDS];   /* less the controls that the processor does not have */
	bool facts[END_OF_WHEN - FIRST_CONDITION];
	uint32_t event; /* that is injected; 0: none */
	uint32_t misc;
};

static inline uint64_t get(const struct audit *audit, uint32_t field)
{
	return audit->source->field(field);
}

static inline uint64_t capability(const struct audit *audit, uint32_t index)
{
	return audit->source->capability(index);
}

/* Whether a rule applies. */
bool audit_is(const struct audit *audit, unsigned int when);

/* The same when the compiler knows @when, which is no NOT(). */
static inline bool is(const struct audit *audit, unsigned int when)
{
	return when < FIRST_CONDITION ? audit->words[when >> 5] >> (when & 31) & 1
				      : audit->facts[when - FIRST_CONDITION];
}

static inline uint64_t dpl(uint64_t rights)
{
	return rights >> RIGHTS_DPL_SHIFT & 3;
}

/* Add a finding: if the condition is not 0; if there are such bits; if bits of @mask are not 0,
 * not 1, not all the same. */
void audit_refuse(struct audit *audit, uint64_t condition, uint32_t field, const char *rule);
void audit_refuse_bits(struct audit *audit, uint64_t bits, uint32_t field, const char *rule);
void audit_zero(struct audit *audit, uint64_t mask, uint32_t field);
void audit_one(struct audit *audit, uint64_t mask, uint32_t field);
void audit_canonical(struct audit *audit, uint64_t mask, uint32_t field);

/* The bits that physical addresses do not have. */
uint64_t audit_not_physical(const struct audit *audit);

/* audit_when.c: fills @facts by @words and the VMCS. */
void audit_facts(struct audit *audit);

/* audit_rules.c: rules about single fields, of the sections @first to @last. */
void audit_rules(struct audit *audit, unsigned int first, unsigned int last);

/* audit_controls.c: the field of a word of controls; fills @words, then checks what audit_rules.c
 * cannot say. */
uint16_t audit_word_field(unsigned int word);
void audit_words(struct audit *audit);
void audit_controls(struct audit *audit);

/* audit_guest.c: the same about the guest's state. */
void audit_guest(struct audit *audit);

/* Capability MSRs (SDM vol. 3, appendix A) */
#define VMX_BASIC 0x480
#define BASIC_TRUE_CONTROLS BIT_ULL(55)
#define BASIC_ANY_ERROR_CODE BIT_ULL(56)
#define VMX_MISC 0x485
#define MISC_ACTIVITY 5 /* plus the activity state */
#define MISC_CR3_TARGETS_SHIFT 16
#define MISC_CR3_TARGETS 0x1ffu
#define MISC_MSR_COUNT_SHIFT 25
#define MISC_MSR_COUNT 7u
#define MISC_LENGTH_0 BIT(30)
#define VMX_CR0_FIXED0 0x486 /* FIXED1 follows */
#define VMX_CR4_FIXED0 0x488

#define CR4_PCIDE BIT(17)
#define RFLAGS_VM BIT(17)
#define EVENT_OTHER (7u << 8) /* monitor trap flag */
#define TYPE_DATA 3u          /* segment type: read, write, accessed; or busy 16-bit TSS */
#define TYPE_CONFORMING 12u   /* and above */

#endif
