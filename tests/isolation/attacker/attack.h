/* SPDX-License-Identifier: Apache-2.0 */
/* The attacker's tests, and how they report. */
#ifndef ATTACK_H
#define ATTACK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * One test. Every attempt counts once as tried and at most once as denied or leaked; an attempt
 * that is neither was answered in a way that does no harm (its own CPU got its own interrupt, a
 * readable MSR was read).
 */
struct attack {
	const char *name;
	uint64_t tried;
	uint64_t denied;
	uint64_t leaked;
	unsigned int lines;
};

/* A list of address or number ranges; neighbours are joined, so that a result stays short. */
#define MAX_RANGES 64
struct ranges {
	uint64_t first[MAX_RANGES];
	uint64_t last[MAX_RANGES]; /* inclusive */
	unsigned int count;
	uint64_t dropped; /* did not fit */
};

void attack_begin(struct attack *attack, const char *name);

/* A result line, indented; beyond 18 lines a test is silent. Without \n. */
void attack_note(struct attack *attack, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Counts one attempt. */
void attack_count(struct attack *attack, bool leaked);

/* Counts one attempt that must end in exception @should; @vector is what probe_run() returned.
 * Notes a leak. */
void attack_must_raise(struct attack *attack, const char *what, int vector, int should);

/* Adds a range; it is joined with the last one added when it touches or overlaps its end. */
void ranges_add(struct ranges *ranges, uint64_t first, uint64_t last);

/* Notes "@what: a-b c d-e ..." in at most 2 lines; nothing when the list is empty. */
void ranges_note(struct attack *attack, const char *what, const struct ranges *ranges);

void attack_end(const struct attack *attack);

/* True when the part @word of a test was not excluded by skip=<word>,... on the command line. */
bool wanted(const char *word);

/* True in a cell of the hypervisor (or by cell=1), false on a bare machine, where some attempts
 * would only end the test. */
extern bool in_cell;

/* Fills @list with the numbers of option @key ("target=fee00000,a0000", hexadecimal); returns how
 * many. */
unsigned int option_numbers(const char *key, uint64_t *list, unsigned int max);

/* One value of width @size (1, 2, 4, 8 bytes) with all bits set. */
static inline uint64_t all_ones(unsigned int size)
{
	return UINT64_MAX >> (64 - 8 * size);
}

/* ---- The tests: each prints its own begin and end ---- */
void attack_memory(void); /* memory.c */
void attack_ports(void);  /* ports.c */
void attack_msrs(void);	  /* msrs.c */
void attack_x2apic(void); /* x2apic.c */
void attack_icr(void);	  /* icr.c */
void attack_storm(void);  /* storm.c */
void attack_svm(void);	  /* svm.c */
void attack_insns(void);  /* insns.c */

/* Not an attack: prints what exits cost, in ticks of the TSC (cost.c). */
void attack_cost(void);

/* Those that only run when asked for by name, because they may end the cell; @arg is the text
 * behind "=". */
void attack_fetch(const char *arg, size_t length);
void attack_badcr3(const char *arg, size_t length);
void attack_reservedcr(const char *arg, size_t length); /* insns_extra.c */
void attack_crash(const char *arg, size_t length);
void attack_stray(const char *arg, size_t length); /* storm.c */
void attack_badport(const char *arg, size_t length);
void attack_badmem(const char *arg, size_t length);
void attack_badicr(const char *arg, size_t length);

/* ---- memory_extra.c: more ways to reach a page than a plain MOV; memory.c calls them ---- */
struct page_attack {
	struct attack *attack;
	uint64_t pa; /* page-aligned, not the attacker's own */
};
void attack_by_strings(const struct page_attack *page);
void attack_by_locked(const struct page_attack *page);
void attack_by_walk(const struct page_attack *page);

/* Notes what the three above found since the last call. */
void note_page_leaks(struct attack *attack);

/* The places worth every kind of attempt: target= and some fixed ones, in ascending order. Returns
 * how many. */
#define MAX_HOT 40
unsigned int hot_pages(uint64_t *list, unsigned int max);

/* True when the page is neither own RAM nor the own virtual I/O APIC. */
bool page_is_foreign(uint64_t pa);

/* Below 1 MiB: the cell's read-only memory with its ACPI tables. May be read, must not change. */
bool page_is_rom(uint64_t pa);

/* ---- ports_extra.c: string I/O; ports.c calls it ---- */
void attack_string_io(struct attack *attack);
bool port_is_own(uint32_t port);		       /* ports.c */
bool port_may_write(uint32_t port, unsigned int size); /* ports.c */
bool port_can_tell(uint32_t port, unsigned int size);  /* ports.c */

#endif
