/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The world switch, the refill of second-stage TLB entries, and the hypervisor's own exceptions.
 *
 * EENTRY is one entry point for everything. CSR.SAVE0 is the CPU's struct arch_vcpu, where general
 * registers are stored: the guest's, or the hypervisor's own for a last report, since its code
 * raises no exceptions and runs with interrupts off. SAVE1 is the CPU's struct cpu. Machine errors
 * come here, too, in direct address mode; they do not set GSTAT.PGM.
 */
#include "cpu.h"
#include "loongarch.h"

	/* All general registers but $zero and $tp, in the array at \base */
	.macro for_gprs op, base, numbers:vararg
	.irp n, \numbers
	\op $r\n, \base, 8 * \n
	.endr
	.endm

/*
 * What vcpu_switch() calls, with the guest in $a0: runs it until an exception leaves it, and keeps
 * $sp and $tp only. GSTAT.PGM is what makes ERTN go into the guest, so it is set last; PRMD.PIE lets
 * the host's interrupts leave the guest.
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
	for_gprs ld.d, $a0, 1,2,3,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31
	ld.d $a0, $a0, 8 * 4
	ertn

	.section .text.exception, "ax"
	.balign 4096 /* bits 11:0 of EENTRY are zero; of TLBRENTRY and MERRENTRY, too */
	.globl exception_entry
exception_entry:
	csrwr $tp, CSR_SAVE(0)
	for_gprs st.d, $tp, 1,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31
	csrrd $t0, CSR_GSTAT
	andi $t1, $t0, GSTAT_PGM
	beqz $t1, .Lown_exception
	csrxchg $zero, $t1, CSR_GSTAT
	csrrd $t0, CSR_ERA
	st.d $t0, $tp, VCPU_PC
	move $t0, $tp
	csrwr $t0, CSR_SAVE(0) /* gives the guest's $tp */
	st.d $t0, $tp, 8 * 2
	ld.d $ra, $tp, VCPU_HOST_RA
	ld.d $sp, $tp, VCPU_HOST_SP
	csrrd $tp, CSR_SAVE(1)
	jr $ra

.Lown_exception:
	move $a0, $tp
	csrwr $tp, CSR_SAVE(0)
	st.d $tp, $a0, 8 * 2
	li.w $t0, CRMD_PG | CRMD_DATF_CC | CRMD_DATM_CC
	csrwr $t0, CSR_CRMD
	csrrd $tp, CSR_SAVE(1) /* the CPU's block, whose end is the top of its stack */
	li.w $t1, CPU_BLOCK_SIZE
	add.d $sp, $tp, $t1
	bl cpu_exception
1:	idle 0
	b 1b

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

	.section .note.GNU-stack, "", @progbits
