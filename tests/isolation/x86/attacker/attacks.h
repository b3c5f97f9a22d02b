/* SPDX-License-Identifier: Apache-2.0 */
/* The attacks of the x86 attacker, beside what attack.h has for both architectures. */
#ifndef ATTACKS_H
#define ATTACKS_H

#include "attack.h"

/* True in a cell of the hypervisor (or by cell=1), false on a bare machine, where some attempts
 * would only end the test. */
extern bool in_cell;

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
