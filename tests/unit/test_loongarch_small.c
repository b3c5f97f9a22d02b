/* SPDX-License-Identifier: Apache-2.0 */
/* sources: src/vdev/pch_msi.c src/vdev/syscon_power.c src/vdev/isa_window.c */
/* sources: tests/unit/fake_device.c */
/* The small devices of LoongArch cells: MSI doorbell, power, empty ISA window. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "fake_device.h"
#include "vdev/isa_window.h"
#include "vdev/pch_msi.h"
#include "vdev/syscon_power.h"

static struct pch_msi msi_state;
static const struct device_range doorbell[] = { { DEVICE_MMIO, 0x2ff00000, 8, 0 } };
static const struct device msi = {
	.ops = &pch_msi_ops,
	.name = "msi",
	.state = &msi_state,
	.ranges = doorbell,
	.nr_ranges = 1,
	.parameter = 64,
};

static struct syscon_power power_state;
static const struct device_range page[] = { { DEVICE_MMIO, 0x100e001c, 3, 0 } };
static const struct device power = {
	.ops = &syscon_power_ops,
	.name = "power",
	.state = &power_state,
	.ranges = page,
	.nr_ranges = 1,
};

static struct isa_window window_state;
static const struct device_range ports[] = { { DEVICE_MMIO, 0x18000000, 0x4000, 0 } };
static const struct device window = {
	.ops = &isa_window_ops,
	.name = "isa",
	.state = &window_state,
	.ranges = ports,
	.nr_ranges = 1,
};

static int setup(void **context)
{
	(void)context;
	fake_start();
	fake_seed(1);
	msi.ops->reset(&msi);
	power.ops->reset(&power);
	window.ops->reset(&window);
	return 0;
}

static void a_message_raises_its_vector_each_time(void **context)
{
	(void)context;
	for (unsigned int vector = 0; vector < 256; vector++) {
		fake_out(&msi, 0, 0, 4, vector);
		fake_out(&msi, 0, 0, 4, vector);
		assert_int_equal(fake.nr_messages, vector < 64 ? 0 : 2 * (vector - 63));
	}
	for (unsigned int i = 0; i < fake.nr_messages; i++) {
		assert_int_equal(fake.messages[i].vector, 64 + i / 2);
		assert_true(fake.messages[i].level);
	}
}

static void other_messages_are_none(void **context)
{
	(void)context;
	fake_out(&msi, 0, 0, 4, 256);
	fake_out(&msi, 0, 0, 4, 0x10040);
	fake_out(&msi, 0, 4, 4, 100);
	fake_out(&msi, 0, 1, 1, 100);
	assert_int_equal(fake.nr_messages, 0);
	msi.ops->write(&msi, 0, 0, 8, UINT64_C(0xffffffff00000064));
	fake_out(&msi, 0, 0, 2, 100);
	fake_out(&msi, 0, 0, 1, 100);
	msi.ops->write(&msi, 0, 0, 2, 0x10064); /* what is above the access does not count */
	assert_int_equal(fake.nr_messages, 4);
	assert_int_equal(fake_in(&msi, 0, 0, 4), 0);
}

static void what_the_device_tree_tells_switches_off(void **context)
{
	(void)context;
	fake_out8(&power, 0, 0, SYSCON_POWER_OFF);
	assert_int_equal(fake.poweroffs, 1);
	assert_int_equal(fake.resets, 0);
	assert_int_equal(fake_in8(&power, 0, 0), 0x14);
}

static void what_the_device_tree_tells_resets(void **context)
{
	(void)context;
	fake_out8(&power, 0, 2, SYSCON_POWER_RESET);
	assert_int_equal(fake.resets, 1);
	assert_int_equal(fake.poweroffs, 0);
}

static void other_values_do_not(void **context)
{
	(void)context;
	for (unsigned int value = 0; value < 256; value++) {
		if ((value & 0x3c) != 0x34)
			fake_out8(&power, 0, 0, (uint8_t)value);
		fake_out8(&power, 0, 1, (uint8_t)value);
		if (value != SYSCON_POWER_RESET)
			fake_out8(&power, 0, 2, (uint8_t)value);
	}
	assert_int_equal(fake.resets + fake.poweroffs, 0);
	assert_int_equal(fake_in8(&power, 0, 1), 0);
	assert_int_equal(fake_in8(&power, 0, 2), 0);
	fake_out(&power, 0, 1, 2, SYSCON_POWER_RESET << 8); /* its byte of a wider access */
	assert_int_equal(fake.resets, 1);
}

static void the_window_is_empty(void **context)
{
	(void)context;
	fake_out8(&window, 0, 0x60, 0);
	for (unsigned int size = 1; size <= 4; size *= 2)
		assert_int_equal(fake_in(&window, 0, 0x60, size),
				 size < 4 ? BIT(8 * size) - 1 : UINT32_MAX);
	assert_int_equal(window.ops->read(&window, 0, 0, 8), UINT64_MAX);
	assert_int_equal(window_state.probes, 5);
}

static void nonsense_does_no_harm(void **context)
{
	(void)context;
	fake_hammer(&msi, 10000);
	fake_hammer(&power, 10000);
	fake_hammer(&window, 10000);
	for (unsigned int i = 0; i < fake.nr_messages; i++)
		assert_true(fake.messages[i].vector >= 64);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(a_message_raises_its_vector_each_time, setup),
		cmocka_unit_test_setup(other_messages_are_none, setup),
		cmocka_unit_test_setup(what_the_device_tree_tells_switches_off, setup),
		cmocka_unit_test_setup(what_the_device_tree_tells_resets, setup),
		cmocka_unit_test_setup(other_values_do_not, setup),
		cmocka_unit_test_setup(the_window_is_empty, setup),
		cmocka_unit_test_setup(nonsense_does_no_harm, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
