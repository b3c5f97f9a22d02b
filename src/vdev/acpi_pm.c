/* SPDX-License-Identifier: Apache-2.0 */
#include "vdev/acpi_pm.h"

enum { RANGE_EVENT, RANGE_CONTROL, RANGE_TIMER };

/* PM1 status and enable registers, ACPI 6.5, 4.8.3.1 */
#define PM1_TMR BIT(0)
#define PM1_GBL BIT(5)
#define PM1_PWRBTN BIT(8)
#define PM1_SLPBTN BIT(9)
#define PM1_RTC BIT(10)
#define PM1_ENABLES (PM1_TMR | PM1_GBL | PM1_PWRBTN | PM1_SLPBTN | PM1_RTC)

/* PM1 control register, ACPI 6.5, 4.8.3.2; GBL_RLS and SLP_EN are write-only and read as 0. */
#define CNT_SCI_EN BIT(0) /* always set: there is no legacy mode to leave */
#define CNT_BM_RLD BIT(1)
#define CNT_SLP_TYP_SHIFT 10
#define CNT_SLP_TYP_MASK (7u << CNT_SLP_TYP_SHIFT)
#define CNT_SLP_EN BIT(13)

#define TIMER_HZ UINT64_C(3579545)
#define TIMER_CARRY_SHIFT 31 /* TMR_STS is set whenever bit 31 changes, ACPI 6.5, 4.8.3.3 */

static uint64_t timer_ticks(const struct device *dev)
{
	const struct acpi_pm *pm = dev->state;
	uint64_t ns = device_now(dev) - pm->start;

	/* Whole seconds apart: exact for ever, and no product exceeds 64 bits. */
	return ns / NSEC_PER_SEC * TIMER_HZ + ns % NSEC_PER_SEC * TIMER_HZ / NSEC_PER_SEC;
}

static void update_status(const struct device *dev)
{
	struct acpi_pm *pm = dev->state;
	uint64_t carries = timer_ticks(dev) >> TIMER_CARRY_SHIFT;

	if (carries != pm->carries)
		pm->status |= PM1_TMR;
	pm->carries = carries;
}

static void update_sci(const struct device *dev)
{
	struct acpi_pm *pm = dev->state;
	bool level = (pm->status & pm->enable) != 0;

	if (level == pm->sci)
		return;
	pm->sci = level;
	device_set_irq(dev, level);
}

static void acpi_pm_reset(const struct device *dev)
{
	struct acpi_pm *pm = dev->state;

	pm->start = device_now(dev);
	pm->carries = 0;
	pm->status = 0;
	pm->enable = 0;
	pm->control = CNT_SCI_EN;
	update_sci(dev);
}

/* The contents of range @id; bytes that it does not have are ones. */
static uint32_t block_value(const struct device *dev, unsigned int id)
{
	const struct acpi_pm *pm = dev->state;

	switch (id) {
	case RANGE_EVENT:
		return (uint32_t)pm->enable << 16 | pm->status;
	case RANGE_CONTROL:
		return UINT32_C(0xffff0000) | pm->control;
	case RANGE_TIMER:
		return (uint32_t)timer_ticks(dev);
	default:
		return UINT32_MAX;
	}
}

static uint64_t acpi_pm_read(const struct device *dev, unsigned int id, uint64_t offset,
			     unsigned int size)
{
	unsigned int shift = (unsigned int)(offset & 3) * 8;

	(void)size;
	update_status(dev);
	update_sci(dev);
	if (offset > 3)
		return UINT32_MAX;
	return (uint32_t)((UINT64_C(0xffffffff00000000) | block_value(dev, id)) >> shift);
}

static void write_control(const struct device *dev, uint32_t mask, uint32_t value)
{
	struct acpi_pm *pm = dev->state;
	uint32_t control = (pm->control & ~mask) | (value & mask);

	pm->control = (uint16_t)((control & (CNT_BM_RLD | CNT_SLP_TYP_MASK)) | CNT_SCI_EN);
	if ((control & CNT_SLP_EN) &&
	    (control & CNT_SLP_TYP_MASK) >> CNT_SLP_TYP_SHIFT == dev->parameter)
		device_request_poweroff(dev);
}

static void acpi_pm_write(const struct device *dev, unsigned int id, uint64_t offset,
			  unsigned int size, uint64_t value)
{
	struct acpi_pm *pm = dev->state;
	unsigned int shift = (unsigned int)(offset & 3) * 8;
	uint32_t mask = (size >= 4 ? UINT32_MAX : BIT(size * 8) - 1) << shift;
	uint32_t bits = (uint32_t)(value << shift) & mask;

	if (offset > 3)
		return;
	update_status(dev);
	if (id == RANGE_EVENT) {
		uint32_t enable = ((uint32_t)pm->enable << 16 & ~mask) | bits;

		pm->status &= (uint16_t)~bits;
		pm->enable = (uint16_t)(enable >> 16 & PM1_ENABLES);
	} else if (id == RANGE_CONTROL) {
		write_control(dev, mask, bits);
	}
	update_sci(dev);
}

const struct device_ops acpi_pm_ops = {
	.compatible = "bulkhead,acpi-pm",
	.reset = acpi_pm_reset,
	.read = acpi_pm_read,
	.write = acpi_pm_write,
};
