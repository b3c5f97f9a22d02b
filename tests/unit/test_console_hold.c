/* SPDX-License-Identifier: Apache-2.0 */
/* sources: src/core/log.c src/core/format.c src/core/console_format.c */
/* Tests of core/console.c: lines of other cells that wait for the end of the focused cell's. */
#include "fake_console.h"

#define HOLD UINT64_C(50000000)

/* From here on, the clock stands at @now until it is set again. */
static void clock_stands(uint64_t now)
{
	clock_now = now;
	clock_step = 0;
}

static int start_held(void **state)
{
	start(state);
	clock_stands(1000);
	put(0, "$ ls");
	expect("[red]      $ ls");
	return 0;
}

static void a_line_waits_while_the_focused_cells_is_young(void **state)
{
	(void)state;
	put(1, "news");
	assert_int_equal(held[1], 0); /* nothing waits that could be shown */
	put(1, "\r\n");
	expect("");
	assert_int_equal(held[1], 1);
	assert_int_equal(held_until[1], 1000 + HOLD);
	clock_stands(1000 + HOLD - 1);
	console_drain();
	expect("");
	put(0, " -l"); /* young again */
	expect(" -l");
	assert_int_equal(held_until[1], 1000 + HOLD - 1 + HOLD);
	clock_stands(1000 + HOLD + HOLD - 2);
	console_drain();
	expect("");
	assert_false(tx_irq); /* nor does the UART's interrupt storm meanwhile */
	assert_int_equal(held[0], 0);
}

static void it_is_shown_when_the_focused_cells_line_ends(void **state)
{
	unsigned int before;

	(void)state;
	put(1, "one\ntwo\nthr");
	expect("");
	before = held[1];
	put(0, "\r");
	expect(""); /* this may yet become a new version of the line */
	put(0, "\n");
	expect("\r\n[green]    one\r\n[green]    two\r\n");
	assert_int_equal(held[1], before + 1); /* by the carriage return */
	put(1, "ee\n");
	expect("[green]    three\r\n"); /* the focused cell is in no line */
}

static void it_is_shown_when_the_focused_cell_is_silent(void **state)
{
	(void)state;
	put(1, "one\n");
	put(1, "two\n");
	expect("");
	clock_stands(held_until[1]);
	console_drain();
	expect(LEFT "[green]    one\r\n[green]    two\r\n[red]      $ ls");
	put(1, "three\n"); /* showing the line again does not make it young */
	expect(LEFT "[green]    three\r\n[red]      $ ls");
	assert_int_equal(held_until[1], 1000 + HOLD);
	put(0, "x");
	put(1, "four\n");
	expect("x");
	assert_int_equal(held_until[1], clock_now + HOLD);
}

static void it_is_shown_before_the_cell_could_be_delayed(void **state)
{
	unsigned int lines = 0;

	(void)state;
	for (unsigned int i = 0; i < OUTPUT_SIZE / 2; i++)
		assert_true(console_cell_put(1, i % 64 == 63 ? '\n' : 'g'));
	expect("");
	assert_true(console_cell_put(1, '!'));
	uart_works(ENDLESS);
	assert_memory_equal(sent + nr_expected, LEFT "[green]    ggg", sizeof(LEFT) + 13);
	for (const char *at = sent + nr_expected; (at = strstr(at, "[green]")); at++)
		lines++;
	assert_int_equal(lines, OUTPUT_SIZE / 2 / 64); /* all, once the line is torn */
	assert_string_equal(sent + nr_sent - 15, "[red]      $ ls");
	assert_int_equal(space[1], 0);
}

static void the_log_does_not_wait(void **state)
{
	(void)state;
	log_printf("alarm\n");
	expect(LEFT "[bulkhead] alarm\r\n[red]      $ ls");
	put(1, "news\n");
	expect("");
	log_printf("fire\n"); /* tears the line anyway: nothing to wait for */
	expect(LEFT "[bulkhead] fire\r\n[green]    news\r\n[red]      $ ls");
}

static void a_very_long_line_is_not_waited_for(void **state)
{
	char line[400];

	(void)state;
	memset(line, 'x', sizeof(line));
	line[300] = '\0';
	put(0, line);
	nr_expected = nr_sent;
	put(1, "news\n");
	expect(LEFT "[green]    news\r\n[red]      ...");
}

static void a_cell_that_loses_the_focus_is_not_waited_for(void **state)
{
	(void)state;
	put(1, "news\n");
	expect("");
	type(ESCAPE_KEY "1");
	expect(LEFT "[bulkhead] input goes to green (Ctrl-] ? for help)\r\n[green]    news\r\n");
}

static void flushing_waits_for_lines_that_wait(void **state)
{
	(void)state;
	put(1, "news\n");
	expect("");
	clock_step = HOLD / 100;
	console_flush();
	expect(LEFT "[green]    news\r\n[red]      $ ls");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(a_line_waits_while_the_focused_cells_is_young, start_held),
		cmocka_unit_test_setup(it_is_shown_when_the_focused_cells_line_ends, start_held),
		cmocka_unit_test_setup(it_is_shown_when_the_focused_cell_is_silent, start_held),
		cmocka_unit_test_setup(it_is_shown_before_the_cell_could_be_delayed, start_held),
		cmocka_unit_test_setup(the_log_does_not_wait, start_held),
		cmocka_unit_test_setup(a_very_long_line_is_not_waited_for, start_held),
		cmocka_unit_test_setup(a_cell_that_loses_the_focus_is_not_waited_for, start_held),
		cmocka_unit_test_setup(flushing_waits_for_lines_that_wait, start_held),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
