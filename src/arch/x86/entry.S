/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The first instructions: both loaders (QEMU through the PVH note, GRUB through multiboot2) enter
 * here in 32-bit protected mode without paging. Goes to long mode on a boot page table that maps
 * the low 4 GiB to itself, then to boot_main(loader, information).
 */
#include "x86.h"

#define BOOT_STACK_SIZE 16384
#define PVH_NOTE_PHYS32_ENTRY 18 /* XEN_ELFNOTE_PHYS32_ENTRY */
#define MB2_MAGIC 0xe85250d6     /* multiboot2 specification, 3.1.1 */
#define MB2_LENGTH (mb2_end - mb2_start)

	.section .multiboot2, "a"
	.balign 8
mb2_start:
	.long MB2_MAGIC
	.long 0 /* i386 protected mode */
	.long MB2_LENGTH
	.long -(MB2_MAGIC + MB2_LENGTH)
	/* information request: memory map (6); ACPI RSDP (14, 15) when there */
	.balign 8
	.short 1
	.short 0
	.long 12
	.long 6
	.balign 8
	.short 0
	.short 0
	.long 8
mb2_end:

	.section .note.Xen, "a"
	.balign 4
	.long 4 /* size of the name */
	.long 8 /* and of the description */
	.long PVH_NOTE_PHYS32_ENTRY
	.asciz "Xen"
	.quad entry_pvh

	.section .text.boot, "ax"
	.code32
	.globl entry_pvh
entry_pvh:
	movl $0, %edi
	jmp boot32
	.globl entry32
entry32:
	movl %eax, %edi /* multiboot2's magic number, checked in boot_main() */
boot32:
	cld
	cli
	movl %ebx, %esi
	movl $boot_stack_top, %esp

	/* PML4[0] -> PDPT, PDPT[0..3] -> 4 page directories of 2 MiB pages */
	movl $boot_pdpt + 3, boot_pml4
	movl $boot_pd + 3, %eax
	movl $boot_pdpt, %ebx
	movl $4, %ecx
1:	movl %eax, (%ebx)
	addl $4096, %eax
	addl $8, %ebx
	loop 1b
	movl $0x83, %eax
	movl $boot_pd, %ebx
	movl $2048, %ecx
2:	movl %eax, (%ebx)
	addl $0x200000, %eax
	addl $8, %ebx
	loop 2b

	call enter_long_mode
	lgdt boot_gdt_pointer
	ljmpl $SEL_CODE64, $boot64

/* Switches paging and long mode on; keeps %edi and %esi. Used by the AP trampoline too. */
	.globl enter_long_mode
enter_long_mode:
	movl $CR4_PAE, %eax
	movl %eax, %cr4
	movl $boot_pml4, %eax
	movl %eax, %cr3
	movl $MSR_EFER, %ecx
	rdmsr
	orl $(EFER_LME | EFER_NXE), %eax
	wrmsr
	movl $(CR0_PG | CR0_WP | CR0_PE | CR0_ET), %eax
	movl %eax, %cr0
	ret

	.code64
boot64:
	movl $SEL_DATA, %eax
	movl %eax, %ds
	movl %eax, %es
	movl %eax, %ss
	xorl %eax, %eax
	movl %eax, %fs
	movl %eax, %gs
	movl $boot_stack_top, %esp
	xorl %ebp, %ebp
	call boot_main
3:	cli
	hlt
	jmp 3b

/*
 * The application processors' trampoline: smp.c copies it below 1 MiB and starts them there in real
 * mode. It finds its own address in %cs, goes to protected mode, then joins the code above.
 */
	.globl trampoline_start, trampoline_end
	.code16
trampoline_start:
	cli
	cld
	movw %cs, %ax
	movw %ax, %ds
	lgdtl (trampoline_gdt_pointer - trampoline_start)
	movl $(CR0_PE | CR0_ET), %eax
	movl %eax, %cr0
	ljmpl $SEL_CODE32, $ap32
trampoline_gdt_pointer:
	.short boot_gdt_end - boot_gdt - 1
	.long boot_gdt
trampoline_end:

	.code32
ap32:
	movl $SEL_DATA, %eax
	movl %eax, %ds
	movl %eax, %es
	movl %eax, %ss
	movl ap_boot_stack, %esp
	call enter_long_mode
	ljmpl $SEL_CODE64, $ap64
	.code64
ap64:
	xorl %eax, %eax
	movl %eax, %fs
	movl %eax, %gs
	movl ap_boot_stack, %esp
	xorl %ebp, %ebp
	call smp_ap_main
4:	cli
	hlt
	jmp 4b

	.section .rodata
	.balign 8
	.globl boot_gdt
boot_gdt:
	.quad 0
	.quad 0x00af9b000000ffff /* 0x08 64-bit code */
	.quad 0x00cf93000000ffff /* 0x10 data */
	.quad 0x00cf9b000000ffff /* 0x18 32-bit code */
boot_gdt_end:
boot_gdt_pointer:
	.short boot_gdt_end - boot_gdt - 1
	.long boot_gdt

	.section .bss
	.balign 4096
	.globl boot_pml4
boot_pml4:
	.skip 4096
boot_pdpt:
	.skip 4096
boot_pd:
	.skip 4 * 4096
	.skip BOOT_STACK_SIZE
	.globl boot_stack_top
boot_stack_top:

	.section .note.GNU-stack, "", @progbits
