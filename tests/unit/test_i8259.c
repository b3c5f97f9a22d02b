/* SPDX-License-Identifier: Apache-2.0 */
/* sources: src/vdev/i8259.c tests/unit/fake_device.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "fake_device.h"
#include "vdev/i8259.h"

enum { MASTER, SLAVE, ELCR };

#define MASTER_BASE 0x30
#define SLAVE_BASE 0x38
#define EOI 0x20

static struct i8259 state;
static const struct device_range ranges[] = {
	{ DEVICE_PIO, 0x20, 2, MASTER },
	{ DEVICE_PIO, 0xa0, 2, SLAVE },
	{ DEVICE_PIO, 0x4d0, 2, ELCR },
};
static const struct device pic = {
	.ops = &i8259_ops,
	.name = "pic",
	.state = &state,
	.ranges = ranges,
	.nr_ranges = 3,
};

static void command(unsigned int chip, uint8_t value)
{
	fake_out8(&pic, chip, 0, value);
}

static void mask(unsigned int chip, uint8_t value)
{
	fake_out8(&pic, chip, 1, value);
}

static void line(unsigned int number, bool level)
{
	pic.ops->set_line(&pic, number, level);
}

static void pulse(unsigned int number)
{
	line(number, false);
	line(number, true);
}

static uint8_t irr(unsigned int chip)
{
	command(chip, 0x0a);
	return fake_in8(&pic, chip, 0);
}

static uint8_t isr(unsigned int chip)
{
	command(chip, 0x0b);
	return fake_in8(&pic, chip, 0);
}

static void initialise(uint8_t master_icw4, uint8_t slave_icw4)
{
	command(MASTER, 0x11);
	mask(MASTER, MASTER_BASE);
	mask(MASTER, 0x04);
	mask(MASTER, master_icw4);
	command(SLAVE, 0x11);
	mask(SLAVE, SLAVE_BASE);
	mask(SLAVE, 0x02);
	mask(SLAVE, slave_icw4);
}

static int power_on(void **context)
{
	static const struct i8259 zero;

	(void)context;
	fake_start();
	state = zero;
	pic.ops->reset(&pic);
	return 0;
}

static int setup(void **context)
{
	power_on(context);
	initialise(0x01, 0x01);
	return 0;
}

static int calm(void **context)
{
	(void)context;
	return fake.useless_intrs == 0 ? 0 : -1;
}

static void an_uninitialised_pair_requests_nothing(void **context)
{
	(void)context;
	for (unsigned int i = 0; i < 16; i++)
		line(i, true);
	assert_false(fake.intr);
	mask(MASTER, 0);
	assert_false(fake.intr);
}

static void the_mask_register_works_before_initialisation(void **context)
{
	(void)context;
	/* Linux finds out so whether there is a PIC. */
	mask(SLAVE, 0xff);
	mask(MASTER, 0xfb);
	assert_int_equal(fake_in8(&pic, MASTER, 1), 0xfb);
	assert_int_equal(fake_in8(&pic, SLAVE, 1), 0xff);
}

static void initialisation_is_complete_only_after_the_last_word(void **context)
{
	(void)context;
	command(MASTER, 0x11);
	line(3, true);
	mask(MASTER, MASTER_BASE);
	assert_false(fake.intr);
	mask(MASTER, 0x04);
	assert_false(fake.intr);
	mask(MASTER, 0x01);
	assert_true(fake.intr);
}

static void a_single_chip_without_icw4_takes_one_more_word(void **context)
{
	(void)context;
	command(MASTER, 0x12);
	mask(MASTER, 0x47);
	line(1, true);
	assert_true(fake.intr);
	assert_int_equal(i8259_acknowledge(&pic), 0x41);
	mask(MASTER, 0xa5);
	assert_int_equal(fake_in8(&pic, MASTER, 1), 0xa5);
}

static void icw1_clears_mask_service_edges_and_modes(void **context)
{
	(void)context;
	initialise(0x03, 0x01);
	mask(MASTER, 0x0f);
	command(MASTER, 0x68); /* special mask mode */
	command(MASTER, 0x0b);
	command(MASTER, 0x80); /* rotate in automatic EOI mode */
	command(MASTER, 0xc3); /* IR3 lowest */
	line(5, true);
	line(6, true);
	command(MASTER, 0x11);
	mask(MASTER, MASTER_BASE);
	mask(MASTER, 0x04);
	mask(MASTER, 0x01);
	assert_int_equal(fake_in8(&pic, MASTER, 1), 0);
	/* The read register is IRR again; the high lines need a new edge. */
	assert_int_equal(fake_in8(&pic, MASTER, 0), 0);
	assert_false(fake.intr);
	pulse(0);
	pulse(7);
	assert_int_equal(i8259_acknowledge(&pic), MASTER_BASE + 0);
	assert_int_equal(isr(MASTER), 0x01);
	assert_false(fake.intr);
}

static void every_line_has_its_vector(void **context)
{
	(void)context;
	for (unsigned int i = 0; i < 16; i++) {
		if (i == 2)
			continue;
		line(i, true);
		assert_true(fake.intr);
		assert_int_equal(i8259_acknowledge(&pic),
				 i < 8 ? MASTER_BASE + i : SLAVE_BASE + i - 8);
		assert_false(fake.intr);
		assert_int_equal(isr(MASTER), i < 8 ? BIT(i) : BIT(2));
		assert_int_equal(isr(SLAVE), i < 8 ? 0 : BIT(i - 8));
		if (i >= 8)
			command(SLAVE, EOI);
		command(MASTER, EOI);
		assert_int_equal(isr(MASTER) | isr(SLAVE), 0);
		assert_false(fake.intr);
		line(i, false);
	}
}

static void lines_that_do_not_exist_are_ignored(void **context)
{
	(void)context;
	line(2, true);
	line(16, true);
	line(23, true);
	line(1000, true);
	assert_false(fake.intr);
	assert_int_equal(irr(MASTER) | irr(SLAVE), 0);
}

static void an_edge_counts_once(void **context)
{
	(void)context;
	line(4, true);
	i8259_acknowledge(&pic);
	command(MASTER, EOI);
	assert_false(fake.intr);
	line(4, true);
	assert_false(fake.intr);
	pulse(4);
	assert_true(fake.intr);
}

static void a_request_that_goes_away_is_forgotten(void **context)
{
	(void)context;
	line(4, true);
	line(4, false);
	assert_false(fake.intr);
	assert_int_equal(irr(MASTER), 0);
	line(12, true);
	assert_true(fake.intr);
	line(12, false);
	assert_false(fake.intr);
}

static void an_acknowledge_without_request_is_a_spurious_ir7(void **context)
{
	(void)context;
	assert_int_equal(i8259_acknowledge(&pic), MASTER_BASE + 7);
	assert_int_equal(isr(MASTER), 0);
	line(12, true);
	line(12, false);
	assert_int_equal(i8259_acknowledge(&pic), MASTER_BASE + 7);
	assert_int_equal(isr(MASTER) | isr(SLAVE), 0);
}

static void a_level_line_requests_as_long_as_it_is_high(void **context)
{
	(void)context;
	fake_out8(&pic, ELCR, 1, 0x02);
	line(9, true);
	for (unsigned int i = 0; i < 3; i++) {
		assert_int_equal(i8259_acknowledge(&pic), SLAVE_BASE + 1);
		assert_false(fake.intr);
		command(SLAVE, EOI);
		command(MASTER, EOI);
		assert_true(fake.intr);
	}
	line(9, false);
	assert_false(fake.intr);
}

static void elcr_holds_only_lines_that_can_be_level(void **context)
{
	(void)context;
	fake_out(&pic, ELCR, 0, 2, 0xffff);
	assert_int_equal(fake_in8(&pic, ELCR, 0), 0xf8);
	assert_int_equal(fake_in8(&pic, ELCR, 1), 0xde);
	assert_int_equal(fake_in(&pic, ELCR, 0, 2), 0xdef8);
}

static void masked_edges_wait_in_irr(void **context)
{
	(void)context;
	mask(MASTER, 0xff);
	line(4, true);
	assert_false(fake.intr);
	assert_int_equal(irr(MASTER), 0x10);
	mask(MASTER, 0xef);
	assert_true(fake.intr);
	assert_int_equal(i8259_acknowledge(&pic), MASTER_BASE + 4);
	assert_int_equal(irr(MASTER), 0);
}

static void higher_priorities_nest_and_lower_ones_wait(void **context)
{
	(void)context;
	line(4, true);
	i8259_acknowledge(&pic);
	line(5, true);
	assert_false(fake.intr);
	line(1, true);
	assert_true(fake.intr);
	assert_int_equal(i8259_acknowledge(&pic), MASTER_BASE + 1);
	assert_int_equal(isr(MASTER), 0x12);
	command(MASTER, EOI);
	assert_int_equal(isr(MASTER), 0x10);
	assert_false(fake.intr);
	command(MASTER, EOI);
	assert_int_equal(i8259_acknowledge(&pic), MASTER_BASE + 5);
}

static void the_slave_ranks_between_ir1_and_ir3(void **context)
{
	(void)context;
	line(3, true);
	line(15, true);
	line(1, true);
	assert_int_equal(i8259_acknowledge(&pic), MASTER_BASE + 1);
	command(MASTER, EOI);
	assert_int_equal(i8259_acknowledge(&pic), SLAVE_BASE + 7);
	command(SLAVE, EOI);
	command(MASTER, EOI);
	assert_int_equal(i8259_acknowledge(&pic), MASTER_BASE + 3);
}

static void a_specific_eoi_ends_the_level_it_names(void **context)
{
	(void)context;
	line(6, true);
	i8259_acknowledge(&pic);
	line(3, true);
	i8259_acknowledge(&pic);
	command(MASTER, 0x66);
	assert_int_equal(isr(MASTER), 0x08);
	command(MASTER, 0x63);
	assert_int_equal(isr(MASTER), 0);
	command(MASTER, 0x65); /* not in service */
	assert_int_equal(isr(MASTER), 0);
}

static void automatic_eoi_leaves_nothing_in_service(void **context)
{
	(void)context;
	initialise(0x03, 0x03);
	pulse(0);
	pulse(11);
	assert_int_equal(i8259_acknowledge(&pic), MASTER_BASE);
	assert_int_equal(isr(MASTER), 0);
	assert_int_equal(i8259_acknowledge(&pic), SLAVE_BASE + 3);
	assert_int_equal(isr(MASTER) | isr(SLAVE), 0);
	assert_false(fake.intr);
}

static void a_slave_with_automatic_eoi_makes_an_edge_for_each_request(void **context)
{
	(void)context;
	initialise(0x03, 0x03);
	line(9, true);
	line(10, true);
	assert_int_equal(i8259_acknowledge(&pic), SLAVE_BASE + 1);
	assert_true(fake.intr);
	assert_int_equal(i8259_acknowledge(&pic), SLAVE_BASE + 2);
	assert_false(fake.intr);
}

static void rotation_makes_the_served_level_the_lowest(void **context)
{
	(void)context;
	line(4, true);
	i8259_acknowledge(&pic);
	command(MASTER, 0xa0); /* rotate on non-specific EOI */
	line(0, true);
	line(5, true);
	assert_int_equal(i8259_acknowledge(&pic), MASTER_BASE + 5);
	command(MASTER, 0xe0); /* rotate on specific EOI: IR0 lowest, IR5 stays in service */
	assert_int_equal(isr(MASTER), 0x20);
	command(MASTER, EOI);
	line(1, true);
	assert_int_equal(i8259_acknowledge(&pic), MASTER_BASE + 1);
	command(MASTER, EOI);
	assert_int_equal(i8259_acknowledge(&pic), MASTER_BASE + 0);
}

static void rotation_in_automatic_eoi_serves_all_alike(void **context)
{
	static const uint8_t order[] = { 3, 5, 3, 5, 3 };

	(void)context;
	fake_out8(&pic, ELCR, 0, 0xff);
	initialise(0x03, 0x01);
	command(MASTER, 0x80);
	line(3, true);
	line(5, true);
	for (unsigned int i = 0; i < sizeof(order); i++)
		assert_int_equal(i8259_acknowledge(&pic), MASTER_BASE + order[i]);
	command(MASTER, 0x00); /* no rotation any more: the last served stays the lowest */
	assert_int_equal(i8259_acknowledge(&pic), MASTER_BASE + 5);
	assert_int_equal(i8259_acknowledge(&pic), MASTER_BASE + 5);
}

static void set_priority_moves_the_whole_order(void **context)
{
	(void)context;
	command(MASTER, 0xc4);
	for (unsigned int i = 0; i < 8; i++)
		line(i, true);
	assert_int_equal(i8259_acknowledge(&pic), MASTER_BASE + 5);
	command(MASTER, EOI);
	assert_int_equal(i8259_acknowledge(&pic), MASTER_BASE + 6);
	command(MASTER, EOI);
	assert_int_equal(i8259_acknowledge(&pic), MASTER_BASE + 7);
	command(MASTER, EOI);
	assert_int_equal(i8259_acknowledge(&pic), MASTER_BASE + 0);
}

static void special_mask_mode_lets_lower_levels_through(void **context)
{
	(void)context;
	line(3, true);
	i8259_acknowledge(&pic);
	line(6, true);
	assert_false(fake.intr);
	mask(MASTER, 0x08);
	assert_false(fake.intr);
	command(MASTER, 0x68);
	assert_true(fake.intr);
	assert_int_equal(i8259_acknowledge(&pic), MASTER_BASE + 6);
	/* A non-specific EOI does not see the masked level. */
	command(MASTER, EOI);
	assert_int_equal(isr(MASTER), 0x08);
	command(MASTER, EOI);
	assert_int_equal(isr(MASTER), 0x08);
	command(MASTER, 0x0a); /* without ESMM nothing changes */
	command(MASTER, 0x20);
	assert_int_equal(isr(MASTER), 0x08);
	command(MASTER, 0x48);
	command(MASTER, EOI);
	assert_int_equal(isr(MASTER), 0);
}

static void the_slave_interrupts_itself_only_when_special_fully_nested(void **context)
{
	(void)context;
	for (unsigned int sfnm = 0; sfnm < 2; sfnm++) {
		initialise(sfnm ? 0x11 : 0x01, 0x01);
		pulse(12);
		assert_int_equal(i8259_acknowledge(&pic), SLAVE_BASE + 4);
		pulse(8);
		assert_int_equal(fake.intr, sfnm);
		pulse(5); /* the master's own lower level waits in both */
		if (!sfnm)
			continue;
		assert_int_equal(i8259_acknowledge(&pic), SLAVE_BASE + 0);
		assert_int_equal(isr(SLAVE), 0x11);
		command(SLAVE, EOI);
		assert_false(fake.intr);
		command(SLAVE, EOI);
		command(MASTER, EOI);
		assert_int_equal(i8259_acknowledge(&pic), MASTER_BASE + 5);
	}
}

static void poll_acknowledges_by_reading(void **context)
{
	(void)context;
	command(MASTER, 0x0c);
	assert_int_equal(fake_in8(&pic, MASTER, 0) & 0x80, 0);
	line(6, true);
	line(10, true);
	command(MASTER, 0x0c);
	assert_int_equal(fake_in8(&pic, MASTER, 0), 0x82);
	assert_int_equal(isr(MASTER), 0x04);
	command(SLAVE, 0x0c);
	assert_int_equal(fake_in8(&pic, SLAVE, 1), 0x82); /* A0 does not matter */
	assert_int_equal(isr(SLAVE), 0x04);
	assert_int_equal(fake_in8(&pic, SLAVE, 1), 0x00); /* one read only */
	command(SLAVE, EOI);
	command(MASTER, EOI);
	command(MASTER, 0x0c);
	assert_int_equal(fake_in8(&pic, MASTER, 0), 0x86);
	assert_false(fake.intr);
}

static void a_slave_with_another_id_does_not_answer(void **context)
{
	(void)context;
	command(SLAVE, 0x11);
	mask(SLAVE, SLAVE_BASE);
	mask(SLAVE, 0x05);
	mask(SLAVE, 0x01);
	line(9, true);
	assert_int_equal(i8259_acknowledge(&pic), 0xff);
	assert_int_equal(isr(SLAVE), 0);
}

static void a_master_without_slave_answers_for_ir2_itself(void **context)
{
	(void)context;
	command(MASTER, 0x11);
	mask(MASTER, MASTER_BASE);
	mask(MASTER, 0x00);
	mask(MASTER, 0x01);
	line(9, true);
	assert_int_equal(i8259_acknowledge(&pic), MASTER_BASE + 2);
}

static void reset_withdraws_what_was_requested(void **context)
{
	(void)context;
	line(4, true);
	assert_true(fake.intr);
	pic.ops->reset(&pic);
	assert_false(fake.intr);
	assert_int_equal(irr(MASTER), 0);
}

static void nonsense_does_no_harm(void **context)
{
	(void)context;
	fake_seed(5);
	for (unsigned int i = 0; i < 100; i++) {
		fake_hammer(&pic, 1000);
		i8259_acknowledge(&pic);
		assert_int_equal(fake.useless_intrs, 0);
		assert_true(state.master.lowest < 8 && state.slave.lowest < 8);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(an_uninitialised_pair_requests_nothing, power_on,
						calm),
		cmocka_unit_test_setup_teardown(
			the_mask_register_works_before_initialisation, power_on,
			calm),
		cmocka_unit_test_setup_teardown(
			initialisation_is_complete_only_after_the_last_word, power_on,
			calm),
		cmocka_unit_test_setup_teardown(
			a_single_chip_without_icw4_takes_one_more_word, power_on,
			calm),
		cmocka_unit_test_setup_teardown(icw1_clears_mask_service_edges_and_modes, setup,
						calm),
		cmocka_unit_test_setup_teardown(every_line_has_its_vector, setup, calm),
		cmocka_unit_test_setup_teardown(lines_that_do_not_exist_are_ignored, setup, calm),
		cmocka_unit_test_setup_teardown(an_edge_counts_once, setup, calm),
		cmocka_unit_test_setup_teardown(a_request_that_goes_away_is_forgotten, setup, calm),
		cmocka_unit_test_setup_teardown(
			an_acknowledge_without_request_is_a_spurious_ir7, setup,
			calm),
		cmocka_unit_test_setup_teardown(a_level_line_requests_as_long_as_it_is_high, setup,
						calm),
		cmocka_unit_test_setup_teardown(elcr_holds_only_lines_that_can_be_level, setup,
						calm),
		cmocka_unit_test_setup_teardown(masked_edges_wait_in_irr, setup, calm),
		cmocka_unit_test_setup_teardown(higher_priorities_nest_and_lower_ones_wait, setup,
						calm),
		cmocka_unit_test_setup_teardown(the_slave_ranks_between_ir1_and_ir3, setup, calm),
		cmocka_unit_test_setup_teardown(a_specific_eoi_ends_the_level_it_names, setup,
						calm),
		cmocka_unit_test_setup_teardown(automatic_eoi_leaves_nothing_in_service, setup,
						calm),
		cmocka_unit_test_setup_teardown(
			a_slave_with_automatic_eoi_makes_an_edge_for_each_request, setup,
			calm),
		cmocka_unit_test_setup_teardown(rotation_makes_the_served_level_the_lowest, setup,
						calm),
		cmocka_unit_test_setup_teardown(rotation_in_automatic_eoi_serves_all_alike, setup,
						calm),
		cmocka_unit_test_setup_teardown(set_priority_moves_the_whole_order, setup, calm),
		cmocka_unit_test_setup_teardown(special_mask_mode_lets_lower_levels_through, setup,
						calm),
		cmocka_unit_test_setup_teardown(
			the_slave_interrupts_itself_only_when_special_fully_nested, setup,
			calm),
		cmocka_unit_test_setup_teardown(poll_acknowledges_by_reading, setup, calm),
		cmocka_unit_test_setup_teardown(a_slave_with_another_id_does_not_answer, setup,
						calm),
		cmocka_unit_test_setup_teardown(
			a_master_without_slave_answers_for_ir2_itself, setup,
			calm),
		cmocka_unit_test_setup_teardown(reset_withdraws_what_was_requested, setup, calm),
		cmocka_unit_test_setup_teardown(nonsense_does_no_harm, setup, calm),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
