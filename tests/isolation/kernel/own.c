/* SPDX-License-Identifier: Apache-2.0 */
#include "boot.h"
#include "console.h"

struct region own_memory[MAX_REGIONS];
unsigned int nr_own_memory;

bool page_is_own(uint64_t pa)
{
	for (unsigned int i = 0; i < nr_own_memory; i++) {
		if (pa >= own_memory[i].start && pa < own_memory[i].end)
			return true;
	}
	return false;
}

void own_memory_add(uint64_t start, uint64_t end)
{
	unsigned int at = 0;

	while (at < nr_own_memory && own_memory[at].end < start)
		at++;
	if (at < nr_own_memory && own_memory[at].start <= end) {
		if (start < own_memory[at].start)
			own_memory[at].start = start;
		if (end > own_memory[at].end)
			own_memory[at].end = end;
		/* The widened one may now reach its successors. */
		while (at + 1 < nr_own_memory && own_memory[at + 1].start <= own_memory[at].end) {
			if (own_memory[at + 1].end > own_memory[at].end)
				own_memory[at].end = own_memory[at + 1].end;
			nr_own_memory--;
			for (unsigned int i = at + 1; i < nr_own_memory; i++)
				own_memory[i] = own_memory[i + 1];
		}
		return;
	}
	if (nr_own_memory == MAX_REGIONS)
		panic("more than %u runs of memory", MAX_REGIONS);
	for (unsigned int i = nr_own_memory; i > at; i--)
		own_memory[i] = own_memory[i - 1];
	own_memory[at] = (struct region){ start, end };
	nr_own_memory++;
}
