/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The LoongArch attacker: a cell that tries to reach everything it was not given.
 *
 * Options on the command line (numbers are hexadecimal):
 *
 * - tests=NAME[=NUMBER],... is what to run. Default: all of memory, iocsrs, ipis, routes, csrs,
 * insns, user, storm. Only by name, because they end the cell: fetch, badread, badwrite, badll,
 * badwalk, badipi, crash; stray, which resets it; and cost, which measures.
 *
 * - target=ADDRESS,... are physical addresses to attack in every way (the victim's, the
 * hypervisor's).
 *
 * Output is as that of the x86 attacker.
 */
#include "boot.h"
#include "clock.h"
#include "console.h"
#include "lib.h"
#include "loong.h"
#include "trap.h"

#define DEFAULT_TESTS "memory,iocsrs,ipis,routes,csrs,insns,user,storm"

static const struct test {
	const char *name;
	void (*run)(void);
	void (*run_with)(uint64_t number);
} tests[] = {
	{ "memory", attack_loong_memory, NULL }, { "iocsrs", attack_iocsrs, NULL },
	{ "ipis", attack_ipis, NULL },           { "routes", attack_routes, NULL },
	{ "csrs", attack_csrs, NULL },           { "insns", attack_loong_insns, NULL },
	{ "user", attack_user, NULL },           { "storm", attack_loong_storm, NULL },
	{ "fetch", NULL, end_by_fetch },         { "badread", NULL, end_by_read },
	{ "badwrite", NULL, end_by_write },      { "badll", NULL, end_by_ll },
	{ "badwalk", NULL, end_by_walk },        { "badipi", NULL, end_by_ipi },
	{ "crash", NULL, end_by_crash },         { "stray", NULL, end_by_stray },
	{ "cost", attack_loong_cost, NULL },
};

static void run_test(const char *text, size_t length)
{
	const char *end = text + length, *arg;
	size_t name_length = 0;
	uint64_t number = 0;

	while (name_length < length && text[name_length] != '=')
		name_length++;
	arg = text + name_length + 1;
	if (name_length < length && !text_number(&arg, end, 16, &number))
		print("ATTACK ERROR: no number behind =\n");
	for (unsigned int i = 0; i < ARRAY_SIZE(tests); i++) {
		if (!text_equal(text, name_length, tests[i].name))
			continue;
		if (tests[i].run)
			tests[i].run();
		else
			tests[i].run_with(number);
		return;
	}
	print("ATTACK ERROR: there is no test called so\n");
}

void kernel_main(void)
{
	size_t length;
	const char *p = cmdline_value("tests", &length);
	const char *end;

	print("attacker: cpus=%u counter_khz=%lu\n", nr_cpus, tsc_hz / 1000);
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
		__asm__ volatile("idle 0");
}
