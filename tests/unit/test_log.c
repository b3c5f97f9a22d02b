/* SPDX-License-Identifier: Apache-2.0 */
/* sources: src/core/log.c src/core/format.c src/core/console_format.c */
/* flags: -pthread */
/* Formatting, the ring of log lines, and its readers. */
#include "busy_console.h"

#include <inttypes.h>
#include <pthread.h>

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
	static const int64_t values[] = { 0,          1,         -1,       9,         10,
					  -10,        255,       4096,     INT32_MAX, INT32_MIN,
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
	assert_int_equal(
		sscanf(log_text, "... (%llu bytes of the log are gone)\nline %u", &lost, &next), 2);
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
			    number < next[id] || strlen(strrchr(line, ' ') + 1) - 1 != number % 40)
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
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
