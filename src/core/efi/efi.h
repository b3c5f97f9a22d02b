/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The part of UEFI that the loader uses; sections are those of the UEFI Specification 2.10. What it
 * never calls is a pointer without a type, in its place.
 */
#ifndef EFI_EFI_H
#define EFI_EFI_H

#include "arch_efi.h"
#include "core/types.h"

typedef uint64_t efi_status;
typedef void *efi_handle;

/* Appendix D */
#define EFI_SUCCESS 0u
#define EFI_ERROR(n) (BIT_ULL(63) | (n))
#define EFI_LOAD_ERROR EFI_ERROR(1)
#define EFI_INVALID_PARAMETER EFI_ERROR(2)
#define EFI_BUFFER_TOO_SMALL EFI_ERROR(5)

struct efi_guid {
	uint32_t a;
	uint16_t b, c;
	uint8_t d[8];
};
static_assert(sizeof(struct efi_guid) == 16, "UEFI 2.10, appendix A");

/* 4.2 */
struct efi_table_header {
	uint64_t signature;
	uint32_t revision, header_size, crc32, reserved;
};

/* 12.4 */
struct efi_text_output {
	void *reset;
	efi_status(EFIAPI *output_string)(struct efi_text_output *self, const uint16_t *string);
};

/* 7.2.1 */
enum efi_allocate {
	EFI_ALLOCATE_ANY,
	EFI_ALLOCATE_BELOW, /* *memory: the last address that it may have */
	EFI_ALLOCATE_AT,
};

/* 4.4; the numbers are places in the list of services. */
struct efi_boot_services {
	struct efi_table_header header;
	void *priority[2];
	efi_status(EFIAPI *allocate_pages)(uint32_t how, uint32_t type, uint64_t pages,
					   uint64_t *memory); /* 2 */
	efi_status(EFIAPI *free_pages)(uint64_t memory, uint64_t pages);
	efi_status(EFIAPI *get_memory_map)(uint64_t *size, void *map, uint64_t *key,
					   uint64_t *descriptor_size, uint32_t *version);
	void *pool_and_events[8];
	void *install[3];
	efi_status(EFIAPI *handle_protocol)(efi_handle handle, const struct efi_guid *protocol,
					    void **interface); /* 16 */
	void *protocols[5];
	void *images[4];
	efi_status(EFIAPI *exit_boot_services)(efi_handle image, uint64_t key); /* 26 */
	void *count;
	efi_status(EFIAPI *stall)(uint64_t microseconds);
	void *others[8];
	efi_status(EFIAPI *locate_protocol)(const struct efi_guid *protocol, void *registration,
					    void **interface); /* 37 */
};
static_assert(offsetof(struct efi_boot_services, handle_protocol) == 24 + 16 * 8, "UEFI, 4.4");
static_assert(offsetof(struct efi_boot_services, exit_boot_services) == 24 + 26 * 8, "UEFI, 4.4");
static_assert(offsetof(struct efi_boot_services, locate_protocol) == 24 + 37 * 8, "UEFI, 4.4");

/* 4.5 */
struct efi_runtime_services {
	struct efi_table_header header;
	void *time_and_memory[6];
	efi_status(EFIAPI *get_variable)(const uint16_t *name, const struct efi_guid *vendor,
					 uint32_t *attributes, uint64_t *size, void *data);
};

/* 4.6 */
struct efi_configuration_table {
	struct efi_guid vendor;
	void *table;
};

/* 4.3 */
struct efi_system_table {
	struct efi_table_header header;
	const uint16_t *vendor;
	uint32_t vendor_revision;
	efi_handle in_handle;
	void *in;
	efi_handle out_handle;
	struct efi_text_output *out;
	efi_handle error_handle;
	struct efi_text_output *error;
	const struct efi_runtime_services *runtime;
	const struct efi_boot_services *boot;
	uint64_t nr_tables;
	const struct efi_configuration_table *tables;
};
static_assert(offsetof(struct efi_system_table, boot) == 96, "UEFI 2.10, 4.3");

/* 12.9.2 */
#define EFI_PIXEL_FORMAT_BGR 1u /* and 0: 32 bits a pixel; all others are something else */

struct efi_graphics_mode {
	uint32_t max_mode, mode;
	const struct {
		uint32_t version, width, height, format, masks[4], pixels_per_line;
	} * info;
	uint64_t info_size;
	uint64_t base;
	uint64_t size;
};

struct efi_graphics_output {
	void *services[3];
	const struct efi_graphics_mode *mode;
};

/* 9.1 */
struct efi_loaded_image {
	uint32_t revision;
	efi_handle parent;
	const struct efi_system_table *system;
	efi_handle device;        /* that it was loaded from */
	const uint8_t *file_path; /* nodes of a device path, as 10.3.1; NULL if it is no file */
};
static_assert(offsetof(struct efi_loaded_image, file_path) == 32, "UEFI 2.10, 9.1");

/* 13.5 */
struct efi_file {
	uint64_t revision;
	efi_status(EFIAPI *open)(struct efi_file *self, struct efi_file **opened,
				 const uint16_t *name, uint64_t mode, uint64_t attributes);
	efi_status(EFIAPI *close)(struct efi_file *self);
	void *delete;
	efi_status(EFIAPI *read)(struct efi_file *self, uint64_t *size, void *buffer);
	void *write;
	efi_status(EFIAPI *get_position)(struct efi_file *self, uint64_t *position);
	efi_status(EFIAPI *set_position)(struct efi_file *self, uint64_t position);
};
static_assert(offsetof(struct efi_file, set_position) == 56, "UEFI 2.10, 13.5.1");

/* 13.4 */
struct efi_file_system {
	uint64_t revision;
	efi_status(EFIAPI *open_volume)(struct efi_file_system *self, struct efi_file **root);
};

/* EFI_MEMORY_ATTRIBUTE_PROTOCOL, new in 2.10 */
struct efi_memory_attribute {
	void *get;
	efi_status(EFIAPI *set)(struct efi_memory_attribute *self, uint64_t base, uint64_t size,
				uint64_t attributes);
	efi_status(EFIAPI *clear)(struct efi_memory_attribute *self, uint64_t base, uint64_t size,
				  uint64_t attributes);
};

#define EFI_MEMORY_XP BIT_ULL(14) /* 7.2.3: not executable */
#define EFI_MEMORY_RO BIT_ULL(17)

#endif
