/* SPDX-License-Identifier: Apache-2.0 */
/*
 * String I/O. Besides ports that are not the cell's, it can name memory that is not: whoever
 * emulates INS and OUTS for the cell must not become the deputy that moves bytes between a device
 * and foreign memory.
 */
#include "attacks.h"
#include "console.h"
#include "lib.h"
#include "trap.h"
#include "uart.h"
#include "window.h"

#define COUNT 3
#define PORT_STEP 0x3d /* coprime to 2: all alignments occur */
#define SCRATCH_A 0x5a
#define SCRATCH_B 0xa6

struct string_access {
	uint16_t port;
	unsigned int size;
	bool out;
	size_t count;
	volatile void *memory;
};

static void do_string(void *arg)
{
	struct string_access *a = arg;
	volatile void *m = a->memory;
	size_t n = a->count;
	uint16_t port = a->port;

	if (a->out && a->size == 1)
		__asm__ volatile("rep outsb" : "+S"(m), "+c"(n) : "d"(port) : "memory");
	else if (a->out && a->size == 2)
		__asm__ volatile("rep outsw" : "+S"(m), "+c"(n) : "d"(port) : "memory");
	else if (a->out)
		__asm__ volatile("rep outsl" : "+S"(m), "+c"(n) : "d"(port) : "memory");
	else if (a->size == 1)
		__asm__ volatile("rep insb" : "+D"(m), "+c"(n) : "d"(port) : "memory");
	else if (a->size == 2)
		__asm__ volatile("rep insw" : "+D"(m), "+c"(n) : "d"(port) : "memory");
	else
		__asm__ volatile("rep insl" : "+D"(m), "+c"(n) : "d"(port) : "memory");
}

static bool touches_own(uint32_t port, unsigned int size)
{
	for (unsigned int i = 0; i < size; i++) {
		if (port_is_own(port + i))
			return true;
	}
	return false;
}

/* REP OUTS of zeros, then REP INS into a buffer: must fill it with ones (or, refused, leave the
 * ones there). */
static bool leaks_by_string(uint16_t port, unsigned int size)
{
	static uint8_t buffer[4 * COUNT];
	struct string_access a = { .port = port, .size = size, .count = COUNT, .memory = buffer };

	if (port_may_write(port, size)) {
		memset(buffer, 0, sizeof(buffer));
		a.out = true;
		(void)probe_run(do_string, &a);
	}
	memset(buffer, 0xff, sizeof(buffer));
	a.out = false;
	(void)probe_run(do_string, &a);
	for (unsigned int i = 0; i < sizeof(buffer); i++) {
		if (buffer[i] != 0xff)
			return true;
	}
	return false;
}

static uint8_t byte_at(volatile void *va)
{
	return *(volatile uint8_t *)va;
}

static void do_byte(void *arg)
{
	struct string_access *a = arg;

	a->count = byte_at(a->memory);
}

/* A foreign page's first byte; 0xff when it cannot be read. */
static uint8_t peek(volatile void *va)
{
	struct string_access a = { .memory = va, .count = 0xff };

	return probe_run(do_byte, &a) == PROBE_OK ? (uint8_t)a.count : 0xff;
}

/* INS from the own UART's scratch register, which holds a known byte, to a foreign page; OUTS the
 * other way. */
static void attack_by_deputy(struct attack *attack, uint64_t page, struct ranges *written,
			     struct ranges *read)
{
	struct string_access a = {
		.port = UART_BASE + UART_SCRATCH, .size = 1, .count = 1, .memory = window_map(page)
	};
	uint8_t before = peek(a.memory);
	uint8_t value = before == SCRATCH_A ? SCRATCH_B : SCRATCH_A;
	uint8_t after;

	outb(UART_BASE + UART_SCRATCH, value);
	(void)probe_run(do_string, &a);
	after = peek(a.memory);
	attack_count(attack, after == value);
	if (after == value) {
		ranges_add(written, page, page + PAGE_SIZE - 1);
		outb(UART_BASE + UART_SCRATCH, before);
		(void)probe_run(do_string, &a);
	}
	outb(UART_BASE + UART_SCRATCH, value);
	a.out = true;
	(void)probe_run(do_string, &a);
	after = inb(UART_BASE + UART_SCRATCH);
	attack_count(attack, after != value && after != 0xff);
	if (after != value && after != 0xff)
		ranges_add(read, page, page + PAGE_SIZE - 1);
}

void attack_string_io(struct attack *attack)
{
	static struct ranges leaks, written, read;
	uint64_t hot[MAX_HOT];
	unsigned int nr_hot = hot_pages(hot, ARRAY_SIZE(hot));

	leaks = (struct ranges){ 0 };
	written = (struct ranges){ 0 };
	read = (struct ranges){ 0 };
	for (uint32_t port = 0; wanted("stringio") && port < 0x10000; port += PORT_STEP) {
		for (unsigned int size = 1; size <= 4; size *= 2) {
			bool leaked;

			if (touches_own(port, size) || !port_can_tell(port, size))
				continue;
			leaked = leaks_by_string((uint16_t)port, size);
			attack_count(attack, leaked);
			if (leaked)
				ranges_add(&leaks, port, port);
		}
	}
	ranges_note(attack, "LEAK string I/O", &leaks);
	for (unsigned int i = 0; wanted("deputy") && i < nr_hot; i++)
		attack_by_deputy(attack, hot[i], &written, &read);
	ranges_note(attack, "LEAK by INS to memory", &written);
	ranges_note(attack, "LEAK by OUTS from memory", &read);
}
