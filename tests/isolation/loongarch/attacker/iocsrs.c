/* SPDX-License-Identifier: Apache-2.0 */
/* Every IOCSR, and everything that can be sent to other CPUs. */
#include "clock.h"
#include "console.h"
#include "lib.h"
#include "attacks.h"
#include "smp.h"

#define END 0x10000
#define IPI_FOREIGN 9 /* bits of the IPI status that nothing else uses */
#define MAIL_BOX 3
#define MAIL 0x4154544143480000ull
#define OWN_IPI 10
#define SETTLE_US 20000
#define PATIENCE_US 10000000 /* the computer may be busy */

/* What a cell has of its own: identity, interrupts, EIOINTC. */
static bool is_own(uint32_t number)
{
	return (number >= 0x8 && number < 0x28) || (number >= 0x420 && number < 0x428) ||
	       (number >= 0x1000 && number < 0x1050) || (number >= 0x1158 && number < 0x1160) ||
	       (number >= 0x1400 && number < 0x1d00);
}

static uint8_t read8(uint32_t number)
{
	uint32_t value;

	__asm__ volatile("iocsrrd.b %0, %1" : "=r"(value) : "r"(number) : "memory");
	return (uint8_t)value;
}

static uint16_t read16(uint32_t number)
{
	uint32_t value;

	__asm__ volatile("iocsrrd.h %0, %1" : "=r"(value) : "r"(number) : "memory");
	return (uint16_t)value;
}

static void write16(uint32_t number, uint16_t value)
{
	__asm__ volatile("iocsrwr.h %0, %1" : : "r"(value), "r"(number) : "memory");
}

/* By all instructions that reach four bytes, the last ones first. */
static void try_number(struct attack *attack, uint32_t number)
{
	uint64_t first = iocsr_read32(number), second;

	if (number % 8 == 0)
		first |= iocsr_read64(number);
	for (uint32_t byte = 4; byte-- > 0;) {
		first |= read8(number + byte);
		iocsr_write8(number + byte, 0xff);
		if (byte % 2)
			continue;
		first |= read16(number + byte);
		write16(number + byte, UINT16_MAX);
	}
	iocsr_write32(number, UINT32_MAX);
	if (number % 8 == 0)
		iocsr_write64(number, UINT64_MAX);
	second = iocsr_read32(number);
	attack_count(attack, first || second);
	if (first || second)
		attack_note(attack, "LEAK IOCSR %x: %lx, after a write %lx", number, first, second);
}

void attack_iocsrs(void)
{
	/* Legacy addresses of the same registers, other nodes, and ends of what there can be. */
	static const uint32_t far[] = { 0x10000,    0x1fe00000, 0x1fe01000, 0x1fe01100,
					0x1fe01400, 0x1fe10000, 0x40000000, 0x40000004,
					0x7ffffff8, 0x80000000, 0xfffffff8 };
	struct attack attack;

	attack_begin(&attack, "iocsrs");
	for (uint32_t number = 0; number < END; number += 4)
		if (!is_own(number))
			try_number(&attack, number);
	for (unsigned int i = 0; i < ARRAY_SIZE(far); i++)
		try_number(&attack, far[i]);
	/* The own ones in every width, with what may do harm elsewhere but must not: sends apart.
	 */
	for (uint32_t number = 0x1400; number < 0x1d00; number += 8) {
		attack.tried++;
		iocsr_write64(number, UINT64_MAX);
		(void)iocsr_read64(number);
		iocsr_write32(number, 0);
		iocsr_write8(number + 3, 0x5a);
		iocsr_write64(number, 0);
	}
	attack_end(&attack);
}

/* ---- Sends ---- */

static void send_all_kinds(unsigned int id)
{
	static const uint32_t numbers[] = { 0x420,  0x1000, 0x1004, 0x1008, 0x1020, 0x1038,
					    0x1040, 0x1048, 0x1158, 0x14a0, 0x14c0, 0x1600,
					    0x1680, 0x1800, 0x1c00, 0x1c40 };
	uint64_t to = IOCSR_SEND_BLOCKING | (uint64_t)id << IOCSR_SEND_CPU_SHIFT;

	ipi_send(id, IPI_FOREIGN);
	ipi_send(id, IPI_START);
	for (unsigned int box = 0; box < 4; box++)
		mail_send(id, box, MAIL + box);
	for (unsigned int i = 0; i < ARRAY_SIZE(numbers); i++)
		iocsr_write64(IOCSR_ANY_SEND, UINT64_C(0xa5a5a5a5) << 32 | to | numbers[i]);
	iocsr_write64(IOCSR_ANY_SEND, UINT64_C(0xa5a5a5a5) << 32 | to | UINT64_C(5) << 27 | 0x1c40);
}

static uint64_t own_ipis(unsigned int id)
{
	return __atomic_load_n(&cpus[id].ipis[OWN_IPI], __ATOMIC_RELAXED);
}

/* Those to CPUs of the own cell arrive there. */
static void attack_own(struct attack *attack)
{
	for (unsigned int id = 0; id < nr_cpus; id++) {
		uint64_t before = own_ipis(id), start = rdtsc();

		ipi_send(id, OWN_IPI);
		while (own_ipis(id) == before && tsc_to_us(rdtsc() - start) < PATIENCE_US)
			cpu_relax();
		delay_us(SETTLE_US); /* one alone */
		attack_count(attack, own_ipis(id) != before + 1);
	}
	mail_send(0, MAIL_BOX, MAIL);
	attack_count(attack, iocsr_read64(IOCSR_MAILBOX0 + 8 * MAIL_BOX) != MAIL);
	if (attack->leaked)
		attack_note(attack, "LEAK a send to an own CPU did not arrive as it should");
}

void attack_ipis(void)
{
	struct attack attack;
	uint64_t arrived = 0;

	attack_begin(&attack, "ipis");
	attack_own(&attack);
	for (unsigned int id = nr_cpus; id <= IOCSR_SEND_CPU_MASK; id++) {
		attack.tried++;
		attack.denied++;
		send_all_kinds(id);
	}
	/* Numbers that do not fit are cut, or taken for one of the cell's: never for a neighbour's.
	 */
	iocsr_write32(IOCSR_IPI_SEND, UINT32_MAX & ~31u);
	for (unsigned int id = 0; id < nr_cpus; id++)
		arrived += __atomic_load_n(&cpus[id].ipis[IPI_FOREIGN], __ATOMIC_RELAXED);
	attack_count(&attack, arrived != 0);
	if (arrived)
		attack_note(&attack, "LEAK %lu sends to foreign CPUs arrived here", arrived);
	attack_end(&attack);
}
