/* SPDX-License-Identifier: Apache-2.0 */
/* sources: src/vdev/port80.c tests/unit/fake_device.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "fake_device.h"
#include "vdev/port80.h"

static struct port80 state;
static const struct device_range ranges[] = { { DEVICE_PIO, 0x80, 1, 0 } };
static const struct device port = {
	.ops = &port80_ops,
	.name = "post",
	.state = &state,
	.ranges = ranges,
	.nr_ranges = 1,
};

static int setup(void **context)
{
	(void)context;
	fake_start();
	port.ops->reset(&port);
	return 0;
}

static void the_last_code_reads_back(void **context)
{
	(void)context;
	assert_int_equal(fake_in8(&port, 0, 0), 0);
	for (unsigned int i = 0; i < 256; i++) {
		fake_out8(&port, 0, 0, (uint8_t)i);
		assert_int_equal(fake_in8(&port, 0, 0), i);
		assert_int_equal(state.code, i);
	}
	port.ops->reset(&port);
	assert_int_equal(fake_in8(&port, 0, 0), 0);
}

static void wide_accesses_reach_the_low_byte_only(void **context)
{
	(void)context;
	fake_out(&port, 0, 0, 4, 0x12345678);
	assert_int_equal(fake_in(&port, 0, 0, 2), 0xff78);
	assert_int_equal(fake_in(&port, 0, 0, 4), 0xffffff78);
	fake_out8(&port, 0, 1, 0x99);
	assert_int_equal(fake_in8(&port, 0, 0), 0x78);
	assert_int_equal(fake_in8(&port, 0, 1), 0xff);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(the_last_code_reads_back, setup),
		cmocka_unit_test_setup(wide_accesses_reach_the_low_byte_only, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
