/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where QEMU's CPUs begin when this is their firmware (-bios): in flash, in direct address mode.
 * What they leave behind is what U-Boot's LoongArch port leaves (docs/boards.md).
 */
#include "../../../src/arch/loongarch/loongarch.h"

#define STACK 0xf800000
#define WINDOW_UNCACHED (DMW_PLV0 | 8 << DMW_VSEG_SHIFT)
#define WINDOW_CACHED (DMW_PLV0 | DMW_CC | 9 << DMW_VSEG_SHIFT)

	.section .text.start, "ax"
	.globl start
start:
	li.w $t0, CRMD_IE
	csrxchg $zero, $t0, CSR_CRMD
	/* Programmed, and without effect in direct address mode. */
	li.d $t0, WINDOW_UNCACHED
	csrwr $t0, CSR_DMW(0)
	li.d $t0, WINDOW_CACHED
	csrwr $t0, CSR_DMW(1)
	la.pcrel $t0, exception
	csrwr $t0, CSR_EENTRY
	csrrd $t0, CSR_CPUID
	andi $t0, $t0, CPUID_CORE_MASK
	bnez $t0, park
	li.w $t0, CRMD_DATM_CC
	csrxchg $t0, $t0, CSR_CRMD
	li.w $sp, STACK
	bl loader_main
1:	b 1b

/* Waits for an address in mailbox 0 and goes there, with all interrupts masked. */
park:
	li.w $t1, IOCSR_MAILBOX0
	iocsrwr.d $zero, $t1
	li.w $t0, INT_IPI
	csrxchg $t0, $t0, CSR_ECFG
	li.w $t0, -1
	li.w $t1, IOCSR_IPI_CLEAR
	iocsrwr.w $t0, $t1
	li.w $t1, IOCSR_IPI_ENABLE
	iocsrwr.w $t0, $t1
2:	idle 0
	li.w $t1, IOCSR_MAILBOX0
	iocsrrd.w $t0, $t1
	beqz $t0, 2b
	li.w $t1, IOCSR_IPI_STATUS
	iocsrrd.w $t0, $t1
	li.w $t1, IOCSR_IPI_CLEAR
	iocsrwr.w $t0, $t1
	li.w $t0, INT_MASK
	csrxchg $zero, $t0, CSR_ECFG
	li.w $t1, IOCSR_MAILBOX0
	iocsrrd.d $t0, $t1
	la.pcrel $ra, park
	jr $t0

	.balign 4096
exception:
	li.w $sp, STACK
	bl loader_exception
3:	b 3b

	.section .note.GNU-stack, "", @progbits
