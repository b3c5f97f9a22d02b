/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Starts the kernel image that lies at IMAGE as U-Boot's booti does: its header says where the
 * entry is; $a0 and $a1 are 0, and $a2 is a system table, at a multiple of 64 KiB, which has
 * nothing but the device tree. QEMU's own tree is at QEMU_FDT; the kernel gets a copy, as from
 * U-Boot.
 */
#include "core/efi/efi.h"
#include "core/string.h"

#define QEMU_FDT 0x100000u
#define IMAGE 0x200000u
#define FDT_COPY 0xdce1000u
#define SYSTEM_TABLE 0xee00000u
#define UART 0x1fe001e0u
#define UART_LSR 5u
#define UART_LSR_THRE 0x20u

#define IMAGE_MAGIC 0x818223cdu
#define FDT_MAGIC 0xd00dfeedu
#define SIGNATURE UINT64_C(0x5453595320494249)
#define PHYSICAL 0xffffffffffffu

struct image_header {
	uint64_t code;
	uint64_t entry;
	uint64_t size;
	uint64_t load_offset;
	uint64_t reserved[3];
	uint32_t magic;
	uint32_t pe;
};

struct tables {
	struct efi_system_table system;
	struct efi_configuration_table device_tree;
};

typedef void (*kernel_entry)(uint64_t efi_boot, const char *command_line,
			     const struct efi_system_table *table);

void loader_main(void) __attribute__((noreturn));
void loader_exception(void) __attribute__((noreturn));

static void say(const char *text)
{
	volatile uint8_t *uart = (volatile uint8_t *)(uint64_t)UART;

	for (; *text; text++) {
		while (!(uart[UART_LSR] & UART_LSR_THRE))
			;
		*uart = (uint8_t)*text;
	}
}

static void stop(const char *why) __attribute__((noreturn));
static void stop(const char *why)
{
	say(why);
	for (;;)
		__asm__ volatile("idle 0");
}

void loader_exception(void)
{
	stop("loader: an exception\n");
}

static uint32_t big_endian(const uint8_t *bytes)
{
	return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 |
	       bytes[3];
}

static void copy_fdt(void)
{
	const uint8_t *fdt = (const uint8_t *)(uint64_t)QEMU_FDT;

	if (big_endian(fdt) != FDT_MAGIC)
		stop("loader: QEMU has left no device tree\n");
	memcpy((void *)(uint64_t)FDT_COPY, fdt, big_endian(fdt + 4));
}

static const struct efi_system_table *make_table(void)
{
	struct tables *tables = (struct tables *)(uint64_t)SYSTEM_TABLE;
	const struct efi_guid device_tree = {
		0xb1b621d5, 0xf19c, 0x41a5, { 0x83, 0x0b, 0xd9, 0x15, 0x2c, 0x69, 0xaa, 0xe0 }
	};

	memset(tables, 0, sizeof(*tables));
	tables->system.header.signature = SIGNATURE;
	tables->system.header.header_size = sizeof(tables->system);
	tables->system.nr_tables = 1;
	tables->system.tables = &tables->device_tree;
	tables->device_tree.vendor = device_tree;
	tables->device_tree.table = (void *)(uint64_t)FDT_COPY;
	return &tables->system;
}

void loader_main(void)
{
	const struct image_header *image = (const struct image_header *)(uint64_t)IMAGE;
	kernel_entry entry;

	if (image->magic != IMAGE_MAGIC)
		stop("loader: Bad Linux LoongArch Image magic!\n");
	if (image->size == 0 || image->load_offset != IMAGE)
		stop("loader: the header of the image lacks its size or its place\n");
	entry = (kernel_entry)(IMAGE + ((image->entry & PHYSICAL) - image->load_offset));
	copy_fdt();
	say("loader: Starting kernel ...\n");
	entry(0, NULL, make_table());
	stop("loader: the kernel has returned\n");
}
