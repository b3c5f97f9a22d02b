/* SPDX-License-Identifier: Apache-2.0 */
#include "smp.h"
#include "apic.h"
#include "boot.h"
#include "core/arch.h"
#include "core/log.h"
#include "core/partition.h"
#include "core/string.h"
#include "mtrr.h"
#include "timing.h"
#include "x86.h"

#define INIT_DELAY_NS 10000000ull
#define SIPI_DELAY_NS 200000ull
#define ANSWER_TIMEOUT_NS (2 * NSEC_PER_SEC)

extern const uint8_t trampoline_start[], trampoline_end[];
extern uint8_t boot_stack_top[];

/* Read by entry.S: the stack of the CPU that starts at the moment. */
extern uint32_t ap_boot_stack;
uint32_t ap_boot_stack;

static uint32_t
	started; /* index of the CPU that starts, set by itself when it left the boot stack */
void smp_ap_main(void);

void smp_ap_main(void)
{
	mtrr_init_ap();
	boot_ap((unsigned int)__atomic_load_n(&started, __ATOMIC_ACQUIRE));
}

void smp_ap_arrived(void)
{
	__atomic_fetch_add(&started, 1, __ATOMIC_RELEASE);
}

static int start_one(unsigned int index)
{
	uint32_t id = partition_table.board.cpus[index];
	uint64_t deadline;

	apic_send(id, DELIVERY_INIT << 8 | ICR_ASSERT);
	timing_delay(INIT_DELAY_NS);
	for (int attempt = 0; attempt < 2; attempt++) {
		apic_send(id, DELIVERY_SIPI << 8 | ICR_ASSERT | SMP_TRAMPOLINE >> PAGE_SHIFT);
		timing_delay(SIPI_DELAY_NS);
		if (__atomic_load_n(&started, __ATOMIC_ACQUIRE) != index)
			return 0;
	}
	deadline = arch_now() + ANSWER_TIMEOUT_NS;
	while (arch_now() < deadline)
		if (__atomic_load_n(&started, __ATOMIC_ACQUIRE) != index)
			return 0;
	log_printf("CPU %u (APIC id %u) does not answer INIT and SIPI\n", index, id);
	return -ENODEV;
}

void smp_prepare(void)
{
	memcpy((void *)(uint64_t)SMP_TRAMPOLINE, trampoline_start,
	       (size_t)(trampoline_end - trampoline_start));
	ap_boot_stack = (uint32_t)(uint64_t)boot_stack_top;
}

int smp_start(void)
{
	int err = 0;

	for (started = 1; !err && started < partition_table.board.nr_cpus;)
		err = start_one(started);
	return err;
}
