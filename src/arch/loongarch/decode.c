/* SPDX-License-Identifier: Apache-2.0 */
/* Why a guest was left, in the core's words. */
#include "core/exit.h"
#include "guest.h"
#include "iocsr.h"
#include "loongarch.h"

/* CSRs say what made the guest exit, until it is entered again. */
static uint32_t exit_insn(void)
{
	return (uint32_t)csr_read(CSR_BADI);
}

static void decode_iocsr(const struct arch_vcpu *guest, struct vcpu_exit *exit)
{
	const struct insn *insn = &guest->insn;
	uint32_t number = (uint32_t)guest->gpr[insn->rj];

	if (iocsr_is_ipi(number)) {
		exit->reason = EXIT_IPI;
		exit->info = guest->gpr[insn->rd];
		return;
	}
	exit->reason = EXIT_IOCSR;
	exit->sysreg.index = number;
	exit->sysreg.write = insn->kind == INSN_IOCSR_WRITE;
}

/* A guest's use of a resource that it does not have: the instruction says which. */
static __attribute__((noinline)) void decode_gspr(struct arch_vcpu *guest, struct vcpu_exit *exit)
{
	struct insn *insn = &guest->insn;

	insn_decode(exit_insn(), insn);
	exit->info = 0;
	switch (insn->kind) {
	case INSN_CPUCFG:
		exit->reason = EXIT_IDENTIFY;
		break;
	case INSN_CSR_READ:
	case INSN_CSR_WRITE:
	case INSN_CSR_EXCHANGE:
		exit->reason = EXIT_SYSREG;
		exit->sysreg.index = insn->number;
		exit->sysreg.write = insn->kind != INSN_CSR_READ;
		break;
	case INSN_IOCSR_READ:
	case INSN_IOCSR_WRITE:
		decode_iocsr(guest, exit);
		break;
	case INSN_IDLE:
		exit->reason = EXIT_IDLE;
		break;
	case INSN_CACOP:
		exit->reason = EXIT_STATE;
		break;
	default:
		exit->reason = EXIT_UNDEFINED;
		break;
	}
}

/* Not inlined, like decode_gspr(): other exits need none of their stack. */
static __attribute__((noinline)) void decode_mmio(uint64_t estat, struct vcpu_exit *exit)
{
	uint64_t ecode = exit->code;

	exit->reason = EXIT_MMIO;
	exit->mmio.gpa = csr_read(CSR_BADV);
	exit->mmio.write = ecode == ECODE_PIS || ecode == ECODE_PME;
	exit->mmio.execute = ecode == ECODE_PIF || ecode == ECODE_PNX ||
			     (ecode == ECODE_ADE && !(estat >> ESTAT_ESUBCODE_SHIFT));
	exit->mmio.walk = !exit->mmio.execute && insn_is_walk(exit_insn());
}

void guest_decode(struct arch_vcpu *guest, uint64_t estat, struct vcpu_exit *exit)
{
	unsigned int ecode = estat >> ESTAT_ECODE_SHIFT & ESTAT_ECODE_MASK;

	exit->pc = guest->pc;
	exit->code = ecode;
	switch (ecode) {
	case ECODE_INT:
		exit->reason = EXIT_ATTENTION;
		break;
	case ECODE_PIL:
	case ECODE_PIS:
	case ECODE_PIF:
	case ECODE_PME:
	case ECODE_PNR:
	case ECODE_PNX:
	case ECODE_PPI:
	case ECODE_ADE: /* an address beyond what there can be */
		decode_mmio(estat, exit);
		break;
	case ECODE_GSPR:
		decode_gspr(guest, exit);
		break;
	case ECODE_HVC:
		exit->reason = EXIT_HYPERCALL;
		break;
	case ECODE_MERR:
		exit->reason = EXIT_MACHINE_CHECK;
		exit->info = csr_read(CSR_MERRCTL);
		break;
	default:
		exit->reason = EXIT_INVALID;
		exit->info = csr_read(CSR_BADV);
		break;
	}
}
