/* SPDX-License-Identifier: Apache-2.0 */
#include "boot.h"
#include "acpi.h"
#include "apic.h"
#include "clock.h"
#include "console.h"
#include "lib.h"
#include "smp.h"
#include "trap.h"

#define START_MAGIC 0x336ec578u
#define PIC_MASTER_MASK 0x21
#define PIC_SLAVE_MASK 0xa1

enum { MEMMAP_RAM = 1, MEMMAP_ACPI = 3 };

struct hvm_start_info {
	uint32_t magic;
	uint32_t version;
	uint32_t flags;
	uint32_t nr_modules;
	uint64_t modules;
	uint64_t cmdline;
	uint64_t rsdp;
	uint64_t memmap; /* from version 1 on */
	uint32_t nr_memmap;
	uint32_t reserved;
};

struct memmap_entry {
	uint64_t base;
	uint64_t size;
	uint32_t type;
	uint32_t reserved;
};

_Static_assert(sizeof(struct hvm_start_info) == 56, "fixed by the PVH ABI");
_Static_assert(sizeof(struct memmap_entry) == 24, "fixed by the PVH ABI");

struct region usable_ram[MAX_REGIONS];
unsigned int nr_usable_ram;

void boot_main(const struct hvm_start_info *info);

static void read_memmap(const struct hvm_start_info *info)
{
	const struct memmap_entry *map = (const struct memmap_entry *)info->memmap;

	for (uint32_t i = 0; i < info->nr_memmap; i++) {
		uint64_t end = map[i].base + map[i].size;
		uint64_t inner_start = (map[i].base + PAGE_SIZE - 1) & PAGE_MASK;
		uint64_t inner_end = end & PAGE_MASK;

		if (map[i].type != MEMMAP_RAM && map[i].type != MEMMAP_ACPI)
			continue;
		own_memory_add(map[i].base & PAGE_MASK, (end + PAGE_SIZE - 1) & PAGE_MASK);
		if (map[i].type == MEMMAP_RAM && inner_end > inner_start &&
		    nr_usable_ram < MAX_REGIONS)
			usable_ram[nr_usable_ram++] = (struct region){ inner_start, inner_end };
	}
}

/*
 * Firmware may have left the 8259s open and LINT0 ready for them. They are closed first: an
 * interrupt that waits while LINT0 is masked under it arrives without a vector on QEMU (as #GP with
 * error code -6).
 */
static void mask_8259s(void)
{
	outb(PIC_MASTER_MASK, 0xff);
	outb(PIC_SLAVE_MASK, 0xff);
}

/* Called by entry.S with what the loader left in EBX. */
void boot_main(const struct hvm_start_info *info)
{
	const char *text = (const char *)info->cmdline;
	size_t n = 0;

	trap_init_cpu(&cpus[0]);
	console_init();
	if (info->magic != START_MAGIC || info->version < 1 || !info->nr_memmap)
		panic("no PVH start info with a memory map at 0x%lx", (uint64_t)info);
	/* All is copied before anything is written to memory that the loader may have used. */
	while (text && text[n] && n + 1 < sizeof(cmdline)) {
		cmdline[n] = text[n];
		n++;
	}
	read_memmap(info);
	acpi_init(info->rsdp);
	mask_8259s();
	apic_init();
	clock_init(acpi_pm_timer_port);
	apic_timer_calibrate();
	smp_init();
	irq_enable();
	kernel_main();
}
