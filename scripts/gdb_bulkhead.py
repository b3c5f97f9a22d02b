# SPDX-License-Identifier: Apache-2.0
"""gdb commands that show a running Bulkhead: `bulkhead cells`, `vcpus`, `exits`, `log`.

They read physical memory (QEMU's gdb stub can), because the CPU that gdb stopped mostly runs a guest, whose page
tables say nothing of the hypervisor. The hypervisor's addresses are physical addresses.
"""

import time

import gdb


class Bulkhead(gdb.Command):
    """Shows the hypervisor of a running Bulkhead system. Subcommands: connect, cells, vcpus, exits, log."""

    def __init__(self):
        super().__init__("bulkhead", gdb.COMMAND_DATA, prefix=True)


class Physical:
    """Reads physical addresses while it is active."""

    def __enter__(self):
        gdb.execute("maintenance packet Qqemu.PhyMemMode:1", to_string=True)
        gdb.execute("maintenance flush dcache", to_string=True)

    def __exit__(self, *_):
        gdb.execute("maintenance packet Qqemu.PhyMemMode:0", to_string=True)


def names_of(enum):
    """Value -> name of an enumeration type."""
    return {field.enumval: field.name for field in gdb.lookup_type(enum).fields()}


def each_cell():
    """All cells as (index, struct cell)."""
    count = int(gdb.parse_and_eval("partition_table.nr_cells"))
    cells = gdb.parse_and_eval("(struct cell *)cells")
    return [(i, cells[i]) for i in range(count)]


def each_vcpu():
    """All vCPUs as (cell's name, struct vcpu)."""
    for _, cell in each_cell():
        for v in range(int(cell["config"]["nr_cpus"])):
            yield cell["config"]["name"].string(), cell["vcpus"][v].dereference()


class Connect(gdb.Command):
    """bulkhead connect PORT: attaches to QEMU's gdb stub on this machine."""

    def __init__(self):
        super().__init__("bulkhead connect", gdb.COMMAND_RUNNING)

    def invoke(self, argument, from_tty):
        for attempt in range(50):
            try:
                gdb.execute(f"target remote 127.0.0.1:{argument}", to_string=True)
                print("stopped; `continue` lets all CPUs run, Ctrl-C stops them again")
                return
            except gdb.error:
                if attempt == 49:
                    raise
                time.sleep(0.2)


class Cells(gdb.Command):
    """bulkhead cells: each cell's state, CPUs and memory."""

    def __init__(self):
        super().__init__("bulkhead cells", gdb.COMMAND_DATA)

    def invoke(self, argument, from_tty):
        with Physical():
            states = names_of("enum cell_state")
            for index, cell in each_cell():
                config = cell["config"]
                size = sum(int(config["regions"][i]["size"]) for i in range(int(config["nr_regions"])))
                print(f"cell {index} {config['name'].string()}: {states[int(cell['state'])]}, "
                      f"{int(config['nr_cpus'])} CPUs, {size >> 20} MiB, started {int(cell['starts'])} times, "
                      f"{int(cell['absent'])} absent, {int(cell['violations'])} violations")


class Vcpus(gdb.Command):
    """bulkhead vcpus: each vCPU's physical CPU, state and last exit."""

    def __init__(self):
        super().__init__("bulkhead vcpus", gdb.COMMAND_DATA)

    def invoke(self, argument, from_tty):
        with Physical():
            for name, vcpu in each_vcpu():
                state = "parked" if vcpu["parked"] else "waiting" if vcpu["waiting"] else "running"
                print(f"{name}/{int(vcpu['index'])} on CPU {int(vcpu['cpu'])} (id {int(vcpu['hwid'])}): {state}, "
                      f"requests {int(vcpu['requests']):#x}, last exit at {int(vcpu['last_pc']):#x}")


class Exits(gdb.Command):
    """bulkhead exits: the exit counters by reason and vCPU."""

    def __init__(self):
        super().__init__("bulkhead exits", gdb.COMMAND_DATA)

    def invoke(self, argument, from_tty):
        with Physical():
            reasons = names_of("enum exit_reason")
            for cell, vcpu in each_vcpu():
                counts = {name[5:].lower(): int(vcpu["exits"][r])
                          for r, name in reasons.items() if name.startswith("EXIT_")}
                shown = " ".join(f"{r}={n}" for r, n in counts.items() if n)
                print(f"{cell}/{int(vcpu['index'])}: total={sum(counts.values())} {shown}")


class Log(gdb.Command):
    """bulkhead log: the hypervisor's log ring."""

    def __init__(self):
        super().__init__("bulkhead log", gdb.COMMAND_DATA)

    def invoke(self, argument, from_tty):
        with Physical():
            size = gdb.parse_and_eval("sizeof(log_ring)")
            head = int(gdb.parse_and_eval("log_head"))
            data = bytes(gdb.selected_inferior().read_memory(int(gdb.parse_and_eval("&log_ring")), int(size)))
        at = head % len(data)
        text = data[:at] if head < len(data) else data[at:] + data[:at]
        print(text.decode("latin1"), end="")


for command in (Bulkhead, Connect, Cells, Vcpus, Exits, Log):
    command()
