/* SPDX-License-Identifier: Apache-2.0 */
/* sources: src/arch/x86/msr.c tests/unit/msr_guest.c */
/* flags: -include tests/unit/fake_x86.h */
/*
 * The local APIC's MSRs that exit: identity, and what may interrupt the physical CPU. Numbers are
 * those of SDM vol. 3, table 11-6, written out once more.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "msr_guest.h"

static void the_apic_is_the_cells_x2apic(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < 64; i++) {
		vcpu.index = i;
		assert_int_equal(value_of(0x1b), 0xfee00c00 | (i == 0 ? 0x100 : 0));
		assert_int_equal(value_of(0x802), i);
		assert_int_equal(value_of(0x80d), (i / 16) << 16 | 1u << i % 16);
		assert_int_equal(value_of(0x830), 0);
		assert_true(can_write(0x1b, value_of(0x1b)));
	}
	vcpu.index = 1;
	assert_false(can_write(0x1b, 0xfee00800)); /* x2APIC off */
	assert_false(can_write(0x1b, 0xfee00000)); /* all off */
	assert_false(can_write(0x1b, 0xfed00c00)); /* elsewhere */
	assert_false(can_write(0x1b, 0xfee00d00)); /* boot processor */
	assert_false(can_write(0x802, 1));
	assert_false(can_write(0x80d, 1));
}

static void local_interrupts_reach_the_apic_in_fixed_mode_only(void **state)
{
	(void)state;
	for (uint32_t msr = 0x833; msr <= 0x837; msr++) {
		assert_int_equal(value_of(msr), 0x10000);
		for (uint64_t mode = 0; mode < 8; mode++) {
			uint64_t value = 0x44 | mode << 8;

			nr_written = 0;
			assert_true(can_write(msr, value));
			assert_int_equal(value_of(msr), value);
			assert_int_equal(nr_written, 1);
			assert_int_equal(written_msr, msr);
			assert_int_equal(written_value, mode ? 0x10044 : value);
		}
		assert_true(can_write(msr, 0x10044));
		assert_int_equal(written_value, 0x10044);
	}
}

/* An emulated APIC would deliver them, and to the hypervisor they look like exceptions. */
static void local_interrupts_with_illegal_vectors_stay_masked(void **state)
{
	(void)state;
	for (uint32_t msr = 0x832; msr <= 0x837; msr++) {
		for (uint64_t vector = 0; vector < 256; vector++) {
			assert_true(can_write(msr, vector));
			assert_int_equal(written_msr, msr);
			assert_int_equal(written_value, vector < 16 ? 0x10000 | vector : vector);
		}
	}
}

/* Reads are direct, and writes exit for nothing but this. */
static void the_timer_has_no_delivery_mode(void **state)
{
	static const uint64_t good[] = { 0x100ec, 0x200ec, 0x300ec, 0xec };

	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(good); i++) {
		assert_true(can_write(0x832, good[i]));
		assert_int_equal(written_value, good[i]);
	}
	nr_written = 0;
	assert_false(can_write(0x832, 0x400ec)); /* TSC-deadline mode: CPUID does not show it */
	for (uint64_t mode = 1; mode < 8; mode++)
		assert_false(can_write(0x832, 0xec | mode << 8));
	assert_int_equal(nr_written, 0);
}

/* A bit that the register does not have is the guest's #GP and never the hypervisor's. */
static void reserved_bits_of_local_interrupts_are_refused(void **state)
{
	(void)state;
	for (uint32_t msr = 0x832; msr <= 0x837; msr++) {
		uint64_t valid = lvt_bits(msr);

		for (unsigned int bit = 0; bit < 64; bit++) {
			nr_written = 0;
			assert_int_equal(can_write(msr, BIT_ULL(bit)), valid >> bit & 1);
			assert_int_equal(nr_written, valid >> bit & 1);
		}
		assert_false(can_write(msr, UINT64_MAX));
		assert_false(can_write(msr, 0xfffff8ff));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(the_apic_is_the_cells_x2apic, setup),
		cmocka_unit_test_setup(local_interrupts_reach_the_apic_in_fixed_mode_only, setup),
		cmocka_unit_test_setup(local_interrupts_with_illegal_vectors_stay_masked, setup),
		cmocka_unit_test_setup(the_timer_has_no_delivery_mode, setup),
		cmocka_unit_test_setup(reserved_bits_of_local_interrupts_are_refused, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
