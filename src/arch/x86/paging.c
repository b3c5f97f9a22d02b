/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The hypervisor's own page tables. They have the same shape as second-stage tables, so the same
 * code builds them: "gpa" is then a linear address.
 */
#include "paging.h"
#include "core/partition.h"
#include "core/pool.h"
#include "cpu.h"
#include "stage2.h"
#include "x86.h"

#define LINEAR_MASK 0xffffffffffffull /* 48 bits */
#define PTE_PRESENT BIT_ULL(0)
#define PTE_WRITE BIT_ULL(1)
#define PTE_NX BIT_ULL(63)

extern uint8_t text_start[], text_end[], rodata_start[], rodata_end[], data_start[], data_end[];
extern uint8_t images_start[], images_end[];

static struct stage2 shared;

static int map(struct stage2 *tables, uint64_t linear, uint64_t physical, uint64_t size,
	       uint32_t flags)
{
	const struct mem_region region = {
		.gpa = linear & LINEAR_MASK,
		.hpa = physical,
		.size = size,
		.flags = flags,
	};

	return size ? stage2_map(tables, &region) : 0;
}

static int map_image(const uint8_t *start, const uint8_t *end, uint32_t flags)
{
	return map(&shared, (uint64_t)start, (uint64_t)start, (uint64_t)(end - start), flags);
}

static int map_device(uint64_t address)
{
	return address ? map(&shared, address, address, PAGE_SIZE,
			     REGION_READ | REGION_WRITE | REGION_DEVICE)
		       : 0;
}

int paging_init(void)
{
	const struct arch_board *board = &partition_table.board.arch;
	const uint8_t *pool_end = page_pool + page_pool_size - pool_free_pages() * PAGE_SIZE;
	int err = stage2_init(&shared, &stage2_host, false);

	if (!err)
		err = map_image(text_start, text_end, REGION_READ | REGION_EXECUTE);
	if (!err)
		err = map_image(rodata_start, rodata_end, REGION_READ);
	if (!err)
		err = map_image(data_start, data_end, REGION_READ | REGION_WRITE);
	if (!err)
		err = map_image(images_start, images_end, REGION_READ);
	if (!err) /* what was taken from the pool before this is everybody's: the console's rings */
		err = map_image(page_pool, pool_end, REGION_READ | REGION_WRITE);
	if (!err)
		err = map_device(board->ioapic);
	if (!err)
		err = map_device(board->hpet);
	return err;
}

static int map_new(struct stage2 *tables, uint64_t linear, unsigned int pages, uint8_t **memory)
{
	*memory = pool_alloc(pages);
	if (!*memory)
		return -ENOMEM;
	return map(tables, linear, (uint64_t)*memory, pages * PAGE_SIZE,
		   REGION_READ | REGION_WRITE);
}

/* The physical address of the last-level table that maps @linear. */
static uint64_t last_table(const struct stage2 *tables, uint64_t linear)
{
	const uint64_t *table = tables->root;

	for (unsigned int shift = 39; shift > 12; shift -= 9)
		table = (const uint64_t *)(table[(linear >> shift) & 511] & LINEAR_MASK &
					   PAGE_MASK);
	return (uint64_t)table;
}

int paging_cpu(struct paging_cpu *built)
{
	struct stage2 *tables = &built->tables;
	uint8_t *memory;
	int err = stage2_init(tables, &stage2_host, false);

	if (!err)
		err = map_new(tables, PRIVATE_CPU, CPU_PAGES, &memory);
	if (err)
		return err;
	built->cpu = (struct cpu *)memory;
	err = map_new(tables, PRIVATE_STACK, STACK_PAGES, &memory);
	for (unsigned int i = 0; !err && i < FAULT_STACKS; i++)
		err = map_new(tables, PRIVATE_FAULT + i * FAULT_STRIDE, FAULT_PAGES, &memory);
	if (!err) /* the window shows its own backing page until it is first moved */
		err = map_new(tables, PRIVATE_WINDOW, 1, &memory);
	if (!err)
		err = map(tables, PRIVATE_TABLE, last_table(tables, PRIVATE_WINDOW), PAGE_SIZE,
			  REGION_READ | REGION_WRITE);
	if (err)
		return err;
	built->root = (uint64_t)tables->root;
	tables->root[0] = shared.root[0];
	return 0;
}

int paging_private(struct paging_cpu *built, uint64_t linear, const void *memory, uint64_t size)
{
	return map(&built->tables, linear, (uint64_t)memory, size, REGION_READ | REGION_WRITE);
}

void paging_enter(uint64_t root)
{
	write_cr3(root);
}

static void set_window(uint64_t entry)
{
	uint64_t *table = (uint64_t *)PRIVATE_TABLE;

	table[(PRIVATE_WINDOW >> PAGE_SHIFT) & 511] = entry;
	invlpg(PRIVATE_WINDOW);
}

void *paging_window(uint64_t page)
{
	set_window(page | PTE_PRESENT | PTE_WRITE | PTE_NX);
	return (void *)PRIVATE_WINDOW;
}

void paging_window_close(void)
{
	set_window(0);
}
