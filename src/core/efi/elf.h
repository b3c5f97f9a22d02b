/* SPDX-License-Identifier: Apache-2.0 */
/* What of an ELF file must be where in memory before its first instruction can run. */
#ifndef EFI_ELF_H
#define EFI_ELF_H

#include "core/types.h"

#define ELF_MAX_PARTS 8

struct elf_part {
	const uint8_t *data;
	uint32_t address; /* where it goes; ascending, without overlaps */
	uint32_t size;    /* bytes of data, then */
	uint32_t zeroes;
};

struct elf_program {
	uint32_t entry;
	uint32_t base; /* all parts are within [base, end), whole pages */
	uint32_t end;
	unsigned int nr_parts;
	struct elf_part parts[ELF_MAX_PARTS];
};

/* Reads a 64-bit executable for this architecture, of @size bytes, that goes below 4 GiB. Returns
 * 0, or -EINVAL when it is something else or damaged. */
int elf_read(struct elf_program *program, const uint8_t *file, uint64_t size);

#endif
