/* SPDX-License-Identifier: Apache-2.0 */
/* VM exits in neutral terms: what every backend decodes its hardware's exit into. */
#ifndef CORE_EXIT_H
#define CORE_EXIT_H

#include "core/types.h"

/* Why a guest left guest mode. The names of exit_reason_name() stand in counters and reports. */
enum exit_reason {
	EXIT_ATTENTION, /* the hypervisor asked for this CPU: a request, a device timer, console
			   input */
	EXIT_PIO,       /* an I/O port that is not passed through */
	EXIT_MMIO,      /* a guest-physical address without memory behind it */
	EXIT_IDENTIFY,  /* CPUID, CPUCFG */
	EXIT_SYSREG,    /* a system register: MSR, CSR */
	EXIT_IOCSR,     /* a LoongArch I/O control and status register */
	EXIT_IPI,       /* an inter-processor interrupt that the hypervisor must filter */
	EXIT_STATE,     /* a change of the processor's mode or extended state, e.g. XSETBV */
	EXIT_IDLE, /* the guest waits for an interrupt, where the hardware makes that an exit */
	EXIT_HYPERCALL,
	EXIT_UNDEFINED, /* an instruction that cells do not have */
	EXIT_WINDOW,    /* the guest became able to take an interrupt or NMI that waited */
	EXIT_SHUTDOWN,  /* triple fault */
	EXIT_MACHINE_CHECK,
	EXIT_INVALID, /* the hardware refused the guest's state, or an exit nobody asked for */
	NR_EXIT_REASONS,
};

struct pio_exit {
	uint16_t port;
	uint8_t size; /* 1, 2, 4 */
	bool write;
	bool string; /* INS, OUTS */
	uint64_t next_pc;
};

struct mmio_exit {
	uint64_t gpa;
	bool write;
	bool execute;
	bool walk; /* hit while the hardware walked the guest's own page table */
};

struct sysreg_exit {
	uint32_t index;
	bool write;
};

struct vcpu_exit {
	enum exit_reason reason;
	uint64_t pc;   /* guest program counter at the exit */
	uint64_t code; /* the hardware's own exit code, for reports */
	union {
		struct pio_exit pio;
		struct mmio_exit mmio;
		struct sysreg_exit sysreg;
		uint64_t info;
	};
};

/* Short lower-case name of @reason, for counters and reports. */
const char *exit_reason_name(enum exit_reason reason);

#endif
