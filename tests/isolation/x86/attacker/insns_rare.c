/* SPDX-License-Identifier: Apache-2.0 */
/* Instructions that few kernels use and that hypervisors can intercept or leave switched off. None
 * may end the cell: what CPUID shows must work, what it hides must be #UD, and those that reach
 * beyond the cell must be hidden. */
#include "attacks.h"
#include "insns_extra.h"
#include "lib.h"
#include "smp.h"
#include "trap.h"

#define VECTOR_DB 1 /* APM2 8.2 */
#define CR4_FSGSBASE 0x00010000u
#define XSAVE_HEADER 512 /* APM2 11.5.2 */

static uint8_t scratch[1024] __attribute__((aligned(64)));

/* All registers are 0 but RBX, which points to memory of its own; the encodings are spelled out for
 * assemblers that lack them. */
#define INSTRUCTION(name, bytes)                                                                   \
	static void do_##name(void *arg)                                                           \
	{                                                                                          \
		uint64_t rax = 0, rcx = 0, rdx = 0;                                                \
                                                                                                   \
		(void)arg;                                                                         \
		__asm__ volatile(".byte " bytes                                                    \
				 : "+a"(rax), "+c"(rcx), "+d"(rdx)                                 \
				 : "b"(scratch)                                                    \
				 : "memory", "cc", "rsi", "rdi", "r8", "r9", "r10", "r11");        \
	}

/* SDM2; those with 66h and 0Fh 01h: the reference of TDX */
INSTRUCTION(getsec, "0x0f, 0x37")
INSTRUCTION(encls, "0x0f, 0x01, 0xcf")
INSTRUCTION(enclv, "0x0f, 0x01, 0xc0")
INSTRUCTION(pconfig, "0x0f, 0x01, 0xc5")
INSTRUCTION(seamcall, "0x66, 0x0f, 0x01, 0xcf")
INSTRUCTION(tdcall, "0x66, 0x0f, 0x01, 0xcc")
INSTRUCTION(rdmsrlist, "0xf2, 0x0f, 0x01, 0xc6")
INSTRUCTION(wrmsrlist, "0xf3, 0x0f, 0x01, 0xc6")
INSTRUCTION(loadiwkey, "0xf3, 0x0f, 0x38, 0xdc, 0xc1")
INSTRUCTION(enqcmd, "0xf2, 0x0f, 0x38, 0xf8, 0x03")
INSTRUCTION(enqcmds, "0xf3, 0x0f, 0x38, 0xf8, 0x03")
INSTRUCTION(tpause, "0x66, 0x0f, 0xae, 0xf1")
INSTRUCTION(umwait, "0xf2, 0x0f, 0xae, 0xf1")
INSTRUCTION(umonitor, "0xf3, 0x0f, 0xae, 0xf1")
INSTRUCTION(serialize, "0x0f, 0x01, 0xe8")
INSTRUCTION(movdiri, "0x0f, 0x38, 0xf9, 0x03")
INSTRUCTION(movdir64b, "0x66, 0x0f, 0x38, 0xf8, 0x1b")
/* APM3 */
INSTRUCTION(monitorx, "0x0f, 0x01, 0xfa")
INSTRUCTION(mwaitx, "0x0f, 0x01, 0xfb")
INSTRUCTION(rdpru, "0x0f, 0x01, 0xfd")
INSTRUCTION(invlpgb, "0x0f, 0x01, 0xfe")
INSTRUCTION(tlbsync, "0x0f, 0x01, 0xff")
INSTRUCTION(mcommit, "0xf3, 0x0f, 0x01, 0xfa")
/* Both */
INSTRUCTION(rdtscp, "0x0f, 0x01, 0xf9")
INSTRUCTION(rdpid, "0xf3, 0x0f, 0xc7, 0xf8")
INSTRUCTION(rdfsbase, "0xf3, 0x0f, 0xae, 0xc0")
INSTRUCTION(clac, "0x0f, 0x01, 0xca")
INSTRUCTION(clflushopt, "0x66, 0x0f, 0xae, 0x3b")
INSTRUCTION(clwb, "0x66, 0x0f, 0xae, 0x33")
INSTRUCTION(xsave, "0x0f, 0xae, 0x23")
INSTRUCTION(xsaveopt, "0x0f, 0xae, 0x33")
INSTRUCTION(xsavec, "0x0f, 0xc7, 0x23")
INSTRUCTION(xsaves, "0x0f, 0xc7, 0x2b")
INSTRUCTION(xrstors, "0x0f, 0xc7, 0x1b")
INSTRUCTION(rdrand, "0x0f, 0xc7, 0xf0")
INSTRUCTION(rdseed, "0x0f, 0xc7, 0xf8")
INSTRUCTION(invpcid, "0x66, 0x0f, 0x38, 0x82, 0x03")
INSTRUCTION(wbnoinvd, "0xf3, 0x0f, 0x09")
INSTRUCTION(icebp, "0xf1")
INSTRUCTION(sgdt, "0x0f, 0x01, 0x03")
INSTRUCTION(sidt, "0x0f, 0x01, 0x0b")
INSTRUCTION(sldt, "0x0f, 0x00, 0x03")
INSTRUCTION(str, "0x0f, 0x00, 0x0b")
INSTRUCTION(smsw, "0x0f, 0x01, 0x23")
INSTRUCTION(clts, "0x0f, 0x06")
INSTRUCTION(pause, "0xf3, 0x90")

enum reg { EAX, EBX, ECX, EDX };

/* The bit of CPUID that says whether an instruction exists (SDM2, APM3 appendix E). */
struct feature {
	uint32_t leaf;
	uint8_t subleaf, reg, bit;
};

/* Instructions without such a bit. */
#define NONE                                                                                       \
	{                                                                                          \
		0, 0, EAX, 0                                                                       \
	}
#define ALWAYS                                                                                     \
	{                                                                                          \
		0, 0, EAX, 1                                                                       \
	}

static const struct rare {
	const char *name;
	cpu_work_fn run;
	struct feature feature;
	bool foreign; /* must be hidden in a cell; not tried on a bare machine */
	int traps;    /* the exception that it raises when it works, if any */
} instructions[] = {
	{ "GETSEC", do_getsec, { 1, 0, ECX, 6 }, true, 0 },
	{ "ENCLS", do_encls, { 7, 0, EBX, 2 }, true, 0 },
	{ "ENCLV", do_enclv, { 7, 0, EBX, 2 }, true, 0 },
	{ "PCONFIG", do_pconfig, { 7, 0, EDX, 18 }, true, 0 },
	{ "SEAMCALL", do_seamcall, NONE, true, 0 },
	{ "TDCALL", do_tdcall, NONE, true, 0 },
	{ "RDMSRLIST", do_rdmsrlist, { 7, 1, EAX, 27 }, true, 0 },
	{ "WRMSRLIST", do_wrmsrlist, { 7, 1, EAX, 27 }, true, 0 },
	{ "LOADIWKEY", do_loadiwkey, { 7, 0, ECX, 23 }, true, 0 },
	{ "ENQCMD", do_enqcmd, { 7, 0, ECX, 29 }, true, 0 },
	{ "ENQCMDS", do_enqcmds, { 7, 0, ECX, 29 }, true, 0 },
	{ "TPAUSE", do_tpause, { 7, 0, ECX, 5 }, true, 0 },
	{ "UMWAIT", do_umwait, { 7, 0, ECX, 5 }, true, 0 },
	{ "UMONITOR", do_umonitor, { 7, 0, ECX, 5 }, true, 0 },
	{ "MONITORX", do_monitorx, { 0x80000001, 0, ECX, 29 }, true, 0 },
	{ "MWAITX", do_mwaitx, { 0x80000001, 0, ECX, 29 }, true, 0 },
	{ "RDPRU", do_rdpru, { 0x80000008, 0, EBX, 4 }, true, 0 },
	{ "INVLPGB", do_invlpgb, { 0x80000008, 0, EBX, 3 }, true, 0 },
	{ "TLBSYNC", do_tlbsync, { 0x80000008, 0, EBX, 3 }, true, 0 },
	{ "MCOMMIT", do_mcommit, { 0x80000008, 0, EBX, 8 }, true, 0 },
	{ "RDTSCP", do_rdtscp, { 0x80000001, 0, EDX, 27 }, false, 0 },
	{ "RDPID", do_rdpid, { 7, 0, ECX, 22 }, false, 0 },
	{ "INVPCID", do_invpcid, { 7, 0, EBX, 10 }, false, 0 },
	{ "RDRAND", do_rdrand, { 1, 0, ECX, 30 }, false, 0 },
	{ "RDSEED", do_rdseed, { 7, 0, EBX, 18 }, false, 0 },
	{ "RDFSBASE", do_rdfsbase, { 7, 0, EBX, 0 }, false, 0 },
	{ "CLAC", do_clac, { 7, 0, EBX, 20 }, false, 0 },
	{ "CLFLUSHOPT", do_clflushopt, { 7, 0, EBX, 23 }, false, 0 },
	{ "CLWB", do_clwb, { 7, 0, EBX, 24 }, false, 0 },
	{ "SERIALIZE", do_serialize, { 7, 0, EDX, 14 }, false, 0 },
	{ "MOVDIRI", do_movdiri, { 7, 0, ECX, 27 }, false, 0 },
	{ "MOVDIR64B", do_movdir64b, { 7, 0, ECX, 28 }, false, 0 },
	{ "XSAVE", do_xsave, { 1, 0, ECX, 26 }, false, 0 },
	{ "XSAVEOPT", do_xsaveopt, { 0xd, 1, EAX, 0 }, false, 0 },
	{ "XSAVEC", do_xsavec, { 0xd, 1, EAX, 1 }, false, 0 },
	{ "XSAVES", do_xsaves, { 0xd, 1, EAX, 3 }, false, 0 },
	{ "XRSTORS", do_xrstors, { 0xd, 1, EAX, 3 }, false, 0 },
	/* Where it is not known, its prefix does not count, and it is WBINVD. */
	{ "WBNOINVD", do_wbnoinvd, ALWAYS, false, 0 },
	{ "ICEBP", do_icebp, ALWAYS, false, VECTOR_DB },
	{ "SGDT", do_sgdt, ALWAYS, false, 0 },
	{ "SIDT", do_sidt, ALWAYS, false, 0 },
	{ "SLDT", do_sldt, ALWAYS, false, 0 },
	{ "STR", do_str, ALWAYS, false, 0 },
	{ "SMSW", do_smsw, ALWAYS, false, 0 },
	{ "CLTS", do_clts, ALWAYS, false, 0 },
	{ "PAUSE", do_pause, ALWAYS, false, 0 },
};

static bool is_shown(const struct feature *feature)
{
	uint32_t leaf = feature->leaf;
	struct cpuid_result r;

	if (leaf == 0)
		return feature->bit;
	if (cpuid(leaf & 0x80000000, 0).eax < leaf ||
	    (leaf == 7 && cpuid(7, 0).eax < feature->subleaf))
		return false;
	r = cpuid(leaf, feature->subleaf);
	return (feature->reg == EAX   ? r.eax
		: feature->reg == EBX ? r.ebx
		: feature->reg == ECX ? r.ecx
				      : r.edx) >>
		       feature->bit &
	       1;
}

/* Lets instructions work that also need a bit of CR4. */
static void enable_shown(void *arg)
{
	static const struct feature xsave = { 1, 0, ECX, 26 }, fsgsbase = { 7, 0, EBX, 0 };

	(void)arg;
	write_cr4(read_cr4() | (is_shown(&xsave) ? CR4_OSXSAVE : 0) |
		  (is_shown(&fsgsbase) ? CR4_FSGSBASE : 0));
}

/* Returns whether it works. */
static bool try_instruction(struct attack *attack, const struct rare *rare)
{
	bool shown = is_shown(&rare->feature);
	int should = !shown ? VECTOR_UD : rare->traps ? rare->traps : PROBE_OK;
	int vector;

	memset(scratch, 0, sizeof(scratch));
	scratch[XSAVE_HEADER + 15] = 0x80; /* XCOMP_BV: the compact format, as XRSTORS wants it */
	vector = probe_run(rare->run, NULL);
	if (vector == should && shown && !rare->foreign)
		attack->tried++;
	else
		attack_count(attack, vector != should || shown);
	if (vector != should)
		attack_note(attack, "LEAK %s, which CPUID %s: exception %x", rare->name,
			    shown ? "shows" : "hides", (unsigned int)vector);
	else if (shown && rare->foreign)
		attack_note(attack, "LEAK CPUID shows %s", rare->name);
	return vector == should && shown;
}

void attack_rare(struct attack *attack)
{
	char works[176];
	size_t used = 0;
	uint64_t cr4 = read_cr4();
	int vector = probe_run(enable_shown, NULL);

	works[0] = '\0';
	attack_count(attack, vector != PROBE_OK);
	if (vector != PROBE_OK)
		attack_note(attack, "LEAK CR4 does not take what CPUID shows: exception %d",
			    vector);
	for (unsigned int i = 0; i < ARRAY_SIZE(instructions); i++) {
		const struct rare *rare = &instructions[i];

		if (rare->foreign && !in_cell)
			continue;
		if (try_instruction(attack, rare) && rare->feature.leaf)
			used += text_format(works + used, sizeof(works) - used, " %s", rare->name);
	}
	write_cr4(cr4);
	attack_note(attack, "in CPUID, and work:%s", works);
}

void attack_task_switch(struct attack *attack)
{
	static const char *const results[] = { "not tried", "done", "#UD", "another exception" };
	bool back;

	if (nr_cpus < 2)
		return;
	task_switch_try = 1;
	back = smp_start(&cpus[1]);
	task_switch_try = 0;
	attack_count(attack, !back || task_switch_result >= ARRAY_SIZE(results));
	attack_note(attack, "task switch: %s%s", results[task_switch_result % ARRAY_SIZE(results)],
		    back ? "" : ", and CPU 1 does not come back");
}
