/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The last step (entry.S of the architecture): off the firmware's page tables, everything to its
 * place, and into the hypervisor. What it needs is in one page below 4 GiB, together with a copy of
 * its code.
 */
#ifndef EFI_LAUNCH_H
#define EFI_LAUNCH_H

/* Offsets in struct launch, for the assembler. */
#define LAUNCH_ENTRY 0
#define LAUNCH_HANDOVER 4
#define LAUNCH_NR_MOVES 8
#define LAUNCH_MOVES 12
#define LAUNCH_MOVE_SIZE 16

#ifndef __ASSEMBLER__
#include "core/types.h"
#include "elf.h"

/* Copies @size bytes, then writes @zeroes bytes of 0 behind them. */
struct launch_move {
	uint32_t source;
	uint32_t destination;
	uint32_t size;
	uint32_t zeroes;
};
static_assert(sizeof(struct launch_move) == LAUNCH_MOVE_SIZE, "entry.S");

struct launch {
	uint32_t entry;
	uint32_t handover;
	uint32_t nr_moves;
	struct launch_move moves[ELF_MAX_PARTS];
};
static_assert(offsetof(struct launch, entry) == LAUNCH_ENTRY, "entry.S");
static_assert(offsetof(struct launch, handover) == LAUNCH_HANDOVER, "entry.S");
static_assert(offsetof(struct launch, nr_moves) == LAUNCH_NR_MOVES, "entry.S");
static_assert(offsetof(struct launch, moves) == LAUNCH_MOVES, "entry.S");

/* The code, to be copied: it runs anywhere below 4 GiB. */
extern const uint8_t launch_start[], launch_end[];

/* How the copy is called. It does not return. */
typedef void (*launch_function)(const struct launch *launch);
#endif
#endif
