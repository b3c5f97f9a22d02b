/* SPDX-License-Identifier: Apache-2.0 */
/* The boot order, in one place. */
#include "boot.h"
#include "core/arch.h"
#include "core/cell.h"
#include "core/console.h"
#include "core/log.h"
#include "core/modules.h"
#include "core/partition.h"
#include "core/pool.h"
#include "cpu.h"
#include "guest.h"
#include "irq.h"
#include "loongarch.h"

struct cpu *cpu_blocks[MAX_CPUS];

static void stop(void) __attribute__((noreturn));
static void stop(void)
{
	for (;;)
		__asm__ volatile("idle 0");
}

void refuse(const char *what)
{
	log_printf("%s; Bulkhead stops here\n", what);
	console_flush();
	stop();
}

/* A CPU that the board gives to no cell: the boot CPU still looks after the console. */
static void idle(void)
{
	for (;;) {
		__asm__ volatile("idle 0" ::: "memory");
		arch_attend(NULL);
	}
}

/* Whether this is the CPU that smp_start() has woken; board_check() asked the boot CPU. */
static bool is_expected(const struct cpu *cpu)
{
	uint32_t id = (uint32_t)csr_read(CSR_CPUID) & CPUID_CORE_MASK;

	if (id != cpu->hwid)
		log_printf("CPU %u: has id %u, the board says %u\n", cpu->index, id, cpu->hwid);
	return id == cpu->hwid;
}

void cpu_main(void)
{
	struct cpu *cpu = this_cpu();

	if (cpu->index != 0 && !(is_expected(cpu) && cpu_check()))
		stop(); /* smp_start() gives up */
	cpu_init();
	irq_init_cpu(cpu->index);
	if (cpu->index != 0)
		smp_arrived();
	else if (smp_start() != 0)
		refuse("not all CPUs start");
	if (cpu->index == 0)
		irq_enable_console();
	if (cpu->vcpu)
		vcpu_loop(cpu->vcpu);
	idle();
	__builtin_unreachable();
}

/* Builds what CPU @index needs before it may run. */
static int prepare_cpu(unsigned int index)
{
	struct vcpu *vcpu = &vcpus[index];
	struct cpu *cpu = this_cpu();

	if (index != 0)
		cpu = (struct cpu *)(uintptr_t)pool_alloc(CPU_BLOCK_SIZE / PAGE_SIZE);
	if (!cpu)
		return -ENOMEM;
	cpu->index = index;
	cpu->hwid = partition_table.board.cpus[index];
	cpu->deadline = TIMER_OFF;
	cpu_blocks[index] = cpu;
	if (vcpu->cell) {
		cpu->vcpu = vcpu;
		vcpu->arch = &cpu->guest;
	}
	return 0;
}

static int prepare(void)
{
	const struct partition_table *table = &partition_table;
	int err = 0;

	for (unsigned int i = 0; !err && i < table->nr_cells; i++)
		err = guest_init_cell(&cells[i]);
	for (unsigned int i = 0; !err && i < table->board.nr_cpus; i++)
		err = prepare_cpu(i);
	return err;
}

void boot_main(uint64_t kind, uint64_t handover, uint64_t system_table)
{
	const struct partition_table *table = &partition_table;
	static struct boot_info info;

	cpu_init_exceptions();
	uart_init();
	console_init(table);
	log_printf("Bulkhead %s: %s (%s)\n", BULKHEAD_VERSION, table->name, table->source);
	if (boot_info_read(&info, kind, handover, system_table) != 0)
		refuse("the loader hands over neither an EFI system table nor what Bulkhead's own "
		       "for UEFI does, or it is damaged");
	if (info.fdt)
		log_printf("device tree at 0x%lx\n", (unsigned long)info.fdt);
	if (info.ignored)
		log_printf("warning: %u entries of what %s hands over are damaged, unnamed or too "
			   "many; they are left out\n",
			   info.ignored, info.loader);
	if (board_check(&info) != 0)
		refuse("refused to start");
	if (!cpu_check())
		refuse("refused to start");
	if (boot_info_add_initrd(&info) != 0)
		log_printf("warning: the initrd at 0x%lx, %lu bytes, is no whole archive of boot "
			   "modules, or not in usable RAM below 4 GiB\n",
			   (unsigned long)info.initrd.base, (unsigned long)info.initrd.size);
	modules_load(&info);
	timing_init();
	cells_init();
	irq_init();
	if (prepare() != 0)
		refuse("the page pool is too small for this configuration");
	log_printf("%s, LVZ, %u CPUs, %u cell%s, stable counter %u kHz, %u pages of the pool "
		   "left\n",
		   info.loader, table->board.nr_cpus, table->nr_cells,
		   table->nr_cells == 1 ? "" : "s", timing_khz(), pool_free_pages());
	cpu_main();
}
