/* SPDX-License-Identifier: Apache-2.0 */
/* The guest's side: what vcpu.c, decode.c and exits.c offer each other. */
#ifndef LOONGARCH_GUEST_H
#define LOONGARCH_GUEST_H

#include "arch_vcpu.h"
#include "core/cell.h"
#include "core/exit.h"

/* Builds the second-stage tables of @cell, once. Returns 0 or a negative errno. */
int guest_init_cell(struct cell *cell);

/* Says why @guest was left, by @estat (the host's CSR.ESTAT at the exit) and the CSRs that belong
 * to the Ecode in it; decodes the instruction where that made the guest exit. */
void guest_decode(struct arch_vcpu *guest, uint64_t estat, struct vcpu_exit *exit);

/* Puts an exception into the guest: Ecode @code, for the instruction that made it exit. */
void guest_inject(struct arch_vcpu *guest, unsigned int code);

/* The guest's IDLE: returns when there is something for it, or a request to its CPU. */
void guest_idle(struct vcpu *vcpu);

/* Arms this CPU's timer for its cell's deadline. */
void guest_arm_timer(void);

#endif
