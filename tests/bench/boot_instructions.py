#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Instructions from power-on to power-off of one Linux, in a cell and on the bare machine.

Both run on the same QEMU with `-icount shift=0`: every instruction is one nanosecond of the machine's virtual
time, and the ACPI PM timer (3.579545 MHz) tells that time when the machine has powered off. The result does not
depend on the speed or the load of the host.

Run `make bench`, or after `make CONFIG=tests/bench/qemu-x86-solo1.dts`: tests/bench/boot_instructions.py
"""

import pathlib
import re
import subprocess
import sys

import pexpect

TOP = pathlib.Path(__file__).resolve().parents[2]
SYSTEM = TOP / "build/qemu-x86-solo1"
KERNEL = TOP / "build/images/vmlinuz-6.1-cloud-amd64"
INITRD = TOP / "build/images/initramfs.cpio.gz"
PM_TIMER_HZ = 3579545
PM_TIMER_MASK = 0xFFFFFF
BASE = ["-machine", "q35", "-cpu", "max", "-accel", "tcg", "-global", "hpet.timers=4", "-smp", "1",
        "-display", "none", "-nic", "none", "-no-shutdown", "-icount", "shift=0,sleep=off",
        "-monitor", "stdio"]


def run(arguments, log):
    """Runs QEMU until the machine powered off; returns the instructions executed."""
    args = BASE + ["-serial", f"file:{log}"] + arguments
    qemu = pexpect.spawn(str(TOP / "scripts/qemu.sh"), args, timeout=900, encoding="latin1")
    qemu.expect(r"\(qemu\)")
    while True:
        qemu.sendline("info status")
        qemu.expect(r"VM status: (.*?)\r\n")
        if "shutdown" in qemu.match.group(1):
            break
        qemu.expect(pexpect.TIMEOUT, timeout=1)
    qemu.sendline("i /w 0x608")
    qemu.expect(r"portl\[0x0608\] = (0x[0-9a-f]+)|portw\[0x0608\] = (0x[0-9a-f]+)")
    ticks = int(qemu.match.group(1) or qemu.match.group(2), 16) & PM_TIMER_MASK
    qemu.sendline("quit")
    qemu.close(force=True)
    return ticks * 1_000_000_000 // PM_TIMER_HZ


def main():
    """Prints both counts and their ratio."""
    append = "console=ttyS0 bulkhead.then=poweroff"
    bare = run(["-m", "512", "-kernel", str(KERNEL), "-initrd", str(INITRD), "-append", append], "/tmp/bare.log")
    cell = run(["-m", "1024", "-kernel", str(SYSTEM / "bulkhead.elf")], "/tmp/cell.log")
    print(f"bare {bare / 1e6:.0f} M instructions, cell {cell / 1e6:.0f} M, ratio {cell / bare:.3f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
