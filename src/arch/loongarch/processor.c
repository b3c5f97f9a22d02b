/* SPDX-License-Identifier: Apache-2.0 */
/* What CPUCFG tells: it can be asked in any mode. cpu.c looks at the rest. */
#include "core/processor.h"
#include "core/format.h"
#include "loongarch.h"

#define WHAT_SIZE 96u

unsigned int processor_check(void (*tell)(const char *what))
{
	const uint32_t word1 = cpucfg(1), word2 = cpucfg(2);
	unsigned int missing = 0;
	char what[WHAT_SIZE];

	if ((word1 & CPUCFG1_ARCH_MASK) != CPUCFG1_ARCH_LA64) {
		tell("LA64");
		missing++;
	}
	if (!(word1 & CPUCFG1_PGMMU)) {
		tell("a page-mapping MMU");
		missing++;
	}
	if (!(word1 & CPUCFG1_IOCSR)) {
		tell("IOCSR");
		missing++;
	}
	if (!(word2 & CPUCFG2_LLFTP)) {
		tell("the stable counter");
		missing++;
	}
	if (!(word2 & CPUCFG2_LVZ)) {
		fmt_snprintf(
			what, sizeof(what),
			"the virtualization extension LVZ (CPUCFG word 2 is 0x%08x, bit 10 is 0)",
			word2);
		tell(what);
		missing++;
	}
	return missing;
}
