/* SPDX-License-Identifier: Apache-2.0 */
/* Quoted names (ICW, OCW, ...) are those of the 8259A data sheet (Intel, 231468-003). */
#include "vdev/i8259.h"

enum { RANGE_MASTER, RANGE_SLAVE, RANGE_ELCR };

#define INPUTS 8
#define CASCADE 2      /* the master's input that the slave drives; also the slave's ID */
#define SPURIOUS 7     /* the level reported when no request is there */
#define NO_VECTOR 0xff /* what the bus carries when no chip drives it */
#define NONE INPUTS    /* "no input" */

/* Command port (A0 = 0) */
#define ICW1 BIT(4)
#define ICW1_IC4 BIT(0)
#define ICW1_SNGL BIT(1)
#define OCW3 BIT(3)
#define OCW3_RIS BIT(0)
#define OCW3_RR BIT(1)
#define OCW3_P BIT(2)
#define OCW3_SMM BIT(5)
#define OCW3_ESMM BIT(6)
#define OCW2_LEVEL_MASK 7
#define OCW2_SHIFT 5

/* OCW2 commands: bits R, SL, EOI */
enum {
	ROTATE_AUTO_CLEAR,
	EOI,
	NO_OPERATION,
	SPECIFIC_EOI,
	ROTATE_AUTO_SET,
	ROTATE_EOI,
	SET_PRIORITY,
	ROTATE_SPECIFIC_EOI,
};

/* Data port (A0 = 1) */
#define ICW2_BASE_MASK 0xf8
#define ICW3_ID_MASK 7
#define ICW4_AEOI BIT(1)
#define ICW4_SFNM BIT(4)

#define POLL_INTERRUPT 0x80

/* ELCR: the timer, keyboard, cascade, RTC and FPU lines are always edge-triggered. */
#define ELCR_MASTER_MASK 0xf8
#define ELCR_SLAVE_MASK 0xde

static uint8_t irr(const struct i8259_chip *chip)
{
	/*
	 * Edge-triggered inputs must stay high until the acknowledge, "Edge and level triggered
	 * modes".
	 */
	return (uint8_t)(chip->lines & (chip->edges | chip->elcr));
}

/* Position of @input in the order of priorities, 0 is the highest. */
static unsigned int rank(const struct i8259_chip *chip, unsigned int input)
{
	return (input + INPUTS - 1 - chip->lowest) % INPUTS;
}

/* The input in @inputs that has the highest priority, or NONE. */
static unsigned int highest(const struct i8259_chip *chip, uint8_t inputs)
{
	for (unsigned int i = 1; i <= INPUTS; i++) {
		unsigned int input = (chip->lowest + i) % INPUTS;

		if (inputs & BIT(input))
			return input;
	}
	return NONE;
}

/*
 * In special mask mode a masked level neither blocks others nor takes part in a non-specific EOI.
 */
static uint8_t serviced(const struct i8259_chip *chip)
{
	return chip->special_mask ? (uint8_t)(chip->isr & ~chip->imr) : chip->isr;
}

/* Whether @input is wired to a slave, as ICW3 told a master. */
static bool has_slave(const struct i8259_chip *chip, unsigned int input)
{
	return !chip->single && (chip->icw3 & BIT(input));
}

/* The input that the chip requests service for now, or NONE. */
static unsigned int request(const struct i8259_chip *chip, bool is_master)
{
	unsigned int input = highest(chip, (uint8_t)(irr(chip) & ~chip->imr));
	unsigned int current = highest(chip, serviced(chip));

	if (!chip->ready || input == NONE)
		return NONE;
	if (current == NONE || rank(chip, input) < rank(chip, current))
		return input;
	/*
	 * Special fully nested mode: a slave being served may interrupt itself with a higher
	 * priority.
	 */
	if (input == current && chip->fully_nested && is_master && has_slave(chip, input))
		return input;
	return NONE;
}

static void set_input(struct i8259_chip *chip, unsigned int input, bool level)
{
	uint8_t bit = (uint8_t)BIT(input);

	if (!level) {
		chip->lines &= (uint8_t)~bit;
		chip->edges &= (uint8_t)~bit;
	} else if (!(chip->lines & bit)) {
		chip->lines |= bit;
		chip->edges |= bit;
	}
}

/* Carries the outputs on: the slave's to the master, the master's to the processor. */
static void update(const struct device *dev)
{
	struct i8259 *pic = dev->state;
	bool intr;

	set_input(&pic->master, CASCADE, request(&pic->slave, false) != NONE);
	intr = request(&pic->master, true) != NONE;
	if (intr == pic->intr)
		return;
	pic->intr = intr;
	device_set_cpu_line(dev, 0, 0, intr);
}

static void end_of_interrupt(struct i8259_chip *chip, unsigned int input, bool rotate)
{
	if (input == NONE)
		return;
	chip->isr &= (uint8_t)~BIT(input);
	if (rotate)
		chip->lowest = (uint8_t)input;
}

/* One chip's part of an acknowledge cycle: the level that it puts in service, or SPURIOUS. */
static unsigned int acknowledge(struct i8259_chip *chip, unsigned int input)
{
	if (input == NONE)
		return SPURIOUS;
	chip->edges &= (uint8_t)~BIT(input);
	chip->isr |= (uint8_t)BIT(input);
	if (chip->auto_eoi)
		end_of_interrupt(chip, input, chip->rotate_auto);
	return input;
}

/*
 * The slave's output falls with its acknowledge, so that its next request is an edge to the master.
 */
static unsigned int acknowledge_slave(struct i8259 *pic)
{
	unsigned int input = acknowledge(&pic->slave, request(&pic->slave, false));

	set_input(&pic->master, CASCADE, false);
	return input;
}

uint8_t i8259_acknowledge(const struct device *dev)
{
	struct i8259 *pic = dev->state;
	unsigned int input = acknowledge(&pic->master, request(&pic->master, true));
	unsigned int vector = pic->master.base | input;

	if (input == CASCADE && has_slave(&pic->master, CASCADE)) {
		/*
		 * The cascade lines carry the input's number; the slave answers if that is its ID.
		 */
		if ((pic->slave.icw3 & ICW3_ID_MASK) == CASCADE)
			vector = pic->slave.base | acknowledge_slave(pic);
		else
			vector = NO_VECTOR;
	}
	update(dev);
	return (uint8_t)vector;
}

/* A read after OCW3 with P set: an acknowledge of this one chip by software, "Poll command". */
static uint8_t poll(struct i8259 *pic, bool is_master)
{
	struct i8259_chip *chip = is_master ? &pic->master : &pic->slave;
	unsigned int input = request(chip, is_master);

	chip->poll = false;
	if (input == NONE)
		return SPURIOUS;
	if (is_master)
		acknowledge(chip, input);
	else
		acknowledge_slave(pic);
	return (uint8_t)(POLL_INTERRUPT | input);
}

static void write_icw1(struct i8259_chip *chip, uint8_t value)
{
	/*
	 * What is not named here goes to 0: IMR, ISR, the edge detectors, all modes; IR7 is the
	 * lowest.
	 */
	struct i8259_chip fresh = {
		.lines = chip->lines,
		.elcr = chip->elcr,
		.lowest = INPUTS - 1,
		.base = chip->base,
		.icw3 = chip->icw3,
		.next_icw = 2,
		.icw4_needed = value & ICW1_IC4,
		.single = value & ICW1_SNGL,
	};

	*chip = fresh;
}

static void write_ocw2(struct i8259_chip *chip, uint8_t value)
{
	unsigned int level = value & OCW2_LEVEL_MASK;

	switch (value >> OCW2_SHIFT) {
	case EOI:
		end_of_interrupt(chip, highest(chip, serviced(chip)), false);
		break;
	case ROTATE_EOI:
		end_of_interrupt(chip, highest(chip, serviced(chip)), true);
		break;
	case SPECIFIC_EOI:
		end_of_interrupt(chip, level, false);
		break;
	case ROTATE_SPECIFIC_EOI:
		end_of_interrupt(chip, level, true);
		break;
	case SET_PRIORITY:
		chip->lowest = (uint8_t)level;
		break;
	case ROTATE_AUTO_SET:
		chip->rotate_auto = true;
		break;
	case ROTATE_AUTO_CLEAR:
		chip->rotate_auto = false;
		break;
	case NO_OPERATION:
	default:
		break;
	}
}

static void write_ocw3(struct i8259_chip *chip, uint8_t value)
{
	if (value & OCW3_ESMM)
		chip->special_mask = value & OCW3_SMM;
	/* Poll wins over a change of the register to read. */
	if (value & OCW3_P)
		chip->poll = true;
	else if (value & OCW3_RR)
		chip->read_isr = value & OCW3_RIS;
}

static void write_command(struct i8259_chip *chip, uint8_t value)
{
	if (value & ICW1)
		write_icw1(chip, value);
	else if (value & OCW3)
		write_ocw3(chip, value);
	else
		write_ocw2(chip, value);
}

/* Initialisation goes ICW2, ICW3 unless single, ICW4 if ICW1 asked for it. */
static void advance_icw(struct i8259_chip *chip)
{
	if (chip->next_icw == 2 && !chip->single)
		chip->next_icw = 3;
	else if (chip->next_icw != 4 && chip->icw4_needed)
		chip->next_icw = 4;
	else
		chip->next_icw = 0;
	chip->ready = chip->next_icw == 0;
}

static void write_data(struct i8259_chip *chip, uint8_t value)
{
	switch (chip->next_icw) {
	case 2:
		chip->base = value & ICW2_BASE_MASK;
		break;
	case 3:
		chip->icw3 = value;
		break;
	case 4:
		chip->auto_eoi = value & ICW4_AEOI;
		chip->fully_nested = value & ICW4_SFNM;
		break;
	default:
		chip->imr = value; /* OCW1 */
		return;
	}
	advance_icw(chip);
}

static uint8_t read_byte(const struct device *dev, unsigned int id, unsigned int offset)
{
	struct i8259 *pic = dev->state;
	struct i8259_chip *chip = id == RANGE_MASTER ? &pic->master : &pic->slave;

	if (offset > 1)
		return 0xff;
	if (id == RANGE_ELCR)
		return offset == 0 ? pic->master.elcr : pic->slave.elcr;
	if (chip->poll) {
		uint8_t value = poll(pic, id == RANGE_MASTER);

		update(dev);
		return value;
	}
	if (offset == 1)
		return chip->imr;
	return chip->read_isr ? chip->isr : irr(chip);
}

static void write_byte(const struct device *dev, unsigned int id, unsigned int offset,
		       uint8_t value)
{
	struct i8259 *pic = dev->state;
	struct i8259_chip *chip = id == RANGE_MASTER ? &pic->master : &pic->slave;

	if (offset > 1)
		return;
	if (id == RANGE_ELCR && offset == 0)
		pic->master.elcr = value & ELCR_MASTER_MASK;
	else if (id == RANGE_ELCR)
		pic->slave.elcr = value & ELCR_SLAVE_MASK;
	else if (offset == 0)
		write_command(chip, value);
	else
		write_data(chip, value);
	update(dev);
}

/* A wide access is a sequence of byte accesses, as on the ISA bus. */
static uint64_t i8259_read(const struct device *dev, unsigned int id, uint64_t offset,
			   unsigned int size)
{
	uint32_t value = 0;

	for (unsigned int i = 0; i < size; i++)
		value |= (uint32_t)read_byte(dev, id, (unsigned int)offset + i) << (i * 8);
	return value;
}

static void i8259_write(const struct device *dev, unsigned int id, uint64_t offset,
			unsigned int size, uint64_t value)
{
	for (unsigned int i = 0; i < size; i++)
		write_byte(dev, id, (unsigned int)offset + i, (uint8_t)(value >> (i * 8)));
}

static void i8259_set_line(const struct device *dev, unsigned int line, bool level)
{
	struct i8259 *pic = dev->state;

	if (line >= 2 * INPUTS || line == CASCADE)
		return;
	set_input(line < INPUTS ? &pic->master : &pic->slave, line % INPUTS, level);
	update(dev);
}

static void i8259_reset(const struct device *dev)
{
	struct i8259 *pic = dev->state;
	/* IMR is undefined in the data sheet; firmware leaves everything masked. */
	struct i8259_chip power_on = { .imr = 0xff, .lowest = INPUTS - 1 };

	/*
	 * The inputs belong to the devices; those that hold theirs release it by their own reset.
	 */
	power_on.lines = pic->master.lines;
	pic->master = power_on;
	power_on.lines = pic->slave.lines;
	pic->slave = power_on;
	update(dev);
}

const struct device_ops i8259_ops = {
	.compatible = "intel,i8259",
	.reset = i8259_reset,
	.read = i8259_read,
	.write = i8259_write,
	.set_line = i8259_set_line,
};
