/* SPDX-License-Identifier: Apache-2.0 */
/* The virtualisation instructions of both vendors: none of them may work in a cell. */
#include "attacks.h"
#include "lib.h"
#include "trap.h"

struct registers {
	uint64_t rax, rcx, rdx;
};

static struct registers out;
static uint8_t scratch[4096] __attribute__((aligned(4096)));
static uint64_t scratch_operand;

/* Each runs with the given RAX, RCX, RDX; the encodings are spelled out for assemblers that lack
 * them. */
#define INSTRUCTION(name, bytes)                                                            \
	static void do_##name(void *arg)                                                    \
	{                                                                                   \
		struct registers r = *(struct registers *)arg;                              \
                                                                                            \
		__asm__ volatile(".byte " bytes                                             \
				 : "+a"(r.rax), "+c"(r.rcx), "+d"(r.rdx)                    \
				 : "b"(&scratch_operand)                                    \
				 : "memory", "cc", "rsi", "rdi", "r8", "r9", "r10", "r11"); \
		out = r;                                                                    \
	}

/* APM3, "SVM instructions" */
INSTRUCTION(vmrun, "0x0f, 0x01, 0xd8")
INSTRUCTION(vmmcall, "0x0f, 0x01, 0xd9")
INSTRUCTION(vmload, "0x0f, 0x01, 0xda")
INSTRUCTION(vmsave, "0x0f, 0x01, 0xdb")
INSTRUCTION(stgi, "0x0f, 0x01, 0xdc")
INSTRUCTION(clgi, "0x0f, 0x01, 0xdd")
INSTRUCTION(skinit, "0x0f, 0x01, 0xde")
INSTRUCTION(invlpga, "0x0f, 0x01, 0xdf")
/* SDM3 chapter 31; memory operands are (%rbx) */
INSTRUCTION(vmcall, "0x0f, 0x01, 0xc1")
INSTRUCTION(vmlaunch, "0x0f, 0x01, 0xc2")
INSTRUCTION(vmresume, "0x0f, 0x01, 0xc3")
INSTRUCTION(vmxoff, "0x0f, 0x01, 0xc4")
INSTRUCTION(vmfunc, "0x0f, 0x01, 0xd4")
INSTRUCTION(vmxon, "0xf3, 0x0f, 0xc7, 0x33")
INSTRUCTION(vmptrld, "0x0f, 0xc7, 0x33")
INSTRUCTION(vmptrst, "0x0f, 0xc7, 0x3b")
INSTRUCTION(vmclear, "0x66, 0x0f, 0xc7, 0x33")
INSTRUCTION(vmread, "0x0f, 0x78, 0xc1")
INSTRUCTION(vmwrite, "0x0f, 0x79, 0xc1")
INSTRUCTION(invept, "0x66, 0x0f, 0x38, 0x80, 0x03")
INSTRUCTION(invvpid, "0x66, 0x0f, 0x38, 0x81, 0x03")

static const struct instruction {
	const char *name;
	cpu_work_fn run;
	bool hypercall;	  /* may be defined: then it answers in RAX */
	bool once;	  /* where it worked, more of it would only end the program */
	bool takes_state; /* replaces the CPU's state by what RAX points to: never tried where SVM
			     is on */
} instructions[] = {
	{ "VMMCALL", do_vmmcall, true, false, false },
	{ "VMCALL", do_vmcall, true, false, false },
	{ "VMSAVE", do_vmsave, false, true, false },
	{ "VMLOAD", do_vmload, false, true, true },
	{ "VMRUN", do_vmrun, false, true, true },
	{ "STGI", do_stgi, false, false, false },
	{ "CLGI", do_clgi, false, true, true },
	{ "SKINIT", do_skinit, false, true, true },
	{ "INVLPGA", do_invlpga, false, false, false },
	{ "VMLAUNCH", do_vmlaunch, false, true, false },
	{ "VMRESUME", do_vmresume, false, true, false },
	{ "VMXOFF", do_vmxoff, false, true, false },
	{ "VMFUNC", do_vmfunc, false, true, false },
	{ "VMXON", do_vmxon, false, true, false },
	{ "VMPTRLD", do_vmptrld, false, true, false },
	{ "VMPTRST", do_vmptrst, false, true, false },
	{ "VMCLEAR", do_vmclear, false, true, false },
	{ "VMREAD", do_vmread, false, true, false },
	{ "VMWRITE", do_vmwrite, false, true, false },
	{ "INVEPT", do_invept, false, true, false },
	{ "INVVPID", do_invvpid, false, true, false },
};

#define RANDOM_TRIES 32

/* xorshift64*: the same numbers in each run, so that a failure can be repeated. */
static uint64_t random_number(void)
{
	static uint64_t state = 0x9e3779b97f4a7c15ull;

	state ^= state >> 12;
	state ^= state << 25;
	state ^= state >> 27;
	return state * 0x2545f4914f6cdd1dull;
}

/* The register values of attempt @n: first a page of its own, then places of interest, then random
 * ones. */
static struct registers choose(unsigned int n, const uint64_t *hot, unsigned int nr_hot)
{
	struct registers r = { random_number(), random_number(), random_number() };

	if (n == 0)
		r.rax = (uint64_t)scratch;
	else if (n <= nr_hot)
		r.rax = hot[n - 1];
	else if (n % 2)
		r.rax = (uint32_t)r.rax & PAGE_MASK;
	return r;
}

struct outcome {
	uint64_t undefined; /* #UD: what a CPU without the instruction does */
	uint64_t other;	    /* another exception */
	uint64_t done;
};

static void try_instruction(struct attack *attack, const struct instruction *insn,
			    struct outcome *sum)
{
	uint64_t hot[MAX_HOT];
	unsigned int nr_hot = hot_pages(hot, ARRAY_SIZE(hot));
	struct outcome o = { 0 };

	for (unsigned int n = 0; n < 1 + nr_hot + RANDOM_TRIES; n++) {
		struct registers r = choose(n, hot, nr_hot);
		int vector;

		scratch_operand = random_number();
		vector = probe_run(insn->run, &r);
		attack->tried++;
		if (vector == PROBE_OK) {
			o.done++;
			if (insn->hypercall)
				continue;
			attack->leaked++;
			if (insn->once)
				break;
			continue;
		}
		attack->denied++;
		if (vector == VECTOR_UD)
			o.undefined++;
		else
			o.other++;
	}
	if (o.done && insn->hypercall)
		attack_note(attack, "%s is answered: last RAX %lx", insn->name, out.rax);
	else if (o.done)
		attack_note(attack, "LEAK %s was executed", insn->name);
	sum->undefined += o.undefined;
	sum->other += o.other;
	sum->done += o.done;
}

static void try_all(struct attack *attack, bool svm_is_on, const char *when)
{
	struct outcome sum = { 0 };

	for (unsigned int i = 0; i < ARRAY_SIZE(instructions); i++) {
		if (svm_is_on && instructions[i].takes_state)
			continue;
		try_instruction(attack, &instructions[i], &sum);
	}
	attack_note(attack, "%s: #UD %lu, other exceptions %lu, done %lu", when, sum.undefined,
		    sum.other, sum.done);
}

void attack_svm(void)
{
	struct attack attack;
	uint64_t efer = rdmsr(MSR_EFER);
	bool svm_is_on;

	attack_begin(&attack, "svm");
	try_all(&attack, false, "as started");
	(void)wrmsr_probe(MSR_EFER, efer | EFER_SVME);
	svm_is_on = rdmsr(MSR_EFER) & EFER_SVME;
	attack_count(&attack, svm_is_on);
	if (svm_is_on)
		attack_note(&attack, "LEAK EFER.SVME can be set; leaving out what would replace "
				     "this CPU's state");
	try_all(&attack, svm_is_on, "after setting EFER.SVME");
	if (svm_is_on)
		wrmsr(MSR_EFER, efer);
	attack_end(&attack);
}
