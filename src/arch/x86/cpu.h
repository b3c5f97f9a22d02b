/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The physical CPU: its private memory and descriptor tables.
 *
 * Each CPU has its own PML4. The low half (the hypervisor's image and registers of its devices,
 * mapped to itself) is shared; the slot at PRIVATE_BASE is the CPU's own and mapped on no other
 * CPU:
 *
 *   PRIVATE_CPU      struct cpu
 *   PRIVATE_WINDOW   one page that shows any physical page for a moment (paging.c)
 *   PRIVATE_TABLE    the page table that maps the window
 *   PRIVATE_VENDOR   the vendor backend's control blocks
 *   PRIVATE_STACK    the stack, with an unmapped guard page below
 *   PRIVATE_FAULT    the stack of double faults, NMIs and machine checks, guarded too
 */
#ifndef ARCH_CPU_H
#define ARCH_CPU_H

#include "core/types.h"
#include "x86.h"
#include "arch_vcpu.h"

#define PRIVATE_BASE 0xffff800000000000ull
#define PRIVATE_CPU PRIVATE_BASE
#define PRIVATE_WINDOW (PRIVATE_BASE + 0x200000)
#define PRIVATE_TABLE (PRIVATE_BASE + 0x201000)
#define PRIVATE_VENDOR (PRIVATE_BASE + 0x300000)
#define PRIVATE_STACK (PRIVATE_BASE + 0x400000)
#define PRIVATE_FAULT (PRIVATE_BASE + 0x500000)

#define CPU_PAGES 4 /* of struct cpu */
#define STACK_PAGES 4
#define FAULT_PAGES 2  /* per stack of the interrupt stack table */
#define FAULT_STACKS 3 /* double fault, NMI, machine check */
#define FAULT_STRIDE UINT64_C(0x10000)

struct tss {
	uint32_t reserved0;
	uint64_t rsp[3];
	uint64_t reserved1;
	uint64_t ist[7];
	uint64_t reserved2;
	uint16_t reserved3;
	uint16_t iomap;
} __attribute__((packed));
static_assert(sizeof(struct tss) == 104, "APM 12.2.5");

struct cpu {
	unsigned int index; /* in board.cpus */
	uint32_t attention; /* set by the NMI handler */
	struct vcpu *vcpu;  /* NULL: the board gives this CPU to no cell */
	uint64_t gdt[6];
	struct tss tss;
	struct arch_vcpu guest;
};
static_assert(sizeof(struct cpu) <= CPU_PAGES * PAGE_SIZE, "struct cpu fits its pages");

/* This CPU's private structure; the same address on every CPU. Valid after paging_enter(). */
static inline struct cpu *this_cpu(void)
{
	return (struct cpu *)PRIVATE_CPU;
}

/* Loads this CPU's GDT, TSS and the shared IDT. */
void cpu_load_tables(void);

/* Fills the shared IDT; once, on the boot CPU. */
void cpu_init_idt(void);

/* Switches to the stack that ends at @top and calls @function, which must not return. */
void cpu_switch_stack(uint64_t top, void (*function)(void)) __attribute__((noreturn));

/* Takes and acknowledges the interrupts that are pending at the local APIC, without acting on them.
 */
void cpu_drain(void);

/* Halts until *@flag becomes non-zero by the NMI handler; NMIs must be able to come. */
void cpu_wait(const uint32_t *flag);

/* Prints why and stops this CPU for good. */
void cpu_panic(const char *why) __attribute__((noreturn));

#endif
