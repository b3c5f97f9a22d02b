/* SPDX-License-Identifier: Apache-2.0 */
/*
 * svm_enter(gpr, vmcb, host): one world switch (APM 15.5 and 15.6).
 *   gpr  (%rdi) the guest's general registers in encoding order; RAX and RSP live in the VMCB
 *   vmcb (%rsi) physical address of the guest's control block
 *   host (%rdx) physical address of a block that holds the host's VMSAVE state
 * The interrupt flag is off and GIF is 0 on entry and on return.
 */
	.text
	.code64
	.globl svm_enter
svm_enter:
	pushq %rbx
	pushq %rbp
	pushq %r12
	pushq %r13
	pushq %r14
	pushq %r15
	pushq %rdx
	pushq %rdi
	movq %rsi, %rax
	vmload %rax
	movq 1*8(%rdi), %rcx
	movq 2*8(%rdi), %rdx
	movq 3*8(%rdi), %rbx
	movq 5*8(%rdi), %rbp
	movq 6*8(%rdi), %rsi
	movq 8*8(%rdi), %r8
	movq 9*8(%rdi), %r9
	movq 10*8(%rdi), %r10
	movq 11*8(%rdi), %r11
	movq 12*8(%rdi), %r12
	movq 13*8(%rdi), %r13
	movq 14*8(%rdi), %r14
	movq 15*8(%rdi), %r15
	movq 7*8(%rdi), %rdi
	vmrun %rax
	vmsave %rax
	movq 8(%rsp), %rax
	vmload %rax
	popq %rax
	movq %rcx, 1*8(%rax)
	movq %rdx, 2*8(%rax)
	movq %rbx, 3*8(%rax)
	movq %rbp, 5*8(%rax)
	movq %rsi, 6*8(%rax)
	movq %rdi, 7*8(%rax)
	movq %r8, 8*8(%rax)
	movq %r9, 9*8(%rax)
	movq %r10, 10*8(%rax)
	movq %r11, 11*8(%rax)
	movq %r12, 12*8(%rax)
	movq %r13, 13*8(%rax)
	movq %r14, 14*8(%rax)
	movq %r15, 15*8(%rax)
	popq %rdx
	popq %r15
	popq %r14
	popq %r13
	popq %r12
	popq %rbp
	popq %rbx
	ret

	.section .note.GNU-stack, "", @progbits
