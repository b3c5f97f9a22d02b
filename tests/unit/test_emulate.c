/* SPDX-License-Identifier: Apache-2.0 */
/* sources: src/arch/x86/emulate.c src/arch/x86/memory.c src/arch/x86/insn.c src/core/cell.c
 *          src/core/bus.c src/core/fault.c src/core/vcpu.c tests/unit/fake_arch.c
 *          tests/unit/fake_guest.c tests/unit/toy_machine.c tests/unit/emulate_guest.c
 */
/*
 * Guest instructions that touch ports and registers in memory, and what becomes of them when they
 * touch what the cell does not own, or cannot be carried out.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "emulate_guest.h"

/* ---- IN and OUT ---- */

static void ports_are_read_into_the_accumulator(void **state)
{
	(void)state;
	assert_int_equal(port_io(0x61, false, 1), 0);
	assert_int_equal(guest->gpr[GPR_RAX], UINT64_C(0x1122334455667701)); /* AL */
	assert_int_equal(toys[CLOCK].last_size, 1);
	assert_done(2);
	guest->rip = CODE;
	assert_int_equal(port_io(0x61, false, 2), 0);
	assert_int_equal(guest->gpr[GPR_RAX], UINT64_C(0x1122334455661001)); /* AX */
	guest->rip = CODE;
	assert_int_equal(port_io(0x61, false, 4), 0);
	assert_int_equal(guest->gpr[GPR_RAX], 0xabcd1001); /* EAX clears the upper half */
}

static void ports_are_written_from_the_accumulator(void **state)
{
	(void)state;
	guest->gpr[GPR_RAX] = UINT64_C(0x1122334455667788);
	assert_int_equal(port_io(0x61, true, 1), 0);
	assert_int_equal(toys[CLOCK].last_write, 0x88);
	assert_int_equal(port_io(0x61, true, 2), 0);
	assert_int_equal(toys[CLOCK].last_write, 0x7788);
	assert_int_equal(port_io(0x61, true, 4), 0);
	assert_int_equal(toys[CLOCK].last_write, 0x55667788);
	assert_int_equal(guest->gpr[GPR_RAX], UINT64_C(0x1122334455667788));
}

static void a_foreign_port_is_a_fault_or_reported(void **state)
{
	struct arch_vcpu before = *guest;

	(void)state;
	assert_int_equal(port_io(0xcf8, false, 4), -EPERM);
	assert_int_equal(port_io(0xcf8, true, 4), -EPERM);
	assert_untouched(&before);
	report_violations();
	assert_int_equal(port_io(0xcf8, false, 2), 0);
	assert_int_equal(guest->gpr[GPR_RAX], UINT64_C(0x112233445566ffff));
	assert_done(2);
	assert_int_equal(cells[0].violations, 1);
}

static void a_legacy_port_reads_as_ones(void **state)
{
	(void)state;
	assert_int_equal(port_io(0x2fd, false, 1), 0);
	assert_int_equal(guest->gpr[GPR_RAX] & 0xff, 0xff);
	assert_int_equal(cells[0].absent, 1);
}

/* ---- Registers in memory ---- */

static void registers_are_read_in_every_width(void **state)
{
	(void)state;
	CODE_IS("\x8b\x07"); /* mov eax,[rdi] */
	assert_int_equal(mmio(IOAPIC + 0x10, false), 0);
	assert_int_equal(guest->gpr[GPR_RAX], 0xabcd1000);
	assert_int_equal(toy->last_offset, 0x10);
	assert_int_equal(toy->last_size, 4);
	assert_done(2);

	emulate_setup(state);
	CODE_IS("\x8a\x27"); /* mov ah,[rdi] */
	assert_int_equal(mmio(IOAPIC + 3, false), 0);
	assert_int_equal(guest->gpr[GPR_RAX], UINT64_C(0x1122334455660000));
	assert_int_equal(toy->last_size, 1);

	emulate_setup(state);
	CODE_IS("\x48\x8b\x07"); /* mov rax,[rdi]: two words */
	assert_int_equal(mmio(IOAPIC, false), 0);
	assert_int_equal(guest->gpr[GPR_RAX], UINT64_C(0xabcd1000abcd1000));
	assert_int_equal(toy->reads, 2);
	assert_int_equal(toy->last_offset, 4);
	assert_done(3);
}

static void registers_are_written_in_every_width(void **state)
{
	(void)state;
	CODE_IS("\x89\x07"); /* mov [rdi],eax */
	assert_int_equal(mmio(IOAPIC + 0x10, true), 0);
	assert_int_equal(toy->last_write, 0x55667700);
	assert_int_equal(toy->reads, 0); /* no read before the write */
	assert_done(2);

	emulate_setup(state);
	CODE_IS("\x48\x89\x07"); /* mov [rdi],rax */
	assert_int_equal(mmio(IOAPIC, true), 0);
	assert_int_equal(toy->writes, 2);
	assert_int_equal(toy->last_write, 0x11223344);

	emulate_setup(state);
	CODE_IS("\x66\xc7\x07\x34\x12"); /* mov word ptr [rdi],1234h */
	assert_int_equal(mmio(IOAPIC, true), 0);
	assert_int_equal(toy->last_write, 0x1234);
	assert_int_equal(toy->last_size, 2);
	assert_done(5);

	emulate_setup(state);
	CODE_IS("\x81\x0f\x00\x00\x01\x00"); /* or dword ptr [rdi],10000h */
	assert_int_equal(mmio(IOAPIC, true), 0);
	assert_int_equal(toy->reads, 1);
	assert_int_equal(toy->last_write, 0xabcd1000 | 0x10000);
	assert_done(6);
}

static void foreign_registers_are_a_fault_or_reported(void **state)
{
	struct arch_vcpu before = *guest;

	(void)state;
	CODE_IS("\x48\x8b\x07"); /* mov rax,[rdi] */
	assert_int_equal(mmio(NOBODY, false), -EPERM);
	assert_untouched(&before);
	CODE_IS("\x89\x07"); /* mov [rdi],eax */
	assert_int_equal(mmio(NOBODY, true), -EPERM);
	assert_untouched(&before);

	report_violations();
	assert_int_equal(mmio(NOBODY, true), 0);
	assert_done(2);
	assert_int_equal(cells[0].violations, 1);
	emulate_setup(state);
	report_violations();
	CODE_IS("\x8b\x07"); /* mov eax,[rdi] */
	assert_int_equal(mmio(NOBODY, false), 0);
	assert_int_equal(guest->gpr[GPR_RAX], 0xffffffff);
	assert_done(2);
}

static void writes_to_rom_vanish_and_the_guest_goes_on(void **state)
{
	uint32_t before, after;

	(void)state;
	CODE_IS("\x89\x07"); /* mov [rdi],eax */
	memcpy(&before, fake_ram(ROM_A + 0x10), 4);
	assert_int_equal(mmio(0xf0010, true), 0);
	memcpy(&after, fake_ram(ROM_A + 0x10), 4);
	assert_int_equal(after, before);
	assert_done(2);
	assert_int_equal(cells[0].violations + cells[0].absent, 0);

	emulate_setup(state);
	CODE_IS("\x31\x07"); /* xor [rdi],eax: reads the ROM, and its flags are real */
	memset(fake_ram(ROM_A + 0x10), 0x5a, 4);
	guest->gpr[GPR_RDI] = 0xf0010;
	guest->gpr[GPR_RAX] = 0x5a5a5a5a;
	assert_int_equal(mmio(0xf0010, true), 0);
	assert_int_equal(*fake_ram(ROM_A + 0x10), 0x5a);
	assert_true(guest->rflags & 0x40);
	assert_done(2);
}

/* ---- What cannot be carried out ---- */

static void an_unknown_instruction_is_a_fault_or_gp(void **state)
{
	struct arch_vcpu before = *guest;

	(void)state;
	CODE_IS("\x0f\x6f\x07"); /* movq mm0,[rdi] */
	assert_int_equal(mmio(IOAPIC, false), -EPERM);
	assert_untouched(&before);
	assert_int_equal(fake_guest.exceptions, 0);
	report_violations();
	assert_int_equal(mmio(IOAPIC, false), 0);
	assert_untouched(&before);
	assert_int_equal(fake_guest.exceptions, 1);
	assert_int_equal(fake_guest.vector, 13);
	assert_int_equal(cells[0].violations, 1);
	assert_int_equal(toy->reads, 0);
}

static void foreign_code_is_always_a_fault(void **state)
{
	const struct vcpu_exit exit = { .reason = EXIT_MMIO,
					.mmio = { .gpa = NOBODY, .execute = true } };

	(void)state;
	assert_int_equal(arch_vcpu_emulate(a0, &exit), -EPERM);
	report_violations();
	assert_int_equal(arch_vcpu_emulate(a0, &exit), -EPERM); /* there is nothing to go on with */
	assert_int_equal(fake_guest.exceptions, 0);
}

static void foreign_page_tables_are_a_fault_or_gp(void **state)
{
	const struct vcpu_exit exit = { .reason = EXIT_MMIO,
					.mmio = { .gpa = IOAPIC, .walk = true } };

	(void)state;
	CODE_IS("\x8b\x07");
	assert_int_equal(arch_vcpu_emulate(a0, &exit), -EPERM);
	report_violations();
	assert_int_equal(arch_vcpu_emulate(a0, &exit), 0);
	assert_int_equal(fake_guest.vector, 13);
	assert_int_equal(toy->reads, 0);
}

static void code_is_read_up_to_the_end_of_memory(void **state)
{
	(void)state;
	guest->rip = 0x9fffe; /* the last two bytes of RAM; what follows is mapped but foreign */
	configs[0].nr_regions = 1;
	memcpy(fake_ram(RAM_A + 0x9fffe), "\x8b\x07", 2);
	assert_int_equal(mmio(IOAPIC, false), 0);
	assert_int_equal(guest->gpr[GPR_RAX], 0xabcd1000);
	guest->rip = 0x9ffff;
	assert_int_equal(mmio(IOAPIC, false), -EPERM);
	guest->rip = UNMAPPED;
	assert_int_equal(mmio(IOAPIC, false), -EPERM);
	guest->rip = FOREIGN;
	assert_int_equal(mmio(IOAPIC, false), -EPERM);
}

/* Another CPU may have written the code since the exit: what stands there now must fit. */
static void an_instruction_that_does_not_fit_its_exit_is_refused(void **state)
{
	struct arch_vcpu before;

	(void)state;
	guest->gpr[GPR_RSI] = guest->gpr[GPR_RDI] = DATA;
	before = *guest;
	CODE_IS("\x6e"); /* outsb */
	assert_int_equal(mmio(IOAPIC, false), -EPERM);
	CODE_IS("\x6c"); /* insb */
	assert_int_equal(mmio(IOAPIC, true), -EPERM);
	CODE_IS("\x8b\x07"); /* mov eax,[rdi] */
	assert_int_equal(string_io(0x61, true, 1), -EPERM);
	CODE_IS("\xa4"); /* movsb */
	assert_int_equal(string_io(0x61, false, 1), -EPERM);
	assert_untouched(&before);
	assert_int_equal(toy->reads + toy->writes + toys[CLOCK].reads + toys[CLOCK].writes, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(ports_are_read_into_the_accumulator, emulate_setup,
						emulate_teardown),
		cmocka_unit_test_setup_teardown(ports_are_written_from_the_accumulator,
						emulate_setup, emulate_teardown),
		cmocka_unit_test_setup_teardown(a_foreign_port_is_a_fault_or_reported,
						emulate_setup, emulate_teardown),
		cmocka_unit_test_setup_teardown(a_legacy_port_reads_as_ones, emulate_setup,
						emulate_teardown),
		cmocka_unit_test_setup_teardown(registers_are_read_in_every_width, emulate_setup,
						emulate_teardown),
		cmocka_unit_test_setup_teardown(registers_are_written_in_every_width, emulate_setup,
						emulate_teardown),
		cmocka_unit_test_setup_teardown(foreign_registers_are_a_fault_or_reported,
						emulate_setup, emulate_teardown),
		cmocka_unit_test_setup_teardown(writes_to_rom_vanish_and_the_guest_goes_on,
						emulate_setup, emulate_teardown),
		cmocka_unit_test_setup_teardown(an_unknown_instruction_is_a_fault_or_gp,
						emulate_setup, emulate_teardown),
		cmocka_unit_test_setup_teardown(foreign_code_is_always_a_fault, emulate_setup,
						emulate_teardown),
		cmocka_unit_test_setup_teardown(foreign_page_tables_are_a_fault_or_gp,
						emulate_setup, emulate_teardown),
		cmocka_unit_test_setup_teardown(code_is_read_up_to_the_end_of_memory, emulate_setup,
						emulate_teardown),
		cmocka_unit_test_setup_teardown(
			an_instruction_that_does_not_fit_its_exit_is_refused, emulate_setup,
			emulate_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
