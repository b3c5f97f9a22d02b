/* SPDX-License-Identifier: Apache-2.0 */
/* void insn_stub(struct insn_io *): the instruction at insn_slot, with registers from there. */
	.text
	.globl insn_stub, insn_slot
insn_stub:
	addi.d $sp, $sp, -16
	st.d $ra, $sp, 0
	st.d $s0, $sp, 8
	move $s0, $a0
	ld.d $a0, $s0, 0
	ld.d $a1, $s0, 8
	ld.d $a2, $s0, 16
insn_slot:
	nop
	st.d $a0, $s0, 0
	st.d $a1, $s0, 8
	st.d $a2, $s0, 16
	ld.d $ra, $sp, 0
	ld.d $s0, $sp, 8
	addi.d $sp, $sp, 16
	ret

	.section .note.GNU-stack, "", @progbits
