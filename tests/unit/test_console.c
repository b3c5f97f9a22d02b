/* SPDX-License-Identifier: Apache-2.0 */
/* sources: src/core/log.c src/core/format.c src/core/console_format.c */
/*
 * Tests of core/console.c and core/console_format.c: what the terminal and the cells get. Lines
 * that wait are in test_console_hold.c; how the console does under load is in test_log.c.
 */
#include "fake_console.h"

static const struct partition_table wide_table = {
	.hypervisor = { .console_escape = '~' },
	.cells = cell_configs,
	.nr_cells = NR_CELLS,
};

/* ---- Lines and prefixes ---- */

static void what_was_logged_before_the_start_is_shown_at_the_start(void **state)
{
	(void)state;
	log_printf("early\n");
	assert_int_equal(nr_sent, 0);
	assert_int_equal(console_init(&table), 0);
	expect("[bulkhead] early\r\n" HELLO);
}

static void prefixes_are_padded_to_the_longest_name(void **state)
{
	(void)state;
	assert_int_equal(console_init(&wide_table), 0);
	expect("[bulkhead]    input goes to red (~ ? for help)\r\n");
	put(1, "x\r\n");
	put(2, "y\r\n");
	put(0, "z\r\n");
	expect("[green]       x\r\n[a-long-name] y\r\n[red]         z\r\n");
}

static void without_pool_pages_the_log_is_shown_and_cells_are_not_stopped(void **state)
{
	uint8_t byte;

	(void)state;
	assert_non_null(pool_alloc(POOL_PAGES - 1));
	assert_int_equal(console_init(&table), -ENOMEM);
	expect("[bulkhead] the page pool is too small for the cells' consoles\r\n");
	put(0, "nothing comes of this\r\n");
	assert_false(console_cell_get(0, &byte));
	type("x" ESCAPE_KEY "1");
	expect("");
}

static void the_focused_cell_appears_character_by_character(void **state)
{
	(void)state;
	put(0, "l");
	expect("[red]      l");
	put(0, "o");
	expect("o");
	put(0, "\r\n");
	expect("\r\n");
	put(0, "\r\n");
	expect("[red]      \r\n");
}

static void other_cells_appear_in_whole_lines(void **state)
{
	(void)state;
	put(1, "hello\r");
	expect("");
	put(1, "\n");
	expect("[green]    hello\r\n");
	put(1, "one\ntwo\r\r\nthr");
	expect("[green]    one\r\n[green]    two\r\n");
	put(1, "ee\r\n");
	expect("[green]    three\r\n");
}

static void lines_of_others_do_not_tear_the_focused_cells_line(void **state)
{
	(void)state;
	put(0, "$ ls");
	expect("[red]      $ ls");
	put(1, "news\r\n");
	expect(LEFT "[green]    news\r\n[red]      $ ls");
	log_printf("more\nnews\n");
	expect(LEFT "[bulkhead] more\r\n[bulkhead] news\r\n[red]      $ ls");
	put(0, " -l\r\n");
	expect(" -l\r\n");
	put(1, "later\r\n");
	expect("[green]    later\r\n");
}

static void a_line_that_is_being_output_is_finished_first(void **state)
{
	(void)state;
	room = 0;
	put(0, "abc");
	put(1, "other\n");
	put(0, "def\n");
	uart_works(ENDLESS);
	expect("[red]      abcdef\r\n[green]    other\r\n");
}

static void a_carriage_return_alone_goes_back_behind_the_prefix(void **state)
{
	(void)state;
	put(0, "10%\r20%");
	expect("[red]      10%\r[red]      20%");
	log_printf("x\n");
	expect(LEFT "[bulkhead] x\r\n[red]      20%");
	put(0, "\r\n");
	expect("\r\n");
	put(1, "1\r2\n");
	expect("[green]    1\r[green]    2\r\n");
}

static void what_was_erased_does_not_come_back(void **state)
{
	(void)state;
	put(0, "$ catx\b \by\b\033[J");
	expect("[red]      $ catx\b \by\b\033[J");
	log_printf("x\n");
	expect(LEFT "[bulkhead] x\r\n[red]      $ cat");
}

static void a_question_to_the_terminal_is_asked_once(void **state)
{
	(void)state;
	put(0, "$ \033[6n\033[1;32mok\033[0m");
	expect("[red]      $ \033[6n\033[1;32mok\033[0m");
	log_printf("x\n");
	expect(LEFT "[bulkhead] x\r\n[red]      $ \033[1;32mok\033[0m");
}

static void a_very_long_line_is_not_repeated(void **state)
{
	char line[400];

	(void)state;
	memset(line, 'x', sizeof(line));
	line[300] = '\0';
	put(0, line);
	nr_expected = nr_sent;
	log_printf("x\n");
	expect(LEFT "[bulkhead] x\r\n[red]      ...");
	put(0, "y\n");
	expect("y\r\n");
	put(0, "z");
	expect("[red]      z");
}

static void cells_without_focus_cannot_control_the_terminal(void **state)
{
	(void)state;
	put(1, "a\033[6nb\033[2J\033[10Ac\033]0;title\ad\033P+q\033\\e\033(Bf\033cg\n");
	expect("[green]    abcdefg\r\n");
	put(1, "\033[31mred\033[0m and\033[1m\n");
	expect("[green]    \033[31mred\033[0m and\033[1m\033[0m\r\n");
	put(1, "\b\b\bab\b\b\bc\x07\x0e\x7f|\n");
	expect("[green]    ab\b\bc|\r\n");
	put(1, "\xc3\xa9 \xe2\x82\xac \xc3\x80 \x9b"
	       "6n \xc2\x9b"
	       "6n\n"); /* C1 CSI, raw and as UTF-8 */
	expect("[green]    \xc3\xa9 \xe2\x82\xac \xc3\x80 6n \xc2"
	       "6n\r\n");
	put(1, "\033[3333333333333333333333mx\n"); /* too long for any terminal: shown as text */
	assert_null(strchr(sent + nr_expected, '\033'));
}

static void an_unfinished_sequence_ends_with_its_line(void **state)
{
	(void)state;
	put(1, "\033]0;no end\nnext\033[3\n1mlast\n");
	expect("[green]    \r\n[green]    next\r\n[green]    1mlast\r\n");
}

static void long_lines_of_others_come_in_pieces(void **state)
{
	char line[260];
	char expected[600];

	(void)state;
	memset(line, 'x', 240);
	line[240] = '\0';
	put(1, line);
	put(1, "\r");
	expect(""); /* it may end here */
	put(1, "\n");
	sprintf(expected, "[green]    %s\r\n", line);
	uart_works(ENDLESS);
	expect(expected);
	put(1, line);
	put(1, "y");
	uart_works(ENDLESS);
	sprintf(expected, "[green]    %s" LEFT, line);
	expect(expected);
	put(1, "z\r\n");
	expect("[green]    yz\r\n");
}

/* ---- Input and commands ---- */

static void expect_input(unsigned int cell, const char *keys)
{
	uint8_t byte;

	for (; *keys; keys++) {
		assert_true(console_cell_get(cell, &byte));
		assert_int_equal(byte, (uint8_t)*keys);
	}
	assert_false(console_cell_get(cell, &byte));
}

static void input_goes_to_the_cell_with_the_focus(void **state)
{
	(void)state;
	type("ls\r");
	assert_int_equal(arrived[0], 3);
	expect_input(0, "ls\r");
	expect_input(1, "");
	type("a" ESCAPE_KEY "1b\x03");
	expect("[bulkhead] input goes to green (Ctrl-] ? for help)\r\n");
	expect_input(0, "a");
	expect_input(1, "b\x03");
	assert_int_equal(arrived[1], 2);
	type(ESCAPE_KEY ESCAPE_KEY "c");
	expect(HELLO);
	expect_input(0, "c");
	type(ESCAPE_KEY);
	type("e"); /* the two keys may come at any distance */
	expect_input(0, ESCAPE_KEY);
	expect("");
}

static void the_prompt_of_the_cell_that_gets_the_focus_is_shown(void **state)
{
	(void)state;
	put(0, "red$ ");
	put(1, "green$ ");
	expect("[red]      red$ ");
	type(ESCAPE_KEY "1");
	expect(LEFT "[bulkhead] input goes to green (Ctrl-] ? for help)\r\n[green]    green$ ");
	type(ESCAPE_KEY "0");
	expect(LEFT HELLO "[red]      red$ ");
	put(1, "ls\r\n"); /* its line is shown from its start */
	expect(LEFT "[green]    green$ ls\r\n[red]      red$ ");
}

static void commands_do_what_the_help_says(void **state)
{
	(void)state;
	type(ESCAPE_KEY "s");
	assert_int_equal(counters_shown, 1);
	expect("[bulkhead] counters\r\n");
	type(ESCAPE_KEY "c");
	assert_int_equal(cells_shown, 1);
	type(ESCAPE_KEY "l");
	expect(HELLO "[bulkhead] counters\r\n");
	type(ESCAPE_KEY "?");
	assert_non_null(strstr(sent + nr_expected, "[bulkhead] Ctrl-], then:\r\n"));
	assert_non_null(strstr(sent + nr_expected, "send Ctrl-] to the cell\r\n"));
	nr_expected = nr_sent;
	type(ESCAPE_KEY "2"); /* there is no such cell */
	assert_non_null(strstr(sent + nr_expected, "[bulkhead] Ctrl-], then:\r\n"));
	expect_input(0, "");
	expect_input(1, "");
}

static void the_log_is_shown_again_as_far_as_it_goes_back(void **state)
{
	const char *line;
	unsigned int number = 0, first;

	(void)state;
	for (; number < 2000; number++)
		log_printf("line %u\n", number);
	nr_expected = nr_sent;
	type(ESCAPE_KEY "l");
	uart_works(ENDLESS);
	assert_memory_equal(sent + nr_expected, "[bulkhead] ... (", 16);
	line = strchr(sent + nr_expected, '\n') + 1;
	assert_int_equal(sscanf(line, "[bulkhead] line %u\r\n", &first), 1);
	assert_true(number - first > LOG_SIZE / 12);
	for (; first < number; first++) {
		char expected[40];

		sprintf(expected, "[bulkhead] line %u\r\n", first);
		assert_memory_equal(line, expected, strlen(expected));
		line += strlen(expected);
	}
	assert_string_equal(line, "");
}

static void a_cell_that_does_not_read_blocks_neither_commands_nor_other_cells(void **state)
{
	static char many[INPUT_SIZE + 100];
	unsigned int got = 0;
	uint8_t byte;

	(void)state;
	memset(many, 'm', sizeof(many) - 1);
	type(many);
	assert_int_equal(arrived[0], INPUT_SIZE);
	type(ESCAPE_KEY "1x");
	expect_input(1, "x");
	while (console_cell_get(0, &byte))
		got++;
	assert_int_equal(got, INPUT_SIZE);
}

/* ---- A UART that is not always ready ---- */

static void a_full_ring_refuses_and_says_when_there_is_space_without_delaying_others(void **state)
{
	unsigned int taken = 0;

	(void)state;
	room = 0;
	while (console_cell_put(0, 'r'))
		taken++;
	assert_in_range(taken, OUTPUT_SIZE, OUTPUT_SIZE + STAGING_SIZE);
	assert_true(tx_irq);
	for (unsigned int i = 0; i < OUTPUT_SIZE; i++)
		assert_true(console_cell_put(1, i % 64 == 63 ? '\n' : 'g'));
	assert_false(console_cell_put(1, 'g'));
	log_printf("still here\n");
	assert_int_equal(space[0] + space[1], 0);

	/* It comes once, when half of the ring is free. */
	while (!space[0]) {
		assert_true(ring_used(&channel_at(0)->output) > OUTPUT_SIZE / 2);
		uart_works(1);
	}
	assert_in_range(ring_used(&channel_at(0)->output), OUTPUT_SIZE / 2 - 20, OUTPUT_SIZE / 2);
	uart_works(ENDLESS);
	assert_false(tx_irq);
	assert_int_equal(space[0], 1);
	assert_int_equal(space[1], 1);
	assert_non_null(strstr(sent, "[bulkhead] still here\r\n"));
}

static void
one_call_sends_a_bounded_number_of_bytes_and_asks_for_an_interrupt(void **state)
{
	(void)state;
	room = 0;
	for (unsigned int i = 0; i < OUTPUT_SIZE; i++)
		assert_true(console_cell_put(0, 'r'));
	room = ENDLESS;
	for (size_t before = nr_sent; nr_sent < 3000; before = nr_sent) {
		tx_event = false;
		console_drain();
		assert_in_range(nr_sent - before, 1, DRAIN_BUDGET);
		assert_true(tx_irq && tx_event); /* although it was on before */
	}
	uart_works(ENDLESS);
	assert_false(tx_irq);
	assert_int_equal(nr_sent - nr_expected, OUTPUT_SIZE + strlen("[red]      "));
}

static void what_comes_at_the_end_of_a_drain_is_not_forgotten(void **state)
{
	(void)state;
	room = 0;
	put(0, "x\n");
	assert_true(tx_irq);
	meanwhile = "late\n";
	room = ENDLESS;
	console_interrupt();
	expect("[red]      x\r\n[green]    late\r\n");
}

static void a_line_without_end_does_not_keep_others_waiting(void **state)
{
	const char *other;

	(void)state;
	room = 0;
	for (unsigned int i = 0; i < 2000; i++)
		assert_true(console_cell_put(0, 'r'));
	put(1, "other\n");
	uart_works(ENDLESS);
	other = strstr(sent + nr_expected, "[green]    other\r\n");
	assert_in_range(other - sent, nr_expected + PARTIAL_MAX, nr_expected + PARTIAL_MAX + 40);
}

static void flushing_waits_for_the_uart(void **state)
{
	(void)state;
	room = 0;
	for (unsigned int i = 0; i < 1000; i++)
		assert_true(console_cell_put(0, 'r'));
	room = ENDLESS;
	in_fifo = 16;
	console_flush();
	assert_int_equal(nr_sent - nr_expected, 1000 + strlen("[red]      "));
	assert_int_equal(in_fifo, 0);
}

/* An exception in the console's own code happens with the console held. */
static void a_dead_holder_does_not_silence_the_last_words(void **state)
{
	(void)state;
	console.idle = false; /* a drain is under way */
	assert_true(spin_trylock(&console.lock));
	log_printf("PANIC: of the holder\n");
	console_flush();
	assert_int_equal(nr_sent, nr_expected);
	console_last_words();
	expect("[bulkhead] PANIC: of the holder\r\n");
	assert_true(spin_trylock(&console.lock));
	spin_unlock(&console.lock);
}

/* The holder had found nothing more to show when the line came, and has not let go yet. */
static void flushing_does_not_trust_a_drain_that_came_before(void **state)
{
	(void)state;
	console.idle = true;
	assert_true(spin_trylock(&console.lock));
	log_printf("the last line\n");
	console_flush();
	assert_int_equal(nr_sent, nr_expected);
	console_last_words(); /* sees that it is not shown yet */
	expect("[bulkhead] the last line\r\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(what_was_logged_before_the_start_is_shown_at_the_start,
				       setup),
		cmocka_unit_test_setup(prefixes_are_padded_to_the_longest_name, setup),
		cmocka_unit_test_setup(
			without_pool_pages_the_log_is_shown_and_cells_are_not_stopped, setup),
		cmocka_unit_test_setup(the_focused_cell_appears_character_by_character, start),
		cmocka_unit_test_setup(other_cells_appear_in_whole_lines, start),
		cmocka_unit_test_setup(lines_of_others_do_not_tear_the_focused_cells_line, start),
		cmocka_unit_test_setup(a_line_that_is_being_output_is_finished_first, start),
		cmocka_unit_test_setup(a_carriage_return_alone_goes_back_behind_the_prefix, start),
		cmocka_unit_test_setup(what_was_erased_does_not_come_back, start),
		cmocka_unit_test_setup(a_question_to_the_terminal_is_asked_once, start),
		cmocka_unit_test_setup(a_very_long_line_is_not_repeated, start),
		cmocka_unit_test_setup(cells_without_focus_cannot_control_the_terminal, start),
		cmocka_unit_test_setup(an_unfinished_sequence_ends_with_its_line, start),
		cmocka_unit_test_setup(long_lines_of_others_come_in_pieces, start),
		cmocka_unit_test_setup(input_goes_to_the_cell_with_the_focus, start),
		cmocka_unit_test_setup(the_prompt_of_the_cell_that_gets_the_focus_is_shown, start),
		cmocka_unit_test_setup(commands_do_what_the_help_says, start),
		cmocka_unit_test_setup(the_log_is_shown_again_as_far_as_it_goes_back, start),
		cmocka_unit_test_setup(
			a_cell_that_does_not_read_blocks_neither_commands_nor_other_cells, start),
		cmocka_unit_test_setup(
			a_full_ring_refuses_and_says_when_there_is_space_without_delaying_others,
			start),
		cmocka_unit_test_setup(
			one_call_sends_a_bounded_number_of_bytes_and_asks_for_an_interrupt,
			start),
		cmocka_unit_test_setup(what_comes_at_the_end_of_a_drain_is_not_forgotten, start),
		cmocka_unit_test_setup(a_line_without_end_does_not_keep_others_waiting, start),
		cmocka_unit_test_setup(flushing_waits_for_the_uart, start),
		cmocka_unit_test_setup(flushing_does_not_trust_a_drain_that_came_before, start),
		cmocka_unit_test_setup(a_dead_holder_does_not_silence_the_last_words, start),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
