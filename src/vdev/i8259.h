/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The pair of 8259A interrupt controllers of a PC (Intel 8259A data sheet, order number 231468),
 * with the edge/level control registers of PCI chipsets (Intel ICH9 data sheet 13.4).
 *
 * As in those chipsets ICW1.LTIM has no effect (ELCR decides per line) and ICW4.uPM is taken as
 * 8086 mode. As in the real chip a request that goes away before it is acknowledged is forgotten;
 * an acknowledge without any request yields a spurious IR7 without a bit in ISR. A chip that was
 * never initialised (ICW1 to ICW4) requests nothing.
 *
 * compatible: "intel,i8259"
 * ranges:     0 = master (0x20), 2 bytes; 1 = slave (0xa0), 2 bytes; 2 = ELCR (0x4d0), 2 bytes
 * line, timer, parameter: not used; ops->set_line() takes ISA lines 0-15 (2 is the cascade and
 *                         ignored)
 */
#ifndef VDEV_I8259_H
#define VDEV_I8259_H

#include "core/device.h"

/* One 8259A. The bit masks have bit n for input IRn. */
struct i8259_chip {
	uint8_t lines;	/* levels of the inputs */
	uint8_t edges;	/* inputs that rose since their last acknowledge */
	uint8_t isr;	/* in service */
	uint8_t imr;	/* masked */
	uint8_t elcr;	/* level-triggered */
	uint8_t lowest; /* input with the lowest priority; the one above it has the highest */
	uint8_t base;	/* vector of IR0 */
	uint8_t icw3;
	uint8_t next_icw; /* the initialisation word expected next, 0 if none */
	bool ready;	  /* the sequence has been completed */
	bool icw4_needed;
	bool single; /* ICW1.SNGL: no ICW3, no cascade */
	bool auto_eoi;
	bool fully_nested; /* special fully nested mode */
	bool special_mask;
	bool rotate_auto; /* rotate in automatic EOI mode */
	bool read_isr;	  /* the command port reads ISR rather than IRR */
	bool poll;	  /* the next read is a poll */
};

struct i8259 {
	struct i8259_chip master;
	struct i8259_chip slave;
	bool intr; /* the level that the INTR output has now */
};

extern const struct device_ops i8259_ops;

/*
 * The processor's interrupt acknowledge cycle: returns the vector (0 to 255) of the request with
 * the highest priority and puts it in service. Called with the cell's device lock held, when INTR
 * is asserted and the processor takes it; without a request the vector is that of a spurious IR7.
 */
uint8_t i8259_acknowledge(const struct device *dev);

#endif
