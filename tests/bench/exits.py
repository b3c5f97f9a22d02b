#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""VM exits per second of a cell with two CPUs, idle and computing on both: on AMD SVM (QEMU), Intel VMX (Bochs) and
LoongArch's LVZ (QEMU).

linux1 is measured; linux0 has the console and so its commands, and the clock that the seconds are of: those of Bochs
are not the host's. Each figure is over about SECONDS of the host's seconds of a quiet console.

Arguments: which of SVM, VMX and LVZ (default: SVM and VMX).
"""

import pathlib
import sys
import time

TOP = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(TOP / "tests"))

from harness import build  # noqa: E402
from harness.systems import start  # noqa: E402

SECONDS = 30
CELL = "linux1"
SYSTEMS = {"SVM": "configs/qemu-x86-duo.dts", "VMX": "configs/bochs-x86-duo.dts",
           "LVZ": "configs/qemu-loongarch-duo.dts"}


def rest(machine, seconds):
    """Lets the machine go on by itself."""
    end = time.monotonic() + seconds
    machine.wait_until(lambda: time.monotonic() > end, "time to pass", stall=2 * seconds + 60)


def clock(machine):
    """The emulated time in seconds, as linux0 knows it."""
    return float(machine.shell("linux0", 0, "sed 's/^/up''time /' /proc/uptime", r"^uptime (\d+\.\d+) ")[1])


def measure(machine, what):
    """Prints what each vCPU of the cell did meanwhile; what the cell printed last is out by then."""
    rest(machine, 5)
    started = clock(machine)
    before = machine.counters()
    rest(machine, SECONDS)
    after = machine.counters()
    seconds = clock(machine) - started
    for (cell, vcpu), counts in after.items():
        if cell != CELL:
            continue
        old = before[cell, vcpu]
        grown = {k: n - old.get(k, 0) for k, n in counts.items() if n != old.get(k, 0) and k != "total"}
        total = counts["total"] - old["total"]
        print(f"{what}: {cell} vCPU {vcpu}: {total} exits in {seconds:.1f} s, {total / seconds:.2f} a second "
              f"{grown or ''}", flush=True)


def main():
    """Runs both measurements on each."""
    for name in sys.argv[1:] or ["SVM", "VMX"]:
        with start(build.system(SYSTEMS[name])) as machine:
            machine.wait_cell(CELL, "Enter 'help' for a list")
            machine.focus(1)
            machine.wait_cell(CELL, f"{CELL}:~#")
            machine.focus(0)
            machine.wait_cell("linux0", "linux0:~#")
            rest(machine, 20)  # the boot's work queues run dry
            measure(machine, f"{name}, idle")
            machine.shell(CELL, 1, "for c in 0 1; do taskset -c $c sh -c 'while :; do :; done' & done; echo bu''sy",
                          "^busy")
            machine.focus(0)
            measure(machine, f"{name}, computing")


if __name__ == "__main__":
    main()
