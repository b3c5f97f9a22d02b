/* SPDX-License-Identifier: Apache-2.0 */
/* Archives of boot modules, where a loader can bring one file alone: cpio, "newc". */
#ifndef CORE_CPIO_H
#define CORE_CPIO_H

#include "core/types.h"

#define CPIO_LAST "TRAILER!!!" /* the name of the entry behind the last file */

struct cpio_entry {
	const char *name; /* NUL-terminated */
	uint64_t data;
	uint32_t size;
	uint64_t next; /* where the next entry is */
};

/* Reads the entry at @at, of an archive at a multiple of 4; false when no whole one is there before
 * @end, or its name takes more than @room bytes. */
bool cpio_read(uint64_t at, uint64_t end, uint32_t room, struct cpio_entry *entry);

#endif
