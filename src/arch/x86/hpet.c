/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The HPET (IA-PC HPET Specification 1.0a). Each cell whose virtual devices keep time owns one
 * comparator; it interrupts the CPU of the cell's first vCPU by NMI, so that the guest's own APIC
 * timer stays its own.
 */
#include "timing.h"
#include "apic.h"
#include "core/partition.h"
#include "core/arch.h"
#include "ioapic.h"
#include "x86.h"

#define HPET_CAPABILITIES 0x000
#define HPET_CONFIGURATION 0x010
#define HPET_COUNTER 0x0f0
#define HPET_TIMER_CONFIG(n) (0x100 + 0x20 * (uint64_t)(n))
#define HPET_TIMER_COMPARATOR(n) (0x108 + 0x20 * (uint64_t)(n))

#define HPET_ENABLE BIT(0)
#define HPET_TIMER_INTERRUPT BIT(2)
#define HPET_TIMER_ROUTE_SHIFT 9

#define FS_PER_NS 1000000ull
#define MIN_TICKS 64 /* nearer deadlines count as missed */

static uint64_t period; /* femtoseconds, as the HPET says */

static uint64_t base(void)
{
	return partition_table.board.arch.hpet;
}

uint64_t hpet_counter(void)
{
	return mmio_read64(base() + HPET_COUNTER);
}

uint64_t hpet_period(void)
{
	return period;
}

static void set_comparator(uint32_t index, uint64_t config, uint64_t value)
{
	uint64_t route = (uint64_t)(partition_table.board.arch.hpet_first_pin + index)
			 << HPET_TIMER_ROUTE_SHIFT;

	mmio_write64(base() + HPET_TIMER_CONFIG(index), route | config);
	if (config)
		mmio_write64(base() + HPET_TIMER_COMPARATOR(index), value);
}

bool hpet_arm(uint32_t index, uint64_t deadline)
{
	uint64_t now = arch_now(), target;

	if (period == 0)
		return true;
	if (deadline == TIMER_OFF) {
		set_comparator(index, 0, 0);
		return true;
	}
	if (deadline <= now)
		return false;
	if (deadline - now > NSEC_PER_SEC) /* wakes up early, then arms again: no overflow below */
		deadline = now + NSEC_PER_SEC;
	target = hpet_counter() + (deadline - now) * FS_PER_NS / period + 1;
	set_comparator(index, HPET_TIMER_INTERRUPT, target);
	return (int64_t)(target - hpet_counter()) > MIN_TICKS;
}

void hpet_start(void)
{
	if (!base())
		return;
	/* The counter runs from here on; a stopped one measures nothing. */
	mmio_write64(base() + HPET_CONFIGURATION, HPET_ENABLE);
	period = mmio_read64(base() + HPET_CAPABILITIES) >> 32;
}

void hpet_init(void)
{
	const struct partition_table *table = &partition_table;

	if (!period)
		return;
	for (uint32_t i = 0; i < table->board.arch.hpet_comparators; i++)
		set_comparator(i, 0, 0);
	for (unsigned int c = 0; c < table->nr_cells; c++) {
		const struct cell_config *cell = &table->cells[c];
		const struct ioapic_route route = { .delivery = DELIVERY_NMI,
						    .destination = cell->cpus[0] };

		if (cell->arch.comparator != X86_NO_COMPARATOR)
			ioapic_set_route(table->board.arch.hpet_first_pin + cell->arch.comparator,
					 &route);
	}
}
