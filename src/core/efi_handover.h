/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the EFI application (efi/) tells the hypervisor: the third hand-over that boot_info.c reads.
 * Both sides see physical addresses only, all below 4 GiB. Types and attributes of memory are those
 * of the UEFI Specification 2.10, 7.2.
 */
#ifndef ARCH_EFI_HANDOVER_H
#define ARCH_EFI_HANDOVER_H

#define EFI_HANDOVER_MAGIC 0x42494645 /* "EFIB"; the loader's number in EAX as well */
#define EFI_HANDOVER_VERSION 1

#ifndef __ASSEMBLER__
#include "core/types.h"

struct efi_handover {
	uint32_t magic;
	uint32_t version;
	uint32_t size; /* of this structure; a later one may be longer */
	uint32_t descriptor_size;
	uint64_t map; /* address of the descriptors */
	uint32_t map_size;
	uint32_t descriptor_version;
	uint64_t rsdp; /* 0 if the firmware names none */
	/* The frame buffer, 32 bits a pixel; without one, its size is 0. */
	uint64_t framebuffer;
	uint64_t framebuffer_size;
	uint32_t width;
	uint32_t height;
	uint32_t line_size; /* bytes from line to line */
	uint32_t nr_modules;
	uint64_t modules; /* address of the files that were read for cells */
	uint64_t fdt;     /* device tree blob, 0 if the firmware has none */
};
static_assert(sizeof(struct efi_handover) == 88, "both sides are compiled with different flags");

#define EFI_HANDOVER_MODULES 32u /* at most */

struct efi_handover_module {
	char name[64]; /* NUL-terminated */
	uint64_t base;
	uint64_t size;
};
static_assert(sizeof(struct efi_handover_module) == 80, "both sides are compiled apart");

#define EFI_DESCRIPTOR_VERSION 1u /* EFI_MEMORY_DESCRIPTOR_VERSION */

enum efi_memory_type {
	EFI_RESERVED_MEMORY,
	EFI_LOADER_CODE,
	EFI_LOADER_DATA,
	EFI_BOOT_SERVICES_CODE,
	EFI_BOOT_SERVICES_DATA,
	EFI_RUNTIME_SERVICES_CODE,
	EFI_RUNTIME_SERVICES_DATA,
	EFI_CONVENTIONAL_MEMORY,
	EFI_UNUSABLE_MEMORY,
	EFI_ACPI_RECLAIM_MEMORY,
	EFI_ACPI_MEMORY_NVS,
	EFI_MEMORY_MAPPED_IO,
	EFI_MEMORY_MAPPED_IO_PORT_SPACE,
	EFI_PAL_CODE,
	EFI_PERSISTENT_MEMORY,
	EFI_UNACCEPTED_MEMORY,
};

#define EFI_MEMORY_WB BIT_ULL(3)
#define EFI_MEMORY_SP BIT_ULL(18) /* for a special purpose */
#define EFI_MEMORY_RUNTIME BIT_ULL(63)

/* Firmware's descriptors may be longer than this, see descriptor_size. */
struct efi_memory_descriptor {
	uint32_t type;
	uint32_t pad;
	uint64_t physical;
	uint64_t virtual;
	uint64_t pages; /* of 4 KiB */
	uint64_t attributes;
};
static_assert(sizeof(struct efi_memory_descriptor) == 40, "UEFI 2.10, 7.2.3");

#endif
#endif
