/* SPDX-License-Identifier: Apache-2.0 */
/* What a loader hands over, in neutral terms. */
#ifndef ARCH_BOOT_INFO_H
#define ARCH_BOOT_INFO_H

#include "core/types.h"

#define BOOT_MAX_RANGES 64
#define BOOT_MAX_MODULES 32
#define BOOT_MODULE_NAME 64 /* with the NUL at its end */

struct boot_range {
	uint64_t base;
	uint64_t size;
};

/* A file that the loader has put somewhere. */
struct boot_module {
	char name[BOOT_MODULE_NAME]; /* of the characters that names in the DTS have, and no others
				      */
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
	struct boot_framebuffer framebuffer;
	struct boot_module modules[BOOT_MAX_MODULES]; /* those that have a name */
	unsigned int nr_modules;
	/* How much of the hand-over is left out: ranges of RAM that wrap around or are too many,
	 * modules without a usable name or too many of them. */
	unsigned int ignored;
};

/*
 * Reads the hand-over of a multiboot2 (magic 0x36d76289) or PVH (magic 0) loader or of Bulkhead's
 * EFI application (efi_handover.h) at physical @address. Returns 0, or -EINVAL when the data is
 * none of them or is damaged. Sources: Multiboot2 Specification 2.0, 3.6; Xen's
 * public/arch-x86/hvm/start_info.h; UEFI Specification 2.10, 7.2.
 */
int boot_info_read(struct boot_info *info, uint32_t magic, uint64_t address);

/* The start of the part of [base, base + size) that is not usable RAM, or base + size when all of
 * it is. */
uint64_t boot_info_first_gap(const struct boot_info *info, uint64_t base, uint64_t size);

#endif
