/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Checks of INVTLB's operations on guests: which entries each one drops, and which it leaves.
 */

#include "harness.h"

/* A page in the guest's tables with G, one without, and their guest physical addresses */
#define VA_G 0x74000000UL
#define VA 0x74010000UL
#define VA_2 0x74020000UL
#define GPA_G 0x49000000UL
#define GPA 0x49010000UL
#define GPA_2 0x49020000UL
#define INFO(gid, asid) ((unsigned long)(gid) << 16 | (asid))

GUEST(load);
GUEST(invtlb0);

enum {
	G1 = 1,      /* first stage, global */
	PLAIN = 2,   /* first stage, not global */
	PLAIN_2 = 4, /* the same, another address */
	FIRST = 7,
	STAGE2 = 8,
	STAGE2_2 = 16,
	SECOND = 24,
};

static unsigned int load(unsigned long address)
{
	vcpu.gpr[5] = address;
	return run(guest_load);
}

static void fill(unsigned int gid, struct space *stage2)
{
	use_guest(gid, stage2);
	load(VA_G);
	load(VA);
	load(VA_2);
}

/* Which of a guest's entries are gone: they are filled again. */
static unsigned int lost(unsigned int gid, struct space *stage2)
{
	unsigned int gone = 0;

	use_guest(gid, stage2);
	guest_refills();
	/* Pages that the code and the guest's tables are in, first */
	load(VA_2);
	if (guest_refills()) {
		gone |= PLAIN_2;
	}
	refills();
	load(DMW_CACHED | GPA);
	if (refills()) {
		gone |= STAGE2;
	}
	load(DMW_CACHED | GPA_G);
	if (refills()) {
		gone |= STAGE2_2;
	}
	guest_refills();
	load(VA_G);
	if (guest_refills()) {
		gone |= G1;
	}
	load(VA);
	if (guest_refills()) {
		gone |= PLAIN;
	}
	return gone;
}

static void prepare(void)
{
	reset_guest();
	guest_paging(0);
	fill(GID_A, &stage2_a);
	fill(GID_B, &stage2_b);
}

/*
 * A TLB may replace an entry at any time, for instance at random. So each check is made several
 * times, and what counts is lost every time. Guest A's are in bits 7:0, guest B's in bits 15:8.
 */
#define TRIES 8

#define LOST_BY(action)                                                                            \
	({                                                                                         \
		unsigned int lost_ = ~0U;                                                          \
		for (unsigned int try_ = 0; try_ < TRIES; try_++) {                                \
			prepare();                                                                 \
			action;                                                                    \
			lost_ &= lost(GID_A, &stage2_a) | lost(GID_B, &stage2_b) << 8;             \
		}                                                                                  \
		lost_;                                                                             \
	})

#define SCOPE(op, info, address, name, expected, others)                                           \
	do {                                                                                       \
		unsigned int gone_ = LOST_BY(invtlb(op, info, address));                           \
		check_equal(name, gone_ & 0xff, expected);                                         \
		check_equal(name "-others", gone_ >> 8, others);                                   \
	} while (0)

/* The guest's own: it must not reach the other guest's entries, nor the second stage. */
static void run_invtlb0(void)
{
	use_guest(GID_A, &stage2_a);
	run(guest_invtlb0);
}

static void check_own(void)
{
	check_equal("invtlb-0-of-a-guest-drops-its-own-first-stage", LOST_BY(run_invtlb0()), FIRST);
	check_equal("invtlb-1-of-the-host-leaves-guests", LOST_BY(invtlb(1, 0, 0)), 0);
}

void check_invtlb(void)
{
	unsigned long *page = new_page();

	map(&stage2_a, GPA_G, physical(page), PTE_RAM);
	map(&stage2_a, GPA, physical(page), PTE_RAM);
	map(&stage2_a, GPA_2, physical(page), PTE_RAM);
	map(&stage2_b, GPA_G, physical(page), PTE_RAM);
	map(&stage2_b, GPA, physical(page), PTE_RAM);
	map(&stage2_b, GPA_2, physical(page), PTE_RAM);
	map(&guest_space, VA_G, GPA_G, PTE_RAM | PTE_G);
	/* An entry is global if both of its pages are. */
	map(&guest_space, VA_G + PAGE, GPA_G, PTE_RAM | PTE_G);
	map(&guest_space, VA, GPA, PTE_RAM);
	map(&guest_space, VA_2, GPA_2, PTE_RAM);

	SCOPE(0x9, INFO(GID_A, 0), 0, "invtlb-0x09-a-guests-own", FIRST, 0);
	SCOPE(0xa, INFO(GID_A, 0), 0, "invtlb-0x0a-global", G1, 0);
	SCOPE(0xb, INFO(GID_A, 0), 0, "invtlb-0x0b-not-global", PLAIN | PLAIN_2, 0);
	SCOPE(0xc, INFO(GID_A, 0), 0, "invtlb-0x0c-asid", PLAIN | PLAIN_2, 0);
	SCOPE(0xc, INFO(GID_A, 1), 0, "invtlb-0x0c-another-asid", 0, 0);
	SCOPE(0xd, INFO(GID_A, 0), VA, "invtlb-0x0d-asid-address", PLAIN, 0);
	SCOPE(0xd, INFO(GID_A, 0), VA_G, "invtlb-0x0d-global-stays", 0, 0);
	SCOPE(0xe, INFO(GID_A, 1), VA_G, "invtlb-0x0e-global-address", G1, 0);
	SCOPE(0xe, INFO(GID_A, 0), VA, "invtlb-0x0e-asid-address", PLAIN, 0);
	SCOPE(0x10, 0, 0, "invtlb-0x10-all-first-stage", FIRST, FIRST);
	SCOPE(0x11, 0, 0, "invtlb-0x11-all-second-stage", SECOND, SECOND);
	SCOPE(0x12, 0, 0, "invtlb-0x12-all", FIRST | SECOND, FIRST | SECOND);
	SCOPE(0x13, INFO(GID_A, 0), 0, "invtlb-0x13-first-stage", FIRST, 0);
	SCOPE(0x14, INFO(GID_A, 0), 0, "invtlb-0x14-second-stage", SECOND, 0);
	SCOPE(0x15, INFO(GID_A, 0), 0, "invtlb-0x15-both-stages", FIRST | SECOND, 0);
	SCOPE(0x16, INFO(GID_A, 0), GPA, "invtlb-0x16-guest-physical-address", STAGE2, 0);
	check_own();
}
