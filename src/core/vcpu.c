/* SPDX-License-Identifier: Apache-2.0 */
/* The loop that every CPU with a vCPU runs: enter the guest, handle the exit, for ever. */
#include "core/vcpu.h"
#include "core/arch.h"
#include "core/cell.h"

struct vcpu vcpus[MAX_CPUS];

static const char *const reason_names[NR_EXIT_REASONS] = {
	[EXIT_ATTENTION] = "attention",
	[EXIT_PIO] = "pio",
	[EXIT_MMIO] = "mmio",
	[EXIT_IDENTIFY] = "identify",
	[EXIT_SYSREG] = "sysreg",
	[EXIT_IOCSR] = "iocsr",
	[EXIT_IPI] = "ipi",
	[EXIT_STATE] = "state",
	[EXIT_IDLE] = "idle",
	[EXIT_HYPERCALL] = "hypercall",
	[EXIT_UNDEFINED] = "undefined",
	[EXIT_WINDOW] = "window",
	[EXIT_SHUTDOWN] = "shutdown",
	[EXIT_MACHINE_CHECK] = "machine-check",
	[EXIT_INVALID] = "invalid",
};

const char *exit_reason_name(enum exit_reason reason)
{
	return reason < NR_EXIT_REASONS ? reason_names[reason] : "?";
}

void vcpu_request(struct vcpu *vcpu, uint32_t bits)
{
	__atomic_fetch_or(&vcpu->requests, bits, __ATOMIC_SEQ_CST);
	arch_kick(vcpu);
}

uint32_t vcpu_take_requests(struct vcpu *vcpu)
{
	if (__atomic_load_n(&vcpu->requests, __ATOMIC_SEQ_CST) == 0)
		return 0;
	return __atomic_exchange_n(&vcpu->requests, 0, __ATOMIC_SEQ_CST);
}

/* Looks after what the CPU was asked for; false when the vCPU has to wait. */
static bool prepare(struct vcpu *vcpu)
{
	uint32_t requests = vcpu_take_requests(vcpu);

	if (requests & REQUEST_POLL)
		cell_poll(vcpu->cell);
	return arch_vcpu_prepare(vcpu, requests);
}

static void attend(struct vcpu *vcpu)
{
	arch_attend(vcpu);
	if (vcpu->index == 0)
		cell_poll(vcpu->cell);
}

static void run_once(struct vcpu *vcpu)
{
	struct vcpu_exit exit;
	const char *why = "did what its configuration does not allow";
	enum arch_verdict verdict;

	arch_vcpu_run(vcpu, &exit);
	vcpu->exits[exit.reason]++;
	vcpu->last_pc = exit.pc;
	if (exit.reason == EXIT_ATTENTION) {
		attend(vcpu);
		return;
	}
	verdict = arch_vcpu_handle(vcpu, &exit, &why);
	if (verdict == ARCH_NOT_MINE)
		verdict = cell_handle_exit(vcpu, &exit) == 0 ? ARCH_HANDLED : ARCH_FAULT;
	if (verdict == ARCH_FAULT)
		cell_fault(vcpu, &exit, why);
}

void vcpu_loop(struct vcpu *vcpu)
{
	for (;;) {
		cell_enter(vcpu);
		arch_vcpu_reset(vcpu);
		while (cell_is_running(vcpu->cell)) {
			if (prepare(vcpu)) {
				run_once(vcpu);
			} else {
				arch_wait(vcpu);
				attend(vcpu);
			}
		}
		arch_vcpu_quiesce(vcpu);
	}
}
