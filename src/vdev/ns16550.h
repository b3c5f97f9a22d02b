/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A 16550A UART (National Semiconductor PC16550D data sheet) as PCs wire it: OUT2 gates the
 * interrupt.
 *
 * Its line is the cell's console: what the guest transmits goes to device_transmit(), what arrives
 * comes by ops->receive(). There is no baud rate to keep: a byte leaves as soon as the sink takes
 * it, and waits in the transmitter otherwise. The divisor only sets how long the receiver waits
 * before the character time-out. Because a byte that does not fit is refused and not lost, overrun
 * occurs only in loopback; parity, framing and break errors do not occur. The peer is always there:
 * CTS, DSR and DCD are asserted.
 *
 * ops->receive() refuses while the receiver is full or in loopback. Only an access by the guest
 * changes that, so the caller offers the byte again after the next access to the device.
 *
 * compatible: "ns16550a"
 * ranges:     0 = the registers, 8 bytes
 * line:       its interrupt, level from the device's view
 * timer:      the character time-out
 * parameter:  not used
 */
#ifndef VDEV_NS16550_H
#define VDEV_NS16550_H

#include "core/device.h"

#define NS16550_FIFO_SIZE 16

struct ns16550_fifo {
	uint8_t data[NS16550_FIFO_SIZE];
	unsigned int head;  /* index of the oldest byte */
	unsigned int count; /* bytes held, 0 to NS16550_FIFO_SIZE */
};

struct ns16550 {
	struct ns16550_fifo rx;
	struct ns16550_fifo tx;
	uint16_t divisor;
	uint8_t ier;
	uint8_t fcr; /* the bits that stay: enable, DMA mode, trigger level */
	uint8_t lcr;
	uint8_t mcr;
	uint8_t msr;
	uint8_t scratch;
	bool overrun;
	bool thre_pending;    /* the transmitter became empty and nobody has been told */
	bool irq;	      /* the level that the interrupt line has now */
	uint64_t rx_deadline; /* device_now() when the waiting bytes time out */
	uint64_t timer;	      /* the deadline asked for, or TIMER_OFF */
};

extern const struct device_ops ns16550_ops;

#endif
