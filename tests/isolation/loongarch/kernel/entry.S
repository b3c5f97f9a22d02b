/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Entry, exceptions and TLB refill of the LoongArch test kernels.
 *
 * Window 0 maps physical addresses one to one and cached, window 1 the same uncached from 0x8000...
 * on. What is mapped by pages lies in the upper half. User mode (PLV 3) may use both windows: some
 * tests run there.
 */
#include "arch/loongarch/loongarch.h"

#define DMW_PLV3 0x8
#define STACK_SIZE 16384
#define FRAME_SIZE 288
#define FRAME_ERA 256
#define FRAME_PRMD 264
#define FRAME_ESTAT 272
#define FRAME_BADV 280

	.macro map_windows
	li.d $t0, DMW_PLV0 | DMW_PLV3 | DMW_CC
	csrwr $t0, CSR_DMW(0)
	li.d $t0, 8 << DMW_VSEG_SHIFT | DMW_PLV0 | DMW_PLV3
	csrwr $t0, CSR_DMW(1)
	csrwr $zero, CSR_DMW(2)
	csrwr $zero, CSR_DMW(3)
	li.w $t0, CRMD_PG | CRMD_DATF_CC | CRMD_DATM_CC
	csrwr $t0, CSR_CRMD
	.endm

	.section .text.entry, "ax"
	.globl kernel_entry
kernel_entry:
	map_windows
	la.pcrel $t0, bss_start
	la.pcrel $t1, bss_end
1:	st.d $zero, $t0, 0
	addi.d $t0, $t0, 8
	bltu $t0, $t1, 1b
	la.pcrel $sp, boot_stacks + STACK_SIZE
	move $a0, $a2
	bl boot_main
	break 0

	/* Where the other CPUs start, in direct address mode. */
	.globl secondary_entry
secondary_entry:
	map_windows
	csrrd $a0, CSR_CPUID
	la.pcrel $sp, boot_stacks
	addi.d $t0, $a0, 1
	slli.d $t0, $t0, 14 /* STACK_SIZE */
	add.d $sp, $sp, $t0
	bl secondary_main
	break 0

	/* Exceptions and interrupts; they may come in user mode, on the same stack. */
	.balign 4096
	.globl trap_entry
trap_entry:
	addi.d $sp, $sp, -FRAME_SIZE
	.irp n, 0,1,2,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31
	st.d $r\n, $sp, \n * 8
	.endr
	addi.d $t0, $sp, FRAME_SIZE
	st.d $t0, $sp, 3 * 8
	csrrd $t0, CSR_ERA
	st.d $t0, $sp, FRAME_ERA
	csrrd $t0, CSR_PRMD
	st.d $t0, $sp, FRAME_PRMD
	csrrd $t0, CSR_ESTAT
	st.d $t0, $sp, FRAME_ESTAT
	csrrd $t0, CSR_BADV
	st.d $t0, $sp, FRAME_BADV
	move $a0, $sp
	move $s0, $sp
	bl trap_handle
	move $t1, $s0
	ld.d $t0, $t1, FRAME_ERA
	csrwr $t0, CSR_ERA
	ld.d $t0, $t1, FRAME_PRMD
	csrwr $t0, CSR_PRMD
	move $sp, $t1
	.irp n, 1,2,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31
	ld.d $r\n, $sp, \n * 8
	.endr
	ld.d $sp, $sp, 3 * 8
	ertn

	/* Refill by the tables at PGDL and PGDH, whose empty entries lead to a page of its own
	 * addresses, as in stage2.h of the hypervisor. */
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
	 * int probe_call(fn, arg, uint64_t *where): calls fn(arg). Ends with -1, or, when an
	 * exception comes, at probe_resume with the stack pointer kept in *where, and $a0 set.
	 */
	.text
	.globl probe_call
probe_call:
	addi.d $sp, $sp, -112
	st.d $ra, $sp, 0
	st.d $fp, $sp, 8
	st.d $s0, $sp, 16
	st.d $s1, $sp, 24
	st.d $s2, $sp, 32
	st.d $s3, $sp, 40
	st.d $s4, $sp, 48
	st.d $s5, $sp, 56
	st.d $s6, $sp, 64
	st.d $s7, $sp, 72
	st.d $s8, $sp, 80
	st.d $tp, $sp, 88
	st.d $r21, $sp, 96
	st.d $sp, $a2, 0
	move $t0, $a0
	move $a0, $a1
	jirl $ra, $t0, 0
	li.w $a0, -1
	.globl probe_resume
probe_resume:
	ld.d $ra, $sp, 0
	ld.d $fp, $sp, 8
	ld.d $s0, $sp, 16
	ld.d $s1, $sp, 24
	ld.d $s2, $sp, 32
	ld.d $s3, $sp, 40
	ld.d $s4, $sp, 48
	ld.d $s5, $sp, 56
	ld.d $s6, $sp, 64
	ld.d $s7, $sp, 72
	ld.d $s8, $sp, 80
	ld.d $tp, $sp, 88
	ld.d $r21, $sp, 96
	addi.d $sp, $sp, 112
	ret

	/* void user_call(fn, arg): the same function at PLV 3; it comes back by SYSCALL. */
	.globl user_call
user_call:
	la.pcrel $t0, 1f
	csrwr $t0, CSR_ERA
	li.w $t0, 3 | PRMD_PIE
	csrwr $t0, CSR_PRMD
	ertn
1:	move $t0, $a0
	move $a0, $a1
	jirl $ra, $t0, 0
	syscall 0
	break 0

	/* uint64_t direct_read(address), void direct_write(address, value): 64 bits in direct
	 * address mode. Interrupts are off. */
	.globl direct_read
direct_read:
	li.w $t0, CRMD_DA | CRMD_DATF_CC
	csrwr $t0, CSR_CRMD
	ld.d $a0, $a0, 0
	li.w $t0, CRMD_PG | CRMD_DATF_CC | CRMD_DATM_CC
	csrwr $t0, CSR_CRMD
	ret

	.globl direct_write
direct_write:
	li.w $t0, CRMD_DA | CRMD_DATF_CC
	csrwr $t0, CSR_CRMD
	st.d $a1, $a0, 0
	li.w $t0, CRMD_PG | CRMD_DATF_CC | CRMD_DATM_CC
	csrwr $t0, CSR_CRMD
	ret

	.section .note.GNU-stack, "", @progbits
