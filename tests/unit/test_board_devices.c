/* SPDX-License-Identifier: Apache-2.0 */
/* sources: src/arch/x86/board_devices.c */
/* Boards whose I/O APIC or HPET is not there, or can less than their description says. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "arch/x86/boot.h"
#include "core/partition.h"
#include "fake_log.h"

#define VERSION (0x10 / 4) /* what is read of the I/O APIC: IOWIN, after IOREGSEL = 1 */
#define PERIOD (10000000ull << 32)
#define WIDE (1u << 13)
#define COMPARATORS(n) (((n)-1u) << 8)

static struct cell_config cells[] = {
	{ .name = "linux0", .arch = { .comparator = 0 } },
	{ .name = "linux1", .arch = { .comparator = X86_NO_COMPARATOR } },
	{ .name = "linux2", .arch = { .comparator = 1 } },
};
static uint32_t ioapic[8];
static uint64_t hpet[0x200 / 8];
/* Not const here: the addresses are those of the test's variables. */
struct partition_table writable_table __asm__("partition_table") = {
	.board = { .arch = { .nr_pins = 24, .hpet_comparators = 3, .hpet_first_pin = 20 } },
	.cells = cells,
	.nr_cells = ARRAY_SIZE(cells),
};

static void route(unsigned int comparator, uint64_t pins)
{
	hpet[0x100 / 8 + comparator * 4] = pins << 32 | 0x8030;
}

/* The very board. */
static int setup(void **state)
{
	(void)state;
	memset(ioapic, 0, sizeof(ioapic));
	memset(hpet, 0, sizeof(hpet));
	writable_table.board.arch.ioapic = (uint64_t)ioapic;
	writable_table.board.arch.hpet = (uint64_t)hpet;
	ioapic[VERSION] = 23u << 16 | 0x20;
	hpet[0] = PERIOD | WIDE | COMPARATORS(3);
	for (unsigned int i = 0; i < 3; i++)
		route(i, 1u << 20 | 1u << 21 | 1u << 22);
	forget_log();
	return 0;
}

static void assert_differs(unsigned int count, const char *why)
{
	assert_int_equal(board_check_devices(), count);
	if (!strstr(said, why))
		fail_msg("\"%s\" is not in: %s", why, said);
}

static void the_board_itself_is_taken(void **state)
{
	(void)state;
	assert_int_equal(board_check_devices(), 0);
	assert_string_equal(said, "");
	assert_int_equal(ioapic[0], 1);
	ioapic[VERSION] = 119u << 16 | 0x20; /* more pins than needed */
	assert_int_equal(board_check_devices(), 0);
}

static void an_ioapic_must_be_there(void **state)
{
	(void)state;
	ioapic[VERSION] = UINT32_MAX;
	assert_differs(1, "I/O APIC at 0x");
	ioapic[VERSION] = 15u << 16 | 0x11;
	assert_differs(1, "has 16 pins, the board lists 24");
}

static void an_hpet_must_be_there(void **state)
{
	(void)state;
	hpet[0] = UINT64_MAX;
	assert_differs(1, "there is none, or the firmware switched it off");
	forget_log();
	hpet[0] = 0;
	assert_differs(1, "there is none");
	hpet[0] = PERIOD | COMPARATORS(3);
	assert_differs(1, "its counter has 32 bits");
}

static void a_board_without_an_hpet_is_not_asked_for_one(void **state)
{
	(void)state;
	writable_table.board.arch.hpet = 0;
	assert_int_equal(board_check_devices(), 0);
}

static void each_timed_cell_needs_a_comparator_that_reaches_its_pin(void **state)
{
	(void)state;
	hpet[0] = PERIOD | WIDE | COMPARATORS(1);
	assert_differs(1, "has 1 comparators, cell linux2 would have number 1");
	hpet[0] = PERIOD | WIDE | COMPARATORS(2); /* the third is nobody's */
	route(2, 0);
	assert_int_equal(board_check_devices(), 0);
	route(1, 1u << 20 | 1u << 22);
	assert_differs(1, "HPET comparator 1 (for cell linux2): cannot interrupt through pin 21 ");
	route(0, 0);
	assert_differs(2, "its pins, a bit each, are 0x0");
	writable_table.board.arch.hpet_first_pin = 40; /* a bit that there is not */
	assert_differs(2, "through pin 40");
	writable_table.board.arch.hpet_first_pin = 20;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(the_board_itself_is_taken, setup),
		cmocka_unit_test_setup(an_ioapic_must_be_there, setup),
		cmocka_unit_test_setup(an_hpet_must_be_there, setup),
		cmocka_unit_test_setup(a_board_without_an_hpet_is_not_asked_for_one, setup),
		cmocka_unit_test_setup(each_timed_cell_needs_a_comparator_that_reaches_its_pin,
				       setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
