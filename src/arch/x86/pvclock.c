/* SPDX-License-Identifier: Apache-2.0 */
/*
 * KVM's clock interface (Linux Documentation/virt/kvm/x86/msr.rst), as far as it tells a guest the
 * exact frequency of the TSC. Without it a guest measures the TSC against its virtual 8254 or ACPI
 * timer, and every reading of those is an exit: slow, and wrong when the machine is busy. The page
 * is written when the guest names it and stays as it is, because the TSC is invariant: there are no
 * exits afterwards.
 */
#include "core/string.h"
#include "guest.h"
#include "timing.h"

#define CLOCK_ENABLE BIT(0)
#define FLAG_TSC_STABLE BIT(0)

struct clock_page {
	uint32_t version; /* odd while the hypervisor writes */
	uint32_t pad0;
	uint64_t tsc_timestamp;
	uint64_t system_time; /* ns at tsc_timestamp */
	uint32_t tsc_to_system_mul;
	int8_t tsc_shift;
	uint8_t flags;
	uint8_t pad[2];
};
static_assert(sizeof(struct clock_page) == 32, "msr.rst, MSR_KVM_SYSTEM_TIME_NEW");

struct wall_clock_page {
	uint32_t version;
	uint32_t seconds;
	uint32_t nanoseconds;
};
static_assert(sizeof(struct wall_clock_page) == 12, "msr.rst, MSR_KVM_WALL_CLOCK_NEW");

/* ns = (ticks << shift) * mul / 2^32, with mul in [2^31, 2^32) for the best precision. */
static void set_scale(struct clock_page *page)
{
	uint64_t hz = (uint64_t)timing_tsc_khz() * 1000;
	int shift = 0;

	while (hz > 2 * NSEC_PER_SEC) {
		hz >>= 1;
		shift++;
	}
	while (hz <= NSEC_PER_SEC) {
		hz <<= 1;
		shift--;
	}
	page->tsc_to_system_mul = (uint32_t)((NSEC_PER_SEC << 32) / hz);
	/* The ticks were halved @shift times, so each stands for more: the shift of the ticks is
	 * negative. */
	page->tsc_shift = (int8_t)-shift;
}

bool guest_clock_set(struct vcpu *vcpu, uint64_t value)
{
	struct arch_vcpu *guest = vcpu->arch;
	struct clock_page page = { .version = 2, .flags = FLAG_TSC_STABLE };
	uint64_t base;

	if (!(value & CLOCK_ENABLE)) {
		guest->clock_page = value;
		return true;
	}
	/* System time is the guest's TSC in nanoseconds: it starts at 0 with the cell, like the TSC
	 * offset. */
	set_scale(&page);
	base = rdtsc() + guest->tsc_offset;
	page.tsc_timestamp = base;
	page.system_time = arch_now() - vcpu->cell->started_at;
	if (guest_write_physical(vcpu->cell, value & ~(uint64_t)CLOCK_ENABLE, &page,
				 sizeof(page)) != 0)
		return false;
	guest->clock_page = value;
	return true;
}

bool guest_wall_clock_set(struct vcpu *vcpu, uint64_t gpa)
{
	/* The date at which the guest's system time was 0. */
	uint64_t age = (arch_now() - vcpu->cell->started_at) / NSEC_PER_SEC;
	struct wall_clock_page page = { .version = 2,
					.seconds = (uint32_t)(arch_wall_clock() - age) };

	return guest_write_physical(vcpu->cell, gpa, &page, sizeof(page)) == 0;
}
