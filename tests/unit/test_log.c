/* SPDX-License-Identifier: Apache-2.0 */
/* sources: src/core/log.c src/core/console_format.c */
/* flags: -pthread */
/*
 * Tests of core/log.c, and of log and console together under load: random traffic, several CPUs.
 * The .c files of the console are included, so that each test starts with a new one.
 */
#include <inttypes.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "core/console.c"
#include "core/pool.c"

/* ---- The machine around the console ---- */

#define NR_CELLS 3u

uint8_t page_pool[NR_CELLS * CONSOLE_POOL_PAGES * 4096] __attribute__((aligned(4096)));
const uint64_t page_pool_size = sizeof(page_pool);

static const struct cell_config cell_configs[NR_CELLS] = { { .name = "red" },
							   { .name = "green" },
							   { .name = "a-long-name" } };
static const struct partition_table table = {
	.hypervisor = { .console_escape = '~' },
	.cells = cell_configs,
	.nr_cells = NR_CELLS,
};

static char sent[1 << 22];
static size_t nr_sent;
static int room; /* bytes that the UART takes now */
static bool tx_irq;
static bool tx_event; /* an interrupt is due */
static const char *typed = "";
static unsigned int space[NR_CELLS];
static uint64_t clock_now, clock_step; /* each look at the clock moves it */
static unsigned int held;

bool uart_tx_ready(void)
{
	return room > 0;
}

void uart_tx(uint8_t byte)
{
	assert_true(room > 0);
	assert_true(nr_sent < sizeof(sent) - 1);
	room--;
	sent[nr_sent++] = (char)byte;
	sent[nr_sent] = '\0';
}

bool uart_rx(uint8_t *byte)
{
	if (!*typed)
		return false;
	*byte = (uint8_t)*typed++;
	return true;
}

void uart_tx_irq(bool on)
{
	if (on && !tx_irq)
		__atomic_store_n(&tx_event, true, __ATOMIC_RELEASE);
	tx_irq = on;
}

void console_output_space(unsigned int cell)
{
	__atomic_fetch_add(&space[cell], 1, __ATOMIC_RELAXED);
}

void console_input_arrived(unsigned int cell)
{
	(void)cell;
}

/* Only the holder of the console's lock asks. */
uint64_t console_clock(void)
{
	return clock_now += clock_step;
}

void console_output_held(unsigned int cell, uint64_t until)
{
	held += cell < NR_CELLS && until > clock_now;
}

void console_show_counters(void)
{
}

void console_show_cells(void)
{
}

#define ENDLESS (1 << 30)

/* The UART sends what it has: @bytes fit again. Interrupts until nothing is left that wants to. */
static void uart_works(int bytes)
{
	room = bytes;
	while (tx_irq && room > 0)
		console_interrupt();
}

static int setup(void **state)
{
	(void)state;
	memset(&console, 0, sizeof(console));
	console.unit = NOBODY;
	pool_used = 0;
	log_head = 0;
	log_complete = 0;
	nr_sent = 0;
	room = ENDLESS;
	tx_irq = false;
	tx_event = false;
	memset(space, 0, sizeof(space));
	held = 0;
	clock_step = 1000000000; /* nobody waits for a line, but where a test wants it */
	srand(3);
	return 0;
}

/* ---- Formatting ---- */

/* Formats with both formatters and compares text and length, also when the text is cut at every
 * length. */
#define SAME(...)                                                                                  \
	do {                                                                                       \
		char own[256], libc[256];                                                          \
		int length = snprintf(libc, sizeof(libc), __VA_ARGS__);                            \
		assert_int_equal(fmt_snprintf(own, sizeof(own), __VA_ARGS__), length);             \
		assert_string_equal(own, libc);                                                    \
		for (size_t size = 0; size <= (size_t)length + 1; size++) {                        \
			memset(own, '#', sizeof(own));                                             \
			assert_int_equal(fmt_snprintf(own, size, __VA_ARGS__), length);            \
			assert_int_equal(own[size], '#');                                          \
			if (size) {                                                                \
				assert_int_equal(strlen(own), size - 1);                           \
				assert_memory_equal(own, libc, size - 1);                          \
			}                                                                          \
		}                                                                                  \
	} while (0)

static void integers_are_formatted_as_by_the_c_library(void **state)
{
	static const int64_t values[] = { 0,	      1,	 -1,	   9,	      10,
					  -10,	      255,	 4096,	   INT32_MAX, INT32_MIN,
					  UINT32_MAX, INT64_MAX, INT64_MIN };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(values); i++) {
		SAME("%d|%5d|%-5d|%05d", (int)values[i], (int)values[i], (int)values[i],
		     (int)values[i]);
		SAME("%u %x %X %08x %-8x|", (unsigned int)values[i], (unsigned int)values[i],
		     (unsigned int)values[i], (unsigned int)values[i], (unsigned int)values[i]);
		SAME("%ld %lu %lx %lld %llu %llx", (long)values[i], (unsigned long)values[i],
		     (unsigned long)values[i], (long long)values[i], (unsigned long long)values[i],
		     (unsigned long long)values[i]);
		SAME("%" PRIx64 " %" PRIu64 " %" PRId64 " %016" PRIx64, (uint64_t)values[i],
		     (uint64_t)values[i], values[i], (uint64_t)values[i]);
		SAME("%zu %zx %jd %td %hd %hhu %hhd %hx", (size_t)values[i], (size_t)values[i],
		     (intmax_t)values[i], (ptrdiff_t)values[i], (short)values[i],
		     (unsigned char)values[i], (signed char)values[i], (unsigned short)values[i]);
		SAME("%*d|%-*d|%*u", 12, (int)values[i], 12, (int)values[i], -12,
		     (unsigned int)values[i]);
	}
}

static void strings_characters_and_pointers_are_formatted_as_by_the_c_library(void **state)
{
	(void)state;
	SAME("%s|%8s|%-8s|%2s", "cell", "cell", "cell", "cell");
	SAME("%.2s|%.0s|%5.3s|%.*s|%.*s", "cell", "cell", "cell", 3, "cell", -1, "cell");
	SAME("%c%c|%3c|%-3c|", 'a', 'b', 'c', 'd');
	SAME("100%% of %s", "it");
	SAME("%p %p", (void *)&room, (void *)log_ring);
	SAME("%s", "");
}

static size_t format(char *buffer, const char *fmt, ...)
{
	va_list args;
	size_t length;

	va_start(args, fmt);
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
	length = fmt_vsnprintf(buffer, 64, fmt, args);
#pragma GCC diagnostic pop
	va_end(args);
	return length;
}

static void what_is_no_conversion_is_shown_as_it_stands(void **state)
{
	char text[64];

	(void)state;
	assert_int_equal(format(text, "%q %5", 1), 5);
	assert_string_equal(text, "%q %5");
	assert_int_equal(format(text, "%"), 1);
	assert_string_equal(text, "%");
	assert_int_equal(format(text, "%s!", NULL), 7);
	assert_string_equal(text, "(null)!");
	assert_int_equal(format(text, "%99999999999999d", 7), 99999); /* and no overflow */
}

static char log_text[LOG_SIZE + 256];

/* Reads all that there is from @*cursor on, in pieces of @piece bytes. */
static size_t read_all(uint64_t *cursor, size_t piece)
{
	size_t total = 0;
	size_t size;

	while ((size = log_read(cursor, log_text + total, piece)) > 0)
		total += size;
	log_text[total] = '\0';
	return total;
}

static void a_line_is_in_the_ring_and_the_console_shows_it(void **state)
{
	uint64_t cursor = log_head;
	uint64_t start = log_head;

	(void)state;
	assert_int_equal(console_init(&table), 0);
	nr_sent = 0;
	start = cursor = log_head;
	log_printf("cell %u: %s\n", 3u, "running");
	assert_string_equal(sent, "[bulkhead]    cell 3: running\r\n");
	assert_int_equal(log_head, start + 16);
	assert_memory_equal(&log_ring[start % LOG_SIZE], "cell 3: running\n", 16);
	assert_int_equal(read_all(&cursor, 64), 16);
	assert_string_equal(log_text, "cell 3: running\n");
	assert_int_equal(read_all(&cursor, 64), 0);
}

static void a_line_that_is_too_long_is_cut_visibly(void **state)
{
	uint64_t cursor = log_head;
	char longer[2 * LOG_LINE_MAX];

	(void)state;
	memset(longer, 'x', sizeof(longer));
	longer[sizeof(longer) - 1] = '\0';
	log_printf("%s\n", longer);
	assert_int_equal(read_all(&cursor, 100), LOG_LINE_MAX - 1);
	assert_string_equal(log_text + LOG_LINE_MAX - 8, "xxx...\n");
}

/* Line @number: its length varies, so lines meet the end of the ring everywhere. */
static int make_line(char *line, unsigned int number)
{
	return sprintf(line, "line %u %.*s\n", number, (int)(number * 7 % 60),
		       "------------------------------------------------------------");
}

static void a_reader_that_keeps_up_sees_every_byte_across_the_wrap(void **state)
{
	uint64_t cursor = log_head;
	char line[100];

	(void)state;
	for (unsigned int number = 0; number < 3 * LOG_SIZE / 10; number++) {
		make_line(line, number);
		log_printf("%s", line);
		read_all(&cursor, LOG_READ_MIN + number % 50);
		assert_string_equal(log_text, line);
	}
}

static void a_reader_that_is_too_slow_goes_on_at_a_whole_line_and_says_so(void **state)
{
	uint64_t cursor = log_head;
	uint64_t start = log_head;
	unsigned long long lost;
	unsigned int number;
	unsigned int next;
	char line[100];
	char *rest;

	(void)state;
	for (number = 0; log_head - start < 3 * LOG_SIZE; number++) {
		make_line(line, number);
		log_printf("%s", line);
	}
	/* At most a ring full and the note, which both fit: a line was cut off at the front. */
	assert_true(read_all(&cursor, 128) <= LOG_SIZE + LOG_READ_MIN);
	assert_int_equal(sscanf(log_text, "... (%llu bytes of the log are gone)\nline %u", &lost,
				&next),
			 2);
	rest = strchr(log_text, '\n') + 1;
	assert_int_equal(lost + strlen(rest), 3 * LOG_SIZE + (log_head - start) % LOG_SIZE);
	for (; next < number; next++) {
		size_t length = (size_t)make_line(line, next);

		assert_memory_equal(rest, line, length);
		rest += length;
	}
	assert_int_equal(*rest, '\0');
}

#define WRITERS 4u
#define LINES_EACH 20000u

static uint32_t finished;

static void *writer(void *argument)
{
	unsigned int id = *(const unsigned int *)argument;

	for (unsigned int number = 0; number < LINES_EACH; number++)
		log_printf("w%u %u %.*s\n", id, number, (int)(number % 40),
			   "........................................");
	__atomic_fetch_add(&finished, 1, __ATOMIC_RELEASE);
	return NULL;
}

/* Every line a concurrent reader gets must be one that some writer wrote, in the writer's order. */
static void concurrent_writers_never_mix_lines_and_a_reader_never_sees_half_of_one(void **state)
{
	unsigned int ids[WRITERS];
	unsigned int next[WRITERS] = { 0 };
	pthread_t threads[WRITERS];
	uint64_t cursor = log_head;
	char piece[256];
	char line[512];
	size_t length = 0;
	unsigned int to_the_end = 0;
	unsigned int bad = 0; /* judged when the threads are gone */

	(void)state;
	for (unsigned int i = 0; i < WRITERS; i++) {
		ids[i] = i;
		assert_int_equal(pthread_create(&threads[i], NULL, writer, &ids[i]), 0);
	}
	while (__atomic_load_n(&finished, __ATOMIC_ACQUIRE) < WRITERS || cursor < log_head) {
		size_t size = log_read(&cursor, piece, sizeof(piece));

		for (size_t i = 0; i < size; i++) {
			unsigned int id = WRITERS, number = 0;

			/* After a loss, the note comes in the middle of the line being read. */
			if (piece[i] == '.' && i + 5 < size && !memcmp(&piece[i], "... (", 5))
				length = 0;
			line[length] = piece[i];
			length += length < sizeof(line) - 2;
			if (piece[i] != '\n')
				continue;
			line[length] = '\0';
			length = 0;
			if (strncmp(line, "... (", 5) == 0)
				continue;
			if (sscanf(line, "w%u %u", &id, &number) != 2 || id >= WRITERS ||
			    number < next[id] ||
			    strlen(strrchr(line, ' ') + 1) - 1 != number % 40)
				bad++;
			else
				next[id] = number + 1;
		}
	}
	for (unsigned int i = 0; i < WRITERS; i++) {
		pthread_join(threads[i], NULL);
		to_the_end += next[i] == LINES_EACH;
	}
	assert_int_equal(bad, 0);
	assert_true(to_the_end > 0); /* the others' last lines may have been overwritten unread */
}

/* ---- Random traffic: every line arrives, whole, in order ---- */

struct stream {
	char line[128];	      /* being put out */
	unsigned int at;      /* of it */
	unsigned int written; /* lines put out completely */
	/* The parser's side: */
	unsigned int shown; /* number of the line that is on the terminal */
	bool whole;	    /* it was seen up to its end */
};

/* Line @number of @source, a text from which both can be told, up to 100 characters. */
static void stream_line(char *line, unsigned int source, unsigned int number)
{
	sprintf(line, "%u:%u:%.*s;", source, number, (int)((number * 31 + source) % 90),
		"abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcd"
		"efghijklmn");
}

/* A line on the terminal shows the start of the source's current line, or of the next if that was
 * whole. */
static void parse_line(struct stream *stream, unsigned int source, const char *text, size_t length)
{
	char line[128];

	for (;;) {
		stream_line(line, source, stream->shown);
		if (length <= strlen(line) && memcmp(line, text, length) == 0)
			break;
		assert_true(stream->whole);
		stream->whole = false;
		stream->shown++;
	}
	stream->whole |= length == strlen(line);
}

static void parse_terminal(struct stream *streams, const struct partition_table *cells)
{
	const char *at = sent;

	while (*at) {
		const char *end = strstr(at, "\r\n");
		unsigned int source = cells->nr_cells;
		const char *name = at + 1;
		const char *text;

		assert_non_null(end);
		assert_int_equal(*at, '[');
		text = strchr(at, ']') + 1;
		for (unsigned int i = 0; i < cells->nr_cells; i++)
			if (memcmp(name, cells->cells[i].name, strlen(cells->cells[i].name)) == 0)
				source = i;
		text += strspn(text, " ");
		if (source < cells->nr_cells || memcmp(text, "input goes to", 13) != 0)
			parse_line(&streams[source], source, text,
				   text < end ? (size_t)(end - text) : 0);
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
		assert_true(streams[source].whole);
		assert_int_equal(streams[source].shown + 1, streams[source].written);
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
		assert_true(streams[source].whole);
		assert_int_equal(streams[source].shown, 2999);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(integers_are_formatted_as_by_the_c_library),
		cmocka_unit_test(strings_characters_and_pointers_are_formatted_as_by_the_c_library),
		cmocka_unit_test(what_is_no_conversion_is_shown_as_it_stands),
		cmocka_unit_test_setup(a_line_is_in_the_ring_and_the_console_shows_it, setup),
		cmocka_unit_test(a_line_that_is_too_long_is_cut_visibly),
		cmocka_unit_test(a_reader_that_keeps_up_sees_every_byte_across_the_wrap),
		cmocka_unit_test(a_reader_that_is_too_slow_goes_on_at_a_whole_line_and_says_so),
		cmocka_unit_test_setup(
			concurrent_writers_never_mix_lines_and_a_reader_never_sees_half_of_one,
			setup),
		cmocka_unit_test_setup(on_a_slow_uart_no_byte_of_anybody_is_lost, setup),
		cmocka_unit_test_setup(no_byte_is_lost_while_lines_wait, setup),
		cmocka_unit_test_setup(cpus_that_drain_at_the_same_time_forget_nothing, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
