/* SPDX-License-Identifier: Apache-2.0 */
/* The other CPUs: starting them and giving them work. */
#ifndef ISOLATION_SMP_H
#define ISOLATION_SMP_H

#include "trap.h"

/* Makes cpus[] from the MADT and starts all of them. Panics when one does not come. */
void smp_init(void);

/* (Re)starts @cpu by INIT-SIPI-SIPI; false when it is not there a second later. Not for the calling
 * CPU. */
bool smp_start(struct cpu *cpu);

/* task_switch.S: whether a CPU that starts tries a task switch, and what came of it. */
extern uint32_t task_switch_try, task_switch_result;

/* Interrupts @cpu, which may be idle: it looks for work. */
void cpu_kick(const struct cpu *cpu);

/* Gives @cpu, which must be idle, @fn(@arg) to run, and does not wait. */
void smp_run(struct cpu *cpu, cpu_work_fn fn, void *arg);

/* Waits until @cpu is idle again; false after @timeout_us microseconds. */
bool smp_wait(struct cpu *cpu, uint64_t timeout_us);

#endif
