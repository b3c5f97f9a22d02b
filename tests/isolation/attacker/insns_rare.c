/* SPDX-License-Identifier: Apache-2.0 */
/* Instructions that few kernels use and that hypervisors can intercept. None may end the cell, and
 * those that reach beyond it must not exist in it. */
#include "attack.h"
#include "insns_extra.h"
#include "lib.h"
#include "smp.h"
#include "trap.h"

static uint8_t scratch[64] __attribute__((aligned(64)));

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
/* APM3 */
INSTRUCTION(monitorx, "0x0f, 0x01, 0xfa")
INSTRUCTION(mwaitx, "0x0f, 0x01, 0xfb")
INSTRUCTION(rdpru, "0x0f, 0x01, 0xfd")
INSTRUCTION(invlpgb, "0x0f, 0x01, 0xfe")
INSTRUCTION(tlbsync, "0x0f, 0x01, 0xff")
INSTRUCTION(mcommit, "0xf3, 0x0f, 0x01, 0xfa")
/* Both */
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

static const struct rare {
	const char *name;
	cpu_work_fn run;
	bool must_not_run; /* in a cell */
} instructions[] = {
	{ "GETSEC", do_getsec, true },       { "ENCLS", do_encls, true },
	{ "ENCLV", do_enclv, true },         { "PCONFIG", do_pconfig, true },
	{ "SEAMCALL", do_seamcall, true },   { "TDCALL", do_tdcall, true },
	{ "RDMSRLIST", do_rdmsrlist, true }, { "WRMSRLIST", do_wrmsrlist, true },
	{ "LOADIWKEY", do_loadiwkey, true }, { "ENQCMD", do_enqcmd, true },
	{ "ENQCMDS", do_enqcmds, true },     { "TPAUSE", do_tpause, true },
	{ "UMWAIT", do_umwait, true },       { "MONITORX", do_monitorx, true },
	{ "MWAITX", do_mwaitx, true },       { "RDPRU", do_rdpru, true },
	{ "INVLPGB", do_invlpgb, true },     { "TLBSYNC", do_tlbsync, true },
	{ "MCOMMIT", do_mcommit, true },     { "RDRAND", do_rdrand, false },
	{ "RDSEED", do_rdseed, false },      { "INVPCID", do_invpcid, false },
	{ "WBNOINVD", do_wbnoinvd, false },  { "ICEBP", do_icebp, false },
	{ "SGDT", do_sgdt, false },          { "SIDT", do_sidt, false },
	{ "SLDT", do_sldt, false },          { "STR", do_str, false },
	{ "SMSW", do_smsw, false },          { "CLTS", do_clts, false },
	{ "PAUSE", do_pause, false },
};

void attack_rare(struct attack *attack)
{
	unsigned int done = 0, undefined = 0;

	for (unsigned int i = 0; i < ARRAY_SIZE(instructions); i++) {
		const struct rare *rare = &instructions[i];
		int vector;

		if (rare->must_not_run && !in_cell)
			continue;
		vector = probe_run(rare->run, NULL);
		done += vector == PROBE_OK;
		undefined += vector == VECTOR_UD;
		if (!rare->must_not_run) {
			attack->tried++;
			continue;
		}
		attack_count(attack, vector == PROBE_OK);
		if (vector == PROBE_OK)
			attack_note(attack, "LEAK %s was executed", rare->name);
	}
	attack_note(attack, "rare instructions: %u executed, %u #UD, of %lu", done, undefined,
		    ARRAY_SIZE(instructions));
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
