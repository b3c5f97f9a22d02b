/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The attacks of the LoongArch attacker. tests=: by default all of memory, iocsrs, ipis, routes,
 * csrs, insns, user, storm. Only by name, because they end the cell: fetch, badread, badwrite,
 * badll, badwalk, badipi, crash, all with =NUMBER; stray, which resets it; and
 * cost, which measures.
 */
#include "attacks.h"
#include "clock.h"
#include "console.h"
#include "lib.h"
#include "trap.h"

const char default_tests[] = "memory,iocsrs,ipis,routes,csrs,insns,user,storm";

const struct attack_test attack_tests[] = {
	{ .name = "memory", .run = attack_loong_memory },
	{ .name = "iocsrs", .run = attack_iocsrs },
	{ .name = "ipis", .run = attack_ipis },
	{ .name = "routes", .run = attack_routes },
	{ .name = "csrs", .run = attack_csrs },
	{ .name = "insns", .run = attack_loong_insns },
	{ .name = "user", .run = attack_user },
	{ .name = "storm", .run = attack_loong_storm },
	{ .name = "fetch", .run_at = end_by_fetch },
	{ .name = "badread", .run_at = end_by_read },
	{ .name = "badwrite", .run_at = end_by_write },
	{ .name = "badll", .run_at = end_by_ll },
	{ .name = "badwalk", .run_at = end_by_walk },
	{ .name = "badipi", .run_at = end_by_ipi },
	{ .name = "crash", .run_at = end_by_crash },
	{ .name = "stray", .run_at = end_by_stray },
	{ .name = "cost", .run = attack_loong_cost },
};
const unsigned int nr_attack_tests = ARRAY_SIZE(attack_tests);

void attacks_init(void)
{
	print("attacker: cpus=%u counter_khz=%lu\n", nr_cpus, tsc_hz / 1000);
}
