/* SPDX-License-Identifier: Apache-2.0 */
/* The LoongArch part of the partition table (see core/partition.h). */
#ifndef ARCH_PARTITION_H
#define ARCH_PARTITION_H

#include "core/types.h"

/* Page counts of the pool that do not depend on the cells' memory; scripts/genconfig reads them.
 * Per CPU: stack and per-CPU data. Per cell: the console's rings. Fixed: the table of invalid
 * second-stage entries. */
#define ARCH_POOL_PAGES_PER_CPU 8
#define ARCH_POOL_PAGES_PER_CELL 4
#define ARCH_POOL_PAGES_FIXED 16

/* Where an interrupt line of the board ends. */
enum loongarch_controller {
	LOONGARCH_PCH_PIC, /* of the 7A bridge (or QEMU), behind the extended I/O interrupts */
	LOONGARCH_LIOINTC, /* the processor's legacy I/O interrupt controller */
};

struct loongarch_line {
	enum loongarch_controller controller;
	uint8_t input;
	bool edge; /* edge-triggered; otherwise a level, active high */
};

/* A physical line of a passthrough device of the cell; the guest sees it at input @guest_input of
 * its virtual PCH-PIC. */
struct loongarch_irq {
	struct loongarch_line line;
	uint8_t guest_input;
	const char *source;
};

/* Registers of a passthrough device that do not fill a page and so cannot be mapped (same address
 * for guest and machine): the hypervisor carries out each access. */
struct loongarch_window {
	uint64_t base;
	uint64_t size;
	const char *source;
};

/* A size in 32 bits and 32 bytes: see seed.c. */
#define LOONGARCH_SEED_SIZE 36

struct arch_cell_config {
	uint64_t entry; /* guest-physical address of the first instruction */
	/* $a0 to $a2 there (Linux, Documentation/arch/loongarch/booting.rst): EFI boot or not, then
	 * the guest-physical addresses of the command line and of the EFI system table. */
	uint64_t arguments[3];
	uint64_t seed; /* guest-physical address of the table for LOONGARCH_SEED_SIZE bytes */
	const struct loongarch_irq *irqs;
	unsigned int nr_irqs;
	const struct loongarch_window *windows;
	unsigned int nr_windows;
};

/* A 16550-compatible UART that the hypervisor uses itself, registers one byte apart. */
struct loongarch_uart {
	uint64_t base; /* physical address */
	struct loongarch_line line;
	uint32_t clock; /* input clock in Hz */
	uint32_t baud;
};

/* The register that switches the machine off (syscon-poweroff). */
struct loongarch_power_off {
	uint64_t address; /* physical, 0 if there is none */
	uint32_t value;
	uint32_t mask; /* of the bits that @value replaces */
	uint8_t width; /* of the register: 1, 2 or 4 bytes */
};

struct arch_board {
	struct loongarch_uart console;
	uint64_t pch_pic; /* physical address of the PCH-PIC's registers, 0 if none */
	unsigned int nr_pch_inputs;
	uint64_t liointc; /* physical address of the LIOINTC's registers, 0 if none */
	uint64_t rtc;     /* physical address of the LS7A RTC's registers, 0 if none */
	struct loongarch_power_off power_off;
};

#endif
