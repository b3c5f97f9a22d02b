/* SPDX-License-Identifier: Apache-2.0 */
/* Work for the other CPUs. */
#include "clock.h"
#include "smp.h"
#include "trap.h"

void smp_run(struct cpu *cpu, cpu_work_fn fn, void *arg)
{
	cpu->work_arg = arg;
	__atomic_store_n(&cpu->work, fn, __ATOMIC_RELEASE);
	cpu_kick(cpu);
}

bool smp_wait(struct cpu *cpu, uint64_t timeout_us)
{
	uint64_t start = rdtsc();

	while (__atomic_load_n(&cpu->work, __ATOMIC_ACQUIRE)) {
		if (tsc_to_us(rdtsc() - start) > timeout_us)
			return false;
		cpu_relax();
	}
	return true;
}
