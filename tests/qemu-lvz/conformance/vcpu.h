/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A guest's registers, and what is known when it has been left: shared by C and assembly.
 */

#ifndef VCPU_H
#define VCPU_H

#define VCPU_GPR 0
#define VCPU_PC 256
#define VCPU_PRMD 264
#define VCPU_WAY 272
#define VCPU_HOST_SP 280
#define VCPU_ESTAT 288
#define VCPU_BADV 296
#define VCPU_BADI 304
#define VCPU_GSTAT 312
#define VCPU_CRMD 320
#define VCPU_EXIT_PRMD 328

#define WAY_PGM 0
#define WAY_TLBR 1
#define WAY_MERR 2

#ifndef __ASSEMBLER__

struct vcpu {
	unsigned long gpr[32];
	unsigned long pc;
	unsigned long prmd;
	unsigned long way;
	unsigned long host_sp;
	unsigned long estat;
	unsigned long badv;
	unsigned long badi;
	unsigned long gstat;
	unsigned long crmd;
	unsigned long exit_prmd;
};

_Static_assert(__builtin_offsetof(struct vcpu, exit_prmd) == VCPU_EXIT_PRMD, "layout");

/* The host's exceptions: how many, and of the last one ESTAT, BADV and GSTAT */
extern volatile unsigned long trap[4];
/* Refills: how many, and of the last one TLBRBADV, TLBRPRMD and TLBRERA */
extern volatile unsigned long refill[4];

void enter_guest(struct vcpu *vcpu);
extern char trap_entry[];
extern char refill_entry[];

#endif
#endif
