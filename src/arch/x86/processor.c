/* SPDX-License-Identifier: Apache-2.0 */
#include "core/processor.h"
#include "svm/svm.h"
#include "vmx/vmx.h"
#include "x86.h"

/* APM vol. 3, appendix E */
#define CPUID1_ECX_X2APIC BIT(21)
#define CPUID1_ECX_XSAVE BIT(26)
#define CPUID81_EDX_NX BIT(20)

static const char *missing_extension(void)
{
	struct vmx_controls controls;

	if (svm_present())
		return svm_missing();
	if (vmx_present())
		return vmx_choose_controls(&controls);
	return "a virtualisation extension that Bulkhead knows (AMD SVM or Intel VMX), or the "
	       "firmware switched it off";
}

unsigned int processor_check(void (*tell)(const char *what))
{
	const char *extension = missing_extension();
	unsigned int missing = 0;

	if (!(cpuid(1, 0).ecx & CPUID1_ECX_X2APIC)) {
		tell("x2APIC");
		missing++;
	}
	if (!(cpuid(1, 0).ecx & CPUID1_ECX_XSAVE)) {
		tell("XSAVE");
		missing++;
	}
	if (!(cpuid(0x80000001, 0).edx & CPUID81_EDX_NX)) {
		tell("no-execute pages");
		missing++;
	}
	if (extension) {
		tell(extension);
		missing++;
	}
	return missing;
}
