/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the checks share: TAP, the second stage's tables, a guest and running it.
 */

#ifndef HARNESS_H
#define HARNESS_H

#include "csr.h"
#include "vcpu.h"

#define GID_A 1
#define GID_B 2
#define PAGE 4096UL

/* Reports check "name". */
void check(const char *name, int passed);
void check_equal(const char *name, unsigned long seen, unsigned long expected);
void check_skip(const char *name, const char *why);
void note(const char *text, unsigned long value);

/* The physical address of what the program has at its own address. */
static inline unsigned long physical(const volatile void *pointer)
{
	return (unsigned long)pointer & 0x0000ffffffffffffUL;
}

/* Page tables, of the host, of two guests' second stages, and of a guest itself */
struct space {
	unsigned long root;
};
extern struct space host_space, stage2_a, stage2_b, guest_space;

/* Maps the page at address; huge pages are of 2 MiB. flags of 0 make it invalid. */
void map(struct space *space, unsigned long address, unsigned long to, unsigned long flags);
void map_huge(struct space *space, unsigned long address, unsigned long to, unsigned long flags);

/* A page of memory nobody else uses */
unsigned long *new_page(void);

/* The guest: its registers, and what became of it */
extern struct vcpu vcpu;
/* How many ticks of the stable counter it may run before the host's timer ends it */
extern unsigned long patience;

/* Everything of the guest as at its reset: direct address mode, PLV 0, nothing enabled. */
void reset_guest(void);

/* Runs it at code until it is left; returns Ecode. A guest that hangs is left by an interrupt. */
unsigned int run(const void *code);
/* The same without setting the PC */
unsigned int resume(void);
/* Which GID and second stage the next runs are with */
void use_guest(unsigned int gid, struct space *stage2);

/* True if it was left by hypercall code */
int called(unsigned int ecode, unsigned int code);
/* True if an exception with Ecode was taken in the guest, whose handler is guest_vector */
int taken(unsigned int ecode, unsigned int in_guest);

/* Has its vector handle exceptions by guest_vector or guest_counter. */
void guest_exceptions(const void *vector);

/* Lets guest run with paging: its window at DMW_CACHED, and its own tables for other addresses. */
void guest_paging(unsigned int plv);

/* How many refills of the second stage there were since the last call */
unsigned long refills(void);
/* The same of the guest's own */
unsigned long guest_refills(void);

/* Waits for ticks of the stable counter. */
void wait_ticks(unsigned long ticks);

#define GUEST(name) extern const char guest_##name[]
GUEST(vector);
GUEST(counter);
GUEST(refill);

void check_csrs(void);
void check_modes(void);
void check_traps(void);
void check_gcfg(void);
void check_stage2(void);
void check_stage1(void);
void check_invtlb(void);
void check_interrupts(void);
void check_timer(void);
void check_units(void);

#endif
