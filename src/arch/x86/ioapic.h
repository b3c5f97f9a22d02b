/* SPDX-License-Identifier: Apache-2.0 */
/* The physical I/O APIC (Intel 82093AA datasheet): shared by all, programmed by the hypervisor
 * alone. */
#ifndef ARCH_IOAPIC_H
#define ARCH_IOAPIC_H

#include "core/types.h"

struct ioapic_route {
	uint8_t vector;
	uint8_t delivery; /* DELIVERY_* */
	bool level;       /* level-triggered, active high unless .low */
	bool low;
	bool masked;
	uint32_t destination; /* physical APIC id, 0 to 254 */
};

/* Masks every pin of the board's I/O APIC and both 8259s. */
void ioapic_init(void);

/* Programs redirection entry @pin. Any CPU. */
void ioapic_set_route(unsigned int pin, const struct ioapic_route *route);

#endif
