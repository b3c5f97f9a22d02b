/* SPDX-License-Identifier: Apache-2.0 */
/* Exits as fast as they can be made, by all own CPUs at once. Then these must still work. */
#include "clock.h"
#include "console.h"
#include "lib.h"
#include "attacks.h"
#include "smp.h"
#include "uart.h"

#define ROUNDS 5000
#define STORM_IPI 11
#define PATIENCE_US 60000000
#define FOREIGN_MEMORY 0x80000000b0000000ull
#define PIC_WORD (*(volatile uint32_t *)0x8000000010000020ull)

static void take_timer(struct cpu *cpu, unsigned int number)
{
	(void)cpu;
	(void)number;
	csr_write(CSR_TICLR, TICLR_CLR);
}

static void storm(void *arg)
{
	unsigned int self = this_cpu()->index;

	(void)arg;
	irq_set_handler(IRQ_TIMER, take_timer);
	timer_start(50, true);
	for (unsigned int i = 0; i < ROUNDS; i++) {
		ipi_send((self + 1) % nr_cpus, STORM_IPI);
		ipi_send(nr_cpus + i % 8, STORM_IPI);
		mail_send(nr_cpus + i % 8, i % 4, i);
		PIC_WORD = UINT32_MAX - i % 2;
		uart_write(UART_SCRATCH, (uint8_t)i);
		(void)*(volatile uint32_t *)FOREIGN_MEMORY;
		iocsr_write64(0x1600, i % 2 ? UINT64_MAX : 0);
		(void)cpucfg(2);
	}
	csr_write(CSR_TCFG, 0);
}

static void nothing(void *arg)
{
	(void)arg;
}

void attack_loong_storm(void)
{
	struct attack attack;

	attack_begin(&attack, "storm");
	for (unsigned int id = 1; id < nr_cpus; id++)
		smp_run(&cpus[id], storm, NULL);
	storm(NULL);
	for (unsigned int id = 1; id < nr_cpus; id++)
		attack_count(&attack, !smp_wait(&cpus[id], PATIENCE_US));
	for (unsigned int id = 1; id < nr_cpus; id++) {
		smp_run(&cpus[id], nothing, NULL);
		attack_count(&attack, !smp_wait(&cpus[id], PATIENCE_US));
	}
	if (attack.leaked)
		attack_note(&attack, "LEAK an own CPU does not work any more");
	for (unsigned int id = 0; id < nr_cpus; id++) {
		uint64_t got = __atomic_load_n(&cpus[id].ipis[STORM_IPI], __ATOMIC_RELAXED);

		attack_count(&attack, got == 0 || got > ROUNDS);
	}
	attack.tried += (uint64_t)ROUNDS * nr_cpus;
	attack_end(&attack);
}
