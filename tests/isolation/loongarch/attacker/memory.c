/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads and writes physical memory outside the own: by both direct windows, by pages, in direct
 * address mode. A read must give all ones, a marker written must not come back.
 */
#include "boot.h"
#include "console.h"
#include "lib.h"
#include "attacks.h"
#include "smp.h"
#include "window.h"

#define BOUNDARY_PAGES 64
#define SAMPLE_STEP (16 * MIB)
#define SAMPLE_END (64 * GIB)
#define UNCACHED 0x8000000000000000ull
#define MARKER 0x5ab0a713c35a40e1ull

/* What configs/loongarch-devices.dtsi gives to every cell, and attack-loongarch.dts to this one. */
static const struct region devices[] = {
	{ 0x10000000, 0x10000400 }, /* PCH-PIC */
	{ 0x100d0100, 0x100d0200 }, /* clock */
	{ 0x100e001c, 0x100e001f }, /* power */
	{ 0x18000000, 0x18004000 }, /* ISA window */
	{ 0x1fe001e0, 0x1fe002e0 }, /* UART */
	{ 0x2ff00000, 0x2ff00008 }, /* PCH-MSI, of the attacker alone */
};

enum way { CACHED_WINDOW, UNCACHED_WINDOW, PAGES, DIRECT, NR_WAYS };

static const char *const ways[] = { "cached window", "uncached window", "pages", "direct mode" };

struct access {
	enum way way;
	uint64_t pa;
	unsigned int size;
	bool write;
	uint64_t value;
};

static struct ranges read_leaks[NR_WAYS], write_leaks[NR_WAYS];
static uint64_t faults;

bool is_foreign(uint64_t pa, unsigned int size)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(devices); i++)
		if (pa < devices[i].end && pa + size > devices[i].start)
			return false;
	return !page_is_own(pa & PAGE_MASK);
}

unsigned int targets(uint64_t *list)
{
	/* Boot memory, flash, physical devices of the board, bus windows, the end of addresses. */
	static const uint64_t fixed[] = {
		0x10000400,    0x1c000000,   0x1d000000,     0x1e020000,    0x1fe00000, 0x1fe002e0,
		0x1fe003e0,    0x1fe01400,   0x20000000,     0x2ff01000,    0x40000000, 0x80000000,
		0xe0000000000, 0xfdfe000000, 0x7ffffffff000, 0xfffffffff000
	};
	unsigned int count = option_numbers("target", list, MAX_TARGETS - ARRAY_SIZE(fixed));

	for (unsigned int i = 0; i < ARRAY_SIZE(fixed); i++)
		list[count++] = fixed[i];
	return count;
}

static void do_sized(struct access *access, volatile void *va)
{
	switch (access->size + access->write) {
	case 1:
		access->value = *(volatile uint8_t *)va;
		break;
	case 1 + true:
		if (access->write)
			*(volatile uint8_t *)va = (uint8_t)access->value;
		else
			access->value = *(volatile uint16_t *)va;
		break;
	case 2 + true:
		*(volatile uint16_t *)va = (uint16_t)access->value;
		break;
	case 4:
		access->value = *(volatile uint32_t *)va;
		break;
	case 4 + true:
		*(volatile uint32_t *)va = (uint32_t)access->value;
		break;
	case 8:
		access->value = *(volatile uint64_t *)va;
		break;
	default:
		*(volatile uint64_t *)va = access->value;
		break;
	}
}

static void do_access(void *arg)
{
	struct access *access = arg;

	switch (access->way) {
	case CACHED_WINDOW:
		do_sized(access, (volatile void *)access->pa);
		break;
	case UNCACHED_WINDOW:
		do_sized(access, (volatile void *)(access->pa | UNCACHED));
		break;
	case PAGES:
		do_sized(access, window_map(access->pa));
		break;
	default: /* 64 bits always */
		if (access->write)
			direct_write(access->pa, access->value);
		else
			access->value = direct_read(access->pa);
		break;
	}
}

/* An access that faults got nothing: it counts as all ones. */
static uint64_t perform(struct access access)
{
	if (probe_run(do_access, &access) == PROBE_OK)
		return access.value & all_ones(access.size);
	faults++;
	return all_ones(access.size);
}

static void attempt(struct attack *attack, enum way way, uint64_t pa, unsigned int size)
{
	struct access access = { .way = way, .pa = pa, .size = way == DIRECT ? 8 : size };
	uint64_t ones = all_ones(access.size), before, after;

	if (!is_foreign(pa, 8))
		return;
	before = perform(access);
	access.write = true;
	access.value = MARKER & ones;
	perform(access);
	access.write = false;
	after = perform(access);
	if (before != ones || after != ones) {
		ranges_add(&read_leaks[way], pa & PAGE_MASK, pa | ~PAGE_MASK);
		access.write = true;
		access.value = before;
		perform(access); /* something is there: leave it as it was */
	}
	if (after == (MARKER & ones) && before != after)
		ranges_add(&write_leaks[way], pa & PAGE_MASK, pa | ~PAGE_MASK);
	attack_count(attack, before != ones || after != ones);
}

static void everywhere_in(struct attack *attack, uint64_t page)
{
	static const uint16_t offsets[] = { 0x000, 0x2e0, 0x7f8, 0xff8 };

	for (unsigned int way = 0; way < NR_WAYS; way++)
		for (unsigned int i = 0; i < ARRAY_SIZE(offsets); i++)
			for (unsigned int size = 1; size <= 8; size *= 2)
				attempt(attack, (enum way)way, page + offsets[i], size);
}

static void boundaries(struct attack *attack)
{
	for (unsigned int i = 0; i < nr_own_memory; i++) {
		uint64_t start = own_memory[i].start, end = own_memory[i].end;

		for (uint64_t n = 1; n <= BOUNDARY_PAGES; n++) {
			enum way way = (enum way)(n % NR_WAYS);

			attempt(attack, way, end + (n - 1) * PAGE_SIZE, 8);
			if (start >= n * PAGE_SIZE)
				attempt(attack, way, start - n * PAGE_SIZE, 8);
		}
	}
}

static void samples(struct attack *attack)
{
	unsigned int n = 0;

	for (uint64_t pa = 0; pa < SAMPLE_END; pa += SAMPLE_STEP, n++)
		attempt(attack, (enum way)(n % NR_WAYS), pa, 1u << n % 4);
	for (unsigned int bit = 36; bit < physical_bits(); bit++)
		for (unsigned int way = 0; way < NR_WAYS; way++)
			attempt(attack, (enum way)way, 1ull << bit, 8);
}

void attack_loong_memory(void)
{
	struct attack attack;
	uint64_t list[MAX_TARGETS];
	unsigned int count = targets(list);

	attack_begin(&attack, "memory");
	for (unsigned int i = 0; i < count; i++)
		everywhere_in(&attack, list[i] & PAGE_MASK);
	boundaries(&attack);
	samples(&attack);
	for (unsigned int way = 0; way < NR_WAYS; way++) {
		char what[48];

		text_format(what, sizeof(what), "LEAK read, %s", ways[way]);
		ranges_note(&attack, what, &read_leaks[way]);
		text_format(what, sizeof(what), "LEAK write, %s", ways[way]);
		ranges_note(&attack, what, &write_leaks[way]);
	}
	attack_note(&attack, "accesses that faulted: %lu", faults);
	attack_end(&attack);
}

/* ---- What ends the cell, or a single attempt that on-violation lets live ---- */

void end_by_fetch(uint64_t address)
{
	((void (*)(void))address)();
}

void end_by_read(uint64_t address)
{
	print("read %lx\n", *(volatile uint64_t *)address);
}

void end_by_write(uint64_t address)
{
	*(volatile uint32_t *)address = 0x0badcafe;
}

/* Load-linked is not for device registers, nor for memory that is not there. */
void end_by_ll(uint64_t address)
{
	uint64_t value;

	__asm__ volatile("ll.w %0, %1, 0" : "=r"(value) : "r"(address));
	print("ll.w %lx\n", value);
}

/* A page table outside the own memory: the refill handler's LDPTE reads it. */
void end_by_walk(uint64_t address)
{
	print("walked to %x\n", *(volatile uint32_t *)window_walk(address));
}

void end_by_ipi(uint64_t id)
{
	ipi_send((unsigned int)id, 3);
}

/* No exception can be taken: its entry is not the cell's. */
void end_by_crash(uint64_t address)
{
	csr_write(CSR_EENTRY, address);
	__asm__ volatile("break 7");
}
