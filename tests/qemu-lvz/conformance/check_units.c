/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Checks of the floating point and vector units, which guest and host must both enable.
 */

#include "harness.h"

#define FPE 1
#define SXE 2
#define ASXE 4

GUEST(fadd);
GUEST(vadd);
GUEST(xvadd);

static unsigned int run_with(unsigned long host, unsigned long guest, const char *code)
{
	unsigned int ecode;

	reset_guest();
	csr_write(CSR_EUEN, host);
	gcsr_write(CSR_EUEN, guest);
	ecode = run(code);
	csr_write(CSR_EUEN, 0);
	return ecode;
}

void check_units(void)
{
	check("fp-enabled-by-both-runs", called(run_with(FPE, FPE, guest_fadd), 1));
	check_equal("fp-disabled-by-the-host-leaves-the-guest", run_with(0, FPE, guest_fadd),
		    EC_FPD);
	check_equal("fp-disabled-badi", vcpu.badi, *(const unsigned int *)guest_fadd);
	check("fp-disabled-by-the-guest-stays-in-the-guest",
	      taken(run_with(FPE, 0, guest_fadd), EC_FPD));
	check("fp-disabled-by-both-stays-in-the-guest", taken(run_with(0, 0, guest_fadd), EC_FPD));
	if (!(cpucfg(2) >> 6 & 1)) {
		check_skip("lsx", "no LSX");
		return;
	}
	check("lsx-enabled-by-both-runs", called(run_with(FPE | SXE, FPE | SXE, guest_vadd), 1));
	check_equal("lsx-disabled-by-the-host-leaves-the-guest",
		    run_with(FPE, FPE | SXE, guest_vadd), EC_SXD);
	check("lsx-disabled-by-the-guest-stays-in-the-guest",
	      taken(run_with(FPE | SXE, FPE, guest_vadd), EC_SXD));
	if (!(cpucfg(2) >> 7 & 1)) {
		check_skip("lasx", "no LASX");
		return;
	}
	check("lasx-enabled-by-both-runs", called(run_with(7, 7, guest_xvadd), 1));
	check_equal("lasx-disabled-by-the-host-leaves-the-guest",
		    run_with(FPE | SXE, 7, guest_xvadd), EC_ASXD);
	check("lasx-disabled-by-the-guest-stays-in-the-guest",
	      taken(run_with(7, FPE | SXE, guest_xvadd), EC_ASXD));
}
