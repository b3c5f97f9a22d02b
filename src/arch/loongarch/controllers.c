/* SPDX-License-Identifier: Apache-2.0 */
/*
 * EXTIOI and LIOINTC: Loongson 3A5000/3B5000 Processor Reference Manual, 11.2 and 11.1. PCH-PIC:
 * Loongson 7A1000 User Manual, chapter 5; its input n becomes vector n.
 */
#include "controllers.h"
#include "core/partition.h"
#include "core/spinlock.h"
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

#define LIO_ROUTE(n) ((uint64_t)(n)) /* 3:0 cores, 7:4 lines of the core, a bit each */
#define LIO_ROUTE_LINE_SHIFT 4
#define LIO_ENABLE_SET 0x28
#define LIO_ENABLE_CLEAR 0x2c
#define LIO_CORE_STATUS(n) (0x40 + 8 * (uint64_t)(n))

/* The lines of CPUs that they arrive at. */
#define LIO_HWI 0u
#define EXTIOI_HWI 1u

#define ROUTE_NODE_SHIFT 4

static struct spinlock pic_lock;
static uint64_t pic_masked; /* inputs, a bit each */

static uint64_t pic(void)
{
	return partition_table.board.arch.pch_pic;
}

static uint64_t lio(void)
{
	return partition_table.board.arch.liointc;
}

/* --- PCH-PIC and EXTIOI --- */

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

static void pic_set_masked(unsigned int input, bool masked)
{
	spin_lock(&pic_lock);
	if (masked)
		pic_masked |= BIT_ULL(input);
	else
		pic_masked &= ~BIT_ULL(input);
	mmio_write32(pic() + PIC_MASK + word_of(input),
		     (uint32_t)(input < 32 ? pic_masked : pic_masked >> 32));
	spin_unlock(&pic_lock);
}

static void pic_init(void)
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

static void extioi_init(void)
{
	/* Each type of node stands for the node of its number: Linux,
	 * drivers/irqchip/irq-loongson-eiointc.c, has the same. */
	for (unsigned int i = 0; i < 8; i++)
		iocsr_write32(IOCSR_EXTIOI_NODEMAP + i * 4,
			      BIT(2 * i + 1) << 16 | (uint32_t)BIT(2 * i));
	iocsr_write32(IOCSR_EXTIOI_IPMAP, BIT(EXTIOI_HWI) * 0x01010101u);
	iocsr_write32(IOCSR_EXTIOI_IPMAP + 4, BIT(EXTIOI_HWI) * 0x01010101u);
	for (unsigned int i = 0; i < EXTIOI_VECTORS / 32; i++) {
		iocsr_write32(IOCSR_EXTIOI_ENABLE + i * 4, 0);
		iocsr_write32(IOCSR_EXTIOI_BOUNCE + i * 4, 0);
	}
	iocsr_write64(IOCSR_MISC_FUNC,
		      (iocsr_read64(IOCSR_MISC_FUNC) & ~(uint64_t)IOCSR_MISC_PIN_CODE) |
			      IOCSR_MISC_EXT_IOI);
}

static void pic_connect(const struct loongarch_line *line, uint32_t hwid)
{
	uint64_t edge = pic() + PIC_EDGE + word_of(line->input);
	uint32_t enable = IOCSR_EXTIOI_ENABLE + (uint32_t)word_of(line->input);
	uint32_t node = hwid / CORES_PER_NODE, core = BIT(hwid % CORES_PER_NODE);

	if (line->edge)
		mmio_write32(edge, mmio_read32(edge) | BIT(line->input % 32));
	iocsr_write8(IOCSR_EXTIOI_ROUTE + line->input, (uint8_t)(node << ROUTE_NODE_SHIFT | core));
	iocsr_write32(enable, iocsr_read32(enable) | BIT(line->input % 32));
}

/* Vectors from 64 on are those of no input, and never enabled. */
static uint64_t extioi_take(void)
{
	uint64_t pending = iocsr_read64(IOCSR_EXTIOI_CORE_ISR);

	iocsr_write64(IOCSR_EXTIOI_CORE_ISR, pending);
	return pending;
}

/* --- LIOINTC: levels only --- */

static void lio_connect(const struct loongarch_line *line, uint32_t hwid)
{
	mmio_write8(lio() + LIO_ROUTE(line->input),
		    (uint8_t)(BIT(LIO_HWI) << LIO_ROUTE_LINE_SHIFT | BIT(hwid % CORES_PER_NODE)));
}

static uint64_t lio_take(void)
{
	return mmio_read32(lio() + LIO_CORE_STATUS(csr_read(CSR_CPUID) % CORES_PER_NODE));
}

/* --- Both --- */

static bool is_lio(const struct loongarch_line *line)
{
	return line->controller == LOONGARCH_LIOINTC;
}

void controllers_init(void)
{
	if (pic())
		pic_init();
	if (lio())
		mmio_write32(lio() + LIO_ENABLE_CLEAR, UINT32_MAX);
}

void controllers_init_cpu(bool first)
{
	if (first)
		extioi_init();
	for (unsigned int i = 0; i < EXTIOI_VECTORS / 64; i++)
		iocsr_write64(IOCSR_EXTIOI_CORE_ISR + i * 8, UINT64_MAX);
	csr_exchange(CSR_ECFG, INT_HWI(LIO_HWI) | INT_HWI(EXTIOI_HWI),
		     INT_HWI(LIO_HWI) | INT_HWI(EXTIOI_HWI));
}

void controller_connect(const struct loongarch_line *line, uint32_t hwid)
{
	if (is_lio(line))
		lio_connect(line, hwid);
	else
		pic_connect(line, hwid);
}

void controller_mask(const struct loongarch_line *line)
{
	if (is_lio(line))
		mmio_write32(lio() + LIO_ENABLE_CLEAR, BIT(line->input));
	else
		pic_set_masked(line->input, true);
}

void controller_acknowledge(const struct loongarch_line *line)
{
	if (!is_lio(line))
		mmio_write32(pic() + PIC_CLEAR + word_of(line->input), BIT(line->input % 32));
}

void controller_arm(const struct loongarch_line *line)
{
	if (is_lio(line)) {
		mmio_write32(lio() + LIO_ENABLE_SET, BIT(line->input));
		return;
	}
	if (!line->edge)
		controller_acknowledge(line);
	pic_set_masked(line->input, false);
}

void controllers_take(void (*serve)(enum loongarch_controller controller, unsigned int input))
{
	uint64_t estat = csr_read(CSR_ESTAT), pending;

	if (estat & INT_HWI(EXTIOI_HWI))
		for (pending = extioi_take(); pending; pending &= pending - 1)
			serve(LOONGARCH_PCH_PIC, (unsigned int)__builtin_ctzll(pending));
	if (estat & INT_HWI(LIO_HWI))
		for (pending = lio_take(); pending; pending &= pending - 1)
			serve(LOONGARCH_LIOINTC, (unsigned int)__builtin_ctzll(pending));
}
