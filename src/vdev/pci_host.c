/* SPDX-License-Identifier: Apache-2.0 */
#include "vdev/pci_host.h"

/* Offsets from port 0xcf8 */
#define CONFIG_ADDRESS 0
#define RESET_CONTROL 1
#define CONFIG_DATA 4
#define RANGE_SIZE 8

#define ECAM_FUNCTION_SIZE 4096

/* CONFIG_ADDRESS: enable, bus, device and function, register; the rest is hardwired to 0. */
#define ADDRESS_ENABLE BIT(31)
#define ADDRESS_FUNCTION_MASK UINT32_C(0x00ffff00)
#define ADDRESS_REGISTER_MASK UINT32_C(0x000000fc)
#define ADDRESS_MASK (ADDRESS_ENABLE | ADDRESS_FUNCTION_MASK | ADDRESS_REGISTER_MASK)

/* Reset control register */
#define RESET_SYSTEM BIT(1) /* kind of reset: the whole system rather than the processor */
#define RESET_CPU BIT(2)    /* a change from 0 to 1 resets */
#define RESET_FULL BIT(3)   /* with a power cycle */
#define RESET_MASK (RESET_SYSTEM | RESET_CPU | RESET_FULL)

/* Configuration header (PCI 3.0, 6.1): the registers that are not 0 */
static const uint8_t header[] = {
	[0x00] = 0x36, [0x01] = 0x1b, /* vendor */
	[0x02] = 0x08, [0x03] = 0x00, /* device: generic PCI host bridge */
	[0x04] = 0x06, [0x05] = 0x00, /* command: memory space and bus mastering, hardwired */
	[0x0b] = 0x06,                /* base class: bridge; sub-class 0: host */
};

static void pci_host_reset(const struct device *dev)
{
	struct pci_host *host = dev->state;

	host->address = 0;
	host->reset_control = 0;
}

static uint8_t header_byte(uint64_t reg)
{
	return reg < sizeof(header) ? header[reg] : 0;
}

static uint8_t config_byte(const struct pci_host *host, unsigned int lane)
{
	unsigned int reg = (host->address & ADDRESS_REGISTER_MASK) + lane;

	if (!(host->address & ADDRESS_ENABLE) || (host->address & ADDRESS_FUNCTION_MASK))
		return 0xff;
	return header_byte(reg);
}

/* The enhanced mechanism (PCI Express 3.0, 7.2.2): 4 KiB of registers a function; the extended ones
 * read as 0, which says that there are no extended capabilities. */
static uint32_t ecam_read(uint64_t offset, unsigned int size)
{
	uint32_t value = UINT32_MAX;

	if (offset >= ECAM_FUNCTION_SIZE)
		return value;
	for (unsigned int i = 0; i < size; i++) {
		value &= ~(UINT32_C(0xff) << (i * 8));
		value |= (uint32_t)header_byte(offset + i) << (i * 8);
	}
	return value;
}

static uint64_t pci_host_read(const struct device *dev, unsigned int id, uint64_t offset,
			      unsigned int size)
{
	const struct pci_host *host = dev->state;
	uint32_t value = UINT32_MAX;

	if (id == PCI_HOST_ECAM)
		return ecam_read(offset, size);
	if (offset == CONFIG_ADDRESS && size == 4)
		return host->address;
	if (offset == RESET_CONTROL && size == 1)
		return UINT32_C(0xffffff00) | host->reset_control;
	for (unsigned int i = 0; i < size; i++) {
		uint64_t port = offset + i;

		if (port >= CONFIG_DATA && port < RANGE_SIZE) {
			unsigned int lane = (unsigned int)(port - CONFIG_DATA);

			value &= ~(UINT32_C(0xff) << (i * 8));
			value |= (uint32_t)config_byte(host, lane) << (i * 8);
		}
	}
	return value;
}

static void pci_host_write(const struct device *dev, unsigned int id, uint64_t offset,
			   unsigned int size, uint64_t value)
{
	struct pci_host *host = dev->state;

	if (id == PCI_HOST_ECAM)
		return; /* no register of the bridge can be written */
	if (offset == CONFIG_ADDRESS && size == 4) {
		host->address = value & ADDRESS_MASK;
	} else if (offset == RESET_CONTROL && size == 1) {
		bool rising = (value & RESET_CPU) && !(host->reset_control & RESET_CPU);

		host->reset_control = (uint8_t)(value & RESET_MASK);
		if (rising)
			device_request_reset(dev);
	}
	/* CONFIG_DATA: no register of the bridge can be written. */
}

const struct device_ops pci_host_ops = {
	.compatible = "bulkhead,pci-cam",
	.reset = pci_host_reset,
	.read = pci_host_read,
	.write = pci_host_write,
};
