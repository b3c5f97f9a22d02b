/* SPDX-License-Identifier: Apache-2.0 */
/* Decoding and carrying out instructions with a memory operand, see insn.h. */
#include "insn.h"

/* ---- Opcode maps (APM vol. 3, tables) ---- */

#define TWO_BYTE 0x0f00u /* opcodes behind the escape byte 0FH */

#define F_WIDTH BIT(0)  /* bit 0 of the opcode: clear = byte operand */
#define F_LOAD BIT(1)   /* the register is the destination */
#define F_IMM BIT(2)    /* an immediate of the operand's size, at most 4 bytes */
#define F_IMM8 BIT(3)   /* a sign-extended byte */
#define F_OFFSET BIT(4) /* no ModRM: the address follows, the register is the accumulator */
#define F_STRING BIT(5) /* no ModRM: RSI, RDI */
#define F_GROUP BIT(6)  /* the kind is groups[kind][ModRM.reg] */
#define F_LONG BIT(7)   /* in 64-bit mode only */

enum group { GROUP_1, GROUP_3, GROUP_4, GROUP_8, GROUP_11 };

static const uint8_t groups[][8] = {
	[GROUP_1] = { INSN_ADD, INSN_OR, INSN_ADC, INSN_SBB,
		      INSN_AND, INSN_SUB, INSN_XOR, INSN_CMP },
	[GROUP_3] = { INSN_TEST, INSN_TEST, INSN_NOT, INSN_NEG },
	[GROUP_4] = { INSN_INC, INSN_DEC },
	[GROUP_8] = { 0, 0, 0, 0, INSN_BT, INSN_BTS, INSN_BTR, INSN_BTC },
	[GROUP_11] = { INSN_MOV },
};

struct pattern {
	uint16_t first;
	uint16_t last;
	uint8_t kind; /* enum insn_kind, or enum group with F_GROUP */
	uint8_t flags;
	uint8_t size; /* of the memory operand at most, in bytes; 0: as the register operand */
};

static const struct pattern patterns[] = {
	{ 0x63, 0x63, INSN_MOVSX, F_LOAD | F_LONG, 4 },
	{ 0x6c, 0x6d, INSN_INS, F_STRING | F_WIDTH, 0 },
	{ 0x6e, 0x6f, INSN_OUTS, F_STRING | F_WIDTH, 0 },
	{ 0x80, 0x81, GROUP_1, F_GROUP | F_WIDTH | F_IMM, 0 },
	{ 0x83, 0x83, GROUP_1, F_GROUP | F_IMM8, 0 },
	{ 0x84, 0x85, INSN_TEST, F_WIDTH, 0 },
	{ 0x86, 0x87, INSN_XCHG, F_WIDTH, 0 },
	{ 0x88, 0x89, INSN_MOV, F_WIDTH, 0 },
	{ 0x8a, 0x8b, INSN_MOV, F_WIDTH | F_LOAD, 0 },
	{ 0xa0, 0xa1, INSN_MOV, F_WIDTH | F_LOAD | F_OFFSET, 0 },
	{ 0xa2, 0xa3, INSN_MOV, F_WIDTH | F_OFFSET, 0 },
	{ 0xa4, 0xa5, INSN_MOVS, F_STRING | F_WIDTH, 0 },
	{ 0xaa, 0xab, INSN_STOS, F_STRING | F_WIDTH, 0 },
	{ 0xac, 0xad, INSN_LODS, F_STRING | F_WIDTH | F_LOAD, 0 },
	{ 0xc6, 0xc7, GROUP_11, F_GROUP | F_WIDTH | F_IMM, 0 },
	{ 0xf6, 0xf7, GROUP_3, F_GROUP | F_WIDTH, 0 },
	{ 0xfe, 0xff, GROUP_4, F_GROUP | F_WIDTH, 0 },
	{ TWO_BYTE | 0xa3, TWO_BYTE | 0xa3, INSN_BT, 0, 0 },
	{ TWO_BYTE | 0xab, TWO_BYTE | 0xab, INSN_BTS, 0, 0 },
	{ TWO_BYTE | 0xb0, TWO_BYTE | 0xb1, INSN_CMPXCHG, F_WIDTH, 0 },
	{ TWO_BYTE | 0xb3, TWO_BYTE | 0xb3, INSN_BTR, 0, 0 },
	{ TWO_BYTE | 0xb6, TWO_BYTE | 0xb6, INSN_MOVZX, F_LOAD, 1 },
	{ TWO_BYTE | 0xb7, TWO_BYTE | 0xb7, INSN_MOVZX, F_LOAD, 2 },
	{ TWO_BYTE | 0xba, TWO_BYTE | 0xba, GROUP_8, F_GROUP | F_IMM8, 0 },
	{ TWO_BYTE | 0xbb, TWO_BYTE | 0xbb, INSN_BTC, 0, 0 },
	{ TWO_BYTE | 0xbe, TWO_BYTE | 0xbe, INSN_MOVSX, F_LOAD, 1 },
	{ TWO_BYTE | 0xbf, TWO_BYTE | 0xbf, INSN_MOVSX, F_LOAD, 2 },
	{ TWO_BYTE | 0xc0, TWO_BYTE | 0xc1, INSN_XADD, F_WIDTH, 0 },
	{ TWO_BYTE | 0xc3, TWO_BYTE | 0xc3, INSN_MOV, 0, 0 },
};

/* Finds the row of @opcode; the regular block of arithmetic opcodes needs none and fills @block. */
static const struct pattern *find_pattern(unsigned int opcode, struct pattern *block)
{
	if (opcode < 0x40 && (opcode & 7) < 4) {
		block->kind = (uint8_t)(INSN_ADD + (opcode >> 3));
		block->flags = (uint8_t)(F_WIDTH | ((opcode & 2) ? F_LOAD : 0));
		return block;
	}
	for (unsigned int i = 0; i < ARRAY_SIZE(patterns); i++)
		if (opcode >= patterns[i].first && opcode <= patterns[i].last)
			return &patterns[i];
	return NULL;
}

/* ---- Decoding ---- */

/* REX prefix (APM vol. 3, 1.2.7) */
#define REX 0x40u
#define REX_W BIT(3)
#define REX_R BIT(2)
#define REX_X BIT(1)
#define REX_B BIT(0)

struct decoder {
	const uint8_t *bytes;
	unsigned int len;
	unsigned int at;
	int error; /* of next(), sticky */
	enum insn_mode mode;
	uint8_t rex; /* 0: none */
	bool operand_prefix;
	bool address_prefix;
	bool rep_prefix;
	bool lock_prefix;
	uint8_t segment; /* enum insn_segment, or INSN_NO_REGISTER without override */
	uint8_t modrm;
};

/* The next byte; 0 when there is none, which .error tells at the end. */
static uint8_t next(struct decoder *d)
{
	if (!d->error && d->at == INSN_MAX)
		d->error = -EINVAL;
	if (!d->error && d->at == d->len)
		d->error = -ERANGE;
	return d->error ? 0 : d->bytes[d->at++];
}

/* The lowest @size bytes of @value. */
static uint64_t low(uint64_t value, unsigned int size)
{
	return size == 8 ? value : value & ((UINT64_C(1) << (8 * size)) - 1);
}

static int64_t sign_extend(uint64_t value, unsigned int size)
{
	unsigned int shift = (64 - 8 * size) & 63;

	/* Right shifts of negative numbers are arithmetic in gcc and clang. */
	return (int64_t)(value << shift) >> shift;
}

/* A little-endian number of @size bytes, sign-extended. */
static int64_t next_number(struct decoder *d, unsigned int size)
{
	uint64_t value = 0;

	for (unsigned int i = 0; i < size; i++)
		value |= (uint64_t)next(d) << (8 * i);
	return sign_extend(value, size);
}

/* Takes @byte as a legacy or REX prefix; false when it is none (APM vol. 3, 1.2). */
static bool take_prefix(struct decoder *d, uint8_t byte)
{
	bool is_long = d->mode == INSN_MODE_64;

	if (is_long && (byte & 0xf0) == REX) {
		d->rex = byte;
		return true;
	}
	if ((byte & 0xe7) == 0x26) { /* ES, CS, SS, DS: without effect in 64-bit mode */
		d->segment = is_long ? d->segment : (byte >> 3) & 3;
		d->rex = 0;
		return true;
	}
	switch (byte) {
	case 0x64:
	case 0x65:
		d->segment = byte == 0x64 ? INSN_FS : INSN_GS;
		break;
	case 0x66:
		d->operand_prefix = true;
		break;
	case 0x67:
		d->address_prefix = true;
		break;
	case 0xf0:
		d->lock_prefix = true;
		break;
	case 0xf2:
	case 0xf3:
		d->rep_prefix = true;
		break;
	default:
		return false;
	}
	d->rex = 0; /* a REX prefix counts only directly in front of the opcode */
	return true;
}

/* Skips the prefixes and returns the byte behind them. */
static uint8_t take_prefixes(struct decoder *d)
{
	uint8_t byte = next(d);

	while (take_prefix(d, byte))
		byte = next(d);
	return byte;
}

/* Address forms of 16 bits (APM vol. 3, table 1-15). */
static void decode_address16(struct decoder *d, struct insn *out)
{
	static const uint8_t bases[] = { INSN_RBX, INSN_RBX, INSN_RBP, INSN_RBP,
					 INSN_RSI, INSN_RDI, INSN_RBP, INSN_RBX };
	static const uint8_t indices[] = { INSN_RSI, INSN_RDI, INSN_RSI, INSN_RDI };
	unsigned int mod = d->modrm >> 6;
	unsigned int rm = d->modrm & 7;

	if (mod == 0 && rm == 6) {
		out->disp = next_number(d, 2);
		return;
	}
	out->base = bases[rm];
	if (rm < ARRAY_SIZE(indices))
		out->index = indices[rm];
	if (mod)
		out->disp = next_number(d, mod);
}

/* Address forms of 32 and 64 bits, with SIB byte (APM vol. 3, 1.4). */
static void decode_address(struct decoder *d, struct insn *out)
{
	unsigned int mod = d->modrm >> 6;
	unsigned int base = d->modrm & 7;
	bool sib = base == 4;

	if (sib) {
		uint8_t byte = next(d);
		unsigned int index = ((byte >> 3) & 7) | ((d->rex & REX_X) ? 8 : 0);

		base = byte & 7;
		if (index != 4)
			out->index = (uint8_t)index;
		out->scale = (uint8_t)(1u << (byte >> 6));
	}
	if (mod == 0 && base == 5) {
		out->rip_relative = !sib && d->mode == INSN_MODE_64;
		out->disp = next_number(d, 4);
		return;
	}
	out->base = (uint8_t)(base | ((d->rex & REX_B) ? 8 : 0));
	if (mod)
		out->disp = next_number(d, mod == 1 ? 1 : 4);
}

/* Sizes of operand and address (APM vol. 3, tables 1-2 and 1-3). */
static void decode_sizes(const struct decoder *d, struct insn *out, unsigned int limit, bool byte)
{
	bool small = d->operand_prefix != (d->mode == INSN_MODE_16);
	uint8_t size = small ? 2 : 4;

	if ((d->rex & REX_W) && out->kind < INSN_INS) /* ports have no 8 bytes */
		size = 8;
	if (byte)
		size = 1;
	out->reg_size = size;
	out->size = limit && limit < size ? (uint8_t)limit : size;

	out->address_size = (uint8_t)d->mode;
	if (d->address_prefix)
		out->address_size = d->mode == INSN_MODE_32 ? 2 : 4;
}

/* The operands of an instruction with a ModRM byte. */
static void decode_modrm(struct decoder *d, struct insn *out, unsigned int flags)
{
	unsigned int reg = (d->modrm >> 3) & 7;

	if (!(flags & F_GROUP)) {
		out->high_byte = out->reg_size == 1 && !d->rex && reg >= 4;
		out->reg = (uint8_t)(out->high_byte ? reg - 4 : reg | ((d->rex & REX_R) ? 8 : 0));
	}
	if (out->address_size == 2)
		decode_address16(d, out);
	else
		decode_address(d, out);
}

static void decode_segment(const struct decoder *d, struct insn *out)
{
	out->segment = out->base == INSN_RSP || out->base == INSN_RBP ? INSN_SS : INSN_DS;
	if (d->segment != INSN_NO_REGISTER)
		out->segment = (enum insn_segment)d->segment;
	if (out->kind == INSN_STOS || out->kind == INSN_INS)
		out->segment = INSN_ES; /* cannot be overridden */
}

int insn_decode(struct insn *out, const uint8_t *bytes, unsigned int len, enum insn_mode mode)
{
	struct decoder d = {
		.bytes = bytes, .len = len, .mode = mode, .segment = INSN_NO_REGISTER
	};
	const struct pattern *pattern;
	struct pattern block = { 0 };
	unsigned int opcode = take_prefixes(&d);
	unsigned int flags;

	*out = (struct insn){ .base = INSN_NO_REGISTER, .index = INSN_NO_REGISTER, .scale = 1 };
	if (opcode == 0x0f)
		opcode = TWO_BYTE | next(&d);
	pattern = find_pattern(opcode, &block);
	if (d.error || !pattern || ((pattern->flags & F_LONG) && mode != INSN_MODE_64))
		return d.error ? d.error : -EINVAL;
	flags = pattern->flags;
	out->kind = (enum insn_kind)pattern->kind;
	if (!(flags & (F_OFFSET | F_STRING)))
		d.modrm = next(&d);
	if (flags & F_GROUP) {
		out->kind = (enum insn_kind)groups[pattern->kind][(d.modrm >> 3) & 7];
		if (out->kind == INSN_TEST)
			flags |= F_IMM;
	}
	out->to_reg = flags & F_LOAD;
	decode_sizes(&d, out, pattern->size, (flags & F_WIDTH) && !(opcode & 1));

	if (flags & F_OFFSET)
		out->disp = next_number(&d, out->address_size);
	else if (flags & F_STRING)
		out->base = out->kind == INSN_STOS || out->kind == INSN_INS ? INSN_RDI : INSN_RSI;
	else if (d.modrm >= 0xc0)
		return -EINVAL;
	else
		decode_modrm(&d, out, flags);
	if (flags & (F_IMM | F_IMM8)) {
		unsigned int size = (flags & F_IMM8) ? 1 : out->size > 4 ? 4 : out->size;

		out->has_imm = true;
		out->imm = (uint64_t)next_number(&d, size);
	}
	decode_segment(&d, out);
	out->rep = d.rep_prefix && (flags & F_STRING);
	out->lock = d.lock_prefix;
	out->length = (uint8_t)d.at;
	return d.error || out->kind != INSN_NONE ? d.error : -EINVAL;
}

int insn_length_prefixed(const uint8_t *bytes, unsigned int len, enum insn_mode mode,
			 const uint8_t *opcode, unsigned int opcode_len)
{
	struct decoder d = { .bytes = bytes, .len = len, .mode = mode };
	uint8_t byte = take_prefixes(&d);
	bool same = opcode_len > 0 && byte == opcode[0];

	for (unsigned int i = 1; i < opcode_len && same; i++)
		same = next(&d) == opcode[i] || d.error;
	if (d.error)
		return d.error;
	return same ? (int)d.at : -EINVAL;
}

/* ---- Registers and addresses ---- */

uint64_t insn_offset(const struct insn *insn, const uint64_t gpr[INSN_NR_GPR], uint64_t next_rip)
{
	uint64_t offset = (uint64_t)insn->disp;

	if (insn->rip_relative)
		offset += next_rip;
	if (insn->base != INSN_NO_REGISTER)
		offset += gpr[insn->base];
	if (insn->index != INSN_NO_REGISTER)
		offset += gpr[insn->index] * insn->scale;
	if (insn->kind >= INSN_BT && insn->kind <= INSN_BTC && !insn->has_imm) {
		/* The bit's number is signed and reaches beyond the operand (APM vol. 3, "BT"). */
		int64_t bit = sign_extend(gpr[insn->reg], insn->size);

		offset += (uint64_t)((bit >> 3) & -(int64_t)insn->size);
	}
	return low(offset, insn->address_size);
}

/* Writes of 32 bits clear the upper half, 8 and 16 bits leave the rest (APM vol. 1, 3.1.2). */
static void set_reg(uint64_t *reg, unsigned int size, bool high_byte, uint64_t value)
{
	unsigned int shift = high_byte ? 8 : 0;
	uint64_t mask = size >= 4 ? UINT64_MAX : low(UINT64_MAX, size) << shift;

	*reg = (*reg & ~mask) | (low(value, size) << shift);
}

/* ---- Arithmetic (flags: APM vol. 1, 3.1.4) ---- */

#define FLAG_CF BIT_ULL(0)
#define FLAG_PF BIT_ULL(2)
#define FLAG_AF BIT_ULL(4)
#define FLAG_ZF BIT_ULL(6)
#define FLAG_SF BIT_ULL(7)
#define FLAG_DF BIT_ULL(10)
#define FLAG_OF BIT_ULL(11)
#define FLAGS_STATUS (FLAG_CF | FLAG_PF | FLAG_AF | FLAG_ZF | FLAG_SF | FLAG_OF)

/* @a kind @b on @size bytes; sets the six status flags. AF, where undefined, is cleared. */
static uint64_t arithmetic(enum insn_kind kind, uint64_t a, uint64_t b, unsigned int size,
			   uint64_t *flags)
{
	uint64_t top = UINT64_C(1) << (8 * size - 1);
	uint64_t carry_in = *flags & FLAG_CF;
	uint64_t carries = 0; /* out of each bit */
	uint64_t overflow = 0, status = 0, result;

	switch (kind) {
	case INSN_ADD:
	case INSN_ADC:
		result = a + b + (kind == INSN_ADC ? carry_in : 0);
		carries = (a & b) | ((a | b) & ~result);
		overflow = (a ^ result) & (b ^ result);
		break;
	case INSN_SUB:
	case INSN_SBB:
	case INSN_CMP:
		result = a - b - (kind == INSN_SBB ? carry_in : 0);
		carries = (~a & b) | (~(a ^ b) & result);
		overflow = (a ^ b) & (a ^ result);
		break;
	case INSN_OR:
		result = a | b;
		break;
	case INSN_XOR:
		result = a ^ b;
		break;
	default: /* INSN_AND, INSN_TEST */
		result = a & b;
		break;
	}
	result = low(result, size);
	status |= (carries & top) ? FLAG_CF : 0;
	status |= (carries & BIT_ULL(3)) ? FLAG_AF : 0;
	status |= (overflow & top) ? FLAG_OF : 0;
	status |= (result & top) ? FLAG_SF : 0;
	status |= result == 0 ? FLAG_ZF : 0;
	/* Parity of the lowest byte: bit n of 9669H is set when n has an even number of ones. */
	status |= (0x9669u >> ((result ^ (result >> 4)) & 15)) & 1 ? FLAG_PF : 0;
	*flags = (*flags & ~FLAGS_STATUS) | status;
	return result;
}

/* ---- Carrying out ---- */

/* What an instruction does once its memory operand is read. */
struct outcome {
	bool set_memory;
	uint64_t memory;
	uint64_t *target; /* the register to set, or NULL */
	bool high_byte;   /* of it */
	uint64_t reg;
	uint64_t flags;
};

/* Kinds with one operand, in memory. */
static void compute_unary(const struct insn *insn, uint64_t memory, struct outcome *out)
{
	uint64_t carry = out->flags & FLAG_CF;

	if (insn->kind == INSN_NOT) {
		out->memory = ~memory;
	} else if (insn->kind == INSN_NEG) {
		out->memory = arithmetic(INSN_SUB, 0, memory, insn->size, &out->flags);
	} else {
		out->memory = arithmetic(insn->kind == INSN_INC ? INSN_ADD : INSN_SUB, memory, 1,
					 insn->size, &out->flags);
		out->flags = (out->flags & ~FLAG_CF) | carry; /* these leave the carry */
	}
}

/* The bit instructions: CF gets the old bit, the other flags stay. */
static void compute_bit(const struct insn *insn, uint64_t memory, uint64_t bit, struct outcome *out)
{
	uint64_t mask = UINT64_C(1) << (bit & (8u * insn->size - 1));

	out->flags = (out->flags & ~FLAG_CF) | ((memory & mask) ? FLAG_CF : 0);
	out->set_memory = insn->kind != INSN_BT;
	if (insn->kind == INSN_BTS)
		out->memory = memory | mask;
	else
		out->memory = insn->kind == INSN_BTR ? memory & ~mask : memory ^ mask;
}

/* Kinds that exchange memory and registers. */
static void compute_exchange(const struct insn *insn, uint64_t *gpr, uint64_t reg, uint64_t memory,
			     struct outcome *out)
{
	uint64_t accumulator = low(gpr[INSN_RAX], insn->size);

	out->memory = reg;
	out->reg = memory;
	if (insn->kind == INSN_CMPXCHG) {
		arithmetic(INSN_CMP, accumulator, memory, insn->size, &out->flags);
		if (accumulator == memory)
			return;
		out->memory = memory; /* it writes in any case */
		out->target = &gpr[INSN_RAX];
		out->high_byte = false;
		return;
	}
	out->target = &gpr[insn->reg];
	if (insn->kind == INSN_XADD)
		out->memory = arithmetic(INSN_ADD, memory, reg, insn->size, &out->flags);
}

static void compute(const struct insn *insn, uint64_t *gpr, uint64_t memory, struct outcome *out)
{
	uint64_t reg = low(gpr[insn->reg] >> (insn->high_byte ? 8 : 0), insn->reg_size);
	uint64_t source = low(insn->has_imm ? insn->imm : reg, insn->size);

	out->set_memory = !insn->to_reg;
	out->target = insn->to_reg ? &gpr[insn->reg] : NULL;
	out->high_byte = insn->high_byte;
	out->reg = memory;
	out->memory = source;
	switch (insn->kind) {
	case INSN_MOV:
	case INSN_MOVZX:
	case INSN_MOVSX:
		if (insn->kind == INSN_MOVSX)
			out->reg = (uint64_t)sign_extend(memory, insn->size);
		break;
	case INSN_NOT:
	case INSN_NEG:
	case INSN_INC:
	case INSN_DEC:
		compute_unary(insn, memory, out);
		break;
	case INSN_XCHG:
	case INSN_XADD:
	case INSN_CMPXCHG:
		compute_exchange(insn, gpr, reg, memory, out);
		break;
	case INSN_BT:
	case INSN_BTS:
	case INSN_BTR:
	case INSN_BTC:
		compute_bit(insn, memory, source, out);
		break;
	case INSN_CMP:
	case INSN_TEST:
		out->set_memory = false;
		out->target = NULL;
		/* fall through */
	default: /* ADD to XOR */
		if (insn->to_reg)
			out->reg = arithmetic(insn->kind, reg, memory, insn->size, &out->flags);
		else
			out->memory = arithmetic(insn->kind, memory, source, insn->size,
						 &out->flags);
		break;
	}
}

/* Moves a string register to the next element, in the width of the address size. */
static void advance(const struct insn *insn, uint64_t *reg, uint64_t flags)
{
	uint64_t step = (flags & FLAG_DF) ? -(uint64_t)insn->size : insn->size;

	set_reg(reg, insn->address_size, false, *reg + step);
}

/* One element of a string instruction. Returns as insn_emulate(). */
static int emulate_string(const struct insn *insn, uint64_t *gpr, uint64_t flags,
			  const struct insn_memory *memory)
{
	uint64_t value = low(gpr[INSN_RAX], insn->size);
	uint64_t count = low(gpr[INSN_RCX], insn->address_size);
	int error = 0;

	if (insn->rep && count == 0)
		return 0;
	if (insn->kind != INSN_STOS)
		error = memory->read(memory->ctx, insn->size, &value);
	if (!error && insn->kind != INSN_LODS)
		error = memory->write(memory->ctx, insn->size, value);
	if (error)
		return error;

	if (insn->kind == INSN_LODS)
		set_reg(&gpr[INSN_RAX], insn->size, false, value);
	advance(insn, &gpr[insn->base], flags);
	if (insn->kind == INSN_MOVS)
		advance(insn, &gpr[INSN_RDI], flags);
	if (!insn->rep)
		return 0;
	set_reg(&gpr[INSN_RCX], insn->address_size, false, count - 1);
	return count > 1;
}

int insn_emulate(const struct insn *insn, uint64_t gpr[INSN_NR_GPR], uint64_t *rflags,
		 const struct insn_memory *memory)
{
	struct outcome out = { .flags = *rflags };
	uint64_t value = 0;
	int error = 0;

	if (insn->kind >= INSN_MOVS)
		return emulate_string(insn, gpr, *rflags, memory);

	if (insn->kind != INSN_MOV || insn->to_reg)
		error = memory->read(memory->ctx, insn->size, &value);
	if (error)
		return error;
	compute(insn, gpr, low(value, insn->size), &out);
	if (out.set_memory)
		error = memory->write(memory->ctx, insn->size, low(out.memory, insn->size));
	if (error)
		return error;

	if (out.target)
		set_reg(out.target, insn->reg_size, out.high_byte, out.reg);
	*rflags = out.flags;
	return 0;
}
