/* SPDX-License-Identifier: Apache-2.0 */
/* sources: src/core/cell.c src/core/bus.c src/core/fault.c src/core/vcpu.c
 *          tests/unit/fake_arch.c tests/unit/toy_machine.c
 */
/* The life of cells and of their vCPUs: loading, parking, running, faults, restarts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "toy_machine.h"

static void assert_all(uint64_t hpa, uint64_t size, uint8_t value)
{
	for (uint64_t i = 0; i < size; i++)
		if (*fake_ram(hpa + i) != value)
			fail_msg("byte 0x%lx", (unsigned long)(hpa + i));
}

/* ---- Links ---- */

static void vcpus_stand_where_their_cpus_stand_on_the_board(void **state)
{
	(void)state;
	assert_ptr_equal(a0, &vcpus[2]);
	assert_ptr_equal(a1, &vcpus[0]);
	assert_ptr_equal(b0, &vcpus[1]);
	assert_null(vcpus[3].cell);
	assert_int_equal(a0->hwid, 20);
	assert_int_equal(a0->cpu, 2);
	assert_int_equal(a1->index, 1);
	assert_ptr_equal(a1->cell, &cells[0]);
	assert_ptr_equal(cell_get(1), &cells[1]);
	assert_null(cell_get(2));
	assert_string_equal(cell_state_name(&cells[0]), "loading");
}

static void regions_are_found_by_every_address_of_theirs(void **state)
{
	(void)state;
	assert_ptr_equal(cell_region(&cells[0], 0), &regions_a[0]);
	assert_ptr_equal(cell_region(&cells[0], 0x9ffff), &regions_a[0]);
	assert_ptr_equal(cell_region(&cells[0], 0xa0000), &regions_a[1]);
	assert_ptr_equal(cell_region(&cells[0], 0xa1fff), &regions_a[1]);
	assert_null(cell_region(&cells[0], 0xa2000));
	assert_null(cell_region(&cells[0], 0xeffff));
	assert_null(cell_region(&cells[0], UINT64_MAX));
	assert_null(cell_region(&cells[1], 0x1000));
}

/* ---- Loading ---- */

static void segments_are_loaded_across_the_borders_of_regions(void **state)
{
	(void)state;
	toy_start(&cells[0]);
	assert_memory_equal(fake_ram(RAM_A + 0x1000), toy_image, sizeof(toy_image));
	assert_memory_equal(fake_ram(RAM_A + 0x9f000), toy_image, 0x1000);
	assert_memory_equal(fake_ram(RAM_A_HIGH), toy_image + 0x1000, 0x2000);
	assert_all(RAM_A + 0x6000, 0x800, 0);
	assert_memory_equal(fake_ram(ROM_A + 0xff0), toy_image, 0x10);
	/* and nothing beside them */
	assert_all(RAM_A, 0x1000, FILL);
	assert_all(RAM_A + 0x4000, 0x2000, FILL);
	assert_all(RAM_A + 0x6800, 0x9f000 - 0x6800, FILL);
	assert_all(RAM_A + 0xa0000, RAM_A_HIGH - RAM_A - 0xa0000, FILL);
	assert_all(RAM_A_HIGH + 0x2000, ROM_A - RAM_A_HIGH - 0x2000, FILL);
	assert_all(ROM_A, 0xff0, FILL);
	assert_all(ROM_A + 0x1000, FAKE_RAM + FAKE_RAM_SIZE - ROM_A - 0x1000, FILL);
	assert_int_equal(fake_logged("does not fit"), 0);
}

static void a_segment_that_leaves_its_memory_is_told_and_cut(void **state)
{
	static const struct segment segments[] = { { 0xa1000, 0x2000, toy_image, "kernel" },
						   { 0xb0000, 1, toy_image, "initrd" } };

	(void)state;
	configs[0].segments = segments;
	configs[0].nr_segments = 2;
	toy_start(&cells[0]);
	assert_memory_equal(fake_ram(RAM_A_HIGH + 0x1000), toy_image, 0x1000);
	assert_all(RAM_A_HIGH + 0x2000, 0x1000, FILL);
	assert_int_equal(fake_logged("segment kernel does not fit its memory at 0xa2000"), 1);
	assert_int_equal(fake_logged("segment initrd does not fit its memory at 0xb0000"), 1);
}

static void a_restart_clears_ram_and_loads_again(void **state)
{
	(void)state;
	toy_start(&cells[0]);
	memset(fake_ram(RAM_A), 0xee, 0xa0000);
	memset(fake_ram(RAM_A_HIGH), 0xee, 0x2000);
	memset(fake_ram(ROM_A), 0xee, 0x1000);
	cell_leave(&cells[0], CELL_RESTARTING);
	assert_string_equal(cell_state_name(&cells[0]), "restarting");
	toy_start(&cells[0]);
	assert_memory_equal(fake_ram(RAM_A + 0x1000), toy_image, sizeof(toy_image));
	assert_memory_equal(fake_ram(RAM_A_HIGH), toy_image + 0x1000, 0x2000);
	assert_all(RAM_A, 0x1000, 0);
	assert_all(RAM_A + 0x4000, 0x9f000 - 0x4000, 0);
	assert_all(ROM_A, 0xff0, 0);
	/* Not its devices, and not its neighbour. */
	assert_all(DEVICE_A, 0x1000, FILL);
	assert_all(RAM_B, 0x1000, FILL);
	assert_int_equal(fake_logged("cell a: starts on 2 CPUs"), 1);
	assert_int_equal(fake_logged("cell a: starts again on 2 CPUs"), 1);
}

static void a_start_resets_devices_timers_and_lines(void **state)
{
	(void)state;
	fake_arch.now = 12345;
	for (unsigned int i = 1; i <= 2; i++) {
		timers_a[0] = 1;
		cells[0].input_held = true;
		toy_start(&cells[0]);
		for (unsigned int t = 0; t < 3; t++) {
			assert_int_equal(toys[t].resets, i);
			assert_int_equal(timers_a[t], TIMER_OFF);
		}
		assert_false(cells[0].input_held);
		assert_int_not_equal(fake_arch.cell_resets, 0);
		fake_arch.cell_resets = 0;
		assert_int_equal(cells[0].starts, i);
		assert_int_equal(cells[0].started_at, 12345);
		cell_leave(&cells[0], CELL_RESTARTING);
	}
}

/* ---- Parking and starting ---- */

static unsigned int waits;

static void the_other_parks(struct vcpu *vcpu)
{
	assert_ptr_equal(vcpu, a0);
	assert_int_equal(cells[0].starts, 0);
	if (++waits == 3)
		a1->parked = true;
}

static void a_cell_is_not_loaded_before_all_its_cpus_are_parked(void **state)
{
	(void)state;
	waits = 0;
	fake_arch.wait = the_other_parks;
	cell_enter(a0);
	assert_int_equal(waits, 3);
	assert_int_equal(cells[0].starts, 1);
	assert_true(cell_is_running(&cells[0]));
	assert_false(a0->parked);
	assert_false(a1->parked);
}

/*
 * The other vCPU has seen that it is parked, and is about to wait: all that happens between may not
 * be lost. arch_wait() looks at the requests last, so one must be there when the cell starts.
 */
static void the_first_starts_the_cell(struct vcpu *vcpu)
{
	assert_ptr_equal(vcpu, a1);
	assert_int_equal(waits++, 0);
	assert_int_not_equal(a0->requests, 0); /* the first was told that this one is parked */
	cell_enter(a0);
	assert_int_not_equal(a1->requests, 0);
	assert_int_not_equal(fake_arch.kicks[a1->cpu], 0);
}

static void a_start_wakes_a_cpu_that_is_about_to_wait(void **state)
{
	(void)state;
	waits = 0;
	fake_arch.wait = the_first_starts_the_cell;
	cell_enter(a1);
	assert_int_equal(waits, 1);
	assert_true(cell_is_running(&cells[0]));
}

static void the_guest_is_faster(struct vcpu *vcpu)
{
	the_first_starts_the_cell(vcpu);
	vcpu_request(vcpu, BIT(REQUEST_ARCH_SHIFT));
}

/* The first vCPU's guest may ask for the others before they have left their wait. */
static void a_late_wake_up_keeps_what_the_guest_asked_for(void **state)
{
	(void)state;
	waits = 0;
	fake_arch.wait = the_guest_is_faster;
	cell_enter(a1);
	assert_int_equal(a1->requests, BIT(REQUEST_ARCH_SHIFT));
}

/* Input may have come while the cell could not take any; its request was for a parked CPU. */
static void the_first_vcpu_polls_after_a_start(void **state)
{
	(void)state;
	a1->parked = true;
	a0->requests = a1->requests = UINT32_MAX;
	cell_enter(a0);
	assert_int_equal(a0->requests, REQUEST_POLL);
	assert_int_equal(a1->requests & ~(uint32_t)REQUEST_LEAVE, 0);
}

/* ---- Ending ---- */

static void a_cell_leaves_running_once(void **state)
{
	(void)state;
	cell_leave(&cells[0], CELL_FAILED); /* it does not run yet */
	assert_string_equal(cell_state_name(&cells[0]), "loading");
	toy_start(&cells[0]);
	cell_leave(&cells[0], CELL_HALTED);
	cell_leave(&cells[0], CELL_RESTARTING);
	assert_string_equal(cell_state_name(&cells[0]), "halted");
	assert_int_equal(a0->requests & a1->requests & REQUEST_LEAVE, REQUEST_LEAVE);
	assert_int_equal(b0->requests, 0);
	assert_int_equal(fake_arch.kicks[a0->cpu], 1);
	assert_int_equal(fake_arch.kicks[a1->cpu], 1);
	assert_int_equal(fake_arch.kicks[b0->cpu], 0);
	assert_int_equal(fake_logged("cell a: halted"), 1);
}

static jmp_buf out;

static void leave_the_test(struct vcpu *vcpu)
{
	(void)vcpu;
	if (++waits == 3)
		longjmp(out, 1);
}

static void the_machine_goes_off_with_its_last_cell(void **state)
{
	(void)state;
	toy_start(&cells[0]);
	toy_start(&cells[1]);
	fake_arch.wait = leave_the_test;
	a1->parked = true;
	cell_leave(&cells[0], CELL_FAILED);
	waits = 0;
	if (!setjmp(out))
		cell_enter(a0);
	assert_int_equal(fake_arch.poweroffs, 0);
	assert_int_equal(fake_arch.flushes, 0);
	cell_leave(&cells[1], CELL_HALTED);
	waits = 0;
	if (!setjmp(out))
		cell_enter(b0);
	assert_int_equal(fake_arch.poweroffs, 1); /* once, however long it takes */
	assert_int_equal(fake_arch.flushes, 1);
	assert_int_equal(fake_logged("all cells have ended"), 1);
}

/* Two cells that end at the same time: both have, when the first vCPU of either looks. */
static void one_of_the_cpus_that_see_the_end_switches_off(void **state)
{
	(void)state;
	toy_start(&cells[0]);
	toy_start(&cells[1]);
	cell_leave(&cells[0], CELL_HALTED);
	cell_leave(&cells[1], CELL_HALTED);
	fake_arch.wait = leave_the_test;
	a1->parked = true;
	for (unsigned int i = 0; i < 2; i++) {
		waits = 0;
		if (!setjmp(out))
			cell_enter(i ? b0 : a0);
	}
	assert_int_equal(fake_arch.poweroffs, 1);
	assert_int_equal(fake_logged("all cells have ended"), 1);
}

/* Its lines must not fire any more, though nobody loads it again. */
static void a_cell_that_has_ended_is_silenced(void **state)
{
	(void)state;
	toy_start(&cells[1]);
	cell_leave(&cells[1], CELL_HALTED);
	fake_arch.cell_resets = 0;
	fake_arch.wait = leave_the_test;
	waits = 0;
	if (!setjmp(out))
		cell_enter(b0);
	assert_int_equal(fake_arch.cell_resets, 1);
	assert_int_equal(cells[1].starts, 1);
}

static void a_cell_without_all_its_modules_never_starts(void **state)
{
	static bool checked[2] = { true, false };
	static const struct module modules[] = { { .checked = &checked[0] },
						 { .checked = &checked[1] } };
	static const struct cell_module used[] = { { .module = &modules[0] },
						   { .module = &modules[1] } };

	(void)state;
	configs[0].modules = used;
	configs[0].nr_modules = 1;
	configs[1].modules = used;
	configs[1].nr_modules = 2;
	cells_init();
	assert_string_equal(cell_state_name(&cells[0]), "loading");
	assert_string_equal(cell_state_name(&cells[1]), "failed");
	fake_arch.wait = leave_the_test;
	waits = 0;
	if (!setjmp(out))
		cell_enter(b0);
	assert_true(b0->parked);
	assert_int_equal(cells[1].starts, 0);
	assert_all(RAM_B, 0x1000, FILL);
	cell_leave(&cells[1], CELL_RESTARTING);
	assert_string_equal(cell_state_name(&cells[1]), "failed");
	/* The other one does; with its end, the machine's comes. */
	assert_int_equal(fake_arch.poweroffs, 0);
	toy_start(&cells[0]);
	assert_int_equal(cells[0].starts, 1);
	cell_leave(&cells[0], CELL_HALTED);
	a1->parked = true;
	waits = 0;
	if (!setjmp(out))
		cell_enter(a0);
	assert_int_equal(fake_arch.poweroffs, 1);
}

static void a_fault_stops_or_restarts_its_own_cell(void **state)
{
	struct vcpu_exit exit = { .reason = EXIT_PIO,
				  .pc = 0x1234,
				  .pio = { .port = 0x70, .size = 1, .write = true } };

	(void)state;
	toy_start(&cells[0]);
	toy_start(&cells[1]);
	cell_fault(a1, &exit, "did wrong");
	assert_int_equal(fake_logged("cell a: FAULT on vCPU 1 (CPU 0) at pc 0x1234: did wrong"), 1);
	assert_int_equal(fake_logged("write of 1 byte at I/O port 0x70"), 1);
	assert_int_equal(fake_logged("passthrough = <&device>"), 1);
	assert_int_equal(fake_logged("test.dts:7, on-fault = \"stop\""), 1);
	assert_int_equal(fake_arch.dumps, 1);
	assert_string_equal(cell_state_name(&cells[0]), "failed");
	assert_true(cell_is_running(&cells[1]));
	cell_fault(a0, &exit, "came second"); /* one report is enough */
	assert_int_equal(fake_logged("came second"), 0);

	cell_fault(b0, &exit, "did wrong");
	assert_string_equal(cell_state_name(&cells[1]), "restarting");
}

static void every_fault_says_what_was_touched_and_what_would_allow_it(void **state)
{
	static const struct {
		struct vcpu_exit exit;
		const char *touched;
		const char *allow;
	} cases[] = {
		{ { .reason = EXIT_PIO, .pio = { .port = 0xcf8, .size = 4 } },
		  "read of 4 bytes at I/O port 0xcf8",
		  "vdev" },
		{ { .reason = EXIT_MMIO, .mmio = { .gpa = 0xfee00000, .write = true } },
		  "write at guest-physical 0xfee00000",
		  "memory = <...>" },
		{ { .reason = EXIT_MMIO, .mmio = { .gpa = 0x10, .execute = true } },
		  "instruction fetch at guest-physical 0x10",
		  "memory = <...>" },
		{ { .reason = EXIT_MMIO, .mmio = { .gpa = 0x10, .walk = true } },
		  "read (walking the guest's page table) at",
		  "memory = <...>" },
		{ { .reason = EXIT_MMIO, .mmio = { .gpa = 0xfec00010 } },
		  "at guest-physical 0xfec00010, registers of the virtual device controller_ranges",
		  "not a matter of configuration; plain moves" },
		{ { .reason = EXIT_IPI, .info = 0x300004040 }, "command 0x300004040", "cpus = <" },
		{ { .reason = EXIT_SHUTDOWN }, "triple fault", "on-fault = \"restart\"" },
		{ { .reason = EXIT_INVALID, .code = 0x7f, .info = 5 },
		  "invalid, code 0x7f, info 0x5",
		  "configured at: test.dts:7" },
	};

	for (unsigned int i = 0; i < ARRAY_SIZE(cases); i++) {
		toy_setup(state);
		toy_start(&cells[0]);
		cell_fault(a0, &cases[i].exit, "did wrong");
		if (!fake_logged(cases[i].touched) || !fake_logged(cases[i].allow))
			fail_msg("%s", fake_arch.log);
	}
}

/* ---- The loop of a vCPU ---- */

static unsigned int runs;

static void one_exit_of_each_kind(struct vcpu *vcpu, struct vcpu_exit *exit)
{
	memset(exit, 0, sizeof(*exit));
	exit->pc = 0x100 + runs;
	exit->reason = (enum exit_reason)runs++;
	if (runs == NR_EXIT_REASONS) {
		fake_arch.wait = leave_the_test;
		waits = 0;
		cell_leave(vcpu->cell, CELL_HALTED);
	}
}

static void the_loop_counts_exits_until_the_cell_ends(void **state)
{
	(void)state;
	runs = 0;
	fake_arch.run = one_exit_of_each_kind;
	if (!setjmp(out))
		vcpu_loop(b0);
	for (unsigned int r = 0; r < NR_EXIT_REASONS; r++)
		assert_int_equal(b0->exits[r], 1);
	assert_int_equal(b0->last_pc, 0x100 + NR_EXIT_REASONS - 1);
	assert_int_equal(fake_arch.vcpu_resets, 1);
	assert_int_equal(fake_arch.quiesces, 1);
	assert_true(fake_arch.requests & REQUEST_POLL);
	assert_int_equal(b0->requests, 0);
	assert_string_equal(cell_state_name(&cells[1]), "halted");
}

static void restart_twice(struct vcpu *vcpu, struct vcpu_exit *exit)
{
	(void)vcpu;
	memset(exit, 0, sizeof(*exit));
	exit->reason = EXIT_SHUTDOWN;
	if (++runs == 3) {
		fake_arch.wait = leave_the_test;
		waits = 0;
		configs[1].on_fault = FAULT_STOP;
	}
}

static void a_cell_that_faults_starts_again_where_it_shall(void **state)
{
	(void)state;
	runs = 0;
	fake_arch.run = restart_twice;
	fake_arch.verdict = ARCH_FAULT;
	if (!setjmp(out))
		vcpu_loop(b0);
	assert_int_equal(runs, 3);
	assert_int_equal(cells[1].starts, 3);
	assert_int_equal(fake_arch.vcpu_resets, 3);
	assert_int_equal(fake_arch.quiesces, 3);
	assert_int_equal(fake_logged("FAULT"), 3);
	assert_int_equal(fake_arch.poweroffs, 0); /* the other cell has not ended */
}

static void what_concerns_the_cell_reaches_its_devices(struct vcpu *vcpu, struct vcpu_exit *exit)
{
	memset(exit, 0, sizeof(*exit));
	exit->reason = runs++ ? EXIT_HYPERCALL : EXIT_PIO; /* the second is nobody's */
	exit->pio.port = 0x61;
	exit->pio.size = 1;
	if (runs == 2) {
		fake_arch.wait = leave_the_test;
		waits = 0;
	}
	assert_ptr_equal(vcpu, a0);
}

static void an_exit_that_nobody_handles_is_a_fault(void **state)
{
	(void)state;
	runs = 0;
	fake_arch.run = what_concerns_the_cell_reaches_its_devices;
	fake_arch.verdict = ARCH_NOT_MINE;
	a1->parked = true;
	if (!setjmp(out))
		vcpu_loop(a0);
	assert_int_equal(toys[CLOCK].reads, 1);
	assert_int_equal(toys[CLOCK].last_id, 1);
	assert_int_equal(runs, 2);
	assert_int_equal(fake_logged("FAULT on vCPU 0"), 1);
	assert_string_equal(cell_state_name(&cells[0]), "failed");
}

static void a_vcpu_that_is_not_started_waits_and_attends(void **state)
{
	(void)state;
	fake_arch.prepared = false; /* and .run is NULL: running the guest fails the test */
	fake_arch.wait = leave_the_test;
	waits = 0;
	if (!setjmp(out))
		vcpu_loop(b0);
	assert_int_equal(fake_arch.attends, 2);
}

static void requests_are_taken_once(void **state)
{
	(void)state;
	vcpu_request(a0, 0x100);
	vcpu_request(a0, 0x003);
	assert_int_equal(fake_arch.kicks[a0->cpu], 2);
	assert_int_equal(vcpu_take_requests(a0), 0x103);
	assert_int_equal(vcpu_take_requests(a0), 0);
	assert_int_equal(a1->requests, 0);
}

static void every_reason_has_a_name_of_its_own(void **state)
{
	(void)state;
	for (unsigned int r = 0; r < NR_EXIT_REASONS; r++) {
		const char *name = exit_reason_name((enum exit_reason)r);

		assert_non_null(name);
		for (unsigned int other = 0; other < r; other++)
			assert_string_not_equal(name, exit_reason_name((enum exit_reason)other));
	}
	assert_string_equal(exit_reason_name(NR_EXIT_REASONS), "?");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(vcpus_stand_where_their_cpus_stand_on_the_board, toy_setup),
		cmocka_unit_test_setup(regions_are_found_by_every_address_of_theirs, toy_setup),
		cmocka_unit_test_setup(segments_are_loaded_across_the_borders_of_regions,
				       toy_setup),
		cmocka_unit_test_setup(a_segment_that_leaves_its_memory_is_told_and_cut, toy_setup),
		cmocka_unit_test_setup(a_restart_clears_ram_and_loads_again, toy_setup),
		cmocka_unit_test_setup(a_start_resets_devices_timers_and_lines, toy_setup),
		cmocka_unit_test_setup(a_cell_is_not_loaded_before_all_its_cpus_are_parked,
				       toy_setup),
		cmocka_unit_test_setup(a_start_wakes_a_cpu_that_is_about_to_wait, toy_setup),
		cmocka_unit_test_setup(a_late_wake_up_keeps_what_the_guest_asked_for, toy_setup),
		cmocka_unit_test_setup(the_first_vcpu_polls_after_a_start, toy_setup),
		cmocka_unit_test_setup(a_cell_leaves_running_once, toy_setup),
		cmocka_unit_test_setup(the_machine_goes_off_with_its_last_cell, toy_setup),
		cmocka_unit_test_setup(one_of_the_cpus_that_see_the_end_switches_off, toy_setup),
		cmocka_unit_test_setup(a_cell_that_has_ended_is_silenced, toy_setup),
		cmocka_unit_test_setup(a_cell_without_all_its_modules_never_starts, toy_setup),
		cmocka_unit_test_setup(a_fault_stops_or_restarts_its_own_cell, toy_setup),
		cmocka_unit_test_setup(every_fault_says_what_was_touched_and_what_would_allow_it,
				       toy_setup),
		cmocka_unit_test_setup(the_loop_counts_exits_until_the_cell_ends, toy_setup),
		cmocka_unit_test_setup(a_cell_that_faults_starts_again_where_it_shall, toy_setup),
		cmocka_unit_test_setup(an_exit_that_nobody_handles_is_a_fault, toy_setup),
		cmocka_unit_test_setup(a_vcpu_that_is_not_started_waits_and_attends, toy_setup),
		cmocka_unit_test_setup(requests_are_taken_once, toy_setup),
		cmocka_unit_test_setup(every_reason_has_a_name_of_its_own, toy_setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
