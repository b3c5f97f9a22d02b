/* SPDX-License-Identifier: Apache-2.0 */
#include "msr_guest.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

/* ---- The processor ---- */

uint32_t features;
bool intel;
uint64_t now;
uint64_t efer, tsc_offset;
unsigned int nr_written;
uint32_t written_msr;
uint64_t written_value;
bool resetting;
uint32_t reset_msrs;

struct cpuid_regs cpuid(uint32_t leaf, uint32_t subleaf)
{
	(void)subleaf;
	if (leaf == 0)
		return (struct cpuid_regs){ .ebx = intel ? 0x756e6547 : 0x68747541 };
	return (struct cpuid_regs){ features, features, features, features };
}

uint64_t rdmsr(uint32_t msr)
{
	/* The patch level is the one thing that cells learn of the real registers. */
	assert_int_equal(msr, 0x8b);
	return UINT64_C(0x0123456789abcdef);
}

uint64_t lvt_bits(uint32_t msr)
{
	if (msr == 0x832)
		return 0x310ff;
	return msr == 0x835 || msr == 0x836 ? 0x1f7ff : 0x117ff;
}

void wrmsr(uint32_t msr, uint64_t value)
{
	uint64_t valid = lvt_bits(msr);

	if (resetting) {
		assert_true(msr == 0x48 || msr == 0xda0);
		assert_int_equal(value, 0);
		reset_msrs ^= msr;
		nr_written++;
		return;
	}
	/* Only LVTs, with bits that they have: for others the hypervisor would take the #GP. */
	assert_in_range(msr, 0x832, 0x837);
	assert_int_equal(value & ~valid, 0);
	/* What would reach the CPU is an interrupt with a legal vector. */
	assert_true((value & 0x10000) || ((value & 0x700) == 0 && (value & 0xff) >= 16));
	nr_written++;
	written_msr = msr;
	written_value = value;
}

uint64_t rdtsc(void)
{
	return now;
}

static uint64_t get_efer(const struct arch_vcpu *of)
{
	(void)of;
	return efer;
}

static void set_efer(struct arch_vcpu *of, uint64_t value)
{
	(void)of;
	efer = value;
}

static void set_tsc_offset(struct arch_vcpu *of, uint64_t offset)
{
	assert_int_equal(of->tsc_offset, offset);
	tsc_offset = offset;
}

static const struct x86_vendor fake_vendor = { .efer = get_efer,
					       .set_efer = set_efer,
					       .set_tsc_offset = set_tsc_offset };
const struct x86_vendor *vendor = &fake_vendor;

/* ---- The guest ---- */

static struct cell cell;
struct arch_vcpu guest;
struct vcpu vcpu = { .cell = &cell, .arch = &guest };
static unsigned int faults, skips;
bool clock_works;
uint64_t clock_value, wall_clock;

void vcpu_inject_exception(struct arch_vcpu *to, unsigned int vector, uint32_t error)
{
	assert_ptr_equal(to, &guest);
	assert_int_equal(vector, 13);
	assert_int_equal(error, 0);
	faults++;
}

void vcpu_skip(struct arch_vcpu *of, uint64_t length)
{
	assert_ptr_equal(of, &guest);
	assert_int_equal(length, 2);
	skips++;
}

bool guest_clock_set(struct vcpu *of, uint64_t value)
{
	assert_ptr_equal(of, &vcpu);
	clock_value = value;
	if (clock_works)
		guest.clock_page = value;
	return clock_works;
}

bool guest_wall_clock_set(struct vcpu *of, uint64_t gpa)
{
	assert_ptr_equal(of, &vcpu);
	wall_clock = gpa;
	return clock_works;
}

int setup(void **state)
{
	(void)state;
	memset(&guest, 0xcc, sizeof(guest));
	features = 0;
	guest_msr_reset(&guest);
	features = UINT32_MAX;
	intel = false;
	guest.instruction_length = 2;
	guest.tsc_offset = 0;
	vcpu.index = 0;
	vcpu.unknown_sysregs = 0;
	faults = skips = nr_written = 0;
	written_msr = 0;
	efer = 0xd01; /* NXE, LMA, LME, SCE */
	now = 1000;
	clock_works = true;
	srand(2);
	return 0;
}

/* One instruction. Returns whether it was carried out; otherwise it was #GP, counted. */
static bool carry_out(uint32_t msr, bool write, uint64_t *value)
{
	unsigned int faulted = faults, skipped = skips;
	uint64_t unknown = vcpu.unknown_sysregs, rcx = UINT64_C(0xabcdef0000000000) | msr;
	/* The upper halves of the registers do not count. */
	uint64_t rax = UINT64_C(0x1111111100000000) | (uint32_t)*value;
	uint64_t rdx = UINT64_C(0x2222222200000000) | *value >> 32;

	guest.gpr[GPR_RCX] = rcx;
	guest.gpr[GPR_RAX] = rax;
	guest.gpr[GPR_RDX] = rdx;
	guest_msr(&vcpu, write);
	assert_int_equal(guest.gpr[GPR_RCX], rcx);
	if (faults != faulted) {
		assert_int_equal(faults, faulted + 1);
		assert_int_equal(skips, skipped);
		assert_int_equal(vcpu.unknown_sysregs, unknown + 1);
		assert_int_equal(guest.gpr[GPR_RAX], rax);
		assert_int_equal(guest.gpr[GPR_RDX], rdx);
		return false;
	}
	assert_int_equal(skips, skipped + 1);
	assert_int_equal(vcpu.unknown_sysregs, unknown);
	if (!write) {
		assert_int_equal((guest.gpr[GPR_RAX] | guest.gpr[GPR_RDX]) >> 32, 0);
		*value = guest.gpr[GPR_RAX] | guest.gpr[GPR_RDX] << 32;
	}
	return true;
}

bool can_write(uint32_t msr, uint64_t value)
{
	return carry_out(msr, true, &value);
}

bool can_read(uint32_t msr)
{
	uint64_t value = 0;

	return carry_out(msr, false, &value);
}

uint64_t value_of(uint32_t msr)
{
	uint64_t value = 0;

	if (!carry_out(msr, false, &value))
		fail_msg("MSR 0x%x cannot be read", msr);
	return value;
}
