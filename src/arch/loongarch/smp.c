/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Starting the other CPUs. Firmware leaves them in a loop that waits for an interprocessor
 * interrupt and then jumps to the physical address in mailbox 0 (Linux,
 * arch/loongarch/kernel/smp.c).
 */
#include "boot.h"
#include "core/arch.h"
#include "core/log.h"
#include "core/partition.h"
#include "cpu.h"
#include "loongarch.h"

#define ANSWER_NS (NSEC_PER_SEC / 20)
#define ANSWER_TRIES 100
#define WAKE_UP 0u /* the interrupt's number */

extern const char entry_secondary[];

/* Read by entry.S: the block of the CPU that starts at the moment. */
extern struct cpu *smp_starting;
struct cpu *smp_starting;

static uint32_t arrived; /* CPUs that run on their own stacks */

void smp_main(void)
{
	cpu_main();
}

void smp_arrived(void)
{
	__atomic_fetch_add(&arrived, 1, __ATOMIC_RELEASE);
}

static void send_word(uint32_t hwid, unsigned int word, uint32_t value)
{
	iocsr_write64(IOCSR_MAIL_SEND, (uint64_t)value << 32 | IOCSR_SEND_BLOCKING |
					       hwid << IOCSR_SEND_CPU_SHIFT |
					       word << IOCSR_MAIL_BOX_SHIFT);
}

static void wake(uint32_t hwid)
{
	uint64_t entry = (uint64_t)entry_secondary;

	send_word(hwid, 1, (uint32_t)(entry >> 32));
	send_word(hwid, 0, (uint32_t)entry);
	barrier_data();
	iocsr_write32(IOCSR_IPI_SEND, IOCSR_SEND_BLOCKING | hwid << IOCSR_SEND_CPU_SHIFT | WAKE_UP);
}

static bool answers(unsigned int index, uint64_t deadline)
{
	while (arch_now() < deadline)
		if (__atomic_load_n(&arrived, __ATOMIC_ACQUIRE) == index)
			return true;
	return false;
}

/* Firmware's loop begins by clearing the mailbox, and may begin late: it is told again then. */
static int start_one(unsigned int index)
{
	uint32_t hwid = partition_table.board.cpus[index];

	smp_starting = cpu_blocks[index];
	barrier_data();
	for (unsigned int i = 0; i < ANSWER_TRIES; i++) {
		wake(hwid);
		if (answers(index, arch_now() + ANSWER_NS))
			return 0;
	}
	log_printf("CPU %u (id %u) does not answer its wake-up\n", index, hwid);
	return -ENODEV;
}

int smp_start(void)
{
	int err = 0;

	for (unsigned int i = 1; !err && i < partition_table.board.nr_cpus; i++)
		err = start_one(i);
	return err;
}
