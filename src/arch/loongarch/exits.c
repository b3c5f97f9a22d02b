/* SPDX-License-Identifier: Apache-2.0 */
/* What is done about exits, apart from what the core does. */
#include "core/arch.h"
#include "core/log.h"
#include "cpu.h"
#include "cpucfg.h"
#include "guest.h"
#include "iocsr.h"
#include "loongarch.h"
#include "mmio.h"

#define INSN_SIZE 4
#define HYPERCALL_UNKNOWN ((uint64_t)-1) /* as Linux's KVM answers codes that it does not know */

/* CSRs say what made the guest exit, until it is entered again. */
static uint32_t exit_insn(void)
{
	return (uint32_t)csr_read(CSR_BADI);
}

void arch_vcpu_run(struct vcpu *vcpu, struct vcpu_exit *exit)
{
	struct arch_vcpu *guest = vcpu->arch;
	uint64_t estat = vcpu_switch(guest);

	vcpu_saw_code(vcpu, estat >> ESTAT_ECODE_SHIFT & ESTAT_ECODE_MASK);
	guest_decode(guest, estat, exit); /* last: so it costs no more than if it were inline */
}

/* --- What concerns the vCPU alone --- */

static void skip(struct arch_vcpu *guest)
{
	guest->pc += INSN_SIZE;
}

/* Register 0 stays 0. */
static void set_gpr(struct arch_vcpu *guest, unsigned int reg, uint64_t value)
{
	if (reg)
		guest->gpr[reg] = value;
}

/* As the CPU does it: RM 6.2.1. Interrupts have other vectors, but do not come this way. */
void guest_inject(struct arch_vcpu *guest, unsigned int code)
{
	uint64_t crmd = gcsr_read(CSR_CRMD);
	unsigned int spacing = gcsr_read(CSR_ECFG) >> ECFG_VS_SHIFT & ECFG_VS_MASK;
	uint64_t offset = spacing ? (uint64_t)code * INSN_SIZE << spacing : 0;

	gcsr_exchange(CSR_PRMD, crmd, CRMD_PLV | CRMD_IE);
	gcsr_write(CSR_CRMD, crmd & ~(uint64_t)(CRMD_PLV | CRMD_IE));
	gcsr_exchange(CSR_ESTAT, (uint64_t)code << ESTAT_ECODE_SHIFT,
		      (uint64_t)ESTAT_ECODE_MASK << ESTAT_ECODE_SHIFT |
			      (uint64_t)ESTAT_ESUBCODE_MASK << ESTAT_ESUBCODE_SHIFT);
	gcsr_write(CSR_ERA, guest->pc);
	gcsr_write(CSR_BADI, exit_insn());
	guest->pc = gcsr_read(CSR_EENTRY) | offset;
}

static void identify(struct arch_vcpu *guest)
{
	const struct insn *insn = &guest->insn;
	uint32_t value = cell_cpucfg(guest->gpr[insn->rj], cpucfg, cpu_units());

	set_gpr(guest, insn->rd, insn_extend(value, 4, true));
}

static void access_csr(struct vcpu *vcpu)
{
	struct arch_vcpu *guest = vcpu->arch;
	const struct insn *insn = &guest->insn;
	uint64_t mask = 0, old;

	if (insn->kind == INSN_CSR_WRITE)
		mask = UINT64_MAX;
	else if (insn->kind == INSN_CSR_EXCHANGE)
		mask = guest->gpr[insn->rj];
	if (!kept_csr_access(&guest->csrs, insn->number, mask, guest->gpr[insn->rd], &old))
		vcpu->unknown_sysregs++;
	set_gpr(guest, insn->rd, old);
}

/* What iocsr_access() refused, as on-violation says. */
static enum arch_verdict refuse_send(struct vcpu *vcpu, uint64_t value, const char **why)
{
	*why = "sent an interrupt or mail to a CPU outside its cell";
	if (vcpu->cell->config->on_violation == VIOLATION_FAULT)
		return ARCH_FAULT;
	cell_violation(vcpu, "another CPU's IOCSR, value", value, true);
	return ARCH_HANDLED;
}

static enum arch_verdict access_iocsr(struct vcpu *vcpu, const char **why)
{
	struct arch_vcpu *guest = vcpu->arch;
	const struct insn *insn = &guest->insn;
	bool write = insn->kind == INSN_IOCSR_WRITE;
	uint64_t value = insn_extend(guest->gpr[insn->rd], insn->size, false);
	int err = iocsr_access(vcpu, (uint32_t)guest->gpr[insn->rj], insn->size, write, &value);

	if (!err && !write)
		set_gpr(guest, insn->rd, insn_extend(value, insn->size, true));
	return err ? refuse_send(vcpu, value, why) : ARCH_HANDLED;
}

uint64_t host_iocsr(uint32_t number)
{
	return iocsr_read64(number);
}

/* Instructions that LVZ hands over; real processors check the privilege level before or after. Not
 * inlined: other exits need none of its stack. */
static __attribute__((noinline)) enum arch_verdict handle_insn(struct vcpu *vcpu,
							       const struct vcpu_exit *exit,
							       const char **why)
{
	struct arch_vcpu *guest = vcpu->arch;
	enum arch_verdict verdict = ARCH_HANDLED;

	if (insn_is_privileged(guest->insn.kind) && (gcsr_read(CSR_CRMD) & CRMD_PLV)) {
		guest_inject(guest, ECODE_IPE);
		return ARCH_HANDLED;
	}
	switch (exit->reason) {
	case EXIT_IDENTIFY:
		identify(guest);
		break;
	case EXIT_SYSREG:
		access_csr(vcpu);
		break;
	case EXIT_IOCSR:
	case EXIT_IPI:
		verdict = access_iocsr(vcpu, why);
		break;
	case EXIT_IDLE:
		guest_idle(vcpu);
		break;
	default: /* EXIT_STATE, a CACOP: caches are coherent, nothing is to be done */
		break;
	}
	skip(guest);
	return verdict;
}

enum arch_verdict arch_vcpu_handle(struct vcpu *vcpu, const struct vcpu_exit *exit,
				   const char **why)
{
	struct arch_vcpu *guest = vcpu->arch;

	switch (exit->reason) {
	case EXIT_IDENTIFY:
	case EXIT_SYSREG:
	case EXIT_IOCSR:
	case EXIT_IPI:
	case EXIT_IDLE:
	case EXIT_STATE:
		return handle_insn(vcpu, exit, why);
	case EXIT_HYPERCALL:
		guest->gpr[GPR_A0] = HYPERCALL_UNKNOWN;
		skip(guest);
		return ARCH_HANDLED;
	case EXIT_UNDEFINED:
		guest_inject(guest, ECODE_INE);
		return ARCH_HANDLED;
	case EXIT_MMIO:
		*why = "accessed memory that it does not own";
		return ARCH_NOT_MINE;
	case EXIT_MACHINE_CHECK:
		*why = "the hardware reported a machine error";
		return ARCH_FAULT;
	default:
		*why = "the processor left it for a reason nobody asked for";
		return ARCH_FAULT;
	}
}

/* --- Accesses to devices --- */

static uint64_t read_physical(uint64_t address, unsigned int size)
{
	switch (size) {
	case 1:
		return mmio_read8(address);
	case 2:
		return mmio_read16(address);
	case 4:
		return mmio_read32(address);
	default:
		return mmio_read64(address);
	}
}

static void write_physical(uint64_t address, unsigned int size, uint64_t value)
{
	switch (size) {
	case 1:
		mmio_write8(address, (uint8_t)value);
		break;
	case 2:
		mmio_write16(address, (uint16_t)value);
		break;
	case 4:
		mmio_write32(address, (uint32_t)value);
		break;
	default:
		mmio_write64(address, value);
		break;
	}
}

/* Whether the access is to registers that the cell owns but that share their page with others. */
static bool access_window(const struct cell *cell, uint64_t gpa, const struct insn_access *access,
			  uint64_t *value)
{
	const struct arch_cell_config *config = &cell->config->arch;

	for (unsigned int i = 0; i < config->nr_windows; i++) {
		const struct loongarch_window *window = &config->windows[i];

		if (gpa < window->base || gpa - window->base >= window->size ||
		    window->size - (gpa - window->base) < access->size || gpa % access->size)
			continue;
		if (access->write)
			write_physical(gpa, access->size, *value);
		else
			*value = read_physical(gpa, access->size);
		return true;
	}
	return false;
}

int arch_vcpu_emulate(struct vcpu *vcpu, const struct vcpu_exit *exit)
{
	struct arch_vcpu *guest = vcpu->arch;
	struct insn_access access;
	uint64_t gpa, value;
	int err;

	if (exit->reason != EXIT_MMIO || exit->mmio.execute ||
	    !insn_decode_access(exit_insn(), &access) || access.write != exit->mmio.write)
		return -EPERM;
	gpa = exit->mmio.gpa;
	value = insn_extend(guest->gpr[access.reg], access.size, false);
	if (!access_window(vcpu->cell, gpa, &access, &value)) {
		err = cell_access(vcpu, DEVICE_MMIO, gpa, access.size, access.write, &value);
		if (err)
			return err;
	}
	if (!access.write)
		set_gpr(guest, access.reg, insn_extend(value, access.size, access.sign));
	skip(guest);
	return 0;
}

/* There are none: what kernels look for without being told is a virtual device of the cell. */
bool arch_is_legacy_probe(enum device_space space, uint64_t address)
{
	(void)space;
	(void)address;
	return false;
}

void arch_vcpu_dump(struct vcpu *vcpu)
{
	const struct arch_vcpu *guest = vcpu->arch;

	for (unsigned int i = 0; i < 32; i += 4)
		log_printf("  r%-2u %016lx  r%-2u %016lx  r%-2u %016lx  r%-2u %016lx\n", i,
			   (unsigned long)guest->gpr[i], i + 1, (unsigned long)guest->gpr[i + 1],
			   i + 2, (unsigned long)guest->gpr[i + 2], i + 3,
			   (unsigned long)guest->gpr[i + 3]);
	log_printf("  pc  %016lx  estat %lx  badv %lx  badi %08x\n", (unsigned long)guest->pc,
		   (unsigned long)csr_read(CSR_ESTAT), (unsigned long)csr_read(CSR_BADV),
		   exit_insn());
	log_printf("  guest: crmd %lx  prmd %lx  ecfg %lx  estat %lx  era %lx  badv %lx\n",
		   (unsigned long)gcsr_read(CSR_CRMD), (unsigned long)gcsr_read(CSR_PRMD),
		   (unsigned long)gcsr_read(CSR_ECFG), (unsigned long)gcsr_read(CSR_ESTAT),
		   (unsigned long)gcsr_read(CSR_ERA), (unsigned long)gcsr_read(CSR_BADV));
}
