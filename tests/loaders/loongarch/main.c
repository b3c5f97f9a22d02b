/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Starts the kernel image that QEMU has by -kernel as U-Boot's booti does: its header says where
 * the entry is; $a0 and $a1 are 0, and $a2 is a system table, at a multiple of 64 KiB, which has
 * nothing but the device tree. QEMU's own tree is at QEMU_FDT; the kernel gets a copy, as from
 * U-Boot, which names and reserves the initrd, if QEMU has one by -initrd.
 */
#include "core/efi/efi.h"
#include "core/string.h"

#define QEMU_FDT 0x100000u
#define IMAGE 0x200000u
#define IMAGE_MOST 0x8000000u
#define INITRD 0xa000000u
#define INITRD_MOST 0x3000000u
#define FDT_COPY 0xdce1000u
#define SYSTEM_TABLE 0xee00000u
#define UART 0x1fe001e0u
#define UART_LSR 5u
#define UART_LSR_THRE 0x20u

#define IMAGE_MAGIC 0x818223cdu
#define FDT_MAGIC 0xd00dfeedu
#define FDT_BEGIN_NODE 1u
#define FDT_PROP 3u
#define FDT_END 9u
#define SIGNATURE UINT64_C(0x5453595320494249)
#define PHYSICAL 0xffffffffffffu

/* QEMU, docs/specs/fw_cfg.rst: where virt has its DMA register, and what it asks for. */
#define FW_CFG_DMA 0x1e020010u
#define FW_CFG_SELECT_AND_READ 0xau
#define FW_CFG_ERROR 1u
#define FW_CFG_KERNEL_SIZE 0x08u
#define FW_CFG_INITRD_SIZE 0x0bu
#define FW_CFG_KERNEL_DATA 0x11u
#define FW_CFG_INITRD_DATA 0x12u

/* Devicetree Specification 0.4, 5.2; big endian */
struct fdt_header {
	uint8_t magic[4], size[4], structure[4], strings[4], reservations[4];
	uint8_t version[4], compatible[4], boot_cpu[4], strings_size[4], structure_size[4];
};

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

/* Writes @value to where @to points, which moves behind it. */
static void put(uint8_t **to, uint32_t value)
{
	for (unsigned int shift = 32; shift > 0; shift -= 8)
		*(*to)++ = (uint8_t)(value >> (shift - 8));
}

static void put_bytes(uint8_t **to, const void *from, size_t size)
{
	memcpy(*to, from, size);
	*to += size;
}

/* Reads what QEMU has under a key. */
static void read_fw_cfg(uint32_t key, void *to, uint32_t size)
{
	volatile uint32_t request[4];
	uint8_t *at = (uint8_t *)request;

	put(&at, key << 16 | FW_CFG_SELECT_AND_READ);
	put(&at, size);
	put(&at, 0);
	put(&at, (uint32_t)(uint64_t)to);
	__asm__ volatile("dbar 0" ::: "memory");
	*(volatile uint64_t *)(uint64_t)FW_CFG_DMA = __builtin_bswap64((uint64_t)request);
	while (__builtin_bswap32(request[0]) & ~FW_CFG_ERROR)
		;
	__asm__ volatile("dbar 0" ::: "memory");
	if (request[0])
		stop("loader: QEMU does not give what it was asked for\n");
}

/* Puts a file of QEMU's to @place, if there is one and it is shorter than @most; its size. */
static uint32_t load(uint32_t size_key, uint32_t data_key, uint64_t place, uint32_t most)
{
	uint32_t size;

	read_fw_cfg(size_key, &size, sizeof(size));
	if (size >= most)
		stop("loader: a file is too long\n");
	if (size)
		read_fw_cfg(data_key, (void *)place, size);
	return size;
}

/* Copies the structure up to behind the name of /chosen; where it goes on. */
static const uint8_t *copy_to_chosen(uint8_t **to, const uint8_t *from)
{
	const uint8_t *at = from;

	for (;;) {
		uint32_t token = big_endian(at);
		const char *name = (const char *)at + 4;

		at += 4;
		if (token == FDT_END)
			stop("loader: QEMU's device tree has no node /chosen\n");
		if (token == FDT_BEGIN_NODE)
			at += align_up(strlen(name) + 1, 4);
		if (token == FDT_PROP)
			at += 8 + align_up(big_endian(at), 4);
		if (token == FDT_BEGIN_NODE && strcmp(name, "chosen") == 0)
			break;
	}
	put_bytes(to, from, (size_t)(at - from));
	return at;
}

/* QEMU's tree with an initrd, as U-Boot's fdt_initrd() adds it: reserved, and named in /chosen. */
static void copy_fdt_with_initrd(const uint8_t *fdt, uint32_t initrd_size)
{
	static const char names[] = "linux,initrd-start\0linux,initrd-end";
	const struct fdt_header *old = (const struct fdt_header *)fdt;
	struct fdt_header *header = (struct fdt_header *)(uint64_t)FDT_COPY;
	const uint8_t *structure = fdt + big_endian(old->structure), *from;
	const uint8_t *reserved = fdt + big_endian(old->reservations);
	uint32_t strings = big_endian(old->strings_size);
	uint8_t *start = (uint8_t *)header, *at = start + sizeof(*header), *field, *behind;
	const uint32_t values[] = { 0, INITRD, 0, initrd_size };

	memcpy(header, old, sizeof(*header));
	field = header->reservations;
	put(&field, (uint32_t)(at - start));
	for (unsigned int i = 0; i < ARRAY_SIZE(values); i++)
		put(&at, values[i]);
	do {
		put_bytes(&at, reserved, 16);
		reserved += 16;
	} while (big_endian(reserved - 8) || big_endian(reserved - 4));
	field = header->structure;
	put(&field, (uint32_t)(at - start));
	behind = at;
	from = copy_to_chosen(&at, structure);
	for (unsigned int i = 0; i < 2; i++) {
		put(&at, FDT_PROP);
		put(&at, 8);
		put(&at, strings + i * 19); /* behind the first name */
		put(&at, 0);
		put(&at, INITRD + i * initrd_size);
	}
	put_bytes(&at, from, (size_t)(structure + big_endian(old->structure_size) - from));
	field = header->structure_size;
	put(&field, (uint32_t)(at - behind));
	field = header->strings;
	put(&field, (uint32_t)(at - start));
	put_bytes(&at, fdt + big_endian(old->strings), strings);
	put_bytes(&at, names, sizeof(names));
	field = header->strings_size;
	put(&field, strings + sizeof(names));
	field = header->size;
	put(&field, (uint32_t)(at - start));
}

static void copy_fdt(uint32_t initrd_size)
{
	const uint8_t *fdt = (const uint8_t *)(uint64_t)QEMU_FDT;

	if (big_endian(fdt) != FDT_MAGIC)
		stop("loader: QEMU has left no device tree\n");
	if (initrd_size)
		copy_fdt_with_initrd(fdt, initrd_size);
	else
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

	if (!load(FW_CFG_KERNEL_SIZE, FW_CFG_KERNEL_DATA, IMAGE, IMAGE_MOST))
		stop("loader: QEMU has no kernel\n");
	if (image->magic != IMAGE_MAGIC)
		stop("loader: Bad Linux LoongArch Image magic!\n");
	if (image->size == 0 || image->load_offset != IMAGE)
		stop("loader: the header of the image lacks its size or its place\n");
	entry = (kernel_entry)(IMAGE + ((image->entry & PHYSICAL) - image->load_offset));
	copy_fdt(load(FW_CFG_INITRD_SIZE, FW_CFG_INITRD_DATA, INITRD, INITRD_MOST));
	say("loader: Starting kernel ...\n");
	entry(0, NULL, make_table());
	stop("loader: the kernel has returned\n");
}
