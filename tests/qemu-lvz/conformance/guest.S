/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What runs as a guest. Each piece begins at a label and ends with a hypercall; operands and
 * results are in registers. It runs where the second stage maps it: at the program's own
 * physical addresses, or at its addresses in a direct mapped window.
 */

#include "csr.h"

	.text

	.macro	piece name
	.balign	16
	.globl	guest_\name
guest_\name:
	.endm

	/* One instruction, then hypercall 1 */
	.macro	one name, insn:vararg
	piece	\name
	\insn
	op_hvcl	1
	.endm

	/* Until $s0 interrupts, as $a0 says, have been counted, for $a2 rounds at most */
	.macro	await_interrupts
1:	bgeu	$s0, $a0, 2f
	addi.d	$a2, $a2, -1
	bnez	$a2, 1b
2:
	.endm

	piece	hvcl
	op_hvcl	0x5a5
	op_hvcl	0x7fff

	/* What traps */
	one	cpucfg, cpucfg $a0, $a1
	one	cpucfg_dead, cpucfg $zero, $a1
	one	iocsrrd_b, iocsrrd.b $a0, $a1
	one	iocsrrd_h, iocsrrd.h $a0, $a1
	one	iocsrrd_w, iocsrrd.w $a0, $a1
	one	iocsrrd_d, iocsrrd.d $a0, $a1
	one	iocsrrd_dead, iocsrrd.w $zero, $a1
	one	iocsrwr_b, iocsrwr.b $a0, $a1
	one	iocsrwr_h, iocsrwr.h $a0, $a1
	one	iocsrwr_w, iocsrwr.w $a0, $a1
	one	iocsrwr_d, iocsrwr.d $a0, $a1
	one	idle, idle 0
	one	dbcl, .word 0x002a8000
	one	cacop_init, cacop 0x00, $a1, 0
	one	cacop_index, cacop 0x09, $a1, 0
	one	cacop_hit, cacop 0x11, $a1, 0
	one	cacop_impl, cacop 0x19, $a1, 0
	one	csrrd_impctl1, csrrd $a0, CSR_IMPCTL1
	one	csrwr_impctl1, csrwr $a0, CSR_IMPCTL1
	one	csrxchg_impctl1, csrxchg $a0, $a1, CSR_IMPCTL1
	one	csrrd_dead, csrrd $zero, CSR_IMPCTL1
	one	csrrd_merrctl, csrrd $a0, CSR_MERRCTL
	one	csrrd_merrsave, csrrd $a0, CSR_MERRSAVE
	one	csrrd_ctag, csrrd $a0, CSR_CTAG
	one	csrrd_dbg, csrrd $a0, CSR_DBG
	one	csrwr_dsave, csrwr $a0, CSR_DSAVE
	one	csrrd_gtlbc, csrrd $a0, CSR_GTLBC
	one	csrrd_trgp, csrrd $a0, CSR_TRGP
	one	csrrd_gstat, csrrd $a0, CSR_GSTAT
	one	csrwr_gstat, csrwr $a0, CSR_GSTAT
	one	csrrd_gcfg, csrrd $a0, CSR_GCFG
	one	csrrd_gintc, csrrd $a0, CSR_GINTC
	one	csrrd_gcntc, csrrd $a0, CSR_GCNTC
	one	csrrd_perfctrl0, csrrd $a0, CSR_PERFCTRL0
	one	csrrd_mwpc, csrrd $a0, CSR_MWPC
	one	csrwr_fwpc, csrwr $a0, CSR_FWPC
	one	gcsrrd, .word 0x05000004
	one	gtlbflush, .word 0x06482401
	/* What depends, or does not trap */
	one	tlbsrch, tlbsrch
	one	invtlb0, invtlb 0, $zero, $zero
	one	invtlb12, .word 0x06498012
	one	fadd, fadd.d $f0, $f0, $f0
	one	vadd, vadd.b $vr0, $vr0, $vr0
	one	xvadd, xvadd.b $xr0, $xr0, $xr0
	one	load, ld.d $a0, $a1, 0
	one	store, st.d $a0, $a1, 0
	one	atomic, amor_db.d $a0, $a2, $a1
	one	jump, jr $a1
	one	rdtime, rdtime.d $a0, $a2
	one	csrrd_cpuid, csrrd $a0, CSR_CPUID
	one	csrrd_prcfg1, csrrd $a0, CSR_PRCFG1
	one	csrrd_tval, csrrd $a0, CSR_TVAL
	one	csrrd_estat, csrrd $a0, CSR_ESTAT
	one	csrrd_crmd, csrrd $a0, CSR_CRMD
	one	csrwr_save0, csrwr $a0, CSR_SAVE0
	one	csrwr_estat, csrwr $a0, CSR_ESTAT
	one	csrwr_tcfg, csrwr $a0, CSR_TCFG
	one	csrwr_ticlr, csrwr $a0, CSR_TICLR
	one	csrrd_tid, csrrd $a0, CSR_TID
	one	csrrd_tcfg, csrrd $a0, CSR_TCFG
	one	csrrd_cntc, csrrd $a0, CSR_CNTC
	one	csrwr_crmd, csrwr $a0, CSR_CRMD
	one	csrxchg_crmd, csrxchg $a0, $a0, CSR_CRMD
	one	csrrd_undefined, csrrd $a0, CSR_UNDEFINED
	one	csrwr_undefined, csrwr $a0, CSR_UNDEFINED
	one	csrrd_tlbidx, csrrd $a0, CSR_TLBIDX
	one	csrwr_asid, csrwr $a0, CSR_ASID
	one	lddir, lddir $a0, $a0, 1
	one	nothing, nop

	/* For loads through $a1, and then a hypercall with what came in $a0; stored before */
	piece	store_load
	st.d	$a0, $a1, 0
	move	$a0, $zero
	ld.d	$a0, $a1, 0
	op_hvcl	1

	/* The guest's exception vector: hypercall 2, with ESTAT, ERA and BADV in $t5 to $t7 */
	.balign	4096
	.globl	guest_vector
guest_vector:
	csrrd	$t5, CSR_ESTAT
	csrrd	$t6, CSR_ERA
	csrrd	$t7, CSR_BADV
	csrrd	$t4, CSR_BADI
	op_hvcl	2

	/*
	 * Another one, which counts interrupts in $s0, ORs the pending ones to $s1, and goes on:
	 * without interrupts when there were $a0 of them, as those that are levels do not end
	 */
	.balign	4096
	.globl	guest_counter
guest_counter:
	addi.d	$s0, $s0, 1
	csrrd	$t0, CSR_ESTAT
	or	$s1, $s1, $t0
	li.w	$t0, 1
	csrwr	$t0, CSR_TICLR
	bltu	$s0, $a0, 1f
	csrwr	$zero, CSR_PRMD
1:	ertn

	/* The guest's refill: counts in SAVE7, and fills from its own tables */
	.balign	4096
	.globl	guest_refill
guest_refill:
	csrwr	$t0, CSR_TLBRSAVE
	csrrd	$t0, CSR_SAVE7
	addi.d	$t0, $t0, 1
	csrwr	$t0, CSR_SAVE7
	csrrd	$t0, CSR_PGD
	lddir	$t0, $t0, 2
	lddir	$t0, $t0, 1
	ldpte	$t0, 0
	ldpte	$t0, 1
	tlbfill
	csrrd	$t0, CSR_TLBRSAVE
	ertn

	/* ERTN to what follows */
	piece	ertn_to
	csrwr	$zero, CSR_PRMD
	la.pcrel $t0, guest_ertn_target
	csrwr	$t0, CSR_ERA
	ertn
	one	ertn_target, nop

	piece	syscall
	syscall	0
	op_hvcl	1
	piece	break
	break	0
	op_hvcl	1

	/* For ever */
	piece	spin
1:	b	1b

	/* Until $s0 interrupts, as $a0 says, have been counted */
	piece	wait
1:	bltu	$s0, $a0, 1b
	op_hvcl	1

	/* Enables interrupts by CRMD.IE, then waits for $a0 of them for $a2 rounds */
	piece	enable_wait
	li.w	$t0, CRMD_IE
	csrxchg	$t0, $t0, CSR_CRMD
	await_interrupts
	op_hvcl	1

	/* The same by ERTN */
	piece	ertn_wait
	li.w	$t0, CRMD_IE
	csrwr	$t0, CSR_PRMD
	la.pcrel $t0, 3f
	csrwr	$t0, CSR_ERA
	ertn
3:	await_interrupts
	op_hvcl	1

	/* The same, by ECFG.LIE = $a3 */
	piece	unmask_wait
	csrwr	$a3, CSR_ECFG
	await_interrupts
	op_hvcl	1

	/* Raises a software interrupt itself: ESTAT = $a3 */
	piece	swi_wait
	csrwr	$a3, CSR_ESTAT
	await_interrupts
	csrwr	$zero, CSR_ESTAT
	op_hvcl	1

	/* Starts its timer with TCFG = $a3, and waits for $a0 interrupts for $a2 rounds */
	piece	timer_wait
	csrwr	$a3, CSR_TCFG
	await_interrupts
	csrrd	$a4, CSR_TCFG
	csrrd	$a5, CSR_TVAL
	op_hvcl	1

	/* Load linked; a hypercall; store conditional: result in $a0 */
	piece	llsc
	ll.d	$t0, $a1, 0
	op_hvcl	3
	sc.d	$a0, $a1, 0
	op_hvcl	1

	/* Privileged instructions in user mode */
	piece	user_page
