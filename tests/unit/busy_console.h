/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The machine around a console that several threads use, for the tests of log and console. Unlike
 * fake_console.h it checks nothing by itself. console.c and pool.c are included here, so that each
 * test starts with a new console; a test file includes this once.
 */
#ifndef BUSY_CONSOLE_H
#define BUSY_CONSOLE_H

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
/* The end of a line that the console leaves for another source's. */
#define LEFT "\033[0;0m\r\n"

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

bool uart_tx_done(void)
{
	return true;
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

#endif
