/* SPDX-License-Identifier: Apache-2.0 */
#include "loadables.h"
#include "core/cpio.h"
#include "core/string.h"
#include "memory.h"

#define MOST_ENTRIES (EFI_HANDOVER_MODULES + 1u)
#define NAME_ROOM sizeof(((struct efi_handover_module *)NULL)->name)

uint32_t loadables_find(uint64_t archive, uint64_t size, struct efi_handover_module *list)
{
	struct cpio_entry entry;
	uint32_t count = 0;
	uint64_t at = archive;

	for (unsigned int i = 0; i < MOST_ENTRIES; i++, at = entry.next) {
		if (!cpio_read(at, archive + size, NAME_ROOM, &entry))
			return 0;
		if (strcmp(entry.name, CPIO_LAST) == 0) {
			memory_claim(archive, entry.next);
			return count;
		}
		if (count == EFI_HANDOVER_MODULES)
			return 0;
		memset(&list[count], 0, sizeof(list[count]));
		memcpy(list[count].name, entry.name, strlen(entry.name));
		list[count].base = entry.data;
		list[count].size = entry.size;
		count++;
	}
	return 0;
}
