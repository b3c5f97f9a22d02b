/* SPDX-License-Identifier: Apache-2.0 */
/* sources: src/arch/x86/pvclock.c src/arch/x86/memory.c src/core/cell.c src/core/bus.c
 *          src/core/fault.c src/core/vcpu.c tests/unit/fake_arch.c tests/unit/fake_guest.c
 *          tests/unit/toy_machine.c
 */
/* flags: -include tests/unit/fake_x86.h */
/*
 * The clock page, read as a guest reads it (Linux Documentation/virt/kvm/x86/msr.rst) and compared
 * with exact arithmetic.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "arch/x86/timing.h"
#include "fake_guest.h"
#include "toy_machine.h"

typedef unsigned __int128 uint128_t;

#define ENABLE 1u

static uint32_t khz;
static uint64_t tsc;

uint32_t timing_tsc_khz(void)
{
	return khz;
}

uint64_t rdtsc(void)
{
	return tsc;
}

struct cpuid_regs cpuid(uint32_t leaf, uint32_t subleaf)
{
	fail_msg("CPUID 0x%x.%u", leaf, subleaf);
	return (struct cpuid_regs){ 0 };
}

uint64_t rdmsr(uint32_t msr)
{
	fail_msg("RDMSR 0x%x", msr);
	return 0;
}

void wrmsr(uint32_t msr, uint64_t value)
{
	fail_msg("WRMSR 0x%x = 0x%lx", msr, (unsigned long)value);
}

static int setup(void **state)
{
	toy_setup(state);
	toy_start(&cells[0]);
	fake_guest_start(a0);
	khz = 2000000;
	tsc = 0;
	srand(9);
	return 0;
}

/* ---- The guest's side ---- */

struct clock {
	uint32_t version, pad;
	uint64_t timestamp, system_time;
	uint32_t mul;
	int8_t shift;
	uint8_t flags, tail[2];
};

static struct clock clock_at(uint64_t gpa)
{
	struct clock clock;

	memcpy(&clock, fake_ram(RAM_A + gpa), sizeof(clock));
	return clock;
}

static uint64_t guest_ns(const struct clock *clock, uint64_t guest_tsc)
{
	uint128_t ticks = guest_tsc - clock->timestamp;

	if (clock->shift < 0)
		ticks >>= -clock->shift;
	else
		ticks <<= clock->shift;
	return clock->system_time + (uint64_t)((ticks * clock->mul) >> 32);
}

static struct clock set(uint64_t gpa)
{
	assert_true(guest_clock_set(a0, gpa | ENABLE));
	return clock_at(gpa);
}

/* ---- Arithmetic ---- */

/* The page's clock is exact to 2^-31 and one tick's rounding, for as long as 64 bits of ns last. */
static void assert_exact(uint32_t frequency)
{
	static const uint64_t seconds[] = { 0, 1, 60, 3600, 86400, 31536000 };
	uint64_t hz = (uint64_t)frequency * 1000;
	struct clock clock;

	khz = frequency;
	clock = set(0x2000);
	assert_true(clock.mul >= BIT(31));
	for (unsigned int i = 0; i < ARRAY_SIZE(seconds); i++) {
		uint64_t ticks = seconds[i] * hz + (uint64_t)rand() % hz;
		uint64_t exact = (uint64_t)((uint128_t)ticks * NSEC_PER_SEC / hz);
		uint64_t told = guest_ns(&clock, clock.timestamp + ticks) - clock.system_time;
		/* What a shift to the right drops, in ns: below (2^shift / hz) s. */
		uint64_t slack = 2 + (clock.shift < 0 ? (NSEC_PER_SEC << -clock.shift) / hz : 0);

		if (told > exact || exact - told > (exact >> 31) + slack)
			fail_msg("%u kHz: %lu ns after %lu", frequency, (unsigned long)told,
				 (unsigned long)exact);
	}
}

static void the_scale_is_exact_at_every_frequency(void **state)
{
	static const uint32_t edges[] = {
		1000,    1001,    999999,  1000000, 1000001, 1193182, 1999999, 2000000,
		2000001, 3999999, 4000000, 4000001, 7999999, 8000000, 9999999, 10000000,
		15625,   31250,   62500,   125000,  250000,  500000,  2399999, 3600000,
	};

	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(edges); i++)
		assert_exact(edges[i]);
	for (unsigned int i = 0; i < 20000; i++)
		assert_exact(1000 + (uint32_t)rand() % 9999001);
}

static void linux_learns_the_frequency_from_the_scale(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < 20000; i++) {
		struct clock clock;
		uint64_t told;

		khz = 1000 + (uint32_t)rand() % 9999001;
		clock = set(0x2000);
		/* pvclock_tsc_khz(): 10^6 * 2^32 / mul, shifted back */
		told = (UINT64_C(1000000) << 32) / clock.mul;
		told = clock.shift < 0 ? told << -clock.shift : told >> clock.shift;
		assert_in_range(told, khz - (clock.shift < 0 ? BIT(-clock.shift) : 1), khz + 1);
	}
}

/* ---- The page ---- */

static void the_page_tells_this_moment(void **state)
{
	struct clock clock;

	(void)state;
	cells[0].started_at = 1000;
	fake_arch.now = 51000;
	tsc = 700000;
	fake_guest.cpu.tsc_offset = (uint64_t)-600000;
	clock = set(0x2000);
	assert_int_equal(clock.version, 2); /* even: complete */
	assert_int_equal(clock.pad, 0);
	assert_int_equal(clock.timestamp, 100000);
	assert_int_equal(clock.system_time, 50000);
	assert_int_equal(clock.flags, 1); /* stable */
	assert_int_equal(guest_ns(&clock, 100000), 50000);
	assert_int_equal(guest_ns(&clock, 102000), 51000);
	assert_int_equal(fake_guest.cpu.clock_page, 0x2001);
	assert_false(fake_guest.window_open);
}

static void a_clock_that_is_switched_off_writes_nothing(void **state)
{
	(void)state;
	assert_true(guest_clock_set(a0, 0x2000));
	assert_true(guest_clock_set(a0, UINT64_MAX - 1));
	assert_int_equal(fake_guest.windows, 0);
	assert_int_equal(fake_guest.cpu.clock_page, UINT64_MAX - 1);
}

static void a_clock_outside_ram_is_refused_and_forgotten(void **state)
{
	static const uint64_t places[] = {
		0xa2000,  /* behind the RAM */
		0xa1fe4,  /* over its end */
		0xeffe0,  /* before the ROM */
		0x100000, /* a passthrough device's registers */
		0x9ffe4,  /* over the end of a page, into the next region */
		0x1ff0,   /* over the end of a page */
		FAKE_RAM, /* a host-physical address */
		UINT64_C(1) << 63,
		UINT64_MAX - 0x1f,
		UINT64_MAX - 1,
	};

	(void)state;
	assert_true(guest_clock_set(a0, 0x3000 | ENABLE));
	for (unsigned int i = 0; i < ARRAY_SIZE(places); i++) {
		fake_guest.windows = 0;
		assert_false(guest_clock_set(a0, places[i] | ENABLE));
		assert_int_equal(fake_guest.windows, 0);
		assert_int_equal(fake_guest.cpu.clock_page, 0x3001);
	}
}

static void a_clock_may_end_with_its_page(void **state)
{
	(void)state;
	assert_int_equal(set(0x1fe0).version, 2);
	assert_true(guest_clock_set(a0, 0xa1fe0 | ENABLE));
}

/* A guest's ROM stays as it is, as if the write had gone to a real one. */
static void a_clock_in_rom_is_lost(void **state)
{
	uint8_t before[32];

	(void)state;
	memcpy(before, fake_ram(ROM_A + 0x100), sizeof(before));
	(void)guest_clock_set(a0, 0xf0100 | ENABLE);
	assert_memory_equal(fake_ram(ROM_A + 0x100), before, sizeof(before));
}

static void the_wall_clock_is_the_date_of_the_cells_start(void **state)
{
	uint32_t page[3];

	(void)state;
	cells[0].started_at = 5 * NSEC_PER_SEC;
	fake_arch.now = 65 * NSEC_PER_SEC + 1;
	fake_arch.wall = 1700000060;
	assert_true(guest_wall_clock_set(a0, 0x2800));
	memcpy(page, fake_ram(RAM_A + 0x2800), sizeof(page));
	assert_int_equal(page[0] & 1, 0);
	assert_int_equal(page[1], 1700000000);
	assert_in_range(page[2], 0, 999999999);
	assert_memory_equal(fake_ram(RAM_A + 0x280c), toy_image + 0x180c, 4); /* 12 bytes only */
	assert_false(guest_wall_clock_set(a0, 0xa2000));
	assert_false(guest_wall_clock_set(a0, 0x100000));
	assert_false(guest_wall_clock_set(a0, 0x1ff8));
	assert_false(guest_wall_clock_set(a0, UINT64_MAX));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(the_scale_is_exact_at_every_frequency, setup),
		cmocka_unit_test_setup(linux_learns_the_frequency_from_the_scale, setup),
		cmocka_unit_test_setup(the_page_tells_this_moment, setup),
		cmocka_unit_test_setup(a_clock_that_is_switched_off_writes_nothing, setup),
		cmocka_unit_test_setup(a_clock_outside_ram_is_refused_and_forgotten, setup),
		cmocka_unit_test_setup(a_clock_may_end_with_its_page, setup),
		cmocka_unit_test_setup(a_clock_in_rom_is_lost, setup),
		cmocka_unit_test_setup(the_wall_clock_is_the_date_of_the_cells_start, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
