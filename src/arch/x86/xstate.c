/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Extended state. The hypervisor is compiled without SSE and x87, and a CPU runs one guest for
 * good, so the registers and XCR0 stay the guest's during an exit. Only XSETBV is checked, and a
 * restart clears them. Sources: SDM vol. 1, chapter 13; APM 11.5.
 */
#include "core/string.h"
#include "guest.h"
#include "vendor.h"

#define XCR0_X87 BIT_ULL(0)
#define XCR0_SSE BIT_ULL(1)
#define XCR0_AVX BIT_ULL(2)
#define XCR0_AVX512 (BIT_ULL(5) | BIT_ULL(6) | BIT_ULL(7))
#define XCR0_PKRU BIT_ULL(9)
#define XCR0_KNOWN (XCR0_X87 | XCR0_SSE | XCR0_AVX | XCR0_AVX512 | XCR0_PKRU)

#define XSAVE_HEADER 512
#define XSAVE_MINIMUM 576
#define FCW_DEFAULT 0x37f
#define MXCSR_DEFAULT 0x1f80
#define MXCSR_OFFSET 24

uint64_t guest_xcr0_allowed(void)
{
	struct cpuid_regs r = cpuid(0xd, 0);

	return (r.eax | (uint64_t)r.edx << 32) & XCR0_KNOWN;
}

static bool valid(uint64_t xcr0)
{
	uint64_t avx512 = xcr0 & XCR0_AVX512;

	if (!(xcr0 & XCR0_X87) || (xcr0 & ~guest_xcr0_allowed()))
		return false;
	if ((xcr0 & XCR0_AVX) && !(xcr0 & XCR0_SSE))
		return false;
	return !avx512 || (avx512 == XCR0_AVX512 && (xcr0 & XCR0_AVX));
}

void guest_xsetbv(struct arch_vcpu *guest)
{
	uint64_t value = (uint32_t)guest->gpr[GPR_RAX] | guest->gpr[GPR_RDX] << 32;
	struct x86_state state;

	vendor->get_state(guest, &state);
	if (!(state.cr4 & CR4_OSXSAVE)) {
		vcpu_inject_exception(guest, VECTOR_UD, 0);
		return;
	}
	if ((state.segments[SEG_SS].attributes & SEG_ATTR_DPL) ||
	    (uint32_t)guest->gpr[GPR_RCX] != 0 || !valid(value)) {
		vcpu_inject_exception(guest, VECTOR_GP, 0);
		return;
	}
	xsetbv(0, value);
	vcpu_skip(guest, guest->instruction_length);
}

void guest_xstate_reset(void)
{
	/* A legacy-only image with XSTATE_BV = 0 makes XRSTOR put every component into its initial
	 * state. */
	static const uint8_t initial[XSAVE_MINIMUM] __attribute__((aligned(64))) = {
		[0] = FCW_DEFAULT & 0xff,
		[1] = FCW_DEFAULT >> 8,
		[MXCSR_OFFSET] = MXCSR_DEFAULT & 0xff,
		[MXCSR_OFFSET + 1] = MXCSR_DEFAULT >> 8,
	};
	uint64_t all = guest_xcr0_allowed();

	xsetbv(0, all);
	__asm__ volatile("xrstor64 %0"
			 :
			 : "m"(initial), "a"((uint32_t)all), "d"((uint32_t)(all >> 32)));
	xsetbv(0, XCR0_X87);
}
