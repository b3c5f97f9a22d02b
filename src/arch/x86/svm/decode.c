/* SPDX-License-Identifier: Apache-2.0 */
/* From SVM's exit codes to neutral exits. */
#include "apic.h"
#include "core/log.h"
#include "guest.h"
#include "svm.h"

/* How an exit code becomes a neutral reason; .length is the instruction's, for CPUs that do not
 * report it. */
struct decoding {
	uint16_t code;
	uint8_t reason;
	uint8_t length;
};

static const struct decoding decodings[] = {
	{ SVM_EXIT_NMI, EXIT_ATTENTION, 0 },
	{ SVM_EXIT_INIT, EXIT_ATTENTION, 0 },
	{ SVM_EXIT_CPUID, EXIT_IDENTIFY, 2 },
	{ SVM_EXIT_MSR, EXIT_SYSREG, 2 },
	{ SVM_EXIT_IOIO, EXIT_PIO, 0 },
	{ SVM_EXIT_NPF, EXIT_MMIO, 0 },
	{ SVM_EXIT_VMMCALL, EXIT_HYPERCALL, 3 },
	{ SVM_EXIT_XSETBV, EXIT_STATE, 3 },
	{ SVM_EXIT_INVD, EXIT_STATE, 2 },
	{ SVM_EXIT_RDPMC, EXIT_STATE, 2 },
	{ SVM_EXIT_MC, EXIT_MACHINE_CHECK, 0 },
	{ SVM_EXIT_INTR, EXIT_WINDOW, 0 },
	{ SVM_EXIT_VINTR, EXIT_WINDOW, 0 },
	{ SVM_EXIT_IRET, EXIT_WINDOW, 0 },
	{ SVM_EXIT_DB, EXIT_WINDOW, 0 },
	{ SVM_EXIT_SHUTDOWN, EXIT_SHUTDOWN, 0 },
	{ SVM_EXIT_VMRUN, EXIT_UNDEFINED, 0 },
	{ SVM_EXIT_VMLOAD, EXIT_UNDEFINED, 0 },
	{ SVM_EXIT_VMSAVE, EXIT_UNDEFINED, 0 },
	{ SVM_EXIT_STGI, EXIT_UNDEFINED, 0 },
	{ SVM_EXIT_CLGI, EXIT_UNDEFINED, 0 },
	{ SVM_EXIT_SKINIT, EXIT_UNDEFINED, 0 },
	{ SVM_EXIT_INVLPGA, EXIT_UNDEFINED, 0 },
	{ SVM_EXIT_MONITOR, EXIT_UNDEFINED, 0 },
	{ SVM_EXIT_MWAIT, EXIT_UNDEFINED, 0 },
	{ SVM_EXIT_MWAIT_ARMED, EXIT_UNDEFINED, 0 },
	{ SVM_EXIT_RDPRU, EXIT_UNDEFINED, 0 },
	{ SVM_EXIT_RSM, EXIT_UNDEFINED, 0 },
};

static void decode_io(const struct vmcb *vmcb, struct pio_exit *pio)
{
	uint32_t info = (uint32_t)vmcb->exit_info1;

	pio->port = (uint16_t)(info >> IOIO_PORT_SHIFT);
	pio->size = (info >> IOIO_SIZE_SHIFT) & 7;
	pio->write = !(info & IOIO_IN);
	pio->string = info & IOIO_STRING;
	pio->next_pc = vmcb->exit_info2;
}

static void decode_npf(const struct vmcb *vmcb, struct mmio_exit *mmio)
{
	mmio->gpa = vmcb->exit_info2;
	mmio->write = vmcb->exit_info1 & NPF_WRITE;
	mmio->execute = vmcb->exit_info1 & NPF_EXECUTE;
	mmio->walk = vmcb->exit_info1 & NPF_WALK;
}

static void decode_msr(const struct arch_vcpu *guest, const struct vmcb *vmcb,
		       struct vcpu_exit *exit)
{
	uint32_t index = (uint32_t)guest->gpr[GPR_RCX];
	bool write = vmcb->exit_info1 & 1;

	if (index == X2APIC_ICR && write) {
		exit->reason = EXIT_IPI;
		exit->info = (uint32_t)guest->gpr[GPR_RAX] | guest->gpr[GPR_RDX] << 32;
		return;
	}
	exit->sysreg.index = index;
	exit->sysreg.write = write;
}

void svm_decode(struct vcpu *vcpu, struct svm_vcpu *svm, struct vcpu_exit *exit)
{
	struct arch_vcpu *guest = vcpu->arch;
	const struct vmcb *vmcb = &svm->guest;

	exit->pc = guest->rip;
	exit->code = vmcb->exit_code;
	vcpu_saw_code(vcpu, exit->code);
	exit->reason = EXIT_INVALID;
	exit->info = vmcb->exit_info1;
	for (unsigned int i = 0; i < ARRAY_SIZE(decodings); i++) {
		if (decodings[i].code != vmcb->exit_code)
			continue;
		exit->reason = decodings[i].reason;
		guest->instruction_length = svm->has_next_rip && decodings[i].length
						    ? vmcb->next_rip - vmcb->rip
						    : decodings[i].length;
		break;
	}
	if (vmcb->exit_code == SVM_EXIT_IOIO)
		decode_io(vmcb, &exit->pio);
	else if (vmcb->exit_code == SVM_EXIT_NPF)
		decode_npf(vmcb, &exit->mmio);
	else if (vmcb->exit_code == SVM_EXIT_MSR)
		decode_msr(guest, vmcb, exit);
}
