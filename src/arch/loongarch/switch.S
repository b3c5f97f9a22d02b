/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The world switch, the refill of second-stage TLB entries, and the hypervisor's own exceptions.
 *
 * EENTRY is one entry point for everything. CSR.SAVE0 is the CPU's struct arch_vcpu, where general
 * registers are stored: the guest's, or the hypervisor's own for a last report, since its code
 * raises no exceptions and runs with interrupts off. SAVE1 is the CPU's struct cpu.
 */
#include "cpu.h"
#include "loongarch.h"

	/* All general registers but $zero, $tp and $a0, in the array at \base */
	.macro for_gprs op, base
	.irp n, 1,3,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28
	\op $r\n, \base, 8 * \n
	.endr
	.irp n, 29,30,31
	\op $r\n, \base, 8 * \n
	.endr
	.endm

	/* Entry: $tp to SAVE0, whose value becomes the base for all others. */
	.macro save_gprs
	csrwr $tp, CSR_SAVE(0)
	for_gprs st.d, $tp
	st.d $a0, $tp, 8 * 4
	.endm

	/* For n from 0 to \last: the instruction \word with n in each place of a bit of \places */
	.macro words word, places, last
	.set n, 0
	.rept \last + 1
	.word \word | n * \places
	.set n, n + 1
	.endr
	.endm

/*
 * What vcpu_switch() calls, with the guest in $a0: runs it until an exception leaves it, returns
 * ESTAT, and keeps $sp and $tp only. GSTAT.PGM is what makes ERTN go into the guest, so it is set
 * last; PRMD.PIE lets the host's interrupts leave the guest.
 */
	.text
	.globl vcpu_enter
vcpu_enter:
	st.d $sp, $a0, VCPU_HOST_SP
	st.d $ra, $a0, VCPU_HOST_RA
	ld.d $t0, $a0, VCPU_PC
	csrwr $t0, CSR_ERA
	li.w $t0, PRMD_PIE
	csrwr $t0, CSR_PRMD
	li.w $t0, GSTAT_PGM
	csrxchg $t0, $t0, CSR_GSTAT
	for_gprs ld.d, $a0
	ld.d $tp, $a0, 8 * 2
	ld.d $a0, $a0, 8 * 4
	ertn

	.section .text.exception, "ax"
	.balign 4096 /* bits 11:0 of EENTRY are zero; of TLBRENTRY and MERRENTRY, too */
	.globl exception_entry
exception_entry:
	save_gprs
	csrrd $t0, CSR_GSTAT
	andi $t1, $t0, GSTAT_PGM
	beqz $t1, .Lown_exception
	csrxchg $zero, $t1, CSR_GSTAT
	csrrd $t0, CSR_ERA
	csrrd $a0, CSR_ESTAT
.Lleft:
	st.d $t0, $tp, VCPU_PC
	move $t0, $tp
	csrwr $t0, CSR_SAVE(0) /* gives the guest's $tp */
	st.d $t0, $tp, 8 * 2
	ld.d $ra, $tp, VCPU_HOST_RA
	ld.d $sp, $tp, VCPU_HOST_SP
	csrrd $tp, CSR_SAVE(1)
	jr $ra

.Lown_machine_error:
	li.w $a1, 1
	b 1f
.Lown_exception:
	move $a1, $zero
1:	move $a0, $tp
	csrwr $tp, CSR_SAVE(0)
	st.d $tp, $a0, 8 * 2
	csrrd $tp, CSR_SAVE(1) /* the CPU's block, whose end is the top of its stack */
	li.w $t1, CPU_BLOCK_SIZE
	add.d $sp, $tp, $t1
	bl cpu_exception
2:	idle 0
	b 2b

/*
 * A second-stage TLB entry is missing (the hypervisor uses no mapped addresses). Runs in direct
 * address mode; TLBRPRMD.PGM makes ERTN go back into the guest. What is not mapped becomes an
 * invalid entry, see stage2.h.
 */
	.section .text.refill, "ax"
	.balign 4096
	.globl refill_entry
refill_entry:
	csrwr $t0, CSR_TLBRSAVE
	csrrd $t0, CSR_PGD
	lddir $t0, $t0, 3
	lddir $t0, $t0, 2
	lddir $t0, $t0, 1
	ldpte $t0, 0
	ldpte $t0, 1
	tlbfill
	csrrd $t0, CSR_TLBRSAVE
	ertn

/*
 * A machine error (RM 7.7.1). Comes in direct address mode, and in a context of its own, which ERTN
 * ends: it is made to return to the hypervisor. If it hit a guest, this looks like an exception
 * with the code ECODE_MERR.
 */
	.section .text.machine_error, "ax"
	.balign 4096
	.globl machine_error_entry
machine_error_entry:
	save_gprs
	csrrd $t1, CSR_MERRCTL
	andi $t2, $t1, MERRCTL_PGM
	la.pcrel $t0, .Lown_machine_error
	beqz $t2, 1f
	li.w $t2, GSTAT_PGM
	csrxchg $zero, $t2, CSR_GSTAT
	la.pcrel $t0, 2f
1:	csrwr $t0, CSR_MERRERA
	st.d $t0, $tp, VCPU_PC
	li.w $t0, MERRCTL_PPG | MERRCTL_PDATF_CC | MERRCTL_PDATM_CC
	li.w $t1, MERRCTL_PREVIOUS
	csrxchg $t0, $t1, CSR_MERRCTL
	ertn
2:	ld.d $t0, $tp, VCPU_PC
	li.w $a0, ECODE_MERR << ESTAT_ECODE_SHIFT
	b .Lleft

/*
 * units_reset(euen): zeroes what the units hold that are on. Words, as the hypervisor is assembled
 * for a processor without them.
 */
	.text
	.globl units_reset
units_reset:
	andi $t0, $a0, EUEN_FPE
	beqz $t0, 4f
	words 0x0114a800, 0x1, 31 /* movgr2fr.d $f0, $zero and so on */
	words 0x0114d800, 0x1, 7  /* movgr2cf $fcc0, $zero */
	.word 0x0114c000          /* movgr2fcsr $fcsr0, $zero */
	andi $t0, $a0, EUEN_SXE
	beqz $t0, 3f
	words 0x71270000, 0x421, 31 /* vxor.v $vr0, $vr0, $vr0 */
	andi $t0, $a0, EUEN_ASXE
	beqz $t0, 3f
	words 0x75270000, 0x421, 31 /* xvxor.v $xr0, $xr0, $xr0 */
3:	andi $t0, $a0, EUEN_BTE
	beqz $t0, 4f
	words 0x00000800, 0x1, 3 /* movgr2scr $scr0, $zero */
	.word 0x005cfc20         /* x86mtflag $zero, 63 */
	.word 0x00007000         /* x86mttop 0 */
4:	ret

	.section .note.GNU-stack, "", @progbits
