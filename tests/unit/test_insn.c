/* SPDX-License-Identifier: Apache-2.0 */
/* sources: src/arch/x86/insn.c */
/*
 * Tests of the instruction decoder and emulator: against vectors from an assembler, and against the
 * processor that runs the test, which must be an x86-64 one.
 */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <cmocka.h>

#include "arch/x86/insn.h"

#define M16 INSN_MODE_16
#define M32 INSN_MODE_32
#define M64 INSN_MODE_64
#define NONE INSN_NO_REGISTER

static uint64_t noise(void)
{
	return ((uint64_t)rand() << 42) ^ ((uint64_t)rand() << 21) ^ (uint64_t)rand();
}

/* Decodes from memory of exactly @len bytes: the address sanitizer sees reads beyond it. */
static int decode(struct insn *insn, const void *bytes, unsigned int len, enum insn_mode mode)
{
	uint8_t *exact = malloc(len ? len : 1);
	int result;

	memcpy(exact, bytes, len);
	result = insn_decode(insn, exact, len, mode);
	free(exact);
	return result;
}

/* ---- Vectors: assembled by GNU as, each one instruction according to objdump ---- */

struct vector {
	enum insn_mode mode;
	uint8_t length;
	enum insn_kind kind;
	uint8_t size;
	uint8_t reg_size;
	bool to_reg;
	const char *bytes;
	const char *text;
};

static const struct vector vectors[] = {
	{ M64, 4, INSN_MOV, 8, 8, 0, "\x48\x89\x43\x10", "mov [rbx+0x10],rax" },
	{ M64, 5, INSN_MOV, 4, 4, 1, "\x43\x8b\x44\xe5\x80", "mov eax,[r13+r12*8-0x80]" },
	{ M64, 3, INSN_MOV, 4, 4, 1, "\x65\x8b\x03", "mov eax,gs:[rbx]" },
	{ M64, 9, INSN_MOV, 1, 1, 1, "\xa0\x88\x77\x66\x55\x44\x33\x22\x11", "mov al,[0x11..88]" },
	{ M64, 10, INSN_MOV, 8, 8, 0, "\x48\xa3\x88\x77\x66\x55\x44\x33\x22\x11", "mov [..],rax" },
	{ M64, 3, INSN_MOVZX, 1, 4, 1, "\x0f\xb6\x08", "movzx ecx,byte ptr [rax]" },
	{ M64, 7, INSN_TEST, 8, 8, 0, "\x48\xf7\x00\x78\x56\x34\x12", "test qword [rax],0x12..78" },
	{ M64, 6, INSN_BTS, 8, 8, 0, "\xf0\x48\x0f\xba\x28\x3f", "lock bts qword ptr [rax],63" },
	{ M64, 2, INSN_MOVS, 1, 1, 0, "\xf3\xa4", "rep movsb" },
	{ M64, 3, INSN_OUTS, 2, 2, 0, "\x66\xf3\x6f", "rep outsw" },
	{ M64, 2, INSN_OUTS, 1, 1, 0, "\x64\x6e", "fs outsb" },
	{ M64, 4, INSN_MOV, 2, 2, 1, "\x48\x66\x8b\x00", "mov ax,[rax], void REX" },
	{ M32, 5, INSN_MOV, 1, 1, 1, "\xa0\x78\x56\x34\x12", "mov al,[0x12345678]" },
	{ M32, 3, INSN_MOV, 1, 1, 1, "\x67\x8a\x2a", "mov ch,[bp+si]" },
	{ M32, 4, INSN_ADD, 4, 4, 0, "\x01\x54\xec\x05", "add [esp+ebp*8+5],edx" },
	{ M32, 7, INSN_MOV, 4, 4, 0, "\x26\xc7\x07\x09\x00\x00\x00", "mov dword ptr es:[edi],9" },
	{ M32, 7, INSN_MOVZX, 2, 4, 1, "\x0f\xb7\x05\x00\x10\x00\x00", "movzx eax,word [0x1000]" },
	{ M16, 3, INSN_MOV, 2, 2, 1, "\x8b\x41\x10", "mov ax,[bx+di+0x10]" },
	{ M16, 6, INSN_MOV, 2, 2, 0, "\xc7\x06\x34\x12\x42\x41", "mov word ptr [0x1234],0x4142" },
	{ M16, 5, INSN_MOV, 4, 4, 1, "\x66\x8b\x84\x00\xff", "mov eax,[si-0x100]" },
	{ M16, 5, INSN_MOV, 4, 4, 1, "\x67\x66\x8b\x04\x91", "mov eax,[ecx+edx*4]" },
	{ M16, 2, INSN_INS, 2, 2, 0, "\xf3\x6d", "rep insw" },
	{ M16, 4, INSN_TEST, 2, 2, 0, "\xf7\x03\x00\x80", "test word ptr [bp+di],0x8000" },
};

static void vectors_of_the_assembler_are_decoded(void **state)
{
	struct insn insn;

	(void)state;
	for (const struct vector *v = vectors; v < vectors + ARRAY_SIZE(vectors); v++) {
		if (decode(&insn, v->bytes, v->length, v->mode) != 0)
			fail_msg("not decoded: %s", v->text);
		if (insn.length != v->length || insn.kind != v->kind || insn.size != v->size ||
		    insn.reg_size != v->reg_size || insn.to_reg != v->to_reg)
			fail_msg("decoded as something else: %s", v->text);
	}
}

static void an_instruction_that_is_cut_off_is_too_short_and_nothing_else(void **state)
{
	struct insn insn;

	(void)state;
	for (const struct vector *v = vectors; v < vectors + ARRAY_SIZE(vectors); v++)
		for (unsigned int len = 0; len < v->length; len++)
			assert_int_equal(decode(&insn, v->bytes, len, v->mode), -ERANGE);
}

static void prefixes_up_to_the_longest_instruction_are_accepted_and_no_more(void **state)
{
	uint8_t bytes[32];
	struct insn insn;

	(void)state;
	for (const struct vector *v = vectors; v < vectors + ARRAY_SIZE(vectors); v++) {
		for (unsigned int more = 1; more + v->length <= sizeof(bytes); more++) {
			bool fits = more + v->length <= INSN_MAX;

			memset(bytes, 0x3e, more); /* DS override */
			memcpy(bytes + more, v->bytes, v->length);
			assert_int_equal(decode(&insn, bytes, more + v->length, v->mode),
					 fits ? 0 : -EINVAL);
			if (fits)
				assert_int_equal(insn.length, more + v->length);
		}
	}
}

static void assert_address(const char *bytes, unsigned int len, enum insn_mode mode,
			   unsigned int base, unsigned int index, unsigned int scale, int64_t disp,
			   enum insn_segment segment)
{
	struct insn insn;

	assert_int_equal(decode(&insn, bytes, len, mode), 0);
	assert_int_equal(insn.base, base);
	assert_int_equal(insn.index, index);
	assert_int_equal(insn.scale, scale);
	assert_int_equal(insn.disp, disp);
	assert_int_equal(insn.segment, segment);
}

static void addresses_have_the_parts_of_the_manual(void **state)
{
	(void)state;
	assert_address("\x8b\x40\xff", 3, M16, INSN_RBX, INSN_RSI, 1, -1, INSN_DS);
	assert_address("\x8b\x01", 2, M16, INSN_RBX, INSN_RDI, 1, 0, INSN_DS);
	assert_address("\x8b\x82\x00\x80", 4, M16, INSN_RBP, INSN_RSI, 1, -0x8000, INSN_SS);
	assert_address("\x8b\x03", 2, M16, INSN_RBP, INSN_RDI, 1, 0, INSN_SS);
	assert_address("\x8b\x05", 2, M16, INSN_RDI, NONE, 1, 0, INSN_DS);
	assert_address("\x8b\x46\x00", 3, M16, INSN_RBP, NONE, 1, 0, INSN_SS);
	assert_address("\x8b\x06\x34\x12", 4, M16, NONE, NONE, 1, 0x1234, INSN_DS);
	assert_address("\x67\x8b\x07", 3, M32, INSN_RBX, NONE, 1, 0, INSN_DS);
	assert_address("\x67\x8b\x44\x8d\x10", 5, M16, INSN_RBP, INSN_RCX, 4, 0x10, INSN_SS);
	assert_address("\x8b\x04\x24", 3, M32, INSN_RSP, NONE, 1, 0, INSN_SS);
	assert_address("\x8b\x05\x10\x00\x00\x80", 6, M32, NONE, NONE, 1, -0x7ffffff0, INSN_DS);
	assert_address("\x36\x8b\x00", 3, M32, INSN_RAX, NONE, 1, 0, INSN_SS);
	assert_address("\x36\x2e\x8b\x00", 4, M32, INSN_RAX, NONE, 1, 0, INSN_CS);
	assert_address("\x65\x36\x8b\x00", 4, M64, INSN_RAX, NONE, 1, 0, INSN_GS);
	assert_address("\x64\xaa", 2, M64, INSN_RDI, NONE, 1, 0, INSN_ES);
	assert_address("\x64\xac", 2, M64, INSN_RSI, NONE, 1, 0, INSN_FS);
	assert_address("\x42\x8b\x04\x65\x00\x00\x00\x00", 8, M64, NONE, 12, 2, 0, INSN_DS);
	assert_address("\x4b\x8b\x04\xa4", 4, M64, 12, 12, 4, 0, INSN_DS);
}

static void offsets_wrap_to_the_address_size(void **state)
{
	uint64_t gpr[INSN_NR_GPR] = { [INSN_RBX] = 0xffff1234fffff000, [INSN_RSI] = 0x22000 };
	struct insn insn;

	(void)state;
	assert_int_equal(decode(&insn, "\x8b\x80\x00\x01", 4, M16), 0); /* [bx+si+100h] */
	assert_int_equal(insn_offset(&insn, gpr, 0), 0x1100);
	assert_int_equal(decode(&insn, "\x8b\x04\x33", 3, M32), 0); /* [ebx+esi] */
	assert_int_equal(insn_offset(&insn, gpr, 0), 0x21000);
	assert_int_equal(decode(&insn, "\x8b\x04\x33", 3, M64), 0);
	assert_int_equal(insn_offset(&insn, gpr, 0), 0xffff123500021000);
	assert_int_equal(decode(&insn, "\x8b\x05\xf0\xff\xff\xff", 6, M64), 0); /* [rip-10h] */
	assert_int_equal(insn_offset(&insn, gpr, 0xffffffff81000000), 0xffffffff80fffff0);
}

static void what_is_not_known_is_refused(void **state)
{
	static const char *const refused[] = {
		"\x90\x90", "\xc3\x90", "\x8b\xc0", "\x01\xc0", "\x0f\xa2", "\x0f\x0b", "\xff\x10",
		"\xff\x30", "\x8f\x00", "\xf6\x20", "\xf7\x38", "\xc6\x08\x01", "\x0f\xba\x18\x01",
		"\x04\x01", "\xc5\xf8\x10", "\xc4\xe2\x79", "\xd8\x00", "\x0f\xc7\x08",
	};
	struct insn insn;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(refused); i++)
		assert_int_equal(decode(&insn, refused[i], (unsigned int)strlen(refused[i]), M64),
				 -EINVAL);
	assert_int_equal(decode(&insn, "\x63\x00", 2, M32), -EINVAL); /* ARPL */
	assert_int_equal(decode(&insn, "\x48\x8b\x00", 3, M32), -EINVAL); /* DEC EAX */
}

static void random_bytes_are_never_read_beyond_their_end(void **state)
{
	static const enum insn_mode modes[] = { M16, M32, M64 };
	uint8_t bytes[20];
	struct insn insn;

	(void)state;
	for (unsigned int round = 0; round < 300000; round++) {
		unsigned int len = (unsigned int)noise() % sizeof(bytes);
		int result;

		for (size_t i = 0; i < sizeof(bytes); i++)
			bytes[i] = (uint8_t)(noise() >> 13);
		if (noise() % 2)
			bytes[0] = (uint8_t)"\x66\x67\xf2\xf0\x48\x0f"[noise() % 6];
		result = decode(&insn, bytes, len, modes[round % 3]);
		if (result == 0)
			assert_in_range(insn.length, 1, len < INSN_MAX ? len : INSN_MAX);
		else
			assert_true(result == -EINVAL || (result == -ERANGE && len < INSN_MAX));
	}
}

static int prefixed(const char *bytes, unsigned int len, enum insn_mode mode, const char *opcode)
{
	return insn_length_prefixed((const uint8_t *)bytes, len, mode, (const uint8_t *)opcode,
				    (unsigned int)strlen(opcode));
}

static void redundant_prefixes_count_for_the_length(void **state)
{
	(void)state;
	assert_int_equal(prefixed("\x0f\xa2\x90", 3, M64, "\x0f\xa2"), 2);
	assert_int_equal(prefixed("\x66\xf3\x48\x0f\xa2", 5, M64, "\x0f\xa2"), 5);
	assert_int_equal(prefixed("\x2e\x0f\x01\xd1", 4, M64, "\x0f\x01\xd1"), 4);
	assert_int_equal(prefixed("\x0f\x30", 2, M64, "\x0f\x32"), -EINVAL);
	assert_int_equal(prefixed("\x48\x0f\xa2", 3, M32, "\x0f\xa2"), -EINVAL);
	assert_int_equal(prefixed("\x66\x0f", 2, M64, "\x0f\xa2"), -ERANGE);
	assert_int_equal(prefixed("\x66", 1, M64, "\xf4"), -ERANGE);
	assert_int_equal(prefixed("fffffffffffff\x0f\xa2", 15, M64, "\x0f\xa2"), 15); /* f: 66H */
	assert_int_equal(prefixed("ffffffffffffff\x0f\xa2", 16, M64, "\x0f\xa2"), -EINVAL);
}

/* ---- The emulator's contract ---- */

struct operand {
	uint64_t value;
	unsigned int reads, writes, size;
	int read_error, write_error;
};

static int operand_read(void *ctx, unsigned int size, uint64_t *value)
{
	struct operand *operand = ctx;

	operand->reads++;
	operand->size = size;
	*value = operand->value;
	return operand->read_error;
}

static int operand_write(void *ctx, unsigned int size, uint64_t value)
{
	struct operand *operand = ctx;

	operand->writes++;
	operand->size = size;
	operand->value = value;
	return operand->write_error;
}

static void an_access_that_fails_changes_nothing(void **state)
{
	(void)state;
	for (const struct vector *v = vectors; v < vectors + ARRAY_SIZE(vectors); v++) {
		struct operand operand = { .value = 5 };
		struct insn_memory memory = { &operand, operand_read, operand_write };
		uint64_t gpr[INSN_NR_GPR], before[INSN_NR_GPR];
		uint64_t flags = 0x202;
		struct insn insn;
		int result;

		for (unsigned int i = 0; i < INSN_NR_GPR; i++)
			before[i] = gpr[i] = noise();
		assert_int_equal(decode(&insn, v->bytes, v->length, v->mode), 0);
		for (int both = 0; both < 2; both++) {
			operand.read_error = both ? 0 : -EPERM;
			operand.write_error = -ENODEV;
			operand.reads = operand.writes = 0;
			if (both && (insn.to_reg || insn.kind == INSN_TEST))
				break; /* does not write */
			result = insn_emulate(&insn, gpr, &flags, &memory);
			assert_int_equal(result, operand.reads && !both ? -EPERM : -ENODEV);
			assert_int_equal(operand.size, insn.size);
			assert_memory_equal(gpr, before, sizeof(gpr));
			assert_int_equal(flags, 0x202);
		}
	}
}

static void a_plain_store_does_not_read_and_a_load_does_not_write(void **state)
{
	struct operand operand = { .value = 0x11223344 };
	const struct insn_memory memory = { &operand, operand_read, operand_write };
	uint64_t gpr[INSN_NR_GPR] = { 0xaabbccddeeff0099 };
	uint64_t flags = 2;
	struct insn insn;

	(void)state;
	assert_int_equal(decode(&insn, "\x89\x03", 2, M64), 0);
	assert_int_equal(insn_emulate(&insn, gpr, &flags, &memory), 0);
	assert_int_equal(operand.reads, 0);
	assert_int_equal(operand.value, 0xeeff0099);
	assert_int_equal(decode(&insn, "\x8a\x23", 2, M64), 0); /* AH */
	operand.value = 0xffffff77; /* a reader that gives too much does no harm */
	assert_int_equal(insn_emulate(&insn, gpr, &flags, &memory), 0);
	assert_int_equal(operand.writes, 1);
	assert_int_equal(gpr[INSN_RAX], 0xaabbccddeeff7799);
}

static void string_io_moves_between_port_and_memory_one_element_a_call(void **state)
{
	struct operand operand = { .value = 0x12345678 };
	const struct insn_memory memory = { &operand, operand_read, operand_write };
	uint64_t gpr[INSN_NR_GPR] = { [INSN_RCX] = 0xffff00000002, [INSN_RDI] = 0x5fffffffc };
	uint64_t flags = 2;
	struct insn insn;

	(void)state;
	assert_int_equal(decode(&insn, "\x67\xf3\x6d", 3, M64), 0); /* rep insd, 32-bit registers */
	assert_int_equal(insn_emulate(&insn, gpr, &flags, &memory), 1);
	assert_int_equal(gpr[INSN_RCX], 1);
	assert_int_equal(gpr[INSN_RDI], 0);
	assert_int_equal(insn_emulate(&insn, gpr, &flags, &memory), 0);
	assert_int_equal(insn_emulate(&insn, gpr, &flags, &memory), 0); /* RCX is 0 */
	assert_int_equal(operand.reads, 2);
	assert_int_equal(operand.writes, 2);
	assert_int_equal(decode(&insn, "\x6e", 1, M16), 0); /* outsb, without REP and backwards */
	flags |= 0x400;
	gpr[INSN_RSI] = 0x70000;
	assert_int_equal(insn_emulate(&insn, gpr, &flags, &memory), 0);
	assert_int_equal(gpr[INSN_RSI], 0x7ffff);
	assert_int_equal(gpr[INSN_RCX], 0);
	assert_int_equal(operand.size, 1);
}

/* ---- Against the processor ---- */

#define STATUS_FLAGS UINT64_C(0x8d5)
#define DIRECTION UINT64_C(0x400)
#define MEMORY_SIZE 8192u

/* Below 2 GiB, so that all forms of addresses reach it. */
static struct native {
	uint8_t code[4096];
	uint64_t gpr[INSN_NR_GPR]; /* RSP is not used */
	uint64_t flags;
	uint64_t stack;
	uint8_t memory[MEMORY_SIZE];
} *native;

static uint8_t shadow[MEMORY_SIZE]; /* the emulator's */

static uint8_t *emit(uint8_t *at, const char *bytes, size_t size)
{
	memcpy(at, bytes, size);
	return at + size;
}

/* @opcode with ModRM for register @reg and the RIP-relative operand @target. */
static uint8_t *emit_access(uint8_t *at, uint8_t opcode, unsigned int reg, const void *target)
{
	int32_t distance;

	*at++ = (uint8_t)(0x48 | (reg >= 8 ? 4 : 0));
	*at++ = opcode;
	*at++ = (uint8_t)(0x05 | ((reg & 7) << 3));
	distance = (int32_t)((intptr_t)target - (intptr_t)(at + 4));
	memcpy(at, &distance, 4);
	return at + 4;
}

/* Where run_native() puts the instruction under test. */
static uint8_t *emit_prologue(void)
{
	uint8_t *at = emit(native->code, "\x53\x55\x41\x54\x41\x55\x41\x56\x41\x57", 10); /* push */

	at = emit_access(at, 0x89, INSN_RSP, &native->stack);
	at = emit_access(at, 0xff, 6, &native->flags); /* push */
	at = emit(at, "\x9d", 1);                      /* popfq */
	for (unsigned int i = 0; i < INSN_NR_GPR; i++)
		if (i != INSN_RSP)
			at = emit_access(at, 0x8b, i, &native->gpr[i]);
	return at;
}

/* Carries out @bytes on *native. With a wrong @length, the processor would run astray. */
static void run_native(const uint8_t *bytes, unsigned int length)
{
	uint8_t *at = emit_prologue();
	union {
		void *data;
		void (*call)(void);
	} code = { .data = native->code };

	at = emit(at, (const char *)bytes, length);
	for (unsigned int i = 0; i < INSN_NR_GPR; i++)
		if (i != INSN_RSP)
			at = emit_access(at, 0x89, i, &native->gpr[i]);
	at = emit_access(at, 0x8b, INSN_RSP, &native->stack);
	at = emit(at, "\x9c", 1);                      /* pushfq */
	at = emit_access(at, 0x8f, 0, &native->flags); /* pop */
	at = emit(at, "\xfc\x41\x5f\x41\x5e\x41\x5d\x41\x5c\x5d\x5b\xc3", 12); /* cld, pop, ret */
	code.call();
}

struct access {
	const struct insn *insn;
	const uint64_t *gpr;
	uint64_t address; /* of the operand that insn_offset() tells */
};

static uint8_t *shadow_at(uint64_t address, unsigned int size)
{
	uint64_t offset = address - (uintptr_t)native->memory;

	assert_true(offset <= MEMORY_SIZE - size);
	return &shadow[offset];
}

static int shadow_read(void *ctx, unsigned int size, uint64_t *value)
{
	const struct access *access = ctx;

	*value = 0;
	memcpy(value, shadow_at(access->address, size), size);
	return 0;
}

static int shadow_write(void *ctx, unsigned int size, uint64_t value)
{
	const struct access *access = ctx;
	bool movs = access->insn->kind == INSN_MOVS;
	uint64_t address = movs ? access->gpr[INSN_RDI] : access->address;

	assert_int_equal(size < 8 ? value >> (8 * size) : 0, 0);
	memcpy(shadow_at(address, size), &value, size);
	return 0;
}

static uint64_t defined_flags(enum insn_kind kind)
{
	if (kind == INSN_OR || kind == INSN_AND || kind == INSN_XOR || kind == INSN_TEST)
		return STATUS_FLAGS & ~UINT64_C(0x10); /* AF is undefined */
	if (kind >= INSN_BT && kind <= INSN_BTC)
		return 1; /* carry; zero stays, the others are undefined */
	return STATUS_FLAGS;
}

/* A random instruction of those that a process may execute, perhaps an undefined one. */
static void make_instruction(uint8_t *bytes, uint8_t *opcode)
{
	static const char one[] = "\x63\x80\x81\x83\x84\x85\x86\x87\x88\x89\x8a\x8b\xa0\xa1\xa2"
				  "\xa3\xa4\xa5\xaa\xab\xac\xad\xc6\xc7\xf6\xf7\xfe\xff";
	static const char two[] = "\xa3\xab\xb0\xb1\xb3\xb6\xb7\xba\xbb\xbe\xbf\xc0\xc1\xc3";
	unsigned int map = (unsigned int)noise() % 3;
	unsigned int at = 0;

	for (unsigned int i = 0; i < INSN_MAX; i++)
		bytes[i] = (uint8_t)(noise() >> 9);
	*opcode = (uint8_t)(noise() & 0x3b);
	if (map)
		*opcode = (uint8_t)(map == 1 ? one[noise() % 28] : two[noise() % 14]);
	if (noise() % 3 == 0 && !(map == 2 && *opcode == 0xc3))
		bytes[at++] = 0x66;
	if (noise() % 4 == 0)
		bytes[at++] = 0x67;
	if (noise() % 2 && map == 1 && *opcode >= 0xa4 && *opcode <= 0xad)
		bytes[at++] = noise() % 2 ? 0xf2 : 0xf3;
	if (noise() % 2)
		bytes[at++] = (uint8_t)(0x40 | noise() % 16);
	if (map == 2)
		bytes[at++] = 0x0f;
	bytes[at] = *opcode;
}

/* Makes the memory operand lie amid native->memory; false when it cannot be done. */
static bool aim(uint8_t *bytes, struct insn *insn, uint8_t opcode, uint64_t *gpr)
{
	unsigned int imm = opcode == 0x83 || opcode == 0xba ? 1 : insn->size > 4 ? 4 : insn->size;
	bool bit = insn->kind >= INSN_BT && insn->kind <= INSN_BTC && !insn->has_imm;
	int64_t target = (intptr_t)native->memory + MEMORY_SIZE / 2;
	uint8_t *disp = bytes + insn->length - (insn->has_imm ? imm : 0) - 4;

	if (insn->reg == INSN_RSP || insn->base == INSN_RSP)
		return false;
	if (insn->kind >= INSN_MOVS) {
		gpr[INSN_RSI] = (uint64_t)target;
		gpr[INSN_RDI] = (uint64_t)target + noise() % 64 - 32;
		gpr[INSN_RCX] = noise() % 20;
		return true;
	}
	if (bit)
		gpr[insn->reg] = noise() % 4000 - 2000;
	if (insn->index != INSN_NO_REGISTER && !bit)
		gpr[insn->index] = noise();
	if (insn->index != INSN_NO_REGISTER)
		target -= (int64_t)(gpr[insn->index] * insn->scale);
	if (insn->base != INSN_NO_REGISTER) {
		if (insn->base == insn->index || (bit && insn->base == insn->reg))
			return false;
		gpr[insn->base] = (uint64_t)(target - insn->disp);
		gpr[insn->base] += insn->address_size == 4 ? noise() << 32 : 0;
		return true;
	}
	if (opcode >= 0xa0 && opcode <= 0xa3 && insn->kind == INSN_MOV) {
		memcpy(bytes + insn->length - insn->address_size, &target, insn->address_size);
		return true;
	}
	if (insn->rip_relative)
		target -= (intptr_t)emit_prologue() + insn->length;
	memcpy(disp, &target, 4);
	return insn->address_size == 4 || target == (int32_t)target;
}

static void compare_run(const uint8_t *bytes, const struct insn *insn, uint64_t *gpr)
{
	struct access access = { insn, gpr, 0 };
	const struct insn_memory memory = { &access, shadow_read, shadow_write };
	uint64_t next = (uintptr_t)emit_prologue() + insn->length;
	uint64_t flags = (noise() & (STATUS_FLAGS | DIRECTION)) | 0x202;
	uint64_t mask = defined_flags(insn->kind);
	int result;

	access.address = insn_offset(insn, gpr, next);
	for (unsigned int i = 0; i < MEMORY_SIZE; i++)
		shadow[i] = (uint8_t)(noise() >> 7);
	if (insn->kind == INSN_CMPXCHG && noise() % 2)
		memcpy(shadow_at(access.address, insn->size), &gpr[INSN_RAX], insn->size);
	memcpy(native->memory, shadow, MEMORY_SIZE);
	memcpy(native->gpr, gpr, sizeof(native->gpr));
	native->flags = flags;
	run_native(bytes, insn->length);
	do {
		if (insn->kind >= INSN_MOVS)
			access.address = insn_offset(insn, gpr, next);
		result = insn_emulate(insn, gpr, &flags, &memory);
	} while (result == 1);
	assert_int_equal(result, 0);
	gpr[INSN_RSP] = native->gpr[INSN_RSP];
	assert_memory_equal(gpr, native->gpr, sizeof(native->gpr));
	assert_memory_equal(shadow, native->memory, MEMORY_SIZE);
	assert_int_equal(flags & mask, native->flags & mask);
	assert_int_equal(flags & ~STATUS_FLAGS, native->flags & ~STATUS_FLAGS);
}

static void every_instruction_does_what_the_processor_does(void **state)
{
	unsigned int runs[INSN_OUTS + 1] = { 0 };

	(void)state;
	native = mmap(NULL, sizeof(*native), PROT_READ | PROT_WRITE | PROT_EXEC,
		      MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
	assert_ptr_not_equal(native, MAP_FAILED);
	for (unsigned int round = 0; round < 100000; round++) {
		uint64_t gpr[INSN_NR_GPR];
		uint8_t bytes[INSN_MAX];
		uint8_t opcode;
		struct insn insn;

		make_instruction(bytes, &opcode);
		if (decode(&insn, bytes, INSN_MAX, M64) != 0)
			continue;
		for (unsigned int i = 0; i < INSN_NR_GPR; i++)
			gpr[i] = noise();
		if (!aim(bytes, &insn, opcode, gpr))
			continue;
		assert_int_equal(decode(&insn, bytes, insn.length, M64), 0); /* with the patch */
		compare_run(bytes, &insn, gpr);
		runs[insn.kind]++;
	}
	munmap(native, sizeof(*native));
	for (unsigned int kind = INSN_MOV; kind < INSN_INS; kind++)
		assert_true(runs[kind] > 100);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(vectors_of_the_assembler_are_decoded),
		cmocka_unit_test(an_instruction_that_is_cut_off_is_too_short_and_nothing_else),
		cmocka_unit_test(prefixes_up_to_the_longest_instruction_are_accepted_and_no_more),
		cmocka_unit_test(addresses_have_the_parts_of_the_manual),
		cmocka_unit_test(offsets_wrap_to_the_address_size),
		cmocka_unit_test(what_is_not_known_is_refused),
		cmocka_unit_test(random_bytes_are_never_read_beyond_their_end),
		cmocka_unit_test(redundant_prefixes_count_for_the_length),
		cmocka_unit_test(an_access_that_fails_changes_nothing),
		cmocka_unit_test(a_plain_store_does_not_read_and_a_load_does_not_write),
		cmocka_unit_test(string_io_moves_between_port_and_memory_one_element_a_call),
		cmocka_unit_test(every_instruction_does_what_the_processor_does),
	};

	srand(11);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
