/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The attacker: a cell that tries to reach everything it was not given.
 *
 * Options on the command line (numbers are hexadecimal unless said otherwise):
 *
 * - tests=NAME[=ARGUMENT],... is what to run; the architecture's tests.c has the names.
 *
 * - target=ADDRESS,... are physical addresses to attack in every way (the victim's, the
 * hypervisor's).
 *
 * Each test prints "attack NAME begin", its results, "attack NAME end tried=N denied=N leaked=N";
 * the end is "ATTACK COMPLETE". A test that held has leaked=0.
 */
#include "attack.h"
#include "boot.h"
#include "console.h"
#include "lib.h"
#include "trap.h"

static void unknown_test(const char *text, size_t length)
{
	char name[32];

	if (length > sizeof(name) - 1)
		length = sizeof(name) - 1;
	memcpy(name, text, length);
	name[length] = 0;
	print("ATTACK ERROR: there is no test called %s\n", name);
}

/* @arg is NULL when there is no "=". */
static void run(const struct attack_test *test, const char *arg, size_t length)
{
	const char *digits = arg;
	uint64_t number = 0;

	if (test->run)
		test->run();
	else if (test->run_with)
		test->run_with(arg, length);
	else if (arg && !text_number(&digits, arg + length, 16, &number))
		print("ATTACK ERROR: no number behind %s=\n", test->name);
	else
		test->run_at(number);
}

static void run_test(const char *text, size_t length)
{
	size_t name_length = 0;

	while (name_length < length && text[name_length] != '=')
		name_length++;
	for (unsigned int i = 0; i < nr_attack_tests; i++) {
		if (!text_equal(text, name_length, attack_tests[i].name))
			continue;
		if (name_length < length)
			run(&attack_tests[i], text + name_length + 1, length - name_length - 1);
		else
			run(&attack_tests[i], NULL, 0);
		return;
	}
	unknown_test(text, length);
}

void kernel_main(void)
{
	size_t length;
	const char *p = cmdline_value("tests", &length);
	const char *end;

	attacks_init();
	for (unsigned int i = 0; i < nr_own_memory; i++)
		print("attacker: owns %lx-%lx\n", own_memory[i].start, own_memory[i].end - 1);
	if (!p) {
		p = default_tests;
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
