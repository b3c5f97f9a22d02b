#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""What exits cost on LoongArch, and how many an interrupt of a passthrough UART takes.

The cost: QEMU makes each instruction of a machine with one CPU take a nanosecond, and a test kernel reads the stable
counter around instructions that exit.

The interrupts: linux1 of configs/qemu-loongarch-uart.dts writes to its UART, the board's second, and counts them; the
exits are those of the vCPU that they arrive at, less what it has in the same time without.
"""

import pathlib
import re
import sys

TOP = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(TOP / "tests"))

from harness import build  # noqa: E402
from harness.systems import start  # noqa: E402

COST = "tests/bench/qemu-loongarch-cost.dts"
UART = "configs/qemu-loongarch-uart.dts"
CELL = "linux1"
#: Each line wakes the driver when it has gone; the port stays open, for the driver holds the interrupt only then.
WRITE = "for i in $(seq 1 200); do echo line $i from linux1 >&3; usleep 10000 2>/dev/null || sleep 0.01; done"
COUNT = "sed -n 's/^ *[0-9]*: *\\([0-9]*\\) *\\([0-9]*\\) .*ttyS1$/ir''qs \\1 \\2/p' /proc/interrupts"


def costs():
    """Prints what single exits cost."""
    with start(build.system(COST), extra=["-icount", "shift=0"]) as machine:
        machine.wait_cell("attacker", "ATTACK COMPLETE")
        for name, cost in re.findall(r"^cost (\S+) (\d+)$", machine.cell_text("attacker"), re.M):
            print(f"LVZ, round trip of an exit: {name}: {cost} instructions")


def grown(machine, what):
    """Has linux1 do @what, and returns by how much each count of exits of its vCPUs grew."""
    machine.focus(0)
    before = machine.counters()
    machine.shell(CELL, 1, f"{what}; echo do''ne", "^done$")
    machine.focus(0)
    after = machine.counters()
    return {vcpu: {reason: count - before[cell, vcpu].get(reason, 0) for reason, count in counts.items()}
            for (cell, vcpu), counts in after.items() if cell == CELL}


def interrupts():
    """Prints the exits of an interrupt, by reason."""
    folder = build.system(UART)
    sent = folder / "uart1.txt"
    with start(folder, com2=sent) as machine:
        machine.wait_cell("linux0", "linux0:~#")
        machine.focus(1)
        machine.wait_cell(CELL, f"{CELL}:~#")
        machine.shell(CELL, 1, "exec 3> /dev/ttyS1; echo op''en", "^open$")
        # The same without the UART: for what the shell, its timers and the console cost.
        quiet = grown(machine, WRITE.replace(">&3", ">/dev/null"))
        first = machine.shell(CELL, 1, COUNT, r"^irqs (\d+) (\d+)$")
        busy = grown(machine, WRITE)
        last = machine.shell(CELL, 1, COUNT + "; echo", r"^irqs (?!%s %s$)(\d+) (\d+)$" % first.groups())
    taken = sum(map(int, last.groups())) - sum(map(int, first.groups()))
    print(f"LVZ, UART passthrough: {taken} interrupts for {sent.stat().st_size} bytes")
    for reason in sorted({reason for counts in busy.values() for reason in counts}):
        count = sum(busy[vcpu].get(reason, 0) - quiet[vcpu].get(reason, 0) for vcpu in busy)
        if count:
            print(f"LVZ, UART passthrough: {reason}: {count / taken:.2f} exits an interrupt")


if __name__ == "__main__":
    costs()
    interrupts()
