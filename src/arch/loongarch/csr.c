/* SPDX-License-Identifier: Apache-2.0 */
#include "csr.h"

#include "loongarch.h"

/* Blocks of registers, LoongArch Reference Manual vol. 1, table 7-1 */
#define CSR_PERFORMANCE_FIRST 0x200
#define CSR_PERFORMANCE_LAST 0x23f
#define CSR_WATCHPOINTS_FIRST 0x300
#define CSR_WATCHPOINTS_LAST 0x3ff

#define NOWHERE NR_KEPT_CSRS

static const struct {
	uint16_t first, last;
	uint8_t kept; /* index of .values, or NOWHERE: reads as 0 */
} known[] = {
	{ CSR_IMPCTL1, CSR_IMPCTL1, KEPT_IMPCTL1 },
	{ CSR_IMPCTL2, CSR_IMPCTL2, KEPT_IMPCTL2 },
	{ CSR_MERRCTL, CSR_MERRINFO2, NOWHERE }, /* there was no machine error */
	{ CSR_MERRENTRY, CSR_MERRENTRY, KEPT_MERRENTRY },
	{ CSR_MERRERA, CSR_MERRERA, KEPT_MERRERA },
	{ CSR_MERRSAVE, CSR_MERRSAVE, KEPT_MERRSAVE },
	{ CSR_CTAG, CSR_CTAG, KEPT_CTAG },
	{ CSR_PERFORMANCE_FIRST, CSR_PERFORMANCE_LAST, NOWHERE },
	{ CSR_WATCHPOINTS_FIRST, CSR_WATCHPOINTS_LAST, NOWHERE }, /* MWPC.Num, FWPC.Num: none */
	{ CSR_DBG, CSR_DBG, NOWHERE }, /* no debug exception in progress */
	{ CSR_DERA, CSR_DERA, KEPT_DERA },
	{ CSR_DSAVE, CSR_DSAVE, KEPT_DSAVE },
};

bool kept_csr_access(struct kept_csrs *csrs, uint16_t number, uint64_t mask, uint64_t value,
		     uint64_t *old)
{
	*old = 0;
	for (size_t i = 0; i < ARRAY_SIZE(known); i++) {
		uint64_t *kept;

		if (number < known[i].first || number > known[i].last)
			continue;
		if (known[i].kept != NOWHERE) {
			kept = &csrs->values[known[i].kept];
			*old = *kept;
			*kept = (*kept & ~mask) | (value & mask);
		}
		return true;
	}
	return false;
}
