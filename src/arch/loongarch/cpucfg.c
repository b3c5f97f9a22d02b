/* SPDX-License-Identifier: Apache-2.0 */
/* Words and bits are those of the LoongArch Reference Manual vol. 1, table 2-5; LVZ's are Linux's.
 */
#include "cpucfg.h"

#include "loongarch.h"

/* Word 1 */
#define CFG1_MSG_INT BIT(26) /* interrupts as messages between CPUs: not virtualised */

/* Word 2 */
#define CFG2_FP (BIT(0) | BIT(1) | BIT(2) | 7u << 3) /* single, double, version */
#define CFG2_LSX BIT(6)
#define CFG2_LASX BIT(7)
#define CFG2_COMPLEX BIT(8) /* vectors of complex numbers and ciphers need LSX, too */
#define CFG2_CRYPTO BIT(9)
#define CFG2_LVZ (BIT(10) | 7u << 11)          /* and its version */
#define CFG2_LBT (BIT(18) | BIT(19) | BIT(20)) /* x86, ARM, MIPS */
#define CFG2_HPTW BIT(24)

#define CFG_FIRST_CACHE 0x10
#define CFG_LAST_CACHE 0x14

/*
 * Left as it is: the timer (LLFTP), which is the guest's own, and LDDIR and LDPTE (LSPW), which
 * walk the guest's tables.
 */
static uint32_t word_2(uint32_t value, uint64_t euen)
{
	/* No guests of guests. No hardware page walker: LVZ's walks both stages, and the second
	 * is not built for it. */
	value &= ~(CFG2_LVZ | CFG2_HPTW);
	if (!(euen & EUEN_FPE))
		value &= ~CFG2_FP;
	if (!(euen & EUEN_SXE))
		value &= ~(CFG2_LSX | CFG2_COMPLEX | CFG2_CRYPTO);
	if (!(euen & EUEN_ASXE))
		value &= ~CFG2_LASX;
	if (!(euen & EUEN_BTE))
		value &= ~CFG2_LBT;
	return value;
}

uint32_t cell_cpucfg(uint64_t index, uint32_t (*host)(uint32_t index), uint64_t euen)
{
	switch (index) {
	case 0: /* processor identity */
	case 3: /* memory model and page walks */
	case 4: /* constant timer: frequency, */
	case 5: /* multiplier and divisor */
		return host((uint32_t)index);
	case 1: /* address widths, page protection */
		return host(1) & ~CFG1_MSG_INT;
	case 2: /* instruction sets */
		return word_2(host(2), euen);
	case 6: /* performance counters: each of their CSRs would exit */
		return 0;
	default:
		if (index >= CFG_FIRST_CACHE && index <= CFG_LAST_CACHE)
			return host((uint32_t)index);
		/* In particular 40000000h, where hypervisors sign: a guest that believes itself
		 * on bare metal uses locks and timers that suit pinned CPUs. */
		return 0;
	}
}
