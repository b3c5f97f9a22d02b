/* SPDX-License-Identifier: Apache-2.0 */
/* Second-stage page tables, see core/stage2.h. */
#include "core/stage2.h"

#include "core/pool.h"

#define ENTRIES 512u
#define LEVEL_BITS 9u
#define LEVEL_PAGE 1u /* level of the leaves of 4 KiB; 2: 2 MiB, 3: 1 GiB */
#define LEVEL_1G 3u
#define LEVEL_ROOT 4u

#define GUEST_BITS 48u   /* what four levels translate */
#define ADDRESS_BITS 52u /* that an entry may hold; the format says how many count */
#define ADDRESS_MASK ((BIT_ULL(ADDRESS_BITS) - 1) & PAGE_MASK)

_Static_assert(ENTRIES * sizeof(uint64_t) == PAGE_SIZE, "a table is one page");
_Static_assert(PAGE_SHIFT + LEVEL_ROOT * LEVEL_BITS == GUEST_BITS, "four levels");

/* Bytes that one entry of @level stands for. */
static uint64_t span(unsigned int level)
{
	return PAGE_SIZE << (LEVEL_BITS * (level - 1));
}

/* What an entry holds that stands for nothing. */
static uint64_t empty(const struct stage2 *s2)
{
	return (uintptr_t)s2->format->hole;
}

static bool is_present(const struct stage2 *s2, uint64_t entry)
{
	return entry != empty(s2);
}

static bool is_leaf(const struct stage2 *s2, uint64_t entry, unsigned int level)
{
	return level == LEVEL_PAGE || (entry & s2->format->large);
}

static uint64_t *table_of(uint64_t entry)
{
	/* Pool pages are mapped at their physical address. */
	return (uint64_t *)(uintptr_t)(entry & ADDRESS_MASK);
}

static void set_entry(uint64_t *entry, uint64_t value)
{
	/* Release: who follows the entry sees the table behind it complete. */
	__atomic_store_n(entry, value, __ATOMIC_RELEASE);
}

/* The entry for @gpa on the way down where the way ends: a leaf, or one that is not present. */
static uint64_t *walk(const struct stage2 *s2, uint64_t gpa, unsigned int *level)
{
	uint64_t *table = s2->root;

	for (*level = LEVEL_ROOT;; (*level)--) {
		uint64_t *entry = &table[(gpa / span(*level)) % ENTRIES];

		if (!is_present(s2, *entry) || is_leaf(s2, *entry, *level))
			return entry;
		table = table_of(*entry);
	}
}

static uint64_t *new_table(struct stage2 *s2)
{
	uint64_t *table = (uint64_t *)pool_alloc(1);

	if (!table)
		return NULL;
	for (unsigned int i = 0; i < ENTRIES; i++)
		table[i] = empty(s2);
	s2->tables++;
	return table;
}

int stage2_init(struct stage2 *s2, const struct stage2_format *format, bool max_1g)
{
	*s2 = (struct stage2){ .format = format, .max_1g = max_1g };
	s2->root = new_table(s2);
	return s2->root ? 0 : -ENOMEM;
}

/* Bits of a leaf with the rights @flags; without address, size and memory type. */
static uint64_t rights(const struct stage2_format *format, uint32_t flags)
{
	bool execute = (flags & REGION_EXECUTE) && !(flags & REGION_DEVICE);

	return format->present | ((flags & REGION_WRITE) ? format->writable : 0) |
	       (execute ? format->executable : format->no_execute);
}

static bool is_valid_range(uint64_t start, uint64_t size, unsigned int bits)
{
	uint64_t limit = BIT_ULL(bits);

	return size && !((start | size) & ~PAGE_MASK) && start < limit && size <= limit - start;
}

/* The level of the largest leaf that may start at @gpa and @hpa and is not longer than @size. */
static unsigned int leaf_level(const struct stage2 *s2, uint64_t gpa, uint64_t hpa, uint64_t size)
{
	unsigned int level = s2->max_1g ? LEVEL_1G : LEVEL_1G - 1;

	while (level > LEVEL_PAGE && (((gpa | hpa) & (span(level) - 1)) || size < span(level)))
		level--;
	return level;
}

/* True when nothing of the range is mapped. */
static bool is_free(const struct stage2 *s2, uint64_t gpa, uint64_t size)
{
	uint64_t end = gpa + size;
	unsigned int level;

	while (gpa < end) {
		if (is_present(s2, *walk(s2, gpa, &level)))
			return false;
		gpa = (gpa & ~(span(level) - 1)) + span(level);
	}
	return true;
}

/*
 * Maps one leaf at @gpa, at @*level or, where a table that was needed before stands in the way,
 * below; @*level tells. Nothing is mapped there. Returns 0 or -ENOMEM.
 */
static int map_leaf(struct stage2 *s2, uint64_t gpa, uint64_t bits, unsigned int *level)
{
	unsigned int at;
	uint64_t *entry = walk(s2, gpa, &at);

	for (; at > *level; at--) {
		uint64_t *table = new_table(s2);

		if (!table)
			return -ENOMEM;
		set_entry(entry, (uintptr_t)table | s2->format->table);
		entry = &table[(gpa / span(at - 1)) % ENTRIES];
	}
	*level = at;
	set_entry(entry, bits | (at > LEVEL_PAGE ? s2->format->large : 0));
	return 0;
}

int stage2_map(struct stage2 *s2, const struct mem_region *region)
{
	uint64_t type = (region->flags & REGION_DEVICE) ? s2->format->device : s2->format->ram;
	uint64_t bits = rights(s2->format, region->flags) | type;
	uint64_t done = 0;

	if (!is_valid_range(region->gpa, region->size, GUEST_BITS) ||
	    !is_valid_range(region->hpa, region->size, s2->format->host_bits) ||
	    !(region->flags & REGION_READ))
		return -EINVAL;
	if (!is_free(s2, region->gpa, region->size))
		return -EBUSY;

	while (done < region->size) {
		uint64_t gpa = region->gpa + done;
		uint64_t hpa = region->hpa + done;
		unsigned int level = leaf_level(s2, gpa, hpa, region->size - done);

		if (map_leaf(s2, gpa, hpa | bits, &level) != 0) {
			/* Whole leaves only: nothing to split, so this cannot fail. */
			if (done)
				(void)stage2_unmap(s2, region->gpa, done);
			return -ENOMEM;
		}
		done += span(level);
	}
	return 0;
}

/* Makes @gpa the start of a leaf, if it is in the middle of one. Returns 0 or -ENOMEM. */
static int split_at(struct stage2 *s2, uint64_t gpa)
{
	unsigned int level;
	uint64_t *entry = walk(s2, gpa, &level);

	while (level > LEVEL_PAGE && is_present(s2, *entry) && (gpa & (span(level) - 1))) {
		uint64_t *table = new_table(s2);
		uint64_t part = span(level - 1);
		uint64_t bits = *entry;

		if (!table)
			return -ENOMEM;
		if (level - 1 == LEVEL_PAGE)
			bits &= ~s2->format->large;
		for (unsigned int i = 0; i < ENTRIES; i++)
			table[i] = bits + i * part;
		set_entry(entry, (uintptr_t)table | s2->format->table);
		entry = walk(s2, gpa, &level);
	}
	return 0;
}

/* Prepares the change of a range: checks it, and splits what its ends stand in. */
static int isolate(struct stage2 *s2, uint64_t start, uint64_t size)
{
	uint64_t end = start + size;
	unsigned int level;
	int error;

	if (!is_valid_range(start, size, GUEST_BITS))
		return -EINVAL;
	for (uint64_t gpa = start; gpa < end; gpa = (gpa & ~(span(level) - 1)) + span(level))
		if (!is_present(s2, *walk(s2, gpa, &level)))
			return -ENOENT;

	error = split_at(s2, start);
	if (!error && end < BIT_ULL(GUEST_BITS))
		error = split_at(s2, end);
	return error;
}

int stage2_unmap(struct stage2 *s2, uint64_t gpa, uint64_t size)
{
	uint64_t end = gpa + size;
	unsigned int level;
	int error = isolate(s2, gpa, size);

	if (error)
		return error;
	for (; gpa < end; gpa += span(level))
		set_entry(walk(s2, gpa, &level), empty(s2));
	return 0;
}

static bool is_device(const struct stage2_format *format, uint64_t entry)
{
	uint64_t type_bits = format->device | format->ram;

	return (entry & type_bits) == format->device;
}

int stage2_protect(struct stage2 *s2, uint64_t gpa, uint64_t size, uint32_t flags)
{
	const struct stage2_format *format = s2->format;
	uint64_t all = format->present | format->writable | format->executable | format->no_execute;
	uint64_t end = gpa + size;
	unsigned int level;
	int error = (flags & REGION_READ) ? isolate(s2, gpa, size) : -EINVAL;

	if (error)
		return error;
	flags &= REGION_READ | REGION_WRITE | REGION_EXECUTE;
	for (; gpa < end; gpa += span(level)) {
		uint64_t *entry = walk(s2, gpa, &level);
		uint32_t type = is_device(format, *entry) ? REGION_DEVICE : 0;

		set_entry(entry, (*entry & ~all) | rights(format, flags | type));
	}
	return 0;
}

int stage2_lookup(const struct stage2 *s2, uint64_t gpa, uint64_t *hpa, uint32_t *flags,
		  uint64_t *page_size)
{
	const struct stage2_format *format = s2->format;
	unsigned int level;
	uint64_t entry;
	bool execute;

	if (gpa >> GUEST_BITS)
		return -ENOENT;
	entry = *walk(s2, gpa, &level);
	if (!is_present(s2, entry))
		return -ENOENT;
	execute = format->executable ? entry & format->executable : !(entry & format->no_execute);
	if (hpa)
		*hpa = (entry & ADDRESS_MASK & ~(span(level) - 1)) | (gpa & (span(level) - 1));
	if (flags)
		*flags = REGION_READ | ((entry & format->writable) ? REGION_WRITE : 0) |
			 (execute ? REGION_EXECUTE : 0) |
			 (is_device(format, entry) ? REGION_DEVICE : 0);
	if (page_size)
		*page_size = span(level);
	return 0;
}
