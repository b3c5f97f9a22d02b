/* SPDX-License-Identifier: Apache-2.0 */
/* The MSR permission map: everything exits unless it is direct (APM 15.11). */
#include "core/cell.h"
#include "core/pool.h"
#include "core/string.h"
#include "guest.h"
#include "svm.h"

#define MSRPM_PAGES 2
#define MSRPM_GROUP 0x800u /* bytes: 2 bits for each of 2000h MSRs */

struct msr_group {
	uint32_t first;
	uint32_t offset;
};

/* APM 15.11, table 15-6 */
static const struct msr_group groups[] = {
	{ 0x00000000, 0 * MSRPM_GROUP },
	{ 0xc0000000, 1 * MSRPM_GROUP },
	{ 0xc0010000, 2 * MSRPM_GROUP },
};

static void let_through(void *map, uint32_t msr, bool read, bool write)
{
	uint8_t *bits = map;

	for (unsigned int i = 0; i < ARRAY_SIZE(groups); i++) {
		uint32_t n = msr - groups[i].first;
		uint8_t clear = (uint8_t)((read ? 1 : 0) | (write ? 2 : 0));

		if (msr < groups[i].first || n >= 0x2000)
			continue;
		bits[groups[i].offset + n / 4] &= (uint8_t) ~(clear << (n % 4 * 2));
	}
}

int svm_cell_init(struct cell *cell)
{
	cell->arch.msr_bitmap = pool_alloc(MSRPM_PAGES);
	if (!cell->arch.msr_bitmap)
		return -ENOMEM;
	memset(cell->arch.msr_bitmap, 0xff, MSRPM_PAGES * PAGE_SIZE);
	guest_msr_direct(let_through, cell->arch.msr_bitmap);
	return 0;
}
