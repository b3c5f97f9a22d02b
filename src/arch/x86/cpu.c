/* SPDX-License-Identifier: Apache-2.0 */
/* Descriptor tables of the physical CPU, and what its own exceptions mean. */
#include "cpu.h"
#include "apic.h"
#include "core/console.h"
#include "core/log.h"
#include "core/string.h"

#define GATE_INTERRUPT 0x8e00u /* present, DPL 0, 64-bit interrupt gate: APM 4.8.4 */
#define TSS_AVAILABLE 0x89ull

/* Interrupt stack table slots. */
enum {
	IST_DOUBLE_FAULT = 1,
	IST_NMI = 2,
	IST_MACHINE_CHECK = 3,
};

struct gate {
	uint16_t offset_low;
	uint16_t selector;
	uint16_t flags; /* IST in bits 2:0, type in 15:8 */
	uint16_t offset_middle;
	uint32_t offset_high;
	uint32_t reserved;
};
static_assert(sizeof(struct gate) == 16, "APM 4.8.4");

struct table_pointer {
	uint16_t limit;
	uint64_t base;
} __attribute__((packed));

/* What exceptions.S pushes. */
struct exception_frame {
	uint64_t r15, r14, r13, r12, r11, r10, r9, r8, rdi, rsi, rbp, rbx, rdx, rcx, rax;
	uint64_t vector;
	uint64_t error;
	uint64_t rip, cs, rflags, rsp, ss;
};

extern const uint8_t exception_stubs[];
extern const uint64_t boot_gdt[4];

/* Collected by the linker from NMI_WINDOW() of x86.h. */
extern const struct nmi_window {
	uint64_t begin, end, target;
} nmi_windows_start[], nmi_windows_end[];

void exception_handle(struct exception_frame *frame);

extern const uint8_t drain_stub[];

#define NR_EXCEPTIONS 32u

static struct gate idt[256] __attribute__((aligned(16)));
static struct gate drain_idt[256] __attribute__((aligned(16)));

static void set_gate(struct gate *gate, uint64_t entry, unsigned int ist)
{
	gate->offset_low = (uint16_t)entry;
	gate->offset_middle = (uint16_t)(entry >> 16);
	gate->offset_high = (uint32_t)(entry >> 32);
	gate->selector = SEL_CODE64;
	gate->flags = (uint16_t)(GATE_INTERRUPT | ist);
}

static void load_idt(const struct gate *table)
{
	const struct table_pointer pointer = { .limit = sizeof(idt) - 1, .base = (uint64_t)table };

	__asm__ volatile("lidt %0" : : "m"(pointer));
}

void cpu_drain(void)
{
	load_idt(drain_idt);
	__asm__ volatile("sti; nop; nop; cli" : : : "memory");
	load_idt(idt);
}

void cpu_init_idt(void)
{
	/* The hypervisor takes no interrupts: vectors from 32 on are not present. */
	for (unsigned int i = 0; i < NR_EXCEPTIONS; i++) {
		uint64_t entry = (uint64_t)exception_stubs + i * UINT64_C(16);
		unsigned int ist = i == VECTOR_DF    ? IST_DOUBLE_FAULT
				   : i == VECTOR_NMI ? IST_NMI
				   : i == VECTOR_MC  ? IST_MACHINE_CHECK
						     : 0;

		set_gate(&idt[i], entry, ist);
	}
	/* No exception comes from cpu_drain()'s three instructions, but any vector of the APIC: by
	 * the manuals those from 16 on, from emulated APICs all. */
	for (unsigned int i = 0; i < ARRAY_SIZE(drain_idt); i++)
		set_gate(&drain_idt[i], (uint64_t)drain_stub, 0);
	drain_idt[VECTOR_NMI] = idt[VECTOR_NMI];
}

void cpu_load_tables(void)
{
	struct cpu *cpu = this_cpu();
	uint64_t tss = (uint64_t)&cpu->tss;
	struct table_pointer pointer;

	for (unsigned int i = 0; i < FAULT_STACKS; i++)
		cpu->tss.ist[i] = PRIVATE_FAULT + i * FAULT_STRIDE + FAULT_PAGES * PAGE_SIZE;
	cpu->tss.iomap = sizeof(struct tss);
	memcpy(cpu->gdt, boot_gdt, sizeof(boot_gdt));
	cpu->gdt[SEL_TSS / 8] = (sizeof(struct tss) - 1) | (tss & 0xffffff) << 16 |
				TSS_AVAILABLE << 40 | ((tss >> 24) & 0xff) << 56;
	cpu->gdt[SEL_TSS / 8 + 1] = tss >> 32;
	pointer.limit = sizeof(cpu->gdt) - 1;
	pointer.base = (uint64_t)cpu->gdt;
	__asm__ volatile("lgdt %0" : : "m"(pointer));
	__asm__ volatile("ltr %w0" : : "r"(SEL_TSS));
	load_idt(idt);
	write_cr4(read_cr4() | CR4_MCE); /* without it a machine check is a shutdown: APM 9.3.1 */
}

void cpu_panic(const char *why)
{
	log_printf("PANIC: %s\n", why);
	console_last_words();
	for (;;)
		__asm__ volatile("cli; hlt");
}

static void leave_window(struct exception_frame *frame)
{
	for (const struct nmi_window *w = nmi_windows_start; w < nmi_windows_end; w++)
		if (frame->rip >= w->begin && frame->rip < w->end)
			frame->rip = w->target;
}

/* An NMI asks for attention; all else is a bug. */
void exception_handle(struct exception_frame *frame)
{
	if (frame->vector == VECTOR_NMI) {
		this_cpu()->attention = 1;
		leave_window(frame);
		return;
	}
	log_printf("hypervisor exception %lu (error 0x%lx) at 0x%lx, address 0x%lx, stack 0x%lx\n",
		   (unsigned long)frame->vector, (unsigned long)frame->error,
		   (unsigned long)frame->rip, (unsigned long)read_cr2(), (unsigned long)frame->rsp);
	cpu_panic("exception in the hypervisor");
}
