/* SPDX-License-Identifier: Apache-2.0 */
/* Accesses of a cell's vCPUs to its virtual devices, and what the devices may ask for in return. */
#include "core/arch.h"
#include "core/cell.h"
#include "core/console.h"
#include "core/log.h"
#include "core/vcpu.h"

/* How many violations of a cell are logged in full; all are counted. */
#define VIOLATIONS_LOGGED 16

const struct device *cell_device(const struct cell *cell, enum device_space space, uint64_t address,
				 const struct device_range **range)
{
	const struct cell_config *config = cell->config;

	for (unsigned int d = 0; d < config->nr_devices; d++) {
		const struct device *device = &config->devices[d];

		for (unsigned int r = 0; r < device->nr_ranges; r++) {
			const struct device_range *candidate = &device->ranges[r];

			if (candidate->space == space && address >= candidate->base &&
			    address - candidate->base < candidate->size) {
				*range = candidate;
				return device;
			}
		}
	}
	return NULL;
}

/* Offers the device that takes characters what the console holds for the cell. Device lock held. */
static void feed_input(struct cell *cell)
{
	const struct cell_config *config = cell->config;
	const struct device *sink = NULL;

	for (unsigned int d = 0; d < config->nr_devices && !sink; d++)
		if (config->devices[d].ops->receive)
			sink = &config->devices[d];
	if (!sink)
		return;
	for (;;) {
		if (!cell->input_held && !console_cell_get(cell->index, &cell->input))
			return;
		cell->input_held = true;
		if (!sink->ops->receive(sink, cell->input))
			return;
		cell->input_held = false;
	}
}

void cell_violation(struct vcpu *vcpu, const char *what, uint64_t address, bool write)
{
	struct cell *cell = vcpu->cell;

	if (__atomic_fetch_add(&cell->violations, 1, __ATOMIC_RELAXED) < VIOLATIONS_LOGGED)
		log_printf("cell %s: violation on vCPU %u at pc 0x%lx: %s of %s 0x%lx, let live by "
			   "on-violation = \"report\"\n",
			   cell->config->name, vcpu->index, (unsigned long)vcpu->last_pc,
			   write ? "write" : "read", what, (unsigned long)address);
}

static const char *const space_names[] = {
	[DEVICE_PIO] = "port",
	[DEVICE_MMIO] = "address",
	[DEVICE_IOCSR] = "IOCSR",
};

static int access_absent(struct vcpu *vcpu, enum device_space space, uint64_t address, bool write,
			 uint64_t *value)
{
	struct cell *cell = vcpu->cell;

	if (!write)
		*value = UINT64_MAX;
	if (arch_is_legacy_probe(space, address)) {
		__atomic_fetch_add(&cell->absent, 1, __ATOMIC_RELAXED);
		return 0;
	}
	if (cell->config->on_violation == VIOLATION_FAULT)
		return -EPERM;
	cell_violation(vcpu, space_names[space], address, write);
	return 0;
}

int cell_access(struct vcpu *vcpu, enum device_space space, uint64_t address, unsigned int size,
		bool write, uint64_t *value)
{
	struct cell *cell = vcpu->cell;
	const struct device_range *range;
	const struct device *device = cell_device(cell, space, address, &range);

	if (!device)
		return access_absent(vcpu, space, address, write, value);
	spin_lock(&cell->device_lock);
	cell->accessor = vcpu->index;
	if (write)
		device->ops->write(device, range->id, address - range->base, size, *value);
	else
		*value = device->ops->read(device, range->id, address - range->base, size);
	if (cell->input_held)
		feed_input(cell);
	spin_unlock(&cell->device_lock);
	return 0;
}

int cell_handle_exit(struct vcpu *vcpu, const struct vcpu_exit *exit)
{
	switch (exit->reason) {
	case EXIT_PIO:
	case EXIT_MMIO:
		return arch_vcpu_emulate(vcpu, exit);
	default:
		return -EPERM;
	}
}

static uint64_t console_deadline(const struct cell *cell)
{
	return __atomic_load_n(&cell->console_deadline, __ATOMIC_SEQ_CST);
}

/* Set back first: the drain sets it again when lines must wait longer. */
static void drain_when_due(struct cell *cell, uint64_t now)
{
	if (now < console_deadline(cell))
		return;
	__atomic_store_n(&cell->console_deadline, TIMER_OFF, __ATOMIC_SEQ_CST);
	console_drain();
}

static uint64_t next_deadline(const struct cell *cell)
{
	const struct cell_config *config = cell->config;
	uint64_t next = console_deadline(cell);

	for (unsigned int i = 0; i < config->nr_timers; i++)
		if (config->timers[i] < next)
			next = config->timers[i];
	return next;
}

void cell_poll(struct cell *cell)
{
	const struct cell_config *config = cell->config;
	uint64_t now = arch_now();

	drain_when_due(cell, now);
	spin_lock(&cell->device_lock);
	for (unsigned int d = 0; d < config->nr_devices; d++) {
		const struct device *device = &config->devices[d];

		if (!device->ops->timer || now < config->timers[device->timer])
			continue;
		config->timers[device->timer] = TIMER_OFF;
		device->ops->timer(device, now);
	}
	arch_cell_timer(cell, next_deadline(cell)); /* again, when it fired a little early */
	for (unsigned int d = 0; d < config->nr_devices; d++)
		if (config->devices[d].ops->transmit_ready)
			config->devices[d].ops->transmit_ready(&config->devices[d]);
	feed_input(cell);
	spin_unlock(&cell->device_lock);
}

void cell_poll_parked(struct cell *cell)
{
	drain_when_due(cell, arch_now());
	spin_lock(&cell->device_lock);
	arch_cell_timer(cell, console_deadline(cell));
	spin_unlock(&cell->device_lock);
}

/* ---- core/device.h: what a device may ask for ---- */

uint64_t device_now(const struct device *dev)
{
	(void)dev;
	return arch_now();
}

uint64_t device_wall_clock(const struct device *dev)
{
	(void)dev;
	return arch_wall_clock();
}

void device_set_timer(const struct device *dev, uint64_t deadline)
{
	const struct cell_config *config = dev->cell->config;

	config->timers[dev->timer] = deadline;
	arch_cell_timer(dev->cell, next_deadline(dev->cell));
}

void device_set_irq(const struct device *dev, bool level)
{
	const struct cell_config *config = dev->cell->config;

	for (unsigned int d = 0; d < config->nr_devices; d++)
		if (config->devices[d].ops->set_line)
			config->devices[d].ops->set_line(&config->devices[d], dev->line, level);
}

unsigned int device_accessor(const struct device *dev)
{
	return dev->cell->accessor;
}

void device_send_message(const struct device *dev, const struct irq_message *msg)
{
	const struct cell_config *config = dev->cell->config;

	for (unsigned int d = 0; d < config->nr_devices; d++) {
		if (!config->devices[d].ops->message)
			continue;
		config->devices[d].ops->message(&config->devices[d], msg);
		return;
	}
	arch_send_message(dev->cell, msg);
}

void device_set_cpu_line(const struct device *dev, unsigned int vcpu, unsigned int line, bool level)
{
	arch_set_cpu_line(dev->cell, vcpu, line, level);
}

void device_route_pin(const struct device *dev, unsigned int pin, const struct irq_message *msg,
		      bool masked)
{
	arch_route_pin(dev->cell, pin, msg, masked);
}

bool device_transmit(const struct device *dev, uint8_t byte)
{
	return console_cell_put(dev->cell->index, byte);
}

void device_request_reset(const struct device *dev)
{
	cell_leave(dev->cell, CELL_RESTARTING);
}

void device_request_poweroff(const struct device *dev)
{
	cell_leave(dev->cell, CELL_HALTED);
}
