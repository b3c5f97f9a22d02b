/* SPDX-License-Identifier: Apache-2.0 */
/* Registers of the board's devices, through the uncached window that entry.S opened. */
#ifndef LOONGARCH_MMIO_H
#define LOONGARCH_MMIO_H

#include "core/types.h"

#define UNCACHED UINT64_C(0x8000000000000000)

static inline uint8_t mmio_read8(uint64_t address)
{
	return *(volatile uint8_t *)(address | UNCACHED);
}

static inline uint16_t mmio_read16(uint64_t address)
{
	return *(volatile uint16_t *)(address | UNCACHED);
}

static inline uint32_t mmio_read32(uint64_t address)
{
	return *(volatile uint32_t *)(address | UNCACHED);
}

static inline uint64_t mmio_read64(uint64_t address)
{
	return *(volatile uint64_t *)(address | UNCACHED);
}

static inline void mmio_write8(uint64_t address, uint8_t value)
{
	*(volatile uint8_t *)(address | UNCACHED) = value;
}

static inline void mmio_write16(uint64_t address, uint16_t value)
{
	*(volatile uint16_t *)(address | UNCACHED) = value;
}

static inline void mmio_write32(uint64_t address, uint32_t value)
{
	*(volatile uint32_t *)(address | UNCACHED) = value;
}

static inline void mmio_write64(uint64_t address, uint64_t value)
{
	*(volatile uint64_t *)(address | UNCACHED) = value;
}

#endif
