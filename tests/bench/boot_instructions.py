#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Instructions from power-on to power-off of one Linux, in a cell and on the bare machine.

Both run on the same QEMU with one CPU, the same kernel and initramfs, and a TCG plugin (insn_count.c) that counts
executed instructions. Counts do not depend on the host's speed, but loops that wait for time do: take several runs.
(`-icount` cannot be used on x86: QEMU aborts with "Bad icount read" where a guest reads x2APIC timer registers.)

Arguments: x86 (default) or loongarch, and how many runs.
"""

import re
import statistics
import subprocess
import sys

import pathlib

TOP = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(TOP / "tests"))

from harness import build  # noqa: E402
from harness.systems import BARE_LOONGARCH, QEMUS  # noqa: E402

RUNS = 5
THEN = "bulkhead.then=poweroff"
#: By architecture: QEMU's machine, the processor in a cell and bare, and the bare kernel's own arguments.
MACHINES = {
    "x86": (["-machine", "q35", "-global", "hpet.timers=4"], "max", "max", "console=ttyS0 tsc=reliable"),
    "loongarch": (["-machine", "virt"], "la464,lvz=on", "la464,lvz=off",
                  BARE_LOONGARCH.replace("bulkhead.selfcheck", "")),
}


def plugin():
    """Compiles the counting plugin."""
    out = build.WORK / "insn_count.so"
    build.WORK.mkdir(parents=True, exist_ok=True)
    subprocess.run(["gcc", "-shared", "-fPIC", "-O2", "-Wall", "-Wextra", "-o", out, TOP / "tests/bench/insn_count.c"],
                   check=True)
    return out


def count(arch, cpu, arguments, counter, what):
    """Runs QEMU until the machine has switched itself off; returns the instructions executed."""
    log = build.WORK / f"bench-{arch}-{what}.txt"
    command = [QEMUS[arch], *MACHINES[arch][0], "-cpu", cpu, "-accel", "tcg", "-smp", "1", "-display", "none", "-nic",
               "none", "-no-reboot", "-d", "plugin", "-plugin", counter, "-serial", f"file:{log}", *arguments]
    done = subprocess.run(command, check=True, timeout=300, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    assert "reboot: Power down" in log.read_text(encoding="latin1"), f"{log}: did not power off"
    return int(re.search(r"instructions=(\d+)", done.stdout)[1])


def main(arch="x86", runs=RUNS):
    """Prints the counts of all runs, and the ratio of their medians."""
    counter, folder = plugin(), build.system(f"tests/bench/qemu-{arch}-solo1.dts")
    images = build.BUILD / "images"
    kernel, initrd = {
        "x86": (images / "vmlinuz-6.1-cloud-amd64", images / "initramfs.cpio.gz"),
        # As a cell has it: unpacked.
        "loongarch": (folder / "gen/blobs/kernel-vmlinuz-loong64.bin", images / "initramfs-loong64.cpio.gz"),
    }[arch]
    _, cell_cpu, bare_cpu, append = MACHINES[arch]
    bare = ["-m", "512", "-kernel", kernel, "-initrd", initrd, "-append", f"{append} {THEN}"]
    cell = [*build.qemu_arguments(folder), "-kernel", folder / "bulkhead.elf"]
    pairs = [(count(arch, bare_cpu, bare, counter, "bare"), count(arch, cell_cpu, cell, counter, "cell"))
             for _ in range(int(runs))]
    for b, c in pairs:
        print(f"{arch}, boot to power-off: bare {b / 1e6:.1f} M instructions, cell {c / 1e6:.1f} M, ratio {c / b:.3f}")
    ratio = statistics.median(c for _, c in pairs) / statistics.median(b for b, _ in pairs)
    print(f"{arch}, boot to power-off: ratio of the medians {ratio:.3f}")


if __name__ == "__main__":
    main(*sys.argv[1:])
