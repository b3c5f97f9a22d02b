/* SPDX-License-Identifier: Apache-2.0 */
/* The life of a cell: loading, running, ending, starting again. */
#include "core/cell.h"
#include "core/arch.h"
#include "core/console.h"
#include "core/log.h"
#include "core/vcpu.h"

static const char *const state_names[] = {
	[CELL_LOADING] = "loading", [CELL_RUNNING] = "running", [CELL_RESTARTING] = "restarting",
	[CELL_HALTED] = "halted",   [CELL_FAILED] = "failed",
};

static bool ended; /* atomic: somebody switches the machine off */

struct cell *cell_get(unsigned int index)
{
	return index < partition_table.nr_cells ? &cells[index] : NULL;
}

static enum cell_state state_of(const struct cell *cell)
{
	return __atomic_load_n(&cell->state, __ATOMIC_SEQ_CST);
}

const char *cell_state_name(const struct cell *cell)
{
	return state_names[state_of(cell)];
}

const struct mem_region *cell_region(const struct cell *cell, uint64_t gpa)
{
	const struct cell_config *config = cell->config;

	for (unsigned int i = 0; i < config->nr_regions; i++) {
		const struct mem_region *region = &config->regions[i];

		if (gpa >= region->gpa && gpa - region->gpa < region->size)
			return region;
	}
	return NULL;
}

/* vCPUs stand in the global array in the order of the board's CPUs; a cell's CPUs need not be
 * neighbours, so each cell keeps indices into it. */
static unsigned int board_index(uint32_t hwid)
{
	const struct board_config *board = &partition_table.board;
	unsigned int i;

	for (i = 0; i < board->nr_cpus; i++)
		if (board->cpus[i] == hwid)
			break;
	return i;
}

/* Without all its images, a cell never starts: it has failed before. */
static enum cell_state first_state(const struct cell_config *config)
{
	for (unsigned int i = 0; i < config->nr_modules; i++)
		if (!*config->modules[i].module->checked)
			return CELL_FAILED;
	return CELL_LOADING;
}

void cells_init(void)
{
	ended = false;
	for (unsigned int c = 0; c < partition_table.nr_cells; c++) {
		const struct cell_config *config = &partition_table.cells[c];
		struct cell *cell = &cells[c];

		cell->config = config;
		cell->index = c;
		cell->state = first_state(config);
		cell->console_deadline = TIMER_OFF;
		for (unsigned int v = 0; v < config->nr_cpus; v++) {
			unsigned int cpu = board_index(config->cpus[v]);
			struct vcpu *vcpu = &vcpus[cpu];

			vcpu->cell = cell;
			vcpu->index = v;
			vcpu->cpu = cpu;
			vcpu->hwid = config->cpus[v];
			cell->vcpus[v] = vcpu;
		}
	}
}

static void load_segment(const struct cell *cell, const struct segment *segment)
{
	uint64_t done = 0;

	while (done < segment->size) {
		const struct mem_region *region = cell_region(cell, segment->gpa + done);
		uint64_t offset, chunk = segment->size - done;

		if (!region) {
			log_printf("%s: segment %s does not fit its memory at 0x%lx\n",
				   cell->config->name, segment->what,
				   (unsigned long)(segment->gpa + done));
			return;
		}
		offset = segment->gpa + done - region->gpa;
		if (chunk > region->size - offset)
			chunk = region->size - offset;
		arch_fill_memory(region->hpa + offset, segment->data ? segment->data + done : NULL,
				 chunk);
		done += chunk;
	}
}

static void load(struct cell *cell)
{
	const struct cell_config *config = cell->config;

	for (unsigned int i = 0; cell->starts > 0 && i < config->nr_regions; i++)
		if (config->regions[i].flags & REGION_RAM)
			arch_fill_memory(config->regions[i].hpa, NULL, config->regions[i].size);
	for (unsigned int i = 0; i < config->nr_segments; i++)
		load_segment(cell, &config->segments[i]);
	arch_cell_reset(cell);
	for (unsigned int i = 0; i < config->nr_timers; i++)
		config->timers[i] = TIMER_OFF;
	spin_lock(&cell->device_lock);
	for (unsigned int i = 0; i < config->nr_devices; i++)
		config->devices[i].ops->reset(&config->devices[i]);
	cell->input_held = false;
	spin_unlock(&cell->device_lock);
	cell->starts++;
}

static bool all_ended(void)
{
	for (unsigned int i = 0; i < partition_table.nr_cells; i++) {
		enum cell_state state = state_of(&cells[i]);

		if (state != CELL_HALTED && state != CELL_FAILED)
			return false;
	}
	return true;
}

/* Several CPUs may see the end, each of its own cell's: one tells it and switches off. */
static void switch_off(void)
{
	if (__atomic_exchange_n(&ended, true, __ATOMIC_SEQ_CST))
		return;
	log_printf("all cells have ended\n");
	console_flush();
	arch_poweroff();
}

static bool all_parked(const struct cell *cell)
{
	for (unsigned int v = 0; v < cell->config->nr_cpus; v++)
		if (!__atomic_load_n(&cell->vcpus[v]->parked, __ATOMIC_SEQ_CST))
			return false;
	return true;
}

static void wait(struct vcpu *vcpu)
{
	uint32_t seen, keep = 0;

	if (vcpu->index == 0)
		cell_poll_parked(vcpu->cell);
	arch_wait(vcpu);
	/* What a parked vCPU is still asked for was meant for the life that has ended. Once it is
	 * no longer parked, the guest runs and may have asked for more: that stays. */
	seen = __atomic_load_n(&vcpu->requests, __ATOMIC_SEQ_CST);
	if (!__atomic_load_n(&vcpu->parked, __ATOMIC_SEQ_CST))
		keep = seen & ~(REQUEST_POLL | REQUEST_LEAVE);
	__atomic_compare_exchange_n(&vcpu->requests, &seen, keep, false, __ATOMIC_SEQ_CST,
				    __ATOMIC_SEQ_CST);
	arch_attend(vcpu);
}

static void start(struct cell *cell)
{
	load(cell);
	cell->started_at = arch_now();
	log_printf("cell %s: %s on %u CPU%s\n", cell->config->name,
		   cell->starts > 1 ? "starts again" : "starts", cell->config->nr_cpus,
		   cell->config->nr_cpus > 1 ? "s" : "");
	for (unsigned int v = 0; v < cell->config->nr_cpus; v++)
		__atomic_store_n(&cell->vcpus[v]->requests, 0, __ATOMIC_SEQ_CST);
	__atomic_store_n(&cell->state, CELL_RUNNING, __ATOMIC_SEQ_CST);
	for (unsigned int v = 0; v < cell->config->nr_cpus; v++) {
		__atomic_store_n(&cell->vcpus[v]->parked, false, __ATOMIC_SEQ_CST);
		/* A request and not a mere kick, which a CPU that is about to wait would miss. The
		 * first vCPU polls: input may have come while it could not take any. */
		vcpu_request(cell->vcpus[v], v == 0 ? REQUEST_POLL : REQUEST_LEAVE);
	}
}

void cell_enter(struct vcpu *vcpu)
{
	struct cell *cell = vcpu->cell;
	struct vcpu *first = cell->vcpus[0];
	bool told = false;

	__atomic_store_n(&vcpu->parked, true, __ATOMIC_SEQ_CST);
	if (vcpu != first) {
		vcpu_request(first, REQUEST_LEAVE);
		while (__atomic_load_n(&vcpu->parked, __ATOMIC_SEQ_CST))
			wait(vcpu);
		return;
	}
	while (!all_parked(cell))
		wait(vcpu);
	arch_cell_reset(cell); /* a cell that has ended must not be interrupted any more */
	while (state_of(cell) != CELL_LOADING && state_of(cell) != CELL_RESTARTING) {
		if (!told && all_ended())
			switch_off();
		told = true;
		wait(vcpu);
	}
	start(cell);
}

void cell_leave(struct cell *cell, enum cell_state state)
{
	enum cell_state running = CELL_RUNNING;

	if (!__atomic_compare_exchange_n(&cell->state, &running, state, false, __ATOMIC_SEQ_CST,
					 __ATOMIC_SEQ_CST))
		return;
	log_printf("cell %s: %s\n", cell->config->name, state_names[state]);
	for (unsigned int v = 0; v < cell->config->nr_cpus; v++)
		vcpu_request(cell->vcpus[v], REQUEST_LEAVE);
}
