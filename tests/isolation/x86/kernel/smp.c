/* SPDX-License-Identifier: Apache-2.0 */
#include "smp.h"
#include "acpi.h"
#include "apic.h"
#include "clock.h"
#include "console.h"
#include "lib.h"

/* SDM3 9.4.4.1: 10 ms after INIT, 200 us after the first start-up IPI. */
#define INIT_DELAY_US 10000
#define SIPI_DELAY_US 200
#define START_TIMEOUT_US 20000000

extern const uint8_t trampoline_start[], trampoline_end[], trampoline_stack[], trampoline_cpu[];
void ap_main(struct cpu *cpu);

/* Where a label of the trampoline is in its copy. */
static uint64_t *in_trampoline(const uint8_t *label)
{
	return (uint64_t *)(TRAMPOLINE_BASE + (uint64_t)label - (uint64_t)trampoline_start);
}

/* Called by the trampoline on the CPU that starts. */
void ap_main(struct cpu *cpu)
{
	trap_init_cpu(cpu);
	apic_init();
	__atomic_store_n(&cpu->online, true, __ATOMIC_RELEASE);
	for (;;) {
		cpu_work_fn work;

		irq_disable();
		work = __atomic_load_n(&cpu->work, __ATOMIC_ACQUIRE);
		if (!work) {
			irq_enable_and_halt();
			continue;
		}
		irq_enable();
		work(cpu->work_arg);
		__atomic_store_n(&cpu->work, NULL, __ATOMIC_RELEASE);
	}
}

bool smp_start(struct cpu *cpu)
{
	uint64_t start;

	memcpy((void *)TRAMPOLINE_BASE, trampoline_start,
	       (uint64_t)trampoline_end - (uint64_t)trampoline_start);
	*in_trampoline(trampoline_stack) = (uint64_t)(cpu->stack + STACK_SIZE);
	*in_trampoline(trampoline_cpu) = (uint64_t)cpu;
	cpu->work = NULL;
	__atomic_store_n(&cpu->online, false, __ATOMIC_RELEASE);
	apic_send(cpu->apic_id, ICR_INIT | ICR_ASSERT);
	delay_us(INIT_DELAY_US);
	apic_send(cpu->apic_id, ICR_STARTUP | ICR_ASSERT | TRAMPOLINE_BASE / PAGE_SIZE);
	delay_us(SIPI_DELAY_US);
	if (!__atomic_load_n(&cpu->online, __ATOMIC_ACQUIRE))
		apic_send(cpu->apic_id, ICR_STARTUP | ICR_ASSERT | TRAMPOLINE_BASE / PAGE_SIZE);
	start = rdtsc();
	while (!__atomic_load_n(&cpu->online, __ATOMIC_ACQUIRE)) {
		if (tsc_to_us(rdtsc() - start) > START_TIMEOUT_US)
			return false;
		cpu_relax();
	}
	return true;
}

void cpu_kick(const struct cpu *cpu)
{
	apic_send(cpu->apic_id, ICR_FIXED | ICR_ASSERT | VECTOR_KICK);
}

void smp_init(void)
{
	uint32_t self = apic_id();

	cpus[0].apic_id = self;
	cpus[0].online = true;
	for (unsigned int i = 0; i < acpi_nr_cpus; i++) {
		if (acpi_cpu_ids[i] == self)
			continue;
		if (nr_cpus == MAX_CPUS)
			panic("the MADT does not list APIC id %u, which this CPU has", self);
		cpus[nr_cpus].index = nr_cpus;
		cpus[nr_cpus].apic_id = acpi_cpu_ids[i];
		nr_cpus++;
	}
	if (nr_cpus != acpi_nr_cpus)
		panic("the MADT does not list APIC id %u, which this CPU has", self);
	for (unsigned int i = 1; i < nr_cpus; i++) {
		if (!smp_start(&cpus[i]))
			panic("CPU %u (APIC id %u) does not start", i, cpus[i].apic_id);
	}
}
