/* SPDX-License-Identifier: Apache-2.0 */
#include "victim.h"
#include "boot.h"
#include "console.h"
#include "lib.h"
#include "trap.h"
#include "window.h"

#define LOW_END 0x10000ull /* below, on x86: real-mode vectors and the AP trampoline */
#define CHUNK (256 * 1024ull) /* goes to one CPU; the CPUs take turns */
#define SLICE (32 * 1024ull)  /* verified between two looks at the clock */
#define MAX_REPORTS 8

_Static_assert(CHUNK % SLICE == 0, "a slice never crosses the end of a chunk");

/* Where a CPU's next slice begins. */
struct position {
	unsigned int region;
	uint64_t chunk; /* number of the chunk in the region */
	uint64_t slice; /* offset in the chunk */
	uint64_t passes;
};

static struct region areas[MAX_REGIONS];
static unsigned int nr_areas;
static struct position positions[MAX_CPUS];
static unsigned int reports;

/* Depends on all bits of the address, so that no other place holds the same by accident. */
static uint64_t expected(uint64_t address)
{
	uint64_t v = (address ^ 0x56494354494d2121ull) * 0x9e3779b97f4a7c15ull;

	return v ^ v >> 29;
}

static void add_area(uint64_t start, uint64_t end, uint64_t *left)
{
	if (end <= start || !*left || nr_areas == MAX_REGIONS)
		return;
	if (end - start > *left)
		end = start + *left;
	areas[nr_areas++] = (struct region){ start, end };
	*left -= end - start;
}

uint64_t pattern_init(uint64_t limit)
{
	uint64_t image_page_end = ((uint64_t)image_end + PAGE_SIZE - 1) & PAGE_MASK;
	uint64_t left = limit & PAGE_MASK;
	uint64_t wanted = left;

	for (unsigned int i = 0; i < nr_usable_ram; i++) {
		uint64_t start = usable_ram[i].start;
		uint64_t end = usable_ram[i].end;

		if (start < LOW_END)
			start = LOW_END;
		if (start >= 4 * GIB && !map_high_memory(end)) {
			print("victim: RAM at 0x%lx is not patterned: no 1 GiB pages\n", start);
			continue;
		}
		if (start < image_page_end && end > (uint64_t)image_start) {
			add_area(start, (uint64_t)image_start, &left);
			start = image_page_end;
		}
		add_area(start, end, &left);
	}
	return wanted - left;
}

void pattern_fill(unsigned int cpu)
{
	for (unsigned int i = 0; i < nr_areas; i++) {
		uint64_t at = areas[i].start + cpu * CHUNK;

		for (; at < areas[i].end; at += nr_cpus * CHUNK) {
			uint64_t end = at + CHUNK < areas[i].end ? at + CHUNK : areas[i].end;

			for (uint64_t a = at; a < end; a += sizeof(uint64_t))
				*(volatile uint64_t *)a = expected(a);
		}
	}
}

static unsigned int verify(unsigned int cpu, uint64_t start, uint64_t end)
{
	unsigned int errors = 0;

	for (uint64_t a = start; a < end; a += sizeof(uint64_t)) {
		volatile uint64_t *word = (volatile uint64_t *)a;
		uint64_t found = *word;

		if (found == expected(a))
			continue;
		errors++;
		if (__atomic_fetch_add(&reports, 1, __ATOMIC_RELAXED) < MAX_REPORTS) {
			print("victim error: cpu %u memory 0x%lx is 0x%016lx, should be 0x%016lx\n",
			      cpu, a, found, expected(a));
		}
		*word = expected(a); /* so that each change counts once */
	}
	return errors;
}

unsigned int pattern_verify_slice(unsigned int cpu)
{
	struct position *pos = &positions[cpu];
	const struct region *area;
	uint64_t start, end;

	if (pos->region == nr_areas) {
		pos->region = 0;
		pos->chunk = 0;
		pos->slice = 0;
		__atomic_store_n(&pos->passes, pos->passes + 1, __ATOMIC_RELAXED);
		return 0;
	}
	area = &areas[pos->region];
	start = area->start + (pos->chunk * nr_cpus + cpu) * CHUNK + pos->slice;
	if (start >= area->end) {
		pos->region++;
		pos->chunk = 0;
		pos->slice = 0;
		return 0;
	}
	end = start + SLICE < area->end ? start + SLICE : area->end;
	pos->slice += SLICE;
	if (pos->slice == CHUNK) {
		pos->slice = 0;
		pos->chunk++;
	}
	return verify(cpu, start, end);
}

uint64_t pattern_passes(void)
{
	uint64_t least = UINT64_MAX;

	for (unsigned int i = 0; i < nr_cpus; i++) {
		uint64_t passes = __atomic_load_n(&positions[i].passes, __ATOMIC_RELAXED);

		if (passes < least)
			least = passes;
	}
	return least;
}
