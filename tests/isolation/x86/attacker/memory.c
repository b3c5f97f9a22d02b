/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads and writes all physical memory outside the own: around each own region page by page,
 * elsewhere by samples. A read must give all ones, a marker written must not come back.
 */
#include "attacks.h"
#include "boot.h"
#include "lib.h"
#include "trap.h"
#include "window.h"

#define BOUNDARY_PAGES 64
#define SAMPLE_STEP (2 * MIB)
#define DEFAULT_SWEEP_GIB 64
#define IOAPIC_BASE 0xfec00000ull
/* PCI configuration space of bus 0 (ECAM), as configs/pc-devices.dtsi gives it to every cell */
#define ECAM_BASE 0xe0000000ull
#define ECAM_END 0xe0100000ull
#define ROM_START 0xc0000ull
#define ROM_END 0x100000ull

/* On a bare machine this may reach the MSI window: as MSI data it is edge-triggered, fixed, vector
 * 0xe1. */
#define MARKER 0x5ab0a713c35a40e1ull

struct access {
	volatile void *va;
	unsigned int size; /* bytes: 1, 2, 4 or 8 */
	uint64_t value;
};

/* What one attempt found. */
struct verdict {
	bool read_leak;
	bool write_leak;
};

static struct ranges read_leaks, write_leaks;
static uint64_t faults;

bool page_is_rom(uint64_t pa)
{
	return pa >= ROM_START && pa < ROM_END;
}

bool page_is_foreign(uint64_t pa)
{
	return !page_is_own(pa) && pa != IOAPIC_BASE && !(pa >= ECAM_BASE && pa < ECAM_END);
}

static void do_read(void *arg)
{
	struct access *access = arg;

	switch (access->size) {
	case 1:
		access->value = *(volatile uint8_t *)access->va;
		break;
	case 2:
		access->value = *(volatile uint16_t *)access->va;
		break;
	case 4:
		access->value = *(volatile uint32_t *)access->va;
		break;
	default:
		access->value = *(volatile uint64_t *)access->va;
		break;
	}
}

static void do_write(void *arg)
{
	const struct access *access = arg;

	switch (access->size) {
	case 1:
		*(volatile uint8_t *)access->va = (uint8_t)access->value;
		break;
	case 2:
		*(volatile uint16_t *)access->va = (uint16_t)access->value;
		break;
	case 4:
		*(volatile uint32_t *)access->va = (uint32_t)access->value;
		break;
	default:
		*(volatile uint64_t *)access->va = access->value;
		break;
	}
}

/* An access that faults got nothing: it counts as all ones. */
static uint64_t read_as(volatile void *va, unsigned int size)
{
	struct access access = { .va = va, .size = size };

	if (probe_run(do_read, &access) == PROBE_OK)
		return access.value;
	faults++;
	return all_ones(size);
}

static void write_as(volatile void *va, unsigned int size, uint64_t value)
{
	struct access access = { .va = va, .size = size, .value = value };

	if (probe_run(do_write, &access) != PROBE_OK)
		faults++;
}

static struct verdict attempt(uint64_t pa, unsigned int size)
{
	volatile void *va = window_map(pa);
	uint64_t ones = all_ones(size);
	uint64_t marker = MARKER & ones;
	uint64_t before = read_as(va, size);
	uint64_t after;

	write_as(va, size, marker);
	after = read_as(va, size);
	if (before != ones || after != ones)
		write_as(va, size, before); /* something is there: leave it as it was */
	return (struct verdict){
		.read_leak = (before != ones || after != ones) && !page_is_rom(pa & PAGE_MASK),
		.write_leak = after == marker && before != marker,
	};
}

/* One attempt that counts; in the list of leaks it stands for the @span bytes (a power of 2) around
 * it. */
static void attack_address(struct attack *attack, uint64_t pa, unsigned int size, uint64_t span)
{
	struct verdict verdict = attempt(pa, size);
	uint64_t first = pa & ~(span - 1);

	attack_count(attack, verdict.read_leak || verdict.write_leak);
	if (verdict.read_leak)
		ranges_add(&read_leaks, first, first + span - 1);
	if (verdict.write_leak)
		ranges_add(&write_leaks, first, first + span - 1);
}

static void note_leaks(struct attack *attack, const char *where)
{
	char what[48];

	text_format(what, sizeof(what), "LEAK read, %s", where);
	ranges_note(attack, what, &read_leaks);
	text_format(what, sizeof(what), "LEAK write, %s", where);
	ranges_note(attack, what, &write_leaks);
	read_leaks = (struct ranges){ 0 };
	write_leaks = (struct ranges){ 0 };
}

static void attack_page(struct attack *attack, uint64_t page)
{
	static const uint16_t offsets[] = { 0, 0x0f0, 0x7f8, 0xff8 };

	if (!page_is_foreign(page))
		return;
	for (unsigned int size = 1; size <= 8; size *= 2) {
		for (unsigned int i = 0; i < ARRAY_SIZE(offsets); i++)
			attack_address(attack, page + offsets[i], size, PAGE_SIZE);
	}
}

/* Every page up to 64 pages before and behind each own region, with each size. */
static void attack_boundaries(struct attack *attack)
{
	uint64_t limit = 1ull << physical_bits();

	for (unsigned int i = 0; i < nr_own_memory; i++) {
		uint64_t start = own_memory[i].start;
		uint64_t end = own_memory[i].end;
		uint64_t from =
			start > BOUNDARY_PAGES * PAGE_SIZE ? start - BOUNDARY_PAGES * PAGE_SIZE : 0;

		for (uint64_t pa = from; pa < start; pa += PAGE_SIZE) {
			for (unsigned int size = 1; size <= 8 && page_is_foreign(pa); size *= 2)
				attack_address(attack, pa, size, PAGE_SIZE);
		}
		for (uint64_t pa = end; pa < end + BOUNDARY_PAGES * PAGE_SIZE && pa < limit;
		     pa += PAGE_SIZE) {
			for (unsigned int size = 1; size <= 8 && page_is_foreign(pa); size *= 2)
				attack_address(attack, pa, size, PAGE_SIZE);
		}
	}
	note_leaks(attack, "around own");
}

/* One page every 2 MiB, the size of the access changes from one to the next; then each power of two
 * above. */
static void attack_samples(struct attack *attack)
{
	uint64_t limit = 1ull << physical_bits();
	uint64_t gib = DEFAULT_SWEEP_GIB;
	uint64_t end;
	size_t length;
	const char *text = cmdline_value("sweep", &length);

	if (text)
		(void)text_number(&text, text + length, 10, &gib);
	end = gib * GIB < limit ? gib * GIB : limit;
	for (uint64_t pa = 0; pa < end; pa += SAMPLE_STEP) {
		if (page_is_foreign(pa))
			attack_address(attack, pa, 1u << (pa / SAMPLE_STEP & 3), SAMPLE_STEP);
	}
	for (uint64_t pa = end; pa && pa < limit; pa *= 2) {
		if (page_is_foreign(pa))
			attack_address(attack, pa, 8, PAGE_SIZE);
		if (page_is_foreign(2 * pa - PAGE_SIZE))
			attack_address(attack, 2 * pa - PAGE_SIZE, 8, PAGE_SIZE);
	}
	note_leaks(attack, "samples");
}

/*
 * An access of which the first bytes are own and the others are not: whoever emulates it must not
 * do the whole at either place. Only region ends: what stands before the start of a region may be
 * read-only memory.
 */
static void attack_straddling(struct attack *attack)
{
	for (unsigned int i = 0; i < nr_own_memory; i++) {
		uint64_t end = own_memory[i].end;

		if (!page_is_foreign(end))
			continue;
		for (unsigned int own = 1; own < 8; own++) {
			volatile uint8_t *va = window_map(end - own);
			unsigned int size = own < 2 ? 2 : own < 4 ? 4 : 8;
			unsigned int foreign = size - own;
			uint64_t ones = all_ones(foreign);
			uint64_t before, after, own_bytes[2];

			memcpy(own_bytes, (const void *)va, own);
			before = read_as(va, size) >> (8 * own);
			write_as(va, size, MARKER & all_ones(size));
			after = read_as(va, size) >> (8 * own);
			if (before != ones || after != ones) {
				ranges_add(&read_leaks, end, end + foreign - 1);
				write_as(va, size, before << (8 * own));
			}
			attack_count(attack, before != ones || after != ones);
			memcpy((void *)va, own_bytes, own);
		}
	}
	note_leaks(attack, "straddling");
}

/* Puts a foreign page into its place in a list of @n; returns the new length. */
static unsigned int insert_page(uint64_t *list, unsigned int n, unsigned int max, uint64_t page)
{
	unsigned int at = n;

	if (!page_is_foreign(page) || n == max)
		return n;
	while (at && list[at - 1] > page)
		at--;
	if (at && list[at - 1] == page)
		return n;
	for (unsigned int i = n; i > at; i--)
		list[i] = list[i - 1];
	list[at] = page;
	return n + 1;
}

unsigned int hot_pages(uint64_t *list, unsigned int max)
{
	/* VGA, local APIC, HPET, ECAM of a PC, BIOS, reset vector, just above 4 GiB. */
	static const uint64_t fixed[] = { 0xa0000,    0xfee00000, 0xfed00000, 0xb0000000,
					  0xfffc0000, 0xfffff000, 4 * GIB };
	uint64_t targets[MAX_HOT];
	unsigned int nr_targets = option_numbers("target", targets, ARRAY_SIZE(targets));
	unsigned int n = 0;

	for (unsigned int i = 0; i < nr_targets; i++)
		n = insert_page(list, n, max, targets[i] & PAGE_MASK);
	for (unsigned int i = 0; i < ARRAY_SIZE(fixed); i++)
		n = insert_page(list, n, max, fixed[i]);
	for (unsigned int i = 0; i < nr_own_memory; i++) {
		if (!page_is_rom(own_memory[i].end))
			n = insert_page(list, n, max, own_memory[i].end);
	}
	return n;
}

/* Targets are physical addresses as the cell sees them: those in its own memory prove nothing. */
static unsigned int count_own_targets(void)
{
	uint64_t targets[MAX_HOT];
	unsigned int n = option_numbers("target", targets, ARRAY_SIZE(targets));
	unsigned int own = 0;

	for (unsigned int i = 0; i < n; i++)
		own += !page_is_foreign(targets[i] & PAGE_MASK);
	return own;
}

void attack_memory(void)
{
	struct attack attack;
	uint64_t hot[MAX_HOT];
	unsigned int nr_hot = hot_pages(hot, ARRAY_SIZE(hot));

	faults = 0;
	attack_begin(&attack, "memory");
	attack_boundaries(&attack);
	attack_samples(&attack);
	for (unsigned int i = 0; i < nr_hot; i++)
		attack_page(&attack, hot[i]);
	note_leaks(&attack, "targets");
	if (wanted("straddle"))
		attack_straddling(&attack);
	for (unsigned int i = 0; i < nr_hot; i++) {
		struct page_attack page = { &attack, hot[i] };

		if (wanted("string"))
			attack_by_strings(&page);
		if (wanted("locked"))
			attack_by_locked(&page);
		if (wanted("walk"))
			attack_by_walk(&page);
	}
	note_page_leaks(&attack);
	attack_note(&attack, "faults=%lu, target= pages in own memory and left alone: %u", faults,
		    count_own_targets());
	attack_end(&attack);
}

void attack_badmem(const char *arg, size_t length)
{
	struct attack attack;
	uint64_t pa;

	attack_begin(&attack, "badmem");
	if (!arg || !text_number(&arg, arg + length, 16, &pa)) {
		attack_note(&attack, "needs an address: tests=badmem=<hex>");
	} else {
		uint64_t value = read_as(window_map(pa), 4);

		attack_note(&attack, "lived: read %lx at %lx", value, pa);
		attack_count(&attack, value != all_ones(4));
	}
	attack_end(&attack);
}
