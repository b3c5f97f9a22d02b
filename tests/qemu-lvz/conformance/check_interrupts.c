/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Checks of interrupts: what the host injects, what the guest raises, and what leaves it.
 */

#include "harness.h"

#define ROUNDS 100000

GUEST(enable_wait);
GUEST(ertn_wait);
GUEST(unmask_wait);
GUEST(swi_wait);
GUEST(spin);
GUEST(nothing);
GUEST(csrrd_estat);

/* Ready to count interrupts of lines */
static void prepare(unsigned long lines)
{
	reset_guest();
	guest_exceptions(guest_counter);
	gcsr_write(CSR_ECFG, lines);
	vcpu.gpr[4] = 1;
	vcpu.gpr[6] = ROUNDS;
	vcpu.gpr[23] = 0;
	vcpu.gpr[24] = 0;
}

static int counted(unsigned int ecode, unsigned long lines)
{
	return called(ecode, 1) && vcpu.gpr[23] >= 1 && (vcpu.gpr[24] & 0x1fff) == lines;
}

static void check_hwis(void)
{
	static const char *const names[] = { "gintc-hwis-0-injects", "gintc-hwis-1-injects",
					     "gintc-hwis-2-injects", "gintc-hwis-3-injects",
					     "gintc-hwis-4-injects", "gintc-hwis-5-injects",
					     "gintc-hwis-6-injects", "gintc-hwis-7-injects" };
	unsigned int ecode;

	for (unsigned int i = 0; i < 8; i++) {
		prepare(0x1fff);
		csr_write(CSR_GINTC, 1UL << i);
		ecode = run(guest_enable_wait);
		check(names[i], counted(ecode, IS_HWI(i)));
	}
	/* A level: it stays, and interrupts again and again, until the host takes it back. */
	prepare(0x1fff);
	csr_write(CSR_GINTC, 1);
	vcpu.gpr[4] = 5;
	ecode = run(guest_enable_wait);
	check("gintc-hwis-is-a-level", called(ecode, 1) && vcpu.gpr[23] >= 5);
	check_equal("gintc-hwis-shows-in-gcsr-estat", gcsr_read(CSR_ESTAT) & 0x3fc, IS_HWI(0));
	csr_write(CSR_GINTC, 0);
	check_equal("gintc-hwis-cleared-clears-gcsr-estat", gcsr_read(CSR_ESTAT) & 0x3fc, 0);
	csr_write(CSR_GINTC, 1);
	csr_change(CSR_GINTC, 2, 2);
	check_equal("gintc-hwis-lines-add-up", gcsr_read(CSR_ESTAT) & 0x3fc, IS_HWI(0) | IS_HWI(1));
	gcsr_change(CSR_ESTAT, 0, 0x3fc);
	check_equal("gintc-hwis-survives-a-write-of-gcsr-estat", gcsr_read(CSR_ESTAT) & 0x3fc,
		    IS_HWI(0) | IS_HWI(1));
	csr_write(CSR_GINTC, 0);
}

static void check_software(void)
{
	unsigned int ecode;

	prepare(0x1fff);
	gcsr_change(CSR_ESTAT, IS_TI, IS_TI);
	ecode = run(guest_enable_wait);
	check("ti-injected-through-gcsr-estat", counted(ecode, IS_TI));
	check_equal("ticlr-clears-an-injected-ti", gcsr_read(CSR_ESTAT) & IS_TI, 0);
	prepare(0x1fff);
	gcsr_change(CSR_ESTAT, IS_IPI, IS_IPI);
	ecode = run(guest_enable_wait);
	check("ipi-injected-through-gcsr-estat", counted(ecode, IS_IPI));
	gcsr_change(CSR_ESTAT, 0, IS_IPI);
	prepare(0x1fff);
	gcsr_change(CSR_ESTAT, IS_SWI0, IS_SWI0);
	ecode = run(guest_enable_wait);
	check("swi-injected-through-gcsr-estat", counted(ecode, IS_SWI0));
	gcsr_change(CSR_ESTAT, 0, 3);
	/* The guest's own, with interrupts on already */
	prepare(0x1fff);
	gcsr_write(CSR_CRMD, CRMD_DA | CRMD_IE);
	vcpu.gpr[7] = 2;
	ecode = run(guest_swi_wait);
	check("swi-raised-by-the-guest-is-taken-at-once", counted(ecode, 2));
	check_equal("swi-does-not-reach-the-host", csr_read(CSR_ESTAT) & 3, 0);
}

static void check_enabling(void)
{
	unsigned int ecode;

	prepare(0x1fff);
	csr_write(CSR_GINTC, 1);
	ecode = run(guest_nothing);
	check("crmd-ie-0-keeps-interrupts-off", called(ecode, 1) && vcpu.gpr[23] == 0);
	prepare(0x1fff);
	csr_write(CSR_GINTC, 1);
	ecode = run(guest_ertn_wait);
	check("ertn-of-the-guest-enables-interrupts", counted(ecode, IS_HWI(0)));
	prepare(0);
	gcsr_write(CSR_CRMD, CRMD_DA | CRMD_IE);
	csr_write(CSR_GINTC, 2);
	vcpu.gpr[7] = 0x1fff;
	ecode = run(guest_unmask_wait);
	check("ecfg-lie-enables-interrupts", counted(ecode, IS_HWI(1)));
	prepare(0x1fff & ~IS_HWI(2));
	csr_write(CSR_GINTC, 4);
	gcsr_write(CSR_CRMD, CRMD_DA | CRMD_IE);
	ecode = run(guest_nothing);
	check("ecfg-lie-masks-interrupts", called(ecode, 1) && vcpu.gpr[23] == 0);
	/* Pending when the guest is entered */
	prepare(0x1fff);
	csr_write(CSR_GINTC, 8);
	gcsr_write(CSR_CRMD, CRMD_DA | CRMD_IE);
	ecode = run(guest_nothing);
	check("pending-interrupt-is-taken-at-entry", called(ecode, 1) && vcpu.gpr[23] >= 1);
	csr_write(CSR_GINTC, 0);
}

/* What the host has pending, but masked, must not keep the guest from its own interrupts. */
static void check_masked_in_host(void)
{
	unsigned int ecode;

	csr_change(CSR_ESTAT, 1, 3);
	prepare(0x1fff);
	csr_write(CSR_GINTC, 2);
	ecode = run(guest_enable_wait);
	check("hosts-masked-interrupt-does-not-stop-the-guests", counted(ecode, IS_HWI(1)));
	check_equal("hosts-interrupt-does-not-show-in-the-guest", gcsr_read(CSR_ESTAT) & 3, 0);
	prepare(0x1fff);
	vcpu.prmd = 0;
	csr_write(CSR_GINTC, 2);
	ecode = run(guest_enable_wait);
	check("guest-interrupts-need-no-hosts-ie", counted(ecode, IS_HWI(1)));
	csr_write(CSR_GINTC, 0);
	csr_change(CSR_ESTAT, 0, 3);
}

static void check_host_interrupts(void)
{
	unsigned int ecode;

	/* With the guest's interrupts off */
	reset_guest();
	csr_change(CSR_ECFG, IS_SWI0, 3);
	csr_change(CSR_ESTAT, 1, 3);
	ecode = run(guest_spin);
	check("host-interrupt-leaves-the-guest", ecode == EC_INT && (vcpu.estat & IS_SWI0));
	check_equal("host-interrupt-is-before-the-first-instruction", vcpu.pc,
		    physical(guest_spin));
	vcpu.prmd = 0;
	ecode = run(guest_nothing);
	check("host-interrupt-waits-for-prmd-pie", called(ecode, 1));
	csr_change(CSR_ESTAT, 0, 3);
	csr_change(CSR_ECFG, 0, 3);
	reset_guest();
	patience = 1000000;
	ecode = run(guest_spin);
	check("host-timer-leaves-the-guest", ecode == EC_INT && (vcpu.estat & IS_TI));
	check_equal("host-timer-does-not-show-in-the-guest", gcsr_read(CSR_ESTAT) & IS_TI, 0);
	/* The guest's own interrupts are none of the host's. */
	reset_guest();
	guest_exceptions(guest_counter);
	csr_change(CSR_ECFG, 0x3fc, 0x3fc);
	csr_write(CSR_GINTC, 0xff);
	ecode = run(guest_nothing);
	check("guest-interrupts-do-not-leave-the-guest",
	      called(ecode, 1) && (vcpu.estat & 0x3fc) == 0);
	csr_write(CSR_GINTC, 0);
	csr_change(CSR_ECFG, 0, 0x3fc);
}

/*
 * A hardware interrupt that there is on QEMU's virt and on 3A5000 boards with a 7A bridge alike:
 * the extended I/O interrupt controller raises HWI1 when software asks it to.
 */
#define EXTIOI_ENABLE 0x1600
#define EXTIOI_IPMAP 0x14c0
#define EXTIOI_ISR 0x1800
#define EXTIOI_ROUTE 0x1c00

/* QEMU's controller does not know narrower ones. */
static void iocsr_write32(unsigned int address, unsigned int value)
{
	__asm__ volatile("iocsrwr.w %0, %1" ::"r"(value), "r"(address) : "memory");
}

static void iocsr_write64(unsigned int address, unsigned long value)
{
	__asm__ volatile("iocsrwr.d %0, %1" ::"r"(value), "r"(address) : "memory");
}

/* The UART's "transmitter is empty" interrupt, through the 7A's controller: input 2 there on virt
 */
#define PCH_PIC ((volatile unsigned int *)(DMW_UNCACHED | 0x10000000UL))
#define PCH_PIC_BYTES ((volatile unsigned char *)(DMW_UNCACHED | 0x10000000UL))
#define UART_IER (*(volatile unsigned char *)(DMW_UNCACHED | 0x1fe001e1UL))
#define UART_IIR (*(volatile unsigned char *)(DMW_UNCACHED | 0x1fe001e2UL))
#define UART_LSR (*(volatile unsigned char *)(DMW_UNCACHED | 0x1fe001e5UL))
#define INPUT 2
#define VECTOR 2

static void raise_line(int on)
{
	if (on) {
		/* Only what is empty is going to interrupt. */
		while ((UART_LSR & 0x60) != 0x60) {
		}
		UART_IER = 2;
	} else {
		UART_IER = 0;
		(void)UART_IIR;
		iocsr_write64(EXTIOI_ISR, 1UL << VECTOR);
	}
}

static int set_up_line(void)
{
	/* All vectors below 128 to HWI1, and of these the first four to the first CPU */
	iocsr_write32(EXTIOI_IPMAP, 0x02020202);
	iocsr_write32(EXTIOI_ROUTE, 0x01010101);
	iocsr_write64(EXTIOI_ENABLE, ~0UL);
	PCH_PIC_BYTES[0x100 + INPUT] = 1;
	PCH_PIC_BYTES[0x200 + INPUT] = VECTOR;
	PCH_PIC[0x60 / 4] = 0;
	PCH_PIC[0x40 / 4] = ~0U;
	PCH_PIC[0x20 / 4] = ~(1U << INPUT);
	raise_line(1);
	wait_ticks(1000000);
	return (csr_read(CSR_ESTAT) & 0x3fc) == IS_HWI(1);
}

static void check_hwip(void)
{
	unsigned long in_host, in_guest;
	unsigned int ecode;

	if (!set_up_line()) {
		check_skip("gintc-hwip", "this machine's UART does not interrupt by HWI1");
		raise_line(0);
		return;
	}
	prepare(0x1fff);
	ecode = run(guest_csrrd_estat);
	check("hardware-interrupt-is-the-hosts-by-default",
	      called(ecode, 1) && (vcpu.gpr[4] & 0x3fc) == 0);
	csr_write(CSR_GINTC, 0x0200);
	check_equal("gintc-hwip-bit-1-passes-hwi1-on", gcsr_read(CSR_ESTAT) & 0x3fc, IS_HWI(1));
	ecode = run(guest_enable_wait);
	check("gintc-hwip-interrupts-the-guest", counted(ecode, IS_HWI(1)));
	csr_write(CSR_GINTC, 0x0800);
	check_equal("gintc-hwip-bit-3-does-not-pass-hwi1-on", gcsr_read(CSR_ESTAT) & 0x3fc, 0);
	csr_write(CSR_GINTC, 0x0200);
	raise_line(0);
	wait_ticks(100000);
	check_equal("gintc-hwip-follows-the-line-down", gcsr_read(CSR_ESTAT) & 0x3fc, 0);
	csr_write(CSR_GINTC, 0);

	raise_line(1);
	wait_ticks(100000);
	check_equal("hardware-interrupt-comes-again", csr_read(CSR_ESTAT) & 0x3fc, IS_HWI(1));
	/* What is printed moves the line: look first. */
	raise_line(0);
	wait_ticks(100000);
	raise_line(1);
	wait_ticks(100000);
	csr_write(CSR_GINTC, 0x020002);
	in_host = csr_read(CSR_ESTAT) & 0x3fc;
	in_guest = gcsr_read(CSR_ESTAT) & 0x3fc;
	check_equal("gintc-hwic-injected-line-is-not-the-hosts", in_host, 0);
	check_equal("gintc-hwic-injects", in_guest, IS_HWI(1));
	raise_line(0);
	wait_ticks(100000);
	check_equal("gintc-hwic-hwis-follows-the-line-down", csr_read(CSR_GINTC) & 0xff, 0);
	csr_write(CSR_GINTC, 0);
	PCH_PIC[0x20 / 4] = ~0U;
}

void check_interrupts(void)
{
	check_hwis();
	check_software();
	check_enabling();
	check_masked_in_host();
	check_host_interrupts();
	check_hwip();
}
