/* SPDX-License-Identifier: Apache-2.0 */
/* Carries out guest instructions that touch virtual devices: port I/O and memory-mapped registers.
 */
#include "core/arch.h"
#include "core/cell.h"
#include "guest.h"
#include "insn.h"
#include "vendor.h"

#define RFLAGS_VM BIT_ULL(17)
/* Page fault error code: APM 8.4.2 */
#define PF_ERROR_WRITE BIT(1)
#define PF_ERROR_USER BIT(2)

/* One instruction on its way. */
struct operation {
	struct vcpu *vcpu;
	const struct vcpu_exit *exit;
	const struct insn *insn;
	const struct x86_state *state;
	uint64_t next_rip;
	bool rom; /* the address is read-only memory of the cell: writes vanish, as in a real ROM */
};

static enum insn_mode mode_of(const struct arch_vcpu *guest, const struct x86_state *state)
{
	uint16_t attributes = state->segments[SEG_CS].attributes;

	if ((state->efer & EFER_LMA) && (attributes & SEG_ATTR_LONG))
		return INSN_MODE_64;
	if ((attributes & SEG_ATTR_BIG) && !(guest->rflags & RFLAGS_VM))
		return INSN_MODE_32;
	return INSN_MODE_16;
}

/* In 64-bit mode only FS and GS have a base (APM 4.5.3). */
static uint64_t segment_base(const struct operation *op, enum insn_segment segment)
{
	static const uint8_t map[] = { SEG_ES, SEG_CS, SEG_SS, SEG_DS, SEG_FS, SEG_GS };

	if (mode_of(op->vcpu->arch, op->state) == INSN_MODE_64 && segment < INSN_FS)
		return 0;
	return op->state->segments[map[segment]].base;
}

/* Linear addresses have 64 bits in 64-bit mode and 32 otherwise, where they wrap (APM 4.5.2). */
static uint64_t linear_address(enum insn_mode mode, uint64_t base, uint64_t offset)
{
	return mode == INSN_MODE_64 ? base + offset : (uint32_t)(base + offset);
}

static uint64_t source_address(const struct operation *op)
{
	return linear_address(mode_of(op->vcpu->arch, op->state),
			      segment_base(op, op->insn->segment),
			      insn_offset(op->insn, op->vcpu->arch->gpr, op->next_rip));
}

static uint64_t es_rdi(const struct operation *op)
{
	unsigned int bits = op->insn->address_size * 8u;
	uint64_t rdi = op->vcpu->arch->gpr[GPR_RDI];

	return linear_address(mode_of(op->vcpu->arch, op->state), segment_base(op, INSN_ES),
			      bits == 64 ? rdi : rdi & (BIT_ULL(bits) - 1));
}

static int device(const struct operation *op, unsigned int size, bool write, uint64_t *value)
{
	bool pio = op->exit->reason == EXIT_PIO;
	uint64_t address = pio ? op->exit->pio.port : op->exit->mmio.gpa;
	uint64_t result = 0;

	if (size > sizeof(result))
		return -EPERM;
	if (op->rom && write)
		return 0;
	for (unsigned int done = 0; done < size; done += 4) {
		unsigned int part = size - done < 4 ? size - done : 4;
		uint64_t word = write ? *value >> (done * 8) & UINT32_MAX : 0;
		int err = cell_access(op->vcpu, pio ? DEVICE_PIO : DEVICE_MMIO, address + done,
				      part, write, &word);

		if (err)
			return err;
		result |= (word & UINT32_MAX) << (done * 8);
	}
	if (!write)
		*value = size < 8 ? result & (BIT_ULL(size * 8) - 1) : result;
	return 0;
}

/*
 * The second operand of a string instruction, in ordinary memory. What the guest's page tables do
 * not map is the guest's own page fault; what lies outside the cell is a violation like any other.
 */
static int memory_operand(struct operation *op, uint64_t linear, unsigned int size, uint64_t *value,
			  bool write)
{
	struct arch_vcpu *guest = op->vcpu->arch;
	const struct cell *cell = op->vcpu->cell;
	int err = write ? guest_write_linear(guest, cell, linear, value, size)
			: guest_read_linear(guest, cell, linear, value, size);

	if (err == -ENOENT) {
		uint16_t ss = op->state->segments[SEG_SS].attributes;
		uint32_t user = (ss & SEG_ATTR_DPL) == SEG_ATTR_DPL ? PF_ERROR_USER : 0;

		vendor->set_cr2(guest, linear);
		vcpu_inject_exception(guest, VECTOR_PF, user | (write ? PF_ERROR_WRITE : 0));
		return -EFAULT;
	}
	if (err && cell->config->on_violation == VIOLATION_REPORT) {
		cell_violation(op->vcpu, "linear address", linear, write);
		if (!write)
			*value = UINT64_MAX >> (64 - size * 8);
		return 0;
	}
	return err;
}

static int operand_read(void *ctx, unsigned int size, uint64_t *value)
{
	struct operation *op = ctx;
	bool memory = op->insn->kind == INSN_OUTS ||
		      (op->insn->kind == INSN_MOVS && op->exit->mmio.write);

	*value = 0;
	if (memory || (op->rom && op->exit->reason == EXIT_MMIO)) {
		uint64_t linear = op->insn->kind == INSN_STOS ? es_rdi(op) : source_address(op);

		return memory_operand(op, linear, size, value, false);
	}
	return device(op, size, false, value);
}

static int operand_write(void *ctx, unsigned int size, uint64_t value)
{
	struct operation *op = ctx;
	bool memory = op->insn->kind == INSN_INS ||
		      (op->insn->kind == INSN_MOVS && !op->exit->mmio.write);

	if (memory)
		return memory_operand(op, es_rdi(op), size, &value, true);
	return device(op, size, true, &value);
}

static int fetch(struct vcpu *vcpu, const struct x86_state *state, struct insn *insn)
{
	struct arch_vcpu *guest = vcpu->arch;
	enum insn_mode mode = mode_of(guest, state);
	uint64_t base = mode == INSN_MODE_64 ? 0 : state->segments[SEG_CS].base;
	uint64_t linear = linear_address(mode, base, guest->rip);
	uint8_t bytes[INSN_MAX];
	unsigned int len = INSN_MAX;

	/* The instruction may end just before a page that is not there. */
	if (guest_read_linear(guest, vcpu->cell, linear, bytes, len) != 0) {
		uint64_t rest = PAGE_SIZE - (linear & ~PAGE_MASK);

		if (rest >= INSN_MAX ||
		    guest_read_linear(guest, vcpu->cell, linear, bytes, (unsigned int)rest) != 0)
			return -EPERM;
		len = (unsigned int)rest;
	}
	return insn_decode(insn, bytes, len, mode) == 0 ? 0 : -EPERM;
}

static int emulate_instruction(struct vcpu *vcpu, const struct vcpu_exit *exit, bool rom)
{
	const struct insn_memory memory = { .ctx = NULL,
					    .read = operand_read,
					    .write = operand_write };
	struct arch_vcpu *guest = vcpu->arch;
	struct x86_state state;
	struct insn insn;
	struct operation op = { vcpu, exit, &insn, &state, 0, rom };
	struct insn_memory bound = memory;
	int result;

	vendor->get_state(guest, &state);
	/* String I/O from or to registers in memory would need a port that only the guest has; and
	 * another CPU may have changed the instruction since it exited. */
	if (fetch(vcpu, &state, &insn) != 0 ||
	    (insn.kind >= INSN_INS) != (exit->reason == EXIT_PIO))
		return -EPERM;
	op.next_rip = guest->rip + insn.length;
	bound.ctx = &op;
	result = insn_emulate(&insn, guest->gpr, &guest->rflags, &bound);
	if (result == -EFAULT) /* the guest takes its page fault first */
		return 0;
	if (result < 0)
		return result;
	if (result == 0)
		vcpu_skip(guest, insn.length);
	return 0;
}

static int emulate_port(struct vcpu *vcpu, const struct pio_exit *pio)
{
	struct arch_vcpu *guest = vcpu->arch;
	uint64_t mask = BIT_ULL(pio->size * 8) - 1;
	uint64_t value = guest->gpr[GPR_RAX] & mask;
	int err = cell_access(vcpu, DEVICE_PIO, pio->port, pio->size, pio->write, &value);

	if (err)
		return err;
	if (!pio->write) /* a 32-bit result clears the upper half, smaller ones keep it */
		guest->gpr[GPR_RAX] = pio->size == 4
					      ? value & mask
					      : (guest->gpr[GPR_RAX] & ~mask) | (value & mask);
	vcpu_skip(guest, pio->next_pc - guest->rip);
	return 0;
}

/* Something that no emulated instruction can do: the cell faults, or the guest sees #GP, as
 * on-violation says. */
static int refuse(struct vcpu *vcpu, const struct mmio_exit *mmio)
{
	if (vcpu->cell->config->on_violation == VIOLATION_FAULT || mmio->execute)
		return -EPERM;
	cell_violation(vcpu, "address", mmio->gpa, mmio->write);
	vcpu_inject_exception(vcpu->arch, VECTOR_GP, 0);
	return 0;
}

int arch_vcpu_emulate(struct vcpu *vcpu, const struct vcpu_exit *exit)
{
	const struct mmio_exit *mmio = &exit->mmio;
	int err;

	if (exit->reason == EXIT_PIO)
		return exit->pio.string ? emulate_instruction(vcpu, exit, false)
					: emulate_port(vcpu, &exit->pio);
	if (mmio->execute || mmio->walk)
		return refuse(vcpu, mmio);
	err = emulate_instruction(vcpu, exit, cell_region(vcpu->cell, mmio->gpa) != NULL);
	return err ? refuse(vcpu, mmio) : 0;
}
