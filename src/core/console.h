/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The console: one physical UART carries the virtual console of every cell and the hypervisor's
 * log.
 *
 * Every line on the UART starts with the name of its source, "[linux0] ". One cell has the focus:
 * it gets what the user types, and its output appears character by character. The others' lines,
 * and the log's ("[bulkhead] "), appear whole; when the focused cell is in the middle of a line,
 * theirs come on lines of their own and the focused cell's is then shown again up to where it was.
 * To keep such fragments rare, other cells' lines (not the log's) wait while the focused cell is in
 * a line: until it ends, or the cell has been silent for 50 ms, or their ring is over half full, so
 * that no cell is ever delayed by it.
 * The escape character of the configuration starts a command; escape, then "?", lists them. See
 * docs/internals.md.
 *
 * Each cell puts its output into a ring of its own, so it never waits for another cell or for the
 * UART. Whoever calls console_drain() moves bytes from the rings to the UART while it has room, a
 * bounded number of them; for the rest the UART's interrupt comes back when there is room again.
 *
 * All of this may be called on any CPU. Nothing here waits for a lock.
 */
#ifndef CORE_CONSOLE_H
#define CORE_CONSOLE_H

#include "core/types.h"
#include "core/log.h"
#include "core/partition.h"

/*
 * Prepares the console for the cells of @table, gives the first one the focus and shows what was
 * logged so far. Once, at boot, before other CPUs run. Takes CONSOLE_POOL_PAGES of the page pool
 * for each cell. Returns 0, or -ENOMEM: then the log is shown but the cells' output is dropped.
 */
#define CONSOLE_POOL_PAGES 2
int console_init(const struct partition_table *table);

/*
 * Takes one byte of the output of cell @cell (its index in the table). Returns false when its ring
 * is full: the caller keeps the byte, console_output_space() tells when to offer it again. Calls
 * for one cell must not overlap (the cell's device lock sees to it).
 */
bool console_cell_put(unsigned int cell, uint8_t byte);

/*
 * Takes one byte of input that is there for cell @cell; false when there is none. One caller at a
 * time per cell.
 */
bool console_cell_get(unsigned int cell, uint8_t *byte);

/* Moves output to the UART, as far as it has room; returns at once when another CPU is at it. */
void console_drain(void);

/* Logs @size bytes as they are and shows them; log_printf() is the usual way. */
static inline void console_log_put(const char *text, size_t size)
{
	log_write(text, size);
	console_drain();
}

/*
 * Waits until all output that can be shown has left the UART. For the moment before the machine
 * stops, and for boot, when the UART's interrupt is not yet working. Gives up after some seconds
 * without progress.
 */
void console_flush(void);

/*
 * console_flush() for a CPU that will not go on: also if it was the console itself that failed, on
 * this CPU or another, and so will never let the console go. The output may be torn then.
 */
void console_last_words(void);

/* The UART interrupted: takes what was received, then drains. Always on the same CPU. */
void console_interrupt(void);

/*
 * ---- What the console asks for; resolved at link time. None is called with the console's lock
 * held. ----
 */

/* console_cell_get() has something for @cell. */
void console_input_arrived(unsigned int cell);

/* Nanoseconds since some moment, the same on all CPUs; never goes back. */
uint64_t console_clock(void);

/*
 * A line of @cell waits for the end of the focused cell's. If that does not come, nothing else may
 * drain the console: somebody should do so at @until (console_clock() time). Comes again at the end
 * of every drain while a line waits, perhaps of another cell; one drain is enough for all of them.
 */
void console_output_held(unsigned int cell, uint64_t until);

/* @cell had a byte refused, and half of its ring is free again. */
void console_output_space(unsigned int cell);

/*
 * Commands "s" and "c": logs the exit counters of all vCPUs; logs the cells and the states of
 * their vCPUs.
 */
void console_show_counters(void);
void console_show_cells(void);

#endif
