/* SPDX-License-Identifier: Apache-2.0 */
/* All 16384 CSR numbers, by CSRRD, CSRWR and CSRXCHG. */
#include "console.h"
#include "lib.h"
#include "attacks.h"
#include "trap.h"

#define NR_CSRS 0x4000
#define CSRRD(number) (0x04000000u | (number) << 10 | A0)
#define CSRWR(number) (0x04000000u | (number) << 10 | 1u << 5 | A0)
#define CSRXCHG(number) (0x04000000u | (number) << 10 | A1 << 5 | A0)

struct span {
	unsigned int first, last;
};

/* The guest's own copies in hardware. What they hold is written back: nonsense would only end this
 * test. */
static const struct span own[] = { { 0x00, 0x08 }, { 0x0c, 0x0c }, { 0x10, 0x13 },
				   { 0x18, 0x23 }, { 0x30, 0x3f }, { 0x40, 0x44 },
				   { 0x60, 0x60 }, { 0x88, 0x8f }, { 0x180, 0x183 } };

/* What the hypervisor keeps for the cell. */
static const struct span kept[] = {
	{ 0x80, 0x81 }, { 0x93, 0x95 }, { 0x98, 0x98 }, { 0x501, 0x502 }
};

static bool within(const struct span *spans, unsigned int count, unsigned int number)
{
	for (unsigned int i = 0; i < count; i++)
		if (number >= spans[i].first && number <= spans[i].last)
			return true;
	return false;
}

static uint64_t read_number(unsigned int number)
{
	struct insn_io io = { 0 };

	return insn_run(CSRRD(number), &io) == PROBE_OK ? io.a0 : 0;
}

/* What comes back after all bits were set by both ways. */
static uint64_t set_all(unsigned int number)
{
	struct insn_io io = { .a0 = UINT64_MAX, .a1 = UINT64_MAX };

	(void)insn_run(CSRWR(number), &io);
	io = (struct insn_io){ .a0 = UINT64_MAX, .a1 = UINT64_MAX };
	(void)insn_run(CSRXCHG(number), &io);
	return read_number(number);
}

static void write_back(unsigned int number)
{
	struct insn_io io = { .a0 = read_number(number) };

	(void)insn_run(CSRWR(number), &io);
	io = (struct insn_io){ .a0 = read_number(number), .a1 = UINT64_MAX };
	(void)insn_run(CSRXCHG(number), &io);
}

void attack_csrs(void)
{
	struct attack attack;
	uint64_t before, after;

	attack_begin(&attack, "csrs");
	for (unsigned int number = 0; number < NR_CSRS; number++) {
		struct insn_io io = { .a0 = UINT64_MAX, .a1 = 0 };

		before = read_number(number);
		(void)insn_run(CSRXCHG(number), &io); /* no bit of it */
		if (within(own, ARRAY_SIZE(own), number)) {
			write_back(number);
			attack.tried++;
			continue;
		}
		after = set_all(number);
		if (within(kept, ARRAY_SIZE(kept), number)) {
			io = (struct insn_io){ .a0 = before };
			(void)insn_run(CSRWR(number), &io);
			attack_count(&attack, read_number(number) != before);
			continue;
		}
		attack_count(&attack, before || after);
		if (before || after)
			attack_note(&attack, "LEAK CSR %x: %lx, after a write %lx", number, before,
				    after);
	}
	attack_end(&attack);
}
