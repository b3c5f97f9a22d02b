/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Instructions that made a guest exit, decoded from CSR.BADI: loads and stores of addresses without
 * memory behind them, and what needs a resource that guests do not have themselves (GSPR).
 */
#ifndef LOONGARCH_INSN_H
#define LOONGARCH_INSN_H

#include "core/types.h"

/* A load or store of one general register; the address is in CSR.BADV. */
struct insn_access {
	bool write;
	bool sign;    /* loads: what is loaded is sign-extended */
	uint8_t size; /* 1, 2, 4, 8 */
	uint8_t reg;  /* the register that is loaded or stored */
};

/*
 * Decodes @word. False for everything but ordinary loads and stores: LL and SC, atomic operations,
 * floating point and vectors, bound-checking accesses and prefetches are not for device registers.
 */
bool insn_decode_access(uint32_t word, struct insn_access *access);

/* Whether it is LDDIR or LDPTE, which read the guest's page tables. */
bool insn_is_walk(uint32_t word);

/* What a register holds after a load of @size bytes (1, 2, 4, 8) that gave @value. */
uint64_t insn_extend(uint64_t value, unsigned int size, bool sign);

enum insn_kind {
	INSN_OTHER, /* none of these: not an instruction for guests */
	INSN_CPUCFG,
	INSN_CSR_READ,     /* CSRRD */
	INSN_CSR_WRITE,    /* CSRWR: rd and the CSR change places */
	INSN_CSR_EXCHANGE, /* CSRXCHG: the same, for bits that are ones in rj */
	INSN_IOCSR_READ,   /* what is read is sign-extended */
	INSN_IOCSR_WRITE,
	INSN_CACOP,
	INSN_IDLE,
	INSN_DBCL,
	INSN_HVCL,
};

/* An instruction of the kinds above. */
struct insn {
	enum insn_kind kind;
	uint8_t rd;      /* the register that is read or written */
	uint8_t rj;      /* CPUCFG, IOCSR: holds the number; CSRXCHG: the mask; CACOP: the base */
	uint8_t size;    /* IOCSR: bytes */
	uint16_t number; /* CSR number; code of CACOP, DBCL and HVCL; level of IDLE */
};

void insn_decode(uint32_t word, struct insn *insn);

/* Whether it raises IPE (privilege) unless the guest is at PLV 0. */
bool insn_is_privileged(enum insn_kind kind);

#endif
