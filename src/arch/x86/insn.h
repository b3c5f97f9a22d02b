/* SPDX-License-Identifier: Apache-2.0 */
/*
 * x86 instructions that access memory the way device drivers do, decoded and carried out by
 * software.
 *
 * A nested page fault tells the guest-physical address but not what the instruction does with it.
 * For moves, zero and sign extension, string moves and string I/O, the arithmetic and bit
 * instructions with a memory operand, XCHG, XADD, CMPXCHG and MOVNTI, insn_decode() and
 * insn_emulate() do the rest. References: AMD64 Architecture Programmer's Manual (APM) vol. 3,
 * chapter 1 (encoding) and appendix A (opcode maps).
 */
#ifndef X86_INSN_H
#define X86_INSN_H

#include "core/types.h"

/* No instruction is longer (APM vol. 3, 1.1). */
#define INSN_MAX 15u

/*
 * The default operand size of the code segment decides; the value is the default address size in
 * bytes.
 */
enum insn_mode {
	INSN_MODE_16 = 2, /* real mode, virtual-8086 mode, CS.D = 0 */
	INSN_MODE_32 = 4, /* CS.D = 1 */
	INSN_MODE_64 = 8, /* CS.L = 1 in long mode */
};

enum insn_kind {
	INSN_NONE,
	INSN_MOV, /* MOVNTI too */
	INSN_MOVZX,
	INSN_MOVSX,
	INSN_ADD, /* the eight in the order of their opcodes (00H to 3FH) and of group 1 */
	INSN_OR,
	INSN_ADC,
	INSN_SBB,
	INSN_AND,
	INSN_SUB,
	INSN_XOR,
	INSN_CMP,
	INSN_TEST,
	INSN_NOT,
	INSN_NEG,
	INSN_INC,
	INSN_DEC,
	INSN_XCHG,
	INSN_XADD,
	INSN_CMPXCHG,
	INSN_BT,
	INSN_BTS,
	INSN_BTR,
	INSN_BTC,
	INSN_MOVS, /* from here on: string instructions */
	INSN_STOS,
	INSN_LODS,
	INSN_INS,
	INSN_OUTS,
};

/* Numbers of general-purpose registers, as encoded and as indices of gpr[]. */
enum insn_register {
	INSN_RAX,
	INSN_RCX,
	INSN_RDX,
	INSN_RBX,
	INSN_RSP,
	INSN_RBP,
	INSN_RSI,
	INSN_RDI, /* R8 to R15 follow */
	INSN_NR_GPR = 16,
};

#define INSN_NO_REGISTER 0xffu

/* Segments, numbered as in MOV Sreg (APM vol. 3, table A-3). */
enum insn_segment {
	INSN_ES,
	INSN_CS,
	INSN_SS,
	INSN_DS,
	INSN_FS,
	INSN_GS,
};

struct insn {
	enum insn_kind kind;
	uint8_t length;   /* bytes, prefixes included */
	uint8_t size;     /* of the memory operand or string element, in bytes: 1, 2, 4, 8 */
	uint8_t reg_size; /* of the register operand; differs from .size for MOVZX and MOVSX only */
	bool to_reg;      /* the register is the destination; else memory or nothing (CMP, BT) */
	bool has_imm;     /* the other operand is .imm and not a register */
	bool high_byte;   /* the register is AH, CH, DH or BH; .reg is 0 to 3 then */
	bool rep;         /* string instructions: repeat while the counter is not zero */
	bool lock;        /* a LOCK prefix; XCHG is atomic without */
	uint8_t reg;      /* enum insn_register; the accumulator for CMPXCHG is implied */
	uint64_t imm;     /* sign-extended to 64 bits */

	/*
	 * The address of the memory operand, see insn_offset(). MOVS has a second one, its
	 * destination at ES:RDI; this one is its source. INS: the destination, OUTS: the source;
	 * the port is in DX. A bit instruction with its bit number in a register adds what
	 * insn_offset() says.
	 */
	uint8_t address_size; /* bytes: 2, 4, 8 */
	uint8_t base;         /* enum insn_register or INSN_NO_REGISTER */
	uint8_t index;        /* enum insn_register or INSN_NO_REGISTER */
	uint8_t scale;        /* 1, 2, 4, 8 */
	bool rip_relative;    /* to the following instruction */
	enum insn_segment segment; /* default or override */
	int64_t disp;
};

/*
 * Decodes the instruction at @bytes, of which @len are there. Returns 0; -ERANGE when it goes
 * beyond @len; -EINVAL when it is none of those this file knows (register-only forms included). A
 * combination with prefixes that the CPU refuses before it touches memory may be taken.
 */
int insn_decode(struct insn *out, const uint8_t *bytes, unsigned int len, enum insn_mode mode);

/*
 * The length of an instruction that is known to be @opcode (@opcode_len bytes, such as 0FH A2H for
 * CPUID) and may carry redundant prefixes. What follows the opcode (a ModRM byte) is not counted.
 * Returns the length in bytes, -EINVAL when another opcode stands there, -ERANGE when it goes
 * beyond @len.
 */
int insn_length_prefixed(const uint8_t *bytes, unsigned int len, enum insn_mode mode,
			 const uint8_t *opcode, unsigned int opcode_len);

/*
 * The offset of the memory operand within its segment, wrapped to the address size. @next_rip is
 * the address of the following instruction.
 */
uint64_t insn_offset(const struct insn *insn, const uint64_t gpr[INSN_NR_GPR], uint64_t next_rip);

/*
 * How to reach the operand in memory. Each transfers @size bytes (1, 2, 4, 8; values are
 * zero-extended) and returns 0 or a negative errno. For MOVS, read() is the source and write() the
 * destination; for INS, read() is the port, for OUTS write() is.
 */
struct insn_memory {
	void *ctx;
	int (*read)(void *ctx, unsigned int size, uint64_t *value);
	int (*write)(void *ctx, unsigned int size, uint64_t value);
};

/*
 * Carries out @insn on @gpr, @rflags and @memory. The operand is read before it is written, each
 * at most once. Returns
 *   0 when the instruction is done (the caller advances RIP by .length),
 *   1 after one iteration of a repeated string instruction that has more to do (RIP stays),
 *   the error of a callback, with no register and no flag changed.
 */
int insn_emulate(const struct insn *insn, uint64_t gpr[INSN_NR_GPR], uint64_t *rflags,
		 const struct insn_memory *memory);

#endif
