/* SPDX-License-Identifier: Apache-2.0 */
#include "emulate_guest.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <cmocka.h>

struct arch_vcpu *const guest = &fake_guest.cpu;
struct toy *const toy = &toys[CONTROLLER];

static void poke64(uint64_t gpa, uint64_t value)
{
	memcpy(fake_ram(RAM_A + gpa), &value, 8);
}

/* 64-bit mode; the first 2 MiB are mapped to themselves, FOREIGN to nothing of the cell. */
static void enter_long_mode(void)
{
	struct x86_state *cpu = &fake_guest.state;

	poke64(0x10000, 0x11003);
	poke64(0x11000, 0x12003);
	poke64(0x12000, 0x83);
	poke64(0x12010, UINT64_C(0x123400000083));
	cpu->cr0 = CR0_PE | CR0_PG;
	cpu->cr3 = 0x10000;
	cpu->cr4 = CR4_PAE;
	cpu->efer = EFER_LME | EFER_LMA;
	for (unsigned int s = SEG_ES; s <= SEG_GS; s++)
		cpu->segments[s] = (struct x86_segment){ 0x18, ATTR_DATA, UINT32_MAX, 0x5000000 };
	cpu->segments[SEG_CS].attributes = ATTR_CODE64;
}

void enter_flat_mode(uint16_t code)
{
	struct x86_state *cpu = &fake_guest.state;

	memset(cpu, 0, sizeof(*cpu));
	cpu->cr0 = CR0_PE;
	for (unsigned int s = SEG_ES; s <= SEG_GS; s++)
		cpu->segments[s] = (struct x86_segment){ 0x18, ATTR_DATA, UINT32_MAX, 0 };
	cpu->segments[SEG_CS].attributes = code;
}

int emulate_setup(void **state)
{
	toy_setup(state);
	toy_start(&cells[0]);
	fake_guest_start(a0);
	memset(toys, 0, sizeof(toys));
	enter_long_mode();
	guest->rip = CODE;
	guest->rflags = 2;
	for (unsigned int r = 0; r < NR_GPR; r++)
		guest->gpr[r] = UINT64_C(0x1122334455667700) + r;
	return 0;
}

int emulate_teardown(void **state)
{
	(void)state;
	assert_false(fake_guest.window_open);
	assert_true(spin_trylock(&cells[0].device_lock));
	return 0;
}

void place(const char *bytes, unsigned int size)
{
	memset(fake_ram(RAM_A + CODE), 0xf4, 32);
	memcpy(fake_ram(RAM_A + CODE), bytes, size);
}

int mmio(uint64_t gpa, bool write)
{
	const struct vcpu_exit exit = { .reason = EXIT_MMIO,
					.mmio = { .gpa = gpa, .write = write } };

	return arch_vcpu_emulate(a0, &exit);
}

int string_io(uint16_t port, bool write, uint8_t size)
{
	const struct vcpu_exit exit = {
		.reason = EXIT_PIO,
		.pio = { .port = port, .size = size, .write = write, .string = true }
	};

	return arch_vcpu_emulate(a0, &exit);
}

int port_io(uint16_t port, bool write, uint8_t size)
{
	const struct vcpu_exit exit = {
		.reason = EXIT_PIO,
		.pio = { .port = port, .size = size, .write = write, .next_pc = CODE + 2 }
	};

	return arch_vcpu_emulate(a0, &exit);
}

void assert_done(uint64_t length)
{
	assert_int_equal(guest->rip, CODE + length);
	assert_int_equal(fake_guest.skips, 1);
	assert_int_equal(fake_guest.exceptions, 0);
}

void assert_untouched(const struct arch_vcpu *before)
{
	assert_memory_equal(guest, before, sizeof(*before));
	assert_int_equal(fake_guest.skips, 0);
}

void report_violations(void)
{
	configs[0].on_violation = VIOLATION_REPORT;
}
