/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The narrow interface that core asks of an architecture. Everything else of src/arch is private to
 * it.
 */
#ifndef CORE_ARCH_H
#define CORE_ARCH_H

#include "core/types.h"
#include "core/device.h"
#include "core/exit.h"

struct cell;
struct vcpu;

/* What arch_vcpu_handle() made of an exit. */
enum arch_verdict {
	ARCH_HANDLED,
	ARCH_NOT_MINE, /* concerns the cell: devices */
	ARCH_FAULT,    /* the guest did what it may not, see *why */
};

/* --- Memory --- */

/* Copies @size bytes to host-physical @hpa; @data == NULL clears instead. Maps the target for the
 * moment only. */
void arch_fill_memory(uint64_t hpa, const uint8_t *data, uint64_t size);

/* --- Time --- */

/* Nanoseconds since boot, the same on all CPUs. */
uint64_t arch_now(void);

/* Seconds since 1970-01-01 00:00 UTC. */
uint64_t arch_wall_clock(void);

/* Asks for EXIT_ATTENTION on the cell's first vCPU at @deadline (arch_now() time; TIMER_OFF:
 * never). */
void arch_cell_timer(struct cell *cell, uint64_t deadline);

/* --- Interrupts into a cell --- */

void arch_send_message(struct cell *cell, const struct irq_message *msg);
void arch_set_cpu_line(struct cell *cell, unsigned int vcpu, unsigned int line, bool level);
void arch_route_pin(struct cell *cell, unsigned int pin, const struct irq_message *msg,
		    bool masked);

/* Puts what the cell's passthrough devices and interrupt lines need into its start condition (all
 * masked). */
void arch_cell_reset(struct cell *cell);

/* --- vCPUs; all of these run on the vCPU's own CPU --- */

/* Power-on state: ready to run at the cell's entry (first vCPU), or waiting for the guest's start
 * request. */
void arch_vcpu_reset(struct vcpu *vcpu);

/* Carries out the architecture's requests in @requests; false when the vCPU cannot run yet (waits
 * to be started). */
bool arch_vcpu_prepare(struct vcpu *vcpu, uint32_t requests);

/* Enters the guest and returns its next exit, decoded. */
void arch_vcpu_run(struct vcpu *vcpu, struct vcpu_exit *exit);

/* Handles what concerns the vCPU alone. @why gets a clause for the report when the verdict is
 * ARCH_FAULT. */
enum arch_verdict arch_vcpu_handle(struct vcpu *vcpu, const struct vcpu_exit *exit,
				   const char **why);

/* Carries out the guest instruction of a PIO or MMIO exit by cell_access(). Returns 0, or -EPERM
 * for a cell fault. */
int arch_vcpu_emulate(struct vcpu *vcpu, const struct vcpu_exit *exit);

/* Logs the vCPU's registers for a fault report. */
void arch_vcpu_dump(struct vcpu *vcpu);

/* Silences the vCPU's interrupt hardware before it parks. */
void arch_vcpu_quiesce(struct vcpu *vcpu);

/* True when @address is one that stock kernels probe on machines without the device. */
bool arch_is_legacy_probe(enum device_space space, uint64_t address);

/* --- The CPU --- */

/* Waits until this CPU's attention is asked for. Returns at once when a request of @vcpu is
 * pending. */
void arch_wait(struct vcpu *vcpu);

/* Makes the physical CPU of @vcpu leave its guest or its wait. */
void arch_kick(struct vcpu *vcpu);

/* Called when an EXIT_ATTENTION or a wake-up needs the board's own devices looked at (console). */
void arch_attend(struct vcpu *vcpu);

/* Switches the machine off; returns when the board has no way to. */
void arch_poweroff(void);

#endif
