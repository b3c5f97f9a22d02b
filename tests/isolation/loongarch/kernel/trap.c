/* SPDX-License-Identifier: Apache-2.0 */
#include "trap.h"
#include "console.h"
#include "lib.h"
#include "window.h"

extern const uint8_t trap_entry[], refill_entry[], probe_resume[];
void trap_handle(struct trap_frame *frame);

uint8_t boot_stacks[MAX_CPUS][STACK_SIZE] __attribute__((aligned(16)));
struct cpu cpus[MAX_CPUS];
unsigned int nr_cpus;
static irq_handler handlers[NR_INTERRUPTS];

void irq_set_handler(unsigned int number, irq_handler handler)
{
	handlers[number] = handler;
}

void trap_init_cpu(struct cpu *cpu)
{
	cpu->index = (uint32_t)csr_read(CSR_CPUID);
	csr_write(CSR_EENTRY, (uint64_t)trap_entry);
	csr_write(CSR_TLBRENTRY, (uint64_t)refill_entry);
	csr_write(CSR_ECFG, INT_MASK);
	window_init_cpu();
}

static void interrupt(struct cpu *cpu, uint64_t pending)
{
	for (unsigned int n = 0; n < NR_INTERRUPTS; n++) {
		if (!(pending & BIT(n)))
			continue;
		cpu->interrupts[n]++;
		if (handlers[n])
			handlers[n](cpu, n);
		else
			csr_exchange(CSR_ECFG, 0, BIT(n));
	}
}

/* Called by entry.S. */
void trap_handle(struct trap_frame *frame)
{
	struct cpu *cpu = this_cpu();
	unsigned int code = frame->estat >> ESTAT_ECODE_SHIFT & ESTAT_ECODE_MASK;

	if (code == ECODE_INT) {
		interrupt(cpu, frame->estat & csr_read(CSR_ECFG) & INT_MASK);
		return;
	}
	cpu->exceptions[code]++;
	if (!cpu->probe_sp)
		panic("exception %u at 0x%lx, badv 0x%lx, estat 0x%lx, CPU %u", code, frame->era,
		      frame->badv, frame->estat, cpu->index);
	cpu->fault = (struct probe_fault){ frame->era, frame->badv };
	frame->r[3] = cpu->probe_sp;
	frame->r[4] = code;
	frame->era = (uint64_t)probe_resume;
	frame->prmd = 0;
	cpu->probe_sp = 0;
}

static int probe(cpu_work_fn fn, void *arg)
{
	struct cpu *cpu = this_cpu();
	uint64_t flags = irq_save();
	int code = probe_call(fn, arg, &cpu->probe_sp);

	cpu->probe_sp = 0;
	irq_restore(flags);
	return code;
}

int probe_run(cpu_work_fn fn, void *arg)
{
	return probe(fn, arg);
}

struct user_job {
	cpu_work_fn fn;
	void *arg;
};

static void as_user(void *arg)
{
	const struct user_job *job = arg;

	user_call(job->fn, job->arg);
}

int probe_user(cpu_work_fn fn, void *arg)
{
	struct user_job job = { fn, arg };
	int code = probe(as_user, &job);

	return code == ECODE_SYS ? PROBE_OK : code;
}
