/* SPDX-License-Identifier: Apache-2.0 */
/* The MSR permission map: everything exits unless it is direct (SDM vol. 3, 25.6.9). */
#include "core/cell.h"
#include "core/pool.h"
#include "core/string.h"
#include "guest.h"
#include "vmx.h"

#define NR_MSRS 0x2000u /* in each of the two ranges */
#define HIGH_FIRST 0xc0000000u

/* Quarters of the page */
#define READ_LOW 0x000u
#define READ_HIGH 0x400u
#define WRITE_LOW 0x800u
#define WRITE_HIGH 0xc00u

static void let_through(void *map, uint32_t msr, bool read, bool write)
{
	bool high = msr >= HIGH_FIRST;
	uint32_t n = high ? msr - HIGH_FIRST : msr;
	uint8_t *bits = map;
	uint8_t keep = (uint8_t)~BIT(n % 8);

	if (n >= NR_MSRS)
		return;
	if (read)
		bits[(high ? READ_HIGH : READ_LOW) + n / 8] &= keep;
	if (write)
		bits[(high ? WRITE_HIGH : WRITE_LOW) + n / 8] &= keep;
}

int vmx_cell_init(struct cell *cell)
{
	cell->arch.msr_bitmap = pool_alloc(1);
	if (!cell->arch.msr_bitmap)
		return -ENOMEM;
	memset(cell->arch.msr_bitmap, 0xff, PAGE_SIZE);
	guest_msr_direct(let_through, cell->arch.msr_bitmap);
	return 0;
}
