/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The machine around the console, for the tests of core/console.c. console.c and pool.c are
 * included here, so that each test starts with a new console; a test file includes this once.
 */
#ifndef FAKE_CONSOLE_H
#define FAKE_CONSOLE_H

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

#define NR_CELLS 3u
#define POOL_PAGES 16u
#define ESCAPE_KEY "\x1d"
#define HELLO "[bulkhead] input goes to red (Ctrl-] ? for help)\r\n"
/* The end of a line that the console leaves for another source's. */
#define LEFT "\033[0;0m\r\n"

uint8_t page_pool[POOL_PAGES * 4096] __attribute__((aligned(4096)));
const uint64_t page_pool_size = sizeof(page_pool);

static const struct cell_config cell_configs[NR_CELLS] = { { .name = "red" },
							   { .name = "green" },
							   { .name = "a-long-name" } };
static const struct partition_table table = {
	.hypervisor = { .console_escape = 0x1d },
	.cells = cell_configs,
	.nr_cells = 2, /* the third one makes the prefixes wider, where a test wants it */
};
static char sent[1 << 22];
static size_t nr_sent;
static size_t nr_expected; /* what expect() has seen */
static int room;           /* bytes that the UART takes now */
static unsigned int in_fifo; /* bytes that are still on their way */
static bool tx_irq;
static bool tx_event; /* an interrupt is due */
static const char *typed = "";
static unsigned int counters_shown, cells_shown;
static const char *meanwhile = ""; /* what another CPU puts out at the end of a drain */
static unsigned int arrived[NR_CELLS], space[NR_CELLS];
static uint64_t clock_now, clock_step; /* each look at the clock moves it */
static uint64_t held_until[NR_CELLS];
static unsigned int held[NR_CELLS];

bool uart_tx_done(void)
{
	if (in_fifo)
		in_fifo--;
	return !in_fifo;
}

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
		tx_event = true;
	tx_irq = on;
	while (!on && *meanwhile)
		assert_true(console_cell_put(1, (uint8_t)*meanwhile++));
}

void console_input_arrived(unsigned int cell)
{
	arrived[cell]++;
}

void console_output_space(unsigned int cell)
{
	space[cell]++;
}

uint64_t console_clock(void)
{
	clock_now += clock_step;
	return clock_now;
}

void console_output_held(unsigned int cell, uint64_t until)
{
	assert_true(spin_trylock(&console.lock)); /* called without it */
	spin_unlock(&console.lock);
	held[cell]++;
	held_until[cell] = until;
}

void console_show_counters(void)
{
	counters_shown++;
	log_printf("counters\n");
}

void console_show_cells(void)
{
	cells_shown++;
}

#define ENDLESS (1 << 30)

/* The UART sends what it has: @bytes fit again. Interrupts until nothing is left that wants to. */
static void uart_works(int bytes)
{
	room = bytes;
	while (tx_irq && room > 0) {
		int before = room;
		bool event = tx_event;

		tx_event = false;
		console_interrupt();
		assert_true(event || room < before || !tx_irq); /* otherwise: an interrupt storm */
	}
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
	nr_expected = 0;
	sent[0] = '\0';
	room = ENDLESS;
	tx_irq = false;
	tx_event = false;
	typed = "";
	memset(arrived, 0, sizeof(arrived));
	memset(space, 0, sizeof(space));
	memset(held, 0, sizeof(held));
	memset(held_until, 0, sizeof(held_until));
	clock_now = 0;
	clock_step = 1000000000; /* nobody waits for a line, but where a test wants it */
	counters_shown = 0;
	cells_shown = 0;
	srand(3);
	return 0;
}

/* Compares what the terminal got since the last call. */
static void expect(const char *text)
{
	assert_string_equal(sent + nr_expected, text);
	nr_expected = nr_sent;
}

static int start(void **state)
{
	setup(state);
	assert_int_equal(console_init(&table), 0);
	expect(HELLO);
	return 0;
}

static void put(unsigned int cell, const char *text)
{
	while (*text)
		assert_true(console_cell_put(cell, (uint8_t)*text++));
}

static void type(const char *keys)
{
	typed = keys;
	console_interrupt();
	assert_string_equal(typed, "");
}

#endif
