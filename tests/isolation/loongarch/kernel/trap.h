/* SPDX-License-Identifier: Apache-2.0 */
/* Per-CPU data, interrupts, and probes: code that is expected to fault and survives it. */
#ifndef ISOLATION_TRAP_H
#define ISOLATION_TRAP_H

#include <stdbool.h>
#include <stdint.h>

#include "arch/loongarch/loongarch.h"

#define MAX_CPUS 4
#define STACK_SIZE 16384

#define NR_INTERRUPTS 13 /* ESTAT.IS */
#define IRQ_HWI(n) (2 + (n))
#define IRQ_TIMER 11
#define IRQ_IPI 12
#define NR_EXCEPTIONS 64

#define IPI_START 0 /* bit of the IPI status: firmware's, to leave its loop */
#define IPI_KICK 5  /* smp_run() */

struct cpu;

typedef void (*cpu_work_fn)(void *arg);

/* What the fault of the last probe on this CPU said. */
struct probe_fault {
	uint64_t era;
	uint64_t badv;
};

struct cpu {
	uint32_t index;
	bool online;
	uint64_t probe_sp; /* not 0 while a probe runs */
	cpu_work_fn work;  /* see smp_run() */
	void *work_arg;
	struct probe_fault fault;
	uint64_t interrupts[NR_INTERRUPTS]; /* taken, by number */
	uint64_t exceptions[NR_EXCEPTIONS]; /* by Ecode */
	uint64_t ipis[32];                  /* by bit of the IPI status */
};

extern struct cpu cpus[MAX_CPUS];
extern unsigned int nr_cpus;

static inline struct cpu *this_cpu(void)
{
	return &cpus[csr_read(CSR_CPUID)];
}

/* The stable counter, by the name that x86 has for such a one. */
static inline uint64_t rdtsc(void)
{
	return rdtime();
}

static inline void cpu_relax(void)
{
	__asm__ volatile("nop" ::: "memory");
}

static inline uint64_t irq_save(void)
{
	uint64_t crmd = csr_read(CSR_CRMD);

	csr_exchange(CSR_CRMD, 0, CRMD_IE);
	return crmd;
}

static inline void irq_restore(uint64_t crmd)
{
	csr_exchange(CSR_CRMD, crmd, CRMD_IE);
}

static inline void irq_enable(void)
{
	csr_exchange(CSR_CRMD, CRMD_IE, CRMD_IE);
}

static inline void irq_enable_and_halt(void)
{
	irq_enable();
	__asm__ volatile("idle 0" ::: "memory");
}

/* An interrupt that is pending ends it all the same, and is not taken. */
static inline void irq_disable_and_halt(void)
{
	(void)irq_save();
	__asm__ volatile("idle 0" ::: "memory");
}

/* The registers as entry.S stores them. */
struct trap_frame {
	uint64_t r[32];
	uint64_t era, prmd, estat, badv;
};

/* Runs in interrupt context after the arrival was counted; it has to end the cause. */
typedef void (*irq_handler)(struct cpu *cpu, unsigned int number);

/* Sets what interrupt @number calls. One without a handler is masked for good when it came. */
void irq_set_handler(unsigned int number, irq_handler handler);

/* Sets up exceptions, TLB and interrupts of the calling CPU; all interrupts are enabled in ECFG. */
void trap_init_cpu(struct cpu *cpu);

/* Returned by probe_run() when nothing faulted. */
#define PROBE_OK (-1)

/*
 * Calls @fn(@arg). Returns PROBE_OK, or the Ecode of the exception that ended it, with details in
 * this_cpu()->fault. Callee-saved registers and stack come back as they were, and so does CRMD.
 * Does not nest.
 */
int probe_run(cpu_work_fn fn, void *arg);

/* The same at PLV 3. What ends without an exception is PROBE_OK, too. */
int probe_user(cpu_work_fn fn, void *arg);

/* ---- entry.S ---- */
int probe_call(cpu_work_fn fn, void *arg, uint64_t *sp);
void user_call(cpu_work_fn fn, void *arg);
uint64_t direct_read(uint64_t address);
void direct_write(uint64_t address, uint64_t value);

#endif
