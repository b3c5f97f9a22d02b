/* SPDX-License-Identifier: Apache-2.0 */
#include "fake_device.h"

struct fake fake;

static uint32_t random_state;

void fake_start(void)
{
	static const struct fake clean = { .timer = TIMER_OFF, .sink_room = UINT32_MAX };

	fake = clean;
}

uint64_t device_now(const struct device *dev)
{
	(void)dev;
	return fake.now;
}

uint64_t device_wall_clock(const struct device *dev)
{
	(void)dev;
	return fake.wall + fake.now / NSEC_PER_SEC;
}

void device_set_timer(const struct device *dev, uint64_t deadline)
{
	(void)dev;
	fake.timer = deadline;
	fake.timer_calls++;
}

void device_set_irq(const struct device *dev, bool level)
{
	if (fake.level[dev->line] == level)
		fake.useless_irqs++;
	else if (level)
		fake.rises[dev->line]++;
	else
		fake.falls[dev->line]++;
	fake.level[dev->line] = level;
	for (unsigned int i = 0; i < FAKE_CONTROLLERS; i++) {
		if (fake.controllers[i])
			fake.controllers[i]->ops->set_line(fake.controllers[i], dev->line, level);
	}
}

void device_send_message(const struct device *dev, const struct irq_message *msg)
{
	(void)dev;
	if (fake.nr_messages < FAKE_RECORDS)
		fake.messages[fake.nr_messages++] = *msg;
}

unsigned int device_accessor(const struct device *dev)
{
	(void)dev;
	return fake.accessor;
}

void device_set_cpu_line(const struct device *dev, unsigned int vcpu, unsigned int line, bool level)
{
	uint8_t before = fake.cpu_lines[vcpu];

	(void)dev;
	fake.cpu_lines[vcpu] = (uint8_t)(level ? before | BIT(line) : before & ~BIT(line));
	fake.useless_cpu_lines += fake.cpu_lines[vcpu] == before;
	if (vcpu || line)
		return;
	if (fake.intr == level)
		fake.useless_intrs++;
	fake.intr = level;
	fake.intr_calls++;
}

void device_route_pin(const struct device *dev, unsigned int pin, const struct irq_message *msg,
		      bool masked)
{
	(void)dev;
	if (fake.nr_routes < FAKE_RECORDS) {
		struct fake_route route = { .pin = pin, .message = *msg, .masked = masked };

		fake.routes[fake.nr_routes++] = route;
	}
}

bool device_transmit(const struct device *dev, uint8_t byte)
{
	(void)dev;
	if (fake.sink_room == 0)
		return false;
	fake.sink_room--;
	if (fake.nr_sent < FAKE_RECORDS)
		fake.sent[fake.nr_sent++] = byte;
	return true;
}

void device_request_reset(const struct device *dev)
{
	(void)dev;
	fake.resets++;
}

void device_request_poweroff(const struct device *dev)
{
	(void)dev;
	fake.poweroffs++;
}

void fake_advance(const struct device *dev, uint64_t ns)
{
	uint64_t end = fake.now + ns;

	while (fake.timer <= end) {
		if (fake.now < fake.timer)
			fake.now = fake.timer;
		fake.timer = TIMER_OFF;
		fake.timer_runs++;
		dev->ops->timer(dev, fake.now);
	}
	fake.now = end;
}

uint32_t fake_in(const struct device *dev, unsigned int id, uint64_t offset, unsigned int size)
{
	uint32_t value = (uint32_t)dev->ops->read(dev, id, offset, size);

	return size < 4 ? value & (BIT(size * 8) - 1) : value;
}

uint8_t fake_in8(const struct device *dev, unsigned int id, uint64_t offset)
{
	return (uint8_t)fake_in(dev, id, offset, 1);
}

void fake_out(const struct device *dev, unsigned int id, uint64_t offset, unsigned int size,
	      uint32_t value)
{
	dev->ops->write(dev, id, offset, size, value);
}

void fake_out8(const struct device *dev, unsigned int id, uint64_t offset, uint8_t value)
{
	fake_out(dev, id, offset, 1, value);
}

void fake_seed(uint32_t seed)
{
	random_state = seed * 2654435761u + 1;
}

uint32_t fake_random(uint32_t below)
{
	/* xorshift32 (Marsaglia 2003) */
	random_state ^= random_state << 13;
	random_state ^= random_state >> 17;
	random_state ^= random_state << 5;
	return random_state % below;
}

void fake_hammer(const struct device *dev, unsigned int rounds)
{
	for (unsigned int i = 0; i < rounds; i++) {
		const struct device_range *range = &dev->ranges[fake_random(dev->nr_ranges)];
		uint64_t offset = fake_random((uint32_t)range->size);
		unsigned int size = 1u << fake_random(3);

		if (fake_random(2))
			dev->ops->read(dev, range->id, offset, size);
		else
			dev->ops->write(dev, range->id, offset, size, fake_random(UINT32_MAX));
		if (dev->ops->timer)
			fake_advance(dev, fake_random(100000));
		if (dev->ops->set_line)
			dev->ops->set_line(dev, fake_random(40), fake_random(2));
		if (dev->ops->receive)
			dev->ops->receive(dev, (uint8_t)fake_random(256));
	}
}
