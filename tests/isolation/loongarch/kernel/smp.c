/* SPDX-License-Identifier: Apache-2.0 */
#include "smp.h"
#include "clock.h"
#include "console.h"
#include "lib.h"

#define START_TIMEOUT_US 2000000

extern const uint8_t secondary_entry[];
void secondary_main(unsigned int id);

void ipi_send(unsigned int id, unsigned int bit)
{
	iocsr_write32(IOCSR_IPI_SEND, IOCSR_SEND_BLOCKING | id << IOCSR_SEND_CPU_SHIFT | bit);
}

void mail_send(unsigned int id, unsigned int box, uint64_t value)
{
	uint64_t to = IOCSR_SEND_BLOCKING | (uint64_t)id << IOCSR_SEND_CPU_SHIFT;

	iocsr_write64(IOCSR_MAIL_SEND, value >> 32 << 32 | to | (2 * box + 1) << 2);
	iocsr_write64(IOCSR_MAIL_SEND, value << 32 | to | (2 * box) << 2);
}

static void take_ipis(struct cpu *cpu, unsigned int number)
{
	uint32_t status = iocsr_read32(IOCSR_IPI_STATUS);

	(void)number;
	iocsr_write32(IOCSR_IPI_CLEAR, status);
	for (unsigned int bit = 0; bit < 32; bit++)
		if (status & BIT(bit))
			cpu->ipis[bit]++;
}

/* Called by entry.S on a CPU that starts. */
void secondary_main(unsigned int id)
{
	struct cpu *cpu = &cpus[id];

	iocsr_write64(IOCSR_MAILBOX0, 0);
	trap_init_cpu(cpu);
	iocsr_write32(IOCSR_IPI_ENABLE, UINT32_MAX);
	__atomic_store_n(&cpu->online, true, __ATOMIC_RELEASE);
	for (;;) {
		cpu_work_fn work = __atomic_load_n(&cpu->work, __ATOMIC_ACQUIRE);

		/* With interrupts off, so that a kick in between is still pending and ends it. */
		if (!work)
			__asm__ volatile("idle 0" ::: "memory");
		irq_enable();
		if (work) {
			work(cpu->work_arg);
			__atomic_store_n(&cpu->work, NULL, __ATOMIC_RELEASE);
		}
		(void)irq_save();
	}
}

void cpu_kick(const struct cpu *cpu)
{
	ipi_send(cpu->index, IPI_KICK);
}

void smp_init(void)
{
	irq_set_handler(IRQ_IPI, take_ipis);
	iocsr_write32(IOCSR_IPI_ENABLE, UINT32_MAX);
	cpus[0].online = true;
	for (unsigned int id = 1; id < nr_cpus; id++) {
		uint64_t start = rdtsc();

		mail_send(id, 0, (uint64_t)secondary_entry);
		ipi_send(id, IPI_START);
		while (!__atomic_load_n(&cpus[id].online, __ATOMIC_ACQUIRE))
			if (tsc_to_us(rdtsc() - start) > START_TIMEOUT_US)
				panic("CPU %u does not start", id);
	}
}
