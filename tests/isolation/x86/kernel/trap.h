/* SPDX-License-Identifier: Apache-2.0 */
/* Per-CPU data, interrupts, and probes: code that is expected to fault and survives it. */
#ifndef ISOLATION_TRAP_H
#define ISOLATION_TRAP_H

#include "x86.h"

#define MAX_CPUS 16
#define STACK_SIZE 16384

struct cpu;

typedef void (*cpu_work_fn)(void *arg);

/* What the fault of the last probe on this CPU said. */
struct probe_fault {
	uint64_t error; /* the exception's error code, 0 if it has none */
	uint64_t cr2;
	uint64_t rip;
};

struct cpu {
	struct cpu *self;
	uint64_t
		probe_rsp; /* not 0 while a probe runs: the stack pointer that probe_resume needs */
	uint32_t index;
	uint32_t apic_id; /* as the MADT says */
	bool online;
	cpu_work_fn work; /* see smp_run() */
	void *work_arg;
	struct probe_fault fault;
	uint64_t arrivals[256]; /* interrupts and exceptions taken, by vector */
	uint64_t gdt[5];
	uint32_t tss[26];
	uint8_t stack[STACK_SIZE] __attribute__((aligned(16)));
	uint8_t ist_stacks[3][4096]
		__attribute__((aligned(16))); /* NMI, double fault, machine check */
};

extern struct cpu cpus[MAX_CPUS];
extern unsigned int nr_cpus; /* those the MADT lists, [0] is the one that booted */

static inline struct cpu *this_cpu(void)
{
	struct cpu *cpu;

	__asm__ volatile("mov %%gs:0, %0" : "=r"(cpu));
	return cpu;
}

/* The registers as vectors.S pushes them. */
struct trap_frame {
	uint64_t r15, r14, r13, r12, r11, r10, r9, r8, rdi, rsi, rbp, rbx, rdx, rcx, rax;
	uint64_t vector, error;
	uint64_t rip, cs, rflags, rsp, ss;
};

/* Runs in interrupt context after the arrival was counted; the EOI follows. */
typedef void (*irq_handler)(struct cpu *cpu, unsigned int vector);

/* Sets what vector @vector (32 to 255) calls; without a handler an arrival is only counted. */
void irq_set_handler(unsigned int vector, irq_handler handler);

/* Loads GDT, TSS, IDT and the GS base of @cpu on the calling CPU. */
void trap_init_cpu(struct cpu *cpu);

/* Returned by probe_run() when nothing faulted. */
#define PROBE_OK (-1)

/*
 * Calls @fn(@arg). Returns PROBE_OK, or the vector of the exception that ended it, with details in
 * this_cpu()->fault. Callee-saved registers, stack and flags come back as they were. Does not nest.
 */
int probe_run(cpu_work_fn fn, void *arg);

/* RDMSR and WRMSR as probes; same result as probe_run(). */
int rdmsr_probe(uint32_t msr, uint64_t *value);
int wrmsr_probe(uint32_t msr, uint64_t value);

#endif
