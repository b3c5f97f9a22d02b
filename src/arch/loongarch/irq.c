/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The extended I/O interrupts of the processor (IOCSR; Loongson 3A5000/3B5000 Processor Reference
 * Manual, 11.2) and the PCH-PIC of the bridge behind them (Loongson 7A1000 Bridge User Manual, ch.
 * 5).
 *
 * Input n of the PCH-PIC is vector n. An interrupt masks its input; a level is armed again when
 * its cause is gone, that is when the guest unmasks the input of its virtual controller.
 */
#include "irq.h"
#include "core/arch.h"
#include "core/cell.h"
#include "core/log.h"
#include "core/partition.h"
#include "core/spinlock.h"
#include "core/uart_16550.h"
#include "loongarch.h"
#include "mmio.h"

#define PIC_MASK 0x020
#define PIC_HTMSI_ENABLE 0x040
#define PIC_EDGE 0x060
#define PIC_CLEAR 0x080
#define PIC_AUTO0 0x0c0
#define PIC_AUTO1 0x0e0
#define PIC_ROUTE(n) (0x100 + (uint64_t)(n))
#define PIC_VECTOR(n) (0x200 + (uint64_t)(n))
#define PIC_POLARITY 0x3e0
#define PIC_ROUTE_HT0 1
#define PIC_INPUTS 64u

#define EXTIOI_HWI 1u /* the line that vectors arrive at */
#define CORES_PER_NODE 4u
#define ROUTE_NODE_SHIFT 4

static struct spinlock pic_lock;
static uint64_t pic_masked; /* inputs, a bit each */

/* Who gets a vector. */
static struct {
	struct cell *cell; /* NULL: nobody, or the console */
	const struct loongarch_irq *irq;
} owners[PIC_INPUTS];

static uint64_t pic(void)
{
	return partition_table.board.arch.pch_pic;
}

static void pic_write64(uint64_t offset, uint64_t value)
{
	mmio_write32(pic() + offset, (uint32_t)value);
	mmio_write32(pic() + offset + 4, (uint32_t)(value >> 32));
}

/* Offset of the 32 bits that @input is one of. */
static uint64_t word_of(unsigned int input)
{
	return input < 32 ? 0 : 4;
}

static void set_masked(unsigned int input, bool masked)
{
	spin_lock(&pic_lock);
	if (masked)
		pic_masked |= BIT_ULL(input);
	else
		pic_masked &= ~BIT_ULL(input);
	mmio_write32(pic() + PIC_MASK + word_of(input), (uint32_t)(pic_masked >> (input & 32)));
	spin_unlock(&pic_lock);
}

/* What came of a level is forgotten first: it comes again if it is still there. */
static void arm(unsigned int input)
{
	mmio_write32(pic() + PIC_CLEAR + word_of(input), BIT(input % 32));
	set_masked(input, false);
}

static bool is_console(unsigned int input)
{
	const struct loongarch_line *line = &partition_table.board.arch.console.line;

	return line->controller == LOONGARCH_PCH_PIC && line->input == input;
}

static void route(unsigned int vector, uint32_t hwid)
{
	uint32_t word = IOCSR_EXTIOI_ENABLE + vector / 32 * 4;

	iocsr_write8(
		IOCSR_EXTIOI_ROUTE + vector,
		(uint8_t)(hwid / CORES_PER_NODE << ROUTE_NODE_SHIFT | BIT(hwid % CORES_PER_NODE)));
	iocsr_write32(word, iocsr_read32(word) | BIT(vector % 32));
}

static void init_line(const struct loongarch_line *line, uint32_t hwid)
{
	uint64_t edge;

	if (line->controller != LOONGARCH_PCH_PIC || line->input >= PIC_INPUTS)
		return;
	edge = PIC_EDGE + word_of(line->input);
	if (line->edge)
		mmio_write32(pic() + edge, mmio_read32(pic() + edge) | BIT(line->input % 32));
	route(line->input, hwid);
}

static void init_vectors(void)
{
	/* Of each pair of nodes, itself: Linux, drivers/irqchip/irq-loongson-eiointc.c. */
	for (unsigned int i = 0; i < 8; i++)
		iocsr_write32(IOCSR_EXTIOI_NODEMAP + i * 4,
			      BIT(2 * i + 1) << 16 | (uint32_t)BIT(2 * i));
	iocsr_write32(IOCSR_EXTIOI_IPMAP, BIT(EXTIOI_HWI) * 0x01010101u);
	iocsr_write32(IOCSR_EXTIOI_IPMAP + 4, BIT(EXTIOI_HWI) * 0x01010101u);
	for (unsigned int i = 0; i < EXTIOI_VECTORS / 32; i++) {
		iocsr_write32(IOCSR_EXTIOI_ENABLE + i * 4, 0);
		iocsr_write32(IOCSR_EXTIOI_BOUNCE + i * 4, 0);
	}
	iocsr_write64(IOCSR_MISC_FUNC, iocsr_read64(IOCSR_MISC_FUNC) | IOCSR_MISC_EXT_IOI);
}

static void init_pic(void)
{
	pic_masked = UINT64_MAX;
	pic_write64(PIC_MASK, pic_masked);
	pic_write64(PIC_CLEAR, UINT64_MAX);
	pic_write64(PIC_AUTO0, 0);
	pic_write64(PIC_AUTO1, 0);
	pic_write64(PIC_EDGE, 0);
	pic_write64(PIC_POLARITY, 0);
	pic_write64(PIC_HTMSI_ENABLE, UINT64_MAX);
	for (unsigned int i = 0; i < PIC_INPUTS; i++) {
		mmio_write8(pic() + PIC_ROUTE(i), PIC_ROUTE_HT0);
		mmio_write8(pic() + PIC_VECTOR(i), (uint8_t)i);
	}
}

void irq_init(void)
{
	const struct partition_table *table = &partition_table;

	init_vectors();
	if (!pic())
		return;
	init_pic();
	init_line(&table->board.arch.console.line, table->board.cpus[0]);
	for (unsigned int c = 0; c < table->nr_cells; c++) {
		const struct cell_config *config = &table->cells[c];

		for (unsigned int i = 0; i < config->arch.nr_irqs; i++) {
			const struct loongarch_irq *irq = &config->arch.irqs[i];

			init_line(&irq->line, config->cpus[0]);
			owners[irq->line.input % PIC_INPUTS].cell = &cells[c];
			owners[irq->line.input % PIC_INPUTS].irq = irq;
		}
	}
}

void irq_init_cpu(void)
{
	csr_exchange(CSR_ECFG, INT_HWI(EXTIOI_HWI), INT_HWI(EXTIOI_HWI));
}

void irq_enable_console(void)
{
	const struct loongarch_line *line = &partition_table.board.arch.console.line;

	uart_16550_enable_interrupt();
	if (line->controller == LOONGARCH_PCH_PIC)
		arm(line->input);
}

/* The input of the cell's virtual PCH-PIC that the line stands behind. The device lock is held. */
static void set_guest_input(struct cell *cell, const struct loongarch_irq *irq, bool level)
{
	const struct device line = { .cell = cell, .line = irq->guest_input };

	device_set_irq(&line, level);
}

static void serve(unsigned int vector)
{
	struct cell *cell;

	if (is_console(vector)) {
		set_masked(vector, true);
		uart_16550_attend();
		arm(vector);
		return;
	}
	cell = vector < PIC_INPUTS ? owners[vector].cell : NULL;
	if (!cell)
		return;
	if (!owners[vector].irq->line.edge)
		set_masked(vector, true);
	spin_lock(&cell->device_lock);
	set_guest_input(cell, owners[vector].irq, true);
	if (owners[vector].irq->line.edge)
		set_guest_input(cell, owners[vector].irq, false);
	spin_unlock(&cell->device_lock);
}

void irq_attend(void)
{
	if (!(csr_read(CSR_ESTAT) & INT_HWI(EXTIOI_HWI)))
		return;
	for (unsigned int i = 0; i < PIC_INPUTS / 64; i++) {
		uint64_t pending = iocsr_read64(IOCSR_EXTIOI_CORE_ISR + i * 8);

		iocsr_write64(IOCSR_EXTIOI_CORE_ISR + i * 8, pending); /* acknowledged */
		for (; pending; pending &= pending - 1)
			serve(i * 64 + (unsigned int)__builtin_ctzll(pending));
	}
}

/* The guest masks or unmasks an input of its virtual PCH-PIC; the device lock is held. */
void arch_route_pin(struct cell *cell, unsigned int pin, const struct irq_message *msg, bool masked)
{
	const struct arch_cell_config *config = &cell->config->arch;

	(void)msg;
	for (unsigned int i = 0; i < config->nr_irqs; i++) {
		const struct loongarch_irq *irq = &config->irqs[i];

		if (irq->guest_input != pin || irq->line.controller != LOONGARCH_PCH_PIC)
			continue;
		if (masked) {
			set_masked(irq->line.input, true);
			continue;
		}
		if (!irq->line.edge)
			set_guest_input(cell, irq, false);
		arm(irq->line.input);
	}
}

void irq_cell_reset(struct cell *cell)
{
	const struct arch_cell_config *config = &cell->config->arch;

	for (unsigned int i = 0; i < config->nr_irqs; i++)
		if (config->irqs[i].line.controller == LOONGARCH_PCH_PIC)
			set_masked(config->irqs[i].line.input, true);
	spin_lock(&cell->device_lock);
	for (unsigned int i = 0; i < config->nr_irqs; i++)
		set_guest_input(cell, &config->irqs[i], false);
	spin_unlock(&cell->device_lock);
}
