/* SPDX-License-Identifier: Apache-2.0 */
/*
 * vmx_enter(gpr, launched, attention): one world switch (SDM vol. 3, 27 and 28).
 *   gpr       (%rdi) the guest's general registers in encoding order; RSP lives in the VMCS
 *   launched  (%esi) whether the VMCS has been launched
 *   attention (%rdx) set by the NMI handler: there is something to do before the guest runs
 * Returns 0 after an exit, 1 when the entry failed, 2 when the NMI came before it. The interrupt
 * flag is off all the time.
 */
#include "x86.h"

#define VMCS_HOST_RSP 0x6c14

	.text
	.code64
	.globl vmx_enter, vmx_exit
vmx_enter:
	pushq %rbx
	pushq %rbp
	pushq %r12
	pushq %r13
	pushq %r14
	pushq %r15
	pushq %rdi
	movl $VMCS_HOST_RSP, %eax
	vmwrite %rsp, %rax
.Lbegin:
	cmpl $0, (%rdx)
	jne .Labandon
	cmpl $0, %esi /* no instruction from here to the JE changes the flags */
	movq 0*8(%rdi), %rax
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
	je .Llaunch
	vmresume
	jmp .Lfailed
.Llaunch:
	vmlaunch
.Lfailed:
	movl $1, %eax
	jmp .Lleave
.Labandon:
	movl $2, %eax
	jmp .Lleave
	NMI_WINDOW(.Lbegin, .Lfailed, .Labandon)

vmx_exit: /* VMCS_HOST_RIP */
	pushq %rax
	movq 8(%rsp), %rax
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
	popq %rcx
	movq %rcx, 0*8(%rax)
	xorl %eax, %eax
.Lleave:
	addq $8, %rsp
	popq %r15
	popq %r14
	popq %r13
	popq %r12
	popq %rbp
	popq %rbx
	ret

	.section .note.GNU-stack, "", @progbits
