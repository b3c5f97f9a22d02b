/* SPDX-License-Identifier: Apache-2.0 */
/* What the loader says, as Linux is told: an EFI system table with a device tree. */
#include "boot.h"
#include "clock.h"
#include "console.h"
#include "lib.h"
#include "smp.h"
#include "trap.h"

/* UEFI 2.10, 4.3: offsets in the system table */
#define SYSTAB_NR_TABLES 0x68
#define SYSTAB_TABLES 0x70
#define TABLE_SIZE 24
#define TABLE_POINTER 16

/* Devicetree Specification 0.4, chapter 5 */
#define FDT_MAGIC 0xd00dfeedu
enum { FDT_BEGIN = 1, FDT_END_NODE, FDT_PROP, FDT_NOP, FDT_END = 9 };

/* The GUID of a device tree, EFI_DTB_TABLE_GUID. */
static const uint8_t dtb_guid[16] = { 0xd5, 0x21, 0xb6, 0xb1, 0x9c, 0xf1, 0xa5, 0x41,
				      0x83, 0x0b, 0xd9, 0x15, 0x2c, 0x69, 0xaa, 0xe0 };

struct region usable_ram[MAX_REGIONS];
unsigned int nr_usable_ram;

void boot_main(const uint8_t *systab);

static uint64_t load64(const uint8_t *at)
{
	uint64_t value;

	memcpy(&value, at, sizeof(value));
	return value;
}

static uint32_t big32(const uint8_t *at)
{
	return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

static uint64_t big64(const uint8_t *at)
{
	return (uint64_t)big32(at) << 32 | big32(at + 4);
}

static const uint8_t *find_fdt(const uint8_t *systab)
{
	const uint8_t *table = (const uint8_t *)load64(systab + SYSTAB_TABLES);

	for (uint64_t i = 0; i < load64(systab + SYSTAB_NR_TABLES); i++, table += TABLE_SIZE)
		if (memcmp(table, dtb_guid, sizeof(dtb_guid)) == 0)
			return (const uint8_t *)load64(table + TABLE_POINTER);
	return NULL;
}

static bool begins(const char *text, const char *word)
{
	return strlen(text) >= strlen(word) && memcmp(text, word, strlen(word)) == 0;
}

static void property(const char *node, const char *name, const uint8_t *value, uint32_t size)
{
	if (begins(node, "memory@") && strlen(name) == 3 && memcmp(name, "reg", 3) == 0) {
		struct region ram = { big64(value), big64(value) + big64(value + 8) };

		own_memory_add(ram.start, ram.end);
		usable_ram[nr_usable_ram++ % MAX_REGIONS] = ram;
	} else if (begins(node, "cpu@") && begins(name, "reg")) {
		nr_cpus++;
	} else if (begins(node, "chosen") && begins(name, "bootargs") && size <= CMDLINE_SIZE) {
		memcpy(cmdline, value, size);
	}
}

static void read_fdt(const uint8_t *fdt)
{
	const uint8_t *at = fdt + big32(fdt + 8);
	const char *strings = (const char *)fdt + big32(fdt + 12);
	const char *node = "";

	for (;;) {
		uint32_t token = big32(at), size;

		at += 4;
		switch (token) {
		case FDT_BEGIN:
			node = (const char *)at;
			at += (strlen(node) + 4) & ~3ull;
			break;
		case FDT_PROP:
			size = big32(at);
			property(node, strings + big32(at + 4), at + 8, size);
			at += 8 + ((size + 3) & ~3u);
			break;
		case FDT_END_NODE:
		case FDT_NOP:
			break;
		default:
			return;
		}
	}
}

/* Called by entry.S with what came in $a2. */
void boot_main(const uint8_t *systab)
{
	const uint8_t *fdt;

	trap_init_cpu(&cpus[0]);
	console_init();
	fdt = find_fdt(systab);
	if (!fdt || big32(fdt) != FDT_MAGIC)
		panic("no device tree in the EFI system table at 0x%lx", (uint64_t)systab);
	read_fdt(fdt);
	if (nr_cpus > MAX_CPUS || !nr_own_memory)
		panic("%u CPUs, %u runs of memory", nr_cpus, nr_own_memory);
	clock_init();
	smp_init();
	irq_enable();
	kernel_main();
}
