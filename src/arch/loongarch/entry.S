/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The first instructions. Loaders enter in direct address mode or with paging through windows or
 * an identity map (Linux, Documentation/arch/loongarch/booting.rst), with the EFI system table in
 * $a2. The image is linked at its physical address, and a window maps that one to one. So pointers
 * are physical addresses, the code runs in direct address mode too, and the TLB never holds an
 * entry of the hypervisor's.
 */
#include "cpu.h"
#include "loongarch.h"

#define IMAGE_MAGIC 0x818223cd
#define ADDRESS_BITS 47

	.section .head, "ax"
	/* The header by which boot loaders know a kernel: booting.rst, "Header of Linux/LoongArch
	 * kernel images". */
	.globl image_header
image_header:
	.ascii "MZ\0\0"
	.long 0
	.quad entry
	.quad image_end - image_start
	.quad image_start /* from the beginning of RAM, which is 0 */
	.quad 0, 0, 0
	.long IMAGE_MAGIC
	.long 0 /* no PE header */

	/* Opens the windows and goes on at the linked address, with paging. Uses $t0 and $t1. */
	.macro enter_windows
	li.d $t0, DMW_PLV0 | DMW_CC
	csrwr $t0, CSR_DMW(3)
	li.d $t0, 9 << DMW_VSEG_SHIFT | DMW_PLV0 | DMW_CC
	csrwr $t0, CSR_DMW(2)
	la.pcrel $t0, 1f
	bstrpick.d $t0, $t0, ADDRESS_BITS, 0
	jr $t0
1:	li.d $t0, 8 << DMW_VSEG_SHIFT | DMW_PLV0
	csrwr $t0, CSR_DMW(0)
	csrwr $zero, CSR_DMW(1)
	csrwr $zero, CSR_DMW(2)
	li.w $t0, CRMD_PG | CRMD_DATF_CC | CRMD_DATM_CC
	csrwr $t0, CSR_CRMD
	.endm

	.globl entry
entry:
	enter_windows
	la.pcrel $t0, bss_start
	la.pcrel $t1, bss_end
1:	st.d $zero, $t0, 0
	addi.d $t0, $t0, 8
	bltu $t0, $t1, 1b
	la.pcrel $tp, boot_block
	li.w $t0, CPU_BLOCK_SIZE
	add.d $sp, $tp, $t0
	move $fp, $zero
	bl boot_main
2:	idle 0
	b 2b

	/* Where the other CPUs go from the firmware's loop: smp_starting says who. */
	.text
	.globl entry_secondary
entry_secondary:
	enter_windows
	la.pcrel $t0, smp_starting
	ld.d $tp, $t0, 0
	li.w $t0, CPU_BLOCK_SIZE
	add.d $sp, $tp, $t0
	move $fp, $zero
	bl smp_main
3:	idle 0
	b 3b

	.section .bss
	.balign 4096
boot_block: /* the boot CPU's */
	.skip CPU_BLOCK_SIZE

	.section .note.GNU-stack, "", @progbits
