/* SPDX-License-Identifier: Apache-2.0 */
#include "clock.h"
#include "console.h"
#include "line.h"
#include "trap.h"
#include "victim.h"

#define MAX_REPORTS 16

static uint64_t reported;
static unsigned int reports;

static void tick(struct cpu *cpu, unsigned int number)
{
	(void)number;
	csr_write(CSR_TICLR, TICLR_CLR);
	ticks_note(cpu);
}

void ticks_start(struct cpu *cpu)
{
	(void)cpu;
	irq_set_handler(IRQ_TIMER, tick);
	irq_enable();
	timer_start(1000000 / TICK_HZ, true);
}

static void report(const char *what, unsigned int cpu, unsigned int number, uint64_t count)
{
	if (reports++ < MAX_REPORTS)
		print("victim error: CPU %u took %s %u %lu times without being asked for\n", cpu,
		      what, number, count);
}

/* Interrupts but the timer's and those that the UART was asked for, IPIs but the one kick that
 * begins the work of all but the first CPU, and all exceptions. */
static uint64_t unexpected_on(unsigned int id, bool tell)
{
	const struct cpu *cpu = &cpus[id];
	uint64_t total = 0;

	for (unsigned int n = 0; n < NR_INTERRUPTS; n++) {
		uint64_t count = __atomic_load_n(&cpu->interrupts[n], __ATOMIC_RELAXED);

		if (n == IRQ_TIMER || n == IRQ_IPI)
			continue;
		count -= line_taken(id, n);
		if (!count)
			continue;
		total += count;
		if (tell)
			report("interrupt", id, n, count);
	}
	for (unsigned int bit = 0; bit < 32; bit++) {
		uint64_t count = __atomic_load_n(&cpu->ipis[bit], __ATOMIC_RELAXED);

		count -= bit == IPI_KICK && id != 0 && count;
		total += count;
		if (count && tell)
			report("IPI", id, bit, count);
	}
	for (unsigned int code = 0; code < NR_EXCEPTIONS; code++)
		total += cpu->exceptions[code];
	return total;
}

uint64_t ticks_unexpected(void)
{
	uint64_t total = 0;

	for (unsigned int i = 0; i < nr_cpus; i++)
		total += unexpected_on(i, false);
	for (unsigned int i = 0; i < nr_cpus && total != reported; i++)
		(void)unexpected_on(i, true);
	reported = total;
	return total;
}
