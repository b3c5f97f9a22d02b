/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Removes one wall on purpose: all cells reach the registers of the physical second UART, which the
 * table gives to nobody. Linked into a Bulkhead that the isolation test must find faulty
 * (--wrap=cell_access).
 */
#include "core/cell.h"
#include "mmio.h"

#define UART1 0x1fe002e0u

int __real_cell_access(struct vcpu *vcpu, enum device_space space, uint64_t address,
		       unsigned int size, bool write, uint64_t *value);
int __wrap_cell_access(struct vcpu *vcpu, enum device_space space, uint64_t address,
		       unsigned int size, bool write, uint64_t *value);

int __wrap_cell_access(struct vcpu *vcpu, enum device_space space, uint64_t address,
		       unsigned int size, bool write, uint64_t *value)
{
	if (space != DEVICE_MMIO || address != UART1 || size != 1)
		return __real_cell_access(vcpu, space, address, size, write, value);
	if (write)
		mmio_write8(address, (uint8_t)*value);
	else
		*value = mmio_read8(address);
	return 0;
}
