/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An I/O APIC: the registers of the Intel 82093AA (data sheet 290566) in version 0x20 with an EOI
 * register, as PCI chipsets have it (Intel ICH9 data sheet 13.5). 24 pins.
 *
 * Input lines are logical: asserted or not. The polarity bit of an entry is kept for the guest to
 * read back and has no effect, since no electrical level stands behind a virtual line. Edges that
 * arrive while the pin is masked are lost, as 82093AA 3.2.4 says.
 *
 * Remote IRR of level-triggered pins is cleared by ioapic_eoi(), or by the guest through the EOI
 * register: Linux writes that register when the local APIC's TMR does not show the vector as
 * level-triggered, which is so whenever a message was delivered as an edge-triggered IPI.
 *
 * compatible: "intel,ioapic"
 * ranges:     0 = the registers, one page of MMIO
 * line, timer: not used; ops->set_line() takes GSIs 0-23. Line 0 (the ISA timer) goes to pin 2,
 *              line 2 (the cascade of the 8259s) nowhere, line n to pin n.
 * parameter:  the initial APIC ID, 0 to 15
 */
#ifndef VDEV_IOAPIC_H
#define VDEV_IOAPIC_H

#include "core/device.h"

#define IOAPIC_PINS 24

struct ioapic {
	uint32_t index;		       /* IOREGSEL */
	uint32_t id;		       /* IOAPICID, ID in bits 27 to 24 */
	uint32_t asserted;	       /* bit n: pin n's input */
	uint64_t entries[IOAPIC_PINS]; /* redirection table */
};

extern const struct device_ops ioapic_ops;

/*
 * A processor signals the end of interrupt @vector (0 to 255): clears remote IRR of the
 * level-triggered pins with that vector and sends again for those still asserted. Called with the
 * cell's device lock held.
 */
void ioapic_eoi(const struct device *dev, uint8_t vector);

#endif
