/* SPDX-License-Identifier: Apache-2.0 */
/* The AMD SVM backend (APM chapter 15). GIF is 0 whenever the hypervisor runs, so an NMI waits
 * until it is let in. */
#include "svm.h"
#include "core/cell.h"
#include "core/pool.h"
#include "core/string.h"
#include "cpu.h"
#include "guest.h"
#include "vendor.h"

#define MSR_VM_HSAVE_PA 0xc0010117

#define CPUID81_EDX_PAGE1GB BIT(26)
#define SVM_EDX_NRIPS BIT(3)

#define ASID 1 /* each CPU runs one guest for good; ASID 0 is the host's */

void svm_enter(uint64_t *gpr, uint64_t vmcb, uint64_t host);

static inline void clgi(void)
{
	__asm__ volatile("clgi" : : : "memory");
}

static inline void stgi(void)
{
	__asm__ volatile("stgi" : : : "memory");
}

static struct svm_vcpu *svm_of(const struct arch_vcpu *guest)
{
	return guest->vendor;
}

static bool svm_has_1g_pages(void)
{
	return cpuid(0x80000001, 0).edx & CPUID81_EDX_PAGE1GB;
}

static int svm_vcpu_alloc(struct arch_vcpu *guest)
{
	struct svm_vcpu *svm = (struct svm_vcpu *)pool_alloc(sizeof(*svm) / PAGE_SIZE);

	if (!svm)
		return -ENOMEM;
	svm->physical = (uint64_t)svm;
	svm->has_next_rip = cpuid(CPUID_SVM, 0).edx & SVM_EDX_NRIPS;
	guest->vendor = svm;
	return 0;
}

static void svm_cpu_enable(struct arch_vcpu *guest)
{
	struct svm_vcpu *svm = svm_of(guest);

	wrmsr(MSR_EFER, rdmsr(MSR_EFER) | EFER_SVME);
	write_cr4(read_cr4() | CR4_OSXSAVE);
	clgi();
	if (!svm)
		return;
	wrmsr(MSR_VM_HSAVE_PA, svm->physical + offsetof(struct svm_vcpu, save_area));
	__asm__ volatile("vmsave %0"
			 :
			 : "a"(svm->physical + offsetof(struct svm_vcpu, host))
			 : "memory");
}

static struct vmcb_segment segment(const struct x86_segment *from)
{
	const struct vmcb_segment to = { from->selector, from->attributes, from->limit,
					 from->base };

	return to;
}

static struct x86_segment unsegment(const struct vmcb_segment *from)
{
	const struct x86_segment to = { from->selector, from->attributes, from->limit, from->base };

	return to;
}

static void set_state(struct vmcb *vmcb, const struct x86_state *state)
{
	vmcb->es = segment(&state->segments[SEG_ES]);
	vmcb->cs = segment(&state->segments[SEG_CS]);
	vmcb->ss = segment(&state->segments[SEG_SS]);
	vmcb->ds = segment(&state->segments[SEG_DS]);
	vmcb->fs = segment(&state->segments[SEG_FS]);
	vmcb->gs = segment(&state->segments[SEG_GS]);
	vmcb->ldtr = segment(&state->segments[SEG_LDTR]);
	vmcb->tr = segment(&state->segments[SEG_TR]);
	vmcb->gdtr.base = state->gdtr.base;
	vmcb->gdtr.limit = state->gdtr.limit;
	vmcb->idtr.base = state->idtr.base;
	vmcb->idtr.limit = state->idtr.limit;
	vmcb->cr0 = state->cr0;
	vmcb->cr2 = state->cr2;
	vmcb->cr3 = state->cr3;
	vmcb->cr4 = state->cr4;
	vmcb->dr6 = state->dr6;
	vmcb->dr7 = state->dr7;
	vmcb->g_pat = state->pat;
	vmcb->efer = state->efer | EFER_SVME;
}

static void svm_get_state(const struct arch_vcpu *guest, struct x86_state *state)
{
	const struct vmcb *vmcb = &svm_of(guest)->guest;
	const struct vmcb_segment *const segments[NR_SEGMENTS] = { &vmcb->es,   &vmcb->cs,
								   &vmcb->ss,   &vmcb->ds,
								   &vmcb->fs,   &vmcb->gs,
								   &vmcb->ldtr, &vmcb->tr };

	for (unsigned int i = 0; i < NR_SEGMENTS; i++)
		state->segments[i] = unsegment(segments[i]);
	state->gdtr.base = vmcb->gdtr.base;
	state->gdtr.limit = vmcb->gdtr.limit;
	state->idtr.base = vmcb->idtr.base;
	state->idtr.limit = vmcb->idtr.limit;
	state->cr0 = vmcb->cr0;
	state->cr2 = vmcb->cr2;
	state->cr3 = vmcb->cr3;
	state->cr4 = vmcb->cr4;
	state->dr6 = vmcb->dr6;
	state->dr7 = vmcb->dr7;
	state->pat = vmcb->g_pat;
	state->efer = vmcb->efer & ~(uint64_t)EFER_SVME;
}

static void svm_vcpu_reset(struct vcpu *vcpu, const struct x86_state *state)
{
	const struct arch_cell *cell = &vcpu->cell->arch;
	struct svm_vcpu *svm = svm_of(vcpu->arch);
	struct vmcb *vmcb = &svm->guest;

	memset(vmcb, 0, sizeof(*vmcb));
	svm->nmi_step = false;
	set_state(vmcb, state);
	vmcb->intercept_exceptions = BIT(VECTOR_MC);
	vmcb->intercepts[0] = INTERCEPT_NMI | INTERCEPT_INIT | INTERCEPT_RDPMC | INTERCEPT_CPUID |
			      INTERCEPT_RSM | INTERCEPT_INVD | INTERCEPT_INVLPGA | INTERCEPT_IOIO |
			      INTERCEPT_MSR | INTERCEPT_SHUTDOWN;
	vmcb->intercepts[1] = INTERCEPT_VMRUN | INTERCEPT_VMMCALL | INTERCEPT_VMLOAD |
			      INTERCEPT_VMSAVE | INTERCEPT_STGI | INTERCEPT_CLGI |
			      INTERCEPT_SKINIT | INTERCEPT_MONITOR | INTERCEPT_MWAIT |
			      INTERCEPT_MWAIT_ARMED | INTERCEPT_XSETBV | INTERCEPT_RDPRU;
	vmcb->iopm_base = (uint64_t)cell->io_bitmap;
	vmcb->msrpm_base = (uint64_t)cell->msr_bitmap;
	vmcb->np_enable = NP_ENABLE;
	vmcb->n_cr3 = cell->second_stage;
	vmcb->asid = ASID;
	vmcb->tlb_control = TLB_FLUSH_ALL;
	vmcb->tsc_offset = vcpu->arch->tsc_offset;
}

/* An event whose delivery the exit interrupted is delivered again (APM 15.7.2). */
static void keep_interrupted_event(struct arch_vcpu *guest, const struct vmcb *vmcb)
{
	uint32_t info = (uint32_t)vmcb->exit_int_info;
	uint32_t type = info & 0x700;

	if (!(info & EVENT_VALID) ||
	    (type != EVENT_INTR && type != EVENT_NMI && type != EVENT_EXCEPTION))
		return;
	guest->event = info;
	guest->event_error = (uint32_t)(vmcb->exit_int_info >> 32);
	guest->event_pending = true;
}

static void svm_nmi_window(struct arch_vcpu *guest, bool on)
{
	struct svm_vcpu *svm = svm_of(guest);

	if (on && !svm->nmi_step)
		svm->guest.intercepts[0] |= INTERCEPT_IRET;
	else if (!on)
		svm->guest.intercepts[0] &= ~INTERCEPT_IRET;
}

/* QEMU forgets V_IRQ when it delivers a physical interrupt: as long as the window is asked for,
 * that exits too. It stays pending, and comes after the one that waited. */
static void svm_intr_window(struct arch_vcpu *guest, bool on)
{
	struct vmcb *vmcb = &svm_of(guest)->guest;

	if (on) {
		vmcb->intercepts[0] |= INTERCEPT_INTR | INTERCEPT_VINTR;
		vmcb->vintr |= VINTR_V_IRQ | VINTR_IGNORE_TPR;
	} else {
		vmcb->intercepts[0] &= ~(INTERCEPT_INTR | INTERCEPT_VINTR);
		vmcb->vintr &= ~(VINTR_V_IRQ | VINTR_IGNORE_TPR);
	}
}

static bool svm_interruptible(const struct arch_vcpu *guest)
{
	return (guest->rflags & RFLAGS_IF) &&
	       (guest->skipped || !(svm_of(guest)->guest.interrupt_shadow & INTERRUPT_SHADOW));
}

/*
 * The guest's NMI handler ends with an IRET. That instruction is executed in a single step, so that
 * a waiting NMI comes after it, as on the bare processor, and not on top of the old frame.
 */
static void nmi_handler_ends(struct arch_vcpu *guest, struct svm_vcpu *svm)
{
	struct vmcb *vmcb = &svm->guest;

	if (vmcb->exit_code == SVM_EXIT_IRET) {
		svm_nmi_window(guest, false);
		svm->nmi_step = true;
		vmcb->intercept_exceptions |= BIT(VECTOR_DB);
		guest->rflags |= RFLAGS_TF;
		return;
	}
	svm->nmi_step = false;
	vmcb->intercept_exceptions &= ~BIT(VECTOR_DB);
	vmcb->dr6 &= ~BIT_ULL(14); /* BS, which the guest did not ask for */
	guest->nmi_blocked = false;
}

/* What only the backend can tell apart or carry out. */
static void handle_own(struct vcpu *vcpu, struct svm_vcpu *svm)
{
	struct arch_vcpu *guest = vcpu->arch;

	switch (svm->guest.exit_code) {
	case SVM_EXIT_XSETBV:
		guest_xsetbv(guest);
		break;
	case SVM_EXIT_INVD: /* would throw away other cells' dirty cache lines; WBINVD keeps them */
		wbinvd();
		vcpu_skip(guest, guest->instruction_length);
		break;
	case SVM_EXIT_RDPMC:
		vcpu_inject_exception(guest, VECTOR_GP, 0);
		break;
	case SVM_EXIT_INTR:
	case SVM_EXIT_VINTR:
		svm_intr_window(guest, false);
		break;
	case SVM_EXIT_IRET:
	case SVM_EXIT_DB:
		nmi_handler_ends(guest, svm);
		break;
	default:
		break;
	}
}

/* Lets a pending NMI through to the hypervisor's handler. */
static void svm_take_nmi(void)
{
	stgi();
	clgi();
}

static void svm_run(struct vcpu *vcpu, struct vcpu_exit *exit)
{
	struct arch_vcpu *guest = vcpu->arch;
	struct svm_vcpu *svm = svm_of(guest);
	struct vmcb *vmcb = &svm->guest;

	if (guest->shutdown) {
		guest->shutdown = false;
		*exit = (struct vcpu_exit){ .reason = EXIT_SHUTDOWN,
					    .pc = guest->rip,
					    .code = SVM_EXIT_SHUTDOWN };
		return;
	}
	vmcb->rax = guest->gpr[GPR_RAX];
	vmcb->rsp = guest->gpr[GPR_RSP];
	vmcb->rip = guest->rip;
	vmcb->rflags = guest->rflags;
	if (guest->skipped)
		vmcb->interrupt_shadow &= ~INTERRUPT_SHADOW;
	if (guest->event_pending)
		vmcb->event_injection = guest->event | (uint64_t)guest->event_error << 32;
	guest->skipped = guest->event_pending = false;
	svm_enter(guest->gpr, svm->physical, svm->physical + offsetof(struct svm_vcpu, host));
	guest->gpr[GPR_RAX] = vmcb->rax;
	guest->gpr[GPR_RSP] = vmcb->rsp;
	guest->rip = vmcb->rip;
	guest->rflags = vmcb->rflags;
	vmcb->tlb_control = 0;
	vmcb->event_injection = 0;
	if (vmcb->exit_int_info & EVENT_VALID)
		keep_interrupted_event(guest, vmcb);
	svm_decode(vcpu, svm, exit);
	if (exit->reason == EXIT_ATTENTION)
		svm_take_nmi();
	else if (exit->reason == EXIT_STATE || exit->reason == EXIT_WINDOW)
		handle_own(vcpu, svm);
}

static uint64_t svm_cr4(const struct arch_vcpu *guest)
{
	return svm_of(guest)->guest.cr4;
}

static uint64_t svm_efer(const struct arch_vcpu *guest)
{
	return svm_of(guest)->guest.efer & ~(uint64_t)EFER_SVME;
}

static void svm_set_cr2(struct arch_vcpu *guest, uint64_t cr2)
{
	svm_of(guest)->guest.cr2 = cr2;
}

static void svm_set_efer(struct arch_vcpu *guest, uint64_t efer)
{
	svm_of(guest)->guest.efer = efer | EFER_SVME;
}

static void svm_set_tsc_offset(struct arch_vcpu *guest, uint64_t offset)
{
	svm_of(guest)->guest.tsc_offset = offset;
}

static void svm_wait(const uint32_t *flag)
{
	stgi();
	cpu_wait(flag);
	clgi();
}

static void svm_drain(void)
{
	stgi();
	cpu_drain();
	clgi();
}

const struct x86_vendor svm_vendor = {
	.name = "AMD SVM",
	.stage2 = &stage2_amd,
	.control_size = sizeof(struct svm_vcpu),
	.present = svm_present,
	.has_1g_pages = svm_has_1g_pages,
	.cell_init = svm_cell_init,
	.vcpu_alloc = svm_vcpu_alloc,
	.cpu_enable = svm_cpu_enable,
	.vcpu_reset = svm_vcpu_reset,
	.run = svm_run,
	.get_state = svm_get_state,
	.cr4 = svm_cr4,
	.efer = svm_efer,
	.set_cr2 = svm_set_cr2,
	.set_efer = svm_set_efer,
	.set_tsc_offset = svm_set_tsc_offset,
	.interruptible = svm_interruptible,
	.intr_window = svm_intr_window,
	.nmi_window = svm_nmi_window,
	.wait = svm_wait,
	.drain = svm_drain,
};
