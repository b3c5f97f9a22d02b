/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Checks of what GCFG and GTLBC can make leave the guest in addition. No known hypervisor enables
 * any of it. That the bits are there, and which exception they raise, is known from comments in
 * hvisor's and Linux's sources; a machine may lack each of them, and says so in GCFG.
 */

#include "harness.h"

#define ALWAYS (GCFG_MATC_ROOT | GCFG_GCI_SECURE)
#define SUBCODE_SOFTWARE 0
#define SUBCODE_HARDWARE 1

GUEST(csrrd_tid);
GUEST(csrrd_tcfg);
GUEST(csrrd_tval);
GUEST(csrrd_cntc);
GUEST(csrwr_ticlr);
GUEST(rdtime);
GUEST(csrrd_crmd);
GUEST(csrwr_save0);
GUEST(csrwr_crmd);
GUEST(csrxchg_crmd);
GUEST(csrrd_undefined);
GUEST(csrwr_undefined);
GUEST(csrrd_tlbidx);
GUEST(csrwr_asid);
GUEST(tlbsrch);
GUEST(invtlb0);
GUEST(lddir);
GUEST(cacop_hit);
GUEST(ertn_to);
GUEST(ertn_target);
GUEST(syscall);
GUEST(enable_wait);
GUEST(load);
GUEST(hvcl);
GUEST(nothing);

static int left_at(const char *code, unsigned int ecode, unsigned int expected)
{
	return ecode == expected && vcpu.pc == physical(code) &&
	       vcpu.badi == *(const unsigned int *)(DMW_CACHED | physical(code));
}

/* Runs code with bits of GCFG set besides what is always. */
static unsigned int run_with(unsigned long gcfg, const char *code, unsigned long a0)
{
	reset_guest();
	csr_write(CSR_GCFG, ALWAYS | gcfg);
	vcpu.gpr[4] = a0;
	vcpu.gpr[5] = physical(guest_vector);
	return run(code);
}

/* Is there a trap? If not, check name is skipped. */
static int there_is(unsigned long enable, const char *name)
{
	if (csr_read(CSR_GCFG) & enable >> 1) {
		return 1;
	}
	check_skip(name, "GCFG does not announce it");
	return 0;
}

/* Each enable can be set exactly if the bit below it announces it. */
static void check_capabilities(void)
{
	static const struct {
		const char *name;
		unsigned long enable;
	} bits[] = {
		{ "gcfg-sit-holds-if-announced", GCFG_SIT },
		{ "gcfg-tit-holds-if-announced", GCFG_TIT },
		{ "gcfg-toe-holds-if-announced", GCFG_TOE },
		{ "gcfg-top-holds-if-announced", GCFG_TOP },
		{ "gcfg-toru-holds-if-announced", GCFG_TORU },
	};
	unsigned long announced = csr_read(CSR_GCFG) >> 16;
	int fits = 1;

	for (unsigned int i = 0; i < sizeof(bits) / sizeof(bits[0]); i++) {
		csr_write(CSR_GCFG, ALWAYS | bits[i].enable);
		check_equal(bits[i].name, csr_read(CSR_GCFG) & bits[i].enable,
			    (csr_read(CSR_GCFG) & bits[i].enable >> 1) << 1);
		csr_write(CSR_GCFG, ALWAYS);
	}
	for (unsigned long gci = 0; gci < 4; gci++) {
		csr_write(CSR_GCFG, GCFG_MATC_ROOT | gci << 20);
		fits &= ((csr_read(CSR_GCFG) >> 20 & 3) == gci) == (announced >> gci & 1);
	}
	check("gcfg-gci-holds-if-announced", fits);
	fits = 1;
	for (unsigned long matc = 0; matc < 4; matc++) {
		csr_write(CSR_GCFG, GCFG_GCI_SECURE | matc << 4);
		fits &= ((csr_read(CSR_GCFG) >> 4 & 3) == matc) == (csr_read(CSR_GCFG) >> matc & 1);
	}
	check("gcfg-matc-holds-if-announced", fits);
	csr_write(CSR_GCFG, ALWAYS);
}

static void check_timer_trap(void)
{
	static const struct {
		const char *name;
		const char *code;
	} traps[] = {
		{ "gcfg-tit-traps-rdtime", guest_rdtime },
		{ "gcfg-tit-traps-tid", guest_csrrd_tid },
		{ "gcfg-tit-traps-tcfg", guest_csrrd_tcfg },
		{ "gcfg-tit-traps-tval", guest_csrrd_tval },
		{ "gcfg-tit-traps-cntc", guest_csrrd_cntc },
		{ "gcfg-tit-traps-ticlr", guest_csrwr_ticlr },
	};
	unsigned int ecode;

	if (!there_is(GCFG_TIT, "gcfg-tit")) {
		return;
	}
	for (unsigned int i = 0; i < sizeof(traps) / sizeof(traps[0]); i++) {
		ecode = run_with(GCFG_TIT, traps[i].code, 0);
		check(traps[i].name, left_at(traps[i].code, ecode, EC_GSPR));
	}
	reset_guest();
	gcsr_write(CSR_CRMD, CRMD_DA | CRMD_PLV3);
	ecode = run(guest_rdtime);
	check("gcfg-tit-traps-rdtime-in-user-mode", left_at(guest_rdtime, ecode, EC_GSPR));
	check("gcfg-tit-leaves-other-csrs", called(run_with(GCFG_TIT, guest_csrrd_crmd, 0), 1));
	check("gcfg-tit-off-lets-rdtime", called(run_with(0, guest_rdtime, 0), 1));
	check("gcfg-tit-off-lets-tcfg", called(run_with(0, guest_csrrd_tcfg, 0), 1));
}

static void check_privileged_trap(void)
{
	static const struct {
		const char *name;
		const char *code;
	} traps[] = {
		{ "gcfg-sit-traps-csrrd", guest_csrrd_crmd },
		{ "gcfg-sit-traps-csrwr", guest_csrwr_save0 },
		{ "gcfg-sit-traps-tlbsrch", guest_tlbsrch },
		{ "gcfg-sit-traps-invtlb", guest_invtlb0 },
		{ "gcfg-sit-traps-lddir", guest_lddir },
		{ "gcfg-sit-traps-cacop", guest_cacop_hit },
	};
	unsigned int ecode;

	if (!there_is(GCFG_SIT, "gcfg-sit")) {
		return;
	}
	for (unsigned int i = 0; i < sizeof(traps) / sizeof(traps[0]); i++) {
		ecode = run_with(GCFG_SIT, traps[i].code, 0);
		check(traps[i].name, left_at(traps[i].code, ecode, EC_GSPR));
	}
	check("gcfg-sit-leaves-a-hypercall", called(run_with(GCFG_SIT, guest_hvcl, 0), 0x5a5));
	check("gcfg-sit-leaves-what-is-not-privileged",
	      called(run_with(GCFG_SIT, guest_nothing, 0), 1));
	check("gcfg-sit-off-lets-csrrd", called(run_with(0, guest_csrrd_crmd, 0), 1));
}

static int left_by_gcm(unsigned int ecode, unsigned int subcode, unsigned long pc)
{
	return ecode == EC_GCM && (vcpu.estat >> 22 & 0x1ff) == subcode && vcpu.pc == pc;
}

static unsigned int guest_ecode(void)
{
	return (unsigned int)(gcsr_read(CSR_ESTAT) >> 16 & 0x3f);
}

static void check_exception_trap(void)
{
	unsigned int ecode;

	if (!there_is(GCFG_TOE, "gcfg-toe")) {
		return;
	}
	ecode = run_with(GCFG_TOE, guest_syscall, 0);
	check("gcfg-toe-reports-a-syscall",
	      left_by_gcm(ecode, SUBCODE_HARDWARE, physical(guest_vector)));
	check("gcfg-toe-comes-when-the-csrs-have-changed",
	      guest_ecode() == EC_SYS && gcsr_read(CSR_ERA) == physical(guest_syscall));
	ecode = resume();
	check("gcfg-toe-guest-goes-on-in-its-handler", taken(ecode, EC_SYS));

	ecode = run_with(GCFG_TOE, guest_ertn_to, 0);
	check("gcfg-toe-reports-ertn",
	      left_by_gcm(ecode, SUBCODE_HARDWARE, physical(guest_ertn_target)));
	ecode = resume();
	check("gcfg-toe-guest-goes-on-where-it-returned", called(ecode, 1));

	reset_guest();
	gcsr_write(CSR_ECFG, IS_HWI(0));
	csr_write(CSR_GINTC, 1);
	csr_write(CSR_GCFG, ALWAYS | GCFG_TOE);
	ecode = run(guest_enable_wait);
	check("gcfg-toe-reports-an-interrupt",
	      left_by_gcm(ecode, SUBCODE_HARDWARE, physical(guest_vector)) &&
		      guest_ecode() == EC_INT);
	csr_write(CSR_GINTC, 0);

	reset_guest();
	guest_paging(0);
	csr_write(CSR_GCFG, ALWAYS | GCFG_TOE);
	vcpu.gpr[5] = 0x7000000;
	ecode = run(guest_load);
	check("gcfg-toe-reports-a-refill",
	      left_by_gcm(ecode, SUBCODE_HARDWARE, physical(guest_refill)));

	check("gcfg-toe-off-lets-a-syscall", taken(run_with(0, guest_syscall, 0), EC_SYS));
	check("gcfg-toe-off-lets-ertn", called(run_with(0, guest_ertn_to, 0), 1));
}

static void check_level_trap(void)
{
	unsigned int ecode;

	if (!there_is(GCFG_TOP, "gcfg-top")) {
		return;
	}
	ecode = run_with(GCFG_TOP, guest_csrwr_crmd, CRMD_DA | CRMD_PLV3);
	check("gcfg-top-traps-a-change-by-csrwr",
	      left_by_gcm(ecode, SUBCODE_SOFTWARE, physical(guest_csrwr_crmd)));
	check_equal("gcfg-top-comes-before-the-change", gcsr_read(CSR_CRMD), CRMD_DA);
	check_equal("gcfg-top-badi", vcpu.badi, *(const unsigned int *)guest_csrwr_crmd);
	ecode = run_with(GCFG_TOP, guest_csrxchg_crmd, CRMD_PLV3);
	check("gcfg-top-traps-a-change-by-csrxchg",
	      left_by_gcm(ecode, SUBCODE_SOFTWARE, physical(guest_csrxchg_crmd)));
	check("gcfg-top-lets-the-same-level",
	      called(run_with(GCFG_TOP, guest_csrwr_crmd, CRMD_DA), 1));
	check("gcfg-top-leaves-ertn", called(run_with(GCFG_TOP, guest_ertn_to, 0), 1));
}

static void check_unimplemented_trap(void)
{
	unsigned int ecode;

	if (!there_is(GCFG_TORU, "gcfg-toru")) {
		return;
	}
	ecode = run_with(GCFG_TORU, guest_csrrd_undefined, 0);
	check("gcfg-toru-traps-reading-an-undefined-csr",
	      left_at(guest_csrrd_undefined, ecode, EC_GSPR));
	ecode = run_with(GCFG_TORU, guest_csrwr_undefined, 0);
	check("gcfg-toru-traps-writing-an-undefined-csr",
	      left_at(guest_csrwr_undefined, ecode, EC_GSPR));
	ecode = run_with(0, guest_csrrd_undefined, 1);
	check("gcfg-toru-off-an-undefined-csr-reads-0", called(ecode, 1) && vcpu.gpr[4] == 0);
}

static void check_tlb_trap(void)
{
	unsigned int ecode;

	reset_guest();
	csr_change(CSR_GTLBC, GTLBC_TOTI, GTLBC_TOTI);
	ecode = run(guest_csrrd_tlbidx);
	check("gtlbc-toti-traps-tlbidx", left_at(guest_csrrd_tlbidx, ecode, EC_GSPR));
	ecode = run(guest_csrwr_asid);
	check("gtlbc-toti-traps-asid", left_at(guest_csrwr_asid, ecode, EC_GSPR));
	csr_change(CSR_GTLBC, 0, GTLBC_TOTI);
	check("gtlbc-toti-off-lets-tlbidx", called(run(guest_csrrd_tlbidx), 1));
}

void check_gcfg(void)
{
	check_capabilities();
	check_timer_trap();
	check_privileged_trap();
	check_exception_trap();
	check_level_trap();
	check_unimplemented_trap();
	check_tlb_trap();
	csr_write(CSR_GCFG, ALWAYS);
}
