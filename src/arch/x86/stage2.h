/* SPDX-License-Identifier: Apache-2.0 */
/* What x86 adds to core/stage2.h: the bits of its entries. */
#ifndef X86_STAGE2_H
#define X86_STAGE2_H

#include "core/stage2.h"

extern const struct stage2_format stage2_amd;
extern const struct stage2_format stage2_intel;

/* The hypervisor's own tables have the same shape too ("gpa" is a linear address then). */
extern const struct stage2_format stage2_host;

#endif
