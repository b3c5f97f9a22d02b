/* SPDX-License-Identifier: Apache-2.0 */
/* The boot order, in one place. */
#include "boot.h"
#include "apic.h"
#include "core/arch.h"
#include "core/cell.h"
#include "core/console.h"
#include "core/log.h"
#include "core/modules.h"
#include "core/partition.h"
#include "core/pool.h"
#include "cpu.h"
#include "guest.h"
#include "ioapic.h"
#include "mtrr.h"
#include "paging.h"
#include "smp.h"
#include "timing.h"
#include "uart.h"
#include "vendor.h"

static struct paging_cpu built[MAX_CPUS];

static void refuse(const char *what)
{
	log_printf("%s; Bulkhead stops here\n", what);
	console_flush();
	for (;;)
		__asm__ volatile("cli; hlt");
}

/* A CPU that the board gives to no cell: the boot CPU still looks after the console. */
static void idle(struct cpu *cpu)
{
	for (;;) {
		cpu->attention = 0;
		arch_attend(NULL);
		vendor->wait(&cpu->attention);
	}
}

/* The rest of a CPU's life, on its own stack and page table. */
static void cpu_main(void)
{
	struct cpu *cpu = this_cpu();

	cpu_load_tables();
	apic_init();
	vendor->cpu_enable(&cpu->guest);
	if (cpu->index != 0)
		smp_ap_arrived();
	else if (smp_start() != 0)
		refuse("not all CPUs start");
	if (cpu->index == 0) {
		mtrr_report();
		uart_enable_interrupt();
	}
	if (cpu->vcpu)
		vcpu_loop(cpu->vcpu);
	idle(cpu);
}

void boot_ap(unsigned int index)
{
	paging_enter(built[index].root);
	cpu_switch_stack(PRIVATE_STACK + STACK_PAGES * PAGE_SIZE, cpu_main);
}

/* Builds what CPU @index needs before it may run: page tables, private structure, vCPU. */
static int prepare_cpu(unsigned int index)
{
	struct vcpu *vcpu = &vcpus[index];
	struct arch_vcpu *guest;
	int err = paging_cpu(&built[index]);

	if (err)
		return err;
	built[index].cpu->index = index;
	if (!vcpu->cell)
		return 0;
	built[index].cpu->vcpu = vcpu;
	vcpu->arch = &((struct cpu *)PRIVATE_CPU)->guest;
	guest = &built[index].cpu->guest;
	err = vendor->vcpu_alloc(guest);
	if (!err)
		err = paging_private(&built[index], PRIVATE_VENDOR, guest->vendor,
				     vendor->control_size);
	guest->vendor = (void *)PRIVATE_VENDOR;
	return err;
}

static int prepare(void)
{
	const struct partition_table *table = &partition_table;
	int err = paging_init();

	for (unsigned int i = 0; !err && i < table->nr_cells; i++)
		err = guest_init_cell(&cells[i]);
	for (unsigned int i = 0; !err && i < table->board.nr_cpus; i++)
		err = prepare_cpu(i);
	return err;
}

void boot_main(uint32_t magic, uint32_t address)
{
	const struct partition_table *table = &partition_table;
	static struct boot_info info;

	uart_init();
	console_init(table);
	log_printf("Bulkhead %s: %s (%s)\n", BULKHEAD_VERSION, table->name, table->source);
	if (boot_info_read(&info, magic, address) != 0)
		refuse("the loader is none of multiboot2, PVH and Bulkhead's own for UEFI, or its "
		       "hand-over is damaged");
	if (info.framebuffer.size)
		log_printf("frame buffer of %ux%u pixels at 0x%lx, %u bytes a line\n",
			   info.framebuffer.width, info.framebuffer.height,
			   (unsigned long)info.framebuffer.base, info.framebuffer.line_size);
	if (info.fdt)
		log_printf("device tree at 0x%lx\n", (unsigned long)info.fdt);
	if (info.ignored)
		log_printf("warning: %u entries of what %s hands over are damaged, unnamed or too "
			   "many; they are left out\n",
			   info.ignored, info.loader);
	if (board_check(&info) != 0)
		refuse("refused to start");
	(void)vendor_select(); /* there is one: board_check() has seen it */
	mtrr_init(&info);
	modules_load(&info);
	cpu_init_idt();
	ioapic_init();
	hpet_start();
	timing_init();
	hpet_init();
	smp_prepare();
	cells_init();
	if (prepare() != 0)
		refuse("the page pool is too small for this configuration");
	log_printf("%s, %s, %u CPUs, %u cell%s, TSC %u kHz, %u pages of the pool left\n",
		   info.loader, vendor->name, table->board.nr_cpus, table->nr_cells,
		   table->nr_cells == 1 ? "" : "s", timing_tsc_khz(), pool_free_pages());
	boot_ap(0);
}
