/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The guest CPU of a test of src/arch/x86: state that the vendor's backend would keep, and a window
 * into the RAM of fake_arch.h.
 */
#ifndef FAKE_GUEST_H
#define FAKE_GUEST_H

#include "arch/x86/guest.h"
#include "arch/x86/vendor.h"

struct fake_guest {
	struct arch_vcpu cpu;
	struct x86_state state; /* what the backend says */
	unsigned int exceptions;
	unsigned int vector;
	uint32_t error;
	unsigned int skips;
	uint64_t cr2;         /* the latest vendor->set_cr2() */
	unsigned int windows; /* how often the window was opened */
	bool window_open;
};

extern struct fake_guest fake_guest;

/* A guest in real mode with everything 0. @vcpu gets it as its registers. */
void fake_guest_start(struct vcpu *vcpu);

#endif
