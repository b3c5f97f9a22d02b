/* SPDX-License-Identifier: Apache-2.0 */
/* The steps of the boot order; boot.c puts them in a row. */
#ifndef LOONGARCH_BOOT_H
#define LOONGARCH_BOOT_H

#include "boot_info.h"
#include "core/types.h"

struct cpu;

/* Entry from entry.S: the registers that the loader set, see boot_info_read(). */
void boot_main(uint64_t kind, uint64_t handover, uint64_t system_table)
	__attribute__((noreturn));

/* Blocks of the board's CPUs, indexed like board.cpus; filled before the other CPUs start. */
extern struct cpu *cpu_blocks[];

/* The rest of a CPU's life, on its own stack. */
void cpu_main(void) __attribute__((noreturn));

/* Stops this CPU for good, and says why. */
void refuse(const char *what) __attribute__((noreturn));

/* Starts the other CPUs one by one; 0, or -ENODEV when one does not answer. */
int smp_start(void);
void smp_main(void) __attribute__((noreturn));
/* Called by a CPU that smp_start() waits for. */
void smp_arrived(void);

/* The stable counter's frequency and the date; before arch_now(). */
void timing_init(void);
uint32_t timing_khz(void);
/* Stable counter ticks that @ns are. */
uint64_t timing_ticks(uint64_t ns);

void uart_init(void);

/*
 * Compares the machine with the board of the partition table: what the processor must have, CPUs,
 * the RAM that is used, and devices. Adds the device tree's RAM to @info if the loader has told
 * none, and its initrd. Logs every difference. Returns 0 or -ENODEV.
 */
int board_check(struct boot_info *info);

#endif
