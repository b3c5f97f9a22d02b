/* SPDX-License-Identifier: Apache-2.0 */
/* What happens when a guest does what its configuration does not allow: a report a person can act
 * on. */
#include "core/arch.h"
#include "core/cell.h"
#include "core/log.h"
#include "core/vcpu.h"

static void explain_pio(const struct pio_exit *pio)
{
	log_printf("  touched: %s of %u byte%s at I/O port 0x%x\n", pio->write ? "write" : "read",
		   pio->size, pio->size > 1 ? "s" : "", pio->port);
	log_printf("  allow it: name the device that has this port in the cell's "
		   "passthrough = <&device>, or add a virtual one to its vdev node\n");
}

static void explain_mmio(const struct cell *cell, const struct mmio_exit *mmio)
{
	const char *how = mmio->execute ? "instruction fetch" : mmio->write ? "write" : "read";
	const struct device_range *range;
	const struct device *device = cell_device(cell, DEVICE_MMIO, mmio->gpa, &range);

	if (device) {
		log_printf("  touched: %s at guest-physical 0x%lx, registers of the virtual device "
			   "%s, in a way that is not emulated\n",
			   how, (unsigned long)mmio->gpa, device->name);
		log_printf("  allow it: not a matter of configuration; plain moves of 1, 2, 4 or 8 "
			   "bytes are emulated (docs/internals.md)\n");
		return;
	}
	log_printf("  touched: %s%s at guest-physical 0x%lx\n", how,
		   mmio->walk ? " (walking the guest's page table)" : "", (unsigned long)mmio->gpa);
	log_printf(
		"  allow it: enlarge the cell's memory = <...>, or name the device that has this "
		"address in its passthrough = <&device>\n");
}

static void explain(const struct cell *cell, const struct vcpu_exit *exit)
{
	switch (exit->reason) {
	case EXIT_PIO:
		explain_pio(&exit->pio);
		break;
	case EXIT_MMIO:
		explain_mmio(cell, &exit->mmio);
		break;
	case EXIT_IPI:
		log_printf("  touched: an inter-processor interrupt, command 0x%lx\n",
			   (unsigned long)exit->info);
		log_printf("  allow it: list the CPU in the cell's cpus = <&cpu ...>\n");
		break;
	case EXIT_SHUTDOWN:
		log_printf("  touched: nothing outside; the guest's own exception handling failed "
			   "(triple fault)\n");
		log_printf(
			"  allow it: not a matter of configuration; on-fault = \"restart\" starts "
			"the cell again\n");
		break;
	default:
		log_printf("  touched: %s, code 0x%lx, info 0x%lx\n",
			   exit_reason_name(exit->reason), (unsigned long)exit->code,
			   (unsigned long)exit->info);
		break;
	}
}

void cell_fault(struct vcpu *vcpu, const struct vcpu_exit *exit, const char *why)
{
	struct cell *cell = vcpu->cell;
	bool restart = cell->config->on_fault == FAULT_RESTART;

	if (!cell_is_running(cell))
		return;
	log_printf("cell %s: FAULT on vCPU %u (CPU %u) at pc 0x%lx: %s\n", cell->config->name,
		   vcpu->index, vcpu->cpu, (unsigned long)exit->pc, why);
	explain(cell, exit);
	log_printf("  configured at: %s, on-fault = \"%s\"\n", cell->config->source,
		   restart ? "restart" : "stop");
	arch_vcpu_dump(vcpu);
	cell_leave(cell, restart ? CELL_RESTARTING : CELL_FAILED);
}
