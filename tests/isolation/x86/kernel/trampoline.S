/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Real-mode code that is copied below 1 MiB: where application processors begin
 * (TRAMPOLINE_BASE), and where those begin that an IPI storm starts (STORM_PAGE).
 */
#include "x86.h"

#define AT(label) (TRAMPOLINE_BASE + (label) - trampoline_start)

	.section .rodata
	.balign 16
	.globl trampoline_start, trampoline_end, trampoline_stack, trampoline_cpu
	.code16
trampoline_start:
	cli
	cld
	mov %cs, %ax
	mov %ax, %ds
	lgdtl tramp_gdtr - trampoline_start
	mov $(CR0_PE | CR0_ET | CR0_NE), %eax
	mov %eax, %cr0
	ljmpl $0x18, $AT(tramp32)

	.code32
tramp32:
	mov $KERNEL_DS, %eax
	mov %eax, %ds
	mov %eax, %es
	mov %eax, %ss
	cmpl $0, task_switch_try
	je tramp_long
	mov $AT(tramp_long), %ebp
	mov $try_task_switch, %eax
	jmp *%eax
tramp_long:
	mov $CR4_PAE, %eax
	mov %eax, %cr4
	mov $boot_pml4, %eax
	mov %eax, %cr3
	mov $MSR_EFER, %ecx
	rdmsr
	or $EFER_LME, %eax
	wrmsr
	mov $(CR0_PE | CR0_ET | CR0_NE | CR0_WP | CR0_PG), %eax
	mov %eax, %cr0
	ljmp $KERNEL_CS, $AT(tramp64)

	.code64
tramp64:
	xor %eax, %eax
	mov %eax, %fs
	mov %eax, %gs
	xor %ebp, %ebp
	mov trampoline_stack(%rip), %rsp
	mov trampoline_cpu(%rip), %rdi
	mov $ap_main, %rax
	call *%rax
1:	cli
	hlt
	jmp 1b

	.balign 8
tramp_gdt:
	.quad 0
	.quad 0x00af9b000000ffff /* KERNEL_CS: 64-bit code */
	.quad 0x00cf93000000ffff /* KERNEL_DS: flat data */
	.quad 0x00cf9b000000ffff /* 0x18: flat 32-bit code */
tramp_gdt_end:
tramp_gdtr:
	.word tramp_gdt_end - tramp_gdt - 1
	.long AT(tramp_gdt)
	.balign 8
trampoline_stack:
	.quad 0
trampoline_cpu:
	.quad 0
trampoline_end:

	/* The storm page: counts its starts, then halts. The real-mode vectors that the storm test
	 * installs all lead to storm_iret, so that a late NMI does no harm. */
	.balign 16
	.globl storm_start, storm_end, storm_iret, storm_counter
	.code16
storm_start:
	cli
	mov %cs, %ax
	mov %ax, %ds
	mov %ax, %ss
	mov $0x0ff0, %sp
	lock incl storm_counter - storm_start
1:	hlt
	jmp 1b
storm_iret:
	iretw
	.balign 4
storm_counter:
	.long 0
storm_end:
