/* SPDX-License-Identifier: Apache-2.0 */
/* sources: src/arch/x86/svm/decode.c src/arch/x86/svm/svm.c src/arch/x86/svm/features.c
 *          src/core/vcpu.c */
/* flags: -Isrc/arch/x86 -ffunction-sections -Wl,--gc-sections */
/*
 * Prints what the SVM backend makes of every exit code, and the intercepts of a reset vCPU
 * (tests/unit/test_exit_tables.py compares them with svm.yaml):
 *
 *   decode CODE NAME...       the neutral reasons, over all that the decoder looks at
 *   intercepts WORD VALUE     the words at 000h to 014h of the control block
 *   enable WORD VALUE         those with AVIC's bit and nested paging's, SEV's
 */
#include <stdio.h>
#include <string.h>

#include "apic.h"
#include "core/cell.h"
#include "core/exit.h"
#include "core/pool.h"
#include "cpu.h"
#include "guest.h"
#include "svm/svm.h"
#include "vendor.h"

#define LAST_CODE 0x4ffu
#define LOWEST_CODE (-16)

static struct cell cell;
static struct svm_vcpu svm;
static struct arch_vcpu guest = { .vendor = &svm };
static struct vcpu vcpu = { .cell = &cell, .arch = &guest };

/* What svm.c refers to, and does not use here. */
const struct stage2_format stage2_amd;
void svm_enter(uint64_t *gpr, uint64_t vmcb, uint64_t host);

void svm_enter(uint64_t *gpr, uint64_t vmcb, uint64_t host)
{
	(void)gpr;
	(void)vmcb;
	(void)host;
}

int svm_cell_init(struct cell *unused)
{
	(void)unused;
	return 0;
}

uint8_t *pool_alloc(unsigned int pages)
{
	(void)pages;
	return NULL;
}

void cpu_wait(const uint32_t *flag)
{
	(void)flag;
}

void cpu_drain(void)
{
}

void guest_xsetbv(struct arch_vcpu *unused)
{
	(void)unused;
}

void vcpu_skip(struct arch_vcpu *unused, uint64_t length)
{
	(void)unused;
	(void)length;
}

void vcpu_inject_exception(struct arch_vcpu *unused, unsigned int vector, uint32_t error)
{
	(void)unused;
	(void)vector;
	(void)error;
}

static void print_reasons(uint64_t code)
{
	bool found[NR_EXIT_REASONS] = { false };

	for (unsigned int n = 0; n < 4; n++) {
		struct vcpu_exit exit;

		svm.guest.exit_code = code;
		svm.guest.exit_info1 = n & 1;
		guest.gpr[GPR_RCX] = n & 2 ? X2APIC_ICR : 0;
		svm_decode(&vcpu, &svm, &exit);
		found[exit.reason] = true;
	}
	printf("decode %lld", (long long)code);
	for (unsigned int r = 0; r < NR_EXIT_REASONS; r++)
		if (found[r])
			printf(" %s", exit_reason_name((enum exit_reason)r));
	printf("\n");
}

int main(void)
{
	const struct x86_state state = { 0 };
	uint32_t words[6];

	svm_vendor.vcpu_reset(&vcpu, &state);
	memcpy(words, &svm.guest, sizeof(words));
	for (unsigned int i = 0; i < ARRAY_SIZE(words); i++)
		printf("intercepts %u %u\n", i, words[i]);
	printf("enable avic %llu\nenable np %llu\n", (unsigned long long)svm.guest.vintr,
	       (unsigned long long)svm.guest.np_enable);
	for (unsigned int code = 0; code <= LAST_CODE; code++)
		print_reasons(code);
	for (int code = -1; code >= LOWEST_CODE; code--)
		print_reasons((uint64_t)(int64_t)code);
	return 0;
}
