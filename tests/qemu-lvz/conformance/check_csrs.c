/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Checks of the control CSRs, and of the guest's CSRs as the host sees them.
 */

#include "harness.h"

/* Before anything else has written them */
static void check_reset(void)
{
	unsigned long estat = gcsr_read(CSR_ESTAT);

	check_equal("gcsr-reset-crmd-direct-address", gcsr_read(CSR_CRMD), CRMD_DA);
	check_equal("gcsr-reset-euen", gcsr_read(CSR_EUEN), 0);
	check_equal("gcsr-reset-ecfg", gcsr_read(CSR_ECFG), 0);
	check_equal("gcsr-reset-timer-off", gcsr_read(CSR_TCFG) & 1, 0);
	check_equal("gcsr-reset-no-interrupt", estat & 0x1fff, 0);
	check_equal("gcsr-reset-prcfg1-is-the-hosts", gcsr_read(CSR_PRCFG1), csr_read(CSR_PRCFG1));
	check_equal("gcsr-reset-prcfg2-is-the-hosts", gcsr_read(CSR_PRCFG2), csr_read(CSR_PRCFG2));
	check_equal("gcsr-reset-prcfg3-is-the-hosts", gcsr_read(CSR_PRCFG3), csr_read(CSR_PRCFG3));
	check_equal("gcsr-reset-asidbits", gcsr_read(CSR_ASID) >> 16 & 0xff,
		    csr_read(CSR_ASID) >> 16 & 0xff);
}

static void check_control(void)
{
	unsigned long gcfg = csr_read(CSR_GCFG);
	unsigned long bits = csr_read(CSR_GSTAT) >> 4 & 0x3f;

	check_equal("cpucfg2-lvz-version", cpucfg(2) >> 11 & 7, 1);
	check("gstat-gidbits", bits >= 1 && bits <= 8);
	csr_write(CSR_GSTAT, GSTAT_GID(5));
	check_equal("gstat-gid-holds", csr_read(CSR_GSTAT) >> 16 & 0xff, 5);
	check_equal("gstat-vm-reads-0-in-the-host", csr_read(CSR_GSTAT) & GSTAT_VM, 0);
	csr_write(CSR_GSTAT, 0);
	check_equal("gstat-gidbits-read-only", csr_read(CSR_GSTAT) >> 4 & 0x3f, bits);
	csr_write(CSR_GSTAT, GSTAT_PGM);
	check_equal("gstat-pgm-holds", csr_read(CSR_GSTAT) & GSTAT_PGM, GSTAT_PGM);
	csr_write(CSR_GSTAT, 0);

	check("gcfg-capability-matc-root", (gcfg & GCFG_MATP_ROOT) != 0);
	check("gcfg-capability-gci-secure", (gcfg & GCFG_GCIP_SECURE) != 0);
	csr_write(CSR_GCFG, GCFG_GCI_SECURE | GCFG_MATC_ROOT);
	check_equal("gcfg-matc-holds", csr_read(CSR_GCFG) & GCFG_MATC, GCFG_MATC_ROOT);
	check_equal("gcfg-gci-holds", csr_read(CSR_GCFG) & GCFG_GCI, GCFG_GCI_SECURE);
	check_equal("gcfg-capabilities-read-only", csr_read(CSR_GCFG) & 0xf554fUL,
		    gcfg & 0xf554fUL);
	csr_write(CSR_GCFG, 0);
	check_equal("gcfg-write-0-clears-policies", csr_read(CSR_GCFG) & (GCFG_MATC | GCFG_GCI), 0);
	csr_write(CSR_GCFG, GCFG_GCI_SECURE | GCFG_MATC_ROOT);

	csr_write(CSR_GTLBC, GTLBC_USETGID | GTLBC_TGID(7));
	check_equal("gtlbc-at-0x15-holds", csr_read(CSR_GTLBC) & (GTLBC_USETGID | GTLBC_TGID(0xff)),
		    GTLBC_USETGID | GTLBC_TGID(7));
	csr_write(CSR_GTLBC, 0);

	csr_write(CSR_GINTC, 0xa5);
	check_equal("gintc-hwis-reads-back", csr_read(CSR_GINTC) & 0xff, 0xa5);
	csr_change(CSR_GINTC, 0x0200, 0xff00);
	check_equal("gintc-hwis-stays-when-hwip-is-written", csr_read(CSR_GINTC), 0x02a5);
	csr_change(CSR_GINTC, 0, 0x20);
	check_equal("gintc-hwis-bits-alone", csr_read(CSR_GINTC), 0x0285);
	csr_write(CSR_GINTC, 0x040000);
	check_equal("gintc-hwic-reads-back", csr_read(CSR_GINTC), 0x040000);
	csr_write(CSR_GINTC, 0);

	csr_write(CSR_GCNTC, 0xfedcba9876543210);
	check_equal("gcntc-64-bits", csr_read(CSR_GCNTC), 0xfedcba9876543210);
	csr_write(CSR_GCNTC, 0);
}

#define HOLDS(num, value) (gcsr_write(num, value), gcsr_read(num) == (value))

static void check_guest_file(void)
{
	unsigned long host_save = csr_read(CSR_SAVE7), host_era = csr_read(CSR_ERA);
	unsigned long old;
	int held = 1;

	held &= HOLDS(CSR_ERA, 0x1234567890abcdef);
	held &= HOLDS(CSR_BADV, 0x234567890abcdef1);
	held &= HOLDS(CSR_EENTRY, 0x9000000000010000);
	held &= HOLDS(CSR_PRMD, 0x7);
	held &= HOLDS(CSR_EUEN, 0x7);
	held &= HOLDS(CSR_PGDL, 0x0000345678901000);
	held &= HOLDS(CSR_PGDH, 0x0000456789012000);
	held &= HOLDS(CSR_PWCL, PWCL_VALUE);
	held &= HOLDS(CSR_PWCH, 0x267);
	held &= HOLDS(CSR_STLBPS, 14);
	held &= HOLDS(CSR_TID, 0x55);
	held &= HOLDS(CSR_CNTC, 0x5678901234567890);
	held &= HOLDS(CSR_TLBRENTRY, 0x7000);
	held &= HOLDS(CSR_TLBRSAVE, 0x6789012345678901);
	held &= HOLDS(CSR_TLBRBADV, 0x7890123456789012);
	held &= HOLDS(CSR_DMW0, 0x9000000000000011);
	held &= HOLDS(CSR_DMW1, 0x8000000000000001);
	held &= HOLDS(CSR_DMW2, 0xa000000000000001);
	held &= HOLDS(CSR_DMW3, 0xb000000000000011);
	check("gcsr-hold-their-values", held);
	held = HOLDS(CSR_SAVE0, 0x11) & HOLDS(CSR_SAVE1, 0x22) & HOLDS(CSR_SAVE4, 0x33) &
	       HOLDS(CSR_SAVE5, 0x44) & HOLDS(CSR_SAVE6, 0x55) & HOLDS(CSR_SAVE7, 0x66);
	check("gcsr-save-hold-their-values", held);
	check("gcsr-are-not-the-hosts",
	      csr_read(CSR_SAVE7) == host_save && csr_read(CSR_ERA) == host_era);
	check("gcsr-cpuid-host-writable", HOLDS(CSR_CPUID, 3));
	gcsr_write(CSR_CPUID, 0);
	check("gcsr-badi-host-writable", HOLDS(CSR_BADI, 0x02b80001));
	gcsr_write(CSR_SAVE0, 0xff00ff00);
	old = gcsr_write(CSR_SAVE0, 0x12345678);
	check_equal("gcsrwr-returns-the-old-value", old, 0xff00ff00);
	old = gcsr_change(CSR_SAVE0, 0xffffffff, 0x0000ff00);
	check_equal("gcsrxchg-returns-the-old-value", old, 0x12345678);
	check_equal("gcsrxchg-changes-what-the-mask-has", gcsr_read(CSR_SAVE0), 0x1234ff78);
	old = gcsr_read(CSR_PRCFG1);
	gcsr_write(CSR_PRCFG1, 0);
	check_equal("gcsr-prcfg-read-only", gcsr_read(CSR_PRCFG1), old);
	gcsr_write(CSR_ESTAT, 0x003f1fff);
	check_equal("gcsr-estat-hwi-are-not-writable", gcsr_read(CSR_ESTAT) & 0x3fc, 0);
	check_equal("gcsr-estat-swi-ti-ipi-writable", gcsr_read(CSR_ESTAT) & 0x1803, 0x1803);
	old = gcsr_change(CSR_ESTAT, 0, 0x800);
	check_equal("gcsrxchg-estat-clears-one-bit", gcsr_read(CSR_ESTAT) & 0x1803, 0x1003);
	check_equal("gcsrxchg-estat-old-value", old & 0x1803, 0x1803);
	gcsr_write(CSR_ESTAT, 0x00450000);
	check_equal("gcsr-estat-ecode-writable", gcsr_read(CSR_ESTAT) >> 16, 0x45);
	gcsr_write(CSR_ESTAT, 0);
	gcsr_write(CSR_ASID, 0x3ff);
	check_equal("gcsr-asid-holds", gcsr_read(CSR_ASID) & 0x3ff, 0x3ff);
	gcsr_write(CSR_TLBRERA, 0);
	gcsr_write(CSR_PGDL, 0x1000);
	gcsr_write(CSR_PGDH, 0x2000);
	gcsr_write(CSR_BADV, 0x1000);
	check_equal("gcsr-pgd-is-pgdl", gcsr_read(CSR_PGD), 0x1000);
	gcsr_write(CSR_BADV, 0xffff800000000000);
	check_equal("gcsr-pgd-is-pgdh", gcsr_read(CSR_PGD), 0x2000);
	gcsr_write(CSR_BADV, 0);
	gcsr_write(CSR_IMPCTL1, ~0UL);
	check_equal("gcsr-without-a-guests-copy-reads-0", gcsr_read(CSR_IMPCTL1), 0);
}

void check_csrs(void)
{
	check_reset();
	check_control();
	check_guest_file();
}
