/* SPDX-License-Identifier: Apache-2.0 */
/* sources: src/vdev/i8042.c tests/unit/fake_device.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "fake_device.h"
#include "vdev/i8042.h"

enum { DATA, COMMAND };

static struct i8042 state;
static const struct device_range ranges[] = {
	{ DEVICE_PIO, 0x60, 1, DATA },
	{ DEVICE_PIO, 0x64, 1, COMMAND },
};
static const struct device kbc = {
	.ops = &i8042_ops,
	.name = "keyboard",
	.state = &state,
	.ranges = ranges,
	.nr_ranges = 2,
};

static int setup(void **context)
{
	(void)context;
	fake_start();
	kbc.ops->reset(&kbc);
	return 0;
}

static void only_pulses_of_bit_0_reset_the_cell(void **context)
{
	unsigned int expected = 0;

	(void)context;
	for (unsigned int command = 0; command < 256; command++) {
		fake_out8(&kbc, COMMAND, 0, (uint8_t)command);
		if (command >= 0xf0 && command % 2 == 0)
			expected++;
		assert_int_equal(fake.resets, expected);
	}
	assert_int_equal(expected, 8);
}

static void the_output_port_resets_with_bit_0_clear(void **context)
{
	(void)context;
	fake_out8(&kbc, DATA, 0, 0x00);
	fake_out8(&kbc, COMMAND, 0, 0xd1);
	fake_out8(&kbc, DATA, 0, 0xdf);
	assert_int_equal(fake.resets, 0);
	fake_out8(&kbc, DATA, 0, 0xde); /* the command was for one byte */
	assert_int_equal(fake.resets, 0);
	fake_out8(&kbc, COMMAND, 0, 0xd1);
	fake_out8(&kbc, COMMAND, 0, 0xaa); /* another command takes its place */
	fake_out8(&kbc, DATA, 0, 0xde);
	assert_int_equal(fake.resets, 0);
	fake_out8(&kbc, COMMAND, 0, 0xd1);
	fake_out8(&kbc, DATA, 0, 0xde);
	assert_int_equal(fake.resets, 1);
	fake_out8(&kbc, COMMAND, 0, 0xd1);
	kbc.ops->reset(&kbc);
	fake_out8(&kbc, DATA, 0, 0xde);
	assert_int_equal(fake.resets, 1);
}

static void both_buffers_are_always_empty(void **context)
{
	(void)context;
	/* Linux's kb_wait() needs bit 1 clear, a loop that drains needs bit 0 clear. */
	for (unsigned int command = 0; command < 256; command++) {
		fake_out8(&kbc, COMMAND, 0, (uint8_t)command);
		assert_int_equal(fake_in8(&kbc, COMMAND, 0), 0x14);
		fake_out8(&kbc, DATA, 0, 0xff);
		assert_int_equal(fake_in8(&kbc, COMMAND, 0), 0x14);
	}
	assert_int_equal(fake_in8(&kbc, DATA, 0), 0xff);
}

static void stray_accesses_do_nothing(void **context)
{
	(void)context;
	fake_out8(&kbc, COMMAND, 1, 0xfe);
	fake_out8(&kbc, 7, 0, 0xfe);
	assert_int_equal(fake.resets, 0);
	assert_int_equal(fake_in(&kbc, COMMAND, 0, 2), 0xff14);
	assert_int_equal(fake_in8(&kbc, COMMAND, 1), 0xff);
	assert_int_equal(fake_in8(&kbc, 7, 0), 0xff);
	fake_out(&kbc, COMMAND, 0, 2, 0x00fe);
	assert_int_equal(fake.resets, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(only_pulses_of_bit_0_reset_the_cell, setup),
		cmocka_unit_test_setup(the_output_port_resets_with_bit_0_clear, setup),
		cmocka_unit_test_setup(both_buffers_are_always_empty, setup),
		cmocka_unit_test_setup(stray_accesses_do_nothing, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
