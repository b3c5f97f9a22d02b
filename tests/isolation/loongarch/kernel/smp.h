/* SPDX-License-Identifier: Apache-2.0 */
/* The other CPUs: starting them and giving them work. */
#ifndef ISOLATION_SMP_H
#define ISOLATION_SMP_H

#include "trap.h"

/* Starts all CPUs of the device tree. Panics when one does not come. */
void smp_init(void);

/* Interrupts @cpu, which may be idle: it looks for work. */
void cpu_kick(const struct cpu *cpu);

/* Gives @cpu, which must be idle, @fn(@arg) to run, and does not wait. */
void smp_run(struct cpu *cpu, cpu_work_fn fn, void *arg);

/* Waits until @cpu is idle again; false after @timeout_us microseconds. */
bool smp_wait(struct cpu *cpu, uint64_t timeout_us);

/* Raises bit @bit of the IPI status of CPU @id, existing or not. */
void ipi_send(unsigned int id, unsigned int bit);

/* Writes @value into mailbox @box of CPU @id. */
void mail_send(unsigned int id, unsigned int box, uint64_t value);

#endif
