/* SPDX-License-Identifier: Apache-2.0 */
/* Encodings are those of the LoongArch Reference Manual vol. 1, appendix B; HVCL's is Linux's. */
#include "insn.h"

#define RD(word) ((uint8_t)((word)&31))
#define RJ(word) ((uint8_t)((word) >> 5 & 31))
#define CODE15(word) ((uint16_t)((word)&0x7fff))

/* With an offset of 12 bits: opcode in bits 31:22. */
#define OP12_SHIFT 22
#define OP12_LD 0xa0  /* LD.B; .H, .W and .D follow */
#define OP12_ST 0xa4  /* ST.B; ... */
#define OP12_LDU 0xa8 /* LD.BU; .HU and .WU follow */
#define OP12_LDU_END 0xab

/* With an offset of 14 bits: opcode in bits 31:24. */
#define OP14_SHIFT 24
#define OP14_LDPTR_W 0x24
#define OP14_STPTR_W 0x25
#define OP14_LDPTR_D 0x26
#define OP14_STPTR_D 0x27

/* With an index register: opcode in bits 31:15. */
#define OP_X_SHIFT 15
#define OP_X_FIRST 0x7000 /* LDX.B; .H, .W, .D, then STX.B to .D, then LDX.BU to .WU */
#define OP_X_STEP 8
#define OP_X_FORMS 11

/* Privileged instructions and CPUCFG. */
#define OP_CSR 0x04     /* bits 31:24 */
#define OP_CACOP 0x18   /* bits 31:22 */
#define OP_IOCSR 0x3240 /* bits 31:13; bit 12 is set in writes, 11:10 are log2 of the size */
#define IOCSR_WRITE BIT(12)
#define OP_CPUCFG 0x1b /* bits 31:10 */
#define OP_LDDIR 0x190 /* bits 31:18 */
#define OP_LDPTE 0x191
#define OP15_SHIFT 15
#define OP15_IDLE 0xc91
#define OP15_DBCL 0x55
#define OP15_HVCL 0x57

/* The twelve-bit and the indexed forms come in the same order: 0-3 loads, 4-7 stores, 8-10 loads
 * without sign. */
static void set_form(struct insn_access *access, uint32_t form)
{
	access->write = form >= 4 && form < 8;
	access->sign = form < 4;
	access->size = (uint8_t)(1u << (form & 3));
}

bool insn_decode_access(uint32_t word, struct insn_access *access)
{
	uint32_t op12 = word >> OP12_SHIFT;
	uint32_t op14 = word >> OP14_SHIFT;
	uint32_t indexed = (word >> OP_X_SHIFT) - OP_X_FIRST;

	access->reg = RD(word);
	if (op12 >= OP12_LD && op12 < OP12_LDU_END) {
		set_form(access, op12 - OP12_LD);
		return true;
	}
	if (op14 >= OP14_LDPTR_W && op14 <= OP14_STPTR_D) {
		access->write = op14 == OP14_STPTR_W || op14 == OP14_STPTR_D;
		access->sign = !access->write;
		access->size = op14 <= OP14_STPTR_W ? 4 : 8;
		return true;
	}
	if (indexed % OP_X_STEP == 0 && indexed / OP_X_STEP < OP_X_FORMS) {
		set_form(access, indexed / OP_X_STEP);
		return true;
	}
	return false;
}

bool insn_is_walk(uint32_t word)
{
	return word >> 18 == OP_LDDIR || word >> 18 == OP_LDPTE;
}

uint64_t insn_extend(uint64_t value, unsigned int size, bool sign)
{
	unsigned int unused = 64 - 8 * size;

	return sign ? (uint64_t)((int64_t)(value << unused) >> unused) : value << unused >> unused;
}

static void decode_csr(uint32_t word, struct insn *insn)
{
	insn->number = word >> 10 & 0x3fff;
	switch (insn->rj) {
	case 0:
		insn->kind = INSN_CSR_READ;
		break;
	case 1:
		insn->kind = INSN_CSR_WRITE;
		break;
	default:
		insn->kind = INSN_CSR_EXCHANGE;
		break;
	}
}

void insn_decode(uint32_t word, struct insn *insn)
{
	uint32_t op15 = word >> OP15_SHIFT;

	*insn = (struct insn){ .kind = INSN_OTHER, .rd = RD(word), .rj = RJ(word) };
	if (word >> 24 == OP_CSR) {
		decode_csr(word, insn);
	} else if (word >> 13 == OP_IOCSR) {
		insn->kind = word & IOCSR_WRITE ? INSN_IOCSR_WRITE : INSN_IOCSR_READ;
		insn->size = (uint8_t)(1u << (word >> 10 & 3));
	} else if (word >> 10 == OP_CPUCFG) {
		insn->kind = INSN_CPUCFG;
	} else if (word >> 22 == OP_CACOP) {
		insn->kind = INSN_CACOP;
		insn->number = RD(word);
	} else if (op15 == OP15_IDLE || op15 == OP15_DBCL || op15 == OP15_HVCL) {
		insn->kind = op15 == OP15_IDLE   ? INSN_IDLE
			     : op15 == OP15_DBCL ? INSN_DBCL
						 : INSN_HVCL;
		insn->number = CODE15(word);
	}
}

bool insn_is_privileged(enum insn_kind kind)
{
	return kind != INSN_CPUCFG;
}
