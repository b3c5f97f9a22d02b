/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The device interface: what a virtual device is, and what it may ask of the cell it lives in.
 *
 * A device belongs to one cell. Its description (struct device) is const and comes from the
 * generated partition table; its state is one object that the table reserves for it. The bus calls
 * a device with the cell's device lock held, so a device never sees two calls at once and takes no
 * lock of its own. Devices know no architecture: all they use is this header and core/types.h, and
 * the functions at its end are resolved at link time (by the hypervisor, or by the fakes of the
 * host tests).
 */
#ifndef CORE_DEVICE_H
#define CORE_DEVICE_H

#include "core/types.h"

struct cell;
struct device;

enum device_space {
	DEVICE_PIO,   /* x86 I/O ports, 0 to 0xffff */
	DEVICE_MMIO,  /* guest-physical addresses */
	DEVICE_IOCSR, /* LoongArch I/O control and status registers */
};

/* One range of addresses that a device answers. @id tells the device which of its ranges it is (0,
 * 1, ...). */
struct device_range {
	enum device_space space;
	uint64_t base;
	uint64_t size; /* bytes, at least 1 */
	unsigned int id;
};

/* Sentinel for "no deadline", see device_set_timer(). */
#define TIMER_OFF UINT64_MAX

/*
 * An interrupt as a message. Who gets it is said by the sender, or known to the receiver, depending
 * on the machine: x86's I/O APIC fills in all of it (Intel SDM vol. 3, 11.11), LoongArch's PCH-PIC
 * the vector and the level, for the cell's extended I/O interrupt controller to route.
 */
struct irq_message {
	uint8_t vector;
	bool level;       /* of the line behind it: asserted, or (x86) that it is level-triggered */
	uint8_t delivery; /* x86: 0 fixed, 1 lowest priority, 2 SMI, 4 NMI, 5 INIT, 7 ExtINT */
	bool logical;     /* x86: .destination is a logical one */
	uint32_t destination; /* x86: APIC id, or set of them */
};

struct device_ops {
	const char *compatible;
	/* Puts the state into its power-on condition; called before the cell starts and at each
	 * restart. */
	void (*reset)(const struct device *dev);
	/* Reads @size (1, 2, 4, and 8 where the architecture has it) bytes at @offset of range @id.
	 * Bytes the device does not have read as ones. */
	uint64_t (*read)(const struct device *dev, unsigned int id, uint64_t offset,
			 unsigned int size);
	void (*write)(const struct device *dev, unsigned int id, uint64_t offset, unsigned int size,
		      uint64_t value);
	/* The deadline that device_set_timer() armed has passed; NULL when the device uses no
	 * timer. */
	void (*timer)(const struct device *dev, uint64_t now);
	/* Interrupt controllers only: input line @line changed to @level. NULL for other devices.
	 */
	void (*set_line)(const struct device *dev, unsigned int line, bool level);
	/* The interrupt controller that takes the messages of the cell's others; NULL for all
	 * where they go to the CPUs. */
	void (*message)(const struct device *dev, const struct irq_message *msg);
	/* Character devices only: offers one received byte; false when the device cannot take it
	 * now. */
	bool (*receive)(const struct device *dev, uint8_t byte);
	/* Character devices only: the sink that refused a byte (device_transmit) takes bytes again.
	 */
	void (*transmit_ready)(const struct device *dev);
};

struct device {
	const struct device_ops *ops;
	const char *name; /* the node's name in the DTS */
	struct cell *cell;
	void *state; /* of the type the device's own header defines */
	const struct device_range *ranges;
	unsigned int nr_ranges;
	unsigned int line;  /* its interrupt line (a GSI on x86), when it has one */
	unsigned int timer; /* index of its timer in the cell, when it has one */
	uint64_t parameter; /* meaning defined by the device's own header */
};

/* ---- What a device may ask for ---- */

/* Nanoseconds since an arbitrary point; never goes back; the same on all CPUs of the machine. */
uint64_t device_now(const struct device *dev);

/* Wall-clock seconds since 1970-01-01 00:00 UTC at the moment. */
uint64_t device_wall_clock(const struct device *dev);

/* Asks for ops->timer() at or soon after @deadline (device_now() time); replaces the one before;
 * TIMER_OFF ends it. */
void device_set_timer(const struct device *dev, uint64_t deadline);

/* Drives interrupt line dev->line of the cell: every interrupt controller of the cell sees it
 * (set_line). */
void device_set_irq(const struct device *dev, bool level);

/* Index, in its cell, of the vCPU whose read or write is being served: for registers of which every
 * CPU has its own. Valid only inside ops->read and ops->write. */
unsigned int device_accessor(const struct device *dev);

/* Interrupt controllers: sends @msg to the cell's CPUs, or to the controller that takes messages.
 */
void device_send_message(const struct device *dev, const struct irq_message *msg);

/* Interrupt controllers: drives interrupt input @line of vCPU @vcpu (index in the cell). x86: line
 * 0 of vCPU 0 is LINT0/INTR, where the 8259 master's INTR output arrives. LoongArch: line n is
 * HWIn. */
void device_set_cpu_line(const struct device *dev, unsigned int vcpu, unsigned int line,
			 bool level);

/* Interrupt controllers with lines: what input @pin sends changed: @msg, and @masked whether it
 * may. Lets the machine program a passthrough line that stands behind the pin; other pins need
 * nothing. */
void device_route_pin(const struct device *dev, unsigned int pin, const struct irq_message *msg,
		      bool masked);

/* Sends one byte of character output; false when the sink is full: keep the byte, transmit_ready()
 * comes. */
bool device_transmit(const struct device *dev, uint8_t byte);

/* Asks for a reset (restart) or a power-off of the whole cell; takes effect when the access is
 * done. */
void device_request_reset(const struct device *dev);
void device_request_poweroff(const struct device *dev);

#endif
