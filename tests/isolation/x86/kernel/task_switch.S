/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A hardware task switch (SDM3 8.3), which only 32-bit protected mode has: an application processor
 * tries it on its way to long mode, when task_switch_try is not 0. The trampoline jumps here with
 * flat segments and its own next instruction in EBP. task_switch_result tells what came of it.
 */
#include "x86.h"

#define CODE32 0x18 /* of the trampoline's GDT, whose beginning ts_gdt repeats */
#define NEW_TSS 0x20
#define OLD_TSS 0x28
#define TSS_SIZE 104
#define UD 6

	.text
	.code32
	.globl try_task_switch
try_task_switch:
	mov $ts_stack_top, %esp
	mov %ebp, ts_new_ebp
	mov $ts_idt, %edi
	mov $32, %ecx
1:	mov $ts_other, %eax
	call ts_gate
	loop 1b
	mov $(ts_idt + UD * 8), %edi
	mov $ts_undefined, %eax
	call ts_gate
	mov $(ts_gdt + NEW_TSS), %edi
	mov $ts_new, %eax
	call ts_descriptor
	mov $(ts_gdt + OLD_TSS), %edi
	mov $ts_old, %eax
	call ts_descriptor
	lgdt ts_gdtr
	lidt ts_idtr
	mov $OLD_TSS, %eax
	ltr %ax
	ljmp $NEW_TSS, $0

ts_switched: /* where the new task begins */
	movl $TASK_SWITCH_DONE, task_switch_result
	jmp *%ebp
ts_undefined:
	movl $TASK_SWITCH_UNDEFINED, task_switch_result
	jmp *%ebp
ts_other:
	movl $TASK_SWITCH_OTHER, task_switch_result
	jmp *%ebp

/* Writes an interrupt gate to EAX at EDI, and moves EDI behind it. */
ts_gate:
	mov %eax, %edx
	and $0xffff, %eax
	or $(CODE32 << 16), %eax
	and $0xffff0000, %edx
	or $0x8e00, %edx
	mov %eax, (%edi)
	mov %edx, 4(%edi)
	add $8, %edi
	ret

/* Writes the descriptor of an available TSS at EAX (below 16 MiB) to EDI. */
ts_descriptor:
	mov %eax, %edx
	shl $16, %eax
	or $(TSS_SIZE - 1), %eax
	shr $16, %edx
	or $0x8900, %edx
	mov %eax, (%edi)
	mov %edx, 4(%edi)
	ret

	.data
	.balign 8
ts_gdt:
	.quad 0
	.quad 0x00af9b000000ffff
	.quad 0x00cf93000000ffff
	.quad 0x00cf9b000000ffff
	.quad 0, 0
ts_gdt_end:
ts_gdtr:
	.word ts_gdt_end - ts_gdt - 1
	.long ts_gdt
ts_idtr:
	.word 32 * 8 - 1
	.long ts_idt
	.balign 4
ts_new: /* SDM3 figure 8-2 */
	.fill 8, 4, 0
	.long ts_switched, 2 /* EIP, EFLAGS */
	.fill 4, 4, 0
	.long ts_stack_top
ts_new_ebp:
	.long 0, 0, 0
	.long KERNEL_DS, CODE32, KERNEL_DS, KERNEL_DS, 0, 0, 0 /* ES, CS, SS, DS, FS, GS, LDT */
	.long TSS_SIZE << 16
	.globl task_switch_try, task_switch_result
task_switch_try:
	.long 0
task_switch_result:
	.long 0

	.bss
	.balign 16
ts_idt:
	.skip 32 * 8
ts_old:
	.skip TSS_SIZE
	.skip 256
	.balign 16
ts_stack_top:
