/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Checks of the first stage of address translation: a guest's own paging, on top of the second
 * stage.
 */

#include "harness.h"

#define VA 0x70000000UL
#define GPA 0x48000000UL
/* A window that only the guest has */
#define DMW_OTHER 0xa000000000000000UL

GUEST(load);
GUEST(store);
GUEST(jump);
GUEST(atomic);

static unsigned int load(unsigned long address)
{
	vcpu.gpr[5] = address;
	return run(guest_load);
}

static void check_paging(unsigned long *page)
{
	unsigned int ecode;

	map(&stage2_a, GPA, physical(page), PTE_RAM);
	map(&guest_space, VA, GPA, PTE_RAM);
	reset_guest();
	guest_paging(0);
	page[1] = 0x1234;
	ecode = load(VA + 8);
	check("guest-paging-through-both-stages", called(ecode, 1) && vcpu.gpr[4] == 0x1234);
	check_equal("guest-refill-is-the-guests", guest_refills(), 1);
	refills();
	load(VA + 8);
	check_equal("guest-entry-is-kept", guest_refills() + refills(), 0);
	ecode = load(VA + 0x1008);
	check("guest-page-fault-stays-in-the-guest",
	      taken(ecode, EC_PIL) && vcpu.gpr[19] == VA + 0x1008);
	map(&guest_space, VA, GPA, PTE_RAM & ~PTE_D);
	reset_guest();
	guest_paging(0);
	vcpu.gpr[5] = VA;
	ecode = run(guest_store);
	check("guest-pme-stays-in-the-guest", taken(ecode, EC_PME));
	map(&guest_space, VA, GPA, PTE_RAM | PTE_NX);
	reset_guest();
	guest_paging(0);
	vcpu.gpr[5] = VA;
	ecode = run(guest_jump);
	check("guest-nx-stays-in-the-guest", taken(ecode, EC_PNX));
	map(&guest_space, VA, GPA, PTE_RAM | PTE_NR);
	reset_guest();
	guest_paging(0);
	check("guest-nr-stays-in-the-guest", taken(load(VA), EC_PNR));
	map(&guest_space, VA, GPA, PTE_RAM | PTE_RPLV | PTE_PLV3);
	reset_guest();
	guest_paging(0);
	check("guest-rplv-stays-in-the-guest", taken(load(VA), EC_PPI));
	map(&guest_space, VA, GPA, PTE_RAM);
	reset_guest();
	guest_paging(3);
	check("guest-plv-stays-in-the-guest", taken(load(VA), EC_PPI));
}

/* Stores, and read-modify-writes, as the first access and after others */
static void check_stores(unsigned long *page)
{
	unsigned int ecode;

	map(&guest_space, VA, GPA, PTE_RAM);
	reset_guest();
	guest_paging(0);
	vcpu.gpr[4] = 0x1357;
	vcpu.gpr[5] = VA + 24;
	ecode = run(guest_store);
	check("guest-store-through-both-stages", called(ecode, 1) && page[3] == 0x1357);
	reset_guest();
	guest_paging(0);
	page[4] = 0x10;
	vcpu.gpr[5] = VA + 32;
	vcpu.gpr[6] = 0x11;
	ecode = run(guest_atomic);
	check("guest-atomic-through-both-stages",
	      called(ecode, 1) && vcpu.gpr[4] == 0x10 && page[4] == 0x11);
	vcpu.gpr[6] = 0x21;
	ecode = run(guest_atomic);
	check("guest-atomic-again", called(ecode, 1) && vcpu.gpr[4] == 0x11 && page[4] == 0x31);
	/* The second stage finds the page clean after the load: nothing of the operation may have
	 * been done. */
	map(&stage2_a, GPA, physical(page), PTE_RAM & ~PTE_D);
	reset_guest();
	guest_paging(0);
	vcpu.gpr[5] = VA + 32;
	vcpu.gpr[6] = 0x40;
	load(VA);
	vcpu.gpr[5] = VA + 32;
	ecode = run(guest_atomic);
	check("guest-atomic-on-a-clean-page",
	      ecode == EC_PME && vcpu.badv == GPA + 32 && page[4] == 0x31);
	map(&stage2_a, GPA, physical(page), PTE_RAM);
	invtlb(0x16, GID_A << 16, GPA);
	ecode = resume();
	check("guest-atomic-after-the-page-is-dirty",
	      called(ecode, 1) && vcpu.gpr[4] == 0x31 && page[4] == 0x71);
}

/* What the guest maps, but the second stage does not */
static void check_second_stage_faults(unsigned long *page)
{
	unsigned int ecode;
	unsigned long table;

	map(&guest_space, VA + 0x2000, GPA + 0x2000, PTE_RAM);
	reset_guest();
	guest_paging(0);
	ecode = load(VA + 0x2010);
	check("stage2-fault-under-guest-paging-has-the-gpa",
	      ecode == EC_PIL && vcpu.badv == GPA + 0x2010);
	map(&stage2_a, GPA, physical(page), PTE_RAM & ~PTE_D);
	reset_guest();
	guest_paging(0);
	vcpu.gpr[5] = VA + 16;
	ecode = run(guest_store);
	check("stage2-clean-page-under-a-dirty-one", ecode == EC_PME && vcpu.badv == GPA + 16);
	map(&stage2_a, GPA, physical(page), PTE_RAM);
	/* The guest's walk itself: its root table is where the second stage has nothing. */
	table = GPA + 0x5000;
	reset_guest();
	guest_paging(0);
	gcsr_write(CSR_PGDL, table);
	ecode = load(VA);
	check("lddir-goes-through-the-second-stage",
	      ecode == EC_PIL && vcpu.badv == table + (VA >> 30 << 3) &&
		      vcpu.pc >= physical(guest_refill) && vcpu.pc < physical(guest_refill) + 64);
}

static void check_asid(unsigned long *page)
{
	unsigned long lost = 0;

	reset_guest();
	guest_paging(0);
	page[0] = 0x5555;
	load(VA);
	guest_refills();
	gcsr_write(CSR_ASID, 2);
	load(VA);
	check_equal("guest-asid-separates", guest_refills(), 1);
	/* Entries may be replaced at random, but not each time. */
	for (unsigned int try = 0; try < 8; try++) {
		gcsr_write(CSR_ASID, 2);
		load(VA);
		gcsr_write(CSR_ASID, 0);
		guest_refills();
		load(VA);
		lost = guest_refills();
		if (!lost) {
			break;
		}
	}
	check_equal("guest-asid-entries-are-kept", lost, 0);
}

static void check_guest_tlb_from_host(void)
{
	reset_guest();
	guest_paging(0);
	load(VA);
	gcsr_write(CSR_TLBRERA, 0);
	gcsr_write(CSR_TLBEHI, VA);
	csr_write(CSR_GSTAT, GSTAT_GID(GID_A));
	insn(0x06482801);
	check_equal("gtlbsrch-finds-the-guests-entry", gcsr_read(CSR_TLBIDX) >> 31 & 1, 0);
	insn(0x06482c01);
	check_equal("gtlbrd-reads-the-guests-entry", gcsr_read(CSR_TLBELO0) >> 12 & 0xfffffffff,
		    GPA >> 12);
	check_equal("gtlbrd-trgp-gtlb-and-gid", csr_read(CSR_TRGP), 1 | GID_A << 16);
	/* Not-existing written at that index drops it. */
	gcsr_change(CSR_TLBIDX, 1UL << 31, 1UL << 31);
	insn(0x06483001);
	guest_refills();
	load(VA);
	check_equal("gtlbwr-drops-the-guests-entry", guest_refills(), 1);
	check_equal("host-windows-survive-gtlb", csr_read(CSR_DMW0), DMW_CACHED | 0x11);
}

/*
 * What the host changes in the guest's CSRs counts at once: nothing of an earlier translation
 * stays. (Of the page tables' roots it may.)
 */
static void check_changes_from_host(unsigned long *page)
{
	unsigned int ecode;

	map(&stage2_a, GPA, physical(page), PTE_RAM);
	reset_guest();
	guest_paging(0);
	page[2] = 0x2222;
	gcsr_write(CSR_DMW1, DMW_OTHER | 1);
	ecode = load(DMW_OTHER | (GPA + 16));
	check("gcsrwr-dmw-opens-a-window", called(ecode, 1) && vcpu.gpr[4] == 0x2222);
	gcsr_write(CSR_DMW1, 0);
	ecode = load(DMW_OTHER | (GPA + 16));
	check("gcsrwr-dmw-closes-a-window-at-once", !called(ecode, 1));
	reset_guest();
	ecode = load(GPA + 16);
	check("gcsrwr-crmd-direct-address", called(ecode, 1) && vcpu.gpr[4] == 0x2222);
	guest_paging(0);
	ecode = load(GPA + 16);
	check("gcsrwr-crmd-switches-to-paging-at-once", taken(ecode, EC_PIL));
}

void check_stage1(void)
{
	unsigned long *page = new_page();

	check_paging(page);
	check_second_stage_faults(page);
	check_stores(page);
	check_asid(page);
	check_guest_tlb_from_host();
	check_changes_from_host(page);
}
