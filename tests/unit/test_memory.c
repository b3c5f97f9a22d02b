/* SPDX-License-Identifier: Apache-2.0 */
/* sources: src/arch/x86/memory.c src/core/cell.c
 *          src/core/bus.c src/core/fault.c src/core/vcpu.c tests/unit/fake_arch.c
 *          tests/unit/fake_guest.c tests/unit/toy_machine.c
 */
/* Looks into guest memory: page walks of every mode, and the borders of the cell. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "fake_guest.h"
#include "toy_machine.h"

#define PRESENT 1u
#define LARGE 0x80u
#define NOISE UINT64_C(0x8000000000000f66) /* NX, available, dirty, accessed, writable, user */
#define FOREIGN UINT64_C(0x90000000)       /* no memory of the cell */

#define HIGH_GPA UINT64_C(0xab00400000) /* beyond 4 GiB, for PSE-36 */
#define AT_3G UINT64_C(0xc0000000)
#define AT_2M UINT64_C(0x80200000)
#define HIGH_HPA RAM_A_HIGH
#define HPA_3G (FAKE_RAM + 0x240000)
#define HPA_2M (FAKE_RAM + 0x250000)

#define RW (REGION_READ | REGION_WRITE | REGION_RAM)

static const struct mem_region regions[] = {
	{ 0, RAM_A, 0xa0000, RW, "t:1" },
	{ 0xf0000, ROM_A, 0x1000, REGION_READ | REGION_RAM, "t:2" },
	{ 0x100000, DEVICE_A, 0x1000, REGION_READ | REGION_WRITE | REGION_DEVICE, "t:3" },
	{ AT_2M, HPA_2M, 0x2000, RW, "t:4" },
	{ AT_3G, HPA_3G, 0x2000, RW, "t:5" },
	{ HIGH_GPA, HIGH_HPA, 0x2000, RW, "t:6" },
};

static struct x86_state *const cpu = &fake_guest.state;
static struct cell *const cell = &cells[0];

static int setup(void **state)
{
	toy_setup(state);
	configs[0].regions = regions;
	configs[0].nr_regions = ARRAY_SIZE(regions);
	fake_guest_start(a0);
	memset(fake_ram(RAM_A), 0, 0xa0000);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	assert_false(fake_guest.window_open); /* nothing of a cell stays mapped */
	return 0;
}

/* ---- Building ---- */

static void poke(uint64_t gpa, uint64_t value, unsigned int size)
{
	memcpy(fake_ram(RAM_A + gpa), &value, size);
}

/* Ways to address memory, with the address that must come of each. */
enum walk { REAL, LONG4, LONG4_2M, LONG4_1G, LONG5, PAE, PAE_2M, LEGACY, PSE, PSE36, NR_WALKS };

struct path {
	uint64_t linear;
	uint64_t gpa;
	uint64_t hpa;
	unsigned int nr_entries;
	struct {
		uint64_t at; /* gpa of the entry that the walk reads */
		uint64_t value;
		unsigned int size;
	} entries[5];
};

static void add(struct path *path, uint64_t at, uint64_t value, unsigned int size)
{
	path->entries[path->nr_entries].at = at;
	path->entries[path->nr_entries].value = value;
	path->entries[path->nr_entries].size = size;
	path->nr_entries++;
}

/* Adds the entries of @levels levels down to one that holds @leaf; tables at 10000H, 11000H, ... */
static void add_long(struct path *path, unsigned int levels, unsigned int last, uint64_t leaf)
{
	uint64_t table = cpu->cr3 & ~UINT64_C(0x1f);

	for (unsigned int level = levels; level >= last; level--) {
		uint64_t index = path->linear >> (12 + 9 * (level - 1)) & 511;
		uint64_t next = UINT64_C(0x10000) + (levels - level + 1) * 0x1000;
		/* A PAE root's entries have no rights, and few bits that may be set. */
		uint64_t bits = levels == 3 && level == 3 ? PRESENT : PRESENT | NOISE;

		add(path, table + index * 8, (level == last ? leaf : next) | bits, 8);
		table = next;
	}
}

static void long_mode(unsigned int levels)
{
	cpu->cr0 = CR0_PE | CR0_PG;
	cpu->cr4 = CR4_PAE | (levels == 5 ? CR4_LA57 : 0);
	cpu->efer = levels >= 4 ? EFER_LME | EFER_LMA : 0;
	cpu->cr3 = levels >= 4 ? 0x10018 : 0x10fe0; /* with cache bits; a PAE root in mid-page */
}

static void legacy(bool pse)
{
	cpu->cr0 = CR0_PE | CR0_PG;
	cpu->cr4 = pse ? CR4_PSE : 0;
	cpu->cr3 = 0x10018;
}

static void take(struct path *path, uint64_t linear, uint64_t gpa, uint64_t hpa)
{
	path->linear = linear;
	path->gpa = gpa;
	path->hpa = hpa;
}

static struct path build(enum walk walk)
{
	struct path path = { 0 };

	memset(cpu, 0, sizeof(*cpu));
	take(&path, 0x34567, 0x34567, RAM_A + 0x34567);
	switch (walk) {
	case LONG4:
		long_mode(4);
		take(&path, UINT64_C(0xffff8a5a5a5a5123), 0x20123, RAM_A + 0x20123);
		add_long(&path, 4, 1, 0x20000);
		break;
	case LONG4_2M:
		long_mode(4);
		take(&path, UINT64_C(0x00007ffffe001123), AT_2M + 0x1123, HPA_2M + 0x1123);
		add_long(&path, 4, 2, AT_2M | LARGE | 0x1000); /* bit 12 is the PAT's */
		break;
	case LONG4_1G:
		long_mode(4);
		take(&path, UINT64_C(0x0000123440000123), AT_3G + 0x123, HPA_3G + 0x123);
		add_long(&path, 4, 3, AT_3G | LARGE | 0x1000);
		break;
	case LONG5:
		long_mode(5);
		take(&path, UINT64_C(0xff8a5a5a5a5a5ff8), 0x20ff8, RAM_A + 0x20ff8);
		add_long(&path, 5, 1, 0x20000);
		break;
	case PAE:
		long_mode(3);
		take(&path, 0xdeadb123, 0x20123, RAM_A + 0x20123);
		add_long(&path, 3, 1, 0x20000);
		break;
	case PAE_2M:
		long_mode(3);
		take(&path, 0x40201123, AT_2M + 0x1123, HPA_2M + 0x1123);
		add_long(&path, 3, 2, AT_2M | LARGE | 0x1000);
		break;
	case LEGACY: /* bit 7 says nothing without CR4.PSE */
		legacy(false);
		take(&path, 0xdeadb123, 0x20123, RAM_A + 0x20123);
		add(&path, 0x10000 + (0xdeadb123 >> 22) * 4, 0x11000 | LARGE | 0xf67, 4);
		add(&path, 0x11000 + (0xdeadb123 >> 12 & 1023) * 4, 0x20000 | 0xfe7, 4);
		break;
	case PSE:
		legacy(true);
		take(&path, 0x00401123, AT_3G + 0x1123, HPA_3G + 0x1123);
		add(&path, 0x10004, AT_3G | LARGE | 0xf67, 4);
		break;
	case PSE36:
		legacy(true);
		take(&path, 0xffc01123, HIGH_GPA + 0x1123, HIGH_HPA + 0x1123);
		add(&path, 0x10ffc, 0x00400000 | 0xabu << 13 | LARGE | 0xf67, 4);
		break;
	default: /* no paging */
		cpu->cr0 = CR0_PE;
		cpu->efer = EFER_LME; /* LMA follows paging */
		break;
	}
	for (unsigned int i = 0; i < path.nr_entries; i++)
		poke(path.entries[i].at, path.entries[i].value, path.entries[i].size);
	return path;
}

static int read(uint64_t linear, void *buffer, unsigned int size)
{
	return guest_read_linear(&fake_guest.cpu, cell, linear, buffer, size);
}

static int write(uint64_t linear, const void *buffer, unsigned int size)
{
	return guest_write_linear(&fake_guest.cpu, cell, linear, buffer, size);
}

/* ---- Walks ---- */

static void every_mode_finds_its_memory(void **state)
{
	for (enum walk walk = REAL; walk < NR_WALKS; walk++) {
		struct path path;
		uint64_t value = 0;

		setup(state);
		path = build(walk);
		memcpy(fake_ram(path.hpa), "goodbyte", 8);
		if (read(path.linear, &value, 8) != 0 || memcmp(&value, "goodbyte", 8) != 0)
			fail_msg("walk %d reads elsewhere", (int)walk);
		assert_int_equal(write(path.linear, "newbytes", 8), 0);
		assert_memory_equal(fake_ram(path.hpa), "newbytes", 8);
	}
}

static void an_entry_that_is_not_present_ends_every_walk(void **state)
{
	for (enum walk walk = REAL; walk < NR_WALKS; walk++) {
		setup(state);
		for (unsigned int i = 0; i < build(walk).nr_entries; i++) {
			struct path path = build(walk);
			uint64_t value = 0x77;

			poke(path.entries[i].at, path.entries[i].value & ~(uint64_t)PRESENT,
			     path.entries[i].size);
			assert_int_equal(read(path.linear, &value, 8), -ENOENT);
			assert_int_equal(value, 0x77);
			assert_int_equal(write(path.linear, &value, 8), -ENOENT);
		}
	}
}

/* Tables and pages outside the cell, and in registers of a device, are never looked at. */
static void a_walk_that_leaves_the_cell_is_refused(void **state)
{
	static const uint64_t outside[] = { FOREIGN, UINT64_C(0xfffffffff000), 0xa0000, 0x100000 };
	static const bool is_large[NR_WALKS] = {
		[LONG4_2M] = true, [LONG4_1G] = true, [PAE_2M] = true, [PSE] = true, [PSE36] = true
	};
	unsigned int cases = 0;

	for (enum walk walk = LONG4; walk < NR_WALKS; walk++) {
		setup(state);
		for (unsigned int i = 0; i < build(walk).nr_entries; i++) {
			for (unsigned int o = 0; o < ARRAY_SIZE(outside); o++) {
				struct path path = build(walk);
				uint64_t value = 0x77, entry = path.entries[i].value;

				/* Large pages start at few addresses. */
				if (i == path.nr_entries - 1 && is_large[walk] && o > 1)
					continue;
				entry &= ~(UINT64_C(0x000ffffffffff000));
				poke(path.entries[i].at, entry | outside[o], path.entries[i].size);
				assert_int_equal(read(path.linear, &value, 8), -EPERM);
				assert_int_equal(write(path.linear, &value, 8), -EPERM);
				assert_int_equal(value, 0x77);
				cases++;
			}
		}
	}
	assert_true(cases >= 4 * 20);
}

static void a_root_outside_the_cell_is_refused(void **state)
{
	uint64_t value;

	(void)state;
	for (enum walk walk = LONG4; walk < NR_WALKS; walk++) {
		struct path path = build(walk);

		cpu->cr3 = FOREIGN;
		assert_int_equal(read(path.linear, &value, 8), -EPERM);
	}
}

/* Bit 7 is "large" in some levels only; elsewhere hardware would not accept it, and a walk that
 * took it for a large page would end at another address. */
static void only_some_levels_have_large_pages(void **state)
{
	static const struct {
		enum walk walk;
		unsigned int entry;
	} cases[] = { { LONG4, 0 }, { LONG5, 0 }, { LONG5, 1 }, { PAE, 0 } };
	uint64_t value;

	for (unsigned int i = 0; i < ARRAY_SIZE(cases); i++) {
		struct path path;
		unsigned int e = cases[i].entry;

		setup(state);
		path = build(cases[i].walk);
		poke(path.entries[e].at, path.entries[e].value | LARGE, 8);
		memcpy(fake_ram(path.hpa), "goodbyte", 8);
		assert_int_equal(read(path.linear, &value, 8), 0);
		assert_memory_equal(&value, "goodbyte", 8);
	}
}

static void without_paging_addresses_have_32_bits(void **state)
{
	uint64_t value = 0;

	(void)state;
	build(REAL);
	memcpy(fake_ram(RAM_A + 0x1234), "goodbyte", 8);
	assert_int_equal(read(UINT64_C(0x100001234), &value, 8), 0);
	assert_memory_equal(&value, "goodbyte", 8);
	assert_int_equal(read(HIGH_GPA, &value, 1), -EPERM); /* 400000H is nothing */
}

/* ---- Copying ---- */

/* Two neighbouring pages of the guest, far from each other in memory. */
static struct path two_pages(uint64_t second)
{
	struct path path = build(LONG4);

	path.linear = (path.linear & PAGE_MASK) + 0xffc;
	poke(path.entries[3].at + 8, second, 8);
	return path;
}

static void copies_cross_pages(void **state)
{
	struct path path = two_pages(0x50000 | PRESENT);
	uint8_t bytes[16];

	(void)state;
	for (unsigned int size = 1; size <= 16; size++) {
		memset(fake_ram(RAM_A + 0x20000), 0, 0x2000);
		memset(fake_ram(RAM_A + 0x50000), 0, 0x1000);
		assert_int_equal(write(path.linear, "0123456789abcdef", size), 0);
		assert_memory_equal(fake_ram(RAM_A + 0x20ffc), "0123", size < 4 ? size : 4);
		if (size > 4)
			assert_memory_equal(fake_ram(RAM_A + 0x50000), "456789abcdef", size - 4);
		/* and not one byte more */
		assert_int_equal(*fake_ram(RAM_A + 0x21000), 0);
		assert_int_equal(*fake_ram(RAM_A + 0x50000 + (size > 4 ? size - 4 : 0)), 0);
		memset(bytes, 0xee, sizeof(bytes));
		assert_int_equal(read(path.linear, bytes, size), 0);
		assert_memory_equal(bytes, "0123456789abcdef", size);
		if (size < 16)
			assert_int_equal(bytes[size], 0xee);
	}
}

static void a_copy_ends_where_its_pages_end(void **state)
{
	uint64_t value;

	(void)state;
	assert_int_equal(read(two_pages(0).linear, &value, 8), -ENOENT);
	assert_int_equal(read(two_pages(FOREIGN | PRESENT).linear, &value, 8), -EPERM);
	assert_int_equal(read(two_pages(0).linear, &value, 4), 0);
	assert_int_equal(write(two_pages(0).linear, &value, 8), -ENOENT);
}

static void writes_to_rom_vanish(void **state)
{
	uint64_t value = 0;
	uint8_t before[8];

	(void)state;
	build(REAL);
	memcpy(before, fake_ram(ROM_A + 8), 8);
	assert_int_equal(write(0xf0008, "newbytes", 8), 0);
	assert_memory_equal(fake_ram(ROM_A + 8), before, 8);
	assert_int_equal(read(0xf0008, &value, 8), 0);
	assert_memory_equal(&value, before, 8);
	assert_int_equal(guest_write_physical(cell, 0xf0008, "newbytes", 8), 0);
	assert_memory_equal(fake_ram(ROM_A + 8), before, 8);
}

static void physical_writes_stay_within_a_page_of_ram(void **state)
{
	uint8_t bytes[64] = { 0 };

	(void)state;
	assert_int_equal(guest_write_physical(cell, 0x5000, "newbytes", 8), 0);
	assert_memory_equal(fake_ram(RAM_A + 0x5000), "newbytes", 9);
	assert_int_equal(guest_write_physical(cell, 0x5fe0, bytes, 32), 0);
	assert_int_equal(guest_write_physical(cell, 0x5fe1, bytes, 32), -EPERM);
	assert_int_equal(guest_write_physical(cell, 0x5000, bytes, 33), -EPERM);
	assert_int_equal(guest_write_physical(cell, 0x100000, bytes, 8), -EPERM);
	assert_int_equal(guest_write_physical(cell, 0xa0000, bytes, 8), -EPERM);
	assert_int_equal(guest_write_physical(cell, FOREIGN, bytes, 8), -EPERM);
	assert_int_equal(guest_write_physical(cell, UINT64_MAX, bytes, 1), -EPERM);
	assert_int_equal(write(0, bytes, 17), -EPERM); /* longer than any operand */
}

static void memory_is_filled_across_pages(void **state)
{
	static uint8_t data[0x2345];

	(void)state;
	memset(data, 0xd7, sizeof(data));
	memset(fake_ram(RAM_A), 0x11, 0x8000);
	arch_fill_memory(RAM_A + 0x0ffd, data, sizeof(data));
	assert_int_equal(*fake_ram(RAM_A + 0x0ffc), 0x11);
	assert_memory_equal(fake_ram(RAM_A + 0x0ffd), data, sizeof(data));
	assert_int_equal(*fake_ram(RAM_A + 0x0ffd + sizeof(data)), 0x11);
	arch_fill_memory(RAM_A + 0x1fff, NULL, 2);
	assert_int_equal(*fake_ram(RAM_A + 0x1ffe), 0xd7);
	assert_int_equal(*fake_ram(RAM_A + 0x1fff) | *fake_ram(RAM_A + 0x2000), 0);
	assert_int_equal(*fake_ram(RAM_A + 0x2001), 0xd7);
	fake_guest.windows = 0;
	arch_fill_memory(RAM_A + 0x3000, NULL, 0);
	assert_int_equal(fake_guest.windows, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(every_mode_finds_its_memory, setup, teardown),
		cmocka_unit_test_setup_teardown(an_entry_that_is_not_present_ends_every_walk, setup,
						teardown),
		cmocka_unit_test_setup_teardown(a_walk_that_leaves_the_cell_is_refused, setup,
						teardown),
		cmocka_unit_test_setup_teardown(a_root_outside_the_cell_is_refused, setup,
						teardown),
		cmocka_unit_test_setup_teardown(only_some_levels_have_large_pages, setup, teardown),
		cmocka_unit_test_setup_teardown(without_paging_addresses_have_32_bits, setup,
						teardown),
		cmocka_unit_test_setup_teardown(copies_cross_pages, setup, teardown),
		cmocka_unit_test_setup_teardown(a_copy_ends_where_its_pages_end, setup, teardown),
		cmocka_unit_test_setup_teardown(writes_to_rom_vanish, setup, teardown),
		cmocka_unit_test_setup_teardown(physical_writes_stay_within_a_page_of_ram, setup,
						teardown),
		cmocka_unit_test_setup_teardown(memory_is_filled_across_pages, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
