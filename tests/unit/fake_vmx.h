/* SPDX-License-Identifier: Apache-2.0 */
/* VMREAD by a function of the test's. Included before everything else (flags: -include), as
 * fake_x86.h is. */
#ifndef FAKE_VMX_H
#define FAKE_VMX_H

/* The real one gets another name, and is not used. */
#define vmread real_vmread
#include "arch/x86/vmx/insn.h"
#undef vmread

uint64_t vmread(uint64_t field);

#endif
