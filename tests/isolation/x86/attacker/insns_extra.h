/* SPDX-License-Identifier: Apache-2.0 */
/* Registers and control transfers with illegal values; insns.c calls these. */
#ifndef INSNS_EXTRA_H
#define INSNS_EXTRA_H

struct attack;

/* XCR0 and absent XCRs. */
void attack_xsetbv(struct attack *attack);

/* CR0 and CR8. */
void attack_control_registers(struct attack *attack);

/* DR4, DR6 and DR7. */
void attack_debug_registers(struct attack *attack);

/* Far jumps and calls, IRET with NT, LTR, LLDT. */
void attack_transfers(struct attack *attack);

/* insns_rare.c: what few kernels use, and a hardware task switch. */
void attack_rare(struct attack *attack);
void attack_task_switch(struct attack *attack);

#endif
