/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The world around a device under test: fakes of what core/device.h lets a device ask for. The
 * clocks stand still until a test moves them; everything that a device does is recorded in "fake".
 */
#ifndef FAKE_DEVICE_H
#define FAKE_DEVICE_H

#include "core/device.h"

#define FAKE_LINES 32
#define FAKE_RECORDS 4096
#define FAKE_CONTROLLERS 2
#define FAKE_CPUS 64

struct fake_route {
	unsigned int pin;
	struct irq_message message;
	bool masked;
};

struct fake {
	uint64_t now;	    /* device_now() */
	uint64_t wall;	    /* device_wall_clock() when now was 0 */
	uint64_t timer;	    /* the armed deadline or TIMER_OFF */
	unsigned int timer_calls;
	unsigned int timer_runs; /* how often fake_advance() called ops->timer() */

	bool level[FAKE_LINES]; /* interrupt lines */
	unsigned int rises[FAKE_LINES];
	unsigned int falls[FAKE_LINES];
	unsigned int useless_irqs; /* device_set_irq() calls that changed nothing */
	/* Interrupt controllers that see the lines, as in a cell. */
	const struct device *controllers[FAKE_CONTROLLERS];

	bool intr;
	unsigned int intr_calls;
	unsigned int useless_intrs;

	unsigned int accessor; /* device_accessor() */
	uint8_t cpu_lines[FAKE_CPUS]; /* levels by device_set_cpu_line() */
	unsigned int useless_cpu_lines;

	struct irq_message messages[FAKE_RECORDS];
	unsigned int nr_messages;
	struct fake_route routes[FAKE_RECORDS];
	unsigned int nr_routes;

	uint8_t sent[FAKE_RECORDS];
	unsigned int nr_sent;
	unsigned int sink_room; /* bytes that device_transmit() takes before it refuses */

	unsigned int resets;
	unsigned int poweroffs;
};

extern struct fake fake;

/* Everything as at the start of the world: time 0, no records, a sink that takes everything. */
void fake_start(void);

/* Lets @ns nanoseconds pass; calls ops->timer() of @dev at each deadline on the way. */
void fake_advance(const struct device *dev, uint64_t ns);

/* Accesses by the guest; what fake_in() returns is cut to @size bytes. */
uint32_t fake_in(const struct device *dev, unsigned int id, uint64_t offset, unsigned int size);
uint8_t fake_in8(const struct device *dev, unsigned int id, uint64_t offset);
void fake_out(const struct device *dev, unsigned int id, uint64_t offset, unsigned int size,
	      uint32_t value);
void fake_out8(const struct device *dev, unsigned int id, uint64_t offset, uint8_t value);

/*
 * Repeatable pseudo-random numbers: fake_seed() first, then any number of fake_random() (0 to
 * @below - 1).
 */
void fake_seed(uint32_t seed);
uint32_t fake_random(uint32_t below);

/*
 * Reads and writes every offset of every range in every width, with all that is written being
 * random, so that the sanitizers see what the device does with nonsense.
 */
void fake_hammer(const struct device *dev, unsigned int rounds);

#endif
