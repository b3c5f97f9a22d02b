/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who a line is for. An interrupt of a level masks its line; it is armed again when its cause is
 * gone: for the console at once, for a cell when its kernel unmasks the input of its virtual
 * PCH-PIC.
 */
#include "irq.h"
#include "controllers.h"
#include "core/arch.h"
#include "core/cell.h"
#include "core/partition.h"
#include "core/spinlock.h"
#include "core/uart_16550.h"

static const struct loongarch_line *console(void)
{
	return &partition_table.board.arch.console.line;
}

static bool is_line(const struct loongarch_line *line, enum loongarch_controller controller,
		    unsigned int input)
{
	return line->controller == controller && line->input == input;
}

/* The passthrough line at @input and the cell that owns it, or NULL. */
static const struct loongarch_irq *find(enum loongarch_controller controller, unsigned int input,
					struct cell **owner)
{
	for (unsigned int c = 0; c < partition_table.nr_cells; c++) {
		const struct arch_cell_config *config = &partition_table.cells[c].arch;

		*owner = &cells[c];
		for (unsigned int i = 0; i < config->nr_irqs; i++)
			if (is_line(&config->irqs[i].line, controller, input))
				return &config->irqs[i];
	}
	return NULL;
}

void irq_init(void)
{
	controllers_init();
}

static void connect_all(void)
{
	const struct partition_table *table = &partition_table;

	controller_connect(console(), table->board.cpus[0]);
	for (unsigned int c = 0; c < table->nr_cells; c++) {
		const struct cell_config *config = &table->cells[c];

		for (unsigned int i = 0; i < config->arch.nr_irqs; i++)
			controller_connect(&config->arch.irqs[i].line, config->cpus[0]);
	}
}

/* Each node has extended I/O interrupts of its own, and all of them know all lines. */
void irq_init_cpu(unsigned int index)
{
	const uint32_t *cpus = partition_table.board.cpus;
	bool first = true;

	for (unsigned int i = 0; i < index; i++)
		first = first && cpus[i] / CORES_PER_NODE != cpus[index] / CORES_PER_NODE;
	controllers_init_cpu(first);
	if (first)
		connect_all();
}

void irq_enable_console(void)
{
	uart_16550_enable_interrupt();
	controller_arm(console());
}

/* Drives the input of the cell's virtual PCH-PIC that the line stands behind. The device lock is
 * held. */
static void set_guest_input(struct cell *cell, const struct loongarch_irq *irq, bool level)
{
	const struct device line = { .cell = cell, .line = irq->guest_input };

	device_set_irq(&line, level);
}

static void serve(enum loongarch_controller controller, unsigned int input)
{
	const struct loongarch_irq *irq;
	struct cell *cell;

	if (is_line(console(), controller, input)) {
		controller_mask(console());
		uart_16550_attend();
		controller_arm(console());
		return;
	}
	irq = find(controller, input, &cell);
	if (!irq)
		return;
	if (irq->line.edge)
		controller_acknowledge(&irq->line); /* before the guest looks at the device */
	else
		controller_mask(&irq->line);
	spin_lock(&cell->device_lock);
	set_guest_input(cell, irq, true);
	if (irq->line.edge)
		set_guest_input(cell, irq, false);
	spin_unlock(&cell->device_lock);
}

void irq_attend(void)
{
	controllers_take(serve);
}

/* The kernel masks or unmasks an input of its virtual PCH-PIC; the device lock is held. */
void arch_route_pin(struct cell *cell, unsigned int pin, const struct irq_message *msg, bool masked)
{
	const struct arch_cell_config *config = &cell->config->arch;

	(void)msg;
	for (unsigned int i = 0; i < config->nr_irqs; i++) {
		const struct loongarch_irq *irq = &config->irqs[i];

		if (irq->guest_input != pin)
			continue;
		if (masked) {
			controller_mask(&irq->line);
			continue;
		}
		if (!irq->line.edge)
			set_guest_input(cell, irq, false);
		controller_arm(&irq->line);
	}
}

void irq_cell_reset(struct cell *cell)
{
	const struct arch_cell_config *config = &cell->config->arch;

	spin_lock(&cell->device_lock);
	for (unsigned int i = 0; i < config->nr_irqs; i++) {
		controller_mask(&config->irqs[i].line);
		set_guest_input(cell, &config->irqs[i], false);
	}
	spin_unlock(&cell->device_lock);
}
