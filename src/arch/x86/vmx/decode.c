/* SPDX-License-Identifier: Apache-2.0 */
/* From VMX's exit reasons to neutral exits. */
#include "apic.h"
#include "core/exit.h"
#include "guest.h"
#include "insn.h"
#include "vmx.h"

/* Exit reasons that mean the same in all cases, one more than the neutral reason; those that are
 * missing are nobody's wish. */
#define IS(reason) ((uint8_t)((reason) + 1))

static const uint8_t decodings[] = {
	[VMX_EXIT_TRIPLE_FAULT] = IS(EXIT_SHUTDOWN),
	[VMX_EXIT_INIT] = IS(EXIT_ATTENTION),
	[VMX_EXIT_INTERRUPT_WINDOW] = IS(EXIT_WINDOW),
	[VMX_EXIT_NMI_WINDOW] = IS(EXIT_WINDOW),
	[VMX_EXIT_TASK_SWITCH] = IS(EXIT_UNDEFINED),
	[VMX_EXIT_CPUID] = IS(EXIT_IDENTIFY),
	[VMX_EXIT_GETSEC] = IS(EXIT_UNDEFINED),
	[VMX_EXIT_INVD] = IS(EXIT_STATE),
	[VMX_EXIT_RDPMC] = IS(EXIT_STATE),
	[VMX_EXIT_RSM] = IS(EXIT_UNDEFINED),
	[VMX_EXIT_VMCALL] = IS(EXIT_HYPERCALL),
	[VMX_EXIT_VMCLEAR] = IS(EXIT_UNDEFINED),
	[VMX_EXIT_VMLAUNCH] = IS(EXIT_UNDEFINED),
	[VMX_EXIT_VMPTRLD] = IS(EXIT_UNDEFINED),
	[VMX_EXIT_VMPTRST] = IS(EXIT_UNDEFINED),
	[VMX_EXIT_VMREAD] = IS(EXIT_UNDEFINED),
	[VMX_EXIT_VMRESUME] = IS(EXIT_UNDEFINED),
	[VMX_EXIT_VMWRITE] = IS(EXIT_UNDEFINED),
	[VMX_EXIT_VMXOFF] = IS(EXIT_UNDEFINED),
	[VMX_EXIT_VMXON] = IS(EXIT_UNDEFINED),
	[VMX_EXIT_CR_ACCESS] = IS(EXIT_STATE),
	[VMX_EXIT_IO] = IS(EXIT_PIO),
	[VMX_EXIT_RDMSR] = IS(EXIT_SYSREG),
	[VMX_EXIT_WRMSR] = IS(EXIT_SYSREG),
	[VMX_EXIT_MWAIT] = IS(EXIT_UNDEFINED),
	[VMX_EXIT_MONITOR] = IS(EXIT_UNDEFINED),
	[VMX_EXIT_EPT_VIOLATION] = IS(EXIT_MMIO),
	[VMX_EXIT_INVEPT] = IS(EXIT_UNDEFINED),
	[VMX_EXIT_INVVPID] = IS(EXIT_UNDEFINED),
	[VMX_EXIT_XSETBV] = IS(EXIT_STATE),
	[VMX_EXIT_VMFUNC] = IS(EXIT_UNDEFINED),
	[VMX_EXIT_ENCLS] = IS(EXIT_UNDEFINED),
	/* Any privilege level may cause these two where there is TDX: no reason to end a cell. */
	[VMX_EXIT_SEAMCALL] = IS(EXIT_UNDEFINED),
	[VMX_EXIT_TDCALL] = IS(EXIT_UNDEFINED),
	[VMX_EXIT_RDMSR_IMMEDIATE] = IS(EXIT_UNDEFINED),
	[VMX_EXIT_WRMSRNS_IMMEDIATE] = IS(EXIT_UNDEFINED),
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
	exit->reason = code < ARRAY_SIZE(decodings) && decodings[code] ? decodings[code] - 1u
								       : EXIT_INVALID;
	exit->info = vmread(VMCS_QUALIFICATION);
	guest->instruction_length = vmread(VMCS_EXIT_LENGTH);
	switch (code) {
	case VMX_EXIT_EXCEPTION_NMI:
		exit->reason = decode_exception();
		break;
	case VMX_EXIT_IO:
		decode_io(guest, &exit->pio);
		break;
	case VMX_EXIT_EPT_VIOLATION:
		decode_violation(&exit->mmio);
		break;
	case VMX_EXIT_RDMSR:
	case VMX_EXIT_WRMSR:
		decode_msr(guest, code == VMX_EXIT_WRMSR, exit);
		break;
	default:
		break;
	}
}
