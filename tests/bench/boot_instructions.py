#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Instructions from power-on to power-off of one Linux, in a cell and on the bare machine.

Both run on the same QEMU with one CPU, the same kernel and initramfs, and a TCG plugin (insn_count.c) that counts
executed instructions. Counts do not depend on the host's speed, but loops that wait for time do: take several runs.
(`-icount` cannot be used: QEMU aborts with "Bad icount read" where a guest reads x2APIC timer registers.)
"""

import re
import statistics
import subprocess
import sys

import pathlib

TOP = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(TOP / "tests"))

from harness import build  # noqa: E402
from harness.systems import QEMU  # noqa: E402

CONFIG = "tests/bench/qemu-x86-solo1.dts"
KERNEL = "vmlinuz-6.1-cloud-amd64"
RUNS = 5
COMMAND = [QEMU, "-machine", "q35", "-cpu", "max", "-accel", "tcg", "-smp", "1", "-display", "none", "-nic", "none",
           "-no-reboot", "-global", "hpet.timers=4", "-d", "plugin"]


def plugin():
    """Compiles the counting plugin."""
    out = build.WORK / "insn_count.so"
    build.WORK.mkdir(parents=True, exist_ok=True)
    subprocess.run(["gcc", "-shared", "-fPIC", "-O2", "-Wall", "-Wextra", "-o", out, TOP / "tests/bench/insn_count.c"],
                   check=True)
    return out


def count(arguments, counter, what):
    """Runs QEMU until the machine has switched itself off; returns the instructions executed."""
    log = build.WORK / f"bench-{what}.txt"
    done = subprocess.run([*COMMAND, "-plugin", counter, "-serial", f"file:{log}", *arguments], check=True, timeout=300,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    assert "reboot: Power down" in log.read_text(encoding="latin1"), f"{log}: did not power off"
    return int(re.search(r"instructions=(\d+)", done.stdout)[1])


def main():
    """Prints the counts of all runs, and the ratio of their medians."""
    counter, folder = plugin(), build.system(CONFIG)
    images = build.BUILD / "images"
    bare = ["-m", "512", "-kernel", images / KERNEL, "-initrd", images / "initramfs.cpio.gz",
            "-append", "console=ttyS0 tsc=reliable bulkhead.then=poweroff"]
    cell = ["-m", "1024", "-kernel", folder / "bulkhead.elf"]
    pairs = [(count(bare, counter, "bare"), count(cell, counter, "cell")) for _ in range(RUNS)]
    for b, c in pairs:
        print(f"boot to power-off: bare {b / 1e6:.1f} M instructions, cell {c / 1e6:.1f} M, ratio {c / b:.3f}")
    ratio = statistics.median(c for _, c in pairs) / statistics.median(b for b, _ in pairs)
    print(f"boot to power-off: ratio of the medians {ratio:.3f}")


if __name__ == "__main__":
    main()
