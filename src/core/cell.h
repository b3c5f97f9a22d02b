/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A cell at run time: its state, its life, and the accesses its vCPUs make to what it owns.
 *
 *   LOADING -> RUNNING -> HALTED | FAILED | RESTARTING (-> LOADING)
 *
 * A cell whose boot modules are not what they should be is FAILED from the beginning.
 * All CPUs of a cell park before it leaves RUNNING for good; the first vCPU then reloads the cell
 * when it restarts. No CPU of another cell takes part.
 */
#ifndef CORE_CELL_H
#define CORE_CELL_H

#include "core/device.h"
#include "core/partition.h"
#include "core/spinlock.h"
#include "core/vcpu.h"
#include "arch_cell.h" /* struct arch_cell */

enum cell_state {
	CELL_LOADING,
	CELL_RUNNING,
	CELL_RESTARTING,
	CELL_HALTED,
	CELL_FAILED,
};

struct cell {
	const struct cell_config *config;
	unsigned int index; /* in partition_table.cells */
	enum cell_state state;
	unsigned int starts; /* how often it was started */
	uint64_t started_at; /* arch_now() of the latest start */
	struct spinlock device_lock;
	unsigned int accessor; /* index of the vCPU whose access is being served; under the lock */
	uint64_t absent;     /* accesses answered as on a machine without the device */
	uint64_t violations; /* accesses to what the cell does not own, let live by on-violation =
				"report" */
	struct vcpu *vcpus[MAX_CPUS]; /* config->nr_cpus of them, in order */
	bool input_held;              /* .input was refused by the device and waits */
	uint8_t input;
	uint64_t console_deadline; /* when lines of the cell want the console drained, or TIMER_OFF;
				      atomic, only the first vCPU's CPU sets it back */
	struct arch_cell arch;
};

/* Reserved by the generated table, parallel to partition_table.cells. */
extern struct cell cells[];

/* The cell with @index; NULL when there is none. */
struct cell *cell_get(unsigned int index);

/* Short lower-case name of the cell's state. */
const char *cell_state_name(const struct cell *cell);

static inline bool cell_is_running(const struct cell *cell)
{
	return __atomic_load_n(&cell->state, __ATOMIC_SEQ_CST) == CELL_RUNNING;
}

/* Prepares all cells once at boot, when their modules were checked: links configuration, devices
 * and vCPUs. */
void cells_init(void);

/* Called by each vCPU when it is outside the guest loop; returns when the cell runs. vCPU 0
 * (re)loads it. */
void cell_enter(struct vcpu *vcpu);

/* Ends RUNNING from any of the cell's CPUs. The call returns; the vCPUs leave their loops when they
 * see it. */
void cell_leave(struct cell *cell, enum cell_state state);

/* The cell's virtual device at @address, or NULL; *range gets the part of it. */
const struct device *cell_device(const struct cell *cell, enum device_space space, uint64_t address,
				 const struct device_range **range);

/*
 * One access of a vCPU to a port or guest-physical address that no passthrough covers.
 * @value is read or written. Returns 0, or -EPERM when nobody owns the address and the cell must
 * fault.
 */
int cell_access(struct vcpu *vcpu, enum device_space space, uint64_t address, unsigned int size,
		bool write, uint64_t *value);

/* Handles an exit that concerns devices. Returns 0, or -EPERM for a cell fault. */
int cell_handle_exit(struct vcpu *vcpu, const struct vcpu_exit *exit);

/* Counts, and logs the first few of, what on-violation = "report" lets live. */
void cell_violation(struct vcpu *vcpu, const char *what, uint64_t address, bool write);

/* Runs due device timers and takes console input; on the CPU of the cell's first vCPU. */
void cell_poll(struct cell *cell);

/* The little of cell_poll() that a cell needs which does not run: its last lines may wait. */
void cell_poll_parked(struct cell *cell);

/* Reports a fault of @vcpu and stops or restarts its cell, as on-fault says. @why is one clause. */
void cell_fault(struct vcpu *vcpu, const struct vcpu_exit *exit, const char *why);

/* The region of guest-physical memory that holds @gpa, or NULL. */
const struct mem_region *cell_region(const struct cell *cell, uint64_t gpa);

#endif
