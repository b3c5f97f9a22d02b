/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Checks of the guest's timer and counter. Ticks are those of the stable counter.
 */

#include "harness.h"

#define EN 1UL
#define PERIODIC 2UL
#define SHORT 100000UL
#define LONG 4000000000UL
#define ROUNDS 1000000000

GUEST(timer_wait);
GUEST(rdtime);
GUEST(csrwr_tcfg);
GUEST(csrwr_ticlr);
GUEST(csrrd_tval);
GUEST(nothing);

static void prepare(unsigned long interrupts, unsigned long config)
{
	reset_guest();
	guest_exceptions(guest_counter);
	gcsr_write(CSR_ECFG, IS_TI);
	gcsr_write(CSR_CRMD, CRMD_DA | CRMD_IE);
	vcpu.gpr[4] = interrupts;
	vcpu.gpr[6] = ROUNDS;
	vcpu.gpr[7] = config;
}

static int pending(void)
{
	return (gcsr_read(CSR_ESTAT) & IS_TI) != 0;
}

static void check_guests_use(void)
{
	unsigned int ecode;

	prepare(1, SHORT | EN);
	ecode = run(guest_timer_wait);
	check("timer-one-shot-without-exit",
	      called(ecode, 1) && vcpu.gpr[23] == 1 && (vcpu.gpr[24] & IS_TI));
	check_equal("timer-one-shot-keeps-en", vcpu.gpr[8] & EN, EN);
	check("timer-one-shot-leaves-tval-at-minus-1",
	      vcpu.gpr[9] + 1 == 0 || vcpu.gpr[9] + 1 == 1UL << 48);
	wait_ticks(2 * SHORT);
	check("timer-one-shot-fires-once", !pending());
	prepare(100, SHORT | PERIODIC | EN);
	ecode = run(guest_timer_wait);
	check("timer-periodic-100-times", called(ecode, 1) && vcpu.gpr[23] == 100);
	check("timer-periodic-reloads-tval", vcpu.gpr[9] <= SHORT);
	gcsr_write(CSR_TCFG, 0);
	gcsr_write(CSR_TICLR, 1);
}

static void check_in_host(void)
{
	unsigned long first, second;

	prepare(0, 0);
	vcpu.gpr[4] = 4 * SHORT | EN;
	gcsr_write(CSR_CRMD, CRMD_DA);
	run(guest_csrwr_tcfg);
	first = gcsr_read(CSR_TVAL);
	wait_ticks(SHORT);
	second = gcsr_read(CSR_TVAL);
	check("timer-runs-on-in-the-host", second < first && first - second >= SHORT);
	wait_ticks(4 * SHORT);
	check("timer-expires-in-the-host", pending() && gcsr_read(CSR_TVAL) > 4 * SHORT);
	run(guest_csrwr_ticlr);
	check("timer-expired-in-the-host-is-seen-by-the-guest", pending());
	vcpu.gpr[4] = 1;
	run(guest_csrwr_ticlr);
	check("ticlr-of-the-guest", !pending());
	check_equal("timer-of-the-guest-is-not-the-hosts", csr_read(CSR_ESTAT) & IS_TI, 0);
}

static void check_hosts_use(void)
{
	reset_guest();
	gcsr_write(CSR_TCFG, SHORT | EN);
	check("gcsrwr-tcfg-starts-the-timer", gcsr_read(CSR_TVAL) <= SHORT);
	wait_ticks(2 * SHORT);
	check("gcsrwr-tcfg-timer-expires", pending());
	gcsr_write(CSR_TICLR, 1);
	check("gcsrwr-ticlr-clears", !pending());
	gcsr_write(CSR_TCFG, LONG | EN);
	gcsr_write(CSR_TVAL, 0);
	wait_ticks(10);
	check("gcsrwr-tval-0-expires-at-once", pending());
	check("gcsrwr-tval-0-leaves-minus-1", gcsr_read(CSR_TVAL) > LONG);
	gcsr_write(CSR_TICLR, 1);
	check("gcsrwr-ticlr-keeps-tval", !pending() && gcsr_read(CSR_TVAL) > LONG);
	gcsr_write(CSR_TCFG, LONG | EN);
	gcsr_write(CSR_TVAL, SHORT);
	check("gcsrwr-tval-sets-what-remains", gcsr_read(CSR_TVAL) <= SHORT);
	wait_ticks(2 * SHORT);
	check("gcsrwr-tval-expires", pending());
	gcsr_write(CSR_TCFG, 0);
	gcsr_write(CSR_TICLR, 1);
	gcsr_write(CSR_TVAL, 0x1234);
	wait_ticks(SHORT);
	check_equal("timer-that-is-off-keeps-tval", gcsr_read(CSR_TVAL), 0x1234);
	check("timer-that-is-off-does-not-expire", !pending());
	gcsr_write(CSR_TCFG, 20 * SHORT | EN);
	gcsr_write(CSR_TCFG, 0);
	wait_ticks(21 * SHORT);
	check("timer-switched-off-does-not-expire", !pending());
	gcsr_write(CSR_TVAL, 0);
}

/* One that expires about when the guest is left must not get lost. */
static void check_races(void)
{
	unsigned int lost = 0;

	for (unsigned long i = 0; i < 300; i++) {
		prepare(0, 0);
		gcsr_write(CSR_CRMD, CRMD_DA);
		vcpu.gpr[4] = ((i * 37) << 2) | EN;
		run(guest_csrwr_tcfg);
		for (unsigned int exits = 0; exits < 3; exits++) {
			run(guest_nothing);
		}
		/* As KVM does: a change of another bit at the same time */
		gcsr_change(CSR_ESTAT, IS_IPI, IS_IPI);
		wait_ticks(i * 37 * 4 + 2000);
		lost += !pending();
	}
	check_equal("timer-that-expires-around-an-exit-is-not-lost", lost, 0);
}

static void check_idle(void)
{
	unsigned long start = rdtime();

	reset_guest();
	gcsr_write(CSR_ECFG, IS_TI);
	gcsr_write(CSR_TCFG, SHORT | EN);
	/* The host's own timer ends it otherwise. */
	csr_write(CSR_TCFG, 20 * SHORT | EN);
	csr_change(CSR_ECFG, IS_TI, IS_TI);
	csr_write(CSR_GSTAT, GSTAT_GID(GID_A) | GSTAT_PGM);
	__asm__ volatile("idle 0" ::: "memory");
	csr_write(CSR_GSTAT, GSTAT_GID(GID_A));
	csr_change(CSR_ECFG, 0, IS_TI);
	csr_write(CSR_TCFG, 0);
	csr_write(CSR_TICLR, 1);
	check("timer-of-the-guest-ends-the-hosts-idle", rdtime() - start < 15 * SHORT && pending());
	gcsr_write(CSR_TCFG, 0);
}

static unsigned long guest_offset(void)
{
	unsigned int ecode = run(guest_rdtime);

	return called(ecode, 1) ? vcpu.gpr[4] - rdtime() : 0;
}

/* About: reading both takes some time. */
static int about(unsigned long value, unsigned long expected)
{
	return value - expected + 50000000 < 100000000;
}

static void check_counter(void)
{
	unsigned long far = 1UL << 40, before, host;

	reset_guest();
	check("rdtime-of-guest-and-host-agree", about(guest_offset(), 0));
	csr_write(CSR_GCNTC, far);
	before = rdtime();
	check("gcntc-shifts-the-guests-rdtime", about(guest_offset(), far));
	check("gcntc-leaves-the-hosts-rdtime", about(rdtime(), before));
	gcsr_write(CSR_CNTC, 2 * far);
	check("guest-cntc-adds-to-gcntc", about(guest_offset(), 3 * far));
	csr_write(CSR_GCNTC, 0);
	gcsr_write(CSR_CNTC, 0);
	host = csr_write(CSR_CNTC, far);
	check("cntc-shifts-the-hosts-rdtime", about(rdtime(), before - host + far));
	check("cntc-shifts-the-guests-rdtime-too", about(guest_offset(), 0));
	csr_write(CSR_CNTC, host);
}

void check_timer(void)
{
	check_guests_use();
	check_in_host();
	check_hosts_use();
	check_races();
	check_idle();
	check_counter();
}
