/* SPDX-License-Identifier: Apache-2.0 */
/* What the loader says: command line, memory map, ACPI tables or device tree (x86: PVH boot,
 * xen/include/public/arch-x86/hvm/start_info.h; LoongArch: as Linux is booted). */
#ifndef ISOLATION_BOOT_H
#define ISOLATION_BOOT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MAX_REGIONS 16

/* A run of the machine's own RAM; @end is exclusive. */
struct region {
	uint64_t start;
	uint64_t end;
};

/* RAM and ACPI memory of the memory map, widened to whole pages, sorted, merged. */
extern struct region own_memory[MAX_REGIONS];
extern unsigned int nr_own_memory;

/* Adds a run of whole pages, in order, and joins what touches. */
void own_memory_add(uint64_t start, uint64_t end);

/* RAM that the map calls usable, narrowed to whole pages, as listed. */
extern struct region usable_ram[MAX_REGIONS];
extern unsigned int nr_usable_ram;

/* First byte and end of the kernel's image. */
extern uint8_t image_start[], image_end[];

/* The command line, NUL-terminated. */
#define CMDLINE_SIZE 1024
extern char cmdline[CMDLINE_SIZE];

/*
 * Looks for the option "@key=value" on the command line. Returns its value (it ends at a space or
 * at the end of the line) and its length, or NULL.
 */
const char *cmdline_value(const char *key, size_t *length);

/* True when the comma-separated list that option @key has contains @word. */
bool cmdline_lists(const char *key, const char *word);

/* True when every byte of the page at @pa belongs to own_memory. @pa is page-aligned. */
bool page_is_own(uint64_t pa);

/* The program's own part, called on the first CPU when everything is set up and the other CPUs wait
 * for work. */
void kernel_main(void);

#endif
