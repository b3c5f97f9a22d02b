/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The 8254 interval timer of a PC (Intel 8254 data sheet, order number 231164) and port 0x61 beside
 * it.
 *
 * The counters are functions of device_now(): nothing runs between accesses, and nothing drifts.
 * The clock is 1193182 Hz. Gates 0 and 1 are high for good; gate 2 is bit 0 of port 0x61.
 *
 * OUT of counter 0 drives the interrupt line. Rising edges are what a PC's interrupt controllers
 * act on, and the only thing the timer is armed for: in the periodic modes the line falls only when
 * the next edge is due. If callbacks come late the edges in between are lost, as in a real PIC that
 * already holds the request; the phase is kept. Periods shorter than I8254_MIN_INTERVAL ticks
 * deliver only some of their edges.
 *
 * Port 0x61: bits 0 (gate 2), 1 (speaker), 2 and 3 (NMI masks, stored only) can be written; bit 4
 * changes with each memory refresh (18 clocks), bit 5 is OUT of counter 2, bits 6 and 7 (NMI
 * sources) are 0.
 *
 * compatible: "intel,i8254"
 * ranges:     0 = counters and control word (0x40), 4 bytes; 1 = port 0x61, 1 byte
 * line:       OUT of counter 0 (0)
 * timer:      the next rising edge of OUT 0
 * parameter:  not used
 */
#ifndef VDEV_I8254_H
#define VDEV_I8254_H

#include "core/device.h"

#define I8254_HZ 1193182u
#define I8254_CHANNELS 3
/* In clocks, 20 microseconds: bounds how often a cell can make the timer run. */
#define I8254_MIN_INTERVAL 24u

/*
 * One counter. Times are in clocks (ticks) since device_now() was 0. The counting element is
 * described by what it was loaded with and when; a count that was written is pending until the
 * clock that loads it.
 */
struct i8254_channel {
	uint8_t control;    /* the last control word, bits 5 to 0: RW, mode, BCD */
	bool gate;
	bool loaded;	    /* the counting element has been loaded since the control word */
	bool stopped;	    /* the gate stops it; elapsed is frozen */
	bool strobed;	    /* modes 4 and 5: the strobe was over when the gate stopped the count */
	bool pending;	    /* reload goes to the counting element at pending_at */
	bool pending_low;   /* mode 3: the load happens where OUT falls */
	bool reload_valid;  /* a count has been written since the control word */
	bool null_count;    /* what was written is not in the counting element yet */
	bool write_msb;	    /* two-byte access: the next byte written is the high one */
	bool read_msb;	    /* two-byte access: the next byte read is the high one */
	uint8_t write_lsb;  /* the low byte that waits for its high one */
	uint8_t latched;    /* bytes of latched_count still to be read: bit 0 low, bit 1 high */
	bool status_latched;
	uint8_t latched_status;
	uint16_t latched_count;
	uint16_t held;	    /* what reads as the count while nothing is loaded */
	uint32_t count;	    /* what the counting element was loaded with, 1 to 65536 */
	uint32_t reload;    /* the count register, 1 to 65536 */
	uint64_t start;	    /* when it was loaded */
	uint64_t elapsed;   /* clocks counted when it was stopped */
	uint64_t stop_tick; /* when it was stopped */
	uint64_t pending_at;
};

struct i8254 {
	struct i8254_channel channels[I8254_CHANNELS];
	uint8_t port61;	    /* bits 3 to 0 */
	bool irq;	    /* the level that the interrupt line has now */
	uint64_t next_edge; /* tick of the rising edge the timer is armed for, UINT64_MAX if none */
};

extern const struct device_ops i8254_ops;

#endif
