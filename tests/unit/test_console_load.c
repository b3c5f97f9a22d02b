/* SPDX-License-Identifier: Apache-2.0 */
/* sources: src/core/log.c src/core/format.c src/core/console_format.c */
/* flags: -pthread */
/* Log and console together under load: random traffic, several CPUs. */
#include "busy_console.h"

#include <pthread.h>

/* The UART sends what it has: @bytes fit again. Interrupts until nothing is left that wants to. */
static void uart_works(int bytes)
{
	room = bytes;
	while (tx_irq && room > 0)
		console_interrupt();
}

/* ---- Random traffic: every line arrives, whole, in order ---- */

struct stream {
	char line[128];       /* being put out */
	unsigned int at;      /* of it */
	unsigned int written; /* lines put out completely */
	/* The parser's side: */
	unsigned int shown; /* lines seen completely */
	bool left;          /* and the start of one */
};

/* Line @number of @source, a text from which both can be told, up to 100 characters. */
static void stream_line(char *line, unsigned int source, unsigned int number)
{
	sprintf(line, "%u:%u:%.*s;", source, number, (int)((number * 31 + source) % 90),
		"abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcd"
		"efghijklmn");
}

/* The source's current line, or its start when the console has @left it, and comes back. */
static void parse_line(struct stream *stream, unsigned int source, const char *text, size_t length,
		       bool left)
{
	char line[128];

	stream_line(line, source, stream->shown);
	assert_true(length <= strlen(line));
	assert_memory_equal(line, text, length);
	stream->left = left;
	if (left)
		return;
	assert_int_equal(length, strlen(line));
	stream->shown++;
}

static void parse_terminal(struct stream *streams, const struct partition_table *cells)
{
	const char *at = sent;

	while (*at) {
		const char *end = strstr(at, "\r\n");
		unsigned int source = cells->nr_cells;
		const char *name = at + 1;
		const char *text, *stop;
		bool left;

		assert_non_null(end);
		left = memcmp(end - strlen(LEFT) + 2, LEFT, strlen(LEFT)) == 0;
		stop = left ? end - strlen(LEFT) + 2 : end;
		assert_int_equal(*at, '[');
		text = strchr(at, ']') + 1;
		for (unsigned int i = 0; i < cells->nr_cells; i++)
			if (memcmp(name, cells->cells[i].name, strlen(cells->cells[i].name)) == 0)
				source = i;
		text += strspn(text, " ");
		if (source < cells->nr_cells || memcmp(text, "input goes to", 13) != 0)
			parse_line(&streams[source], source, text,
				   text < stop ? (size_t)(stop - text) : 0, left);
		at = end + 2;
	}
}

static void step_stream(struct stream *stream, unsigned int source)
{
	if (!stream->line[stream->at]) {
		stream_line(stream->line, source, stream->written);
		strcat(stream->line, rand() % 2 ? "\r\n" : "\n");
		stream->at = 0;
	}
	for (int n = 1 + rand() % 30; n && stream->line[stream->at]; n--) {
		if (!console_cell_put(source, (uint8_t)stream->line[stream->at]))
			return;
		if (!stream->line[++stream->at])
			stream->written++;
	}
}

static void random_traffic(void)
{
	static struct stream streams[NR_CELLS + 1];
	char line[128];

	memset(streams, 0, sizeof(streams));
	assert_int_equal(console_init(&table), 0);
	for (unsigned int round = 0; round < 60000; round++) {
		unsigned int source = (unsigned int)rand() % NR_CELLS;

		if (rand() % 4)
			step_stream(&streams[source], source);
		if (rand() % 40 == 0) {
			stream_line(line, NR_CELLS, streams[NR_CELLS].written++);
			log_printf("%s\n", line);
		}
		if (rand() % 500 == 0)
			typed = rand() % 2 ? "~~" : "~1";
		if (*typed)
			console_interrupt();
		/* Phases in which the UART is faster than the cells, and others in which it is
		 * slower. */
		if (rand() % 3 == 0)
			uart_works(rand() % (round / 5000 % 2 ? 20 : 200));
		else
			room = 0;
	}
	for (unsigned int source = 0; source < NR_CELLS; source++)
		while (streams[source].line[streams[source].at]) {
			step_stream(&streams[source], source);
			uart_works(1000);
		}
	uart_works(ENDLESS);
	console_flush();
	assert_false(tx_irq);
	for (unsigned int source = 0; source < NR_CELLS; source++)
		assert_true(space[source] > 0); /* rings were full at times */
	parse_terminal(streams, &table);
	for (unsigned int source = 0; source <= NR_CELLS; source++) {
		assert_true(streams[source].written > 1000 || source == NR_CELLS);
		assert_false(streams[source].left);
		assert_int_equal(streams[source].shown, streams[source].written);
	}
}

static void on_a_slow_uart_no_byte_of_anybody_is_lost(void **state)
{
	(void)state;
	random_traffic();
	assert_int_equal(held, 0);
}

static void no_byte_is_lost_while_lines_wait(void **state)
{
	(void)state;
	clock_step = 1000000;
	random_traffic();
	assert_true(held > 1000);
}

/* ---- Several CPUs ---- */

static uint32_t stop;

/* A cell's CPU: offers each byte until it is taken; nobody drains after its last one. */
static void *run_cell(void *argument)
{
	unsigned int source = *(const unsigned int *)argument;
	char line[128];

	for (unsigned int number = 0; number < 3000; number++) {
		stream_line(line, source, number);
		strcat(line, "\n");
		for (const char *c = line; *c; c++)
			while (!console_cell_put(source, (uint8_t)*c))
				cpu_relax();
	}
	return NULL;
}

/* The console's CPU: takes the UART's interrupt whenever one is due, and only then. */
static void *run_interrupts(void *argument)
{
	(void)argument;
	while (!__atomic_load_n(&stop, __ATOMIC_ACQUIRE)) {
		if (__atomic_exchange_n(&tx_event, false, __ATOMIC_ACQ_REL))
			console_interrupt();
		else
			cpu_relax();
	}
	return NULL;
}

static void cpus_that_drain_at_the_same_time_forget_nothing(void **state)
{
	static struct stream streams[NR_CELLS + 1];
	unsigned int ids[NR_CELLS] = { 0, 1, 2 };
	pthread_t cells[NR_CELLS], interrupts;
	bool idle = false;

	(void)state;
	memset(streams, 0, sizeof(streams));
	assert_int_equal(console_init(&table), 0);
	__atomic_store_n(&stop, 0, __ATOMIC_RELEASE);
	assert_int_equal(pthread_create(&interrupts, NULL, run_interrupts, NULL), 0);
	for (unsigned int i = 0; i < NR_CELLS; i++)
		assert_int_equal(pthread_create(&cells[i], NULL, run_cell, &ids[i]), 0);
	for (unsigned int i = 0; i < NR_CELLS; i++)
		pthread_join(cells[i], NULL);
	for (unsigned int i = 0; i < 100000000 && !idle; i++)
		idle = __atomic_load_n(&console.idle, __ATOMIC_ACQUIRE) &&
		       !__atomic_load_n(&tx_event, __ATOMIC_ACQUIRE);
	__atomic_store_n(&stop, 1, __ATOMIC_RELEASE);
	pthread_join(interrupts, NULL);
	parse_terminal(streams, &table);
	for (unsigned int source = 0; source < NR_CELLS; source++) {
		assert_false(streams[source].left);
		assert_int_equal(streams[source].shown, 3000);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(on_a_slow_uart_no_byte_of_anybody_is_lost, setup),
		cmocka_unit_test_setup(no_byte_is_lost_while_lines_wait, setup),
		cmocka_unit_test_setup(cpus_that_drain_at_the_same_time_forget_nothing, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
