/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the virtual machines of kvm-api run: copied to guest physical address 0, so everything is
 * relative to the PC. A store to EXIT_MMIO ends a piece: the program sees it as MMIO.
 */

	.set	EXIT_MMIO, 0x10000000
	.set	DATA, 0x40000
	.set	TABLES, 0x80000

	.macro	finish value
	li.d	$t8, EXIT_MMIO
	st.d	\value, $t8, 0
	.endm

	.macro	piece name
	.balign	16
	.globl	guest_\name
guest_\name:
	.endm

	/* Sets $a0 bits from \base on, each by one atomic operation; $s4: how many were not set */
	.macro	set_bits base
	li.d	$s2, \base
	move	$s3, $zero
	move	$s4, $zero
1:	srli.d	$t0, $s3, 6
	slli.d	$t0, $t0, 3
	add.d	$t0, $s2, $t0
	li.w	$t1, 1
	sll.d	$t1, $t1, $s3
	amor_db.d $t2, $t1, $t0
	and	$t2, $t2, $t1
	bnez	$t2, 2f
	addi.d	$s4, $s4, 1
2:	addi.d	$s3, $s3, 1
	bltu	$s3, $a0, 1b
	.endm

	.section .rodata.guest, "a"
	.balign	4096
	.globl	guest_start
guest_start:

	/* General exceptions and interrupts: counts interrupts in $s0, clears the timer's */
	.balign	4096
	.globl	guest_vector
guest_vector:
	csrrd	$t0, 0x5
	bstrpick.d $t1, $t0, 21, 16
	bnez	$t1, 1f
	addi.d	$s0, $s0, 1
	andi	$t1, $t0, 0x800
	beqz	$t1, 2f
	li.w	$t1, 1
	csrwr	$t1, 0x44
2:	srli.d	$t1, $t0, 12
	andi	$t1, $t1, 1
	beqz	$t1, 3f
	/* The inter-processor interrupt is taken back by IOCSR 0x100c, which the program has. */
	addi.d	$s1, $s1, 1
	li.w	$t0, 0x100c
	li.w	$t1, 1
	iocsrwr.w $t1, $t0
3:	ertn
1:	/* Anything else is a mistake. */
	csrrd	$t1, 0x6
	finish	$t0
	finish	$t1
	b	1b

	.balign	4096
	.globl	guest_refill
guest_refill:
	csrwr	$t0, 0x8b
	csrrd	$t0, 0x37
	addi.d	$t0, $t0, 1
	csrwr	$t0, 0x37
	csrrd	$t0, 0x1b
	lddir	$t0, $t0, 3
	lddir	$t0, $t0, 1
	ldpte	$t0, 0
	ldpte	$t0, 1
	tlbfill
	csrrd	$t0, 0x8b
	ertn

	piece	hello
	finish	$a0
	b	guest_hello

	/* Loads of each width from MMIO, and what they gave; stores of each width */
	piece	mmio
	li.d	$t0, 0x10001000
	ld.b	$a0, $t0, 0x10
	finish	$a0
	ld.bu	$a0, $t0, 0x11
	finish	$a0
	ld.h	$a0, $t0, 0x12
	finish	$a0
	ld.hu	$a0, $t0, 0x14
	finish	$a0
	ld.w	$a0, $t0, 0x18
	finish	$a0
	ld.wu	$a0, $t0, 0x1c
	finish	$a0
	ld.d	$a0, $t0, 0x20
	finish	$a0
	li.d	$a1, 0x1122334455667788
	st.b	$a1, $t0, 0x30
	st.h	$a1, $t0, 0x32
	st.w	$a1, $t0, 0x34
	st.d	$a1, $t0, 0x38
	li.w	$a2, 0x40
	stx.w	$a1, $t0, $a2
	finish	$a1
	b	guest_mmio

	/* A hypercall that KVM knows, with a function it does not know: -1 in $a0 */
	piece	hypercall
	li.w	$a0, 0x7777
	.word	0x002b8000 | 0x100
	finish	$a0
	b	guest_hypercall

	piece	iocsr
	li.w	$t0, 0x20
	iocsrrd.d $a0, $t0
	finish	$a0
	li.w	$t0, 0x1008
	li.w	$t1, 0x1234
	iocsrwr.w $t1, $t0
	iocsrrd.b $a0, $t0
	finish	$a0
	b	guest_iocsr

	piece	cpucfg
	li.w	$t0, 2
	cpucfg	$a0, $t0
	finish	$a0
	b	guest_cpucfg

	/* Makes tables for $a0 pages at 0x200000000, and sums up what is there, $a1 times */
	piece	paging
	li.d	$s2, TABLES
	/* 16 KiB pages, 11 bits a level: the root at TABLES, then a directory, then a table */
	li.d	$t0, TABLES + 0x4000
	li.d	$t1, 0x200000000 >> 36 << 3
	stx.d	$t0, $s2, $t1
	li.d	$s3, TABLES + 0x4000
	li.d	$t0, TABLES + 0x8000
	li.d	$t1, (0x200000000 >> 25 & 2047) << 3
	stx.d	$t0, $s3, $t1
	li.d	$s3, TABLES + 0x8000
	move	$t0, $zero
1:	slli.d	$t1, $t0, 14
	li.d	$t2, 0x100000
	add.d	$t1, $t1, $t2
	/* The page's own memory gets its number. */
	st.d	$t0, $t1, 0
	ori	$t1, $t1, 0x193
	slli.d	$t2, $t0, 3
	stx.d	$t1, $s3, $t2
	addi.d	$t0, $t0, 1
	bltu	$t0, $a0, 1b
	li.w	$t0, 14 | 11 << 5 | 25 << 10 | 11 << 15
	csrwr	$t0, 0x1c
	li.w	$t0, 36 | 11 << 6
	csrwr	$t0, 0x1d
	li.w	$t0, 14
	csrwr	$t0, 0x1e
	li.d	$t0, TABLES
	csrwr	$t0, 0x19
	la.pcrel $t0, guest_refill
	csrwr	$t0, 0x88
	csrwr	$zero, 0x37
	/* The code itself: a direct mapped window onto addresses that begin with 0 */
	li.w	$t0, 0x11
	csrwr	$t0, 0x180
	li.d	$t0, 0x9000000000000011
	csrwr	$t0, 0x181
	/* The window of segment 0 would hide the tables: use the one at 9. */
	la.pcrel $t0, 2f
	li.d	$t1, 0x9000000000000000
	or	$t0, $t0, $t1
	jr	$t0
2:	csrwr	$zero, 0x180
	li.w	$t0, 0x10
	csrwr	$t0, 0x0
3:	move	$t0, $zero
	move	$s4, $zero
	li.d	$t2, 0x200000000
4:	ld.d	$t1, $t2, 0
	add.d	$s4, $s4, $t1
	li.w	$t1, 0x4000
	add.d	$t2, $t2, $t1
	addi.d	$t0, $t0, 1
	bltu	$t0, $a0, 4b
	invtlb	0, $zero, $zero
	addi.d	$a1, $a1, -1
	bnez	$a1, 3b
	li.d	$t8, 0x9000000010000000
	st.d	$s4, $t8, 0
	csrrd	$a2, 0x37
	st.d	$a2, $t8, 0
	/* Atomic operations through both stages: 512 bits, each set once */
	li.w	$a0, 512
	set_bits 0x200000000 + 0x8100
	st.d	$s4, $t8, 0
5:	b	5b

	/* Sets $a0 bits, each in one atomic operation; counts those that were not set before */
	piece	atomic
	set_bits DATA
	finish	$s4
3:	b	3b

	.macro	interrupts_on
	la.pcrel $t0, guest_vector
	csrwr	$t0, 0xc
	li.w	$t0, 0x1fff
	csrwr	$t0, 0x4
	li.w	$t0, 4
	csrxchg	$t0, $t0, 0x0
	.endm

	/* $a0 one-shot timers of $a1 ticks each, waiting in a loop or, if $a2, by IDLE */
	piece	one_shot
	move	$s0, $zero
	interrupts_on
	ori	$s5, $a1, 1
1:	move	$s6, $s0
	csrwr	$s5, 0x41
	ori	$s5, $a1, 1
2:	beqz	$a2, 3f
	/* IDLE may come after the interrupt: none ends it then. So the timer is long enough. */
	idle	0
3:	beq	$s0, $s6, 2b
	bltu	$s0, $a0, 1b
	finish	$s0
4:	b	4b

	/* A periodic timer, until there were $a0 interrupts */
	piece	periodic
	move	$s0, $zero
	interrupts_on
	ori	$t0, $a1, 3
	csrwr	$t0, 0x41
1:	bltu	$s0, $a0, 1b
	csrwr	$zero, 0x41
	finish	$s0
2:	b	2b

	/* Sends itself $a0 software interrupts */
	piece	software
	move	$s0, $zero
	la.pcrel $t0, 3f
	csrwr	$t0, 0xc
	li.w	$t0, 0x1fff
	csrwr	$t0, 0x4
	li.w	$t0, 4
	csrxchg	$t0, $t0, 0x0
1:	li.w	$t0, 1
	csrwr	$t0, 0x5
	bltu	$s0, $a0, 1b
	finish	$s0
2:	b	2b
	.balign	4096
3:	addi.d	$s0, $s0, 1
	csrwr	$zero, 0x5
	ertn

	/* Ping: sends an interrupt to the other CPU ($a1), waits for one, $a0 times; $a2: begins */
	piece	ping
	move	$s0, $zero
	move	$s1, $zero
	interrupts_on
	move	$s6, $zero
	beqz	$a2, 2f
1:	li.w	$t0, 0x1040
	slli.d	$t1, $a1, 16
	iocsrwr.w $t1, $t0
2:	beq	$s1, $s6, 2b
	addi.d	$s6, $s6, 1
	bltu	$s6, $a0, 1b
	bnez	$a2, 3f
	li.w	$t0, 0x1040
	slli.d	$t1, $a1, 16
	iocsrwr.w $t1, $t0
3:	finish	$s6
4:	b	4b

	/* Fills the vector registers with $a0, and tells for ever whether they have kept it */
	piece	vectors
	li.w	$t0, 3
	csrwr	$t0, 0x2
	.irp	n, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,\
		26,27,28,29,30,31
	vreplgr2vr.d $vr\n, $a0
	.endr
1:	move	$t0, $zero
	.irp	n, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,\
		26,27,28,29,30,31
	vpickve2gr.d $t1, $vr\n, 0
	xor	$t1, $t1, $a0
	or	$t0, $t0, $t1
	vpickve2gr.d $t1, $vr\n, 1
	xor	$t1, $t1, $a0
	or	$t0, $t0, $t1
	.endr
	finish	$t0
	b	1b

	.globl	guest_end
guest_end:
