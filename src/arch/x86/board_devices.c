/* SPDX-License-Identifier: Apache-2.0 */
/* Has this machine the interrupt controller and the timers that the board's description names? */
#include "boot.h"
#include "core/log.h"
#include "core/partition.h"
#include "x86.h"

/* Intel 82093AA datasheet, 3.2.2 */
#define IOREGSEL 0x00
#define IOWIN 0x10
#define IOAPICVER 1u
#define IOAPICVER_LAST_SHIFT 16 /* number of the last redirection entry, 8 bits */

/* IA-PC HPET Specification 1.0a, 2.3.4 and 2.3.8 */
#define HPET_CAPABILITIES 0x000
#define HPET_CAP_LAST_SHIFT 8 /* number of the last comparator, 5 bits */
#define HPET_CAP_64 BIT(13)
#define HPET_MAX_PERIOD 100000000u /* femtoseconds */
#define HPET_TIMER_CONFIG(n) (0x100 + 0x20 * (uint64_t)(n))
#define HPET_TIMER_ROUTES_SHIFT 32 /* a bit for each I/O APIC pin */

static unsigned int check_ioapic(void)
{
	const struct arch_board *board = &partition_table.board.arch;
	uint32_t version;
	unsigned int pins;

	mmio_write32(board->ioapic + IOREGSEL, IOAPICVER);
	version = mmio_read32(board->ioapic + IOWIN);
	if (version == UINT32_MAX || version == 0) {
		log_printf("  I/O APIC at 0x%lx: there is none\n", (unsigned long)board->ioapic);
		return 1;
	}
	pins = (version >> IOAPICVER_LAST_SHIFT & 0xff) + 1;
	if (pins >= board->nr_pins)
		return 0;
	log_printf("  I/O APIC at 0x%lx: has %u pins, the board lists %u\n",
		   (unsigned long)board->ioapic, pins, board->nr_pins);
	return 1;
}

/* Whether comparator @index, which times cell @name, can interrupt as configured. */
static unsigned int check_comparator(uint32_t index, const char *name, uint64_t capabilities)
{
	const struct arch_board *board = &partition_table.board.arch;
	unsigned int count = (capabilities >> HPET_CAP_LAST_SHIFT & 0x1f) + 1;
	unsigned int pin = board->hpet_first_pin + index;
	uint64_t routes;

	if (index >= count) {
		log_printf("  HPET: has %u comparators, cell %s would have number %u\n", count,
			   name, index);
		return 1;
	}
	routes = mmio_read64(board->hpet + HPET_TIMER_CONFIG(index)) >> HPET_TIMER_ROUTES_SHIFT;
	if (pin < 32 && routes & BIT(pin))
		return 0;
	log_printf("  HPET comparator %u (for cell %s): cannot interrupt through pin %u of the "
		   "I/O APIC; its pins, a bit each, are 0x%lx\n",
		   index, name, pin, (unsigned long)routes);
	return 1;
}

static unsigned int check_hpet(void)
{
	const struct partition_table *table = &partition_table;
	uint64_t base = table->board.arch.hpet, capabilities;
	unsigned int differences = 0;

	if (!base)
		return 0;
	capabilities = mmio_read64(base + HPET_CAPABILITIES);
	if (capabilities >> 32 == 0 || capabilities >> 32 > HPET_MAX_PERIOD) {
		log_printf("  HPET at 0x%lx: there is none, or the firmware switched it off\n",
			   (unsigned long)base);
		return 1;
	}
	if (!(capabilities & HPET_CAP_64)) {
		log_printf("  HPET at 0x%lx: its counter has 32 bits, 64 are needed\n",
			   (unsigned long)base);
		return 1;
	}
	for (unsigned int i = 0; i < table->nr_cells; i++) {
		const struct cell_config *cell = &table->cells[i];

		if (cell->arch.comparator != X86_NO_COMPARATOR)
			differences +=
				check_comparator(cell->arch.comparator, cell->name, capabilities);
	}
	return differences;
}

unsigned int board_check_devices(void)
{
	return check_ioapic() + check_hpet();
}
