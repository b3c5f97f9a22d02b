/* SPDX-License-Identifier: Apache-2.0 */
/* The attacks of the LoongArch attacker, beside what attack.h has for both architectures. */
#ifndef ATTACKS_H
#define ATTACKS_H

#include "attack.h"

/* ---- The tests: each prints its own begin and end ---- */
void attack_loong_memory(void); /* memory.c */
void attack_iocsrs(void);       /* iocsrs.c */
void attack_ipis(void);         /* iocsrs.c */
void attack_routes(void);       /* routes.c */
void attack_csrs(void);         /* csrs.c */
void attack_loong_insns(void);  /* insns.c */
void attack_user(void);         /* insns.c */
void attack_loong_storm(void);  /* storm.c */
void attack_loong_cost(void);   /* cost.c */

/* Those that end the cell; @arg is a number. */
void end_by_fetch(uint64_t address);
void end_by_read(uint64_t address);
void end_by_write(uint64_t address);
void end_by_ll(uint64_t address);
void end_by_walk(uint64_t address);
void end_by_ipi(uint64_t id);
void end_by_crash(uint64_t address);
void end_by_stray(uint64_t unused); /* stray.c; the cell is reset */

/*
 * Runs one instruction, with $a0, $a1 and $a2 as in @io, which gets them back. Returns what
 * probe_run() does. For the calling CPU alone.
 */
struct insn_io {
	uint64_t a0, a1, a2;
};
int insn_run(uint32_t word, struct insn_io *io);
int insn_run_user(uint32_t word, struct insn_io *io);

/* The numbers of these registers in instructions. */
#define A0 4u
#define A1 5u
#define A2 6u

/* True when [@pa, @pa + @size) touches neither own RAM nor a virtual device of the cell. */
bool is_foreign(uint64_t pa, unsigned int size);

/* Places worth every kind of attempt: target= and some fixed ones; returns how many. */
#define MAX_TARGETS 32
unsigned int targets(uint64_t *list);

#endif
