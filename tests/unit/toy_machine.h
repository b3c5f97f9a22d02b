/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A machine of four CPUs and two cells: "a" with CPUs 2 and 0 (in this order), three toy devices
 * and four regions, "b" with CPU 1 and one region. On top of fake_arch.h.
 */
#ifndef TOY_MACHINE_H
#define TOY_MACHINE_H

#include "fake_arch.h"

#define RAM_A FAKE_RAM
#define RAM_A_HIGH (FAKE_RAM + 0x100000)
#define ROM_A (FAKE_RAM + 0x200000)
#define DEVICE_A (FAKE_RAM + 0x280000)
#define RAM_B (FAKE_RAM + 0x300000)
#define FILL 0x5a

/* The toys, also the index of their timers and the number of their interrupt lines. */
enum { CLOCK, CONTROLLER, UART, NR_TOYS };

struct toy {
	unsigned int resets, timers, ready;
	unsigned int last_id, last_size;
	uint64_t last_offset;
	uint64_t last_write;
	unsigned int accessor; /* device_accessor() at the latest access */
	unsigned int reads, writes;
	bool rearm; /* the timer arms itself anew, 100 ns later */
	bool lines[32];
	char received[16];
	unsigned int nr_received;
	unsigned int appetite; /* bytes that it takes before it refuses; a write gives one more */
};

extern struct toy toys[NR_TOYS];
extern const struct device toy_devices[NR_TOYS];
extern uint64_t timers_a[NR_TOYS];
extern struct cell_config configs[2];
extern const struct mem_region regions_a[4];
extern uint8_t toy_image[0x3000];
extern struct vcpu *a0, *a1, *b0; /* the vCPUs */

/* A cmocka setup function: the machine before its cells start. */
int toy_setup(void **state);

/* Starts @cell as if its CPUs had gone through cell_enter() together. */
void toy_start(struct cell *cell);

#endif
