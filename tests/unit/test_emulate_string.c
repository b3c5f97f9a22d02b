/* SPDX-License-Identifier: Apache-2.0 */
/* sources: src/arch/x86/emulate.c src/arch/x86/memory.c src/arch/x86/insn.c src/core/cell.c
 *          src/core/bus.c src/core/fault.c src/core/vcpu.c tests/unit/fake_arch.c
 *          tests/unit/fake_guest.c tests/unit/toy_machine.c tests/unit/emulate_guest.c
 */
/*
 * String instructions of guests between devices and memory, and the addresses that they form in 64,
 * 32 and 16 bit code.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "emulate_guest.h"

/* ---- String I/O ---- */

static void outs_sends_memory_to_the_port(void **state)
{
	(void)state;
	memcpy(fake_ram(RAM_A + DATA), "\x44\x33\x22\x11", 4);
	guest->gpr[GPR_RSI] = DATA;
	guest->gpr[GPR_RCX] = 2;
	CODE_IS("\xf3\x6f"); /* rep outsd */
	assert_int_equal(string_io(0x61, true, 4), 0);
	assert_int_equal(toys[CLOCK].last_write, 0x11223344);
	assert_int_equal(guest->gpr[GPR_RSI], DATA + 4);
	assert_int_equal(guest->gpr[GPR_RCX], 1);
	assert_int_equal(guest->rip, CODE); /* one more round */
	assert_int_equal(fake_guest.skips, 0);
	assert_int_equal(string_io(0x61, true, 4), 0);
	assert_int_equal(guest->gpr[GPR_RCX], 0);
	assert_done(2);
}

static void ins_puts_the_port_into_memory(void **state)
{
	(void)state;
	memset(fake_ram(RAM_A + DATA), 0x77, 8);
	guest->gpr[GPR_RDI] = DATA + 3;
	guest->rflags |= 0x400; /* backwards */
	CODE_IS("\x66\x6d");    /* insw */
	assert_int_equal(string_io(0x61, false, 2), 0);
	assert_memory_equal(fake_ram(RAM_A + DATA), "\x77\x77\x77\x01\x10\x77", 6);
	assert_int_equal(guest->gpr[GPR_RDI], DATA + 1);
	assert_done(2);
}

static void an_unmapped_operand_is_the_guests_page_fault(void **state)
{
	static const struct {
		const char *code;
		bool write;
		bool user;
		uint32_t error;
	} cases[] = {
		{ "\x6e", true, false, 0 },
		{ "\x6c", false, false, 2 },
		{ "\x6e", true, true, 4 },
		{ "\x6c", false, true, 6 },
	};

	for (unsigned int policy = VIOLATION_FAULT; policy <= VIOLATION_REPORT; policy++) {
		for (unsigned int i = 0; i < ARRAY_SIZE(cases); i++) {
			struct arch_vcpu before;

			emulate_setup(state);
			configs[0].on_violation = (enum violation_action)policy;
			if (cases[i].user)
				fake_guest.state.segments[SEG_SS].attributes |= SEG_ATTR_DPL;
			guest->gpr[GPR_RSI] = guest->gpr[GPR_RDI] = UNMAPPED + 5;
			before = *guest;
			place(cases[i].code, 1);
			assert_int_equal(string_io(0x61, cases[i].write, 1), 0);
			assert_untouched(&before);
			assert_int_equal(fake_guest.exceptions, 1);
			assert_int_equal(fake_guest.vector, 14);
			assert_int_equal(fake_guest.error, cases[i].error);
			assert_int_equal(fake_guest.cr2, UNMAPPED + 5);
			assert_int_equal(toys[CLOCK].writes, 0);
			assert_int_equal(cells[0].violations, 0);
		}
	}
}

static void a_foreign_operand_is_a_fault_or_reported(void **state)
{
	struct arch_vcpu before;

	(void)state;
	guest->gpr[GPR_RSI] = guest->gpr[GPR_RDI] = FOREIGN;
	before = *guest;
	CODE_IS("\x6e"); /* outsb */
	assert_int_equal(string_io(0x61, true, 1), -EPERM);
	assert_int_equal(toys[CLOCK].writes, 0);
	CODE_IS("\x6c"); /* insb */
	assert_int_equal(string_io(0x61, false, 1), -EPERM);
	assert_untouched(&before);

	report_violations();
	assert_int_equal(string_io(0x61, false, 1), 0);
	assert_int_equal(guest->gpr[GPR_RDI], FOREIGN + 1);
	assert_int_equal(cells[0].violations, 1);
	guest->rip = CODE;
	CODE_IS("\x6e"); /* outsb */
	assert_int_equal(string_io(0x61, true, 1), 0);
	assert_int_equal(toys[CLOCK].last_write, 0xff); /* as from a floating bus */
	assert_int_equal(guest->gpr[GPR_RSI], FOREIGN + 1);
	assert_int_equal(cells[0].violations, 2);
}

/* A device's registers are no memory for the other operand: they might be anybody's. */
static void an_operand_in_device_registers_is_a_violation(void **state)
{
	(void)state;
	memset(fake_ram(DEVICE_A), 0x66, 16);
	guest->gpr[GPR_RSI] = 0x100000;
	CODE_IS("\x6e");
	assert_int_equal(string_io(0x61, true, 1), -EPERM);
	guest->gpr[GPR_RDI] = 0x100000;
	CODE_IS("\x6c");
	assert_int_equal(string_io(0x61, false, 1), -EPERM);
	assert_int_equal(*fake_ram(DEVICE_A), 0x66);
}

static void strings_to_a_foreign_port_are_a_fault_or_reported(void **state)
{
	struct arch_vcpu before;

	(void)state;
	guest->gpr[GPR_RSI] = guest->gpr[GPR_RDI] = DATA;
	before = *guest;
	memset(fake_ram(RAM_A + DATA), 0, 4);
	CODE_IS("\x6d"); /* insd */
	assert_int_equal(string_io(0xcf8, false, 4), -EPERM);
	assert_untouched(&before);
	report_violations();
	assert_int_equal(string_io(0xcf8, false, 4), 0);
	assert_memory_equal(fake_ram(RAM_A + DATA), "\xff\xff\xff\xff", 4);
	assert_done(1);
}

/* ---- String moves ---- */

static void movs_goes_both_ways(void **state)
{
	(void)state;
	memcpy(fake_ram(RAM_A + DATA), "\x44\x33\x22\x11", 4);
	guest->gpr[GPR_RSI] = DATA;
	CODE_IS("\xa5"); /* movsd, RAM to registers */
	assert_int_equal(mmio(IOAPIC, true), 0);
	assert_int_equal(toy->last_write, 0x11223344);
	assert_done(1);

	emulate_setup(state);
	guest->gpr[GPR_RDI] = DATA + 8;
	CODE_IS("\xa5"); /* and back */
	assert_int_equal(mmio(IOAPIC + 4, false), 0);
	assert_memory_equal(fake_ram(RAM_A + DATA + 8), "\x00\x10\xcd\xab", 4);
	assert_int_equal(toy->last_offset, 4);
	assert_done(1);
}

static void movs_between_registers_and_foreign_memory(void **state)
{
	(void)state;
	CODE_IS("\xa5");
	guest->gpr[GPR_RDI] = FOREIGN;
	assert_int_equal(mmio(IOAPIC, false), -EPERM);
	guest->gpr[GPR_RSI] = FOREIGN;
	assert_int_equal(mmio(IOAPIC, true), -EPERM);
	assert_int_equal(toy->writes, 0);
	report_violations();
	assert_int_equal(mmio(IOAPIC, true), 0);
	assert_int_equal(toy->last_write, UINT32_MAX);
	assert_int_equal(cells[0].violations, 1);
	assert_done(1);
}

static void stos_writes_the_accumulator(void **state)
{
	(void)state;
	guest->gpr[GPR_RCX] = 3;
	guest->gpr[GPR_RDI] = 0x1000;
	CODE_IS("\xf3\xab"); /* rep stosd */
	assert_int_equal(mmio(IOAPIC, true), 0);
	assert_int_equal(toy->last_write, 0x55667700);
	assert_int_equal(guest->gpr[GPR_RCX], 2);
	assert_int_equal(guest->gpr[GPR_RDI], 0x1004);
	assert_int_equal(guest->rip, CODE);
}

/* ---- Modes and segments ---- */

static void in_64_bit_mode_only_fs_and_gs_have_a_base(void **state)
{
	(void)state;
	memcpy(fake_ram(RAM_A + DATA), "\x41\x42", 2);
	guest->gpr[GPR_RSI] = DATA; /* the base of DS, 5000000H, does not count */
	CODE_IS("\x6e");
	assert_int_equal(string_io(0x61, true, 1), 0);
	assert_int_equal(toys[CLOCK].last_write, 0x41);
	fake_guest.state.segments[SEG_GS].base = DATA;
	guest->rip = CODE;
	guest->gpr[GPR_RSI] = 1;
	CODE_IS("\x65\x6e"); /* gs outsb */
	assert_int_equal(string_io(0x61, true, 1), 0);
	assert_int_equal(toys[CLOCK].last_write, 0x42);
	fake_guest.state.segments[SEG_GS].base = (uint64_t)DATA - 0x100000000;
	guest->rip = CODE;
	guest->gpr[GPR_RSI] = 0x100000000; /* wraps at 64 bits */
	assert_int_equal(string_io(0x61, true, 1), 0);
	assert_int_equal(toys[CLOCK].last_write, 0x41);
}

static void in_32_bit_code_every_segment_has_a_base(void **state)
{
	(void)state;
	enter_flat_mode(ATTR_CODE32);
	fake_guest.state.segments[SEG_CS].base = 0x1000;
	fake_guest.state.segments[SEG_DS].base = 0x8000;
	fake_guest.state.segments[SEG_ES].base = 0x9000;
	guest->rip = CODE - 0x1000;
	memcpy(fake_ram(RAM_A + DATA), "\x41\x42", 2);
	guest->gpr[GPR_RSI] = UINT64_C(0x1122334400000000) + DATA - 0x8000;
	guest->gpr[GPR_RDI] = UINT64_C(0x1122334400000000) + DATA - 0x9000 + 1;
	CODE_IS("\x6e");
	assert_int_equal(string_io(0x61, true, 1), 0);
	assert_int_equal(toys[CLOCK].last_write, 0x41);
	guest->rip = CODE - 0x1000;
	CODE_IS("\x6c");
	assert_int_equal(string_io(0x61, false, 1), 0);
	assert_int_equal(*fake_ram(RAM_A + DATA + 1), 0x01);
	guest->rip = CODE - 0x1000;
	CODE_IS("\x8b\x07"); /* mov eax,[edi] */
	assert_int_equal(mmio(IOAPIC, false), 0);
	assert_int_equal(guest->gpr[GPR_RAX], 0xabcd1000);
}

static void addresses_below_64_bits_wrap(void **state)
{
	for (unsigned int compatibility = 0; compatibility < 2; compatibility++) {
		emulate_setup(state);
		if (compatibility)
			fake_guest.state.segments[SEG_CS].attributes = ATTR_CODE32;
		else
			enter_flat_mode(ATTR_CODE32);
		fake_guest.state.segments[SEG_CS].base = 0xfffff000;
		fake_guest.state.segments[SEG_DS].base = 0xfffff000;
		fake_guest.state.segments[SEG_ES].base = 0xfffff000;
		guest->rip = CODE + 0x1000;
		*fake_ram(RAM_A + DATA) = 0x41;
		guest->gpr[GPR_RSI] = DATA + 0x1000;
		CODE_IS("\x6e");
		assert_int_equal(string_io(0x61, true, 1), 0);
		assert_int_equal(toys[CLOCK].last_write, 0x41);
		guest->rip = CODE + 0x1000;
		guest->gpr[GPR_RDI] = DATA + 0x1000;
		CODE_IS("\x6c");
		assert_int_equal(string_io(0x61, false, 1), 0);
		assert_int_equal(*fake_ram(RAM_A + DATA), 0x01);
	}
}

static void in_16_bit_code_addresses_and_operands_are_small(void **state)
{
	(void)state;
	enter_flat_mode(ATTR_CODE16);
	fake_guest.state.cr0 = 0;
	fake_guest.state.segments[SEG_CS].base = 0x6000;
	fake_guest.state.segments[SEG_ES].base = DATA;
	guest->rip = CODE - 0x6000;
	guest->gpr[GPR_RDI] = 0x77770010;
	CODE_IS("\x6d"); /* insw to es:di */
	assert_int_equal(string_io(0x61, false, 2), 0);
	assert_memory_equal(fake_ram(RAM_A + DATA + 0x10), "\x01\x10", 2);
	assert_int_equal(guest->gpr[GPR_RDI], 0x77770012);
	guest->rip = CODE - 0x6000;
	CODE_IS("\xa3\x00\x10"); /* mov [1000h],ax */
	assert_int_equal(mmio(IOAPIC, true), 0);
	assert_int_equal(toy->last_size, 2);
	assert_int_equal(toy->last_write, 0x7700);
	assert_int_equal(guest->rip, CODE - 0x6000 + 3);
}

static void virtual_8086_mode_is_16_bit_code(void **state)
{
	(void)state;
	enter_flat_mode(ATTR_CODE32);
	guest->rflags |= BIT(17);
	CODE_IS("\xa3\x00\x10\xf4\xf4"); /* in 32-bit code it would have 5 bytes */
	assert_int_equal(mmio(IOAPIC, true), 0);
	assert_int_equal(toy->last_size, 2);
	assert_done(3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(outs_sends_memory_to_the_port, emulate_setup,
						emulate_teardown),
		cmocka_unit_test_setup_teardown(ins_puts_the_port_into_memory, emulate_setup,
						emulate_teardown),
		cmocka_unit_test_setup_teardown(an_unmapped_operand_is_the_guests_page_fault,
						emulate_setup, emulate_teardown),
		cmocka_unit_test_setup_teardown(a_foreign_operand_is_a_fault_or_reported,
						emulate_setup, emulate_teardown),
		cmocka_unit_test_setup_teardown(an_operand_in_device_registers_is_a_violation,
						emulate_setup, emulate_teardown),
		cmocka_unit_test_setup_teardown(strings_to_a_foreign_port_are_a_fault_or_reported,
						emulate_setup, emulate_teardown),
		cmocka_unit_test_setup_teardown(movs_goes_both_ways, emulate_setup,
						emulate_teardown),
		cmocka_unit_test_setup_teardown(movs_between_registers_and_foreign_memory,
						emulate_setup, emulate_teardown),
		cmocka_unit_test_setup_teardown(stos_writes_the_accumulator, emulate_setup,
						emulate_teardown),
		cmocka_unit_test_setup_teardown(in_64_bit_mode_only_fs_and_gs_have_a_base,
						emulate_setup, emulate_teardown),
		cmocka_unit_test_setup_teardown(in_32_bit_code_every_segment_has_a_base,
						emulate_setup, emulate_teardown),
		cmocka_unit_test_setup_teardown(addresses_below_64_bits_wrap, emulate_setup,
						emulate_teardown),
		cmocka_unit_test_setup_teardown(in_16_bit_code_addresses_and_operands_are_small,
						emulate_setup, emulate_teardown),
		cmocka_unit_test_setup_teardown(virtual_8086_mode_is_16_bit_code, emulate_setup,
						emulate_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
