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

/* Fills @list with the numbers of option @key ("target=fee00000,a0000", hexadecimal); returns how
 * many. */
unsigned int option_numbers(const char *key, uint64_t *list, unsigned int max);

/* One value of width @size (1, 2, 4, 8 bytes) with all bits set. */
static inline uint64_t all_ones(unsigned int size)
{
	return UINT64_MAX >> (64 - 8 * size);
}

/* What attacker/main.c runs, by the architecture: a test without an argument, or with the text or
 * the number (hexadecimal, 0 if there is none) behind "=". */
struct attack_test {
	const char *name;
	void (*run)(void);
	void (*run_with)(const char *arg, size_t length);
	void (*run_at)(uint64_t number);
};

extern const struct attack_test attack_tests[];
extern const unsigned int nr_attack_tests;

/* The names of those that run when tests= does not say. */
extern const char default_tests[];

/* Called before the first; says what there is to say of the machine. */
void attacks_init(void);

#endif
