/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Checks of the second stage of address translation: from a guest's physical addresses to the
 * host's.
 */

#include "harness.h"

/* A guest's physical address where nothing is, until a check maps something there */
#define GPA 0x40000000UL
#define GPA_HUGE 0x50000000UL

GUEST(load);
GUEST(store);
GUEST(jump);
GUEST(store_load);
GUEST(hvcl);

static unsigned int load(unsigned long address)
{
	vcpu.gpr[5] = address;
	return run(guest_load);
}

static unsigned int store(unsigned long address, unsigned long value)
{
	vcpu.gpr[4] = value;
	vcpu.gpr[5] = address;
	return run(guest_store);
}

static void check_refill(unsigned long *page)
{
	unsigned int ecode;

	reset_guest();
	map(&stage2_a, GPA, physical(page), PTE_RAM);
	page[1] = 0x1122334455667788;
	run(guest_hvcl);
	refills();
	ecode = load(GPA + 8);
	check("stage2-load-in-direct-address-mode", called(ecode, 1) && vcpu.gpr[4] == page[1]);
	check("stage2-miss-is-the-hosts-refill", refills() >= 1);
	check_equal("stage2-refill-tlbrbadv-is-the-guest-physical-address", refill[1], GPA + 8);
	check_equal("stage2-refill-tlbrprmd-pgm", refill[2] & TLBRPRMD_PGM, TLBRPRMD_PGM);
	check_equal("stage2-refill-tlbrera-is-the-guests-pc", refill[3] & ~3UL,
		    physical(guest_load));
	/* It may be replaced at random, but not each time. */
	for (unsigned int try = 0; try < 8 && refills(); try++) {
		load(GPA + 8);
	}
	check_equal("stage2-entry-is-kept", refills(), 0);
	ecode = store(GPA + 16, 0x99);
	check("stage2-store", called(ecode, 1) && page[2] == 0x99);
	vcpu.gpr[4] = 0x77;
	vcpu.gpr[5] = GPA + 24;
	ecode = run(guest_store_load);
	check("stage2-load-after-store", called(ecode, 1) && vcpu.gpr[4] == 0x77);
}

static void check_faults(unsigned long *page)
{
	unsigned int ecode;

	reset_guest();
	ecode = load(GPA + 0x1008);
	check_equal("stage2-load-unmapped-pil", ecode, EC_PIL);
	check_equal("stage2-fault-badv-is-the-guest-physical-address", vcpu.badv, GPA + 0x1008);
	check_equal("stage2-fault-era", vcpu.pc, physical(guest_load));
	check_equal("stage2-fault-badi", vcpu.badi, *(const unsigned int *)guest_load);
	check("stage2-fault-comes-after-a-refill", refills() >= 1);
	ecode = store(GPA + 0x1010, 1);
	check("stage2-store-unmapped-pis", ecode == EC_PIS && vcpu.badv == GPA + 0x1010);
	vcpu.gpr[5] = GPA + 0x1000;
	ecode = run(guest_jump);
	check("stage2-fetch-unmapped-pif", ecode == EC_PIF && vcpu.badv == GPA + 0x1000);
	map(&stage2_a, GPA, physical(page), PTE_RAM & ~PTE_D);
	reset_guest();
	ecode = load(GPA);
	check("stage2-clean-page-is-readable", called(ecode, 1));
	ecode = store(GPA, 1);
	check("stage2-store-to-clean-page-pme", ecode == EC_PME && vcpu.badv == GPA);
	map(&stage2_a, GPA, physical(page), PTE_RAM | PTE_NR);
	reset_guest();
	check("stage2-nr-pnr", load(GPA) == EC_PNR);
	ecode = store(GPA, 2);
	check("stage2-nr-can-be-written", called(ecode, 1));
	check("stage2-nr-pnr-after-a-store", load(GPA) == EC_PNR);
	map(&stage2_a, GPA, physical(page), PTE_RAM | PTE_NX);
	reset_guest();
	vcpu.gpr[5] = GPA;
	ecode = run(guest_jump);
	check("stage2-nx-pnx", ecode == EC_PNX && vcpu.badv == GPA);
	map(&stage2_a, GPA, physical(page), PTE_RAM);
}

static void check_huge(unsigned long *page)
{
	unsigned long base = physical(page) & -(2UL << 20), offset = physical(page) - base;
	unsigned int ecode;

	map_huge(&stage2_a, GPA_HUGE, base, PTE_RAM);
	reset_guest();
	page[3] = 0x4567;
	ecode = load(GPA_HUGE + offset + 24);
	check("stage2-huge-page", called(ecode, 1) && vcpu.gpr[4] == 0x4567);
	map_huge(&stage2_a, GPA_HUGE, base, PTE_RAM | PTE_NX);
	reset_guest();
	vcpu.gpr[5] = GPA_HUGE;
	ecode = run(guest_jump);
	check("stage2-huge-page-nx-survives-the-refill", ecode == EC_PNX);
	map_huge(&stage2_a, GPA_HUGE, base, PTE_RAM | PTE_NR);
	reset_guest();
	check("stage2-huge-page-nr-survives-the-refill", load(GPA_HUGE) == EC_PNR);
}

static void check_privilege(void)
{
	unsigned int ecode;

	reset_guest();
	gcsr_write(CSR_CRMD, CRMD_DA | CRMD_PLV3);
	vcpu.gpr[5] = GPA;
	ecode = run(guest_load);
	check("stage2-plv0-entry-serves-user-mode",
	      taken(ecode, EC_IPE) && vcpu.gpr[18] == physical(guest_load) + 4);
}

static void check_windows(unsigned long *page)
{
	unsigned int ecode;

	reset_guest();
	guest_paging(0);
	page[4] = 0x8877;
	vcpu.gpr[5] = DMW_CACHED | (GPA + 32);
	ecode = run(guest_load);
	check("stage2-behind-a-direct-mapped-window", called(ecode, 1) && vcpu.gpr[4] == 0x8877);
	vcpu.gpr[5] = DMW_CACHED | (GPA + 0x1020);
	ecode = run(guest_load);
	check("stage2-fault-behind-a-window-has-the-physical-address",
	      ecode == EC_PIL && vcpu.badv == GPA + 0x1020);
	/* The window of the host is not the guest's. */
	reset_guest();
	guest_paging(0);
	vcpu.gpr[5] = DMW_UNCACHED | (GPA + 32);
	ecode = run(guest_load);
	check("hosts-windows-are-not-the-guests", !called(ecode, 1));
}

/* The same addresses in the host and in two guests */
static void check_separation(unsigned long *page)
{
	unsigned long *other = new_page(), *hosts = new_page();
	volatile unsigned long *host_view = (volatile unsigned long *)GPA;
	unsigned long seen_before, seen_after, lost = 0;

	map(&stage2_b, GPA, physical(other), PTE_RAM);
	map(&host_space, GPA, physical(hosts), PTE_RAM);
	page[0] = 0xaaaa;
	other[0] = 0xbbbb;
	hosts[0] = 0xcccc;
	reset_guest();
	seen_before = *host_view;
	load(GPA);
	check_equal("guest-a-sees-its-page", vcpu.gpr[4], 0xaaaa);
	use_guest(GID_B, &stage2_b);
	load(GPA);
	check_equal("guest-b-sees-its-page-without-any-invtlb", vcpu.gpr[4], 0xbbbb);
	use_guest(GID_A, &stage2_a);
	load(GPA);
	check_equal("guest-a-sees-its-page-again", vcpu.gpr[4], 0xaaaa);
	/* Entries may be replaced at random, but not each time. */
	for (unsigned int try = 0; try < 8; try++) {
		use_guest(GID_B, &stage2_b);
		load(GPA);
		use_guest(GID_A, &stage2_a);
		refills();
		load(GPA);
		lost = refills();
		if (!lost) {
			break;
		}
	}
	check_equal("guest-a-keeps-its-entries-while-b-runs", lost, 0);
	seen_after = *host_view;
	check("host-sees-its-own-page", seen_before == 0xcccc && seen_after == 0xcccc);
	/* TGID is for what the host fills, not for what it accesses. */
	csr_change(CSR_GTLBC, GTLBC_USETGID | GTLBC_TGID(GID_A), GTLBC_USETGID | GTLBC_TGID(0xff));
	csr_write(CSR_ASID, 1);
	seen_after = *host_view;
	csr_change(CSR_GTLBC, 0, GTLBC_USETGID | GTLBC_TGID(0xff));
	check_equal("host-sees-its-own-page-whatever-tgid-is", seen_after, 0xcccc);
}

/* Searching and reading the TLB as the host: TRGP tells whose an entry is. */
static void check_host_search(void)
{
	unsigned long index;

	reset_guest();
	load(GPA);
	csr_write(CSR_GTLBC, GTLBC_USETGID | GTLBC_TGID(GID_A));
	csr_write(CSR_TLBRERA, 0);
	csr_write(CSR_TLBEHI, GPA);
	__asm__ volatile("tlbsrch" ::: "memory");
	index = csr_read(CSR_TLBIDX);
	check_equal("tlbsrch-with-tgid-finds-the-guests-entry", index >> 31 & 1, 0);
	__asm__ volatile("tlbrd" ::: "memory");
	check_equal("tlbrd-trgp-has-the-gid", csr_read(CSR_TRGP) >> 16 & 0xff, GID_A);
	csr_write(CSR_GTLBC, GTLBC_USETGID | GTLBC_TGID(99));
	csr_write(CSR_TLBEHI, GPA);
	__asm__ volatile("tlbsrch" ::: "memory");
	check_equal("tlbsrch-with-another-tgid-finds-nothing", csr_read(CSR_TLBIDX) >> 31 & 1, 1);
	csr_write(CSR_GTLBC, 0);
	csr_write(CSR_TLBIDX, 0);
	csr_write(CSR_ASID, 1);
}

static void check_bus_error(void)
{
	unsigned int ecode;

	/* Nothing answers at the end of a board's physical addresses. */
	map(&stage2_a, GPA + 0x2000, 0x7ffffffff000, PTE_RAM);
	reset_guest();
	ecode = load(GPA + 0x2000);
	check("stage2-to-nowhere-leaves-the-guest", ecode == EC_ADE && vcpu.badv == GPA + 0x2000);
	map(&stage2_a, GPA + 0x2000, 0, 0);
}

void check_stage2(void)
{
	unsigned long *page = new_page();

	check_refill(page);
	check_faults(page);
	check_huge(page);
	check_privilege();
	check_windows(page);
	check_separation(page);
	check_host_search();
	check_bus_error();
}
