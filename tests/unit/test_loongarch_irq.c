/* SPDX-License-Identifier: Apache-2.0 */
/* sources: src/arch/loongarch/irq.c */
/* arch: loongarch */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "arch/loongarch/controllers.h"
#include "arch/loongarch/irq.h"
#include "core/arch.h"
#include "core/cell.h"
#include "core/uart_16550.h"

/* ---- A board with the console at input 2 and two cells; the second one owns inputs 3 (a level,
 * its input 5) and 4 (edges, its input 6) of the PCH-PIC and input 3 of the LIOINTC (its input 7)
 * ---- */

#define INPUTS 64
#define CONTROLLERS 2

static const uint32_t board_cpus[] = { 0, 1, 5, 6 }; /* of two nodes */
static const uint32_t first_cpus[] = { 0, 1 };
static const uint32_t second_cpus[] = { 5, 6 };

static const struct loongarch_irq irqs[] = {
	{ .line = { LOONGARCH_PCH_PIC, 3, false }, .guest_input = 5 },
	{ .line = { LOONGARCH_PCH_PIC, 4, true }, .guest_input = 6 },
	{ .line = { LOONGARCH_LIOINTC, 3, false }, .guest_input = 7 },
};

static const struct cell_config configs[] = {
	{ .name = "first", .cpus = first_cpus, .nr_cpus = 2 },
	{ .name = "second",
	  .cpus = second_cpus,
	  .nr_cpus = 2,
	  .arch = { .irqs = irqs, .nr_irqs = ARRAY_SIZE(irqs) } },
};

const struct partition_table partition_table = {
	.board = { .cpus = board_cpus,
		   .nr_cpus = ARRAY_SIZE(board_cpus),
		   .arch = { .console = { .line = { LOONGARCH_PCH_PIC, 2, false } } } },
	.cells = configs,
	.nr_cells = ARRAY_SIZE(configs),
};

struct cell cells[ARRAY_SIZE(configs)];

/* ---- Controllers that note what they are told ---- */

static uint32_t routes[CONTROLLERS][INPUTS]; /* CPU + 1 */
static bool armed[CONTROLLERS][INPUTS];
static unsigned int arms[CONTROLLERS][INPUTS], masks[CONTROLLERS][INPUTS], nodes;
static unsigned int acknowledged[CONTROLLERS][INPUTS];
static uint64_t inputs[ARRAY_SIZE(configs)]; /* levels of the virtual PCH-PICs' inputs */
static uint64_t pending[CONTROLLERS];

void controllers_init(void)
{
	memset(armed, 0, sizeof(armed));
	nodes = 0;
}

/* A node begins without routes. */
void controllers_init_cpu(bool first)
{
	if (first)
		memset(routes, 0, sizeof(routes));
	nodes += first;
}

void controller_acknowledge(const struct loongarch_line *line)
{
	acknowledged[line->controller][line->input]++;
	assert_int_equal(inputs[1] & BIT(6), 0); /* the guest has not been told yet */
}

void controller_connect(const struct loongarch_line *line, uint32_t hwid)
{
	routes[line->controller][line->input] = hwid + 1;
}

void controller_mask(const struct loongarch_line *line)
{
	armed[line->controller][line->input] = false;
	masks[line->controller][line->input]++;
}

void controller_arm(const struct loongarch_line *line)
{
	armed[line->controller][line->input] = true;
	arms[line->controller][line->input]++;
}

void controllers_take(void (*serve)(enum loongarch_controller controller, unsigned int input))
{
	for (unsigned int c = 0; c < CONTROLLERS; c++)
		for (unsigned int i = 0; i < INPUTS; i++)
			if (pending[c] & BIT_ULL(i))
				serve((enum loongarch_controller)c, i);
	memset(pending, 0, sizeof(pending));
}

/* ---- The console's UART, and the virtual PCH-PICs ---- */

static unsigned int console_served, console_enabled;
static unsigned int rises[INPUTS], calls;

void uart_16550_attend(void)
{
	assert_false(armed[LOONGARCH_PCH_PIC][2]); /* it must not come again meanwhile */
	console_served++;
}

void uart_16550_enable_interrupt(void)
{
	assert_false(armed[LOONGARCH_PCH_PIC][2]);
	console_enabled++;
}

void device_set_irq(const struct device *dev, bool level)
{
	uint64_t *levels = &inputs[dev->cell - cells];

	assert_int_not_equal(dev->cell->device_lock.next, dev->cell->device_lock.serving);
	calls++;
	rises[dev->line] += level && !(*levels & BIT_ULL(dev->line));
	*levels = level ? *levels | BIT_ULL(dev->line) : *levels & ~BIT_ULL(dev->line);
}

static int start(void **state)
{
	(void)state;
	memset(arms, 0, sizeof(arms));
	memset(masks, 0, sizeof(masks));
	memset(acknowledged, 0, sizeof(acknowledged));
	memset(inputs, 0, sizeof(inputs));
	memset(rises, 0, sizeof(rises));
	memset(cells, 0, sizeof(cells));
	console_served = console_enabled = calls = 0;
	for (unsigned int i = 0; i < ARRAY_SIZE(configs); i++)
		cells[i].config = &configs[i];
	irq_init();
	for (unsigned int i = 0; i < ARRAY_SIZE(board_cpus); i++)
		irq_init_cpu(i);
	return 0;
}

static void interrupt(enum loongarch_controller controller, unsigned int input)
{
	pending[controller] |= BIT_ULL(input);
	irq_attend();
}

/* What the virtual PCH-PIC does when the kernel changes a mask: the lock is held. */
static void guest_masks(unsigned int input, bool masked)
{
	const struct irq_message msg = { .vector = (uint8_t)input };

	spin_lock(&cells[1].device_lock);
	arch_route_pin(&cells[1], input, &msg, masked);
	spin_unlock(&cells[1].device_lock);
}

/* ---- Tests ---- */

static void lines_go_to_their_owners_cpu_and_stay_masked(void **state)
{
	(void)state;
	assert_int_equal(nodes, 2);
	for (unsigned int i = 0; i < INPUTS; i++) {
		uint32_t pic = i == 2 ? 0 + 1 : i == 3 || i == 4 ? 5 + 1 : 0;

		assert_int_equal(routes[LOONGARCH_PCH_PIC][i], pic);
		assert_int_equal(routes[LOONGARCH_LIOINTC][i], i == 3 ? 5 + 1 : 0);
		assert_false(armed[LOONGARCH_PCH_PIC][i]);
		assert_false(armed[LOONGARCH_LIOINTC][i]);
	}
}

static void the_console_is_served_and_armed_again(void **state)
{
	(void)state;
	irq_enable_console();
	assert_int_equal(console_enabled, 1);
	assert_true(armed[LOONGARCH_PCH_PIC][2]);
	interrupt(LOONGARCH_PCH_PIC, 2);
	interrupt(LOONGARCH_PCH_PIC, 2);
	assert_int_equal(console_served, 2);
	assert_int_equal(masks[LOONGARCH_PCH_PIC][2], 2);
	assert_true(armed[LOONGARCH_PCH_PIC][2]);
	assert_int_equal(calls, 0);
}

static void a_level_waits_until_the_kernel_unmasks_it(void **state)
{
	(void)state;
	guest_masks(5, false);
	assert_true(armed[LOONGARCH_PCH_PIC][3]);
	interrupt(LOONGARCH_PCH_PIC, 3);
	assert_int_equal(inputs[1], BIT(5));
	assert_false(armed[LOONGARCH_PCH_PIC][3]);
	guest_masks(5, true);
	assert_false(armed[LOONGARCH_PCH_PIC][3]);
	assert_int_equal(inputs[1], BIT(5)); /* still there, as far as anybody knows */
	guest_masks(5, false);
	assert_int_equal(inputs[1], 0);
	assert_true(armed[LOONGARCH_PCH_PIC][3]);
	interrupt(LOONGARCH_PCH_PIC, 3);
	assert_int_equal(rises[5], 2);
	assert_int_equal(inputs[0], 0);
}

static void an_edge_stays_armed(void **state)
{
	(void)state;
	guest_masks(6, false);
	interrupt(LOONGARCH_PCH_PIC, 4);
	interrupt(LOONGARCH_PCH_PIC, 4);
	assert_int_equal(rises[6], 2);
	assert_int_equal(acknowledged[LOONGARCH_PCH_PIC][4], 2);
	assert_int_equal(inputs[1], 0);
	assert_true(armed[LOONGARCH_PCH_PIC][4]);
	assert_int_equal(masks[LOONGARCH_PCH_PIC][4], 0);
	guest_masks(6, true);
	assert_false(armed[LOONGARCH_PCH_PIC][4]);
}

static void inputs_of_two_controllers_differ(void **state)
{
	(void)state;
	guest_masks(7, false);
	assert_true(armed[LOONGARCH_LIOINTC][3]);
	assert_false(armed[LOONGARCH_PCH_PIC][3]);
	interrupt(LOONGARCH_LIOINTC, 3);
	assert_int_equal(inputs[1], BIT(7));
	interrupt(LOONGARCH_LIOINTC, 2); /* not the console's */
	assert_int_equal(console_served, 0);
}

static void what_nobody_owns_has_no_effect(void **state)
{
	(void)state;
	interrupt(LOONGARCH_PCH_PIC, 40);
	interrupt(LOONGARCH_LIOINTC, 31);
	assert_int_equal(calls, 0);
	/* Inputs of the virtual controller without a passthrough line: 2 and 3 are elsewhere. */
	guest_masks(2, false);
	guest_masks(3, false);
	assert_false(armed[LOONGARCH_PCH_PIC][2]);
	assert_false(armed[LOONGARCH_PCH_PIC][3]);
	assert_false(armed[LOONGARCH_LIOINTC][3]);
}

static void a_reset_masks_and_lowers(void **state)
{
	(void)state;
	irq_enable_console();
	guest_masks(5, false);
	guest_masks(6, false);
	guest_masks(7, false);
	interrupt(LOONGARCH_PCH_PIC, 3);
	irq_cell_reset(&cells[0]);
	assert_int_equal(inputs[1], BIT(5));
	assert_true(armed[LOONGARCH_LIOINTC][3]);
	irq_cell_reset(&cells[1]);
	assert_int_equal(inputs[1], 0);
	assert_false(armed[LOONGARCH_PCH_PIC][3]);
	assert_false(armed[LOONGARCH_PCH_PIC][4]);
	assert_false(armed[LOONGARCH_LIOINTC][3]);
	assert_true(armed[LOONGARCH_PCH_PIC][2]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(lines_go_to_their_owners_cpu_and_stay_masked, start),
		cmocka_unit_test_setup(the_console_is_served_and_armed_again, start),
		cmocka_unit_test_setup(a_level_waits_until_the_kernel_unmasks_it, start),
		cmocka_unit_test_setup(an_edge_stays_armed, start),
		cmocka_unit_test_setup(inputs_of_two_controllers_differ, start),
		cmocka_unit_test_setup(what_nobody_owns_has_no_effect, start),
		cmocka_unit_test_setup(a_reset_masks_and_lowers, start),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
