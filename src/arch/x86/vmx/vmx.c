/* SPDX-License-Identifier: Apache-2.0 */
/* The Intel VMX backend (SDM vol. 3, chapters 24 to 31). NMIs may come at any time: what must not
 * miss one is an NMI_WINDOW. */
#include "vmx.h"
#include "core/cell.h"
#include "core/pool.h"
#include "core/string.h"
#include "cpu.h"
#include "guest.h"
#include "insn.h"
#include "vendor.h"

#define CPUID81_EDX_RDTSCP BIT(27)
#define MSR_FEATURE_CONTROL 0x3a
#define FEATURE_CONTROL_LOCK BIT(0)
#define FEATURE_CONTROL_VMXON BIT(2)
#define MSR_VMX_BASIC 0x480
#define VMX_REVISION 0x7fffffffu
#define MSR_PAT 0x277
#define MSR_STAR 0xc0000081
#define MSR_SFMASK 0xc0000084
#define MSR_FS_BASE 0xc0000100
#define MSR_GS_BASE 0xc0000101
#define MSR_KERNEL_GS_BASE 0xc0000102
#define MSR_TSC_AUX 0xc0000103

#define VPID 1 /* each CPU runs one guest for good; VPID 0 is the host's */
#define EPTP_WRITEBACK 6u
#define EPTP_WALK_4 (3u << 3)

/* enter.S */
enum entry {
	ENTRY_EXITED,
	ENTRY_FAILED,
	ENTRY_ABANDONED,
};
enum entry vmx_enter(uint64_t *gpr, uint32_t launched, const uint32_t *attention);
extern const uint8_t vmx_exit[];

/* The same on all CPUs; vmx_vcpu_alloc() sets it. */
static struct vmx_controls controls;

static struct vmx_vcpu *vmx_of(const struct arch_vcpu *guest)
{
	return guest->vendor;
}

static int vmx_vcpu_alloc(struct arch_vcpu *guest)
{
	struct vmx_vcpu *vmx = (struct vmx_vcpu *)pool_alloc(sizeof(*vmx) / PAGE_SIZE);

	if (!vmx)
		return -ENOMEM;
	(void)vmx_choose_controls(&controls); /* board_check() knows that nothing is missing */
	vmx->physical = (uint64_t)vmx;
	guest->vendor = vmx;
	return 0;
}

/* Host state, which stays the same: SDM vol. 3, 25.5. */
static void write_host_state(void)
{
	struct cpu *cpu = this_cpu();
	struct {
		uint16_t limit;
		uint64_t base;
	} __attribute__((packed)) idtr;

	__asm__ volatile("sidt %0" : "=m"(idtr));
	vmwrite(VMCS_HOST_ES, SEL_DATA);
	vmwrite(VMCS_HOST_CS, SEL_CODE64);
	vmwrite(VMCS_HOST_SS, SEL_DATA);
	vmwrite(VMCS_HOST_DS, SEL_DATA);
	vmwrite(VMCS_HOST_FS, SEL_DATA);
	vmwrite(VMCS_HOST_GS, SEL_DATA);
	vmwrite(VMCS_HOST_TR, SEL_TSS);
	vmwrite(VMCS_HOST_FS_BASE, rdmsr(MSR_FS_BASE));
	vmwrite(VMCS_HOST_GS_BASE, rdmsr(MSR_GS_BASE));
	vmwrite(VMCS_HOST_TR_BASE, (uint64_t)&cpu->tss);
	vmwrite(VMCS_HOST_GDTR_BASE, (uint64_t)cpu->gdt);
	vmwrite(VMCS_HOST_IDTR_BASE, idtr.base);
	vmwrite(VMCS_HOST_CR0, read_cr0());
	vmwrite(VMCS_HOST_CR3, read_cr3());
	vmwrite(VMCS_HOST_CR4, read_cr4());
	vmwrite(VMCS_HOST_PAT, rdmsr(MSR_PAT));
	vmwrite(VMCS_HOST_EFER, rdmsr(MSR_EFER));
	vmwrite(VMCS_HOST_SYSENTER_CS, 0);
	vmwrite(VMCS_HOST_SYSENTER_ESP, 0);
	vmwrite(VMCS_HOST_SYSENTER_EIP, 0);
	vmwrite(VMCS_HOST_RIP, (uint64_t)vmx_exit);
}

static void vmx_cpu_enable(struct arch_vcpu *guest)
{
	struct vmx_vcpu *vmx = vmx_of(guest);
	uint64_t feature_control = rdmsr(MSR_FEATURE_CONTROL);
	uint32_t revision = (uint32_t)rdmsr(MSR_VMX_BASIC) & VMX_REVISION;

	if (!(feature_control & FEATURE_CONTROL_LOCK))
		wrmsr(MSR_FEATURE_CONTROL,
		      feature_control | FEATURE_CONTROL_LOCK | FEATURE_CONTROL_VMXON);
	write_cr0(read_cr0() | CR0_NE);
	write_cr4(read_cr4() | CR4_OSXSAVE | CR4_VMXE);
	if (!vmx)
		return;
	vmx->vmxon[0] = vmx->vmcs[0] = revision;
	if (!vmxon(vmx->physical + offsetof(struct vmx_vcpu, vmxon)))
		cpu_panic("VMXON failed");
	if (!vmclear(vmx->physical) || !vmptrld(vmx->physical))
		cpu_panic("VMCLEAR or VMPTRLD failed");
	write_host_state();
}

static void write_controls(const struct vcpu *vcpu)
{
	const struct arch_cell *cell = &vcpu->cell->arch;

	vmwrite(VMCS_PIN_CONTROLS, controls.pin);
	vmwrite(VMCS_CPU_CONTROLS, controls.cpu);
	vmwrite(VMCS_CPU_CONTROLS2, controls.cpu2);
	vmwrite(VMCS_EXIT_CONTROLS, controls.exit);
	vmwrite(VMCS_ENTRY_CONTROLS, controls.entry);
	vmwrite(VMCS_EXCEPTION_BITMAP, BIT(VECTOR_MC));
	vmwrite(VMCS_PF_ERROR_MASK, 0);
	vmwrite(VMCS_PF_ERROR_MATCH, 0);
	vmwrite(VMCS_CR3_TARGET_COUNT, 0);
	vmwrite(VMCS_EXIT_MSR_STORE_COUNT, 0);
	vmwrite(VMCS_EXIT_MSR_LOAD_COUNT, 0);
	vmwrite(VMCS_ENTRY_MSR_LOAD_COUNT, 0);
	vmwrite(VMCS_ENTRY_INTERRUPTION, 0);
	vmwrite(VMCS_IO_BITMAP_A, (uint64_t)cell->io_bitmap);
	vmwrite(VMCS_IO_BITMAP_B, (uint64_t)cell->io_bitmap + PAGE_SIZE);
	vmwrite(VMCS_MSR_BITMAP, (uint64_t)cell->msr_bitmap);
	vmwrite(VMCS_TSC_OFFSET, vcpu->arch->tsc_offset);
	vmwrite(VMCS_VPID, VPID);
	vmwrite(VMCS_EPTP, cell->second_stage | EPTP_WALK_4 | EPTP_WRITEBACK);
	vmwrite(VMCS_LINK_POINTER, UINT64_MAX);
	if (controls.cpu2 & CPU2_XSAVES)
		vmwrite(VMCS_XSS_EXIT_BITMAP, 0);
	if (controls.cpu2 & CPU2_ENCLS_EXITING)
		vmwrite(VMCS_ENCLS_EXIT_BITMAP, UINT64_MAX);
}

/* From bits 55:52 and 47:40 of a descriptor packed to 12 bits, to bits 15:12 and 7:0. */
static uint64_t rights_of(uint16_t attributes)
{
	uint64_t rights = (attributes & 0xffu) | (attributes & 0xf00u) << 4;

	return rights & RIGHTS_PRESENT ? rights : RIGHTS_UNUSABLE;
}

static void set_segments(const struct x86_state *state)
{
	for (unsigned int i = 0; i < NR_SEGMENTS; i++) {
		const struct x86_segment *segment = &state->segments[i];

		vmwrite(VMCS_GUEST_SELECTOR + 2ull * i, segment->selector);
		vmwrite(VMCS_GUEST_LIMIT + 2ull * i, segment->limit);
		vmwrite(VMCS_GUEST_RIGHTS + 2ull * i, rights_of(segment->attributes));
		vmwrite(VMCS_GUEST_BASE + 2ull * i, segment->base);
	}
	vmwrite(VMCS_GUEST_GDTR_BASE, state->gdtr.base);
	vmwrite(VMCS_GUEST_GDTR_LIMIT, state->gdtr.limit);
	vmwrite(VMCS_GUEST_IDTR_BASE, state->idtr.base);
	vmwrite(VMCS_GUEST_IDTR_LIMIT, state->idtr.limit);
}

/* What VMX does not switch stays the guest's while the hypervisor runs, which does not use it. */
static void set_unswitched(const struct x86_state *state)
{
	static const uint64_t zero;

	write_cr2(state->cr2);
	__asm__ volatile("mov %0, %%dr0; mov %0, %%dr1; mov %0, %%dr2; mov %0, %%dr3"
			 :
			 : "r"(zero));
	__asm__ volatile("mov %0, %%dr6" : : "r"(state->dr6));
	for (uint32_t msr = MSR_STAR; msr <= MSR_SFMASK; msr++)
		wrmsr(msr, 0);
	wrmsr(MSR_KERNEL_GS_BASE, 0);
	if (cpuid(0x80000001, 0).edx & CPUID81_EDX_RDTSCP)
		wrmsr(MSR_TSC_AUX, 0);
}

static void vmx_vcpu_reset(struct vcpu *vcpu, const struct x86_state *state)
{
	write_controls(vcpu);
	set_segments(state);
	set_unswitched(state);
	vmx_set_cr0(state->cr0);
	vmx_set_cr4(state->cr4);
	vmwrite(VMCS_GUEST_CR3, state->cr3);
	vmwrite(VMCS_GUEST_DR7, state->dr7);
	vmwrite(VMCS_GUEST_PAT, state->pat);
	vmwrite(VMCS_GUEST_EFER, state->efer);
	if (state->efer & EFER_LMA)
		vmwrite(VMCS_ENTRY_CONTROLS, controls.entry | ENTRY_IA32E);
	vmwrite(VMCS_GUEST_DEBUGCTL, 0);
	vmwrite(VMCS_GUEST_INTERRUPTIBILITY, 0);
	vmwrite(VMCS_GUEST_ACTIVITY, 0);
	vmwrite(VMCS_GUEST_PENDING_DEBUG, 0);
	vmwrite(VMCS_GUEST_SYSENTER_CS, 0);
	vmwrite(VMCS_GUEST_SYSENTER_ESP, 0);
	vmwrite(VMCS_GUEST_SYSENTER_EIP, 0);
	invept_all();
	invvpid_all();
}

static void vmx_get_state(const struct arch_vcpu *guest, struct x86_state *state)
{
	(void)guest;
	for (unsigned int i = 0; i < NR_SEGMENTS; i++) {
		uint64_t rights = vmread(VMCS_GUEST_RIGHTS + 2ull * i);
		struct x86_segment *segment = &state->segments[i];

		segment->selector = (uint16_t)vmread(VMCS_GUEST_SELECTOR + 2ull * i);
		segment->limit = (uint32_t)vmread(VMCS_GUEST_LIMIT + 2ull * i);
		segment->base = vmread(VMCS_GUEST_BASE + 2ull * i);
		segment->attributes = (uint16_t)((rights & 0xff) | (rights >> 4 & 0xf00));
		if (rights & RIGHTS_UNUSABLE)
			segment->attributes &= (uint16_t)~RIGHTS_PRESENT;
	}
	state->gdtr.base = vmread(VMCS_GUEST_GDTR_BASE);
	state->gdtr.limit = (uint32_t)vmread(VMCS_GUEST_GDTR_LIMIT);
	state->idtr.base = vmread(VMCS_GUEST_IDTR_BASE);
	state->idtr.limit = (uint32_t)vmread(VMCS_GUEST_IDTR_LIMIT);
	state->cr0 = vmx_cr0();
	state->cr2 = read_cr2();
	state->cr3 = vmread(VMCS_GUEST_CR3);
	state->cr4 = vmx_cr4();
	__asm__ volatile("mov %%dr6, %0" : "=r"(state->dr6));
	state->dr7 = vmread(VMCS_GUEST_DR7);
	state->pat = vmread(VMCS_GUEST_PAT);
	state->efer = vmread(VMCS_GUEST_EFER);
}

static void change(uint64_t field, uint64_t clear, uint64_t set)
{
	vmwrite(field, (vmread(field) & ~clear) | set);
}

/* An event whose delivery the exit interrupted is delivered again (SDM vol. 3, 28.2.4). */
static void keep_interrupted_event(struct arch_vcpu *guest)
{
	uint32_t info = (uint32_t)vmread(VMCS_IDT_VECTORING);
	uint32_t type = info & EVENT_TYPE;

	if (!(info & EVENT_VALID) ||
	    (type != EVENT_INTR && type != EVENT_NMI && type != EVENT_EXCEPTION))
		return;
	guest->event = info & (EVENT_VALID | EVENT_ERROR | EVENT_TYPE | EVENT_VECTOR);
	guest->event_error = (uint32_t)vmread(VMCS_IDT_VECTORING_ERROR);
	guest->event_pending = true;
	if (type == EVENT_NMI) /* not in its handler yet */
		change(VMCS_GUEST_INTERRUPTIBILITY, BLOCKING_BY_NMI, 0);
}

static bool is_nmi_pending(const struct arch_vcpu *guest)
{
	return guest->event_pending && (guest->event & EVENT_TYPE) == EVENT_NMI;
}

static void vmx_nmi_window(struct arch_vcpu *guest, bool on)
{
	(void)guest;
	change(VMCS_CPU_CONTROLS, CPU_NMI_WINDOW, on ? CPU_NMI_WINDOW : 0);
}

static void vmx_intr_window(struct arch_vcpu *guest, bool on)
{
	(void)guest;
	change(VMCS_CPU_CONTROLS, CPU_INTERRUPT_WINDOW, on ? CPU_INTERRUPT_WINDOW : 0);
}

static bool vmx_interruptible(const struct arch_vcpu *guest)
{
	uint64_t blocked =
		vmread(VMCS_GUEST_INTERRUPTIBILITY) & (BLOCKING_BY_STI | BLOCKING_BY_MOV_SS);

	return (guest->rflags & RFLAGS_IF) && (guest->skipped || !blocked);
}

/* What only the backend can tell apart or carry out. */
static void handle_own(struct vcpu *vcpu, uint64_t code)
{
	struct arch_vcpu *guest = vcpu->arch;

	switch (code) {
	case VMX_EXIT_XSETBV:
		guest_xsetbv(guest);
		break;
	case VMX_EXIT_INVD: /* would throw away other cells' dirty cache lines; WBINVD keeps them */
		wbinvd();
		vcpu_skip(guest, guest->instruction_length);
		break;
	case VMX_EXIT_RDPMC:
		vcpu_inject_exception(guest, VECTOR_GP, 0);
		break;
	case VMX_EXIT_CR_ACCESS:
		vmx_access_control_register(vcpu);
		break;
	case VMX_EXIT_INTERRUPT_WINDOW:
		vmx_intr_window(guest, false);
		break;
	case VMX_EXIT_NMI_WINDOW:
		vmx_nmi_window(guest, false);
		if (!is_nmi_pending(guest)) /* its handler has ended, not: it can come now */
			guest->nmi_blocked = false;
		break;
	default:
		break;
	}
}

/* An NMI that made the guest exit is over for the processor, except that it blocks further ones
 * until an IRET (SDM vol. 3, 28.1). */
static void vmx_take_nmi(void)
{
	__asm__ volatile("int $2" : : : "memory");
}

/* Prepares the injection of the pending event; false: of an NMI that is blocked at the moment. */
static bool write_event(struct arch_vcpu *guest)
{
	uint64_t blocked = vmread(VMCS_GUEST_INTERRUPTIBILITY) &
			   (BLOCKING_BY_STI | BLOCKING_BY_MOV_SS | BLOCKING_BY_NMI);
	uint32_t event = guest->event;

	if (is_nmi_pending(guest) && blocked) {
		vmx_nmi_window(guest, true);
		return false;
	}
	if (!(vmread(VMCS_GUEST_CR0) & CR0_PE)) /* real mode has no error codes */
		event &= ~EVENT_ERROR;
	vmwrite(VMCS_ENTRY_INTERRUPTION, event);
	vmwrite(VMCS_ENTRY_ERROR_CODE, guest->event_error);
	return true;
}

static enum entry enter(struct vcpu *vcpu)
{
	struct arch_vcpu *guest = vcpu->arch;
	struct vmx_vcpu *vmx = vmx_of(guest);
	enum entry result;
	bool injects;

	vmwrite(VMCS_GUEST_RSP, guest->gpr[GPR_RSP]);
	vmwrite(VMCS_GUEST_RIP, guest->rip);
	vmwrite(VMCS_GUEST_RFLAGS, guest->rflags);
	if (guest->skipped)
		change(VMCS_GUEST_INTERRUPTIBILITY, BLOCKING_BY_STI | BLOCKING_BY_MOV_SS, 0);
	guest->skipped = false;
	injects = guest->event_pending && write_event(guest);
	result = vmx_enter(guest->gpr, vmx->launched, &this_cpu()->attention);
	if (result == ENTRY_ABANDONED) {
		vmwrite(VMCS_ENTRY_INTERRUPTION, 0);
		return result;
	}
	if (injects)
		guest->event_pending = false;
	/* An entry that the guest's state made fail has not launched the VMCS (31.3, VMLAUNCH). */
	if (result == ENTRY_EXITED && !vmx->launched)
		vmx->launched = !(vmread(VMCS_EXIT_REASON) & EXIT_REASON_ENTRY_FAILED);
	return result;
}

static void vmx_run(struct vcpu *vcpu, struct vcpu_exit *exit)
{
	struct arch_vcpu *guest = vcpu->arch;

	if (guest->shutdown) {
		guest->shutdown = false;
		*exit = (struct vcpu_exit){ .reason = EXIT_SHUTDOWN,
					    .pc = guest->rip,
					    .code = VMX_EXIT_TRIPLE_FAULT };
		return;
	}
	switch (enter(vcpu)) {
	case ENTRY_ABANDONED:
		*exit = (struct vcpu_exit){ .reason = EXIT_ATTENTION, .pc = guest->rip };
		return;
	case ENTRY_FAILED:
		*exit = (struct vcpu_exit){ .reason = EXIT_INVALID,
					    .pc = guest->rip,
					    .code = VMX_ENTRY_FAILED,
					    .info = vmread(VMCS_INSTRUCTION_ERROR) };
		vmx_log_refusal(vcpu, exit);
		return;
	default:
		break;
	}
	guest->gpr[GPR_RSP] = vmread(VMCS_GUEST_RSP);
	guest->rip = vmread(VMCS_GUEST_RIP);
	guest->rflags = vmread(VMCS_GUEST_RFLAGS);
	keep_interrupted_event(guest);
	vmx_decode(vcpu, exit);
	if (exit->code == VMX_EXIT_EXCEPTION_NMI && exit->reason == EXIT_ATTENTION)
		vmx_take_nmi();
	else if (exit->reason == EXIT_STATE || exit->reason == EXIT_WINDOW)
		handle_own(vcpu, exit->code);
	else if (exit->code & EXIT_REASON_ENTRY_FAILED)
		vmx_log_refusal(vcpu, exit);
}

static uint64_t vmx_guest_cr4(const struct arch_vcpu *guest)
{
	(void)guest;
	return vmx_cr4();
}

static uint64_t vmx_efer(const struct arch_vcpu *guest)
{
	(void)guest;
	return vmread(VMCS_GUEST_EFER);
}

static void vmx_set_cr2(struct arch_vcpu *guest, uint64_t cr2)
{
	(void)guest;
	write_cr2(cr2);
}

static void vmx_set_efer(struct arch_vcpu *guest, uint64_t efer)
{
	(void)guest;
	vmwrite(VMCS_GUEST_EFER, efer);
}

static void vmx_set_tsc_offset(struct arch_vcpu *guest, uint64_t offset)
{
	(void)guest;
	vmwrite(VMCS_TSC_OFFSET, offset);
}

const struct x86_vendor vmx_vendor = {
	.name = "Intel VMX",
	.stage2 = &stage2_intel,
	.control_size = sizeof(struct vmx_vcpu),
	.present = vmx_present,
	.has_1g_pages = vmx_has_1g_pages,
	.cell_init = vmx_cell_init,
	.vcpu_alloc = vmx_vcpu_alloc,
	.cpu_enable = vmx_cpu_enable,
	.vcpu_reset = vmx_vcpu_reset,
	.run = vmx_run,
	.get_state = vmx_get_state,
	.cr4 = vmx_guest_cr4,
	.efer = vmx_efer,
	.set_cr2 = vmx_set_cr2,
	.set_efer = vmx_set_efer,
	.set_tsc_offset = vmx_set_tsc_offset,
	.interruptible = vmx_interruptible,
	.intr_window = vmx_intr_window,
	.nmi_window = vmx_nmi_window,
	.wait = cpu_wait,
	.drain = cpu_drain,
};
