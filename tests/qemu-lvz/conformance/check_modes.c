/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Checks of entering and leaving guest mode.
 */

#include "harness.h"

GUEST(hvcl);
GUEST(nothing);
GUEST(spin);
GUEST(syscall);
GUEST(break);
GUEST(csrwr_save0);
GUEST(csrrd_crmd);
GUEST(csrrd_cpuid);
GUEST(csrrd_prcfg1);
GUEST(idle);
GUEST(llsc);

static void check_entry(void)
{
	unsigned int ecode;
	int kept = 1;

	reset_guest();
	for (unsigned int i = 1; i < 32; i++) {
		vcpu.gpr[i] = 0x0101010101010101 * i;
	}
	ecode = run(guest_hvcl);
	check_equal("ertn-with-pgm-enters-the-guest", ecode, EC_HVC);
	check_equal("hvcl-badi-is-the-instruction", vcpu.badi, 0x002b8000 | 0x5a5);
	check_equal("hvcl-era-is-the-instruction", vcpu.pc, physical(guest_hvcl));
	check_equal("exit-gstat-pgm-1-vm-0", vcpu.gstat & (GSTAT_PGM | GSTAT_VM), GSTAT_PGM);
	check_equal("exit-gstat-gid-kept", vcpu.gstat >> 16 & 0xff, GID_A);
	check_equal("exit-crmd-plv0-no-interrupts", vcpu.crmd & (CRMD_PLV3 | CRMD_IE), 0);
	check_equal("exit-crmd-keeps-paging", vcpu.crmd & (CRMD_PG | CRMD_DA), CRMD_PG);
	check_equal("exit-prmd-has-the-hosts-ie", vcpu.exit_prmd & 7, PRMD_PIE);
	for (unsigned int i = 1; i < 32; i++) {
		kept &= vcpu.gpr[i] == 0x0101010101010101 * i;
	}
	check("general-registers-go-through", kept);
	vcpu.pc += 4;
	ecode = resume();
	check("hvcl-largest-code", called(ecode, 0x7fff));
}

static void check_modes_of_guest(void)
{
	unsigned int ecode;

	reset_guest();
	ecode = run(guest_csrrd_crmd);
	check("guest-crmd-is-its-own", called(ecode, 1) && (vcpu.gpr[4] & 0x1f) == CRMD_DA);

	reset_guest();
	gcsr_write(CSR_CRMD, CRMD_DA | CRMD_PLV3);
	ecode = run(guest_hvcl);
	/* Its handler's own hypercall comes from PLV 0. */
	check("guest-plv-is-of-gcsr-crmd", taken(ecode, EC_IPE));

	reset_guest();
	vcpu.gpr[4] = 0x77;
	gcsr_write(CSR_SAVE0, 0x66);
	ecode = run(guest_csrwr_save0);
	check("guest-csr-access-needs-no-exit", called(ecode, 1) && vcpu.gpr[4] == 0x66);
	check_equal("guest-csr-write-reaches-gcsr", gcsr_read(CSR_SAVE0), 0x77);

	reset_guest();
	gcsr_write(CSR_CPUID, 5);
	ecode = run(guest_csrrd_cpuid);
	check("guest-cpuid-is-what-the-host-wrote", called(ecode, 1) && vcpu.gpr[4] == 5);
	gcsr_write(CSR_CPUID, 0);

	reset_guest();
	ecode = run(guest_csrrd_prcfg1);
	check("guest-prcfg1", called(ecode, 1) && vcpu.gpr[4] == csr_read(CSR_PRCFG1));
}

static void check_guests_own_exceptions(void)
{
	unsigned int ecode;

	reset_guest();
	ecode = run(guest_syscall);
	check("syscall-stays-in-the-guest", taken(ecode, EC_SYS));
	check_equal("syscall-guest-era", vcpu.gpr[18], physical(guest_syscall));
	reset_guest();
	ecode = run(guest_break);
	check("break-stays-in-the-guest", taken(ecode, EC_BRK));
	check_equal("break-guest-badi", vcpu.gpr[16] & 0xffffffff, 0x002a0000);
	reset_guest();
	gcsr_write(CSR_CRMD, CRMD_DA | CRMD_PLV3);
	ecode = run(guest_idle);
	check("idle-in-user-mode-is-the-guests-error", taken(ecode, EC_IPE));
	check_equal("guest-exception-saves-its-plv", gcsr_read(CSR_PRMD) & 3, 3);
}

static void check_ways_in(void)
{
	unsigned int ecode;

	reset_guest();
	vcpu.way = WAY_TLBR;
	ecode = run(guest_nothing);
	check("ertn-of-a-refill-enters-by-tlbrprmd-pgm", called(ecode, 1));
	check_equal("ertn-of-a-refill-clears-istlbr", csr_read(CSR_TLBRERA) & 1, 0);

	/* IsMERR may be beyond software. */
	csr_write(CSR_MERRCTL, 1);
	if (csr_read(CSR_MERRCTL) & 1) {
		csr_write(CSR_MERRCTL, 0);
		reset_guest();
		vcpu.way = WAY_MERR;
		ecode = run(guest_nothing);
		check("ertn-of-a-machine-error-enters-by-merrctl-pgm", called(ecode, 1));
	} else {
		check_skip("ertn-of-a-machine-error-enters-by-merrctl-pgm", "IsMERR is read-only");
	}
}

/* A host's exception after an exit: its ERTN must return to the host, and PGM tell so. */
static void check_nested(void)
{
	unsigned long before = trap[0];

	csr_write(CSR_GSTAT, GSTAT_GID(GID_A) | GSTAT_PGM);
	__asm__ volatile("syscall 0");
	check_equal("host-exception-is-taken", trap[0] - before, 1);
	check_equal("host-exception-clears-pgm", trap[3] & GSTAT_PGM, 0);
	csr_write(CSR_GSTAT, 0);
	before = trap[0];
	insn(0x002b8001);
	check("hvcl-in-the-host-does-not-exist",
	      trap[0] == before + 1 && (trap[1] >> 16 & 0x3f) == EC_INE);
}

static void check_llsc(void)
{
	unsigned long *page = new_page();
	unsigned int ecode;

	reset_guest();
	vcpu.gpr[4] = 9;
	vcpu.gpr[5] = physical(page);
	ecode = run(guest_llsc);
	gcsr_write(CSR_LLBCTL, 2);
	vcpu.pc += 4;
	if (called(ecode, 3)) {
		ecode = resume();
	}
	check("llbctl-wcllb-breaks-the-guests-sc",
	      called(ecode, 1) && vcpu.gpr[4] == 0 && *page == 0);
}

void check_modes(void)
{
	check_entry();
	check_modes_of_guest();
	check_guests_own_exceptions();
	check_ways_in();
	check_nested();
	check_llsc();
}
