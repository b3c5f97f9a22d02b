/* SPDX-License-Identifier: Apache-2.0 */
/* From VMX's exit reasons to neutral exits. */
#include "apic.h"
#include "core/exit.h"
#include "guest.h"
#include "insn.h"
#include "vmx.h"

/* Exit reasons that mean the same in all cases; those that are missing are nobody's wish. */
static const struct decoding {
	uint16_t code;
	uint16_t reason;
} decodings[] = {
	{ VMX_EXIT_TRIPLE_FAULT, EXIT_SHUTDOWN },
	{ VMX_EXIT_INIT, EXIT_ATTENTION },
	{ VMX_EXIT_INTERRUPT_WINDOW, EXIT_WINDOW },
	{ VMX_EXIT_NMI_WINDOW, EXIT_WINDOW },
	{ VMX_EXIT_TASK_SWITCH, EXIT_UNDEFINED },
	{ VMX_EXIT_CPUID, EXIT_IDENTIFY },
	{ VMX_EXIT_GETSEC, EXIT_UNDEFINED },
	{ VMX_EXIT_INVD, EXIT_STATE },
	{ VMX_EXIT_RDPMC, EXIT_STATE },
	{ VMX_EXIT_RSM, EXIT_UNDEFINED },
	{ VMX_EXIT_VMCALL, EXIT_HYPERCALL },
	{ VMX_EXIT_VMCLEAR, EXIT_UNDEFINED },
	{ VMX_EXIT_VMLAUNCH, EXIT_UNDEFINED },
	{ VMX_EXIT_VMPTRLD, EXIT_UNDEFINED },
	{ VMX_EXIT_VMPTRST, EXIT_UNDEFINED },
	{ VMX_EXIT_VMREAD, EXIT_UNDEFINED },
	{ VMX_EXIT_VMRESUME, EXIT_UNDEFINED },
	{ VMX_EXIT_VMWRITE, EXIT_UNDEFINED },
	{ VMX_EXIT_VMXOFF, EXIT_UNDEFINED },
	{ VMX_EXIT_VMXON, EXIT_UNDEFINED },
	{ VMX_EXIT_CR_ACCESS, EXIT_STATE },
	{ VMX_EXIT_IO, EXIT_PIO },
	{ VMX_EXIT_RDMSR, EXIT_SYSREG },
	{ VMX_EXIT_WRMSR, EXIT_SYSREG },
	{ VMX_EXIT_MWAIT, EXIT_UNDEFINED },
	{ VMX_EXIT_MONITOR, EXIT_UNDEFINED },
	{ VMX_EXIT_EPT_VIOLATION, EXIT_MMIO },
	{ VMX_EXIT_INVEPT, EXIT_UNDEFINED },
	{ VMX_EXIT_INVVPID, EXIT_UNDEFINED },
	{ VMX_EXIT_XSETBV, EXIT_STATE },
	{ VMX_EXIT_VMFUNC, EXIT_UNDEFINED },
	{ VMX_EXIT_ENCLS, EXIT_UNDEFINED },
	/* Any privilege level may cause these two where there is TDX: no reason to end a cell. */
	{ VMX_EXIT_SEAMCALL, EXIT_UNDEFINED },
	{ VMX_EXIT_TDCALL, EXIT_UNDEFINED },
	{ VMX_EXIT_RDMSR_IMMEDIATE, EXIT_UNDEFINED },
	{ VMX_EXIT_WRMSRNS_IMMEDIATE, EXIT_UNDEFINED },
};

static enum exit_reason decode_exception(void)
{
	uint32_t info = (uint32_t)vmread(VMCS_EXIT_INTERRUPTION);

	if ((info & EVENT_TYPE) == EVENT_NMI)
		return EXIT_ATTENTION;
	return (info & EVENT_VECTOR) == VECTOR_MC ? EXIT_MACHINE_CHECK : EXIT_INVALID;
}

static void decode_io(const struct arch_vcpu *guest, struct pio_exit *pio)
{
	uint64_t qualification = vmread(VMCS_QUALIFICATION);

	pio->port = (uint16_t)(qualification >> IO_QUAL_PORT_SHIFT);
	pio->size = (qualification & IO_QUAL_SIZE) + 1;
	pio->write = !(qualification & IO_QUAL_IN);
	pio->string = qualification & IO_QUAL_STRING;
	pio->next_pc = guest->rip + guest->instruction_length;
}

static void decode_violation(struct mmio_exit *mmio)
{
	uint64_t qualification = vmread(VMCS_QUALIFICATION);

	mmio->gpa = vmread(VMCS_GUEST_PHYSICAL);
	mmio->write = qualification & EPT_QUAL_WRITE;
	mmio->execute = qualification & EPT_QUAL_FETCH;
	mmio->walk = (qualification & EPT_QUAL_LINEAR_VALID) && !(qualification & EPT_QUAL_FINAL);
	/* An IRET that was interrupted has ended the blocking of NMIs too early. */
	if ((qualification & EPT_QUAL_NMI_UNBLOCKED) && !(vmread(VMCS_IDT_VECTORING) & EVENT_VALID))
		vmwrite(VMCS_GUEST_INTERRUPTIBILITY,
			vmread(VMCS_GUEST_INTERRUPTIBILITY) | BLOCKING_BY_NMI);
}

static void decode_msr(const struct arch_vcpu *guest, bool write, struct vcpu_exit *exit)
{
	uint32_t index = (uint32_t)guest->gpr[GPR_RCX];

	if (index == X2APIC_ICR && write) {
		exit->reason = EXIT_IPI;
		exit->info = (uint32_t)guest->gpr[GPR_RAX] | guest->gpr[GPR_RDX] << 32;
		return;
	}
	exit->sysreg.index = index;
	exit->sysreg.write = write;
}

void vmx_decode(struct vcpu *vcpu, struct vcpu_exit *exit)
{
	struct arch_vcpu *guest = vcpu->arch;
	uint32_t code = (uint32_t)vmread(VMCS_EXIT_REASON);

	exit->pc = guest->rip;
	exit->code = code;
	vcpu_saw_code(vcpu, code);
	exit->reason = EXIT_INVALID;
	exit->info = vmread(VMCS_QUALIFICATION);
	guest->instruction_length = vmread(VMCS_EXIT_LENGTH);
	for (unsigned int i = 0; i < ARRAY_SIZE(decodings); i++)
		if (decodings[i].code == code)
			exit->reason = decodings[i].reason;
	if (code == VMX_EXIT_EXCEPTION_NMI)
		exit->reason = decode_exception();
	else if (code == VMX_EXIT_IO)
		decode_io(guest, &exit->pio);
	else if (code == VMX_EXIT_EPT_VIOLATION)
		decode_violation(&exit->mmio);
	else if (code == VMX_EXIT_RDMSR || code == VMX_EXIT_WRMSR)
		decode_msr(guest, code == VMX_EXIT_WRMSR, exit);
}
