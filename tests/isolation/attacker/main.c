/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The attacker: a cell that tries to reach everything it was not given.
 *
 * Options on the command line (numbers are hexadecimal unless said otherwise):
 *
 * - tests=NAME[=ARGUMENT],... is what to run. Default: all of memory, ports, msrs, x2apic, icr,
 * storm, svm, insns. Only by name, because they may end the cell: fetch[=ADDRESS],
 * badcr3[=ADDRESS], reservedcr, crash, stray, badport=PORT, badmem=ADDRESS, badicr=DESTINATION.
 * No attack, but a measurement: cost.
 *
 * - target=ADDRESS,... are physical addresses to attack in every way (the victim's, the
 * hypervisor's).
 *
 * - sweep=GIB (decimal) is how far memory is sampled; default 64.
 *
 * - skipports=FIRST[-LAST],... are ports that are not written; ownports= those that may answer.
 *
 * - skip=PART,... leaves out: straddle, string, locked, walk (memory); deputy, stringio (ports).
 *
 * - cell=0 or cell=1 says whether a hypervisor is expected; by default CPUID is asked.
 *
 * Each test prints "attack NAME begin", its results, "attack NAME end tried=N denied=N leaked=N";
 * the end is "ATTACK COMPLETE". A test that held has leaked=0.
 */
#include "attack.h"
#include "boot.h"
#include "clock.h"
#include "console.h"
#include "lib.h"
#include "trap.h"

#define DEFAULT_TESTS "memory,ports,msrs,x2apic,icr,storm,svm,insns"

bool in_cell;

static const struct test {
	const char *name;
	void (*run)(void);
	void (*run_with)(const char *arg, size_t length);
} tests[] = {
	{ "memory", attack_memory, NULL },
	{ "ports", attack_ports, NULL },
	{ "msrs", attack_msrs, NULL },
	{ "x2apic", attack_x2apic, NULL },
	{ "icr", attack_icr, NULL },
	{ "storm", attack_storm, NULL },
	{ "svm", attack_svm, NULL },
	{ "insns", attack_insns, NULL },
	{ "fetch", NULL, attack_fetch },
	{ "badcr3", NULL, attack_badcr3 },
	{ "crash", NULL, attack_crash },
	{ "stray", NULL, attack_stray },
	{ "badport", NULL, attack_badport },
	{ "badmem", NULL, attack_badmem },
	{ "badicr", NULL, attack_badicr },
	{ "reservedcr", NULL, attack_reservedcr },
	{ "cost", attack_cost, NULL },
};

static void unknown_test(const char *text, size_t length)
{
	char name[32];

	if (length > sizeof(name) - 1)
		length = sizeof(name) - 1;
	memcpy(name, text, length);
	name[length] = 0;
	print("ATTACK ERROR: there is no test called %s\n", name);
}

static void run_test(const char *text, size_t length)
{
	size_t name_length = 0;

	while (name_length < length && text[name_length] != '=')
		name_length++;
	for (unsigned int i = 0; i < ARRAY_SIZE(tests); i++) {
		const char *arg = text + name_length + 1;

		if (!text_equal(text, name_length, tests[i].name))
			continue;
		if (tests[i].run)
			tests[i].run();
		else if (name_length < length)
			tests[i].run_with(arg, length - name_length - 1);
		else
			tests[i].run_with(NULL, 0);
		return;
	}
	unknown_test(text, length);
}

/* The hypervisor shows the signature that stock kernels know best, see docs/internals.md. */
static bool find_hypervisor(void)
{
	struct cpuid_result r = cpuid(0x40000000, 0);
	size_t length;
	const char *option = cmdline_value("cell", &length);

	if (option && length == 1)
		return *option == '1';
	return r.ebx == 0x4b4d564b && r.ecx == 0x564b4d56 && r.edx == 0x4d; /* KVMKVMKVM */
}

void kernel_main(void)
{
	size_t length;
	const char *p = cmdline_value("tests", &length);
	const char *end;

	in_cell = find_hypervisor();
	print("attacker: cpus=%u cell=%u tsc_khz=%lu\n", nr_cpus, in_cell, tsc_hz / 1000);
	for (unsigned int i = 0; i < nr_own_memory; i++)
		print("attacker: owns %lx-%lx\n", own_memory[i].start, own_memory[i].end - 1);
	if (!p) {
		p = DEFAULT_TESTS;
		length = strlen(p);
	}
	end = p + length;
	while (p < end) {
		size_t n = 0;

		while (p + n < end && p[n] != ',')
			n++;
		run_test(p, n);
		p += n + 1;
	}
	print("ATTACK COMPLETE\n");
	for (;;)
		irq_enable_and_halt();
}
