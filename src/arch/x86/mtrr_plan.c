/* SPDX-License-Identifier: Apache-2.0 */
/* What MTRRs say about memory, and which ones say what is wanted. Computes, touches no register. */
#include "mtrr.h"
#include "core/string.h"

#define FOUR_GIB 0x100000000u

static uint64_t address_bits(const struct mtrrs *mtrrs)
{
	return (mtrrs->address_end - 1) & PAGE_MASK;
}

static bool matches(const struct mtrrs *mtrrs, const struct mtrr_range *range, uint64_t address)
{
	return (range->mask & MTRR_MASK_VALID) &&
	       ((address ^ range->base) & range->mask & address_bits(mtrrs)) == 0;
}

static unsigned int default_type(const struct mtrrs *mtrrs, uint64_t address)
{
	if (address >= FOUR_GIB && address < mtrrs->tom2)
		return MTRR_WRITE_BACK;
	return (unsigned int)mtrrs->default_type & MTRR_TYPE;
}

unsigned int mtrr_type(const struct mtrrs *mtrrs, uint64_t address)
{
	bool found = false;
	unsigned int type = MTRR_UNCACHEABLE;

	if (!(mtrrs->default_type & MTRR_DEFAULT_ENABLED))
		return MTRR_UNCACHEABLE;
	for (unsigned int i = 0; i < mtrrs->nr_variable; i++) {
		const struct mtrr_range *range = &mtrrs->variable[i];
		unsigned int other = (unsigned int)range->base & MTRR_TYPE;

		if (!matches(mtrrs, range, address))
			continue;
		/* Where ranges overlap: SDM vol. 3, 12.11.4.1. What is undefined counts as
		 * uncacheable. */
		if (!found || type == other)
			type = other;
		else if (type + other == MTRR_WRITE_BACK + MTRR_WRITE_THROUGH)
			type = MTRR_WRITE_THROUGH;
		else
			return MTRR_UNCACHEABLE;
		found = true;
	}
	return found ? type : default_type(mtrrs, address);
}

/* The first address above @address where @range may begin or cease to match. */
static uint64_t range_boundary(const struct mtrrs *mtrrs, const struct mtrr_range *range,
			       uint64_t address)
{
	uint64_t mask = range->mask & address_bits(mtrrs);
	uint64_t unit = mask & -mask, period = mask + unit, begin, at;

	if (!(range->mask & MTRR_MASK_VALID) || mask == 0)
		return UINT64_MAX;
	/* Firmware may compare fewer address bits than there are: the range then repeats. Other
	 * bits left out have no sensible meaning: unit by unit. */
	if (period & (period - 1))
		return (address & ~(unit - 1)) + unit;
	begin = range->base & mask;
	at = address & (period - 1);
	address -= at;
	if (at < begin)
		return address + begin;
	return address + (at < begin + unit ? begin + unit : period + begin);
}

static uint64_t next_boundary(const struct mtrrs *mtrrs, uint64_t address)
{
	uint64_t next = UINT64_MAX;

	if (address < FOUR_GIB)
		next = FOUR_GIB;
	else if (address < mtrrs->tom2)
		next = mtrrs->tom2;
	for (unsigned int i = 0; i < mtrrs->nr_variable; i++) {
		uint64_t boundary = range_boundary(mtrrs, &mtrrs->variable[i], address);

		if (boundary < next)
			next = boundary;
	}
	return next;
}

uint64_t mtrr_first_uncached(const struct mtrrs *mtrrs, uint64_t base, uint64_t size)
{
	uint64_t at = base;

	while (at - base < size) {
		if (mtrr_type(mtrrs, at) != MTRR_WRITE_BACK)
			return at;
		at = next_boundary(mtrrs, at);
	}
	return base + size;
}

/* The number in [low, high] with the most zeroes at its end. */
static uint64_t roundest(uint64_t low, uint64_t high)
{
	if (low == 0)
		return 0;
	while ((high & (high - 1)) >= low)
		high &= high - 1;
	return high;
}

/* Ranges are powers of two in size, and aligned by it. Appends those of [base, end) to @out, or
 * with NULL only counts them. */
static unsigned int split(struct mtrrs *out, uint64_t base, uint64_t end, unsigned int type,
			  uint64_t address_end)
{
	unsigned int count = 0;

	for (uint64_t size; base < end; base += size, count++) {
		size = base ? base & -base : address_end;
		while (size > end - base)
			size >>= 1;
		if (!out)
			continue;
		out->variable[out->nr_variable].base = base | type;
		out->variable[out->nr_variable].mask =
			(~(size - 1) & address_bits(out)) | MTRR_MASK_VALID;
		out->nr_variable++;
	}
	return count;
}

/* Write-back is [base, end), of that [base, from) and [to, end) uncacheable again. */
struct carving {
	uint64_t base, from, to, end;
	unsigned int count; /* ranges */
};

static unsigned int carve(struct mtrrs *out, const struct carving *c, uint64_t address_end)
{
	return split(out, c->base, c->end, MTRR_WRITE_BACK, address_end) +
	       split(out, c->base, c->from, MTRR_UNCACHEABLE, address_end) +
	       split(out, c->to, c->end, MTRR_UNCACHEABLE, address_end);
}

/* The cheapest way to cover [base, end), when memory from @floor to @ceiling may be write-back as
 * far as it is then carved out. */
static struct carving cheapest(uint64_t base, uint64_t end, uint64_t floor, uint64_t ceiling,
			       uint64_t address_end)
{
	struct carving best = { .base = base, .from = base, .to = end, .end = end };

	best.count = carve(NULL, &best, address_end);
	for (uint64_t below = PAGE_SIZE; below <= address_end; below <<= 1) {
		for (uint64_t above = PAGE_SIZE; above <= address_end; above <<= 1) {
			struct carving c = { base & ~(below - 1), base, end, align_up(end, above),
					     0 };

			if (c.base < floor || c.end > ceiling)
				continue;
			c.count = carve(NULL, &c, address_end);
			if (c.count < best.count)
				best = c;
		}
	}
	return best;
}

static struct carving carving_of(const struct mtrrs *mtrrs, const struct mtrr_ram *ram,
				 unsigned int nr_ram, unsigned int i)
{
	return cheapest(ram[i].base, ram[i].end, i ? ram[i - 1].end : 0,
			i + 1 < nr_ram ? ram[i + 1].base : mtrrs->address_end, mtrrs->address_end);
}

unsigned int mtrr_plan(struct mtrrs *mtrrs, struct mtrr_ram *ram, unsigned int nr_ram,
		       unsigned int *needed)
{
	unsigned int there = mtrrs->nr_variable, planned = 0;

	*needed = 0;
	for (unsigned int i = 0; i < nr_ram; i++) {
		ram[i].base = roundest(ram[i].low, ram[i].base);
		ram[i].end = roundest(ram[i].end, ram[i].high);
	}
	mtrrs->default_type &= ~(uint64_t)MTRR_TYPE;
	mtrrs->default_type |= MTRR_DEFAULT_ENABLED | MTRR_UNCACHEABLE;
	memset(mtrrs->variable, 0, sizeof(mtrrs->variable));
	mtrrs->nr_variable = 0;
	for (unsigned int i = 0; i < nr_ram; i++) {
		struct carving carving = carving_of(mtrrs, ram, nr_ram, i);

		*needed += carving.count;
		if (*needed > there)
			continue;
		carve(mtrrs, &carving, mtrrs->address_end);
		planned = i + 1;
	}
	mtrrs->nr_variable = there;
	return planned;
}
