/* SPDX-License-Identifier: Apache-2.0 */
/* Entry points of the hypervisor's own exceptions, NMIs and stray interrupts; the wait that an NMI
 * ends. */
#include "x86.h"

#define X2APIC_EOI 0x80b

	.text
	.code64

/* 32 entry points of 16 bytes: a vector number, and a zero where the CPU pushes no error code. */
	.balign 16
	.globl exception_stubs
exception_stubs:
	.set vector, 0
	.rept 32
	.balign 16
	.set has_error, vector == 8 || (vector >= 10 && vector <= 14) || vector == 17
	.set has_error, has_error || vector == 21 || vector == 29 || vector == 30
	.if !has_error
	pushq $0
	.endif
	pushq $vector
	jmp exception_common
	.set vector, vector + 1
	.endr

exception_common:
	pushq %rax
	pushq %rcx
	pushq %rdx
	pushq %rbx
	pushq %rbp
	pushq %rsi
	pushq %rdi
	pushq %r8
	pushq %r9
	pushq %r10
	pushq %r11
	pushq %r12
	pushq %r13
	pushq %r14
	pushq %r15
	cld
	movq %rsp, %rdi
	call exception_handle
	popq %r15
	popq %r14
	popq %r13
	popq %r12
	popq %r11
	popq %r10
	popq %r9
	popq %r8
	popq %rdi
	popq %rsi
	popq %rbp
	popq %rbx
	popq %rdx
	popq %rcx
	popq %rax
	addq $16, %rsp
	iretq

/* What cpu_drain() has behind every vector but the NMI's: acknowledge the interrupt, no more. */
	.globl drain_stub
drain_stub:
	pushq %rax
	pushq %rcx
	pushq %rdx
	movl $X2APIC_EOI, %ecx
	xorl %eax, %eax
	xorl %edx, %edx
	wrmsr
	popq %rdx
	popq %rcx
	popq %rax
	iretq

/* cpu_wait(flag): an NMI between the test and the HLT is not lost. */
	.globl cpu_wait
cpu_wait:
.Lwait:
	cmpl $0, (%rdi)
	jne .Lawake
	hlt
.Lawake:
	ret
	NMI_WINDOW(.Lwait, .Lawake, .Lawake)

/* cpu_switch_stack(top, function) */
	.globl cpu_switch_stack
cpu_switch_stack:
	movq %rdi, %rsp
	xorl %ebp, %ebp
	call *%rsi
	ud2

	.section .note.GNU-stack, "", @progbits
