/* SPDX-License-Identifier: Apache-2.0 */
/* The 256 interrupt entry points, and the way out of a probe that faulted. */
#include "x86.h"

#define CPU_PROBE_RSP 8 /* offset of probe_rsp in struct cpu, asserted in trap.c */

	.text
	.code64

	/* One stub: 16 bytes. The CPU itself pushes an error code for vectors 8, 10-14, 17, 21, 29
	 * and 30 (APM2 8.2); for the others a zero takes its place. */
	.balign 16
	.globl vector_stubs
vector_stubs:
	.set vector, 0
	.rept 256
	.balign 16
	.if !(vector == 8 || (vector >= 10 && vector <= 14) || vector == 17 || vector == 21 || \
	      vector == 29 || vector == 30)
	push $0
	.endif
	push $vector
	jmp vector_common
	.set vector, vector + 1
	.endr

	.balign 16
vector_common:
	push %rax
	push %rcx
	push %rdx
	push %rbx
	push %rbp
	push %rsi
	push %rdi
	push %r8
	push %r9
	push %r10
	push %r11
	push %r12
	push %r13
	push %r14
	push %r15
	cld
	mov %rsp, %rdi
	call trap
	pop %r15
	pop %r14
	pop %r13
	pop %r12
	pop %r11
	pop %r10
	pop %r9
	pop %r8
	pop %rdi
	pop %rsi
	pop %rbp
	pop %rbx
	pop %rdx
	pop %rcx
	pop %rax
	add $16, %rsp
	iretq

	/* int probe_run(void (*fn)(void *), void *arg), see trap.h */
	.globl probe_run, probe_resume
	.balign 16
probe_run:
	push %rbp
	push %rbx
	push %r12
	push %r13
	push %r14
	push %r15
	pushfq
	mov %rsp, %gs:CPU_PROBE_RSP
	mov %rdi, %rax
	mov %rsi, %rdi
	call *%rax
	mov $-1, %eax
	/* trap() comes here with RSP as above and the vector in EAX. */
probe_resume:
	movq $0, %gs:CPU_PROBE_RSP
	popfq
	pop %r15
	pop %r14
	pop %r13
	pop %r12
	pop %rbx
	pop %rbp
	ret
