/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Entry, entering and leaving a guest, and the host's exception handlers.
 */

#include "csr.h"
#include "vcpu.h"

	.text
	.globl	_start
_start:
	/* In direct address mode, or in whatever window the firmware chose. */
	li.d	$t0, DMW_CACHED | 0x11
	csrwr	$t0, CSR_DMW0
	li.d	$t0, DMW_UNCACHED | 0x1
	csrwr	$t0, CSR_DMW1
	la.pcrel $t0, 2f
	li.d	$t1, 0x0000ffffffffffff
	and	$t0, $t0, $t1
	li.d	$t1, DMW_CACHED
	or	$t0, $t0, $t1
	jr	$t0
2:	li.w	$t0, 0xb0			/* PG, and cached accesses should DA come */
	csrwr	$t0, CSR_CRMD
	la.pcrel $t0, bss_start
	la.pcrel $t1, bss_end
3:	bgeu	$t0, $t1, 4f
	st.d	$zero, $t0, 0
	addi.d	$t0, $t0, 8
	b	3b
4:	la.pcrel $sp, stack_end
	bl	main
5:	b	5b

	.macro	for_saved op, base
	\op	$ra, \base, 0
	\op	$tp, \base, 8
	\op	$r21, \base, 16
	\op	$fp, \base, 24
	\op	$s0, \base, 32
	\op	$s1, \base, 40
	\op	$s2, \base, 48
	\op	$s3, \base, 56
	\op	$s4, \base, 64
	\op	$s5, \base, 72
	\op	$s6, \base, 80
	\op	$s7, \base, 88
	\op	$s8, \base, 96
	.endm

	.macro	for_guest op, base
	.irp	n, 1,2,3,4,5,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31
	\op	$r\n, \base, VCPU_GPR + 8 * \n
	.endr
	.endm

/*
 * void enter_guest(struct vcpu *)
 *
 * Returns when the guest is left by a general exception. The way in is vcpu->way: WAY_PGM sets
 * GSTAT.PGM, WAY_TLBR returns from a TLB refill and WAY_MERR from a machine error instead.
 */
	.globl	enter_guest
enter_guest:
	addi.d	$sp, $sp, -112
	for_saved st.d, $sp
	st.d	$sp, $a0, VCPU_HOST_SP
	move	$a2, $a0
	csrwr	$a0, CSR_SAVE4
	la.pcrel $t0, exit_entry
	csrwr	$t0, CSR_EENTRY
	ld.d	$t0, $a2, VCPU_PC
	ld.d	$t1, $a2, VCPU_PRMD
	ld.d	$t2, $a2, VCPU_WAY
	li.w	$t3, WAY_TLBR
	beq	$t2, $t3, 1f
	li.w	$t3, WAY_MERR
	beq	$t2, $t3, 2f
	csrwr	$t0, CSR_ERA
	csrwr	$t1, CSR_PRMD
	li.w	$t0, GSTAT_PGM
	csrxchg	$t0, $t0, CSR_GSTAT
	b	3f
1:	ori	$t0, $t0, 1
	csrwr	$t0, CSR_TLBRERA
	ori	$t1, $t1, TLBRPRMD_PGM
	csrwr	$t1, CSR_TLBRPRMD
	b	3f
2:	csrwr	$t0, CSR_MERRERA
	/* IsMERR, PPLV 0, PIE, PGM, and PPG: the host runs with paging */
	li.w	$t0, 0x1 | 0x10 | MERRCTL_PGM | 0x100
	csrwr	$t0, CSR_MERRCTL
3:	for_guest ld.d, $a2
	ld.d	$a2, $a2, VCPU_GPR + 8 * 6
	ertn

	.align	12
exit_entry:
	csrwr	$a2, CSR_SAVE5
	csrrd	$a2, CSR_SAVE4
	for_guest st.d, $a2
	csrrd	$t0, CSR_SAVE5
	st.d	$t0, $a2, VCPU_GPR + 8 * 6
	csrrd	$t0, CSR_ESTAT
	st.d	$t0, $a2, VCPU_ESTAT
	csrrd	$t0, CSR_ERA
	st.d	$t0, $a2, VCPU_PC
	csrrd	$t0, CSR_BADV
	st.d	$t0, $a2, VCPU_BADV
	csrrd	$t0, CSR_BADI
	st.d	$t0, $a2, VCPU_BADI
	csrrd	$t0, CSR_GSTAT
	st.d	$t0, $a2, VCPU_GSTAT
	csrrd	$t0, CSR_CRMD
	st.d	$t0, $a2, VCPU_CRMD
	csrrd	$t0, CSR_PRMD
	st.d	$t0, $a2, VCPU_EXIT_PRMD
	li.w	$t0, GSTAT_PGM
	csrxchg	$zero, $t0, CSR_GSTAT
	la.pcrel $t0, trap_entry
	csrwr	$t0, CSR_EENTRY
	ld.d	$sp, $a2, VCPU_HOST_SP
	for_saved ld.d, $sp
	addi.d	$sp, $sp, 112
	ret

/*
 * The host's own exceptions: noted in trap[], and the instruction is skipped. An interrupt is noted
 * and disabled. The handler needs no stack.
 */
	.align	12
	.globl	trap_entry
trap_entry:
	csrwr	$t0, CSR_SAVE0
	csrwr	$t1, CSR_SAVE1
	la.pcrel $t0, trap
	csrrd	$t1, CSR_GSTAT
	st.d	$t1, $t0, 24
	csrrd	$t1, CSR_BADV
	st.d	$t1, $t0, 16
	ld.d	$t1, $t0, 0
	addi.d	$t1, $t1, 1
	st.d	$t1, $t0, 0
	csrrd	$t1, CSR_ESTAT
	st.d	$t1, $t0, 8
	bstrpick.d $t1, $t1, 21, 16
	beqz	$t1, 1f
	csrrd	$t1, CSR_ERA
	addi.d	$t1, $t1, 4
	csrwr	$t1, CSR_ERA
	b	2f
1:	csrwr	$zero, CSR_PRMD
2:	li.w	$t0, GSTAT_PGM
	csrxchg	$zero, $t0, CSR_GSTAT
	csrrd	$t1, CSR_SAVE1
	csrrd	$t0, CSR_SAVE0
	ertn

/* The host's TLB refill, which is the guest's second stage, too. In direct address mode. */
	.align	12
	.globl	refill_entry
refill_entry:
	csrwr	$t0, CSR_TLBRSAVE
	csrwr	$t1, CSR_SAVE6
	la.pcrel $t0, refill
	ld.d	$t1, $t0, 0
	addi.d	$t1, $t1, 1
	st.d	$t1, $t0, 0
	csrrd	$t1, CSR_TLBRBADV
	st.d	$t1, $t0, 8
	csrrd	$t1, CSR_TLBRPRMD
	st.d	$t1, $t0, 16
	csrrd	$t1, CSR_TLBRERA
	st.d	$t1, $t0, 24
	csrrd	$t1, CSR_SAVE6
	csrrd	$t0, CSR_PGD
	lddir	$t0, $t0, 2
	lddir	$t0, $t0, 1
	ldpte	$t0, 0
	ldpte	$t0, 1
	tlbfill
	csrrd	$t0, CSR_TLBRSAVE
	ertn

	.bss
	.align	12
	.space	16384
stack_end:
