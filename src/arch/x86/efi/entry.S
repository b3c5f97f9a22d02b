/* SPDX-License-Identifier: Apache-2.0 */
/* The application's first and last instructions. */
#include "../x86.h"
#include "core/efi/launch.h"
#include "core/efi_handover.h"

/*
 * The firmware calls this with the image's handle in RCX and the system table in RDX; RDI and RSI
 * are the caller's (UEFI Specification 2.10, 2.3.4.2).
 */
	.section .text.efi_entry, "ax"
	.globl efi_entry
efi_entry:
	pushq %rdi
	pushq %rsi
	subq $8, %rsp /* 16-byte aligned before the call */
	movq %rcx, %rdi
	movq %rdx, %rsi
	call efi_main
	addq $8, %rsp
	popq %rsi
	popq %rdi
	ret

/*
 * RDI: struct launch. Runs as a copy below 4 GiB, on the firmware's page tables, stack and GDT, all
 * of which may be where the hypervisor goes. So paging goes off first, and with it whatever the
 * firmware had switched on; nothing below uses a stack. The order is that of APM vol. 2, 14.6 and
 * 14.8, backwards.
 */
	.section .text.launch, "ax"
	.globl launch_start, launch_end
launch_start:
	cli
	cld
	/* PCIDE and CET must be off before CR0.PG and CR0.WP; PAE and LA57 cannot in long mode. */
	movq %cr4, %rax
	andl $(CR4_PAE | CR4_LA57), %eax
	movq %rax, %cr4
	leaq launch_gdt(%rip), %rax
	pushq %rax
	pushw $(launch_gdt_end - launch_gdt - 1)
	lgdt (%rsp)
	addq $10, %rsp
	leaq 1f(%rip), %rax
	pushq $SEL_CODE32
	pushq %rax
	lretq
	.code32
1:	movl $SEL_DATA, %eax
	movl %eax, %ds
	movl %eax, %es
	movl %eax, %ss
	movl %eax, %fs
	movl %eax, %gs
	movl $(CR0_PE | CR0_ET), %eax
	movl %eax, %cr0
	xorl %eax, %eax
	movl %eax, %cr4
	xorl %edx, %edx
	movl $MSR_EFER, %ecx
	wrmsr

	movl %edi, %ebp
	leal LAUNCH_MOVES(%ebp), %ebx
	movl LAUNCH_NR_MOVES(%ebp), %edx
	jmp 3f
2:	movl (%ebx), %esi
	movl 4(%ebx), %edi
	movl 8(%ebx), %ecx
	rep movsb
	movl 12(%ebx), %ecx
	rep stosb /* AL is 0 */
	addl $LAUNCH_MOVE_SIZE, %ebx
	decl %edx
3:	testl %edx, %edx
	jnz 2b

	movl $EFI_HANDOVER_MAGIC, %eax
	movl LAUNCH_HANDOVER(%ebp), %ebx
	jmp *LAUNCH_ENTRY(%ebp)

	.balign 8
launch_gdt: /* as boot_gdt in the hypervisor's entry.S */
	.quad 0, 0x00af9b000000ffff, 0x00cf93000000ffff, 0x00cf9b000000ffff
launch_gdt_end:
launch_end:

	.section .note.GNU-stack, "", @progbits
