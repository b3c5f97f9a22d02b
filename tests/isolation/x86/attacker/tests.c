/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The attacks of the x86 attacker. Options beside those of attacker/main.c:
 *
 * - tests=: by default all of memory, ports, msrs, x2apic, icr, storm, svm, insns. Only by name,
 * because they may end the cell: fetch[=ADDRESS], badcr3[=ADDRESS], reservedcr, crash, stray,
 * badport=PORT, badmem=ADDRESS, badicr=DESTINATION. No attack, but a measurement: cost.
 *
 * - sweep=GIB (decimal) is how far memory is sampled; default 64.
 *
 * - skipports=FIRST[-LAST],... are ports that are not written; ownports= those that may answer.
 *
 * - skip=PART,... leaves out: straddle, string, locked, walk (memory); deputy, stringio (ports).
 *
 * - cell=0 or cell=1 says whether a hypervisor is expected; by default CPUID is asked.
 */
#include "attacks.h"
#include "boot.h"
#include "clock.h"
#include "console.h"
#include "lib.h"
#include "trap.h"

bool in_cell;

const char default_tests[] = "memory,ports,msrs,x2apic,icr,storm,svm,insns";

const struct attack_test attack_tests[] = {
	{ .name = "memory", .run = attack_memory },
	{ .name = "ports", .run = attack_ports },
	{ .name = "msrs", .run = attack_msrs },
	{ .name = "x2apic", .run = attack_x2apic },
	{ .name = "icr", .run = attack_icr },
	{ .name = "storm", .run = attack_storm },
	{ .name = "svm", .run = attack_svm },
	{ .name = "insns", .run = attack_insns },
	{ .name = "fetch", .run_with = attack_fetch },
	{ .name = "badcr3", .run_with = attack_badcr3 },
	{ .name = "crash", .run_with = attack_crash },
	{ .name = "stray", .run_with = attack_stray },
	{ .name = "badport", .run_with = attack_badport },
	{ .name = "badmem", .run_with = attack_badmem },
	{ .name = "badicr", .run_with = attack_badicr },
	{ .name = "reservedcr", .run_with = attack_reservedcr },
	{ .name = "cost", .run = attack_cost },
};
const unsigned int nr_attack_tests = ARRAY_SIZE(attack_tests);

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

void attacks_init(void)
{
	in_cell = find_hypervisor();
	print("attacker: cpus=%u cell=%u tsc_khz=%lu\n", nr_cpus, in_cell, tsc_hz / 1000);
}
