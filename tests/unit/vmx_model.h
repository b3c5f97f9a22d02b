/* SPDX-License-Identifier: Apache-2.0 */
/* A VMCS and a processor made of variables, for tests of vmx/audit.h. */
#ifndef VMX_MODEL_H
#define VMX_MODEL_H

#include "arch/x86/vmx/audit.h"
#include "arch/x86/vmx/vmcs.h"
#include "core/types.h"

/* All fields, and the capabilities. */
uint64_t *vmcs_field(uint32_t field);
uint64_t *vmx_capability(uint32_t index);

/* A capability MSR that the processor is told not to have: reading it fails the test. */
void vmx_take_away(uint32_t msr);

extern const struct vmx_source model_source;

/* A processor with all features that the auditor knows, and a correct VMCS: its host is in 64-bit
 * mode, its guest in that, in protected, virtual-8086 or (unrestricted) real mode. */
void model_long(void);
void model_protected(void);
void model_vm86(void);
void model_real(void);

/* As model_long(), with the controls that Bulkhead does not set and that go together. */
void model_all(void);

/* A change of a field or capability, (old & ~off) | on; and macros that make such. */
struct change {
	uint32_t field;
	uint64_t on, off;
};
#define SET(field, value)                                                                          \
	{                                                                                          \
		field, value, UINT64_MAX                                                           \
	}
#define ON(field, bits)                                                                            \
	{                                                                                          \
		field, bits, 0                                                                     \
	}
#define OFF(field, bits)                                                                           \
	{                                                                                          \
		field, 0, bits                                                                     \
	}

/* What breaks a rule, and the one finding that tells it. */
#define CHANGES 4
struct broken {
	uint32_t field;
	uint64_t bits;
	const char *rule;
	const char *section;
	struct change changes[CHANGES];
};

/* Makes the changes, one row after the other, each to @model's VMCS, and expects just the row's
 * finding. */
void expect_broken(void (*model)(void), const struct broken *rows, size_t count);

/* Makes the changes and expects no finding. */
void expect_correct(void (*model)(void), const struct change *changes, size_t count);

/* The same for @rows rows of @columns changes, each made to a new VMCS. */
void expect_all_correct(void (*model)(void), const struct change *changes, size_t rows,
			size_t columns);

/* Audits and expects @count findings. */
void expect_findings(unsigned int count);

#endif
