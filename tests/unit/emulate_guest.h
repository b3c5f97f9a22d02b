/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A guest whose instructions are emulated: code and data in the RAM of the toy machine's cell "a",
 * and the exits that bring it to src/arch/x86/emulate.c.
 */
#ifndef EMULATE_GUEST_H
#define EMULATE_GUEST_H

#include "fake_guest.h"
#include "toy_machine.h"

#define CODE 0x7000u /* linear and guest-physical */
#define DATA 0x20000u
#define UNMAPPED UINT64_C(0x250000)
#define FOREIGN UINT64_C(0x400000)  /* linear; leads to memory that is not the cell's */
#define IOAPIC UINT64_C(0xfec00000) /* guest-physical, a toy */
#define NOBODY UINT64_C(0xfee00000)

#define ATTR_CODE64 0xa9bu
#define ATTR_CODE32 0xc9bu
#define ATTR_CODE16 0x09bu
#define ATTR_DATA 0xc93u

/* The CPU of a0, and the toy that stands at IOAPIC. */
extern struct arch_vcpu *const guest;
extern struct toy *const toy;

/* In 64-bit mode at CODE, every register with a value of its own; violations are faults. */
int emulate_setup(void **state);

/* Checks that nothing stays mapped or locked. */
int emulate_teardown(void **state);

/* Changes to protected mode without paging, with code segments of attributes @code. */
void enter_flat_mode(uint16_t code);

/* Puts an instruction at CODE. */
void place(const char *bytes, unsigned int size);
#define CODE_IS(bytes) place((bytes), sizeof(bytes) - 1)

/* Exits, carried out. They return what arch_vcpu_emulate() says. */
int mmio(uint64_t gpa, bool write);
int port_io(uint16_t port, bool write, uint8_t size);
int string_io(uint16_t port, bool write, uint8_t size);

/* The instruction of @length bytes was carried out once, without exception. */
void assert_done(uint64_t length);

/* The guest is where it was, and no register has changed. */
void assert_untouched(const struct arch_vcpu *before);

void report_violations(void);

#endif
