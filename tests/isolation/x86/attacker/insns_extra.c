/* SPDX-License-Identifier: Apache-2.0 */
#include "insns_extra.h"
#include "attacks.h"
#include "lib.h"
#include "trap.h"
#include "window.h"

#define CPUID_XSAVE (1u << 26) /* 1 ECX */

struct xcr_access {
	uint32_t index;
	uint64_t value;
};

static void do_xsetbv(void *arg)
{
	const struct xcr_access *a = arg;
	uint32_t index = a->index;
	uint64_t value = a->value;

	__asm__ volatile("xsetbv"
			 :
			 : "c"(index), "a"((uint32_t)value), "d"((uint32_t)(value >> 32)));
}

static void do_write_cr0(void *arg)
{
	write_cr0(*(const uint64_t *)arg);
}

static void do_write_cr3(void *arg)
{
	write_cr3(*(const uint64_t *)arg);
}

static void do_write_cr4(void *arg)
{
	write_cr4(*(const uint64_t *)arg);
}

static void do_write_cr8(void *arg)
{
	__asm__ volatile("mov %0, %%cr8" : : "r"(*(const uint64_t *)arg) : "memory");
}

static uint64_t read_xcr0(void)
{
	uint32_t low, high;

	__asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
	return (uint64_t)high << 32 | low;
}

/* Every value is illegal (APM2 11.5.2): #GP, and XCR0 as before. */
void attack_xsetbv(struct attack *attack)
{
	static const struct xcr_access illegal[] = {
		{ 0, 0 },    /* x87 cannot be off */
		{ 0, 2 },    /* SSE without x87 */
		{ 0, 5 },    /* AVX without SSE */
		{ 0, 0x23 }, /* a part of AVX-512 */
		{ 0, 0xb },  /* half of MPX */
		{ 0, 1 | 1ull << 63 },
		{ 0, 1 | 1ull << 8 },
		{ 0, 1 | 1ull << 40 },
		{ 0, UINT64_MAX },
		{ 1, 1 },
		{ 2, 1 },
		{ 0xffffffff, 1 },
	};
	struct xcr_access off = { 0, 1 };
	uint64_t cr4 = read_cr4();
	uint64_t with_xsave = cr4 | CR4_OSXSAVE;
	unsigned int accepted = 0;

	/* Without CR4.OSXSAVE the instruction does not exist. */
	attack_must_raise(attack, "XSETBV without OSXSAVE", probe_run(do_xsetbv, &off), VECTOR_UD);
	if (!(cpuid(1, 0).ecx & CPUID_XSAVE)) {
		attack_note(attack, "XSETBV: no XSAVE in CPUID");
		return;
	}
	if (probe_run(do_write_cr4, &with_xsave) != PROBE_OK) {
		attack_note(attack, "XSETBV: CR4.OSXSAVE cannot be set although CPUID shows XSAVE");
		return;
	}
	off.value = read_xcr0();
	for (unsigned int i = 0; i < ARRAY_SIZE(illegal); i++) {
		struct xcr_access a = illegal[i];
		bool took = probe_run(do_xsetbv, &a) == PROBE_OK && read_xcr0() != off.value;

		attack_count(attack, took);
		accepted += took;
		if (took)
			(void)probe_run(do_xsetbv, &off);
	}
	attack_note(attack, "XSETBV: XCR0 %lx, %u of %lu illegal values accepted", off.value,
		    accepted, ARRAY_SIZE(illegal));
	write_cr4(cr4);
}

struct control {
	const char *name;
	uint64_t (*read)(void);
	cpu_work_fn write;
};

static uint64_t read_cr8(void)
{
	uint64_t v;

	__asm__ volatile("mov %%cr8, %0" : "=r"(v));
	return v;
}

/*
 * Tries one illegal value. Returns true when the register took it (it is then set back): that is
 * told but no leak, for emulated CPUs are laxer than real ones, and it concerns the own CPU only.
 */
static bool takes(struct attack *attack, const struct control *reg, uint64_t value)
{
	uint64_t before = reg->read();
	uint64_t after;
	bool took;

	(void)probe_run(reg->write, &value);
	after = reg->read();
	took = after != before;
	if (took)
		(void)probe_run(reg->write, &before);
	attack->tried++;
	attack->denied += !took;
	return took;
}

static void attack_bits(struct attack *attack, const struct control *reg, uint64_t bits)
{
	struct ranges taken = { .count = 0 };
	char what[32];

	for (unsigned int bit = 0; bit < 64; bit++) {
		if (bits >> bit & 1 && takes(attack, reg, reg->read() | 1ull << bit))
			ranges_add(&taken, bit, bit);
	}
	text_format(what, sizeof(what), "%s takes bits (hex)", reg->name);
	ranges_note(attack, what, &taken);
}

/* Only values that a CPU must refuse; legal ones that would merely end this program are left out.
 */
void attack_control_registers(struct attack *attack)
{
	static const struct control cr0 = { "CR0", read_cr0, do_write_cr0 };
	static const struct control cr8 = { "CR8", read_cr8, do_write_cr8 };

	attack_bits(attack, &cr0, 0xffffffff00000000ull); /* APM2 3.1.1 */
	if (!(read_cr0() & CR0_CD) && takes(attack, &cr0, read_cr0() | CR0_NW))
		attack_note(attack, "CR0 takes NW without CD");
	attack_bits(attack, &cr8, 0xfffffffffffffff0ull);
}

/*
 * Reserved bits of CR4 and CR3. QEMU's TCG does not raise #GP for them: it leaves an SVM guest with
 * exit code VMEXIT_INVALID (and on a bare machine a guest that is not there), so this is no default
 * test.
 */
void attack_reservedcr(const char *arg, size_t length)
{
	static const struct control cr3 = { "CR3", read_cr3, do_write_cr3 };
	static const struct control cr4 = { "CR4", read_cr4, do_write_cr4 };
	struct attack attack;

	(void)arg;
	(void)length;
	attack_begin(&attack, "reservedcr");
	attack_note(&attack, "CR4");
	/* VMXE and SMXE (13, 14) belong to Intel's extensions, which a cell never has; 15 and 19
	 * are reserved. */
	attack_bits(&attack, &cr4,
		    0xffffffff00000000ull | 1u << 13 | 1u << 14 | 1u << 15 | 1u << 19);
	attack_note(&attack, "CR3");
	/* Bits above the physical address; 62 and 61 can mean LAM, 63 means "no flush". */
	attack_bits(&attack, &cr3, (UINT64_MAX << physical_bits()) & ~(7ull << 61));
	attack_end(&attack);
}

static void do_write_dr6(void *arg)
{
	__asm__ volatile("mov %0, %%dr6" : : "r"(*(const uint64_t *)arg));
}

static void do_write_dr7(void *arg)
{
	__asm__ volatile("mov %0, %%dr7" : : "r"(*(const uint64_t *)arg));
}

static void do_read_dr4(void *arg)
{
	__asm__ volatile("mov %%dr4, %0" : "=r"(*(uint64_t *)arg));
}

static uint64_t read_dr6(void)
{
	uint64_t v;

	__asm__ volatile("mov %%dr6, %0" : "=r"(v));
	return v;
}

static uint64_t read_dr7(void)
{
	uint64_t v;

	__asm__ volatile("mov %%dr7, %0" : "=r"(v));
	return v;
}

void attack_debug_registers(struct attack *attack)
{
	static const struct control dr6 = { "DR6", read_dr6, do_write_dr6 };
	static const struct control dr7 = { "DR7", read_dr7, do_write_dr7 };
	uint64_t cr4 = read_cr4();
	uint64_t value;

	attack_bits(attack, &dr6, 0xffffffff00000000ull); /* APM2 13.1.1 */
	attack_bits(attack, &dr7, 0xffffffff00000000ull);
	write_cr4(cr4 | CR4_DE);
	attack_must_raise(attack, "reading DR4", probe_run(do_read_dr4, &value), VECTOR_UD);
	write_cr4(cr4);
}

struct far_pointer {
	uint32_t offset;
	uint16_t selector;
} __attribute__((packed));

static void do_far_jump(void *arg)
{
	const struct far_pointer *to = arg;

	__asm__ volatile("ljmpl *%0" : : "m"(*to) : "memory");
}

static void do_far_call(void *arg)
{
	const struct far_pointer *to = arg;

	__asm__ volatile("lcalll *%0" : : "m"(*to) : "memory");
}

static void do_ltr(void *arg)
{
	__asm__ volatile("ltr %0" : : "m"(*(const uint16_t *)arg));
}

static void do_lldt(void *arg)
{
	__asm__ volatile("lldt %0" : : "m"(*(const uint16_t *)arg));
}

/* With NT set, IRET would return to another task: in long mode it must fault (APM2 8.9). */
static void do_iret_nt(void *arg)
{
	(void)arg;
	__asm__ volatile("pushfq\n\t"
			 "orq %0, (%%rsp)\n\t"
			 "popfq\n\t"
			 "movq %%rsp, %%rax\n\t"
			 "pushq %1\n\t"
			 "pushq %%rax\n\t"
			 "pushfq\n\t"
			 "pushq %2\n\t"
			 "leaq 1f(%%rip), %%rax\n\t"
			 "pushq %%rax\n\t"
			 "iretq\n"
			 "1:"
			 :
			 : "i"((uint32_t)RFLAGS_NT), "i"(KERNEL_DS), "i"(KERNEL_CS)
			 : "rax", "memory", "cc");
}

static void must_fault(struct attack *attack, const char *what, int vector)
{
	attack_count(attack, vector == PROBE_OK);
	if (vector == PROBE_OK)
		attack_note(attack, "LEAK %s did not fault", what);
}

/* What used to switch tasks, and descriptors that are none. */
void attack_transfers(struct attack *attack)
{
	static const uint16_t selectors[] = { 0, KERNEL_TSS, KERNEL_DS, 0x28, 0x100, 0xfff8, 0x4 };
	uint16_t none = 0;

	/* After INIT there is an LDT at address 0, and what stands there could be a descriptor. */
	do_lldt(&none);
	for (unsigned int i = 0; i < ARRAY_SIZE(selectors); i++) {
		struct far_pointer to = { 0x1000, selectors[i] };
		uint16_t selector = selectors[i];

		must_fault(attack, "far jump", probe_run(do_far_jump, &to));
		must_fault(attack, "far call", probe_run(do_far_call, &to));
		if (selector <= 3)
			continue; /* null: legal for LLDT, and QEMU takes it for LTR, which would
				     break NMIs */
		must_fault(attack, "LTR", probe_run(do_ltr, &selector));
		must_fault(attack, "LLDT", probe_run(do_lldt, &selector));
	}
	must_fault(attack, "IRET with NT", probe_run(do_iret_nt, NULL));
}
