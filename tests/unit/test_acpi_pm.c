/* SPDX-License-Identifier: Apache-2.0 */
/* sources: src/vdev/acpi_pm.c tests/unit/fake_device.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "fake_device.h"
#include "vdev/acpi_pm.h"

#define LINE 9
#define SLP_EN 0x2000u
#define S5 5u

enum { EVENT, CONTROL, TIMER };
enum { STATUS = 0, ENABLE = 2 };

static struct acpi_pm state;
static const struct device_range ranges[] = {
	{ DEVICE_PIO, 0x600, 4, EVENT },
	{ DEVICE_PIO, 0x604, 2, CONTROL },
	{ DEVICE_PIO, 0x608, 4, TIMER },
};
static const struct device pm = {
	.ops = &acpi_pm_ops,
	.name = "pm",
	.state = &state,
	.ranges = ranges,
	.nr_ranges = 3,
	.line = LINE,
	.parameter = S5,
};

static uint32_t timer(void)
{
	return fake_in(&pm, TIMER, 0, 4);
}

static uint32_t status(void)
{
	return fake_in(&pm, EVENT, STATUS, 2);
}

/* The first nanosecond at which the timer shows @ticks, after a reset at 0. */
static uint64_t time_of(uint64_t ticks)
{
	return (uint64_t)((long double)ticks * 1e9L / 3579545.0L) + 1;
}

static int setup(void **context)
{
	static const struct acpi_pm zero;

	(void)context;
	fake_start();
	state = zero;
	pm.ops->reset(&pm);
	return 0;
}

static void the_timer_counts_3579545_a_second(void **context)
{
	(void)context;
	assert_int_equal(timer(), 0);
	fake.now = NSEC_PER_SEC;
	assert_int_equal(timer(), 3579545);
	fake.now += NSEC_PER_SEC / 1000;
	assert_int_equal(timer(), 3579545 + 3579);
	fake.now = 86400 * NSEC_PER_SEC;
	assert_int_equal(timer(), (uint32_t)(UINT64_C(3579545) * 86400));
	fake.now = UINT64_C(315360000) * NSEC_PER_SEC; /* ten years */
	assert_int_equal(timer(), (uint32_t)(UINT64_C(3579545) * 315360000));
}

static void the_timer_starts_at_zero_after_each_reset(void **context)
{
	(void)context;
	fake.now = 77 * NSEC_PER_SEC;
	pm.ops->reset(&pm);
	assert_int_equal(timer(), 0);
}

static void the_timer_wraps_at_32_bits(void **context)
{
	(void)context;
	fake.now = time_of(UINT64_C(0xffffffff));
	assert_int_equal(timer(), 0xffffffff);
	fake.now = time_of(UINT64_C(0x100000000));
	assert_int_equal(timer(), 0);
}

static void the_timer_never_goes_back(void **context)
{
	uint32_t last = 0;

	(void)context;
	fake_seed(2);
	for (unsigned int i = 0; i < 100000; i++) {
		fake.now += fake_random(5000);
		assert_true(timer() >= last);
		last = timer();
	}
}

static void the_carry_is_bit_31_changing_either_way(void **context)
{
	(void)context;
	fake.now = time_of(0x7fffffff);
	assert_int_equal(status(), 0);
	fake.now = time_of(0x80000000);
	assert_int_equal(status(), 1);
	fake_out(&pm, EVENT, STATUS, 2, 1);
	assert_int_equal(status(), 0);
	fake.now = time_of(UINT64_C(0x100000000));
	assert_int_equal(status(), 1);
	fake_out(&pm, EVENT, STATUS, 2, 0);
	assert_int_equal(status(), 1);
}

static void the_sci_follows_status_and_enable(void **context)
{
	(void)context;
	fake_out(&pm, EVENT, ENABLE, 2, 1);
	assert_false(fake.level[LINE]);
	fake.now = time_of(0x80000000);
	timer();
	assert_true(fake.level[LINE]);
	fake_out(&pm, EVENT, ENABLE, 2, 0);
	assert_false(fake.level[LINE]);
	fake_out(&pm, EVENT, ENABLE, 2, 1);
	assert_true(fake.level[LINE]);
	fake_out8(&pm, EVENT, STATUS, 1);
	assert_false(fake.level[LINE]);
	assert_int_equal(fake.useless_irqs, 0);
	fake.now = time_of(UINT64_C(0x100000000));
	timer();
	assert_true(fake.level[LINE]);
	pm.ops->reset(&pm);
	assert_false(fake.level[LINE]);
}

static void enables_that_exist_stick_and_others_do_not(void **context)
{
	(void)context;
	fake_out(&pm, EVENT, ENABLE, 2, 0xffff);
	assert_int_equal(fake_in(&pm, EVENT, ENABLE, 2), 0x0721);
	fake_out8(&pm, EVENT, ENABLE + 1, 0x02);
	assert_int_equal(fake_in(&pm, EVENT, ENABLE, 2), 0x0221);
	fake_out8(&pm, EVENT, ENABLE + 1, 0xff);
	fake_out8(&pm, EVENT, ENABLE, 0);
	assert_int_equal(fake_in(&pm, EVENT, ENABLE, 2), 0x0700);
	assert_int_equal(fake_in8(&pm, EVENT, ENABLE + 1), 0x07);
	fake_out(&pm, EVENT, 0, 4, 0x00200000);
	assert_int_equal(fake_in(&pm, EVENT, 0, 4), 0x00200000);
}

static void acpi_mode_cannot_be_left(void **context)
{
	(void)context;
	assert_int_equal(fake_in(&pm, CONTROL, 0, 2), 1);
	fake_out(&pm, CONTROL, 0, 2, 0);
	assert_int_equal(fake_in(&pm, CONTROL, 0, 2), 1);
	fake_out(&pm, CONTROL, 0, 2, 0xffff & ~SLP_EN);
	assert_int_equal(fake_in(&pm, CONTROL, 0, 2), 0x1c03);
}

static void only_the_sleep_type_of_s5_powers_off(void **context)
{
	(void)context;
	for (uint32_t type = 0; type < 8; type++) {
		fake_out(&pm, CONTROL, 0, 2, type << 10);
		assert_int_equal(fake.poweroffs, type > S5);
		fake_out(&pm, CONTROL, 0, 2, type << 10 | SLP_EN);
		assert_int_equal(fake.poweroffs, type >= S5);
		assert_int_equal(fake_in(&pm, CONTROL, 0, 2), type << 10 | 1);
	}
	/* By bytes: the type and the enable are in the upper one. */
	fake_out8(&pm, CONTROL, 1, (uint8_t)((S5 << 10 | SLP_EN) >> 8));
	assert_int_equal(fake.poweroffs, 2);
}

static void parts_of_registers_read_as_parts(void **context)
{
	(void)context;
	fake.now = time_of(0x12345678);
	assert_int_equal(fake_in8(&pm, TIMER, 0), 0x78);
	assert_int_equal(fake_in8(&pm, TIMER, 3), 0x12);
	assert_int_equal(fake_in(&pm, TIMER, 1, 2), 0x3456);
	assert_int_equal(fake_in(&pm, TIMER, 2, 4), 0xffff1234);
	assert_int_equal(fake_in(&pm, CONTROL, 0, 4), 0xffff0001);
	assert_int_equal(fake_in8(&pm, TIMER, 4), 0xff);
	assert_int_equal(fake_in(&pm, 9, 0, 4), 0xffffffff);
	fake_out(&pm, TIMER, 0, 4, 0);
	assert_int_equal(timer(), 0x12345678);
}

static void nonsense_does_no_harm(void **context)
{
	(void)context;
	fake_seed(19);
	for (unsigned int i = 0; i < 100; i++) {
		fake_hammer(&pm, 200);
		fake.now += NSEC_PER_SEC * fake_random(1000);
	}
	assert_int_equal(fake.useless_irqs, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(the_timer_counts_3579545_a_second, setup),
		cmocka_unit_test_setup(the_timer_starts_at_zero_after_each_reset, setup),
		cmocka_unit_test_setup(the_timer_wraps_at_32_bits, setup),
		cmocka_unit_test_setup(the_timer_never_goes_back, setup),
		cmocka_unit_test_setup(the_carry_is_bit_31_changing_either_way, setup),
		cmocka_unit_test_setup(the_sci_follows_status_and_enable, setup),
		cmocka_unit_test_setup(enables_that_exist_stick_and_others_do_not, setup),
		cmocka_unit_test_setup(acpi_mode_cannot_be_left, setup),
		cmocka_unit_test_setup(only_the_sleep_type_of_s5_powers_off, setup),
		cmocka_unit_test_setup(parts_of_registers_read_as_parts, setup),
		cmocka_unit_test_setup(nonsense_does_no_harm, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
