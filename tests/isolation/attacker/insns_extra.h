/* SPDX-License-Identifier: Apache-2.0 */
/* Registers and control transfers with illegal values; insns.c calls these. */
#ifndef INSNS_EXTRA_H
#define INSNS_EXTRA_H

struct attack;

void attack_xsetbv(struct attack *attack);	      /* XCR0 and absent XCRs */
void attack_control_registers(struct attack *attack); /* CR0, CR8 */
void attack_debug_registers(struct attack *attack);   /* DR4 to DR7 */
void attack_transfers(struct attack *attack); /* far jumps, task gates, IRET with NT, LTR, LLDT */
	struct attack *attack); /* CR4, CR3: may end the cell on an emulator */

#endif
