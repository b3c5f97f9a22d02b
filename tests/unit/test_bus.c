/* SPDX-License-Identifier: Apache-2.0 */
/* sources: src/core/bus.c src/core/cell.c src/core/fault.c src/core/vcpu.c
 *          tests/unit/fake_arch.c tests/unit/toy_machine.c
 */
/* What a cell reaches of its devices, what becomes of other accesses, and the devices' timers,
 * lines and characters. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "toy_machine.h"

static struct cell *const a = &cells[0];

static int setup(void **state)
{
	toy_setup(state);
	toy_start(a);
	toy_start(&cells[1]);
	return 0;
}

static int in(struct vcpu *vcpu, enum device_space space, uint64_t address, uint64_t *value)
{
	return cell_access(vcpu, space, address, 1, false, value);
}

/* ---- Accesses ---- */

static void an_access_reaches_the_device_and_the_range_that_answer(void **state)
{
	static const struct {
		enum device_space space;
		uint64_t address;
		unsigned int toy, id;
		uint64_t offset;
	} cases[] = {
		{ DEVICE_PIO, 0x40, CLOCK, 0, 0 },
		{ DEVICE_PIO, 0x43, CLOCK, 0, 3 },
		{ DEVICE_PIO, 0x61, CLOCK, 1, 0 },
		{ DEVICE_MMIO, 0xfec00000, CONTROLLER, 0, 0 },
		{ DEVICE_MMIO, 0xfec00fff, CONTROLLER, 0, 0xfff },
		{ DEVICE_MMIO, UINT64_MAX, CONTROLLER, 1, 0xfff },
		{ DEVICE_MMIO, 0x40, CONTROLLER, 2, 0 },
		{ DEVICE_PIO, 0x3ff, UART, 0, 7 },
		{ DEVICE_IOCSR, 0x40, UART, 1, 0 },
	};

	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(cases); i++) {
		struct toy *toy = &toys[cases[i].toy];
		uint64_t value = 0x77;

		memset(toys, 0, sizeof(toys));
		assert_int_equal(
			cell_access(a1, cases[i].space, cases[i].address, 2, false, &value), 0);
		assert_int_equal(value, 0x76543210abcd1000 + cases[i].id);
		assert_int_equal(toys[0].reads + toys[1].reads + toys[2].reads, 1);
		assert_int_equal(toy->reads, 1);
		assert_int_equal(toy->last_id, cases[i].id);
		assert_int_equal(toy->last_offset, cases[i].offset);
		assert_int_equal(toy->last_size, 2);
		assert_int_equal(toy->accessor, 1);

		value = 0x8900000089;
		assert_int_equal(cell_access(a0, cases[i].space, cases[i].address, 8, true, &value),
				 0);
		assert_int_equal(toys[0].writes + toys[1].writes + toys[2].writes, 1);
		assert_int_equal(toy->writes, 1);
		assert_int_equal(toy->last_write, 0x8900000089);
		assert_int_equal(toy->last_size, 8);
		assert_int_equal(toy->accessor, 0);
	}
	assert_int_equal(a->absent + a->violations, 0);
}

static void devices_of_another_cell_are_absent(void **state)
{
	uint64_t value = 0;

	(void)state;
	assert_int_equal(in(b0, DEVICE_PIO, 0x61, &value), 0); /* a legacy probe */
	assert_int_equal(value, UINT64_MAX);
	assert_int_equal(cells[1].absent, 1);
	assert_int_equal(in(b0, DEVICE_MMIO, 0xfec00000, &value), -EPERM);
	assert_int_equal(toys[CLOCK].reads + toys[CONTROLLER].reads, 0);
}

static void neighbours_of_a_range_are_not_its_device(void **state)
{
	static const uint64_t mmio[] = { 0xfebfffff, 0xfec01000, UINT64_MAX - 0x1000,
					 0x3f,       0x41,       0x3f8 };
	uint64_t value;

	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(mmio); i++)
		assert_int_equal(in(a0, DEVICE_MMIO, mmio[i], &value), -EPERM);
	fake_arch.legacy_ports = 0;
	for (uint64_t port = 0; port < 0x10000; port++) {
		bool owned = (port >= 0x40 && port < 0x44) || port == 0x61 ||
			     (port >= 0x3f8 && port < 0x400);

		assert_int_equal(in(a0, DEVICE_PIO, port, &value), owned ? 0 : -EPERM);
	}
}

static void legacy_probes_read_as_ones_and_are_counted(void **state)
{
	uint64_t value = 0;

	(void)state;
	for (unsigned int i = 1; i <= 3; i++) {
		value = 0;
		assert_int_equal(in(a0, DEVICE_PIO, 0x2f8, &value), 0);
		assert_int_equal(value, UINT64_MAX);
		assert_int_equal(a->absent, i);
	}
	value = 0x55;
	assert_int_equal(cell_access(a0, DEVICE_PIO, 0x2f8, 1, true, &value), 0);
	assert_int_equal(value, 0x55);
	assert_int_equal(a->absent, 4);
	assert_int_equal(a->violations, 0);
	assert_int_equal(in(a0, DEVICE_PIO, 0x400, &value), -EPERM);
	assert_int_equal(a->absent, 4);
}

static void violations_are_let_live_where_they_are_reported(void **state)
{
	uint64_t value = 0;

	(void)state;
	configs[0].on_violation = VIOLATION_REPORT;
	a1->last_pc = 0x777;
	for (unsigned int i = 1; i <= 100; i++) {
		value = 0;
		assert_int_equal(in(a1, DEVICE_MMIO, 0xfee00000 + i, &value), 0);
		assert_int_equal(value, UINT64_MAX);
		assert_int_equal(a->violations, i);
	}
	assert_int_equal(fake_logged("violation"), 32); /* two in each line, 16 lines */
	assert_int_equal(fake_logged("vCPU 1 at pc 0x777: read of address 0xfee00001, let"), 1);
	assert_int_equal(cells[1].violations + a->absent, 0);
	assert_true(cell_is_running(a));

	value = 1;
	assert_int_equal(cell_access(b0, DEVICE_PIO, 0xcf8, 4, true, &value), -EPERM);
}

static void a_reported_write_names_what_it_hit(void **state)
{
	uint64_t value = 1;

	(void)state;
	configs[0].on_violation = VIOLATION_REPORT;
	assert_int_equal(cell_access(a0, DEVICE_PIO, 0xcf8, 4, true, &value), 0);
	assert_int_equal(fake_logged("write of port 0xcf8"), 1);
}

static void only_accesses_reach_the_bus(void **state)
{
	(void)state;
	for (unsigned int r = 0; r < NR_EXIT_REASONS; r++) {
		const struct vcpu_exit exit = { .reason = (enum exit_reason)r,
						.pio = { .port = 0x61, .size = 1 } };

		assert_int_equal(cell_handle_exit(a0, &exit),
				 r == EXIT_PIO || r == EXIT_MMIO ? 0 : -EPERM);
	}
}

static void the_device_lock_is_free_after_every_access(void **state)
{
	uint64_t value = 0;

	(void)state;
	(void)in(a0, DEVICE_PIO, 0x61, &value);
	(void)in(a0, DEVICE_PIO, 0x5000, &value);
	cell_poll(a);
	assert_true(spin_trylock(&a->device_lock));
}

/* ---- Timers ---- */

static void the_earliest_deadline_is_armed(void **state)
{
	(void)state;
	device_set_timer(&toy_devices[CLOCK], 500);
	assert_int_equal(fake_arch.timer, 500);
	device_set_timer(&toy_devices[CONTROLLER], 300);
	assert_int_equal(fake_arch.timer, 300);
	device_set_timer(&toy_devices[CLOCK], 400);
	assert_int_equal(fake_arch.timer, 300);
	device_set_timer(&toy_devices[CONTROLLER], TIMER_OFF);
	assert_int_equal(fake_arch.timer, 400);
	device_set_timer(&toy_devices[CLOCK], TIMER_OFF);
	assert_int_equal(fake_arch.timer, TIMER_OFF);
}

static void a_timer_runs_once_at_its_deadline_and_not_before(void **state)
{
	(void)state;
	device_set_timer(&toy_devices[CLOCK], 500);
	device_set_timer(&toy_devices[CONTROLLER], 700);
	fake_arch.now = 499;
	fake_arch.timer = 0;
	cell_poll(a);
	assert_int_equal(toys[CLOCK].timers, 0);
	assert_int_equal(fake_arch.timer, 500); /* armed again: the hardware was early */
	fake_arch.now = 500;
	cell_poll(a);
	assert_int_equal(toys[CLOCK].timers, 1);
	assert_int_equal(toys[CONTROLLER].timers, 0);
	assert_int_equal(fake_arch.timer, 700);
	fake_arch.now = 10000;
	cell_poll(a);
	cell_poll(a);
	assert_int_equal(toys[CLOCK].timers, 1);
	assert_int_equal(toys[CONTROLLER].timers, 1);
	assert_int_equal(fake_arch.timer, TIMER_OFF);
}

static void a_timer_may_arm_itself_again(void **state)
{
	(void)state;
	toys[CLOCK].rearm = true;
	device_set_timer(&toy_devices[CLOCK], 100);
	for (unsigned int i = 1; i <= 5; i++) {
		fake_arch.now = i * 100;
		cell_poll(a);
		assert_int_equal(toys[CLOCK].timers, i);
		assert_int_equal(fake_arch.timer, i * 100 + 100);
	}
}

static void a_timer_that_is_off_never_runs(void **state)
{
	(void)state;
	fake_arch.now = UINT64_MAX - 1;
	cell_poll(a);
	assert_int_equal(toys[CLOCK].timers + toys[CONTROLLER].timers, 0);
}

static void the_console_is_drained_once_at_the_time_that_held_lines_want(void **state)
{
	(void)state;
	cell_poll(a);
	assert_int_equal(fake_arch.drains, 0);
	assert_int_equal(fake_arch.timer, TIMER_OFF);
	device_set_timer(&toy_devices[CLOCK], 900);
	a->console_deadline = 500;
	cell_poll(a);
	assert_int_equal(fake_arch.drains, 0);
	assert_int_equal(fake_arch.timer, 500);
	fake_arch.now = 500;
	cell_poll(a);
	cell_poll(a);
	assert_int_equal(fake_arch.drains, 1);
	assert_int_equal(fake_arch.timer, 900);
	assert_int_equal(toys[CLOCK].timers, 0);
}

static void a_parked_cell_drains_the_console_but_runs_no_devices(void **state)
{
	(void)state;
	device_set_timer(&toy_devices[CLOCK], 100);
	a->console_deadline = 500;
	fake_arch.now = 499;
	cell_poll_parked(a);
	assert_int_equal(fake_arch.drains, 0);
	assert_int_equal(fake_arch.timer, 500);
	fake_arch.now = 500;
	cell_poll_parked(a);
	assert_int_equal(fake_arch.drains, 1);
	assert_int_equal(fake_arch.timer, TIMER_OFF);
	assert_int_equal(toys[CLOCK].timers, 0);
	assert_true(spin_trylock(&a->device_lock));
}

/* ---- Characters ---- */

static void input_reaches_the_device_in_order(void **state)
{
	(void)state;
	toys[UART].appetite = 10;
	fake_arch.input = "hello";
	cell_poll(a);
	assert_string_equal(toys[UART].received, "hello");
	cell_poll(a);
	assert_int_equal(toys[UART].nr_received, 5);
}

static void a_refused_byte_is_offered_again_and_never_lost(void **state)
{
	uint64_t value = 0;

	(void)state;
	toys[UART].appetite = 2;
	fake_arch.input = "hello";
	cell_poll(a);
	assert_string_equal(toys[UART].received, "he");
	assert_true(a->input_held);
	cell_poll(a);
	assert_string_equal(toys[UART].received, "he");
	/* An access of the guest may make room (the toy: one byte for each write). */
	assert_int_equal(cell_access(a0, DEVICE_PIO, 0x3f8, 1, true, &value), 0);
	assert_string_equal(toys[UART].received, "hel");
	toys[UART].appetite = 1;
	cell_poll(a);
	assert_string_equal(toys[UART].received, "hell");
	toys[UART].appetite = 5;
	assert_int_equal(in(a0, DEVICE_PIO, 0x61, &value), 0);
	assert_string_equal(toys[UART].received, "hello");
	assert_false(a->input_held);
}

static void input_waits_when_no_device_takes_characters(void **state)
{
	(void)state;
	fake_arch.input = "x";
	cell_poll(&cells[1]);
	assert_string_equal(fake_arch.input, "x");
}

static void output_goes_to_the_console_until_that_is_full(void **state)
{
	unsigned int ready = toys[UART].ready;

	(void)state;
	fake_arch.output_room = 1;
	assert_true(device_transmit(&toy_devices[UART], 'o'));
	assert_false(device_transmit(&toy_devices[UART], 'k'));
	assert_memory_equal(fake_arch.output, "o", 2);
	cell_poll(a);
	assert_int_equal(toys[UART].ready, ready + 1);
}

/* ---- What else devices ask for ---- */

static void a_line_reaches_every_interrupt_controller(void **state)
{
	(void)state;
	device_set_irq(&toy_devices[UART], true);
	assert_true(toys[CONTROLLER].lines[UART]);
	assert_false(toys[CONTROLLER].lines[CLOCK]);
	device_set_irq(&toy_devices[UART], false);
	assert_false(toys[CONTROLLER].lines[UART]);
}

static void wishes_reach_the_architecture(void **state)
{
	const struct device *dev = &toy_devices[CONTROLLER];
	const struct irq_message msg = { .destination = 1, .vector = 0x44 };

	(void)state;
	fake_arch.now = 77;
	fake_arch.wall = 99;
	assert_int_equal(device_now(dev), 77);
	assert_int_equal(device_wall_clock(dev), 99);
	device_send_message(dev, &msg);
	assert_int_equal(fake_arch.messages, 1);
	assert_int_equal(fake_arch.message.vector, 0x44);
	device_set_cpu_line(dev, 1, 5, true);
	assert_int_equal(fake_arch.line_vcpu, 1);
	assert_int_equal(fake_arch.line, 5);
	assert_true(fake_arch.level);
	device_route_pin(dev, 17, &msg, false);
	assert_int_equal(fake_arch.routed_pin, 17);
}

static struct irq_message taken;

static void take_message(const struct device *dev, const struct irq_message *msg)
{
	assert_int_equal(dev->line, 9);
	taken = *msg;
}

static void a_controller_may_take_the_messages_of_the_others(void **state)
{
	static const struct device_ops taker_ops = { .message = take_message };
	const struct device both[] = { toy_devices[CONTROLLER],
				       { .ops = &taker_ops, .cell = a, .line = 9 } };
	const struct irq_message msg = { .vector = 0x44, .level = true };

	(void)state;
	configs[0].devices = both;
	configs[0].nr_devices = 2;
	device_send_message(&both[0], &msg);
	assert_int_equal(taken.vector, 0x44);
	assert_true(taken.level);
	assert_int_equal(fake_arch.messages, 0);
}

static void a_device_may_restart_or_end_its_cell_only(void **state)
{
	(void)state;
	device_request_reset(&toy_devices[CLOCK]);
	assert_string_equal(cell_state_name(a), "restarting");
	assert_true(a0->requests & a1->requests & REQUEST_LEAVE);
	toy_start(a);
	device_request_poweroff(&toy_devices[CLOCK]);
	assert_string_equal(cell_state_name(a), "halted");
	assert_true(cell_is_running(&cells[1]));
	assert_int_equal(fake_arch.poweroffs, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(an_access_reaches_the_device_and_the_range_that_answer,
				       setup),
		cmocka_unit_test_setup(devices_of_another_cell_are_absent, setup),
		cmocka_unit_test_setup(neighbours_of_a_range_are_not_its_device, setup),
		cmocka_unit_test_setup(legacy_probes_read_as_ones_and_are_counted, setup),
		cmocka_unit_test_setup(violations_are_let_live_where_they_are_reported, setup),
		cmocka_unit_test_setup(a_reported_write_names_what_it_hit, setup),
		cmocka_unit_test_setup(only_accesses_reach_the_bus, setup),
		cmocka_unit_test_setup(the_device_lock_is_free_after_every_access, setup),
		cmocka_unit_test_setup(the_earliest_deadline_is_armed, setup),
		cmocka_unit_test_setup(a_timer_runs_once_at_its_deadline_and_not_before, setup),
		cmocka_unit_test_setup(a_timer_may_arm_itself_again, setup),
		cmocka_unit_test_setup(a_timer_that_is_off_never_runs, setup),
		cmocka_unit_test_setup(the_console_is_drained_once_at_the_time_that_held_lines_want,
				       setup),
		cmocka_unit_test_setup(a_parked_cell_drains_the_console_but_runs_no_devices, setup),
		cmocka_unit_test_setup(input_reaches_the_device_in_order, setup),
		cmocka_unit_test_setup(a_refused_byte_is_offered_again_and_never_lost, setup),
		cmocka_unit_test_setup(input_waits_when_no_device_takes_characters, setup),
		cmocka_unit_test_setup(output_goes_to_the_console_until_that_is_full, setup),
		cmocka_unit_test_setup(a_line_reaches_every_interrupt_controller, setup),
		cmocka_unit_test_setup(wishes_reach_the_architecture, setup),
		cmocka_unit_test_setup(a_controller_may_take_the_messages_of_the_others, setup),
		cmocka_unit_test_setup(a_device_may_restart_or_end_its_cell_only, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
