/* SPDX-License-Identifier: Apache-2.0 */
/* The life of a LoongArch vCPU: power-on, requests, waiting. */
#include "boot.h"
#include "core/arch.h"
#include "core/string.h"
#include "cpu.h"
#include "guest.h"
#include "iocsr.h"
#include "irq.h"
#include "loongarch.h"
#include "mmio.h"
#include "seed.h"
#include "stage2.h"

/* The interprocessor interrupt that asks for a CPU's attention. Firmware's loop uses 0. */
#define IPI_ATTENTION 1u

/* The guest's copy of TCFG may have a period of up to 2^48 ticks; longer than any test waits. */
#define IDLE_TICKS_MAX BIT_ULL(40)
#define TICKS_MIN 4u /* TCFG.InitVal has no bits 1:0 */

int guest_init_cell(struct cell *cell)
{
	struct cell_stage2 s2;
	int err;

	cell->arch.gid = cell->index + 1;
	err = cell_stage2_init(&s2, cell->arch.gid, (csr_read(CSR_PRCFG2) & STAGE2_PRCFG2_1G) != 0);
	if (!err)
		err = stage2_map_cell(&s2.tables, cell->config); /* no CPU has run it yet */
	if (err)
		return err;
	cell->arch.second_stage = stage2_root(&s2.tables);
	return 0;
}

void arch_fill_memory(uint64_t hpa, const uint8_t *data, uint64_t size)
{
	uint8_t *target = (uint8_t *)hpa; /* the window maps it one to one */

	if (data)
		memcpy(target, data, size);
	else
		memset(target, 0, size);
}

/* The guest's CSRs after reset (RM 6.4), which not every implementation of LVZ sets. */
static void reset_csrs(const struct vcpu *vcpu)
{
	gcsr_write(CSR_TCFG, 0);
	gcsr_write(CSR_TICLR, TICLR_CLR);
	gcsr_write(CSR_CRMD, CRMD_DA);
	gcsr_write(CSR_PRMD, 0);
	gcsr_write(CSR_EUEN, 0);
	gcsr_write(CSR_MISC, 0);
	gcsr_write(CSR_ECFG, 0);
	gcsr_write(CSR_ESTAT, 0);
	gcsr_write(CSR_ERA, 0);
	gcsr_write(CSR_BADV, 0);
	gcsr_write(CSR_BADI, 0);
	gcsr_write(CSR_EENTRY, 0);
	gcsr_write(CSR_TLBIDX, 0);
	gcsr_write(CSR_TLBEHI, 0);
	gcsr_write(CSR_TLBELO0, 0);
	gcsr_write(CSR_TLBELO1, 0);
	gcsr_write(CSR_ASID, 0);
	gcsr_write(CSR_PGDL, 0);
	gcsr_write(CSR_PGDH, 0);
	gcsr_write(CSR_PWCL, 0);
	gcsr_write(CSR_PWCH, 0);
	gcsr_write(CSR_STLBPS, STLBPS_4K);
	gcsr_write(CSR_RVACFG, 0);
	gcsr_write(CSR_CPUID, vcpu->index);
	gcsr_write(CSR_TID, vcpu->index);
	gcsr_write(CSR_PRCFG1, csr_read(CSR_PRCFG1));
	gcsr_write(CSR_PRCFG2, csr_read(CSR_PRCFG2));
	gcsr_write(CSR_PRCFG3, csr_read(CSR_PRCFG3));
	gcsr_write(CSR_CNTC, 0);
	gcsr_write(CSR_LLBCTL, 0);
	gcsr_write(CSR_TLBRENTRY, 0);
	gcsr_write(CSR_TLBRBADV, 0);
	gcsr_write(CSR_TLBRERA, 0);
	gcsr_write(CSR_TLBRSAVE, 0);
	gcsr_write(CSR_TLBRELO0, 0);
	gcsr_write(CSR_TLBRELO1, 0);
	gcsr_write(CSR_TLBREHI, 0);
	gcsr_write(CSR_TLBRPRMD, 0);
	gcsr_write(CSR_DMW(0), 0);
	gcsr_write(CSR_DMW(1), 0);
	gcsr_write(CSR_DMW(2), 0);
	gcsr_write(CSR_DMW(3), 0);
}

static void reset_saves(void)
{
	gcsr_write(CSR_SAVE(0), 0);
	gcsr_write(CSR_SAVE(1), 0);
	gcsr_write(CSR_SAVE(2), 0);
	gcsr_write(CSR_SAVE(3), 0);
	gcsr_write(CSR_SAVE(4), 0);
	gcsr_write(CSR_SAVE(5), 0);
	gcsr_write(CSR_SAVE(6), 0);
	gcsr_write(CSR_SAVE(7), 0);
}

/* GINTC is written whole: what it holds of HWIS cannot be read back everywhere. */
static void write_lines(const struct arch_vcpu *guest)
{
	csr_write(CSR_GINTC, __atomic_load_n(&guest->lines, __ATOMIC_SEQ_CST) & GINTC_HWIS_MASK);
}

/*
 * Sets or clears the guest's ESTAT.IPI. A timer that expires in the moment of the write must not be
 * lost: then its value grew, from a little to -1 or the period.
 */
static void write_ipi(bool pending)
{
	uint64_t before = gcsr_read(CSR_TVAL);

	gcsr_exchange(CSR_ESTAT, pending ? INT_IPI : 0, INT_IPI);
	if (gcsr_read(CSR_TVAL) > before)
		gcsr_exchange(CSR_ESTAT, INT_TI, INT_TI);
}

static void flush_tlb(const struct vcpu *vcpu)
{
	invtlb(INVTLB_GUEST, (uint64_t)vcpu->cell->arch.gid << INVTLB_GID_SHIFT, 0);
}

void arch_vcpu_reset(struct vcpu *vcpu)
{
	const struct arch_cell_config *config = &vcpu->cell->config->arch;
	struct arch_vcpu *guest = vcpu->arch;

	memset(guest->gpr, 0, sizeof(guest->gpr));
	memset(&guest->csrs, 0, sizeof(guest->csrs));
	guest->started = vcpu->index == 0;
	__atomic_store_n(&vcpu->waiting, !guest->started, __ATOMIC_SEQ_CST);
	reset_csrs(vcpu);
	reset_saves();
	units_reset(cpu_units());
	write_lines(guest);
	flush_tlb(vcpu);
	barrier_instructions(); /* the images were written as data */
	if (!guest->started)
		return;
	guest->pc = config->entry;
	for (unsigned int i = 0; i < ARRAY_SIZE(config->arguments); i++)
		guest->gpr[GPR_A0 + i] = config->arguments[i];
}

/* What firmware's loop does when its mailbox has an address. */
static void start(struct vcpu *vcpu, uint64_t address)
{
	vcpu->arch->pc = address;
	vcpu->arch->started = true;
	__atomic_store_n(&vcpu->waiting, false, __ATOMIC_SEQ_CST);
}

static void take_ipi(struct vcpu *vcpu)
{
	struct arch_vcpu *guest = vcpu->arch;
	uint64_t address;

	if (!guest->started && ipi_take_start(&guest->ipi, &address))
		start(vcpu, address);
	if (guest->started)
		write_ipi(ipi_pending(&guest->ipi));
}

/* Not inlined: most exits come without requests, and need none of its stack. */
static __attribute__((noinline)) bool take_requests(struct vcpu *vcpu, uint32_t requests)
{
	if (requests & REQUEST_TIMER)
		guest_arm_timer();
	if (requests & REQUEST_LINES)
		write_lines(vcpu->arch);
	if (requests & REQUEST_IPI)
		take_ipi(vcpu);
	return vcpu->arch->started;
}

bool arch_vcpu_prepare(struct vcpu *vcpu, uint32_t requests)
{
	return requests ? take_requests(vcpu, requests) : vcpu->arch->started;
}

/* Asks @vcpu for @request; at once when this is its CPU. */
static void request(struct vcpu *vcpu, uint32_t bits)
{
	if (this_cpu()->vcpu == vcpu)
		take_requests(vcpu, bits);
	else
		vcpu_request(vcpu, bits);
}

void arch_set_cpu_line(struct cell *cell, unsigned int vcpu, unsigned int line, bool level)
{
	struct arch_vcpu *guest = cell->vcpus[vcpu]->arch;
	uint32_t before;

	if (level)
		before = __atomic_fetch_or(&guest->lines, BIT(line), __ATOMIC_SEQ_CST);
	else
		before = __atomic_fetch_and(&guest->lines, ~BIT(line), __ATOMIC_SEQ_CST);
	if ((before >> line & 1) != level)
		request(cell->vcpus[vcpu], REQUEST_LINES);
}

struct ipi_block *vcpu_ipi(struct vcpu *vcpu)
{
	return &vcpu->arch->ipi;
}

void vcpu_ipi_changed(struct vcpu *vcpu)
{
	request(vcpu, REQUEST_IPI);
}

void arch_send_message(struct cell *cell, const struct irq_message *msg)
{
	(void)cell; /* a cell without an extended I/O interrupt controller: nobody takes it */
	(void)msg;
}

void arch_cell_reset(struct cell *cell)
{
	seed_cell(cell);
	irq_cell_reset(cell);
	for (unsigned int v = 0; v < cell->config->nr_cpus; v++) {
		__atomic_store_n(&cell->vcpus[v]->arch->lines, 0, __ATOMIC_SEQ_CST);
		ipi_reset(&cell->vcpus[v]->arch->ipi, v != 0);
	}
}

void arch_vcpu_quiesce(struct vcpu *vcpu)
{
	(void)vcpu;
	gcsr_write(CSR_TCFG, 0);
	csr_write(CSR_GINTC, 0);
}

/* --- Time and waiting --- */

static void arm(uint64_t ticks)
{
	csr_write(CSR_TCFG, (ticks & ~(uint64_t)(TICKS_MIN - 1)) | TCFG_EN);
}

/* Ticks until this CPU's deadline; 0 when there is none. */
static uint64_t ticks_to_deadline(void)
{
	uint64_t deadline = __atomic_load_n(&this_cpu()->deadline, __ATOMIC_SEQ_CST);
	uint64_t now = arch_now(), ticks;

	if (deadline == TIMER_OFF)
		return 0;
	ticks = deadline > now ? timing_ticks(deadline - now) : 0;
	if (ticks > IDLE_TICKS_MAX)
		ticks = IDLE_TICKS_MAX;
	return ticks + TICKS_MIN; /* rounded up */
}

void guest_arm_timer(void)
{
	uint64_t ticks = ticks_to_deadline();

	if (ticks)
		arm(ticks);
	else
		csr_write(CSR_TCFG, 0);
}

void arch_cell_timer(struct cell *cell, uint64_t deadline)
{
	struct vcpu *first = cell->vcpus[0];
	struct cpu *cpu = cpu_blocks[first->cpu];
	uint64_t before = __atomic_exchange_n(&cpu->deadline, deadline, __ATOMIC_SEQ_CST);

	if (cpu == this_cpu())
		guest_arm_timer();
	else if (before != deadline)
		vcpu_request(first, REQUEST_TIMER);
}

/* Lines of GINTC may or may not show in the guest's ESTAT as long as it does not run. */
static bool guest_has_work(const struct arch_vcpu *guest)
{
	uint64_t lines = __atomic_load_n(&guest->lines, __ATOMIC_SEQ_CST);

	return (gcsr_read(CSR_ESTAT) | lines << INT_HWI_SHIFT) & gcsr_read(CSR_ECFG) & INT_MASK;
}

/*
 * Nobody says whether the guest's timer ends an IDLE of the hypervisor: so this CPU's own does, at
 * the same time. It is armed for the earlier of that and the cell's deadline.
 */
static void arm_for_idle(void)
{
	uint64_t ticks = ticks_to_deadline(), left = IDLE_TICKS_MAX;

	if (gcsr_read(CSR_TCFG) & TCFG_EN)
		left = gcsr_read(CSR_TVAL);
	if (left < IDLE_TICKS_MAX && (!ticks || left + TICKS_MIN < ticks))
		ticks = left + TICKS_MIN;
	if (ticks)
		arm(ticks);
}

/* Serves the host's interrupts and returns which ones; a later look would find others. */
static uint64_t attend(void)
{
	uint64_t estat = csr_read(CSR_ESTAT);

	if (estat & INT_IPI) {
		iocsr_write32(IOCSR_IPI_CLEAR, iocsr_read32(IOCSR_IPI_STATUS));
		barrier_data(); /* requests are read later */
	}
	if (estat & INT_TI)
		csr_write(CSR_TICLR, TICLR_CLR);
	irq_attend();
	return estat;
}

/* Waits once; false when the timer went off. What devices want becomes a request. */
static bool idle(struct vcpu *vcpu)
{
	bool timer;

	cpu_idle();
	timer = attend() & INT_TI;
	if (timer && __atomic_load_n(&this_cpu()->deadline, __ATOMIC_SEQ_CST) <= arch_now())
		vcpu_request(vcpu, REQUEST_POLL);
	return !timer;
}

void guest_idle(struct vcpu *vcpu)
{
	bool armed = false;

	while (!guest_has_work(vcpu->arch) &&
	       __atomic_load_n(&vcpu->requests, __ATOMIC_SEQ_CST) == 0) {
		if (!armed) {
			/* The guest's timer may have ended before it was read: look again. */
			arm_for_idle();
			armed = true;
			continue;
		}
		if (!idle(vcpu))
			break; /* the guest's own timer is at its end, too */
	}
	if (armed)
		guest_arm_timer();
}

void arch_wait(struct vcpu *vcpu)
{
	if (__atomic_load_n(&vcpu->requests, __ATOMIC_SEQ_CST) == 0)
		cpu_idle();
}

/* This CPU looks at its requests before it runs its guest or waits. */
void arch_kick(struct vcpu *vcpu)
{
	if (this_cpu()->vcpu == vcpu)
		return;
	barrier_data(); /* the request is seen first */
	iocsr_write32(IOCSR_IPI_SEND,
		      IOCSR_SEND_BLOCKING | vcpu->hwid << IOCSR_SEND_CPU_SHIFT | IPI_ATTENTION);
}

void arch_attend(struct vcpu *vcpu)
{
	(void)vcpu;
	(void)attend();
}

void arch_poweroff(void)
{
	const struct loongarch_power_off *off = &partition_table.board.arch.power_off;

	switch (off->address ? off->width : 0) {
	case 1:
		mmio_write8(off->address, (uint8_t)((mmio_read8(off->address) & ~off->mask) |
						    (off->value & off->mask)));
		break;
	case 2:
		mmio_write16(off->address, (uint16_t)((mmio_read16(off->address) & ~off->mask) |
						      (off->value & off->mask)));
		break;
	case 4:
		mmio_write32(off->address,
			     (mmio_read32(off->address) & ~off->mask) | (off->value & off->mask));
		break;
	default:
		break;
	}
}
