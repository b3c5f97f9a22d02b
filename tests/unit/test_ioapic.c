/* SPDX-License-Identifier: Apache-2.0 */
/* sources: src/vdev/ioapic.c tests/unit/fake_device.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "fake_device.h"
#include "vdev/ioapic.h"

#define SELECT 0x00
#define WINDOW 0x10
#define EOI 0x40

#define LEVEL 0x8000u
#define MASKED 0x10000u
#define REMOTE_IRR 0x4000u

static struct ioapic state;
static const struct device_range ranges[] = { { DEVICE_MMIO, 0xfec00000, 0x1000, 0 } };
static const struct device ioapic = {
	.ops = &ioapic_ops,
	.name = "ioapic",
	.state = &state,
	.ranges = ranges,
	.nr_ranges = 1,
	.parameter = 4,
};

static uint32_t get(uint32_t index)
{
	fake_out(&ioapic, 0, SELECT, 4, index);
	return fake_in(&ioapic, 0, WINDOW, 4);
}

static void set(uint32_t index, uint32_t value)
{
	fake_out(&ioapic, 0, SELECT, 4, index);
	fake_out(&ioapic, 0, WINDOW, 4, value);
}

static void entry(unsigned int pin, uint32_t low, uint8_t destination)
{
	set(0x11 + 2 * pin, (uint32_t)destination << 24);
	set(0x10 + 2 * pin, low);
}

static void line(unsigned int number, bool level)
{
	ioapic.ops->set_line(&ioapic, number, level);
}

static void assert_last(unsigned int number, uint32_t destination, bool logical, bool level,
			unsigned int delivery, unsigned int vector)
{
	const struct irq_message *msg = &fake.messages[number - 1];

	assert_int_equal(fake.nr_messages, number);
	assert_int_equal(msg->destination, destination);
	assert_int_equal(msg->logical, logical);
	assert_int_equal(msg->level, level);
	assert_int_equal(msg->delivery, delivery);
	assert_int_equal(msg->vector, vector);
}

static int setup(void **context)
{
	static const struct ioapic zero;

	(void)context;
	fake_start();
	state = zero;
	ioapic.ops->reset(&ioapic);
	fake.nr_routes = 0;
	return 0;
}

static void it_identifies_itself_with_24_entries_and_an_eoi_register(void **context)
{
	(void)context;
	assert_int_equal(get(0), 4u << 24);
	assert_int_equal(get(1), 0x00170020);
	assert_int_equal(get(2), 4u << 24);
	set(0, 0xffffffff);
	assert_int_equal(get(0), 0x0f000000);
	assert_int_equal(get(2), 0x0f000000);
	set(1, 0);
	assert_int_equal(get(1), 0x00170020);
}

static void reset_masks_every_pin_and_says_so(void **context)
{
	(void)context;
	for (unsigned int pin = 0; pin < IOAPIC_PINS; pin++)
		entry(pin, 0x30 + pin, 1);
	fake.nr_routes = 0;
	ioapic.ops->reset(&ioapic);
	assert_int_equal(fake.nr_routes, IOAPIC_PINS);
	for (unsigned int pin = 0; pin < IOAPIC_PINS; pin++) {
		assert_int_equal(fake.routes[pin].pin, pin);
		assert_true(fake.routes[pin].masked);
		assert_int_equal(get(0x10 + 2 * pin), MASKED);
		assert_int_equal(get(0x11 + 2 * pin), 0);
	}
}

static void entries_keep_their_writable_bits(void **context)
{
	(void)context;
	for (unsigned int pin = 0; pin < IOAPIC_PINS; pin++) {
		set(0x10 + 2 * pin, 0xffffffff);
		set(0x11 + 2 * pin, 0xffffffff);
		assert_int_equal(get(0x10 + 2 * pin), 0x0001afff);
		assert_int_equal(get(0x11 + 2 * pin), 0xff000000);
		set(0x10 + 2 * pin, 0);
		assert_int_equal(get(0x10 + 2 * pin), 0);
		assert_int_equal(get(0x11 + 2 * pin), 0xff000000);
	}
	assert_int_equal(get(0x40), 0xffffffff);
	assert_int_equal(get(0x05), 0xffffffff);
	set(0x40, 0x12345678);
	assert_int_equal(get(0x40), 0xffffffff);
}

static void changes_of_an_entry_are_routed_and_repetitions_are_not(void **context)
{
	(void)context;
	set(0x10 + 2 * 4, 0x34);
	assert_int_equal(fake.nr_routes, 1);
	assert_int_equal(fake.routes[0].pin, 4);
	assert_false(fake.routes[0].masked);
	assert_int_equal(fake.routes[0].message.vector, 0x34);
	set(0x10 + 2 * 4, 0x34);
	assert_int_equal(fake.nr_routes, 1);
	set(0x11 + 2 * 4, 0x02000000);
	assert_int_equal(fake.nr_routes, 2);
	assert_int_equal(fake.routes[1].message.destination, 2);
	set(0x10 + 2 * 4, 0x34 | MASKED);
	assert_true(fake.routes[2].masked);
	/* What no local APIC would accept is no route. */
	set(0x10 + 2 * 4, 0x05);
	assert_true(fake.routes[3].masked);
	set(0x10 + 2 * 4, 0x334);
	assert_true(fake.routes[4].masked);
}

static void an_edge_sends_what_the_entry_says(void **context)
{
	(void)context;
	entry(4, 0x934, 0x03); /* lowest priority, logical */
	line(4, true);
	assert_last(1, 3, true, false, 1, 0x34);
	line(4, true);
	assert_int_equal(fake.nr_messages, 1);
	line(4, false);
	assert_int_equal(fake.nr_messages, 1);
	line(4, true);
	assert_int_equal(fake.nr_messages, 2);
}

static void the_isa_timer_is_at_pin_2(void **context)
{
	(void)context;
	entry(0, 0x30, 0);
	entry(2, 0x32, 0);
	line(0, true);
	assert_last(1, 0, false, false, 0, 0x32);
	/* The cascade is not wired to anything and does not disturb pin 2. */
	line(2, true);
	line(2, false);
	line(0, false);
	line(0, true);
	assert_last(2, 0, false, false, 0, 0x32);
}

static void every_other_line_goes_to_its_pin(void **context)
{
	unsigned int sent = 0;

	(void)context;
	for (unsigned int pin = 3; pin < IOAPIC_PINS; pin++)
		entry(pin, 0x40 + pin, 1);
	for (unsigned int pin = 3; pin < IOAPIC_PINS; pin++) {
		line(pin, true);
		assert_last(++sent, 1, false, false, 0, 0x40 + pin);
	}
	line(24, true);
	line(4000, true);
	assert_int_equal(fake.nr_messages, sent);
}

static void edges_while_masked_are_lost(void **context)
{
	(void)context;
	entry(4, 0x34 | MASKED, 0);
	line(4, true);
	entry(4, 0x34, 0);
	assert_int_equal(fake.nr_messages, 0);
	line(4, false);
	line(4, true);
	assert_int_equal(fake.nr_messages, 1);
}

static void a_level_is_sent_once_until_its_eoi(void **context)
{
	(void)context;
	entry(9, 0x39 | LEVEL, 1);
	line(9, true);
	assert_last(1, 1, false, true, 0, 0x39);
	assert_int_equal(get(0x10 + 18), 0x39 | LEVEL | REMOTE_IRR);
	line(9, false);
	line(9, true);
	assert_int_equal(fake.nr_messages, 1);
	ioapic_eoi(&ioapic, 0x38);
	assert_int_equal(fake.nr_messages, 1);
	ioapic_eoi(&ioapic, 0x39);
	assert_int_equal(fake.nr_messages, 2);
	line(9, false);
	ioapic_eoi(&ioapic, 0x39);
	assert_int_equal(fake.nr_messages, 2);
	assert_int_equal(get(0x10 + 18), 0x39 | LEVEL);
}

static void the_eoi_register_does_what_a_processors_eoi_does(void **context)
{
	(void)context;
	entry(9, 0x39 | LEVEL, 1);
	line(9, true);
	fake_out(&ioapic, 0, EOI, 4, 0x39);
	assert_int_equal(fake.nr_messages, 2);
	assert_int_equal(get(0x10 + 18) & REMOTE_IRR, REMOTE_IRR);
}

static void a_masked_level_waits_and_is_sent_when_unmasked(void **context)
{
	(void)context;
	entry(9, 0x39 | LEVEL | MASKED, 1);
	line(9, true);
	assert_int_equal(fake.nr_messages, 0);
	entry(9, 0x39 | LEVEL, 1);
	assert_int_equal(fake.nr_messages, 1);
	/* Masked while being served: the EOI does not send again, unmasking does. */
	set(0x10 + 18, 0x39 | LEVEL | MASKED);
	assert_int_equal(get(0x10 + 18), 0x39 | LEVEL | MASKED | REMOTE_IRR);
	ioapic_eoi(&ioapic, 0x39);
	assert_int_equal(fake.nr_messages, 1);
	set(0x10 + 18, 0x39 | LEVEL);
	assert_int_equal(fake.nr_messages, 2);
}

static void remote_irr_cannot_be_written_but_edge_mode_clears_it(void **context)
{
	(void)context;
	entry(9, 0x39 | LEVEL | REMOTE_IRR, 1);
	assert_int_equal(get(0x10 + 18), 0x39 | LEVEL);
	line(9, true);
	assert_int_equal(get(0x10 + 18), 0x39 | LEVEL | REMOTE_IRR);
	set(0x10 + 18, 0x39 | LEVEL | MASKED);
	set(0x10 + 18, 0x39 | MASKED);
	set(0x10 + 18, 0x39 | LEVEL | MASKED);
	assert_int_equal(get(0x10 + 18), 0x39 | LEVEL | MASKED);
}

static void two_pins_may_share_a_vector(void **context)
{
	(void)context;
	entry(9, 0x39 | LEVEL, 1);
	entry(10, 0x39 | LEVEL, 1);
	line(9, true);
	line(10, true);
	assert_int_equal(fake.nr_messages, 2);
	ioapic_eoi(&ioapic, 0x39);
	assert_int_equal(fake.nr_messages, 4);
}

static void smi_nmi_init_and_extint_are_edges_always(void **context)
{
	static const uint8_t deliveries[] = { 2, 4, 5, 7 };

	(void)context;
	for (unsigned int i = 0; i < sizeof(deliveries); i++) {
		line(9, false);
		entry(9, LEVEL | (uint32_t)deliveries[i] << 8, 1);
		line(9, true);
		assert_last(i + 1, 1, false, false, deliveries[i], 0);
		assert_int_equal(get(0x10 + 18) & REMOTE_IRR, 0);
	}
}

static void nothing_invalid_is_ever_sent(void **context)
{
	(void)context;
	entry(9, 0x339, 1);
	line(9, true);
	entry(10, 0x639, 1);
	line(10, true);
	entry(11, 0x0f, 1);
	line(11, true);
	entry(12, LEVEL | 0x0f, 1);
	line(12, true);
	assert_int_equal(fake.nr_messages, 0);
	assert_int_equal(get(0x10 + 2 * 12) & REMOTE_IRR, 0);
	entry(13, 0x10, 1);
	line(13, true);
	assert_last(1, 1, false, false, 0, 0x10);
}

static void narrow_and_stray_accesses_are_sane(void **context)
{
	(void)context;
	fake_out8(&ioapic, 0, SELECT, 1);
	assert_int_equal(fake_in8(&ioapic, 0, SELECT), 1);
	assert_int_equal(fake_in(&ioapic, 0, WINDOW, 2), 0x0020);
	assert_int_equal(fake_in8(&ioapic, 0, WINDOW + 2), 0x17);
	assert_int_equal(fake_in(&ioapic, 0, WINDOW + 2, 4), 0xffff0017);
	assert_int_equal(fake_in(&ioapic, 0, 0x20, 4), 0xffffffff);
	assert_int_equal(fake_in(&ioapic, 0, 0xffc, 4), 0xffffffff);
	fake_out(&ioapic, 0, SELECT, 4, 0x10);
	fake_out(&ioapic, 0, WINDOW, 2, 0x34);
	fake_out8(&ioapic, 0, WINDOW + 2, 0);
	assert_int_equal(get(0x10), MASKED);
	fake_out(&ioapic, 0, SELECT, 4, 0xabcdef01);
	assert_int_equal(fake_in(&ioapic, 0, SELECT, 4), 1);
}

static void nonsense_does_no_harm(void **context)
{
	(void)context;
	fake_seed(17);
	for (unsigned int i = 0; i < 100; i++) {
		fake_hammer(&ioapic, 500);
		for (unsigned int n = 0; n < 500; n++) {
			set(fake_random(256), fake_random(UINT32_MAX));
			line(fake_random(30), fake_random(2));
			ioapic_eoi(&ioapic, (uint8_t)fake_random(256));
		}
		for (unsigned int n = 0; n < fake.nr_messages; n++) {
			const struct irq_message *msg = &fake.messages[n];

			assert_true(msg->delivery != 3 && msg->delivery != 6);
			assert_true(msg->delivery > 1 || msg->vector >= 0x10);
		}
		fake.nr_messages = 0;
		fake.nr_routes = 0;
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(it_identifies_itself_with_24_entries_and_an_eoi_register,
				       setup),
		cmocka_unit_test_setup(reset_masks_every_pin_and_says_so, setup),
		cmocka_unit_test_setup(entries_keep_their_writable_bits, setup),
		cmocka_unit_test_setup(changes_of_an_entry_are_routed_and_repetitions_are_not,
				       setup),
		cmocka_unit_test_setup(an_edge_sends_what_the_entry_says, setup),
		cmocka_unit_test_setup(the_isa_timer_is_at_pin_2, setup),
		cmocka_unit_test_setup(every_other_line_goes_to_its_pin, setup),
		cmocka_unit_test_setup(edges_while_masked_are_lost, setup),
		cmocka_unit_test_setup(a_level_is_sent_once_until_its_eoi, setup),
		cmocka_unit_test_setup(the_eoi_register_does_what_a_processors_eoi_does, setup),
		cmocka_unit_test_setup(a_masked_level_waits_and_is_sent_when_unmasked, setup),
		cmocka_unit_test_setup(remote_irr_cannot_be_written_but_edge_mode_clears_it, setup),
		cmocka_unit_test_setup(two_pins_may_share_a_vector, setup),
		cmocka_unit_test_setup(smi_nmi_init_and_extint_are_edges_always, setup),
		cmocka_unit_test_setup(nothing_invalid_is_ever_sent, setup),
		cmocka_unit_test_setup(narrow_and_stray_accesses_are_sane, setup),
		cmocka_unit_test_setup(nonsense_does_no_harm, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
