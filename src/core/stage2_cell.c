/* SPDX-License-Identifier: Apache-2.0 */
/* The second-stage tables of a whole cell, see core/stage2.h. */
#include "core/log.h"
#include "core/stage2.h"

static void report_pages(const struct stage2 *s2, const struct cell_config *config)
{
	unsigned int small = 0, large = 0, huge = 0;
	uint64_t page = PAGE_SIZE;

	for (unsigned int i = 0; i < config->nr_regions; i++) {
		const struct mem_region *region = &config->regions[i];

		for (uint64_t done = 0; done < region->size; done += page) {
			(void)stage2_lookup(s2, region->gpa + done, NULL, NULL, &page);
			small += page == PAGE_SIZE;
			large += page == STAGE2_LEAF_2M;
			huge += page == STAGE2_LEAF_1G;
		}
	}
	log_printf("cell %s: mapped with %u pages of 1 GiB, %u of 2 MiB, %u of 4 KiB\n",
		   config->name, huge, large, small);
}

int stage2_map_cell(struct stage2 *s2, const struct cell_config *config)
{
	for (unsigned int i = 0; i < config->nr_regions; i++) {
		int err = stage2_map(s2, &config->regions[i]);

		if (err)
			return err;
	}
	report_pages(s2, config);
	return 0;
}
