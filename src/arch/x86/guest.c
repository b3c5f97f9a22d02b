/* SPDX-License-Identifier: Apache-2.0 */
/* The life of an x86 vCPU: power-on, start requests, exits that concern it alone. */
#include "guest.h"
#include "apic.h"
#include "core/log.h"
#include "core/pool.h"
#include "core/string.h"
#include "cpu.h"
#include "stage2.h"
#include "timing.h"
#include "uart.h"
#include "vdev/i8259.h"
#include "vendor.h"

/* State after INIT: APM table 14-1, but for the task register: a guest cannot see its type, and
 * Intel's processors do not enter long mode from a 16-bit task (SDM vol. 3, 10.8.5.4). */
#define INIT_CR0 (CR0_CD | CR0_NW | CR0_ET)
#define INIT_DR6 0xffff0ff0ull
#define INIT_DR7 0x400ull
#define PAT_RESET 0x0007040600070406ull
#define ATTR_DATA16 0x093
#define ATTR_CODE16 0x09b
#define ATTR_CODE32 0xc9b
#define ATTR_DATA32 0xc93
#define ATTR_CODE64 0xa9b
#define ATTR_LDT 0x082
#define ATTR_TSS32_BUSY 0x08b

#define LINUX_CS 0x10 /* __BOOT_CS and __BOOT_DS of the Linux boot protocol */
#define LINUX_DS 0x18
#define LINUX_GDT_LIMIT 31

/* PM1 control register: ACPI 6.5, 4.8.3.2.1 */
#define PM1_SLP_TYP_SHIFT 10
#define PM1_SLP_EN BIT(13)

#define HYPERCALL_UNKNOWN                                                                          \
	((uint64_t)-1000) /* KVM_ENOSYS: what guests that see KVM's signature expect */

const struct x86_vendor *vendor;

const struct x86_vendor *vendor_select(void)
{
	static const struct x86_vendor *const known[] = { &svm_vendor, &vmx_vendor };

	for (unsigned int i = 0; !vendor && i < ARRAY_SIZE(known); i++)
		if (known[i]->present())
			vendor = known[i];
	return vendor;
}

int guest_init_cell(struct cell *cell)
{
	const struct cell_config *config = cell->config;
	struct stage2 tables;
	int err = stage2_init(&tables, vendor->stage2, vendor->has_1g_pages());

	if (!err)
		err = stage2_map_cell(&tables, config);
	if (err)
		return err;
	cell->arch.second_stage = (uint64_t)tables.root;
	for (unsigned int d = 0; d < config->nr_devices; d++)
		if (config->devices[d].ops == &i8259_ops)
			cell->arch.pic = &config->devices[d];
	err = guest_init_ports(cell);
	return err ? err : vendor->cell_init(cell);
}

void vcpu_inject_exception(struct arch_vcpu *guest, unsigned int vector, uint32_t error)
{
	/* A fault during the delivery of an exception becomes a double fault, and that one a triple
	 * fault (APM 8.2.9; all that is injected here is contributory or a page fault). */
	if (guest->event_pending && (guest->event & EVENT_TYPE) == EVENT_EXCEPTION) {
		guest->shutdown = (guest->event & EVENT_VECTOR) == VECTOR_DF;
		vector = VECTOR_DF;
		error = 0;
	}
	guest->event = EVENT_VALID | EVENT_EXCEPTION | vector;
	guest->event_error = error;
	if (vector == VECTOR_DF || (vector >= 10 && vector <= VECTOR_PF))
		guest->event |= EVENT_ERROR;
	guest->event_pending = true;
}

void vcpu_skip(struct arch_vcpu *guest, uint64_t length)
{
	guest->rip += length;
	guest->skipped = true;
}

static void init_state(struct x86_state *state)
{
	const struct x86_segment data = { .attributes = ATTR_DATA16, .limit = 0xffff };

	memset(state, 0, sizeof(*state));
	state->cr0 = INIT_CR0;
	state->dr6 = INIT_DR6;
	state->dr7 = INIT_DR7;
	state->pat = PAT_RESET;
	for (unsigned int i = 0; i < NR_SEGMENTS; i++)
		state->segments[i] = data;
	state->segments[SEG_CS].attributes = ATTR_CODE16;
	state->segments[SEG_LDTR].attributes = ATTR_LDT;
	state->segments[SEG_TR].attributes = ATTR_TSS32_BUSY;
	state->gdtr.limit = 0xffff;
	state->idtr.limit = 0xffff;
}

static void flat(struct x86_state *state, uint16_t code_attributes)
{
	const struct x86_segment data = { LINUX_DS, ATTR_DATA32, UINT32_MAX, 0 };
	const struct x86_segment code = { LINUX_CS, code_attributes, UINT32_MAX, 0 };

	for (unsigned int i = SEG_ES; i <= SEG_GS; i++)
		state->segments[i] = data;
	state->segments[SEG_CS] = code;
	state->segments[SEG_TR].limit = 0x67;
}

/* Linux's 64-bit boot protocol (Documentation/arch/x86/boot.rst, "64-bit Boot Protocol"). */
static void enter_linux64(const struct arch_cell_config *entry, struct arch_vcpu *guest,
			  struct x86_state *state)
{
	flat(state, ATTR_CODE64);
	state->cr0 = CR0_PG | CR0_PE | CR0_ET;
	state->cr3 = entry->page_table;
	state->cr4 = CR4_PAE;
	state->efer = EFER_LME | EFER_LMA;
	state->gdtr.base = entry->gdt;
	state->gdtr.limit = LINUX_GDT_LIMIT;
	guest->gpr[GPR_RSI] = entry->argument;
}

/* Xen's PVH ABI (docs/misc/pvh.pandoc): 32-bit protected mode without paging. */
static void enter_pvh(const struct arch_cell_config *entry, struct arch_vcpu *guest,
		      struct x86_state *state)
{
	flat(state, ATTR_CODE32);
	state->cr0 = CR0_PE | CR0_ET;
	guest->gpr[GPR_RBX] = entry->argument;
}

/* Everything of the vCPU as after INIT; @state is what the caller then refines. */
static void reset_registers(struct vcpu *vcpu, struct x86_state *state)
{
	struct arch_vcpu *guest = vcpu->arch;

	memset(guest->gpr, 0, sizeof(guest->gpr));
	guest->gpr[GPR_RDX] = cpuid(1, 0).eax; /* family, model, stepping: APM 14.1.3 */
	guest->rflags = RFLAGS_FIXED;
	guest->rip = 0;
	guest->skipped = guest->event_pending = guest->shutdown = false;
	guest->nmi_pending = guest->nmi_blocked = false;
	guest_msr_reset(guest);
	guest_xstate_reset();
	apic_reset(vendor->drain);
	init_state(state);
}

void arch_vcpu_reset(struct vcpu *vcpu)
{
	const struct arch_cell_config *entry = &vcpu->cell->config->arch;
	struct arch_vcpu *guest = vcpu->arch;
	struct x86_state state;

	reset_registers(vcpu, &state);
	guest->tsc_offset = 0;
	guest->in_guest_mode = vcpu->index == 0;
	vcpu->waiting = !guest->in_guest_mode;
	if (vcpu->index == 0) {
		guest->rip = entry->entry;
		if (entry->entry_mode == X86_ENTRY_LINUX64)
			enter_linux64(entry, guest, &state);
		else
			enter_pvh(entry, guest, &state);
	}
	vendor->vcpu_reset(vcpu, &state);
}

static void wait_for_sipi(struct vcpu *vcpu)
{
	vcpu->arch->in_guest_mode = false;
	vcpu->waiting = true;
}

/* SIPI: real mode at vector * 4 KiB (SDM vol. 3, 9.4.4). */
static void start(struct vcpu *vcpu)
{
	uint32_t vector = __atomic_load_n(&vcpu->cell->arch.startup[vcpu->index], __ATOMIC_ACQUIRE);
	struct x86_state state;

	reset_registers(vcpu, &state);
	state.segments[SEG_CS].selector = (uint16_t)(vector << 8);
	state.segments[SEG_CS].base = (uint64_t)vector << PAGE_SHIFT;
	vendor->vcpu_reset(vcpu, &state);
	vcpu->arch->in_guest_mode = true;
	vcpu->waiting = false;
}

static void deliver_nmi(struct arch_vcpu *guest)
{
	if (guest->nmi_blocked || guest->event_pending) {
		vendor->nmi_window(guest, true);
		return;
	}
	guest->nmi_pending = false;
	guest->nmi_blocked = true;
	guest->event = EVENT_VALID | EVENT_NMI | VECTOR_NMI;
	guest->event_pending = true;
	vendor->nmi_window(guest, true); /* to see the end of the handler */
}

/* The 8259's INTR reaches the CPU through LINT0 in ExtINT mode ("virtual wire", SDM vol.
 * 3, 11.5.1). */
static bool accepts_extint(const struct arch_vcpu *guest)
{
	uint64_t lint0 = guest->lvt[X2APIC_LVT_LINT0 - X2APIC_LVT_THERMAL];

	return !(lint0 & APIC_LVT_MASKED) && ICR_DELIVERY(lint0) == DELIVERY_EXTINT;
}

static void deliver_intr(struct vcpu *vcpu)
{
	struct cell *cell = vcpu->cell;
	struct arch_vcpu *guest = vcpu->arch;

	if (vcpu->index != 0 || !cell->arch.pic || !accepts_extint(guest) ||
	    !__atomic_load_n(&cell->arch.intr, __ATOMIC_SEQ_CST))
		return;
	if (guest->event_pending || !vendor->interruptible(guest)) {
		vendor->intr_window(guest, true);
		return;
	}
	spin_lock(&cell->device_lock);
	if (cell->arch.intr) {
		guest->event = EVENT_VALID | EVENT_INTR | i8259_acknowledge(cell->arch.pic);
		guest->event_pending = true;
	}
	spin_unlock(&cell->device_lock);
}

/* Not inlined: most exits come without requests, and need none of its stack. */
static __attribute__((noinline)) void take_requests(struct vcpu *vcpu, uint32_t requests)
{
	struct arch_vcpu *guest = vcpu->arch;

	if (requests & REQUEST_INIT)
		wait_for_sipi(vcpu);
	if ((requests & REQUEST_SIPI) && !guest->in_guest_mode)
		start(vcpu);
	if ((requests & REQUEST_NMI) && guest->in_guest_mode)
		guest->nmi_pending = true;
}

bool arch_vcpu_prepare(struct vcpu *vcpu, uint32_t requests)
{
	struct arch_vcpu *guest = vcpu->arch;

	if (requests)
		take_requests(vcpu, requests);
	if (!guest->in_guest_mode)
		return false;
	if (guest->nmi_pending)
		deliver_nmi(guest);
	deliver_intr(vcpu);
	return true;
}

void arch_vcpu_run(struct vcpu *vcpu, struct vcpu_exit *exit)
{
	struct cpu *cpu = this_cpu();

	/* An NMI that came while interrupts were drained wants attention as well. */
	if (cpu->attention) {
		cpu->attention = 0;
		*exit = (struct vcpu_exit){ .reason = EXIT_ATTENTION, .pc = vcpu->arch->rip };
		return;
	}
	vendor->run(vcpu, exit);
	if (exit->reason == EXIT_ATTENTION)
		cpu->attention = 0;
}

/* Carries out an IPI that the policy refused, as on-violation says. */
static enum arch_verdict refuse_ipi(struct vcpu *vcpu, uint64_t icr, const char **why)
{
	struct cell *cell = vcpu->cell;

	*why = "sent an interrupt to a CPU outside its cell, or of a kind cells may not send";
	if (cell->config->on_violation == VIOLATION_FAULT)
		return ARCH_FAULT;
	cell_violation(vcpu, "ICR", icr, true);
	return ARCH_HANDLED;
}

enum arch_verdict arch_vcpu_handle(struct vcpu *vcpu, const struct vcpu_exit *exit,
				   const char **why)
{
	struct arch_vcpu *guest = vcpu->arch;

	switch (exit->reason) {
	case EXIT_IDENTIFY:
		guest_cpuid(vcpu);
		vcpu_skip(guest, guest->instruction_length);
		return ARCH_HANDLED;
	case EXIT_SYSREG:
		guest_msr(vcpu, exit->sysreg.write);
		return ARCH_HANDLED;
	case EXIT_IPI:
		vcpu_skip(guest, guest->instruction_length);
		return guest_send_ipi(vcpu, exit->info) == 0 ? ARCH_HANDLED
							     : refuse_ipi(vcpu, exit->info, why);
	case EXIT_HYPERCALL:
		guest->gpr[GPR_RAX] = HYPERCALL_UNKNOWN;
		vcpu_skip(guest, guest->instruction_length);
		return ARCH_HANDLED;
	case EXIT_UNDEFINED:
		vcpu_inject_exception(guest, VECTOR_UD, 0);
		return ARCH_HANDLED;
	case EXIT_STATE:  /* handled by the backend, which knows the instruction */
	case EXIT_WINDOW: /* arch_vcpu_prepare() delivers what waited */
		return ARCH_HANDLED;
	case EXIT_PIO:
		*why = "accessed an I/O port that it does not own";
		return ARCH_NOT_MINE;
	case EXIT_MMIO:
		*why = "accessed memory that it does not own";
		return ARCH_NOT_MINE;
	case EXIT_MACHINE_CHECK:
		*why = "the hardware reported a machine check";
		return ARCH_FAULT;
	case EXIT_SHUTDOWN:
		*why = "triple fault";
		return ARCH_FAULT;
	default:
		*why = "the processor refused to run it, or left it for a reason nobody asked for";
		return ARCH_FAULT;
	}
}

void arch_vcpu_quiesce(struct vcpu *vcpu)
{
	(void)vcpu;
	apic_reset(vendor->drain);
}

void arch_vcpu_dump(struct vcpu *vcpu)
{
	static const char *const names[NR_GPR] = { "rax", "rcx", "rdx", "rbx", "rsp", "rbp",
						   "rsi", "rdi", "r8",  "r9",  "r10", "r11",
						   "r12", "r13", "r14", "r15" };
	const struct arch_vcpu *guest = vcpu->arch;
	struct x86_state s;

	vendor->get_state(guest, &s);
	for (unsigned int i = 0; i < NR_GPR; i += 4)
		log_printf("  %-3s %016lx  %-3s %016lx  %-3s %016lx  %-3s %016lx\n", names[i],
			   (unsigned long)guest->gpr[i], names[i + 1],
			   (unsigned long)guest->gpr[i + 1], names[i + 2],
			   (unsigned long)guest->gpr[i + 2], names[i + 3],
			   (unsigned long)guest->gpr[i + 3]);
	log_printf("  rip %016lx  rfl %016lx  cs %04x base %lx\n", (unsigned long)guest->rip,
		   (unsigned long)guest->rflags, s.segments[SEG_CS].selector,
		   (unsigned long)s.segments[SEG_CS].base);
	log_printf("  cr0 %lx  cr2 %lx  cr3 %lx  cr4 %lx  efer %lx\n", (unsigned long)s.cr0,
		   (unsigned long)s.cr2, (unsigned long)s.cr3, (unsigned long)s.cr4,
		   (unsigned long)s.efer);
}

void arch_cell_timer(struct cell *cell, uint64_t deadline)
{
	uint32_t comparator = cell->config->arch.comparator;

	if (comparator == X86_NO_COMPARATOR)
		return;
	if (!hpet_arm(comparator, deadline))
		vcpu_request(cell->vcpus[0], REQUEST_POLL);
}

void arch_kick(struct vcpu *vcpu)
{
	apic_send(vcpu->hwid, DELIVERY_NMI << 8 | ICR_ASSERT);
}

void arch_wait(struct vcpu *vcpu)
{
	struct cpu *cpu = this_cpu();

	if (__atomic_load_n(&vcpu->requests, __ATOMIC_SEQ_CST) == 0)
		vendor->wait(&cpu->attention);
	cpu->attention = 0;
}

void arch_attend(struct vcpu *vcpu)
{
	(void)vcpu;
	if (this_cpu()->index == 0)
		uart_attend();
}

void arch_poweroff(void)
{
	const struct arch_board *board = &partition_table.board.arch;

	uint32_t sleep = (uint32_t)board->s5_type << PM1_SLP_TYP_SHIFT | PM1_SLP_EN;

	if (board->pm1a_cnt)
		outw(board->pm1a_cnt, (uint16_t)sleep);
}

/* The ISA range: stock kernels look there for UARTs, floppies, parallel ports and much else; on a
 * machine without the device the bus floats. */
bool arch_is_legacy_probe(enum device_space space, uint64_t address)
{
	return space == DEVICE_PIO && address < 0x400;
}
