/* SPDX-License-Identifier: Apache-2.0 */
/* Model-specific registers: which can be read and written, and that those which rule the machine
 * cannot. */
#include "attacks.h"
#include "apic.h"
#include "boot.h"
#include "console.h"
#include "lib.h"
#include "trap.h"

/* All of these ranges; x2APIC registers (800h-8ffh) have a test of their own. */
static const struct msr_range {
	uint32_t first;
	uint32_t last;
} scanned[] = {
	{ 0x00000000, 0x00001fff }, { 0x40000000, 0x400000ff }, { 0x4b564d00, 0x4b564dff },
	{ 0xc0000000, 0xc0001fff }, { 0xc0010000, 0xc0011fff },
};

/* Registers that this program needs as they are; EFER, APIC_BASE and TSC have checks of their own.
 */
static const uint32_t not_scanned[] = {
	MSR_TSC,      MSR_APIC_BASE, MSR_EFER,	  MSR_STAR,    MSR_STAR + 1,
	MSR_STAR + 2, MSR_SFMASK,    MSR_FS_BASE, MSR_GS_BASE, MSR_KERNEL_GS_BASE,
};

/* How a security register may answer. */
enum rule {
	HIDDEN,	  /* not at all */
	CONSTANT, /* with a value that cannot be changed */
	COPY, /* as a copy of the cell's own, which from inside looks like the real one: told, not
		 judged */
	DISABLED, /* only by saying that SVM is locked out (VM_CR.SVMDIS), and not writable */
};

#define VM_CR_SVMDIS 0x10u /* APM2 15.30.1 */

/* Sources: APM2 appendix A and the chapters named there; SDM vol. 4. */
static const struct guarded {
	uint32_t msr;
	enum rule rule;
	const char *name;
	uint64_t toggle; /* bits to try to change */
} guarded[] = {
	{ 0x0000003a, CONSTANT, "FEATURE_CONTROL", 0x4 },
	{ 0x0000009e, HIDDEN, "SMBASE", 0x1000 },
	{ 0x00000480, HIDDEN, "VMX_BASIC", 0x1 },
	{ 0xc0010010, CONSTANT, "SYSCFG", 0x00100000 },
	{ 0xc0010015, COPY, "HWCR", 0x1 },
	{ 0xc0010016, HIDDEN, "IORR_BASE0", 0x10 },
	{ 0xc0010017, HIDDEN, "IORR_MASK0", 0x800 },
	{ 0xc0010018, HIDDEN, "IORR_BASE1", 0x10 },
	{ 0xc0010019, HIDDEN, "IORR_MASK1", 0x800 },
	{ 0xc001001a, HIDDEN, "TOP_MEM", 0x800000 },
	{ 0xc001001d, HIDDEN, "TOP_MEM2", 0x800000 },
	{ 0xc0010111, HIDDEN, "SMM_BASE", 0x20000 },
	{ 0xc0010112, HIDDEN, "SMM_ADDR", 0x20000 },
	{ 0xc0010113, HIDDEN, "SMM_MASK", 0x1 },
	{ 0xc0010114, DISABLED, "VM_CR", 0x4 },
	{ 0xc0010115, HIDDEN, "IGNNE", 0x1 },
	{ 0xc0010116, HIDDEN, "SMM_CTL", 0x1 },
	{ 0xc0010117, HIDDEN, "VM_HSAVE_PA", 0x1000 },
	{ 0xc0010118, HIDDEN, "SVM_KEY", 0x1 },
	{ 0xc0010131, CONSTANT, "SEV_STATUS", 0x1 },
};

static struct ranges readable, writable, write_only, answering, changing;

static bool is_scanned(uint32_t msr)
{
	if (msr >= X2APIC_FIRST && msr <= X2APIC_LAST)
		return false;
	for (unsigned int i = 0; i < ARRAY_SIZE(not_scanned); i++) {
		if (msr == not_scanned[i])
			return false;
	}
	for (unsigned int i = 0; i < ARRAY_SIZE(guarded); i++) {
		if (msr == guarded[i].msr)
			return false;
	}
	return true;
}

static void scan(struct attack *attack, uint32_t msr)
{
	uint64_t value;

	attack->tried++;
	if (rdmsr_probe(msr, &value) == PROBE_OK) {
		ranges_add(&readable, msr, msr);
		if (wrmsr_probe(msr, value) == PROBE_OK)
			ranges_add(&writable, msr, msr);
		return;
	}
	if (wrmsr_probe(msr, 0) == PROBE_OK || wrmsr_probe(msr, UINT64_MAX) == PROBE_OK)
		ranges_add(&write_only, msr, msr);
	else
		attack->denied++;
}

static void check_guarded(struct attack *attack, const struct guarded *g)
{
	uint64_t before, after;
	bool changed, leaked;

	if (rdmsr_probe(g->msr, &before) != PROBE_OK) {
		/* Written blindly, a register that took it would show afterwards. */
		(void)wrmsr_probe(g->msr, g->toggle);
		leaked = rdmsr_probe(g->msr, &after) == PROBE_OK;
		attack_count(attack, leaked);
		if (leaked)
			ranges_add(&answering, g->msr, g->msr);
		return;
	}
	(void)wrmsr_probe(g->msr, before ^ g->toggle);
	changed = rdmsr_probe(g->msr, &after) == PROBE_OK && after != before;
	if (changed)
		(void)wrmsr_probe(g->msr, before);
	if (changed && g->rule != COPY)
		ranges_add(&changing, g->msr, g->msr);
	leaked = g->rule == HIDDEN || (g->rule == DISABLED && !(before & VM_CR_SVMDIS));
	if (leaked)
		ranges_add(&answering, g->msr, g->msr);
	else if (!changed || g->rule == COPY)
		attack_note(attack, "%s (%x) reads %lx%s", g->name, g->msr, before,
			    changed ? " and can be changed: must be a copy" : ", constant");
	attack_count(attack, leaked || (changed && g->rule != COPY));
}

/* EFER.SVME must not stick. Every other change would only end this program. */
static void check_efer(struct attack *attack)
{
	uint64_t before = rdmsr(MSR_EFER);
	int vector = wrmsr_probe(MSR_EFER, before | EFER_SVME);
	uint64_t after = rdmsr(MSR_EFER);
	bool leaked = after & EFER_SVME;

	attack_count(attack, leaked);
	attack_note(attack, "%sEFER %lx, with SVME: exception %d, then %lx", leaked ? "LEAK " : "",
		    before, vector, after);
	if (leaked)
		wrmsr(MSR_EFER, before);
	/* Reserved bits must fault (APM2 3.1.7). */
	vector = wrmsr_probe(MSR_EFER, before | 1ull << 40);
	after = rdmsr(MSR_EFER);
	attack_count(attack, after != before);
	if (after != before) {
		attack_note(attack, "LEAK EFER takes bit 40 (exception %d)", vector);
		wrmsr(MSR_EFER, before);
	}
}

static void try_apic_base(struct attack *attack, uint64_t value, const char *what)
{
	uint64_t before = rdmsr(MSR_APIC_BASE);
	int vector = wrmsr_probe(MSR_APIC_BASE, value);
	uint64_t after = rdmsr(MSR_APIC_BASE);
	bool leaked = after != before;

	attack_count(attack, leaked);
	if (!leaked)
		return;
	attack_note(attack, "LEAK APIC_BASE: %s: exception %d, %lx became %lx", what, vector,
		    before, after);
	(void)wrmsr_probe(MSR_APIC_BASE, (before & ~APIC_BASE_EXTD) | APIC_BASE_ENABLE);
	(void)wrmsr_probe(MSR_APIC_BASE, before);
	apic_init();
}

static void check_apic_base(struct attack *attack)
{
	uint64_t base = rdmsr(MSR_APIC_BASE);

	try_apic_base(attack, base ^ 0x100000, "moved");
	try_apic_base(attack, base ^ 0x100, "BSP bit");
	try_apic_base(attack, base | 1, "reserved bit");
	try_apic_base(attack, base | 1ull << 51, "address too high");
	if (!in_cell) {
		attack_note(
			attack,
			"APIC_BASE: not disabled on a bare machine, where it may not come back");
		return;
	}
	try_apic_base(attack, base & ~APIC_BASE_EXTD, "back to xAPIC");
	try_apic_base(attack, base & ~(APIC_BASE_ENABLE | APIC_BASE_EXTD), "disabled");
	try_apic_base(attack, base & ~APIC_BASE_ENABLE, "EXTD without EN");
}

/* The time of this CPU may be its own to set; it must not go mad, and is put back. */
static void check_tsc(struct attack *attack)
{
	const uint64_t jump = 1ull << 44;
	uint64_t before = rdtsc();
	int vector = wrmsr_probe(MSR_TSC, before + jump);
	uint64_t after = rdtsc();

	attack->tried++;
	if (after - before >= jump) {
		(void)wrmsr_probe(MSR_TSC, rdtsc() - jump);
		attack_note(attack, "TSC can be set (for this CPU)");
	} else {
		attack->denied++;
		attack_note(attack, "TSC cannot be set: exception %d", vector);
	}
}

void attack_msrs(void)
{
	struct attack attack;

	readable = (struct ranges){ 0 };
	writable = (struct ranges){ 0 };
	write_only = (struct ranges){ 0 };
	answering = (struct ranges){ 0 };
	changing = (struct ranges){ 0 };
	attack_begin(&attack, "msrs");
	for (unsigned int i = 0; i < ARRAY_SIZE(guarded); i++)
		check_guarded(&attack, &guarded[i]);
	ranges_note(&attack, "LEAK should not answer", &answering);
	ranges_note(&attack, "LEAK can be changed", &changing);
	check_efer(&attack);
	check_apic_base(&attack);
	check_tsc(&attack);
	for (unsigned int i = 0; i < ARRAY_SIZE(scanned); i++) {
		for (uint64_t msr = scanned[i].first; msr <= scanned[i].last; msr++) {
			if (is_scanned((uint32_t)msr))
				scan(&attack, (uint32_t)msr);
		}
	}
	ranges_note(&attack, "readable", &readable);
	ranges_note(&attack, "writable", &writable);
	ranges_note(&attack, "write-only", &write_only);
	attack_end(&attack);
}
