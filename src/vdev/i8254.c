/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Quoted names and rules are those of the 8254 data sheet (Intel, 231164-005), "Mode definitions".
 */
#include "vdev/i8254.h"

enum { RANGE_COUNTERS, RANGE_PORT61 };

#define REG_CONTROL 3 /* offset of the control word register */

/* Control word */
#define CW_BCD BIT(0)
#define CW_MODE_SHIFT 1
#define CW_MODE_MASK 7
#define CW_RW_SHIFT 4
#define CW_RW_MASK 3
#define CW_SC_SHIFT 6
#define CW_KEPT 0x3f
#define RW_LATCH 0
#define RW_LSB 1
#define RW_MSB 2
#define SC_READ_BACK 3

/* Read-back command and status byte */
#define READ_BACK_NO_COUNT BIT(5)
#define READ_BACK_NO_STATUS BIT(4)
#define STATUS_OUT BIT(7)
#define STATUS_NULL_COUNT BIT(6)

/* Bytes of a latched count */
#define LATCHED_LSB BIT(0)
#define LATCHED_MSB BIT(1)

/* Port 0x61 */
#define PORT61_GATE2 BIT(0)
#define PORT61_WRITABLE 0x0f
#define PORT61_REFRESH BIT(4)
#define PORT61_OUT2 BIT(5)
#define REFRESH_CLOCKS 18

#define NEVER UINT64_MAX

enum mode {
	TERMINAL_COUNT,
	ONE_SHOT,
	RATE_GENERATOR,
	SQUARE_WAVE,
	SOFTWARE_STROBE,
	HARDWARE_STROBE,
};

/* Whole clocks at @ns. Seconds apart: exact for ever, and no product exceeds 64 bits. */
static uint64_t ns_to_ticks(uint64_t ns)
{
	return ns / NSEC_PER_SEC * I8254_HZ + ns % NSEC_PER_SEC * I8254_HZ / NSEC_PER_SEC;
}

/* The first nanosecond of clock @ticks. */
static uint64_t ticks_to_ns(uint64_t ticks)
{
	uint64_t part = ticks % I8254_HZ * NSEC_PER_SEC;

	return ticks / I8254_HZ * NSEC_PER_SEC + (part + I8254_HZ - 1) / I8254_HZ;
}

static enum mode channel_mode(const struct i8254_channel *c)
{
	unsigned int mode = c->control >> CW_MODE_SHIFT & CW_MODE_MASK;

	/* Of modes 2 and 3 the highest bit does not count. */
	return (enum mode)(mode > HARDWARE_STROBE ? mode - 4 : mode);
}

static bool is_periodic(enum mode mode)
{
	return mode == RATE_GENERATOR || mode == SQUARE_WAVE;
}

/* In these modes a rising gate loads and starts the count, and its level means nothing. */
static bool is_triggered(enum mode mode)
{
	return mode == ONE_SHOT || mode == HARDWARE_STROBE;
}

static uint32_t modulus(const struct i8254_channel *c)
{
	return (c->control & CW_BCD) ? 10000 : 65536;
}

/* How long a square wave of @count clocks is high; one clock more than low when @count is odd. */
static uint32_t high_clocks(uint32_t count)
{
	return (count + 1) / 2;
}

static uint64_t elapsed(const struct i8254_channel *c, uint64_t tick)
{
	return c->stopped ? c->elapsed : tick - c->start;
}

/* The counting element in plain binary. */
static uint32_t counting_element(const struct i8254_channel *c, uint64_t tick)
{
	uint64_t clocks = elapsed(c, tick);
	uint32_t phase = (uint32_t)(clocks % c->count);
	uint32_t high = high_clocks(c->count);

	switch (channel_mode(c)) {
	case RATE_GENERATOR:
		return (c->count - phase) % modulus(c);
	case SQUARE_WAVE:
		/* Counts by twos from an even number, once for each half. */
		if (phase >= high)
			phase -= high;
		return ((c->count & ~UINT32_C(1)) - 2 * phase) % modulus(c);
	default:
		/* Goes on downwards after the end. */
		return (c->count + modulus(c) - (uint32_t)(clocks % modulus(c))) % modulus(c);
	}
}

/* The count as a program reads it. */
static uint16_t visible_count(const struct i8254_channel *c, uint64_t tick)
{
	uint32_t value;

	if (!c->loaded)
		return c->held;
	value = counting_element(c, tick);
	if (c->control & CW_BCD)
		value = value % 10 | value / 10 % 10 << 4 | value / 100 % 10 << 8 |
			value / 1000 << 12;
	return (uint16_t)value;
}

/* The strobe of modes 4 and 5: one clock, whatever the gate does meanwhile. */
static bool strobing(const struct i8254_channel *c, uint64_t tick)
{
	if (elapsed(c, tick) != c->count)
		return false;
	return c->stopped ? tick == c->stop_tick : !c->strobed;
}

static bool channel_out(const struct i8254_channel *c, uint64_t tick)
{
	enum mode mode = channel_mode(c);

	if (!c->loaded)
		return mode != TERMINAL_COUNT;
	switch (mode) {
	case TERMINAL_COUNT:
	case ONE_SHOT:
		return elapsed(c, tick) >= c->count;
	case RATE_GENERATOR:
		/* A count of 1 is illegal; like a stopped gate it leaves OUT high. */
		return c->stopped || c->count == 1 || elapsed(c, tick) % c->count != c->count - 1;
	case SQUARE_WAVE:
		return c->stopped || elapsed(c, tick) % c->count < high_clocks(c->count);
	default:
		return !strobing(c, tick);
	}
}

/* Loads the counting element if the clock for that has come. */
static void advance(struct i8254_channel *c, uint64_t tick)
{
	if (!c->pending || tick < c->pending_at)
		return;
	c->pending = false;
	c->null_count = false;
	c->loaded = true;
	c->count = c->reload;
	c->start = c->pending_at;
	/* Half a square wave has passed; the new one goes on with its low half. */
	if (c->pending_low)
		c->start -= high_clocks(c->count);
	c->stopped = !c->gate && !is_triggered(channel_mode(c));
	c->elapsed = 0;
	c->strobed = false;
	c->stop_tick = c->pending_at;
}

static void schedule_load(struct i8254_channel *c, uint64_t tick, bool low)
{
	c->pending = true;
	c->pending_at = tick;
	c->pending_low = low;
}

/*
 * A new count in a running periodic mode waits for the end of the period, or half of a square wave.
 */
static void schedule_at_boundary(struct i8254_channel *c, uint64_t tick)
{
	uint64_t phase = elapsed(c, tick) % c->count;
	uint64_t begin = tick - phase;
	uint32_t high = high_clocks(c->count);

	if (channel_mode(c) == SQUARE_WAVE && phase < high && high < c->count)
		schedule_load(c, begin + high, true);
	else
		schedule_load(c, begin + c->count, false);
}

/* The count register is complete. */
static void count_written(struct i8254_channel *c, uint64_t tick, uint16_t raw)
{
	enum mode mode = channel_mode(c);
	uint32_t count = raw;

	if (c->control & CW_BCD)
		count = (raw & 15u) + (raw >> 4 & 15u) * 10 + (raw >> 8 & 15u) * 100 +
			(raw >> 12 & 15u) * 1000;
	c->reload = count ? count : modulus(c);
	c->reload_valid = true;
	c->null_count = true;
	if (is_triggered(mode))
		return; /* loaded by the gate */
	if (!is_periodic(mode)) {
		if (mode == TERMINAL_COUNT && c->loaded) {
			c->held = visible_count(c, tick);
			c->loaded = false; /* OUT is low at once */
		}
		schedule_load(c, tick + 1, false);
	} else if (!c->loaded) {
		schedule_load(c, tick + 1, false);
	} else if (!c->stopped && !c->pending) {
		schedule_at_boundary(c, tick);
	}
}

static void write_count(struct i8254_channel *c, uint64_t tick, uint8_t value)
{
	unsigned int rw = c->control >> CW_RW_SHIFT & CW_RW_MASK;

	if (rw == RW_LSB) {
		count_written(c, tick, value);
	} else if (rw == RW_MSB) {
		count_written(c, tick, (uint16_t)(value << 8));
	} else if (c->write_msb) {
		c->write_msb = false;
		count_written(c, tick, (uint16_t)(value << 8 | c->write_lsb));
	} else {
		c->write_msb = true;
		c->write_lsb = value;
		/* In mode 0 the first byte disables counting and takes OUT low. */
		if (channel_mode(c) == TERMINAL_COUNT) {
			if (c->loaded)
				c->held = visible_count(c, tick);
			c->loaded = false;
			c->pending = false;
		}
	}
}

static uint8_t read_count(struct i8254_channel *c, uint64_t tick)
{
	unsigned int rw = c->control >> CW_RW_SHIFT & CW_RW_MASK;
	uint16_t value;
	bool msb;

	if (c->status_latched) {
		c->status_latched = false;
		return c->latched_status;
	}
	if (c->latched) {
		msb = !(c->latched & LATCHED_LSB);
		c->latched &= (uint8_t) ~(msb ? LATCHED_MSB : LATCHED_LSB);
		value = c->latched_count;
	} else {
		msb = rw == RW_MSB || (rw != RW_LSB && c->read_msb);
		value = visible_count(c, tick);
	}
	c->read_msb = rw != RW_LSB && rw != RW_MSB && !msb;
	return (uint8_t)(msb ? value >> 8 : value);
}

static void latch_count(struct i8254_channel *c, uint64_t tick)
{
	unsigned int rw = c->control >> CW_RW_SHIFT & CW_RW_MASK;

	if (c->latched)
		return; /* until it has been read, further commands are ignored */
	c->latched_count = visible_count(c, tick);
	if (rw == RW_LSB)
		c->latched = LATCHED_LSB;
	else if (rw == RW_MSB)
		c->latched = LATCHED_MSB;
	else
		c->latched = c->read_msb ? LATCHED_MSB : LATCHED_LSB | LATCHED_MSB;
}

static void latch_status(struct i8254_channel *c, uint64_t tick)
{
	unsigned int status = c->control;

	if (c->status_latched)
		return;
	status |= channel_out(c, tick) ? STATUS_OUT : 0;
	status |= c->null_count ? STATUS_NULL_COUNT : 0;
	c->latched_status = (uint8_t)status;
	c->status_latched = true;
}

static void program(struct i8254_channel *c, uint64_t tick, uint8_t value)
{
	struct i8254_channel fresh = {
		.control = value & CW_KEPT,
		.gate = c->gate,
		.null_count = true,
		.held = visible_count(c, tick),
	};

	*c = fresh;
}

static void write_control(struct i8254 *pit, uint64_t tick, uint8_t value)
{
	unsigned int select = value >> CW_SC_SHIFT;

	if (select == SC_READ_BACK) {
		for (unsigned int i = 0; i < I8254_CHANNELS; i++) {
			if (!(value & BIT(i + 1)))
				continue;
			if (!(value & READ_BACK_NO_COUNT))
				latch_count(&pit->channels[i], tick);
			if (!(value & READ_BACK_NO_STATUS))
				latch_status(&pit->channels[i], tick);
		}
	} else if ((value >> CW_RW_SHIFT & CW_RW_MASK) == RW_LATCH) {
		latch_count(&pit->channels[select], tick);
	} else {
		program(&pit->channels[select], tick, value);
	}
}

static void gate_rises(struct i8254_channel *c, uint64_t tick)
{
	enum mode mode = channel_mode(c);

	if (is_triggered(mode) || (is_periodic(mode) && c->loaded)) {
		if (c->reload_valid)
			schedule_load(c, tick + 1, false);
	} else if (c->loaded && c->stopped) {
		c->stopped = false;
		c->start = tick - c->elapsed;
		c->strobed = c->elapsed == c->count && tick > c->stop_tick;
	}
}

static void gate_falls(struct i8254_channel *c, uint64_t tick)
{
	enum mode mode = channel_mode(c);

	if (is_triggered(mode) || !c->loaded)
		return;
	c->elapsed = elapsed(c, tick);
	c->stopped = true;
	c->stop_tick = tick;
	if (is_periodic(mode))
		c->pending = false; /* the rising gate will load */
}

static void set_gate(struct i8254_channel *c, uint64_t tick, bool gate)
{
	if (gate == c->gate)
		return;
	c->gate = gate;
	if (gate)
		gate_rises(c, tick);
	else
		gate_falls(c, tick);
}

/* The first rising edge after @tick of an OUT whose count @count was loaded at @start <= @tick. */
static uint64_t rise_after(enum mode mode, uint32_t count, uint64_t start, uint64_t tick)
{
	uint64_t rise;

	switch (mode) {
	case TERMINAL_COUNT:
		rise = start + count;
		break;
	case SOFTWARE_STROBE:
		rise = start + count + 1;
		break;
	case RATE_GENERATOR:
	case SQUARE_WAVE:
		if (count == 1)
			return NEVER; /* illegal: OUT does not move */
		rise = start + ((tick - start) / count + 1) * count;
		break;
	default:
		return NEVER; /* wait for a gate that never changes */
	}
	return rise > tick ? rise : NEVER;
}

/* The next rising edge of OUT after @tick, which advance() has seen or which lies ahead. */
static uint64_t next_rise(const struct i8254_channel *c, uint64_t tick)
{
	enum mode mode = channel_mode(c);
	uint64_t rise = NEVER;
	uint64_t start = c->pending_at;

	if (c->loaded)
		rise = rise_after(mode, c->count, c->start, tick);
	if (!c->pending || rise <= c->pending_at)
		return rise;
	if (tick < start)
		tick = start;
	if (c->pending_low)
		start -= high_clocks(c->reload);
	return rise_after(mode, c->reload, start, tick);
}

/* Arms the timer for the next rising edge of OUT 0 that is not too soon after @earliest. */
static void arm(const struct device *dev, uint64_t tick, uint64_t earliest)
{
	struct i8254 *pit = dev->state;
	const struct i8254_channel *c = &pit->channels[0];
	uint64_t edge = next_rise(c, tick);

	if (edge < earliest && is_periodic(channel_mode(c)))
		edge = next_rise(c, earliest - 1);
	if (edge == pit->next_edge)
		return;
	pit->next_edge = edge;
	device_set_timer(dev, edge == NEVER ? TIMER_OFF : ticks_to_ns(edge));
}

static void set_irq(const struct device *dev, bool level)
{
	struct i8254 *pit = dev->state;

	if (level == pit->irq)
		return;
	pit->irq = level;
	device_set_irq(dev, level);
}

/*
 * Brings the counters to the present, delivers a rising edge of OUT 0 that is due; returns the
 * tick.
 */
static uint64_t synchronise(const struct device *dev)
{
	struct i8254 *pit = dev->state;
	uint64_t tick = ns_to_ticks(device_now(dev));

	for (unsigned int i = 0; i < I8254_CHANNELS; i++)
		advance(&pit->channels[i], tick);
	if (tick >= pit->next_edge) {
		set_irq(dev, false);
		set_irq(dev, true);
		arm(dev, tick, tick + I8254_MIN_INTERVAL);
	}
	return tick;
}

static uint8_t read_port61(const struct i8254 *pit, uint64_t tick)
{
	unsigned int value = pit->port61;

	value |= tick / REFRESH_CLOCKS & 1 ? PORT61_REFRESH : 0;
	value |= channel_out(&pit->channels[2], tick) ? PORT61_OUT2 : 0;
	return (uint8_t)value;
}

static uint8_t read_byte(struct i8254 *pit, uint64_t tick, unsigned int id, unsigned int offset)
{
	if (id == RANGE_PORT61 && offset == 0)
		return read_port61(pit, tick);
	if (id == RANGE_COUNTERS && offset < I8254_CHANNELS)
		return read_count(&pit->channels[offset], tick);
	return 0xff; /* the control word cannot be read */
}

static void write_byte(struct i8254 *pit, uint64_t tick, unsigned int id, unsigned int offset,
		       uint8_t value)
{
	if (id == RANGE_PORT61 && offset == 0) {
		pit->port61 = value & PORT61_WRITABLE;
		set_gate(&pit->channels[2], tick, value & PORT61_GATE2);
	} else if (id == RANGE_COUNTERS && offset < I8254_CHANNELS) {
		write_count(&pit->channels[offset], tick, value);
	} else if (id == RANGE_COUNTERS && offset == REG_CONTROL) {
		write_control(pit, tick, value);
	}
}

/* A wide access is a sequence of byte accesses, as on the ISA bus. */
static uint64_t i8254_read(const struct device *dev, unsigned int id, uint64_t offset,
			   unsigned int size)
{
	uint64_t tick = synchronise(dev);
	uint32_t value = 0;

	for (unsigned int i = 0; i < size; i++)
		value |= (uint32_t)read_byte(dev->state, tick, id, (unsigned int)offset + i)
			 << (i * 8);
	return value;
}

static void i8254_write(const struct device *dev, unsigned int id, uint64_t offset,
			unsigned int size, uint64_t value)
{
	struct i8254 *pit = dev->state;
	const struct i8254_channel *c = &pit->channels[0];
	uint64_t tick = synchronise(dev);

	for (unsigned int i = 0; i < size; i++)
		write_byte(pit, tick, id, (unsigned int)offset + i, (uint8_t)(value >> (i * 8)));
	/*
	 * What was written may have moved OUT 0 at once, and its next edge. While it runs in
	 * another mode than 0, only edges count: the line is not lowered for the low part of a
	 * period.
	 */
	if (!c->loaded || channel_mode(c) == TERMINAL_COUNT)
		set_irq(dev, channel_out(c, tick));
	arm(dev, tick, tick + 1);
}

static void i8254_timer(const struct device *dev, uint64_t now)
{
	(void)now;
	synchronise(dev);
}

static void i8254_reset(const struct device *dev)
{
	struct i8254 *pit = dev->state;

	/*
	 * The data sheet leaves all undefined until programmed; mode 0 keeps the lines low and
	 * still.
	 */
	for (unsigned int i = 0; i < I8254_CHANNELS; i++) {
		struct i8254_channel power_on = { .gate = i != 2, .null_count = true };

		pit->channels[i] = power_on;
	}
	pit->port61 = 0;
	set_irq(dev, false);
	pit->next_edge = NEVER;
	device_set_timer(dev, TIMER_OFF);
}

const struct device_ops i8254_ops = {
	.compatible = "intel,i8254",
	.reset = i8254_reset,
	.read = i8254_read,
	.write = i8254_write,
	.timer = i8254_timer,
};
