/* SPDX-License-Identifier: Apache-2.0 */
/* sources: src/arch/loongarch/decode.c src/arch/loongarch/insn.c src/core/vcpu.c */
/* flags: -include fake_loongarch.h -Isrc/arch/loongarch -ffunction-sections -Wl,--gc-sections */
/* arch: loongarch */
/*
 * Prints what the LoongArch port makes of every Ecode (tests/unit/test_exit_tables.py compares it
 * with lvz.yaml):
 *
 *   decode CODE NAME...       the neutral reasons, over all instructions that the decoder knows
 */
#include <stdio.h>

#include "core/exit.h"
#include "guest.h"
#include "iocsr.h"

#define LAST_CODE 0x3fu
#define IPI_REGISTER 0x1040u /* any number would do: iocsr_is_ipi() is below */

static struct arch_vcpu guest;
static uint32_t insn;

uint64_t fake_csr(unsigned int number)
{
	return number == CSR_BADI ? insn : 0;
}

uint32_t fake_cpucfg(uint32_t word)
{
	(void)word;
	return 0;
}

bool iocsr_is_ipi(uint64_t number)
{
	return number == IPI_REGISTER;
}

/* One of each kind, and one that guests may not use; $a0 is rj. */
static const uint32_t insns[] = {
	0x00006c84, /* cpucfg $a0, $a0 */
	0x04000004, /* csrrd $a0, 0 */
	0x06480084, /* iocsrrd.b $a0, $a0 */
	0x06488000, /* idle 0 */
	0x06000080, /* cacop 0, $a0, 0 */
	0x06483800, /* ertn */
};

static void print_reasons(unsigned int code)
{
	bool found[NR_EXIT_REASONS] = { false };

	for (unsigned int i = 0; i < ARRAY_SIZE(insns); i++)
		for (unsigned int ipi = 0; ipi < 2; ipi++) {
			struct vcpu_exit exit;

			insn = insns[i];
			guest.gpr[4] = ipi ? IPI_REGISTER : 0;
			guest_decode(&guest, (uint64_t)code << ESTAT_ECODE_SHIFT, &exit);
			found[exit.reason] = true;
		}
	printf("decode %u", code);
	for (unsigned int r = 0; r < NR_EXIT_REASONS; r++)
		if (found[r])
			printf(" %s", exit_reason_name((enum exit_reason)r));
	printf("\n");
}

int main(void)
{
	for (unsigned int code = 0; code <= LAST_CODE; code++)
		print_reasons(code);
	return 0;
}
