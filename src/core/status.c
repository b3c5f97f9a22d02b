/* SPDX-License-Identifier: Apache-2.0 */
/* What the console's commands show, and how console events reach the cells' own CPUs. */
#include "core/arch.h"
#include "core/cell.h"
#include "core/console.h"
#include "core/log.h"

void console_input_arrived(unsigned int cell)
{
	vcpu_request(cells[cell].vcpus[0], REQUEST_POLL);
}

void console_output_space(unsigned int cell)
{
	vcpu_request(cells[cell].vcpus[0], REQUEST_POLL);
}

uint64_t console_clock(void)
{
	return arch_now();
}

void console_output_held(unsigned int cell, uint64_t until)
{
	uint64_t off = TIMER_OFF;

	/* When a deadline is set already, the drain at that time asks again. */
	if (__atomic_compare_exchange_n(&cells[cell].console_deadline, &off, until, false,
					__ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST))
		vcpu_request(cells[cell].vcpus[0], REQUEST_POLL);
}

static bool seen(const uint64_t *codes, unsigned int code)
{
	return code < NR_EXIT_CODES && codes[code / 64] >> code % 64 & 1;
}

static void show_vcpu_counters(const struct vcpu *vcpu)
{
	char line[LOG_LINE_MAX / 2];
	size_t used = 0;
	uint64_t total = 0;

	line[0] = '\0';
	for (unsigned int r = 0; r < NR_EXIT_REASONS; r++) {
		total += vcpu->exits[r];
		if (vcpu->exits[r] && used < sizeof(line))
			used += fmt_snprintf(line + used, sizeof(line) - used, " %s=%lu",
					     exit_reason_name((enum exit_reason)r),
					     (unsigned long)vcpu->exits[r]);
	}
	log_printf("exits %s vcpu=%u total=%lu%s unknown-sysreg=%lu\n", vcpu->cell->config->name,
		   vcpu->index, (unsigned long)total, line, (unsigned long)vcpu->unknown_sysregs);
}

/* The hardware's exit codes that the cell has caused so far, neighbours joined. */
static void show_codes(const struct cell *cell)
{
	uint64_t codes[NR_EXIT_CODES / 64] = { 0 };
	uint64_t high_code = 0;
	char line[LOG_LINE_MAX / 2];
	size_t used = 0;

	line[0] = '\0';
	for (unsigned int v = 0; v < cell->config->nr_cpus; v++) {
		for (unsigned int i = 0; i < ARRAY_SIZE(codes); i++)
			codes[i] |= cell->vcpus[v]->codes[i];
		if (cell->vcpus[v]->high_code)
			high_code = cell->vcpus[v]->high_code;
	}
	for (unsigned int first = 0, last; first < NR_EXIT_CODES; first = last + 1) {
		last = first;
		if (!seen(codes, first))
			continue;
		while (seen(codes, last + 1))
			last++;
		if (used < sizeof(line))
			used += fmt_snprintf(line + used, sizeof(line) - used, " %x", first);
		if (first != last && used < sizeof(line))
			used += fmt_snprintf(line + used, sizeof(line) - used, "-%x", last);
	}
	if (high_code && used < sizeof(line))
		fmt_snprintf(line + used, sizeof(line) - used, " %lx", (unsigned long)high_code);
	log_printf("exit codes %s%s\n", cell->config->name, line);
}

void console_show_counters(void)
{
	for (unsigned int c = 0; c < partition_table.nr_cells; c++) {
		const struct cell *cell = &cells[c];

		for (unsigned int v = 0; v < cell->config->nr_cpus; v++)
			show_vcpu_counters(cell->vcpus[v]);
		show_codes(cell);
		log_printf("accesses %s absent=%lu violations=%lu\n", cell->config->name,
			   (unsigned long)cell->absent, (unsigned long)cell->violations);
	}
}

void console_show_cells(void)
{
	for (unsigned int c = 0; c < partition_table.nr_cells; c++) {
		const struct cell *cell = &cells[c];

		log_printf("cell %u %s: %s, started %u time%s\n", c, cell->config->name,
			   cell_state_name(cell), cell->starts, cell->starts == 1 ? "" : "s");
		for (unsigned int v = 0; v < cell->config->nr_cpus; v++) {
			const struct vcpu *vcpu = cell->vcpus[v];

			log_printf("  vCPU %u on CPU %u (id %u): %s, last pc 0x%lx\n", v, vcpu->cpu,
				   vcpu->hwid,
				   vcpu->parked    ? "parked"
				   : vcpu->waiting ? "not started by the guest"
						   : "runs",
				   (unsigned long)vcpu->last_pc);
		}
	}
}
