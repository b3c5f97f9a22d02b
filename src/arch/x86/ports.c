/* SPDX-License-Identifier: Apache-2.0 */
/* The I/O permission bitmap, a bit a port, as AMD (APM 15.10.1) and Intel (SDM vol. 3, 25.6.4) have
 * it. */
#include "core/pool.h"
#include "core/string.h"
#include "guest.h"

#define BITMAP_PAGES 3 /* AMD looks at up to three bits behind port FFFFh */

int guest_init_ports(struct cell *cell)
{
	const struct arch_cell_config *config = &cell->config->arch;
	uint8_t *bitmap = pool_alloc(BITMAP_PAGES);

	if (!bitmap)
		return -ENOMEM;
	memset(bitmap, 0xff, BITMAP_PAGES * PAGE_SIZE);
	for (unsigned int i = 0; i < config->nr_ports; i++)
		for (uint32_t port = config->ports[i].first; port <= config->ports[i].last; port++)
			bitmap[port / 8] &= (uint8_t)~BIT(port % 8);
	cell->arch.io_bitmap = bitmap;
	return 0;
}
