/* SPDX-License-Identifier: Apache-2.0 */
/* sources: src/arch/x86/ipi.c */
/*
 * Which CPUs an interrupt reaches. Every CPU of the board may be another cell's, so the fakes check
 * each message: it must name a CPU of the sending cell, by that CPU's hardware id. What a
 * destination names is worked out here once more, CPU by CPU, from SDM vol. 3, 11.6 and 11.12.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "arch/x86/apic.h"
#include "arch/x86/guest.h"
#include "arch/x86/ioapic.h"

#define BROADCAST UINT32_MAX
#define NO_ROUTE UINT32_MAX

static const unsigned int sizes[] = { 1, 2, 3, 16, 17, 40, 64 };

/* ---- The cell, and what it sends ---- */

static uint32_t hwids[MAX_CPUS];
static struct cell_config config = { .cpus = hwids };
static struct cell cell = { .config = &config };
static struct vcpu cell_vcpus[MAX_CPUS];

static uint32_t sent[MAX_CPUS];      /* the low half of the ICR that went to each vCPU, or 0 */
static uint32_t requested[MAX_CPUS]; /* what each vCPU was asked for */
static unsigned int kicks;
static unsigned int messages;
static unsigned int route_pin;
static struct ioapic_route route;
static unsigned int routes;
static uint64_t timer;

void apic_send(uint32_t id, uint32_t low)
{
	unsigned int v;

	for (v = 0; v < config.nr_cpus && hwids[v] != id; v++)
		;
	if (v == config.nr_cpus)
		fail_msg("an interrupt left the cell, to CPU %u", id);
	assert_int_equal(sent[v], 0);
	sent[v] = low;
	messages++;
}

void vcpu_request(struct vcpu *vcpu, uint32_t bits)
{
	assert_true(vcpu >= cell_vcpus && vcpu < cell_vcpus + config.nr_cpus);
	requested[vcpu - cell_vcpus] |= bits;
	kicks++;
}

void ioapic_set_route(unsigned int pin, const struct ioapic_route *to)
{
	route_pin = pin;
	route = *to;
	routes++;
}

void arch_cell_timer(struct cell *of, uint64_t deadline)
{
	assert_ptr_equal(of, &cell);
	timer = deadline;
}

static void forget(void)
{
	memset(sent, 0, sizeof(sent));
	memset(requested, 0, sizeof(requested));
	messages = kicks = routes = 0;
	route_pin = NO_ROUTE;
}

static void make_cell(unsigned int nr_cpus)
{
	forget();
	config.nr_cpus = nr_cpus;
	for (unsigned int v = 0; v < nr_cpus; v++) {
		/* Neither dense nor sorted, and none of them is a vCPU's number of the cell. */
		hwids[v] = 1000 - 7 * v;
		cell_vcpus[v] = (struct vcpu){ .cell = &cell, .index = v, .hwid = hwids[v] };
		cell.vcpus[v] = &cell_vcpus[v];
	}
}

static int setup(void **state)
{
	(void)state;
	config.arch = (struct arch_cell_config){ 0 };
	cell.arch = (struct arch_cell){ 0 };
	timer = 0;
	make_cell(3);
	return 0;
}

/* ---- What a destination names ---- */

/* Whether @destination names the CPU with virtual APIC id @id. */
static bool names(uint32_t destination, bool logical, uint32_t id)
{
	uint32_t cluster = destination >> 16;

	if (destination == BROADCAST)
		return true;
	if (!logical)
		return destination == id;
	return (cluster == id >> 4 || cluster == 0xffff) && (destination >> (id & 15) & 1);
}

/* Fills the mask of the cell's CPUs; false when the destination names others too, or nobody. What
 * goes to every cluster means every cluster of the cell. */
static bool named(uint32_t destination, bool logical, uint64_t *mask)
{
	uint32_t cluster = destination >> 16;
	bool whole_cell = destination == BROADCAST || (logical && cluster == 0xffff);
	uint32_t outside = logical ? cluster << 4 : destination; /* 16 candidates or 1 */
	bool foreign = false;

	*mask = 0;
	for (uint32_t id = 0; id < config.nr_cpus; id++)
		*mask |= names(destination, logical, id) ? UINT64_C(1) << id : 0;
	for (uint32_t id = outside; !whole_cell && id - outside < (logical ? 16 : 1); id++)
		foreign |= id >= config.nr_cpus && names(destination, logical, id);
	return !foreign && (*mask || whole_cell);
}

static uint32_t icr_low(enum apic_delivery delivery, bool logical, enum apic_shorthand shorthand,
			uint8_t vector)
{
	return vector | (uint32_t)delivery << 8 | (logical ? BIT(11) : 0) | BIT(14) |
	       (uint32_t)shorthand << 18;
}

/* Checks what came of a message with @vector to the CPUs of @mask. */
static void assert_delivered(uint64_t mask, enum apic_delivery delivery, uint8_t vector)
{
	uint64_t by_apic = 0, by_request = 0;
	uint32_t request = delivery == DELIVERY_NMI    ? REQUEST_NMI
			   : delivery == DELIVERY_INIT ? REQUEST_INIT
						       : REQUEST_SIPI;

	if (delivery == DELIVERY_LOWEST)
		mask &= -mask;
	if (delivery <= DELIVERY_LOWEST)
		by_apic = vector >= 16 ? mask : 0;
	else if (delivery >= DELIVERY_NMI && delivery <= DELIVERY_SIPI)
		by_request = mask;
	for (unsigned int v = 0; v < MAX_CPUS; v++) {
		bool told = by_request >> v & 1;

		/* Fixed, edge-triggered, physical, no shorthand: one CPU and this vector. */
		assert_int_equal(sent[v], by_apic >> v & 1 ? vector | BIT(14) : 0);
		assert_int_equal(requested[v], told ? request : 0);
		if (told && delivery == DELIVERY_SIPI)
			assert_int_equal(cell.arch.startup[v], vector);
	}
}

static void check_ipi(unsigned int from, uint32_t destination, uint32_t low)
{
	enum apic_delivery delivery = (low >> 8) & 7;
	uint64_t everybody = UINT64_MAX >> (64 - config.nr_cpus), mask = 0;
	bool allowed = true;

	switch ((low >> 18) & 3) {
	case SHORTHAND_SELF:
		mask = UINT64_C(1) << from;
		break;
	case SHORTHAND_ALL:
		mask = everybody;
		break;
	case SHORTHAND_OTHERS:
		mask = everybody & ~(UINT64_C(1) << from);
		break;
	default:
		allowed = named(destination, low & BIT(11), &mask);
		break;
	}
	allowed = allowed && delivery != DELIVERY_SMI;
	forget();
	assert_int_equal(guest_send_ipi(&cell_vcpus[from], (uint64_t)destination << 32 | low),
			 allowed ? 0 : -EPERM);
	assert_delivered(allowed ? mask : 0, delivery, (uint8_t)low);
}

/* Every delivery mode and three vectors, the reserved modes too. */
static void check_all_deliveries(unsigned int from, uint32_t destination, bool logical,
				 enum apic_shorthand shorthand)
{
	static const uint8_t vectors[] = { 0x0f, 0x10, 0xfe };

	for (unsigned int delivery = 0; delivery < 8; delivery++)
		for (unsigned int i = 0; i < ARRAY_SIZE(vectors); i++)
			check_ipi(from, destination,
				  icr_low(delivery, logical, shorthand, vectors[i]));
}

/* ---- The ICR ---- */

static void physical_destinations_reach_own_cpus_only(void **state)
{
	static const uint32_t others[] = { 0xff,       0x100,      0x10000,     BIT(31),
					   0xfffffffe, 0xffff0000, BROADCAST,   1000,
					   1000 - 7,   1000 - 14,  0x80000000u, 0xffffff00 };

	(void)state;
	for (unsigned int n = 0; n < ARRAY_SIZE(sizes); n++) {
		make_cell(sizes[n]);
		for (uint32_t id = 0; id < 70; id++)
			check_all_deliveries(sizes[n] / 2, id, false, SHORTHAND_NONE);
		for (unsigned int i = 0; i < ARRAY_SIZE(others); i++)
			check_all_deliveries(sizes[n] - 1, others[i], false, SHORTHAND_NONE);
	}
}

static void logical_destinations_reach_own_cpus_only(void **state)
{
	static const uint16_t bits[] = { 0,      1,      2,      3,      4,
					 7,      8,      0x10,   0x0100, 0x8000,
					 0x8001, 0x7fff, 0xfffe, 0xffff, 0x00ff };
	static const uint16_t clusters[] = { 0, 1, 2, 3, 4, 5, 0x100, 0x7fff, 0xfffe, 0xffff };

	(void)state;
	for (unsigned int n = 0; n < ARRAY_SIZE(sizes); n++) {
		make_cell(sizes[n]);
		for (unsigned int c = 0; c < ARRAY_SIZE(clusters); c++)
			for (unsigned int b = 0; b < ARRAY_SIZE(bits); b++)
				check_all_deliveries(0, (uint32_t)clusters[c] << 16 | bits[b], true,
						     SHORTHAND_NONE);
	}
}

static void every_logical_destination_of_one_cluster_is_right(void **state)
{
	(void)state;
	make_cell(19);
	for (uint32_t bits = 0; bits < 0x10000; bits++) {
		uint32_t low = icr_low(DELIVERY_FIXED, true, SHORTHAND_NONE, 0x40);
		uint64_t own = bits & 7;
		bool allowed = bits != 0 && bits < 8;

		forget();
		assert_int_equal(guest_send_ipi(&cell_vcpus[0], UINT64_C(0x10000) << 32 |
									(uint64_t)bits << 32 | low),
				 allowed ? 0 : -EPERM);
		assert_delivered(allowed ? own << 16 : 0, DELIVERY_FIXED, 0x40);
	}
}

/* With a shorthand the destination does not count, whatever stands there. */
static void shorthands_mean_the_cell_and_not_the_machine(void **state)
{
	static const uint32_t ignored[] = { 0, 3, 0x1234, 0xffff0000, BROADCAST };

	(void)state;
	for (unsigned int n = 0; n < ARRAY_SIZE(sizes); n++) {
		make_cell(sizes[n]);
		for (unsigned int from = 0; from < sizes[n]; from += 1 + from)
			for (unsigned int i = 0; i < ARRAY_SIZE(ignored); i++)
				for (unsigned int s = SHORTHAND_SELF; s <= SHORTHAND_OTHERS; s++)
					for (unsigned int l = 0; l < 2; l++)
						check_all_deliveries(from, ignored[i], l, s);
	}
}

static void a_lone_cpu_has_no_others(void **state)
{
	(void)state;
	make_cell(1);
	check_ipi(0, 0, icr_low(DELIVERY_FIXED, false, SHORTHAND_OTHERS, 0x40));
	assert_int_equal(messages + kicks, 0);
}

static void virtual_ids_become_hardware_ids(void **state)
{
	(void)state;
	make_cell(3);
	for (unsigned int v = 0; v < 3; v++) {
		forget();
		assert_int_equal(guest_send_ipi(&cell_vcpus[0], (uint64_t)v << 32 | 0x4055), 0);
		assert_int_equal(sent[v], 0x4055); /* apic_send() found v by its hardware id */
		assert_int_equal(messages, 1);
		/* A hardware id is no name that the guest could use. */
		assert_int_equal(guest_send_ipi(&cell_vcpus[0], (uint64_t)hwids[v] << 32 | 0x4055),
				 -EPERM);
		assert_int_equal(messages, 1);
	}
}

static void a_message_with_one_foreign_cpu_goes_to_nobody(void **state)
{
	(void)state;
	make_cell(3);
	for (unsigned int delivery = 0; delivery < 8; delivery++) {
		uint64_t icr = UINT64_C(0xf) << 32 | icr_low(delivery, true, SHORTHAND_NONE, 0x40);

		assert_int_equal(guest_send_ipi(&cell_vcpus[1], icr), -EPERM);
		assert_int_equal(messages + kicks, 0);
	}
}

/* INIT as operating systems send it: assert, then de-assert, level-triggered. */
static void init_is_a_request_when_asserted_only(void **state)
{
	(void)state;
	make_cell(2);
	assert_int_equal(guest_send_ipi(&cell_vcpus[0], UINT64_C(1) << 32 | 0xc500), 0);
	assert_int_equal(requested[1], REQUEST_INIT);
	assert_int_equal(kicks, 1);
	assert_int_equal(guest_send_ipi(&cell_vcpus[0], UINT64_C(1) << 32 | 0x8500), 0);
	assert_int_equal(kicks, 1);
	/* An edge-triggered one counts without "assert". */
	assert_int_equal(guest_send_ipi(&cell_vcpus[0], UINT64_C(1) << 32 | 0x0500), 0);
	assert_int_equal(kicks, 2);
	/* De-assert is no way around the filter. */
	assert_int_equal(guest_send_ipi(&cell_vcpus[0], UINT64_C(2) << 32 | 0x8500), -EPERM);
	assert_int_equal(guest_send_ipi(&cell_vcpus[0], UINT64_C(1) << 32 | 0x4612), 0);
	assert_int_equal(cell.arch.startup[1], 0x12);
	assert_int_equal(cell.arch.startup[0], 0);
}

static void bits_of_the_icr_that_say_nothing_change_nothing(void **state)
{
	(void)state;
	make_cell(2);
	/* Delivery status, level-triggered and the reserved bits do not reach the hardware. */
	assert_int_equal(guest_send_ipi(&cell_vcpus[0], UINT64_C(1) << 32 | 0xfff3f031), 0);
	assert_int_equal(sent[1], 0x4031);
	assert_int_equal(messages, 1);
}

/* ---- Messages of the virtual I/O APIC ---- */

/* The CPUs that an 8-bit destination reaches, without an opinion on those it names in vain. */
static uint64_t reached(uint32_t destination, bool logical)
{
	uint64_t everybody = UINT64_MAX >> (64 - config.nr_cpus);

	if (destination == 0xff)
		return everybody;
	if (logical)
		return destination & everybody;
	return destination < config.nr_cpus ? UINT64_C(1) << destination : 0;
}

static void messages_reach_own_cpus_only(void **state)
{
	(void)state;
	for (unsigned int n = 0; n < ARRAY_SIZE(sizes); n++) {
		make_cell(sizes[n]);
		for (uint32_t destination = 0; destination < 256; destination++) {
			for (unsigned int kind = 0; kind < 32; kind++) {
				const struct irq_message msg = { .destination = destination,
								 .logical = kind & 8,
								 .level = kind & 16,
								 .delivery = kind & 7,
								 .vector = 0x51 };
				bool none = (kind & 7) == DELIVERY_SIPI;

				forget();
				arch_send_message(&cell, &msg);
				assert_delivered(none ? 0 : reached(destination, kind & 8),
						 kind & 7, 0x51);
			}
		}
	}
}

static void messages_with_illegal_vectors_go_nowhere(void **state)
{
	(void)state;
	for (uint8_t vector = 0; vector < 16; vector++) {
		const struct irq_message msg = { .destination = 0, .vector = vector };

		arch_send_message(&cell, &msg);
	}
	assert_int_equal(messages + kicks, 0);
}

/* ---- Passthrough pins ---- */

static const struct x86_irq_pin pins[] = { { 4, false, "a.dts:1" }, { 11, true, "a.dts:2" } };

static void own_pins(void)
{
	config.arch.pins = pins;
	config.arch.nr_pins = 2;
}

static void foreign_pins_are_never_touched(void **state)
{
	const struct irq_message msg = { .destination = 0, .vector = 0x31 };

	(void)state;
	for (unsigned int pin = 0; pin < 300; pin++)
		arch_route_pin(&cell, pin, &msg, false);
	assert_int_equal(routes, 0);
	own_pins();
	for (unsigned int pin = 0; pin < 300; pin++)
		if (pin != 4 && pin != 11)
			arch_route_pin(&cell, pin, &msg, false);
	assert_int_equal(routes, 0);
}

static void an_own_pin_goes_to_an_own_cpu(void **state)
{
	(void)state;
	own_pins();
	for (unsigned int n = 0; n < ARRAY_SIZE(sizes); n++) {
		make_cell(sizes[n]);
		for (uint32_t destination = 0; destination < 256; destination++) {
			for (unsigned int kind = 0; kind < 64; kind++) {
				bool logical = kind & 8, masked = kind & 16, second = kind & 32;
				const struct irq_message msg = { .destination = destination,
								 .logical = logical,
								 .level = !second,
								 .delivery = kind & 7,
								 .vector = 0x31 };
				uint64_t mask = reached(destination, logical);

				forget();
				arch_route_pin(&cell, second ? 11 : 4, &msg, masked);
				assert_int_equal(routes, 1);
				assert_int_equal(route_pin, second ? 11 : 4);
				assert_int_equal(route.masked, masked || !mask || (kind & 7) > 1);
				/* The electrical side is the board's, not the guest's. */
				assert_int_equal(route.level, second);
				assert_false(route.low);
				assert_int_equal(route.delivery, DELIVERY_FIXED);
				assert_int_equal(route.vector, 0x31);
				if (mask)
					assert_int_equal(route.destination,
							 hwids[__builtin_ctzll(mask)]);
			}
		}
	}
	assert_int_equal(messages + kicks, 0);
}

static void an_own_pin_with_an_illegal_vector_stays_masked(void **state)
{
	(void)state;
	own_pins();
	for (unsigned int vector = 0; vector < 256; vector++) {
		const struct irq_message msg = { .destination = 1, .vector = (uint8_t)vector };

		arch_route_pin(&cell, 4, &msg, false);
		assert_int_equal(route.masked, vector < 16);
	}
}

static void a_reset_masks_the_cells_pins_and_ends_its_timer(void **state)
{
	(void)state;
	own_pins();
	cell.arch.intr = 1;
	arch_cell_reset(&cell);
	assert_int_equal(routes, 2);
	assert_int_equal(route_pin, 11);
	assert_true(route.masked);
	assert_int_equal(cell.arch.intr, 0);
	assert_int_equal(timer, TIMER_OFF);
}

static void the_8259_asks_for_the_first_vcpu(void **state)
{
	(void)state;
	arch_set_cpu_line(&cell, 0, 0, true);
	assert_int_equal(requested[0], REQUEST_INTR);
	assert_int_equal(cell.arch.intr, 1);
	forget();
	arch_set_cpu_line(&cell, 0, 0, false); /* the CPU sees that when it looks */
	assert_int_equal(kicks, 0);
	assert_int_equal(cell.arch.intr, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(physical_destinations_reach_own_cpus_only, setup),
		cmocka_unit_test_setup(logical_destinations_reach_own_cpus_only, setup),
		cmocka_unit_test_setup(every_logical_destination_of_one_cluster_is_right, setup),
		cmocka_unit_test_setup(shorthands_mean_the_cell_and_not_the_machine, setup),
		cmocka_unit_test_setup(a_lone_cpu_has_no_others, setup),
		cmocka_unit_test_setup(virtual_ids_become_hardware_ids, setup),
		cmocka_unit_test_setup(a_message_with_one_foreign_cpu_goes_to_nobody, setup),
		cmocka_unit_test_setup(init_is_a_request_when_asserted_only, setup),
		cmocka_unit_test_setup(bits_of_the_icr_that_say_nothing_change_nothing, setup),
		cmocka_unit_test_setup(messages_reach_own_cpus_only, setup),
		cmocka_unit_test_setup(messages_with_illegal_vectors_go_nowhere, setup),
		cmocka_unit_test_setup(foreign_pins_are_never_touched, setup),
		cmocka_unit_test_setup(an_own_pin_goes_to_an_own_cpu, setup),
		cmocka_unit_test_setup(an_own_pin_with_an_illegal_vector_stays_masked, setup),
		cmocka_unit_test_setup(a_reset_masks_the_cells_pins_and_ends_its_timer, setup),
		cmocka_unit_test_setup(the_8259_asks_for_the_first_vcpu, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
