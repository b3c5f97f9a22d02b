/* SPDX-License-Identifier: Apache-2.0 */
/* VMX instructions (SDM vol. 3, chapter 31). */
#ifndef ARCH_VMX_INSN_H
#define ARCH_VMX_INSN_H

#include "core/types.h"
#include "vmcs.h"

/* Of the current VMCS. A field that the processor does not have reads as 0. */
static inline uint64_t vmread(uint64_t field)
{
	uint64_t value = 0;

	__asm__ volatile("vmread %1, %0" : "+r"(value) : "r"(field) : "cc");
	return value;
}

static inline void vmwrite(uint64_t field, uint64_t value)
{
	__asm__ volatile("vmwrite %1, %0" : : "r"(field), "r"(value) : "cc");
}

/* The following three return false when the instruction failed. */
static inline bool vmxon(uint64_t region)
{
	bool ok;

	__asm__ volatile("vmxon %1; seta %0" : "=q"(ok) : "m"(region) : "cc", "memory");
	return ok;
}

static inline bool vmclear(uint64_t vmcs)
{
	bool ok;

	__asm__ volatile("vmclear %1; seta %0" : "=q"(ok) : "m"(vmcs) : "cc", "memory");
	return ok;
}

static inline bool vmptrld(uint64_t vmcs)
{
	bool ok;

	__asm__ volatile("vmptrld %1; seta %0" : "=q"(ok) : "m"(vmcs) : "cc", "memory");
	return ok;
}

#define INVEPT_ALL 2ull
#define INVVPID_ALL 2ull

static inline void invept_all(void)
{
	static const uint64_t descriptor[2];

	__asm__ volatile("invept %0, %1" : : "m"(descriptor), "r"(INVEPT_ALL) : "cc", "memory");
}

static inline void invvpid_all(void)
{
	static const uint64_t descriptor[2];

	__asm__ volatile("invvpid %0, %1" : : "m"(descriptor), "r"(INVVPID_ALL) : "cc", "memory");
}

#endif
