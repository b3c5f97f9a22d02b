/* SPDX-License-Identifier: Apache-2.0 */
/* Instructions that concern the whole processor, at PLV 0 and at PLV 3. */
#include "boot.h"
#include "clock.h"
#include "console.h"
#include "lib.h"
#include "attacks.h"
#include "smp.h"
#include "window.h"

#define CPUCFG2_LVZ_BITS 0x3c00u
#define HYPERCALL(code) (0x002b8000u | (code))
#define CACOP(op) (0x06000000u | A1 << 5 | (op))
#define INVTLB(op) (0x06498000u | A2 << 10 | A1 << 5 | (op))
#define MAX_GID 256
#define WAKE_US 2000

extern uint32_t insn_slot[];
void insn_stub(struct insn_io *io);

static void run_stub(void *arg)
{
	insn_stub(arg);
}

static void patch(uint32_t word)
{
	*(volatile uint32_t *)insn_slot = word;
	barrier_data();
	barrier_instructions();
}

int insn_run(uint32_t word, struct insn_io *io)
{
	patch(word);
	return probe_run(run_stub, io);
}

int insn_run_user(uint32_t word, struct insn_io *io)
{
	patch(word);
	return probe_user(run_stub, io);
}

/* The hypervisor's own: they must raise an exception. */
static const struct named {
	uint32_t word;
	const char *name;
} forbidden[] = {
	{ 0x05000000u | 0x50u << 10 | A0, "gcsrrd GSTAT" },
	{ 0x05000000u | A0, "gcsrrd CRMD" },
	{ 0x05000000u | 0x52u << 10 | 1u << 5 | A0, "gcsrwr GINTC" },
	{ 0x05000000u | 0x19u << 10 | 1u << 5 | A0, "gcsrwr PGDL" },
	{ 0x05000000u | 0x05u << 10 | A1 << 5 | A0, "gcsrxchg ESTAT" },
	{ 0x06482001u, "gtlbclr" },
	{ 0x06482401u, "gtlbflush" },
	{ 0x06482801u, "gtlbsrch" },
	{ 0x06482c01u, "gtlbrd" },
	{ 0x06483001u, "gtlbwr" },
	{ 0x06483401u, "gtlbfill" },
	{ 0x002a8000u, "dbcl 0" },
	{ 0x002a8001u, "dbcl 1" },
	{ 0x00000000u, "word 0" },
	{ 0xffffffffu, "word ffffffff" },
};

static void attack_forbidden(struct attack *attack)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(forbidden); i++) {
		struct insn_io io = { .a0 = UINT64_MAX, .a1 = UINT64_MAX };
		int code = insn_run(forbidden[i].word, &io);

		attack_count(attack, code == PROBE_OK);
		if (code == PROBE_OK)
			attack_note(attack, "LEAK %s is carried out, $a0 %lx", forbidden[i].name,
				    io.a0);
	}
}

static void attack_cpucfg(struct attack *attack)
{
	static const uint64_t far[] = { 0x40000000, 0x40000004, UINT32_MAX, 0x100000002,
					UINT64_MAX };

	for (uint64_t index = 0; index < 0x400; index++) {
		struct insn_io io = { .a1 = index };
		bool leak = insn_run(0x00006c00u | A1 << 5 | A0, &io) != PROBE_OK;

		leak |= index > 0x14 && io.a0;
		leak |= index == 2 && (io.a0 & CPUCFG2_LVZ_BITS);
		attack_count(attack, leak);
		if (leak)
			attack_note(attack, "LEAK CPUCFG %lx: %lx", index, io.a0);
	}
	for (unsigned int i = 0; i < ARRAY_SIZE(far); i++) {
		struct insn_io io = { .a1 = far[i] };

		(void)insn_run(0x00006c00u | A1 << 5 | A0, &io);
		attack_count(attack, io.a0 != 0);
	}
}

/* Whatever the operation, the GID or the address: only the own entries may go, and come back. */
static void attack_invtlb(struct attack *attack)
{
	uint64_t list[MAX_TARGETS];
	unsigned int count = targets(list);

	for (uint32_t op = 0; op < 32; op++) {
		for (uint64_t gid = 0; gid < MAX_GID; gid++) {
			struct insn_io io = { .a1 = gid << INVTLB_GID_SHIFT,
					      .a2 = list[gid % count] };

			attack->tried++;
			if (insn_run(INVTLB(op), &io) != PROBE_OK)
				attack->denied++;
		}
	}
}

static void attack_cacop(struct attack *attack)
{
	uint64_t list[MAX_TARGETS];
	unsigned int count = targets(list);

	for (uint32_t op = 0; op < 32; op++) {
		for (unsigned int i = 0; i < count; i++) {
			struct insn_io io = { .a1 = list[i] };

			attack->tried++;
			if (insn_run(CACOP(op), &io) != PROBE_OK)
				attack->denied++;
			io.a1 = (uint64_t)image_end; /* and own memory, which must keep */
			(void)insn_run(CACOP(op), &io);
		}
	}
}

/* No code is known: -1, and nothing else changes. */
static void attack_hypercalls(struct attack *attack)
{
	for (uint32_t code = 0; code < 0x8000; code += code < 0x400 ? 1 : 0x101) {
		struct insn_io io = { .a0 = 1, .a1 = 0x200000, .a2 = 0x1000 };
		int result = insn_run(HYPERCALL(code), &io);
		bool leak = result == PROBE_OK &&
			    (io.a0 != UINT64_MAX || io.a1 != 0x200000 || io.a2 != 0x1000);

		attack_count(attack, leak);
		if (leak)
			attack_note(attack, "LEAK hvcl %x gives %lx", code, io.a0);
	}
}

/* TLB entries of the guest's own making: the second stage still decides. */
static void attack_tlb(struct attack *attack)
{
	uint64_t list[MAX_TARGETS];
	unsigned int count = targets(list);

	for (unsigned int i = 0; i < count; i++) {
		volatile uint64_t *va = (volatile uint64_t *)0xffff900000000000ull;
		uint64_t page = list[i] & PAGE_MASK, found;

		if (!is_foreign(page, 8))
			continue;
		csr_write(CSR_TLBEHI, (uint64_t)va);
		csr_write(CSR_TLBELO0, page | 0x193);
		csr_write(CSR_TLBELO1, (page + PAGE_SIZE) | 0x193);
		csr_write(CSR_TLBIDX, STLBPS_4K << 24);
		__asm__ volatile("tlbfill");
		found = *va;
		attack_count(attack, found != UINT64_MAX);
		if (found != UINT64_MAX)
			attack_note(attack, "LEAK read of %lx by an own TLB entry: %lx", page,
				    found);
		__asm__ volatile("tlbsrch\n\ttlbrd\n\ttlbclr\n\ttlbflush" ::: "memory");
		invtlb(INVTLB_ALL, 0, 0);
	}
}

static void return_from_exception(void)
{
	uint64_t scratch;

	__asm__ volatile("la.pcrel %0, 1f\n\tcsrwr %0, 0x6\n\tcsrwr $zero, 0x1\n\tertn\n1:"
			 : "=&r"(scratch)
			 :
			 : "memory");
}

static void wake(struct cpu *cpu, unsigned int number)
{
	(void)cpu;
	(void)number;
	csr_write(CSR_TICLR, TICLR_CLR);
}

/* The timer ends an IDLE, with and without interrupts on. */
static void attack_idle(struct attack *attack)
{
	irq_set_handler(IRQ_TIMER, wake);
	for (unsigned int i = 0; i < 100; i++) {
		uint64_t start = rdtsc(), flags = irq_save();

		timer_start(WAKE_US, false);
		__asm__ volatile("idle 0" ::: "memory");
		attack_count(attack, tsc_to_us(rdtsc() - start) < WAKE_US / 2);
		irq_restore(flags);
	}
}

void attack_loong_insns(void)
{
	struct attack attack;

	attack_begin(&attack, "insns");
	attack_forbidden(&attack);
	attack_cpucfg(&attack);
	attack_invtlb(&attack);
	attack_cacop(&attack);
	attack_hypercalls(&attack);
	attack_tlb(&attack);
	(void)irq_save();
	return_from_exception();
	irq_enable();
	attack_idle(&attack);
	attack_end(&attack);
}

/* ---- PLV 3 ---- */

static const struct named privileged[] = {
	{ 0x04000000u | A0, "csrrd CRMD" },
	{ 0x04000000u | 0x80u << 10 | A0, "csrrd IMPCTL1" },
	{ 0x04000000u | 0x93u << 10 | 1u << 5 | A0, "csrwr MERRENTRY" },
	{ 0x04000000u | 0x50u << 10 | A1 << 5 | A0, "csrxchg GSTAT" },
	{ 0x06480800u | A1 << 5 | A0, "iocsrrd.w" },
	{ 0x06481800u | A1 << 5 | A0, "iocsrwr.w" },
	{ 0x06481c00u | A1 << 5 | A0, "iocsrwr.d" },
	{ 0x06488000u, "idle 0" },
	{ 0x06483800u, "ertn" },
	{ CACOP(8), "cacop 8" },
	{ INVTLB(0), "invtlb 0" },
	{ INVTLB(0x15), "invtlb 21" },
	{ 0x06483000u, "tlbwr" },
	{ 0x06483400u, "tlbfill" },
	{ 0x06482000u, "tlbclr" },
};

void attack_user(void)
{
	struct attack attack;

	attack_begin(&attack, "user");
	for (unsigned int round = 0; round < 10; round++) {
		for (unsigned int i = 0; i < ARRAY_SIZE(privileged); i++) {
			struct insn_io io = { .a0 = 0x123, .a1 = IOCSR_IPI_SEND };

			attack_must_raise(&attack, privileged[i].name,
					  insn_run_user(privileged[i].word, &io), ECODE_IPE);
		}
		for (unsigned int i = 0; i < ARRAY_SIZE(forbidden); i++) {
			struct insn_io io = { 0 };
			int code = insn_run_user(forbidden[i].word, &io);

			attack_count(&attack, code == PROBE_OK);
			if (code == PROBE_OK)
				attack_note(&attack, "LEAK %s at PLV 3", forbidden[i].name);
		}
		for (uint64_t index = 0; index < 0x20; index++) {
			struct insn_io io = { .a1 = index };

			(void)insn_run_user(0x00006c00u | A1 << 5 | A0, &io);
			attack_count(&attack, index == 2 && (io.a0 & CPUCFG2_LVZ_BITS));
		}
	}
	attack_end(&attack);
}
