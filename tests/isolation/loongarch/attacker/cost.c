/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What exits cost: time by the stable counter from before an instruction that exits to after it.
 * On an emulator that makes an instruction take a nanosecond (QEMU: -icount shift=0) this is their
 * number.
 */
#include "clock.h"
#include "console.h"
#include "lib.h"
#include "attacks.h"
#include "trap.h"
#include "uart.h"

#define ROUNDS 10000u /* the counter is slower than instructions */
#define NS_PER_SECOND UINT64_C(1000000000)

static void nothing(void)
{
	__asm__ volatile("" : : : "memory");
}

static void do_hypercall(void)
{
	__asm__ volatile(".word 0x002b8000" : : : "memory", "a0"); /* hvcl 0 */
}

static void do_cpucfg(void)
{
	uint32_t value;

	__asm__ volatile("cpucfg %0, %1" : "=r"(value) : "r"(2));
}

static void do_csr(void)
{
	(void)csr_read(CSR_IMPCTL1);
}

static void do_iocsr(void)
{
	(void)iocsr_read64(IOCSR_MISC_FUNC);
}

static void do_ipi_block(void)
{
	(void)iocsr_read32(IOCSR_IPI_ENABLE);
}

static void do_mmio(void)
{
	(void)uart_read(UART_SCRATCH);
}

static uint64_t ticks(void (*fn)(void))
{
	uint64_t start = rdtsc();

	for (unsigned int i = 0; i < ROUNDS; i++)
		fn();
	return rdtsc() - start;
}

void attack_loong_cost(void)
{
	static const struct {
		const char *name;
		void (*fn)(void);
	} exits[] = {
		{ "hypercall", do_hypercall }, { "CPUCFG", do_cpucfg },       { "CSR", do_csr },
		{ "IOCSR", do_iocsr },         { "IPI-block", do_ipi_block }, { "MMIO", do_mmio },
	};
	uint64_t state = irq_save();
	uint64_t empty = ticks(nothing);

	for (unsigned int i = 0; i < ARRAY_SIZE(exits); i++)
		print("cost %s %lu\n", exits[i].name,
		      (ticks(exits[i].fn) - empty) * (NS_PER_SECOND / tsc_hz) / ROUNDS);
	irq_restore(state);
}
