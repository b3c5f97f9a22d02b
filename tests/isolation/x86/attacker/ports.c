/* SPDX-License-Identifier: Apache-2.0 */
/* All 65,536 I/O ports, in and out, by 1, 2 and 4 bytes: what the cell does not have must read all
 * ones. */
#include "attacks.h"
#include "boot.h"
#include "console.h"
#include "lib.h"
#include "trap.h"

#define NR_PORTS 0x10000u
#define DEFAULT_OWN "20-21,40-43,60-61,64,70-71,80,a0-a1,3f8-3ff,4d0-4d1,600-60b,cf8-cff"

/* Not written: the own console; what resets or powers off the own machine. */
#define DEFAULT_SKIP "3f8-3ff,64,cf9,604-605"
/* On a bare machine, also port 92h: writing zero closes the A20 gate under the running program. */
#define BARE_SKIP "92"

static uint8_t own[NR_PORTS / 8];
static uint8_t not_written[NR_PORTS / 8];

struct port_access {
	uint16_t port;
	unsigned int size;
	uint32_t value;
};

static void add_ports(uint8_t *set, const char *p, size_t length)
{
	const char *end = p + length;

	while (p < end) {
		uint64_t first, last;

		if (!text_number(&p, end, 16, &first)) {
			print("warning: a list of ports has something unreadable\n");
			return;
		}
		last = first;
		if (p < end && *p == '-') {
			p++;
			(void)text_number(&p, end, 16, &last);
		}
		for (uint64_t port = first; port <= last && port < NR_PORTS; port++)
			set[port / 8] |= (uint8_t)(1u << (port % 8));
		if (p < end && *p == ',')
			p++;
	}
}

static void read_option(uint8_t *set, const char *key, const char *otherwise)
{
	size_t length;
	const char *p = cmdline_value(key, &length);

	if (!p) {
		p = otherwise;
		length = strlen(p);
	}
	add_ports(set, p, length);
}

bool port_is_own(uint32_t port)
{
	/* An access that runs over port ffffh goes on at 0 or is cut: either way no port of the
	 * machine is there. */
	return port < NR_PORTS && (own[port / 8] >> (port % 8) & 1);
}

bool port_may_write(uint32_t port, unsigned int size)
{
	for (uint32_t p = port; p < port + size && p < NR_PORTS; p++) {
		if (not_written[p / 8] >> (p % 8) & 1)
			return false;
	}
	return true;
}

static void do_in(void *arg)
{
	struct port_access *access = arg;

	if (access->size == 1)
		access->value = inb(access->port);
	else if (access->size == 2)
		access->value = inw(access->port);
	else
		access->value = inl(access->port);
}

static void do_out(void *arg)
{
	const struct port_access *access = arg;

	if (access->size == 1)
		outb(access->port, (uint8_t)access->value);
	else if (access->size == 2)
		outw(access->port, (uint16_t)access->value);
	else
		outl(access->port, access->value);
}

/* The bits of a read from @port that come from ports which are not the cell's. */
static uint32_t foreign_bits(uint32_t port, unsigned int size)
{
	uint32_t mask = 0;

	for (unsigned int i = 0; i < size; i++) {
		if (!port_is_own(port + i))
			mask |= 0xffu << (8 * i);
	}
	return mask;
}

/*
 * On a bare emulated machine, unaligned accesses tell nothing: absent ports give zeros then, and
 * running over the end of a device may end the emulator. In a cell, the hypervisor answers them,
 * and has to get them right.
 */
bool port_can_tell(uint32_t port, unsigned int size)
{
	return in_cell || port % size == 0;
}

static void attack_size(struct attack *attack, unsigned int size)
{
	struct ranges leaks = { .count = 0 };
	uint64_t faults = 0;
	char what[32];

	for (uint32_t port = 0; port < NR_PORTS; port++) {
		struct port_access access = { .port = (uint16_t)port, .size = size };
		uint32_t foreign = foreign_bits(port, size);
		bool leaked;

		if (!port_can_tell(port, size))
			continue;
		if (port_may_write(port, size)) {
			if (probe_run(do_out, &access) != PROBE_OK)
				faults++;
		}
		access.value = UINT32_MAX;
		if (probe_run(do_in, &access) != PROBE_OK)
			faults++;
		leaked = (access.value & foreign) != foreign;
		if (!foreign)
			continue; /* all its own: only had to be survived */
		attack_count(attack, leaked);
		if (leaked)
			ranges_add(&leaks, port, port);
	}
	text_format(what, sizeof(what), "LEAK %u bits", 8 * size);
	ranges_note(attack, what, &leaks);
	if (faults)
		attack_note(attack, "%u bits: faults=%lu", 8 * size, faults);
}

void attack_ports(void)
{
	struct attack attack;

	memset(own, 0, sizeof(own));
	memset(not_written, 0, sizeof(not_written));
	read_option(own, "ownports", DEFAULT_OWN);
	read_option(not_written, "skipports", DEFAULT_SKIP);
	if (!in_cell)
		add_ports(not_written, BARE_SKIP, strlen(BARE_SKIP));
	attack_begin(&attack, "ports");
	for (unsigned int size = 1; size <= 4; size *= 2)
		attack_size(&attack, size);
	attack_string_io(&attack);
	attack_end(&attack);
}

void attack_badport(const char *arg, size_t length)
{
	struct attack attack;
	uint64_t port;

	attack_begin(&attack, "badport");
	if (!arg || !text_number(&arg, arg + length, 16, &port) || port >= NR_PORTS) {
		attack_note(&attack, "needs a port: tests=badport=<hex>");
	} else {
		struct port_access access = { .port = (uint16_t)port,
					      .size = 1,
					      .value = UINT32_MAX };
		int vector = probe_run(do_in, &access);

		attack_note(&attack, "lived: read %x at port %lx, exception %d",
			    access.value & 0xff, port, vector);
		attack_count(&attack, (access.value & 0xff) != 0xff);
	}
	attack_end(&attack);
}
