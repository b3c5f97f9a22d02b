/* SPDX-License-Identifier: Apache-2.0 */
/* The x86 part of the partition table (see core/partition.h). */
#ifndef ARCH_PARTITION_H
#define ARCH_PARTITION_H

#include "core/types.h"

/* Page counts of the pool that do not depend on the cells' memory; scripts/genconfig reads them.
 * Per CPU: stacks, per-CPU data, private page tables, vendor control blocks. Per cell: I/O and MSR
 * permission bitmaps, the console's rings. Fixed: the hypervisor's own page tables. */
#define ARCH_POOL_PAGES_PER_CPU 64
#define ARCH_POOL_PAGES_PER_CELL 8
#define ARCH_POOL_PAGES_FIXED 64

/* How the first vCPU of a cell starts. */
enum x86_entry_mode {
	X86_ENTRY_LINUX64, /* Linux 64-bit boot protocol: long mode, CR3 = page_table, RSI =
			      argument */
	X86_ENTRY_PVH,     /* Xen PVH: 32-bit protected mode without paging, EBX = argument */
};

struct x86_port_range {
	uint16_t first;
	uint16_t last; /* inclusive */
	const char *source;
};

/* A physical I/O APIC pin that a passthrough device of the cell uses; the guest sees it at the same
 * number. */
struct x86_irq_pin {
	uint8_t pin;
	bool level;
	const char *source;
};

/* "no event timer": see struct arch_cell_config */
#define X86_NO_COMPARATOR UINT32_MAX

struct arch_cell_config {
	enum x86_entry_mode entry_mode;
	uint64_t entry;      /* guest-physical address of the first instruction */
	uint64_t argument;   /* guest-physical address of boot_params or hvm_start_info */
	uint64_t page_table; /* X86_ENTRY_LINUX64: guest-physical address of the PML4 */
	uint64_t gdt; /* X86_ENTRY_LINUX64: guest-physical address of the GDT, 4 descriptors */
	const struct x86_port_range *ports; /* passthrough I/O ports */
	unsigned int nr_ports;
	const struct x86_irq_pin *pins;
	unsigned int nr_pins;
	uint32_t comparator; /* HPET comparator that times the cell's virtual devices, or
				X86_NO_COMPARATOR */
};

/* A 16550-compatible UART that the hypervisor uses itself. */
struct x86_uart {
	uint16_t port;
	uint8_t pin;    /* I/O APIC pin of its interrupt */
	uint32_t clock; /* input clock in Hz, usually 1843200 */
	uint32_t baud;
};

struct arch_board {
	struct x86_uart console;
	uint64_t ioapic;      /* physical address of the I/O APIC's registers */
	unsigned int nr_pins; /* its redirection entries */
	uint64_t hpet;        /* physical address of the HPET's registers, 0 if none */
	unsigned int hpet_comparators;
	unsigned int hpet_first_pin; /* I/O APIC pin of comparator 0; comparator n uses first + n */
	uint16_t pm1a_cnt;           /* port of PM1a_CNT that powers the machine off, 0 if none */
	uint8_t s5_type;             /* SLP_TYP of S5 */
	bool invariant_tsc; /* the board promises a TSC that runs alike on all CPUs in all states */
};

#endif
