/* SPDX-License-Identifier: Apache-2.0 */
/* Reading and writing the MTRRs, and which RAM they must serve. */
#include "mtrr.h"
#include "core/log.h"
#include "core/partition.h"
#include "core/string.h"
#include "x86.h"

#define CPUID0_EBX_AMD 0x68747541u   /* "Auth" */
#define CPUID0_EBX_HYGON 0x6f677948u /* "Hygo" */
#define CPUID1_EDX_MTRR BIT(12)
#define CPUID88_EAX_ADDRESS_BITS 0xffu

/* APM vol. 2, 3.2.4 and 7.9.4: memory above 4 GiB that is write-back without a range */
#define MSR_SYSCFG 0xc0010010
#define SYSCFG_TOM2_ENABLED BIT(21)
#define SYSCFG_TOM2_WRITE_BACK BIT(22)
#define MSR_TOM2 0xc001001d
#define TOM2_ADDRESS 0xfffffff800000ull

#define MAX_PIECES 16u

static struct mtrrs boot_cpu;    /* nr_variable is 0 when the processor has no MTRRs */
static unsigned int nr_differed; /* other CPUs; they start one after the other */

static uint32_t fixed_msr(unsigned int i)
{
	if (i == 0)
		return MSR_MTRR_FIX64K;
	return i < 3 ? MSR_MTRR_FIX16K + i - 1 : MSR_MTRR_FIX4K + i - 3;
}

static bool has_fixed(void)
{
	return rdmsr(MSR_MTRR_CAP) & MTRR_CAP_FIXED;
}

static uint64_t read_tom2(void)
{
	const uint64_t both = SYSCFG_TOM2_ENABLED | SYSCFG_TOM2_WRITE_BACK;
	uint32_t vendor = cpuid(0, 0).ebx;

	if ((vendor != CPUID0_EBX_AMD && vendor != CPUID0_EBX_HYGON) ||
	    (rdmsr(MSR_SYSCFG) & both) != both)
		return 0;
	return rdmsr(MSR_TOM2) & TOM2_ADDRESS;
}

static void read_mtrrs(struct mtrrs *mtrrs)
{
	memset(mtrrs, 0, sizeof(*mtrrs));
	if (!(cpuid(1, 0).edx & CPUID1_EDX_MTRR))
		return;
	mtrrs->address_end = UINT64_C(1) << (cpuid(0x80000008, 0).eax & CPUID88_EAX_ADDRESS_BITS);
	mtrrs->tom2 = read_tom2();
	mtrrs->default_type = rdmsr(MSR_MTRR_DEFAULT);
	mtrrs->nr_variable = (unsigned int)rdmsr(MSR_MTRR_CAP) & MTRR_CAP_COUNT;
	if (mtrrs->nr_variable > MTRR_MAX_VARIABLE)
		mtrrs->nr_variable = MTRR_MAX_VARIABLE;
	for (unsigned int i = 0; i < mtrrs->nr_variable; i++) {
		mtrrs->variable[i].base = rdmsr(MSR_MTRR_VARIABLE + 2 * i);
		mtrrs->variable[i].mask = rdmsr(MSR_MTRR_VARIABLE + 2 * i + 1);
	}
	for (unsigned int i = 0; has_fixed() && i < NR_FIXED_MTRRS; i++)
		mtrrs->fixed[i] = rdmsr(fixed_msr(i));
}

/*
 * The order of SDM vol. 3, 12.11.8: nothing may be cached by the old types when the new ones come,
 * nor by TLBs, which hold types too. That section wants all CPUs to stand still meanwhile. The boot
 * CPU changes before the others start. Each other one changes before it does anything else, while
 * those that came before may run cells already: with the types that this one is about to have.
 */
static void write_mtrrs(const struct mtrrs *mtrrs)
{
	uint64_t cr0 = read_cr0(), cr4 = read_cr4();

	write_cr0((cr0 | CR0_CD) & ~(uint64_t)CR0_NW);
	wbinvd();
	write_cr4(cr4 & ~(uint64_t)CR4_PGE);
	write_cr3(read_cr3());
	wrmsr(MSR_MTRR_DEFAULT, mtrrs->default_type & ~(uint64_t)MTRR_DEFAULT_ENABLED);
	for (unsigned int i = 0; i < mtrrs->nr_variable; i++) {
		wrmsr(MSR_MTRR_VARIABLE + 2 * i, mtrrs->variable[i].base);
		wrmsr(MSR_MTRR_VARIABLE + 2 * i + 1, mtrrs->variable[i].mask);
	}
	for (unsigned int i = 0; has_fixed() && i < NR_FIXED_MTRRS; i++)
		wrmsr(fixed_msr(i), mtrrs->fixed[i]);
	wrmsr(MSR_MTRR_DEFAULT, mtrrs->default_type);
	wbinvd();
	write_cr3(read_cr3());
	write_cr4(cr4);
	write_cr0(cr0);
}

static void grow(struct mtrr_ram *ram, uint64_t base, uint64_t size)
{
	if (ram->base == ram->end)
		ram->base = ram->end = base;
	if (base < ram->base)
		ram->base = base;
	if (base + size > ram->end)
		ram->end = base + size;
}

/* All that the table puts into @board, a piece of the board's RAM. */
static void add_used(struct mtrr_ram *ram, const struct mem_region *board)
{
	const struct partition_table *table = &partition_table;

	if (table->hypervisor.base - board->hpa < board->size)
		grow(ram, table->hypervisor.base, table->hypervisor.size);
	for (unsigned int i = 0; i < table->nr_cells; i++) {
		const struct cell_config *cell = &table->cells[i];

		for (unsigned int j = 0; j < cell->nr_regions; j++) {
			const struct mem_region *region = &cell->regions[j];

			if ((region->flags & REGION_RAM) && region->hpa - board->hpa < board->size)
				grow(ram, region->hpa, region->size);
		}
	}
}

/*
 * What may be write-back around it: from the first to the last byte that the firmware calls usable
 * there. Between them lies RAM, whoever keeps it; what the board's description has beyond them may
 * be missing in this machine, and devices in its place.
 */
static void add_known(struct mtrr_ram *ram, const struct mem_region *board,
		      const struct boot_info *info)
{
	ram->low = ram->base;
	ram->high = ram->end;
	for (unsigned int i = 0; i < info->nr_ram; i++) {
		uint64_t low = info->ram[i].base, high = low + info->ram[i].size;

		if (low < board->hpa)
			low = board->hpa;
		if (high > board->hpa + board->size)
			high = board->hpa + board->size;
		low = align_up(low, PAGE_SIZE);
		high &= PAGE_MASK;
		if (low >= high)
			continue;
		if (low < ram->low)
			ram->low = low;
		if (high > ram->high)
			ram->high = high;
	}
}

/* Fills @ram with the pieces that are used; returns how many. */
static unsigned int find_ram(struct mtrr_ram *ram, const struct boot_info *info)
{
	const struct board_config *board = &partition_table.board;
	unsigned int count = 0;

	for (unsigned int i = 0; i < board->nr_memory && count < MAX_PIECES; i++) {
		struct mtrr_ram *piece = &ram[count];

		memset(piece, 0, sizeof(*piece));
		add_used(piece, &board->memory[i]);
		if (piece->base == piece->end)
			continue;
		add_known(piece, &board->memory[i], info);
		/* Below 1 MiB the fixed ranges say what is cached. */
		if (piece->low <= MTRR_FIXED_END && (boot_cpu.default_type & MTRR_DEFAULT_FIXED))
			piece->low = 0;
		count++;
	}
	return count;
}

/* The first address that is used and not write-back, or 0. */
static uint64_t first_uncached(void)
{
	const struct partition_table *table = &partition_table;
	uint64_t base = table->hypervisor.base, size = table->hypervisor.size;
	uint64_t first = mtrr_first_uncached(&boot_cpu, base, size);

	if (first != base + size)
		return first;
	for (unsigned int i = 0; i < table->nr_cells; i++) {
		for (unsigned int j = 0; j < table->cells[i].nr_regions; j++) {
			const struct mem_region *region = &table->cells[i].regions[j];

			if (!(region->flags & REGION_RAM))
				continue;
			first = mtrr_first_uncached(&boot_cpu, region->hpa, region->size);
			if (first != region->hpa + region->size)
				return first;
		}
	}
	return 0;
}

void mtrr_init(const struct boot_info *info)
{
	struct mtrr_ram ram[MAX_PIECES];
	unsigned int count, planned, needed;
	uint64_t uncached;

	read_mtrrs(&boot_cpu);
	uncached = boot_cpu.nr_variable ? first_uncached() : 0;
	if (!uncached)
		return;
	count = find_ram(ram, info);
	planned = mtrr_plan(&boot_cpu, ram, count, &needed);
	write_mtrrs(&boot_cpu);
	log_printf(
		"the firmware's MTRRs leave RAM at 0x%lx uncached; set anew on all CPUs, all else "
		"uncacheable:\n",
		(unsigned long)uncached);
	for (unsigned int i = 0; i < planned; i++)
		log_printf("  write-back: 0x%lx to 0x%lx\n", (unsigned long)ram[i].base,
			   (unsigned long)(ram[i].end - 1));
	if (planned != count)
		log_printf("  RAM from 0x%lx on stays uncached, and slow: it takes %u MTRRs, the "
			   "processor has %u\n",
			   (unsigned long)ram[planned].base, needed, boot_cpu.nr_variable);
}

void mtrr_init_ap(void)
{
	struct mtrrs mine;

	read_mtrrs(&mine);
	if (!boot_cpu.nr_variable || mine.nr_variable != boot_cpu.nr_variable ||
	    (mine.default_type == boot_cpu.default_type &&
	     memcmp(mine.fixed, boot_cpu.fixed, sizeof(mine.fixed)) == 0 &&
	     memcmp(mine.variable, boot_cpu.variable, sizeof(mine.variable)) == 0))
		return;
	write_mtrrs(&boot_cpu);
	nr_differed++;
}

void mtrr_report(void)
{
	if (nr_differed)
		log_printf("%u CPU%s had other MTRRs than the boot CPU; now all have the same\n",
			   nr_differed, nr_differed == 1 ? "" : "s");
}
