/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The pool of pages that the hypervisor builds its structures from at boot: page tables, per-CPU
 * areas, permission bitmaps. The generator sized it (page_pool in core/partition.h), nothing is
 * ever given back.
 */
#ifndef CORE_POOL_H
#define CORE_POOL_H

#include "core/types.h"

/*
 * Takes @pages (at least 1) contiguous 4 KiB pages, zeroed and 4 KiB aligned. Any CPU may call it.
 * The pool is mapped at its physical address, so the pointer's value is what hardware tables want.
 * Returns NULL when the pool has not so many pages left.
 */
uint8_t *pool_alloc(unsigned int pages);

/* Pages that are left. */
unsigned int pool_free_pages(void);

#endif
