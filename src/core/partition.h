/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The partition table: what scripts/gen_config.py writes and the hypervisor reads.
 *
 * Everything here is const and known before the first instruction runs. All addresses and sizes are
 * in bytes; all arrays are sorted by address. "source" strings are "file:line" of the DTS, for
 * messages.
 */
#ifndef CORE_PARTITION_H
#define CORE_PARTITION_H

#include "core/types.h"
#include "core/device.h"
#include "core/sha256.h"
#include "arch_partition.h" /* struct arch_board, struct arch_cell_config, struct arch_pool sizes */

/* Rights of a region of a cell's guest-physical memory. */
#define REGION_READ BIT(0)
#define REGION_WRITE BIT(1)
#define REGION_EXECUTE BIT(2)
#define REGION_DEVICE BIT(3) /* registers of a passthrough device: uncached, never executable */
#define REGION_RAM BIT(4)    /* cleared before a restart */

/* A run of guest-physical memory backed by host-physical memory. 4 KiB aligned, no overlaps. */
struct mem_region {
	uint64_t gpa;
	uint64_t hpa;
	uint64_t size;
	uint32_t flags; /* REGION_* */
	const char *source;
};

/* Bytes that are copied into the cell's memory before each start; without .data, zeroes. */
struct segment {
	uint64_t gpa;
	uint64_t size;
	const uint8_t *data; /* pristine copy inside the hypervisor's memory, or NULL */
	const char *what;    /* "kernel", "initrd", "acpi", "boot parameters", ... */
};

/* An image that the boot loader brings. It is copied to @data and checked before any cell starts.
 */
struct module {
	const char *name;
	uint8_t *data; /* its place in the hypervisor's memory */
	uint64_t size;
	uint8_t sha256[SHA256_SIZE];
	bool *checked; /* state: @data holds what the hash is of */
};

/* That a cell needs a module. */
struct cell_module {
	const struct module *module;
	const char *what; /* "kernel" or "initrd" */
	const char *source;
};

/* What becomes of a cell after a fault (triple fault, failed entry, access outside what it owns).
 */
enum fault_action {
	FAULT_STOP,    /* report, park its CPUs */
	FAULT_RESTART, /* report, reload its images, start again */
};

/* What an access to something that the cell does not own does. */
enum violation_action {
	VIOLATION_FAULT,  /* a cell fault */
	VIOLATION_REPORT, /* counted and logged, then treated as on a machine without the device */
};

struct cell_config {
	const char *name;
	const char *source;
	const uint32_t *cpus; /* hardware CPU ids (x86: APIC ids), index = vCPU number */
	unsigned int nr_cpus;
	const struct mem_region *regions;
	unsigned int nr_regions;
	const struct segment *segments;
	unsigned int nr_segments;
	const struct cell_module *modules; /* those that segments are parts of */
	unsigned int nr_modules;
	const struct device *devices;
	unsigned int nr_devices;
	enum fault_action on_fault;
	enum violation_action on_violation;
	uint64_t *timers; /* nr_timers deadlines, state of the cell's device timers */
	unsigned int nr_timers;
	struct arch_cell_config arch;
};

struct board_config {
	const char *model; /* the board node's "model" */
	const char *source;
	const uint32_t *cpus; /* hardware CPU ids of the whole board; [0] is the boot CPU */
	unsigned int nr_cpus;
	const struct mem_region *memory; /* its RAM (gpa = hpa) */
	unsigned int nr_memory;
	struct arch_board arch;
};

struct hypervisor_config {
	uint64_t base; /* host-physical range of the hypervisor, images included */
	uint64_t size;
	uint8_t console_escape; /* the character that starts a console command, e.g. 0x1d for Ctrl-]
				 */
};

struct partition_table {
	const char *name;   /* base name of the DTS, "qemu-x86-duo" */
	const char *source; /* the DTS file */
	struct hypervisor_config hypervisor;
	struct board_config board;
	const struct cell_config *cells;
	unsigned int nr_cells;
	const struct module *modules;
	unsigned int nr_modules;
};

/* The table of this image. */
extern const struct partition_table partition_table;

/* Pages for page tables and per-CPU areas; the generator computed how many are needed. */
extern uint8_t page_pool[];
extern const uint64_t page_pool_size; /* bytes */

#endif
