/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The machine below the core: fakes of what core/arch.h asks of an architecture, and of the log and
 * the console beside it. Every fake is weak, so a test that links the real function gets that.
 * The clock stands still until a test moves it; everything is recorded in "fake_arch".
 */
#ifndef FAKE_ARCH_H
#define FAKE_ARCH_H

#include "core/arch.h"
#include "core/cell.h"

/* The machine's RAM, as host-physical addresses; what touches others fails the test. */
#define FAKE_RAM UINT64_C(0x4000000000)
#define FAKE_RAM_SIZE UINT64_C(0x400000)

struct fake_arch {
	uint64_t now;   /* arch_now() */
	uint64_t wall;  /* arch_wall_clock() */
	uint64_t timer; /* the latest arch_cell_timer() */
	unsigned int timer_calls;
	unsigned int kicks[MAX_CPUS]; /* by vcpu->cpu */
	unsigned int cell_resets;
	unsigned int vcpu_resets;
	unsigned int quiesces;
	unsigned int dumps;
	unsigned int attends;
	unsigned int drains;
	unsigned int flushes;
	unsigned int poweroffs;
	unsigned int legacy_ports;  /* those below are legacy probes */
	struct irq_message message; /* the latest arch_send_message() */
	unsigned int messages;
	unsigned int line_vcpu, line; /* the latest arch_set_cpu_line() */
	bool level;
	unsigned int routed_pin;

	const char *input; /* what the console holds for the cells; NUL-terminated */
	char output[64];
	unsigned int nr_output;
	unsigned int output_room;

	char log[16384];
	size_t log_used;

	/* What the test does when the code under test waits, or runs the guest. */
	void (*wait)(struct vcpu *vcpu);
	void (*run)(struct vcpu *vcpu, struct vcpu_exit *exit);
	enum arch_verdict verdict; /* of arch_vcpu_handle() */
	bool prepared;             /* result of arch_vcpu_prepare() */
	uint32_t requests;         /* all that arch_vcpu_prepare() ever got */
};

extern struct fake_arch fake_arch;

/* Everything as at power-on, RAM filled with @fill. */
void fake_arch_start(uint8_t fill);

/* Where the test finds host-physical @hpa. */
uint8_t *fake_ram(uint64_t hpa);

/* How often @text stands in the log. */
unsigned int fake_logged(const char *text);

#endif
