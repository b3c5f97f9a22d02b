/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Interrupts between a cell's CPUs, and from its virtual devices to them. Guests name CPUs by
 * virtual APIC ids, which are vCPU numbers; nothing they write can name a CPU of another cell (SDM
 * vol. 3, 11.12.9 and 11.12.10).
 */
#include "apic.h"
#include "core/log.h"
#include "guest.h"
#include "ioapic.h"

#define BROADCAST UINT32_MAX
#define CLUSTER(destination) ((destination) >> 16)
#define CLUSTER_BROADCAST 0xffffu
#define CPUS_PER_CLUSTER 16u
#define FIRST_LEGAL_VECTOR 16u
/* Destinations of I/O APIC and MSI messages are 8 bits wide; all ones is everybody. */
#define MESSAGE_BROADCAST 0xffu

static uint64_t everybody(const struct cell *cell)
{
	return ~0ull >> (64 - cell->config->nr_cpus);
}

/* The vCPUs that @destination names, as a mask. *@foreign: it also names CPUs that the cell does
 * not have. */
static uint64_t targets(const struct cell *cell, uint32_t destination, bool logical, bool *foreign)
{
	uint64_t all = everybody(cell);
	uint32_t cluster = CLUSTER(destination);
	uint64_t mask;

	*foreign = false;
	if (destination == BROADCAST)
		return all;
	if (!logical) {
		*foreign = destination >= cell->config->nr_cpus;
		return *foreign ? 0 : BIT_ULL(destination);
	}
	if (cluster == CLUSTER_BROADCAST) {
		mask = 0;
		for (unsigned int first = 0; first < MAX_CPUS; first += CPUS_PER_CLUSTER)
			mask |= (uint64_t)(destination & 0xffff) << first;
		return mask & all;
	}
	mask = cluster < MAX_CPUS / CPUS_PER_CLUSTER
		       ? (uint64_t)(destination & 0xffff) << (cluster * CPUS_PER_CLUSTER)
		       : 0;
	*foreign = mask == 0 || (mask & ~all) != 0;
	return mask & all;
}

static_assert(ARRAY_SIZE(((struct arch_cell *)0)->startup) >= MAX_CPUS, "one for each vCPU");

static void request_all(struct cell *cell, uint64_t mask, uint32_t request, uint32_t startup)
{
	for (unsigned int v = 0; v < cell->config->nr_cpus; v++) {
		if (!(mask & BIT_ULL(v)))
			continue;
		if (request == REQUEST_SIPI)
			__atomic_store_n(&cell->arch.startup[v], startup, __ATOMIC_RELEASE);
		vcpu_request(cell->vcpus[v], request);
	}
}

static void send_fixed(const struct cell *cell, uint64_t mask, uint32_t low)
{
	for (unsigned int v = 0; v < cell->config->nr_cpus; v++)
		if (mask & BIT_ULL(v))
			apic_send(cell->vcpus[v]->hwid, low);
}

static void send(struct cell *cell, uint64_t mask, enum apic_delivery delivery,
		 uint32_t vector)
{
	switch (delivery) {
	case DELIVERY_LOWEST:
		mask &= -mask; /* any one of them will do */
			       /* fall through */
	case DELIVERY_FIXED:
		if (vector >= FIRST_LEGAL_VECTOR)
			send_fixed(cell, mask, vector | ICR_ASSERT);
		break;
	case DELIVERY_NMI:
		request_all(cell, mask, REQUEST_NMI, 0);
		break;
	case DELIVERY_INIT:
		request_all(cell, mask, REQUEST_INIT, 0);
		break;
	case DELIVERY_SIPI:
		request_all(cell, mask, REQUEST_SIPI, vector);
		break;
	default:
		break;
	}
}

int guest_send_ipi(struct vcpu *vcpu, uint64_t icr)
{
	struct cell *cell = vcpu->cell;
	uint32_t low = (uint32_t)icr;
	enum apic_delivery delivery = ICR_DELIVERY(low);
	bool foreign = false;
	uint64_t mask;

	switch ((enum apic_shorthand)ICR_SHORTHAND(low)) {
	case SHORTHAND_SELF:
		mask = BIT_ULL(vcpu->index);
		break;
	case SHORTHAND_ALL:
		mask = everybody(cell);
		break;
	case SHORTHAND_OTHERS:
		mask = everybody(cell) & ~BIT_ULL(vcpu->index);
		break;
	default:
		mask = targets(cell, (uint32_t)(icr >> 32), low & ICR_LOGICAL, &foreign);
		break;
	}
	if (foreign || delivery == DELIVERY_SMI)
		return -EPERM;
	if (delivery == DELIVERY_INIT && (low & ICR_LEVEL) && !(low & ICR_ASSERT))
		return 0; /* INIT level de-assert: only old APICs act on it */
	send(cell, mask, delivery, low & ICR_VECTOR);
	return 0;
}

static uint64_t message_targets(const struct cell *cell, const struct irq_message *msg)
{
	uint32_t destination = msg->destination == MESSAGE_BROADCAST ? BROADCAST : msg->destination;
	bool foreign;

	/* An 8-bit logical destination reaches only cluster 0. */
	return targets(cell, destination, msg->logical, &foreign);
}

void arch_send_message(struct cell *cell, const struct irq_message *msg)
{
	if (msg->delivery != DELIVERY_SIPI && msg->delivery != DELIVERY_EXTINT)
		send(cell, message_targets(cell, msg), msg->delivery, msg->vector);
}

static const struct x86_irq_pin *passthrough_pin(const struct cell *cell, unsigned int pin)
{
	for (unsigned int i = 0; i < cell->config->arch.nr_pins; i++)
		if (cell->config->arch.pins[i].pin == pin)
			return &cell->config->arch.pins[i];
	return NULL;
}

void arch_route_pin(struct cell *cell, unsigned int pin, const struct irq_message *msg, bool masked)
{
	const struct x86_irq_pin *owned = passthrough_pin(cell, pin);
	uint64_t mask = message_targets(cell, msg);
	struct ioapic_route route = { .vector = msg->vector };

	if (!owned)
		return;
	/* What the guest may choose: the vector and which of its CPUs. The line's electrical side
	 * is the board's. */
	route.level = owned->level;
	route.masked = masked || mask == 0 || msg->delivery > DELIVERY_LOWEST ||
		       msg->vector < FIRST_LEGAL_VECTOR;
	if (mask)
		route.destination = cell->vcpus[__builtin_ctzll(mask)]->hwid;
	ioapic_set_route(pin, &route);
}

void arch_cell_reset(struct cell *cell)
{
	const struct ioapic_route masked = { .masked = true };

	for (unsigned int i = 0; i < cell->config->arch.nr_pins; i++)
		ioapic_set_route(cell->config->arch.pins[i].pin, &masked);
	__atomic_store_n(&cell->arch.intr, 0, __ATOMIC_RELAXED);
	arch_cell_timer(cell, TIMER_OFF);
}

/* The only such line is INTR: an 8259 has one processor. */
void arch_set_cpu_line(struct cell *cell, unsigned int vcpu, unsigned int line, bool level)
{
	(void)line;
	__atomic_store_n(&cell->arch.intr, level, __ATOMIC_SEQ_CST);
	if (level)
		vcpu_request(cell->vcpus[vcpu], REQUEST_INTR);
}
