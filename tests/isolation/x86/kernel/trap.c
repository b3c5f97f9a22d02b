/* SPDX-License-Identifier: Apache-2.0 */
#include "trap.h"
#include "apic.h"
#include "console.h"
#include "lib.h"

/* vectors.S knows these offsets. */
_Static_assert(offsetof(struct cpu, self) == 0, "GS:0 is the struct cpu itself");
_Static_assert(offsetof(struct cpu, probe_rsp) == 8, "CPU_PROBE_RSP in vectors.S");
_Static_assert(sizeof(struct trap_frame) == 176, "vector_common in vectors.S pushes 15 registers");

#define GDT_CODE64 0x00af9b000000ffffull
#define GDT_DATA 0x00cf93000000ffffull
#define GATE_INTERRUPT 0x8e /* present, DPL 0, 64-bit interrupt gate, APM2 4.8.4 */
#define DESC_TSS 0x89ull    /* present, available 64-bit TSS, APM2 4.8.3 */
#define TSS_IST1 (0x24 / 4) /* APM2 12.2.5, figure 12-8 */
#define TSS_IOPB (0x64 / 4)
#define STUB_SIZE 16ull

enum { IST_NMI = 1, IST_DF = 2, IST_MC = 3 };

struct idt_gate {
	uint16_t offset0;
	uint16_t selector;
	uint8_t ist;
	uint8_t type;
	uint16_t offset16;
	uint32_t offset32;
	uint32_t reserved;
};

_Static_assert(sizeof(struct idt_gate) == 16, "a gate is 16 bytes in long mode");

struct table_register {
	uint16_t limit;
	uint64_t base;
} __attribute__((packed));

extern const uint8_t vector_stubs[];
extern const uint8_t probe_resume[];
void trap(struct trap_frame *frame);

struct cpu cpus[MAX_CPUS];
unsigned int nr_cpus = 1;
static struct idt_gate idt[256];
static irq_handler handlers[256];

void irq_set_handler(unsigned int vector, irq_handler handler)
{
	__atomic_store_n(&handlers[vector], handler, __ATOMIC_RELEASE);
}

static void set_gate(unsigned int vector, uint8_t ist)
{
	uint64_t entry = (uint64_t)&vector_stubs[vector * STUB_SIZE];

	idt[vector] = (struct idt_gate){
		.offset0 = (uint16_t)entry,
		.selector = KERNEL_CS,
		.ist = ist,
		.type = GATE_INTERRUPT,
		.offset16 = (uint16_t)(entry >> 16),
		.offset32 = (uint32_t)(entry >> 32),
	};
}

static void build_idt(void)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(idt); i++)
		set_gate(i, 0);
	set_gate(VECTOR_NMI, IST_NMI);
	set_gate(VECTOR_DF, IST_DF);
	set_gate(VECTOR_MC, IST_MC);
}

static void build_gdt(struct cpu *cpu)
{
	uint64_t tss = (uint64_t)cpu->tss;

	memset(cpu->tss, 0, sizeof(cpu->tss));
	for (unsigned int i = 0; i < ARRAY_SIZE(cpu->ist_stacks); i++) {
		uint64_t top = (uint64_t)(cpu->ist_stacks[i] + sizeof(cpu->ist_stacks[i]));

		cpu->tss[TSS_IST1 + 2 * i] = (uint32_t)top;
		cpu->tss[TSS_IST1 + 2 * i + 1] = (uint32_t)(top >> 32);
	}
	cpu->tss[TSS_IOPB] = sizeof(cpu->tss) << 16;
	cpu->gdt[0] = 0;
	cpu->gdt[KERNEL_CS / 8] = GDT_CODE64;
	cpu->gdt[KERNEL_DS / 8] = GDT_DATA;
	cpu->gdt[KERNEL_TSS / 8] = (sizeof(cpu->tss) - 1) | ((tss & 0xffffff) << 16) |
				   (DESC_TSS << 40) | ((tss >> 24 & 0xff) << 56);
	cpu->gdt[KERNEL_TSS / 8 + 1] = tss >> 32;
}

void trap_init_cpu(struct cpu *cpu)
{
	struct table_register gdtr = { sizeof(cpu->gdt) - 1, (uint64_t)cpu->gdt };
	struct table_register idtr = { sizeof(idt) - 1, (uint64_t)idt };

	if (!idt[0].type)
		build_idt();
	build_gdt(cpu);
	cpu->self = cpu;
	cpu->probe_rsp = 0;
	__asm__ volatile("lgdt %0" : : "m"(gdtr) : "memory");
	__asm__ volatile("pushq %0\n\t"
			 "leaq 1f(%%rip), %%rax\n\t"
			 "pushq %%rax\n\t"
			 "lretq\n"
			 "1:"
			 :
			 : "i"(KERNEL_CS)
			 : "rax", "memory");
	__asm__ volatile("lidt %0" : : "m"(idtr) : "memory");
	__asm__ volatile("ltr %w0" : : "r"(KERNEL_TSS));
	wrmsr(MSR_GS_BASE, (uint64_t)cpu);
}

static void finish_irq(struct cpu *cpu, unsigned int vector)
{
	irq_handler handler = __atomic_load_n(&handlers[vector], __ATOMIC_ACQUIRE);

	if (handler)
		handler(cpu, vector);
	/* A spurious interrupt, or one from an 8259, is not in service here: its EOI would be
	 * another's. */
	if (apic_in_service(vector))
		apic_eoi();
}

/* Called by vector_common. */
void trap(struct trap_frame *frame)
{
	unsigned int vector = (unsigned int)frame->vector;
	struct cpu *cpu = this_cpu();

	__atomic_fetch_add(&cpu->arrivals[vector], 1, __ATOMIC_RELAXED);
	if (vector >= 32) {
		finish_irq(cpu, vector);
		return;
	}
	if (vector == VECTOR_NMI)
		return;
	if (!cpu->probe_rsp || vector == VECTOR_DF || vector == VECTOR_MC) {
		panic("cpu %u: exception %u error 0x%lx rip 0x%lx cr2 0x%lx rsp 0x%lx", cpu->index,
		      vector, frame->error, frame->rip, read_cr2(), frame->rsp);
	}
	cpu->fault.error = frame->error;
	cpu->fault.cr2 = read_cr2();
	cpu->fault.rip = frame->rip;
	frame->rip = (uint64_t)probe_resume;
	frame->cs = KERNEL_CS;
	frame->rsp = cpu->probe_rsp;
	frame->ss = KERNEL_DS;
	frame->rflags = RFLAGS_FIXED; /* probe_resume restores those from before the probe */
	frame->rax = vector;
}

struct msr_access {
	uint32_t msr;
	uint64_t value;
};

static void do_rdmsr(void *arg)
{
	struct msr_access *access = arg;

	access->value = rdmsr(access->msr);
}

static void do_wrmsr(void *arg)
{
	const struct msr_access *access = arg;

	wrmsr(access->msr, access->value);
}

int rdmsr_probe(uint32_t msr, uint64_t *value)
{
	struct msr_access access = { .msr = msr };
	int vector = probe_run(do_rdmsr, &access);

	*value = access.value;
	return vector;
}

int wrmsr_probe(uint32_t msr, uint64_t value)
{
	struct msr_access access = { .msr = msr, .value = value };

	return probe_run(do_wrmsr, &access);
}
