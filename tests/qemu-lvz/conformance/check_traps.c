/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Checks of the instructions that leave the guest for the host to emulate (GSPR).
 */

#include "harness.h"

#define GCI(n) ((unsigned long)(n) << 20)

/* clang-format off */
#define TRAPS(X) \
	X(cpucfg) X(cpucfg_dead) X(iocsrrd_b) X(iocsrrd_h) X(iocsrrd_w) X(iocsrrd_d) \
	X(iocsrrd_dead) X(iocsrwr_b) X(iocsrwr_h) X(iocsrwr_w) X(iocsrwr_d) X(idle) \
	X(dbcl) X(csrrd_impctl1) X(csrwr_impctl1) X(csrxchg_impctl1) X(csrrd_dead) \
	X(csrrd_merrctl) X(csrrd_merrsave) X(csrrd_ctag) X(csrrd_dbg) X(csrwr_dsave) \
	X(csrrd_gtlbc) X(csrrd_trgp) X(csrrd_gstat) X(csrwr_gstat) X(csrrd_gcfg) \
	X(csrrd_gintc) X(csrrd_gcntc) X(csrrd_perfctrl0) X(csrrd_mwpc) X(csrwr_fwpc) \
	X(gcsrrd) X(gtlbflush)
/* clang-format on */

#define DECLARE(name) GUEST(name);
TRAPS(DECLARE)
GUEST(cacop_init);
GUEST(cacop_index);
GUEST(cacop_hit);
GUEST(cacop_impl);
GUEST(tlbsrch);
GUEST(hvcl);
GUEST(invtlb0);
GUEST(invtlb12);

#define ROW(name) { "gspr-" #name, guest_##name },
static const struct {
	const char *name;
	const char *code;
} traps[] = { TRAPS(ROW) };

static int left_by_gspr(const char *code, unsigned int ecode)
{
	return ecode == EC_GSPR && vcpu.pc == physical(code) &&
	       vcpu.badi == *(const unsigned int *)(DMW_CACHED | physical(code));
}

static void check_gspr(const char *name, const char *code)
{
	unsigned int ecode;

	reset_guest();
	vcpu.gpr[5] = 1;
	ecode = run(code);
	check(name, left_by_gspr(code, ecode));
}

static void check_user_mode(void)
{
	unsigned int ecode;

	reset_guest();
	gcsr_write(CSR_CRMD, CRMD_DA | CRMD_PLV3);
	ecode = run(guest_cpucfg);
	check("gspr-cpucfg-in-user-mode", left_by_gspr(guest_cpucfg, ecode));
	reset_guest();
	gcsr_write(CSR_CRMD, CRMD_DA | CRMD_PLV3);
	check("csrrd-in-user-mode-is-the-guests-error", taken(run(guest_csrrd_gstat), EC_IPE));
	reset_guest();
	gcsr_write(CSR_CRMD, CRMD_DA | CRMD_PLV3);
	check("dbcl-in-user-mode-is-the-guests-error", taken(run(guest_dbcl), EC_IPE));
	reset_guest();
	gcsr_write(CSR_CRMD, CRMD_DA | CRMD_PLV3);
	check("iocsr-in-user-mode-is-the-guests-error", taken(run(guest_iocsrrd_w), EC_IPE));
	reset_guest();
	gcsr_write(CSR_CRMD, CRMD_DA | CRMD_PLV3);
	check("hvcl-in-user-mode-is-the-guests-error", taken(run(guest_hvcl), EC_IPE));
	reset_guest();
	gcsr_write(CSR_CRMD, CRMD_DA | CRMD_PLV3);
	check("invtlb-in-user-mode-is-the-guests-error", taken(run(guest_invtlb0), EC_IPE));
}

static void check_cacop(unsigned int gci, const char *name, const char *code, int traps_it)
{
	unsigned int ecode;

	csr_write(CSR_GCFG, GCFG_MATC_ROOT | GCI(gci));
	if ((csr_read(CSR_GCFG) & GCI(3)) != GCI(gci)) {
		check_skip(name, "GCFG has no such policy");
		return;
	}
	reset_guest();
	vcpu.gpr[5] = physical(guest_vector);
	ecode = run(code);
	check(name, traps_it ? left_by_gspr(code, ecode) : called(ecode, 1));
}

static void check_tlb_traps(void)
{
	unsigned int ecode;

	reset_guest();
	csr_change(CSR_GTLBC, GTLBC_TOTI, GTLBC_TOTI);
	ecode = run(guest_tlbsrch);
	check("gtlbc-toti-traps-tlbsrch", left_by_gspr(guest_tlbsrch, ecode));
	ecode = run(guest_invtlb0);
	check("gtlbc-toti-traps-invtlb", left_by_gspr(guest_invtlb0, ecode));
	csr_change(CSR_GTLBC, 0, GTLBC_TOTI);
	ecode = run(guest_tlbsrch);
	check("tlbsrch-does-not-trap-else", called(ecode, 1));
	ecode = run(guest_invtlb0);
	check("invtlb-does-not-trap-else", called(ecode, 1));
	reset_guest();
	check("invtlb-0x12-is-no-guests", taken(run(guest_invtlb12), EC_INE));
}

void check_traps(void)
{
	for (unsigned int i = 0; i < sizeof(traps) / sizeof(traps[0]); i++) {
		check_gspr(traps[i].name, traps[i].code);
	}
	check_user_mode();
	check_cacop(0, "cacop-gci-all-traps-hit", guest_cacop_hit, 1);
	check_cacop(0, "cacop-gci-all-traps-index", guest_cacop_index, 1);
	check_cacop(1, "cacop-gci-hit-lets-hit", guest_cacop_hit, 0);
	check_cacop(1, "cacop-gci-hit-traps-index", guest_cacop_index, 1);
	check_cacop(2, "cacop-gci-secure-lets-hit", guest_cacop_hit, 0);
	check_cacop(2, "cacop-gci-secure-lets-index", guest_cacop_index, 0);
	check_cacop(2, "cacop-gci-secure-traps-init", guest_cacop_init, 1);
	check_cacop(2, "cacop-gci-secure-traps-implementation-defined", guest_cacop_impl, 1);
	check_tlb_traps();
}
