/* SPDX-License-Identifier: Apache-2.0 */
/* Foreign pages by string and locked instructions, by the CPU's own page walk, and by instruction
 * fetch. */
#include "attacks.h"
#include "lib.h"
#include "trap.h"
#include "window.h"

#define FILL 0x6b6b6b6b6b6b6b6bull
#define WORDS 4u

struct page_access {
	volatile uint64_t *va;
	uint64_t buffer[WORDS];
	uint64_t result;
};

static void do_copy_out(void *arg)
{
	struct page_access *a = arg;
	volatile void *from = a->va;
	void *to = a->buffer;
	size_t n = sizeof(a->buffer);

	__asm__ volatile("rep movsb" : "+S"(from), "+D"(to), "+c"(n) : : "memory");
}

static void do_copy_out_wide(void *arg)
{
	struct page_access *a = arg;
	volatile void *from = a->va;
	void *to = a->buffer;
	size_t n = WORDS;

	__asm__ volatile("rep movsq" : "+S"(from), "+D"(to), "+c"(n) : : "memory");
}

static void do_copy_in(void *arg)
{
	struct page_access *a = arg;
	const void *from = a->buffer;
	volatile void *to = a->va;
	size_t n = sizeof(a->buffer) / 4;

	__asm__ volatile("rep movsl" : "+S"(from), "+D"(to), "+c"(n) : : "memory");
}

static void do_store(void *arg)
{
	struct page_access *a = arg;
	volatile void *to = a->va;
	size_t n = WORDS;

	__asm__ volatile("rep stosq" : "+D"(to), "+c"(n) : "a"(FILL) : "memory");
}

static void do_read(void *arg)
{
	struct page_access *a = arg;

	for (unsigned int i = 0; i < WORDS; i++)
		a->buffer[i] = a->va[i];
}

static void do_restore(void *arg)
{
	struct page_access *a = arg;

	for (unsigned int i = 0; i < WORDS; i++)
		a->va[i] = a->buffer[i];
}

static bool shows_nothing(const struct page_access *a)
{
	for (unsigned int i = 0; i < WORDS; i++) {
		if (a->buffer[i] != UINT64_MAX)
			return false;
	}
	return true;
}

/* Leaks by kind of access; the first way that leaked stands for its kind. */
enum kind { STRING, LOCKED, WALK, NR_KINDS };

static struct {
	const char *first_way;
	struct ranges pages;
} found[NR_KINDS];

static void note_leak(const struct page_attack *page, enum kind kind, const char *how, bool leaked)
{
	attack_count(page->attack, leaked);
	if (!leaked)
		return;
	if (!found[kind].first_way)
		found[kind].first_way = how;
	ranges_add(&found[kind].pages, page->pa, page->pa + PAGE_SIZE - 1);
}

void note_page_leaks(struct attack *attack)
{
	static const char *const names[] = { "string", "locked", "page walk" };
	char what[64];

	for (unsigned int kind = 0; kind < NR_KINDS; kind++) {
		text_format(what, sizeof(what), "LEAK by %s (first %s)", names[kind],
			    found[kind].first_way ? found[kind].first_way : "none");
		ranges_note(attack, what, &found[kind].pages);
		memset(&found[kind], 0, sizeof(found[kind]));
	}
}

/* Reading: whatever arrives in the buffer, which starts as all ones, must be all ones. */
static void try_read(const struct page_attack *page, cpu_work_fn fn, const char *how)
{
	struct page_access a = { .va = window_map(page->pa) };

	memset(a.buffer, 0xff, sizeof(a.buffer));
	(void)probe_run(fn, &a);
	note_leak(page, STRING, how, !shows_nothing(&a));
}

/* Writing FILL: it must not be there when read again. */
static void try_write(const struct page_attack *page, cpu_work_fn fn, const char *how)
{
	struct page_access before = { .va = window_map(page->pa) };
	struct page_access a = before;
	bool leaked = false;

	memset(before.buffer, 0xff, sizeof(before.buffer));
	(void)probe_run(do_read, &before);
	for (unsigned int i = 0; i < WORDS; i++)
		a.buffer[i] = FILL;
	(void)probe_run(fn, &a);
	memset(a.buffer, 0xff, sizeof(a.buffer));
	(void)probe_run(do_read, &a);
	for (unsigned int i = 0; i < WORDS; i++)
		leaked |= a.buffer[i] == FILL && before.buffer[i] != FILL;
	if (leaked)
		(void)probe_run(do_restore, &before);
	note_leak(page, STRING, how, leaked);
}

void attack_by_strings(const struct page_attack *page)
{
	try_read(page, do_copy_out, "REP MOVSB from");
	try_read(page, do_copy_out_wide, "REP MOVSQ from");
	try_write(page, do_copy_in, "REP MOVSD to");
	try_write(page, do_store, "REP STOSQ to");
}

static void do_xadd(void *arg)
{
	struct page_access *a = arg;
	uint64_t v = 0; /* adds nothing: a leak shows in what comes back, and destroys nothing */

	__asm__ volatile("lock xaddq %0, %1" : "+r"(v), "+m"(*a->va) : : "memory");
	a->result = v;
}

static void do_cmpxchg(void *arg)
{
	struct page_access *a = arg;
	uint64_t v = FILL; /* compares unequal, so that RAX takes the memory's value */

	__asm__ volatile("lock cmpxchgq %2, %1" : "+a"(v), "+m"(*a->va) : "r"(FILL) : "memory");
	a->result = v;
}

static void do_xchg(void *arg)
{
	struct page_access *a = arg;
	uint64_t v = FILL;

	__asm__ volatile("xchgq %0, %1" : "+r"(v), "+m"(*a->va) : : "memory");
	a->result = v;
}

static void do_or(void *arg)
{
	struct page_access *a = arg;
	uint8_t carry;

	__asm__ volatile("lock orl $0, %1; sete %0"
			 : "=q"(carry), "+m"(*(volatile uint32_t *)a->va)
			 :
			 : "memory");
	a->result = carry ? 0 : UINT64_MAX; /* all ones are not zero */
}

static void try_locked(const struct page_attack *page, cpu_work_fn fn, const char *how)
{
	struct page_access a = { .va = window_map(page->pa), .result = UINT64_MAX };
	bool leaked;

	(void)probe_run(fn, &a);
	leaked = a.result != UINT64_MAX;
	if (leaked && fn == do_xchg) {
		a.buffer[0] = a.result;
		*a.va = a.result;
	}
	note_leak(page, LOCKED, how, leaked);
}

void attack_by_locked(const struct page_attack *page)
{
	try_locked(page, do_xadd, "LOCK XADD");
	try_locked(page, do_cmpxchg, "LOCK CMPXCHG");
	try_locked(page, do_xchg, "XCHG");
	try_locked(page, do_or, "LOCK OR");
}

static void do_touch(void *arg)
{
	struct page_access *a = arg;

	a->result = *a->va;
}

/*
 * Lets the CPU take the foreign page for a page table. An entry of all ones has its reserved bits
 * set (bit 63 without EFER.NXE; bit 7 in a PML4 or PDPT entry): the page fault must say so. A fault
 * that says "not present" means that the walk read something else; so does a walk that succeeds.
 */
void attack_by_walk(const struct page_attack *page)
{
	static const uint16_t entries[] = { 0, 1, 255, 511 };
	static const char *const walk_names[] = { "as page table", "as page directory",
						  "as PDP table" };

	for (unsigned int level = 0; level < NR_WALK_LEVELS; level++) {
		bool leaked = false;

		for (unsigned int i = 0; i < ARRAY_SIZE(entries); i++) {
			struct page_access a = { .result = 0 };
			int vector;

			a.va = walk_through((enum walk_level)level, page->pa, entries[i]);
			vector = probe_run(do_touch, &a);
			walk_end();
			leaked |= vector == PROBE_OK ||
				  (vector == VECTOR_PF && !(this_cpu()->fault.error & PF_RESERVED));
		}
		note_leak(page, WALK, walk_names[level], leaked);
	}
}

static void do_call(void *arg)
{
	struct page_access *a = arg;

	__asm__ volatile("call *%0" : : "r"(a->va) : "memory");
}

/* Runs what a foreign page holds. All ones are an invalid instruction; more likely the cell ends
 * here. */
void attack_fetch(const char *arg, size_t length)
{
	struct attack attack;
	uint64_t list[MAX_HOT];
	unsigned int n = 1;

	attack_begin(&attack, "fetch");
	if (!arg || !text_number(&arg, arg + length, 16, &list[0]))
		n = hot_pages(list, ARRAY_SIZE(list));
	for (unsigned int i = 0; i < n; i++) {
		struct page_access a = { .va = window_map(list[i]) };
		int vector;

		attack_note(&attack, "fetching from %lx", list[i]);
		vector = probe_run(do_call, &a);
		attack_note(&attack, "lived: exception %d", vector);
		attack_count(&attack, vector == PROBE_OK);
	}
	attack_end(&attack);
}

static void do_set_cr3(void *arg)
{
	const uint64_t *table = arg;

	write_cr3(*table);
}

/* Makes a foreign page the root of the page tables: nothing can run from there on. */
void attack_badcr3(const char *arg, size_t length)
{
	struct attack attack;
	uint64_t list[MAX_HOT];

	attack_begin(&attack, "badcr3");
	if ((arg && text_number(&arg, arg + length, 16, &list[0])) ||
	    hot_pages(list, ARRAY_SIZE(list))) {
		list[0] &= PAGE_MASK;
		attack_note(&attack, "CR3 = %lx", list[0]);
		attack_count(&attack, probe_run(do_set_cr3, &list[0]) == PROBE_OK);
	}
	attack_end(&attack);
}
