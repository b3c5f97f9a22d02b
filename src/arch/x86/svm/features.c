/* SPDX-License-Identifier: Apache-2.0 */
/* What this processor has of AMD SVM: APM vol. 2, 15.4 and 15.30.1; vol. 3, appendix E. */
#include "svm.h"
#include "x86.h"

#define MSR_VM_CR 0xc0010114
#define VM_CR_SVMDIS BIT(4)
#define CPUID81_ECX_SVM BIT(2)
#define SVM_EDX_NP BIT(0)

bool svm_present(void)
{
	return cpuid(0x80000000, 0).eax >= CPUID_SVM &&
	       (cpuid(0x80000001, 0).ecx & CPUID81_ECX_SVM) && !(rdmsr(MSR_VM_CR) & VM_CR_SVMDIS);
}

const char *svm_missing(void)
{
	return cpuid(CPUID_SVM, 0).edx & SVM_EDX_NP ? NULL : "nested paging";
}
