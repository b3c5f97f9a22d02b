/* SPDX-License-Identifier: Apache-2.0 */
/* sources: src/arch/loongarch/ipi.c */
/* arch: loongarch */
/* flags: -include tests/unit/fake_loongarch.h */
/*
 * What ends the wait of an idle guest's CPU. Each look at a register takes a tick, and what may
 * come, the guest's timer, a deadline of the cell's devices or a kick, comes at every tick.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "core/log.h"
#include "core/partition.h"
#include "arch/loongarch/arch_vcpu.h"

/* In place of cpu.h, as far as vcpu.c needs it */
#define __ASSEMBLER__
#include "arch/loongarch/cpu.h"
#undef __ASSEMBLER__

struct cpu {
	struct vcpu *vcpu;
	uint64_t deadline;
	struct arch_vcpu guest;
};

uint64_t cpu_units(void);
void units_reset(uint64_t euen);

static struct cpu block;
static struct cpu *cpu_blocks[] = { &block };

static struct cpu *this_cpu(void)
{
	return &block;
}

/* ---- A processor whose time passes by being looked at ---- */

#define NEVER UINT64_MAX
#define TIMER_AT_END ((UINT64_C(1) << 48) - 1)
#define LATEST 60u /* that something comes, when the CPU would long be idle */
#define SLACK 64u  /* how much later it may be noticed */

static uint64_t ticks_now, guest_timer, host_timer, kick;
static uint64_t host_estat, guest_estat;
static bool idle_for_ever;

static void pass(void)
{
	ticks_now++;
	if (ticks_now >= guest_timer) {
		guest_timer = NEVER;
		guest_estat |= INT_TI;
	}
	if (ticks_now >= host_timer) {
		host_timer = NEVER;
		host_estat |= INT_TI;
	}
	if (ticks_now >= kick) {
		kick = NEVER;
		host_estat |= INT_IPI;
	}
}

uint64_t fake_csr(unsigned int number)
{
	pass();
	return number == CSR_ESTAT ? host_estat : 0;
}

uint32_t fake_cpucfg(uint32_t word)
{
	return word;
}

static void csr_write(unsigned int number, uint64_t value)
{
	pass();
	if (number == CSR_TCFG)
		host_timer = value & TCFG_EN ? ticks_now + (value & ~UINT64_C(3)) : NEVER;
	if (number == CSR_TICLR)
		host_estat &= ~(uint64_t)INT_TI;
}

static uint64_t gcsr_read(unsigned int number)
{
	pass();
	switch (number) {
	case CSR_ESTAT:
		return guest_estat;
	case CSR_ECFG:
		return INT_MASK;
	case CSR_TCFG:
		return TCFG_EN; /* stays, when the timer is at its end */
	case CSR_TVAL:
		return guest_timer == NEVER ? TIMER_AT_END : guest_timer - ticks_now;
	default:
		return 0;
	}
}

static void gcsr_write(unsigned int number, uint64_t value)
{
	(void)number;
	(void)value;
	pass();
}

static void gcsr_exchange(unsigned int number, uint64_t value, uint64_t mask)
{
	pass();
	if (number == CSR_ESTAT)
		guest_estat = (guest_estat & ~mask) | (value & mask);
}

static void cpu_idle(void)
{
	while (!host_estat && ticks_now < 10000)
		pass();
	idle_for_ever = !host_estat;
	host_estat |= idle_for_ever ? INT_TI : 0; /* ends the test */
}

static uint32_t iocsr_read32(uint32_t number)
{
	return number == IOCSR_IPI_STATUS && (host_estat & INT_IPI) ? UINT32_MAX : 0;
}

static void iocsr_write32(uint32_t number, uint32_t value)
{
	pass();
	if (number == IOCSR_IPI_CLEAR && value)
		host_estat &= ~(uint64_t)INT_IPI;
}

#define invtlb(op, info, address) ((void)(op), (void)(info), (void)(address))
#define barrier_data() ((void)0)
#define barrier_instructions() ((void)0)

#include "arch/loongarch/vcpu.c"

/* ---- What else vcpu.c uses ---- */

static const struct cell_config config;
static struct cell cell = { .config = &config };
static struct vcpu vcpu = { .cell = &cell, .arch = &block.guest };

const struct partition_table partition_table;

void vcpu_request(struct vcpu *to, uint32_t bits)
{
	to->requests |= bits;
}

uint64_t arch_now(void)
{
	return ticks_now;
}

uint64_t timing_ticks(uint64_t ns)
{
	return ns;
}

void irq_attend(void)
{
	pass();
}

void irq_cell_reset(struct cell *of)
{
	(void)of;
}

void seed_cell(const struct cell *of)
{
	(void)of;
}

uint64_t cpu_units(void)
{
	return 0;
}

void units_reset(uint64_t euen)
{
	(void)euen;
}

int cell_stage2_init(struct cell_stage2 *s2, unsigned int gid, bool max_1g)
{
	(void)s2;
	(void)gid;
	(void)max_1g;
	return -ENOMEM;
}

void log_printf(const char *format, ...)
{
	(void)format;
}

/* ---- Tests ---- */

/* The guest idles; something comes at these ticks, or never. It must be noticed soon. */
static void idle_once(uint64_t timer, uint64_t deadline, uint64_t kicked)
{
	uint64_t first = timer < deadline ? timer : deadline;

	ticks_now = 0;
	host_estat = 0;
	guest_estat = 0;
	guest_timer = timer;
	host_timer = NEVER;
	kick = kicked;
	idle_for_ever = false;
	vcpu.requests = 0;
	block.vcpu = &vcpu;
	block.deadline = deadline == NEVER ? TIMER_OFF : deadline;
	guest_idle(&vcpu);
	if (idle_for_ever || ticks_now > first + SLACK)
		fail_msg("timer at %ld, deadline at %ld, kick at %ld: idle until %ld", (long)timer,
			 (long)deadline, (long)kicked, (long)ticks_now);
}

static void the_guests_timer_ends_the_wait_whenever_it_ends(void **state)
{
	(void)state;
	for (uint64_t timer = 1; timer < LATEST; timer++) {
		idle_once(timer, NEVER, NEVER);
		assert_true(guest_estat & INT_TI);
		for (uint64_t kicked = 1; kicked < LATEST; kicked++)
			idle_once(timer, NEVER, kicked);
	}
}

static void a_deadline_ends_the_wait_whenever_it_comes(void **state)
{
	(void)state;
	for (uint64_t deadline = 1; deadline < LATEST; deadline++) {
		idle_once(NEVER, deadline, NEVER);
		for (uint64_t kicked = 1; kicked < 2 * LATEST; kicked++) {
			idle_once(NEVER, deadline, kicked);
			idle_once(5000, deadline, kicked);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_guests_timer_ends_the_wait_whenever_it_ends),
		cmocka_unit_test(a_deadline_ends_the_wait_whenever_it_comes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
