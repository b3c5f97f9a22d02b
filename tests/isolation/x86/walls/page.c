/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Removes one wall on purpose: the last cell's first megabyte of RAM is mapped for the first cell
 * too, at its host address. Linked into a Bulkhead that the isolation test must find faulty
 * (--wrap=guest_init_cell).
 */
#include "guest.h"
#include "stage2.h"
#include "vendor.h"

#define HOLE_SIZE 0x100000u

int __real_guest_init_cell(struct cell *cell);
int __wrap_guest_init_cell(struct cell *cell);

int __wrap_guest_init_cell(struct cell *cell)
{
	const struct mem_region *victim =
		&partition_table.cells[partition_table.nr_cells - 1].regions[2];
	const struct mem_region hole = {
		.gpa = victim->hpa,
		.hpa = victim->hpa,
		.size = HOLE_SIZE,
		.flags = REGION_READ | REGION_WRITE | REGION_RAM,
	};
	int err = __real_guest_init_cell(cell);
	struct stage2 tables = {
		.format = vendor->stage2,
		.root = (uint64_t *)cell->arch.second_stage,
	};

	return err || cell->index != 0 ? err : stage2_map(&tables, &hole);
}
