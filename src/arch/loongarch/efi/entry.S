/* SPDX-License-Identifier: Apache-2.0 */
/* The application's first and last instructions. */
#include "../loongarch.h"
#include "core/efi/launch.h"
#include "core/efi_handover.h"

#define ADDRESS_BITS 47

/* The firmware calls this as a C function: UEFI Specification 2.10, 2.3.8.2. */
	.section .text.efi_entry, "ax"
	.globl efi_entry
efi_entry:
	b efi_main

/*
 * $a0: struct launch. Runs as a copy below 4 GiB, on the firmware's page tables and stack, which
 * may be where the hypervisor goes. So it goes to direct address mode first, and uses no stack. The
 * firmware maps memory one to one or through a window; the address in either has the physical one
 * in its lower bits (RM 5.2).
 */
	.section .text.launch, "ax"
	.globl launch_start, launch_end
launch_start:
	bstrpick.d $s0, $a0, ADDRESS_BITS, 0
	pcaddi $t0, 5
	bstrpick.d $t0, $t0, ADDRESS_BITS, 0
	ori $t1, $zero, CRMD_DA | CRMD_DATF_CC | CRMD_DATM_CC
	csrwr $t1, CSR_CRMD
	jr $t0

	ld.wu $s1, $s0, LAUNCH_NR_MOVES
	addi.d $s2, $s0, LAUNCH_MOVES
	b 8f
1:	ld.wu $t0, $s2, 0  /* from */
	ld.wu $t1, $s2, 4  /* to; both are at the beginning of a page */
	ld.wu $t2, $s2, 8  /* bytes */
	ld.wu $t3, $s2, 12 /* then bytes of 0 */
	add.d $t4, $t1, $t2
	srli.d $t5, $t2, 3
	alsl.d $t5, $t5, $t1, 3
	b 3f
2:	ld.d $t6, $t0, 0
	st.d $t6, $t1, 0
	addi.d $t0, $t0, 8
	addi.d $t1, $t1, 8
3:	bltu $t1, $t5, 2b
	b 5f
4:	ld.bu $t6, $t0, 0
	st.b $t6, $t1, 0
	addi.d $t0, $t0, 1
	addi.d $t1, $t1, 1
5:	bltu $t1, $t4, 4b
	add.d $t4, $t4, $t3
	b 7f
6:	st.b $zero, $t1, 0
	addi.d $t1, $t1, 1
7:	bltu $t1, $t4, 6b
	addi.d $s2, $s2, LAUNCH_MOVE_SIZE
	addi.d $s1, $s1, -1
8:	bnez $s1, 1b

	dbar 0
	ibar 0
	li.w $a0, EFI_HANDOVER_MAGIC
	ld.wu $a1, $s0, LAUNCH_HANDOVER
	move $a2, $zero
	ld.wu $t0, $s0, LAUNCH_ENTRY
	jr $t0
launch_end:

	.section .note.GNU-stack, "", @progbits
