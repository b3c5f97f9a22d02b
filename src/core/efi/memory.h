/* SPDX-License-Identifier: Apache-2.0 */
/* Memory from the firmware, and its map. All of it is given back when the firmware goes on. */
#ifndef EFI_MEMORY_H
#define EFI_MEMORY_H

#include "core/efi_handover.h"
#include "efi.h"

struct memory_map {
	uint8_t *descriptors;
	uint64_t room; /* bytes that there is place for */
	uint64_t size; /* bytes that there are */
	uint64_t descriptor_size;
	uint64_t key;
	uint32_t descriptor_version;
};

void memory_start(const struct efi_boot_services *services);

/* Takes what is free in [base, end), so that memory_take() returns nothing from there; the rest of
 * it has an owner, for now. Returns 0 or an error of the firmware. */
efi_status memory_keep_clear(uint64_t base, uint64_t end);

/* Whole pages below 4 GiB for @size bytes, outside what is kept clear. Returns their address, or 0.
 */
uint64_t memory_take(enum efi_memory_type type, uint64_t size);

/* Takes room for a map, which grows while it is read, then reads it as often as needed. */
efi_status memory_map_take(struct memory_map *map);
efi_status memory_map_read(struct memory_map *map);

/* Descriptor number @i, false behind the last. */
bool memory_map_get(const struct memory_map *map, uint64_t i,
		    struct efi_memory_descriptor *descriptor);

/* Keeps [base, end) from being given out, if nobody has it: it holds something of ours. */
void memory_claim(uint64_t base, uint64_t end);

void memory_give_back(void);

#endif
