/* SPDX-License-Identifier: Apache-2.0 */
/* Random access sequences: the 8259 pair against a second, plainer description of it. */
/* sources: src/vdev/i8259.c tests/unit/fake_device.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "fake_device.h"
#include "vdev/i8259.h"

enum { MASTER, SLAVE, ELCR };

#define MASTER_BASE 0x30
#define SLAVE_BASE 0x38

static struct i8259 state;
static const struct device_range ranges[] = {
	{ DEVICE_PIO, 0x20, 2, MASTER },
	{ DEVICE_PIO, 0xa0, 2, SLAVE },
	{ DEVICE_PIO, 0x4d0, 2, ELCR },
};
static const struct device pic = {
	.ops = &i8259_ops,
	.name = "pic",
	.state = &state,
	.ranges = ranges,
	.nr_ranges = 3,
};

static void command(unsigned int chip, uint8_t value)
{
	fake_out8(&pic, chip, 0, value);
}

static void mask(unsigned int chip, uint8_t value)
{
	fake_out8(&pic, chip, 1, value);
}

static void line(unsigned int number, bool level)
{
	pic.ops->set_line(&pic, number, level);
}

static uint8_t irr(unsigned int chip)
{
	command(chip, 0x0a);
	return fake_in8(&pic, chip, 0);
}

static uint8_t isr(unsigned int chip)
{
	command(chip, 0x0b);
	return fake_in8(&pic, chip, 0);
}

static void initialise(uint8_t master_icw4, uint8_t slave_icw4)
{
	command(MASTER, 0x11);
	mask(MASTER, MASTER_BASE);
	mask(MASTER, 0x04);
	mask(MASTER, master_icw4);
	command(SLAVE, 0x11);
	mask(SLAVE, SLAVE_BASE);
	mask(SLAVE, 0x02);
	mask(SLAVE, slave_icw4);
}

static void power_on(void)
{
	static const struct i8259 zero;

	fake_start();
	state = zero;
	pic.ops->reset(&pic);
}

/*
 * The pair drawn from the data sheet's words and as plain as can be: a list of
 * levels in the order of their priority, one step at a time.
 */
struct model_chip {
	bool pin[8], latch[8], service[8], masked[8], level[8];
	unsigned int order[8]; /* highest priority first */
	bool aeoi, sfnm, smm, rotate, is_master;
};

static struct model_chip models[2];

static void model_lowest(struct model_chip *m, unsigned int level)
{
	for (unsigned int i = 0; i < 8; i++)
		m->order[i] = (level + 1 + i) % 8;
}

static void model_init(struct model_chip *m, bool is_master, bool aeoi, bool sfnm)
{
	memset(m->latch, 0, sizeof(m->latch));
	memset(m->service, 0, sizeof(m->service));
	memset(m->masked, 0, sizeof(m->masked));
	m->smm = false;
	m->rotate = false;
	m->aeoi = aeoi;
	m->sfnm = sfnm;
	m->is_master = is_master;
	model_lowest(m, 7);
}

static int model_request(const struct model_chip *m)
{
	for (unsigned int i = 0; i < 8; i++) {
		unsigned int n = m->order[i];
		bool blocks = m->service[n] && !(m->smm && m->masked[n]);

		if (m->pin[n] && (m->latch[n] || m->level[n]) && !m->masked[n] &&
		    (!blocks || (m->sfnm && m->is_master && n == 2)))
			return (int)n;
		if (blocks)
			return -1;
	}
	return -1;
}

static void model_pin(struct model_chip *m, unsigned int n, bool level)
{
	if (level && !m->pin[n])
		m->latch[n] = true;
	if (!level)
		m->latch[n] = false;
	m->pin[n] = level;
}

static void model_wire(void)
{
	model_pin(&models[0], 2, model_request(&models[1]) >= 0);
}

static unsigned int model_take(struct model_chip *m)
{
	int n = model_request(m);

	if (n < 0)
		return 7;
	m->latch[n] = false;
	m->service[n] = !m->aeoi;
	if (m->aeoi && m->rotate)
		model_lowest(m, (unsigned int)n);
	return (unsigned int)n;
}

static unsigned int model_acknowledge(void)
{
	unsigned int n = model_take(&models[0]);

	if (n != 2)
		return MASTER_BASE + n;
	n = model_take(&models[1]);
	model_pin(&models[0], 2, false);
	return SLAVE_BASE + n;
}

static void model_ocw2(struct model_chip *m, uint8_t value)
{
	unsigned int level = value & 7;

	if (value >> 5 == 0 || value >> 5 == 4)
		m->rotate = value & 0x80;
	if (value >> 5 == 6)
		model_lowest(m, level);
	if (!(value & 0x20))
		return;
	if (!(value & 0x40)) {
		for (level = 0; level < 8; level++) {
			unsigned int n = m->order[level];

			if (m->service[n] && !(m->smm && m->masked[n]))
				break;
		}
		if (level == 8)
			return;
		level = m->order[level];
	}
	m->service[level] = false;
	if (value & 0x80)
		model_lowest(m, level);
}

static uint8_t model_bits(const bool *bits)
{
	unsigned int value = 0;

	for (unsigned int i = 0; i < 8; i++)
		value |= bits[i] ? BIT(i) : 0;
	return (uint8_t)value;
}

static void model_step(void)
{
	unsigned int chip = fake_random(2);
	struct model_chip *m = &models[chip];
	uint8_t value = (uint8_t)fake_random(256);
	unsigned int n = fake_random(16);
	bool level = fake_random(2);

	switch (fake_random(12)) {
	case 0:
		m->smm = value & 1;
		command(chip, m->smm ? 0x68 : 0x48);
		break;
	case 1:
		for (unsigned int i = 0; i < 8; i++)
			m->masked[i] = value & BIT(i);
		mask(chip, value);
		break;
	case 2:
		if (fake_random(20) == 0) {
			initialise(value & 0x12 ? 0x11 : 0x03, (value & 2) | 1);
			model_init(&models[0], true, !(value & 0x12), value & 0x12);
			model_init(&models[1], false, value & 2, false);
			/* While it is being initialised the slave requests nothing. */
			model_pin(&models[0], 2, false);
		}
		break;
	case 3:
		value &= chip == MASTER ? 0xf8 : 0xde;
		for (unsigned int i = 0; i < 8; i++)
			m->level[i] = value & BIT(i);
		fake_out8(&pic, ELCR, chip, value);
		break;
	case 4:
	case 5:
		model_ocw2(m, value & 0xe7);
		command(chip, value & 0xe7);
		break;
	case 6:
	case 7:
		assert_int_equal(i8259_acknowledge(&pic), model_acknowledge());
		break;
	default:
		if (n != 2)
			model_pin(&models[n / 8], n % 8, level);
		line(n, level);
		break;
	}
	model_wire();
}

static void random_sequences_agree_with_the_model(void **context)
{
	(void)context;
	for (uint32_t seed = 1; seed <= 40; seed++) {
		power_on();
		initialise(0x01, 0x01);
		memset(models, 0, sizeof(models));
		model_init(&models[0], true, false, false);
		model_init(&models[1], false, false, false);
		fake_seed(seed);
		for (unsigned int step = 0; step < 3000; step++) {
			model_step();
			assert_int_equal(fake.intr, model_request(&models[0]) >= 0);
			for (unsigned int chip = 0; chip < 2; chip++) {
				uint8_t pending = 0;

				assert_int_equal(isr(chip), model_bits(models[chip].service));
				assert_int_equal(fake_in8(&pic, chip, 1),
						 model_bits(models[chip].masked));
				for (unsigned int i = 0; i < 8; i++) {
					if (models[chip].pin[i] &&
					    (models[chip].latch[i] || models[chip].level[i]))
						pending |= (uint8_t)BIT(i);
				}
				assert_int_equal(irr(chip), pending);
			}
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(random_sequences_agree_with_the_model),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
