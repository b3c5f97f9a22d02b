/* SPDX-License-Identifier: Apache-2.0 */
/* sources: src/vdev/pci_host.c tests/unit/fake_device.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "fake_device.h"
#include "vdev/pci_host.h"

#define ADDRESS 0
#define RESET 1
#define DATA 4
#define ENABLE 0x80000000u

static struct pci_host state;
#define ECAM_SIZE 0x100000u /* of one bus */
static const struct device_range ranges[] = {
	{ DEVICE_PIO, 0xcf8, 8, 0 },
	{ DEVICE_MMIO, 0xb0000000, ECAM_SIZE, PCI_HOST_ECAM },
};
static const struct device host = {
	.ops = &pci_host_ops,
	.name = "pci",
	.state = &state,
	.ranges = ranges,
	.nr_ranges = 2,
};

static uint32_t config(uint32_t address)
{
	fake_out(&host, 0, ADDRESS, 4, ENABLE | address);
	return fake_in(&host, 0, DATA, 4);
}

static int setup(void **context)
{
	(void)context;
	fake_start();
	host.ops->reset(&host);
	return 0;
}

static void the_address_register_takes_words_of_32_bits_only(void **context)
{
	(void)context;
	fake_out(&host, 0, ADDRESS, 4, 0xffffffff);
	assert_int_equal(fake_in(&host, 0, ADDRESS, 4), 0x80fffffc);
	fake_out(&host, 0, ADDRESS, 4, ENABLE);
	fake_out8(&host, 0, 3, 0x01);
	fake_out8(&host, 0, 0, 0x44);
	fake_out(&host, 0, 0, 2, 0x4444);
	assert_int_equal(fake_in(&host, 0, ADDRESS, 4), ENABLE);
	assert_int_equal(fake_in8(&host, 0, 0), 0xff);
	assert_int_equal(fake_in(&host, 0, 2, 2), 0xffff);
}

static void linux_finds_mechanism_1_and_not_2(void **context)
{
	uint32_t old;

	(void)context;
	fake_out8(&host, 0, 3, 0x01);
	old = fake_in(&host, 0, ADDRESS, 4);
	fake_out(&host, 0, ADDRESS, 4, ENABLE);
	assert_int_equal(fake_in(&host, 0, ADDRESS, 4), ENABLE);
	/* pci_sanity_check(): a host bridge by its class */
	fake_out(&host, 0, ADDRESS, 4, ENABLE | 0x08);
	assert_int_equal(fake_in(&host, 0, DATA + 2, 2), 0x0600);
	fake_out(&host, 0, ADDRESS, 4, old);
	/* pci_check_type2() */
	fake_out8(&host, 0, 3, 0);
	fake_out8(&host, 0, 0, 0);
	fake_out8(&host, 0, 2, 0);
	assert_false(fake_in8(&host, 0, 0) == 0 && fake_in8(&host, 0, 2) == 0);
}

static void the_bridge_is_the_only_function(void **context)
{
	(void)context;
	for (uint32_t function = 0; function < 0x10000; function++)
		assert_int_equal(config(function << 8), function ? 0xffffffff : 0x00081b36);
}

static void the_bridge_has_a_plain_header(void **context)
{
	(void)context;
	assert_int_equal(config(0x08), 0x06000000);
	assert_int_equal(config(0x0c), 0); /* header type 0, one function */
	assert_int_equal(config(0x04), 0x00000006); /* no capabilities */
	for (uint32_t reg = 0x10; reg < 0x100; reg += 4)
		assert_int_equal(config(reg), 0);
}

static void no_register_of_the_bridge_can_be_written(void **context)
{
	(void)context;
	for (uint32_t reg = 0; reg < 0x100; reg += 4) {
		uint32_t before = config(reg);

		fake_out(&host, 0, DATA, 4, 0xffffffff);
		fake_out(&host, 0, DATA, 4, 0);
		assert_int_equal(config(reg), before);
	}
}

static void data_is_read_by_bytes_and_words_too(void **context)
{
	(void)context;
	config(0x00);
	assert_int_equal(fake_in8(&host, 0, DATA), 0x36);
	assert_int_equal(fake_in8(&host, 0, DATA + 1), 0x1b);
	assert_int_equal(fake_in(&host, 0, DATA + 2, 2), 0x0008);
	assert_int_equal(fake_in(&host, 0, DATA + 1, 2), 0x081b);
	assert_int_equal(fake_in(&host, 0, DATA + 2, 4), 0xffff0008);
	assert_int_equal(fake_in(&host, 0, 3, 2), 0x36ff);
}

static void without_the_enable_bit_nothing_is_there(void **context)
{
	(void)context;
	fake_out(&host, 0, ADDRESS, 4, 0);
	assert_int_equal(fake_in(&host, 0, DATA, 4), 0xffffffff);
}

/* The sequence of Linux's reboot=pci: bits 1 and 2 in two steps. */
static void port_cf9_resets_when_bit_2_rises(void **context)
{
	(void)context;
	for (unsigned int i = 1; i <= 2; i++) {
		uint8_t code = i == 1 ? 0x06 : 0x0e;
		uint8_t old = (uint8_t)(fake_in8(&host, 0, RESET) & ~code);

		fake_out8(&host, 0, RESET, old | 2);
		assert_int_equal(fake.resets, i - 1);
		fake_out8(&host, 0, RESET, old | code);
		assert_int_equal(fake.resets, i);
		assert_int_equal(fake_in8(&host, 0, RESET), code);
		fake_out8(&host, 0, RESET, old | code);
		assert_int_equal(fake.resets, i);
		host.ops->reset(&host);
		assert_int_equal(fake_in8(&host, 0, RESET), 0);
	}
}

static void only_byte_accesses_reach_port_cf9(void **context)
{
	(void)context;
	fake_out(&host, 0, ADDRESS, 2, 0x0600);
	fake_out(&host, 0, RESET, 2, 0x0006);
	fake_out(&host, 0, ADDRESS, 4, 0x00000600);
	fake_out8(&host, 0, RESET, 0xf9);
	assert_int_equal(fake.resets, 0);
	assert_int_equal(fake_in8(&host, 0, RESET), 0x08);
}

/* ---- The enhanced mechanism: bus 0 as memory, 4 KiB a function ---- */

static uint32_t ecam(uint64_t offset, unsigned int size)
{
	return fake_in(&host, PCI_HOST_ECAM, offset, size);
}

static void both_mechanisms_show_the_same_header(void **context)
{
	(void)context;
	for (uint32_t reg = 0; reg < 0x100; reg += 4)
		assert_int_equal(ecam(reg, 4), config(reg));
	assert_int_equal(ecam(0, 4), 0x00081b36);
}

static void the_bridge_has_no_extended_capabilities(void **context)
{
	(void)context;
	for (uint32_t reg = 0x100; reg < 0x1000; reg += 4)
		assert_int_equal(ecam(reg, 4), 0);
}

static void the_bridge_is_the_only_function_of_the_ecam_range(void **context)
{
	(void)context;
	for (uint32_t offset = 0x1000; offset < ECAM_SIZE; offset += 4) {
		if (ecam(offset, 4) != 0xffffffff)
			fail_msg("a function at offset 0x%x", offset);
		assert_int_equal(ecam(offset + 3, 1), 0xff);
		assert_int_equal(ecam(offset, 2), 0xffff);
	}
}

static void the_ecam_range_is_read_by_bytes_and_words_too(void **context)
{
	(void)context;
	assert_int_equal(ecam(0, 1), 0x36);
	assert_int_equal(ecam(1, 1), 0x1b);
	assert_int_equal(ecam(2, 2), 0x0008);
	assert_int_equal(ecam(1, 2), 0x081b);
	assert_int_equal(ecam(0xa, 2), 0x0600); /* the class that makes it a host bridge */
	assert_int_equal(ecam(0xfff, 1), 0);
}

static void nothing_in_the_ecam_range_can_be_written(void **context)
{
	(void)context;
	for (uint32_t offset = 0; offset < 0x2000; offset += 4) {
		uint32_t before = ecam(offset, 4);

		fake_out(&host, PCI_HOST_ECAM, offset, 4, 0xffffffff);
		fake_out8(&host, PCI_HOST_ECAM, offset, 0);
		assert_int_equal(ecam(offset, 4), before);
	}
	/* Offset 1 is no reset control register, and 0 no CONFIG_ADDRESS. */
	fake_out8(&host, PCI_HOST_ECAM, 1, 0x06);
	assert_int_equal(fake.resets, 0);
	assert_int_equal(fake_in(&host, 0, ADDRESS, 4), 0);
}

/* CONFIG_ADDRESS belongs to mechanism 1 alone. */
static void the_mechanisms_do_not_disturb_each_other(void **context)
{
	(void)context;
	fake_out(&host, 0, ADDRESS, 4, ENABLE | 0x1808);
	assert_int_equal(ecam(0, 4), 0x00081b36);
	assert_int_equal(ecam(0x3000, 4), 0xffffffff);
	assert_int_equal(fake_in(&host, 0, ADDRESS, 4), ENABLE | 0x1808);
}

static void nonsense_does_no_harm(void **context)
{
	(void)context;
	fake_seed(23);
	fake_hammer(&host, 20000);
	assert_true((state.address & ~0x80fffffc) == 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(the_address_register_takes_words_of_32_bits_only, setup),
		cmocka_unit_test_setup(linux_finds_mechanism_1_and_not_2, setup),
		cmocka_unit_test_setup(the_bridge_is_the_only_function, setup),
		cmocka_unit_test_setup(the_bridge_has_a_plain_header, setup),
		cmocka_unit_test_setup(no_register_of_the_bridge_can_be_written, setup),
		cmocka_unit_test_setup(data_is_read_by_bytes_and_words_too, setup),
		cmocka_unit_test_setup(without_the_enable_bit_nothing_is_there, setup),
		cmocka_unit_test_setup(port_cf9_resets_when_bit_2_rises, setup),
		cmocka_unit_test_setup(only_byte_accesses_reach_port_cf9, setup),
		cmocka_unit_test_setup(both_mechanisms_show_the_same_header, setup),
		cmocka_unit_test_setup(the_bridge_has_no_extended_capabilities, setup),
		cmocka_unit_test_setup(the_bridge_is_the_only_function_of_the_ecam_range, setup),
		cmocka_unit_test_setup(the_ecam_range_is_read_by_bytes_and_words_too, setup),
		cmocka_unit_test_setup(nothing_in_the_ecam_range_can_be_written, setup),
		cmocka_unit_test_setup(the_mechanisms_do_not_disturb_each_other, setup),
		cmocka_unit_test_setup(nonsense_does_no_harm, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
