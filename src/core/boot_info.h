/* SPDX-License-Identifier: Apache-2.0 */
/* What a loader hands over, in neutral terms, and the readers that architectures share. */
#ifndef CORE_BOOT_INFO_H
#define CORE_BOOT_INFO_H

#include "core/types.h"

#define BOOT_LIMIT 0x100000000u /* loaders leave what they hand over below it */
#define BOOT_MAX_RANGES 64
#define BOOT_MAX_MODULES 32
#define BOOT_MODULE_NAME 64 /* with the NUL at its end */

struct boot_range {
	uint64_t base;
	uint64_t size;
};

/* A file that the loader has put somewhere. */
struct boot_module {
	char name[BOOT_MODULE_NAME]; /* of the characters that names in the DTS have, no others */
	uint64_t base;
	uint64_t size; /* base + size does not wrap around */
};

/* A frame buffer of 32 bits a pixel that the firmware has set up. */
struct boot_framebuffer {
	uint64_t base;
	uint64_t size; /* 0: there is none */
	uint32_t width;
	uint32_t height;
	uint32_t line_size; /* bytes from line to line */
};

struct boot_info {
	const char *loader;
	struct boot_range ram[BOOT_MAX_RANGES]; /* usable RAM, neighbours joined */
	unsigned int nr_ram;
	uint64_t rsdp; /* physical address of the ACPI RSDP, 0 if unknown */
	uint64_t fdt;  /* physical address of a device tree blob, 0 if there is none */
	struct boot_range initrd; /* the one file that some loaders bring; size 0: none */
	struct boot_framebuffer framebuffer;
	struct boot_module modules[BOOT_MAX_MODULES]; /* those that have a name */
	unsigned int nr_modules;
	/* How much of the hand-over is left out: ranges of RAM that wrap around or are too many,
	 * modules without a usable name or too many of them. */
	unsigned int ignored;
};

/* A UEFI memory map as ExitBootServices() has left it: UEFI Specification 2.10, 7.2.3. */
struct boot_efi_map {
	uint64_t descriptors;
	uint64_t size; /* bytes of all descriptors together */
	uint64_t descriptor_size;
	uint32_t descriptor_version;
};

/* Reads the hand-over of Bulkhead's EFI application (efi_handover.h) at physical @address. Returns
 * 0, or -EINVAL when the data is something else or damaged. */
int boot_info_read_efi(struct boot_info *info, uint64_t address);

/* Adds what @map says is RAM. Returns 0, or -EINVAL when it is damaged. */
int boot_info_add_efi_map(struct boot_info *info, const struct boot_efi_map *map);

/* Adds RAM. Neighbours become one range: UEFI firmware tells RAM in a hundred pieces of various
 * types. */
void boot_info_add_ram(struct boot_info *info, uint64_t base, uint64_t size);

/*
 * Adds a module. Its name is the first word of @string, of which no byte from @room on is read.
 * What has none that could be meant is left out: it is nobody's, and its name could not be told
 * without care.
 */
void boot_info_add_module(struct boot_info *info, const char *string, uint64_t room, uint64_t base,
			  uint64_t size);

/* Whether a list of @n things of @size bytes is where it can be read; at 0 there is none. */
bool boot_info_is_low(uint64_t list, uint32_t n, uint64_t size);

/* The start of the part of [base, base + size) that is not usable RAM, or base + size when all of
 * it is. */
uint64_t boot_info_first_gap(const struct boot_info *info, uint64_t base, uint64_t size);

#endif
