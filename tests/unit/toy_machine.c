/* SPDX-License-Identifier: Apache-2.0 */
#include "toy_machine.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <cmocka.h>

struct toy toys[NR_TOYS];
uint64_t timers_a[NR_TOYS];
struct cell_config configs[2];
static const uint32_t cpus_a[] = { 20, 0 }, cpus_b[] = { 10 }, cpus[] = { 0, 10, 20, 30 };

struct cell cells[2];
const struct partition_table partition_table = {
	.board = { .cpus = cpus, .nr_cpus = 4 },
	.cells = configs,
	.nr_cells = 2,
};

static void toy_reset(const struct device *dev)
{
	struct toy *toy = dev->state;

	toy->resets++;
}

static void remember(struct toy *toy, unsigned int id, uint64_t offset, unsigned int size)
{
	toy->last_id = id;
	toy->last_offset = offset;
	toy->last_size = size;
}

static uint64_t toy_read(const struct device *dev, unsigned int id, uint64_t offset,
			 unsigned int size)
{
	struct toy *toy = dev->state;

	remember(toy, id, offset, size);
	toy->accessor = device_accessor(dev);
	toy->reads++;
	return 0x76543210abcd1000 + id;
}

static void toy_write(const struct device *dev, unsigned int id, uint64_t offset, unsigned int size,
		      uint64_t value)
{
	struct toy *toy = dev->state;

	remember(toy, id, offset, size);
	toy->accessor = device_accessor(dev);
	toy->last_write = value;
	toy->writes++;
	toy->appetite++;
}

static void toy_timer(const struct device *dev, uint64_t now)
{
	struct toy *toy = dev->state;

	assert_int_equal(now, fake_arch.now);
	toy->timers++;
	if (toy->rearm)
		device_set_timer(dev, now + 100);
}

static void toy_set_line(const struct device *dev, unsigned int line, bool level)
{
	struct toy *toy = dev->state;

	toy->lines[line] = level;
}

static bool toy_receive(const struct device *dev, uint8_t byte)
{
	struct toy *toy = dev->state;

	if (toy->appetite == 0)
		return false;
	toy->appetite--;
	toy->received[toy->nr_received++] = (char)byte;
	return true;
}

static void toy_transmit_ready(const struct device *dev)
{
	struct toy *toy = dev->state;

	toy->ready++;
}

static const struct device_ops clock_ops = {
	.reset = toy_reset, .read = toy_read, .write = toy_write, .timer = toy_timer
};
static const struct device_ops controller_ops = { .reset = toy_reset,
						  .read = toy_read,
						  .write = toy_write,
						  .timer = toy_timer,
						  .set_line = toy_set_line };
static const struct device_ops uart_ops = { .reset = toy_reset,
					    .read = toy_read,
					    .write = toy_write,
					    .receive = toy_receive,
					    .transmit_ready = toy_transmit_ready };

static const struct device_range clock_ranges[] = {
	{ DEVICE_PIO, 0x40, 4, 0 },
	{ DEVICE_PIO, 0x61, 1, 1 },
};
static const struct device_range controller_ranges[] = {
	{ DEVICE_MMIO, 0xfec00000, 0x1000, 0 },
	{ DEVICE_MMIO, UINT64_MAX - 0xfff, 0x1000, 1 },
	{ DEVICE_MMIO, 0x40, 1, 2 },
};
static const struct device_range uart_ranges[] = {
	{ DEVICE_PIO, 0x3f8, 8, 0 },
	{ DEVICE_IOCSR, 0x40, 8, 1 },
};

#define DEVICE(OPS, RANGES, NUMBER)                                                                \
	{                                                                                          \
		.ops = &(OPS), .cell = &cells[0], .state = &toys[NUMBER], .ranges = (RANGES),      \
		.nr_ranges = ARRAY_SIZE(RANGES), .line = (NUMBER), .timer = (NUMBER),              \
		.name = #RANGES                                                                    \
	}
const struct device toy_devices[NR_TOYS] = {
	DEVICE(clock_ops, clock_ranges, CLOCK),
	DEVICE(controller_ops, controller_ranges, CONTROLLER),
	DEVICE(uart_ops, uart_ranges, UART),
};

const struct mem_region regions_a[4] = {
	{ 0, RAM_A, 0xa0000, REGION_READ | REGION_WRITE | REGION_EXECUTE | REGION_RAM, "a:1" },
	{ 0xa0000, RAM_A_HIGH, 0x2000, REGION_READ | REGION_WRITE | REGION_RAM, "a:2" },
	{ 0xf0000, ROM_A, 0x1000, REGION_READ | REGION_RAM, "a:3" },
	{ 0x100000, DEVICE_A, 0x1000, REGION_READ | REGION_WRITE | REGION_DEVICE, "a:4" },
};
static const struct mem_region regions_b[] = {
	{ 0, RAM_B, 0x1000, REGION_READ | REGION_WRITE | REGION_RAM, "b:1" },
};

uint8_t toy_image[0x3000];

static const struct segment segments_a[] = {
	{ 0x1000, sizeof(toy_image), toy_image, "kernel" },
	{ 0x9f000, sizeof(toy_image), toy_image, "initrd" }, /* from one region into the next */
	{ 0x6000, 0x800, NULL, "zeroes" },
	{ 0x8000, 0, toy_image, "nothing" },
	{ 0xf0ff0, 0x10, toy_image, "end of the ROM" },
};

struct vcpu *a0, *a1, *b0;

int toy_setup(void **state)
{
	(void)state;
	fake_arch_start(FILL);
	memset(toys, 0, sizeof(toys));
	memset(cells, 0, sizeof(cells));
	memset(vcpus, 0, sizeof(struct vcpu) * MAX_CPUS);
	memset(timers_a, 0, sizeof(timers_a));
	for (unsigned int i = 0; i < sizeof(toy_image); i++)
		toy_image[i] = (uint8_t)(i * 7 + (i >> 8));
	configs[0] = (struct cell_config){
		.name = "a",
		.source = "test.dts:7",
		.cpus = cpus_a,
		.nr_cpus = 2,
		.regions = regions_a,
		.nr_regions = ARRAY_SIZE(regions_a),
		.segments = segments_a,
		.nr_segments = ARRAY_SIZE(segments_a),
		.devices = toy_devices,
		.nr_devices = NR_TOYS,
		.on_fault = FAULT_STOP,
		.on_violation = VIOLATION_FAULT,
		.timers = timers_a,
		.nr_timers = NR_TOYS,
	};
	configs[1] = (struct cell_config){ .name = "b",
					   .source = "test.dts:9",
					   .cpus = cpus_b,
					   .nr_cpus = 1,
					   .regions = regions_b,
					   .nr_regions = 1,
					   .on_fault = FAULT_RESTART };
	cells_init();
	a0 = cells[0].vcpus[0];
	a1 = cells[0].vcpus[1];
	b0 = cells[1].vcpus[0];
	return 0;
}

void toy_start(struct cell *cell)
{
	for (unsigned int v = 1; v < cell->config->nr_cpus; v++)
		cell->vcpus[v]->parked = true;
	cell_enter(cell->vcpus[0]);
	for (unsigned int v = 0; v < cell->config->nr_cpus; v++)
		(void)vcpu_take_requests(cell->vcpus[v]);
	memset(fake_arch.kicks, 0, sizeof(fake_arch.kicks));
}
