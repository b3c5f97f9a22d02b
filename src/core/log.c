/* SPDX-License-Identifier: Apache-2.0 */
/* The log ring, see core/log.h. */
#include "core/log.h"

#include "core/console.h"
#include "core/string.h"
#include "arch_relax.h" /* cpu_relax() */

_Static_assert((LOG_SIZE & (LOG_SIZE - 1)) == 0, "positions wrap by masking");
_Static_assert(LOG_LINE_MAX * 8 <= LOG_SIZE, "a reader must be able to outrun a few writers");

/* How often a writer tries again before it gives up, see reserve(). */
#define PATIENCE 10000u

char log_ring[LOG_SIZE];
uint64_t log_head;
uint64_t log_complete;
uint64_t log_dropped;

/* CPUs (and NMIs on them) that may have reserved space in the ring and not yet filled it. */
static uint32_t writers;

/*
 * Ends what reserve() began. The last writer of several that overlap publishes what all of them
 * wrote.
 */
static void finish(void)
{
	uint64_t known = __atomic_load_n(&log_complete, __ATOMIC_RELAXED);
	uint64_t head;

	__atomic_fetch_sub(&writers, 1, __ATOMIC_SEQ_CST);
	/* Head first: if nobody is writing after that, everything before it is complete. */
	head = __atomic_load_n(&log_head, __ATOMIC_SEQ_CST);
	if (__atomic_load_n(&writers, __ATOMIC_SEQ_CST))
		return;
	while (known < head && !__atomic_compare_exchange_n(&log_complete, &known, head, false,
							    __ATOMIC_RELEASE, __ATOMIC_RELAXED))
		;
}

/*
 * Reserves @size bytes at *@at. A writer must never come a whole ring ahead of one that is still
 * writing: the slower one would then write into the other's line. So it waits for that one; not
 * for ever, because it may be an NMI that interrupted the slower one. Returns false when it gave
 * up.
 */
static bool reserve(size_t size, uint64_t *at)
{
	for (unsigned int i = 0; i < PATIENCE; i++) {
		__atomic_fetch_add(&writers, 1, __ATOMIC_SEQ_CST);
		*at = __atomic_load_n(&log_head, __ATOMIC_SEQ_CST);
		while (*at + size - __atomic_load_n(&log_complete, __ATOMIC_ACQUIRE) <= LOG_SIZE)
			if (__atomic_compare_exchange_n(&log_head, at, *at + size, false,
							__ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST))
				return true;
		finish();
		cpu_relax();
	}
	return false;
}

void log_write(const char *text, size_t size)
{
	uint64_t at;

	if (size > LOG_SIZE)
		size = LOG_SIZE;
	if (!reserve(size, &at)) {
		__atomic_fetch_add(&log_dropped, size, __ATOMIC_RELAXED);
		return;
	}
	/* No byte is written before the head says that what stood there is gone, see log_read(). */
	__atomic_thread_fence(__ATOMIC_RELEASE);
	for (size_t i = 0; i < size; i++)
		__atomic_store_n(&log_ring[(at + i) % LOG_SIZE], text[i], __ATOMIC_RELAXED);
	finish();
}

static char ring_at(uint64_t position)
{
	return __atomic_load_n(&log_ring[position % LOG_SIZE], __ATOMIC_RELAXED);
}

size_t log_read(uint64_t *cursor, char *buffer, size_t size)
{
	uint64_t margin = 0; /* how far to stay away from where writers overwrite next */

	for (;; margin = LOG_SIZE / 4) {
		uint64_t end = __atomic_load_n(&log_complete, __ATOMIC_ACQUIRE);
		uint64_t head = __atomic_load_n(&log_head, __ATOMIC_RELAXED);
		uint64_t start = *cursor; /* the oldest byte that is looked at */
		uint64_t at = start;
		size_t count = 0;

		if (head - at > LOG_SIZE) {
			start = head - LOG_SIZE + margin;
			at = start;
			while (at < end && ring_at(at) != '\n')
				at++;
			at++;
			if (at >= end)
				return 0; /* more to come: a line is being written */
			count = fmt_snprintf(buffer, size, "... (%llu bytes of the log are gone)\n",
					     (unsigned long long)(at - *cursor));
		}
		while (count < size && at < end)
			buffer[count++] = ring_at(at++);

		/* Was anything overwritten while it was looked at? Then once more. */
		__atomic_thread_fence(__ATOMIC_ACQUIRE);
		if (__atomic_load_n(&log_head, __ATOMIC_RELAXED) - start <= LOG_SIZE) {
			*cursor = at;
			return count;
		}
	}
}

void log_printf(const char *fmt, ...)
{
	static const char cut[] = "...\n";
	char line[LOG_LINE_MAX];
	va_list args;
	size_t length;

	va_start(args, fmt);
	length = fmt_vsnprintf(line, sizeof(line), fmt, args);
	va_end(args);
	if (length >= sizeof(line)) {
		memcpy(line + sizeof(line) - sizeof(cut), cut, sizeof(cut));
		length = sizeof(line) - 1;
	}
	log_write(line, length);
	console_drain();
}
