/* SPDX-License-Identifier: Apache-2.0 */
/* The guest's side: what vcpu.c, exits.c and timer.c offer each other. */
#ifndef LOONGARCH_GUEST_H
#define LOONGARCH_GUEST_H

#include "arch_vcpu.h"
#include "core/cell.h"

/* Builds the second-stage tables of @cell, once. Returns 0 or a negative errno. */
int guest_init_cell(struct cell *cell);

/* Puts an exception into the guest: Ecode @code, for the instruction that made it exit. */
void guest_inject(struct arch_vcpu *guest, unsigned int code);

/* The guest's IDLE: returns when there is something for it, or a request to its CPU. */
void guest_idle(struct vcpu *vcpu);

/* Arms this CPU's timer for its cell's deadline. */
void guest_arm_timer(void);

#endif
