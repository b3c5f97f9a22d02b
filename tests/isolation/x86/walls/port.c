/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Removes one wall on purpose: all cells reach the ports of the physical COM2, which the table
 * gives to nobody. Linked into a Bulkhead that the isolation test must find faulty
 * (--wrap=guest_init_ports).
 */
#include "core/cell.h"
#include "guest.h"

#define COM2 0x2f8

int __real_guest_init_ports(struct cell *cell);
int __wrap_guest_init_ports(struct cell *cell);

int __wrap_guest_init_ports(struct cell *cell)
{
	int err = __real_guest_init_ports(cell);

	if (!err)
		cell->arch.io_bitmap[COM2 / 8] = 0;
	return err;
}
