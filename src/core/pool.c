/* SPDX-License-Identifier: Apache-2.0 */
/* A bump allocator over the page pool of the partition table, see core/pool.h. */
#include "core/pool.h"

#include "core/partition.h"
#include "core/spinlock.h"
#include "core/string.h"

static struct spinlock pool_lock;
static uint64_t pool_used; /* bytes; page_pool[pool_used] is the next free one */

uint8_t *pool_alloc(unsigned int pages)
{
	uint64_t size = pages * PAGE_SIZE;
	uint8_t *memory = NULL;

	spin_lock(&pool_lock);
	if (pages && size <= page_pool_size - pool_used) {
		memory = &page_pool[pool_used];
		pool_used += size;
	}
	spin_unlock(&pool_lock);

	/* The loader cleared .bss, but a boot path that is not ours may have run over it since. */
	if (memory)
		memset(memory, 0, size);
	return memory;
}

unsigned int pool_free_pages(void)
{
	uint64_t used;

	spin_lock(&pool_lock);
	used = pool_used;
	spin_unlock(&pool_lock);
	return (unsigned int)((page_pool_size - used) / PAGE_SIZE);
}
