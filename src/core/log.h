/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The hypervisor's log.
 *
 * Every line goes into a ring in memory that always holds the last LOG_SIZE bytes: for the
 * console, which shows them as its source "bulkhead", and for a debugger. In gdb the text is
 * log_ring[log_head % LOG_SIZE ... end], then log_ring[0 ... log_head % LOG_SIZE - 1].
 *
 * Logging takes no lock, so any context may do it: any CPU, an NMI that hit a CPU in the middle
 * of logging, code before console_init(). The console shows what it can at once and the rest
 * later. A line is dropped in one case only: a CPU stands still in the middle of a line (it may be
 * the very one that an NMI interrupted) while the others log a whole ring full.
 */
#ifndef CORE_LOG_H
#define CORE_LOG_H

#include "core/format.h"
#include "core/types.h"

#define LOG_SIZE 16384u
#define LOG_LINE_MAX 512u /* bytes of one log_printf(), what is longer is cut and ends in "...\n" */

extern char log_ring[LOG_SIZE];
extern uint64_t log_head;     /* bytes ever logged, or being written into the ring */
extern uint64_t log_complete; /* all bytes before this position are there; it never goes back */
extern uint64_t log_dropped;  /* bytes that were not logged */

/*
 * Logs text formatted as by fmt_vsnprintf() and has the console show it. One call is whole lines,
 * each ending in "\n": lines of several calls and CPUs then never mix.
 */
void log_printf(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* Appends @size bytes (at most LOG_SIZE) to the ring as they are, without telling the console. */
void log_write(const char *text, size_t size);

/*
 * Copies log text from position @*cursor (counted in bytes ever logged) on, at most @size bytes,
 * and moves @*cursor behind what it copied. Returns the number of bytes; 0 when there is no more
 * at the moment or some CPU is about to finish a line (it drains the console afterwards). When the
 * ring has lost what stood at @*cursor, a line that says so comes first, and reading goes on at
 * the oldest whole line: @size must be at least LOG_READ_MIN. Reading from position 0 gives all
 * there is.
 */
#define LOG_READ_MIN 64u
size_t log_read(uint64_t *cursor, char *buffer, size_t size);

#endif
