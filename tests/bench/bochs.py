#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""What Intel VMX costs, on Bochs with one CPU, where a tick of the emulated time is an instruction, or idle time.

Boot to power-off of one Linux, in a cell and bare, both started by the same GRUB from a CD image. What GRUB takes to
load either is measured by a third and a fourth run, which switch the machine off instead of starting what they loaded;
the ratio is that of the boots without it. Everything but the date is the same in each run: one run will do.

The kernels are told to be quiet: the bare one would wait for its serial line, which Bochs emulates at its true pace,
and the cell's takes every byte at once.

The cost of exits: a test kernel reads the TSC, which counts the same ticks, around an instruction that exits.
"""

import pathlib
import re
import shutil
import subprocess
import sys

TOP = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(TOP / "tests"))

from harness import build  # noqa: E402
from harness.systems import bochs, start  # noqa: E402

SOLO = "tests/bench/bochs-x86-solo1.dts"
COST = "tests/bench/bochs-x86-cost.dts"
KERNEL = "vmlinuz-6.1-cloud-amd64"
LINUX = ["linux /boot/kernel console=ttyS0 quiet tsc=reliable bulkhead.then=poweroff", "initrd /boot/initrd"]
BULKHEAD = ["multiboot2 /boot/bulkhead.elf"]
LIMIT = 1200  # seconds for one run


def iso(name, commands, files):
    """Makes a CD image whose GRUB runs @commands; returns its path."""
    image = build.WORK / f"bench-{name}.iso"
    folder = build.WORK / f"bench-{name}"
    (folder / "boot/grub").mkdir(parents=True, exist_ok=True)
    lines = ["serial", "terminal_output serial", *commands]
    (folder / "boot/grub/grub.cfg").write_text("\n".join([*lines, ""]), encoding="ascii")
    for file, source in files.items():
        shutil.copy(source, folder / "boot" / file)
    subprocess.run(["grub-mkrescue", "-d", "/usr/lib/grub/i386-pc", "-o", image, folder], check=True,
                   capture_output=True)
    shutil.rmtree(folder)
    return image


def ticks(name, commands, files, configuration):
    """Runs a CD image until the machine is switched off; returns the ticks since power-on."""
    command = bochs(f"bench-{name}", configuration, iso(name, commands, files))
    log = pathlib.Path(command[2])
    subprocess.run(command, check=True, timeout=LIMIT, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    return int(re.search(r"^(\d+)\S*\[ACPI.*soft power off", log.read_text(encoding="latin1"), re.M)[1])


def boots():
    """Prints the ticks of both boots and their ratio."""
    folder = build.system(SOLO)
    configuration = build.bochsrc(folder)
    files = {"bare": {"kernel": build.BUILD / "images" / KERNEL, "initrd": build.BUILD / "images/initramfs.cpio.gz"},
             "cell": {"bulkhead.elf": folder / "bulkhead.elf"}}
    load = {"bare": LINUX, "cell": BULKHEAD}
    net = {}
    for name, commands in load.items():
        loaded = ticks(f"{name}-load", [*commands, "halt"], files[name], configuration)
        total = ticks(name, [*commands, "boot"], files[name], configuration)
        net[name] = total - loaded
        print(f"VMX, boot to power-off: {name}: {total / 1e6:.1f} M ticks, without GRUB's {loaded / 1e6:.1f} M "
              f"{net[name] / 1e6:.1f} M", flush=True)
    print(f"VMX, boot to power-off: ratio {net['cell'] / net['bare']:.3f}", flush=True)


def costs():
    """Prints what single exits cost."""
    with start(build.system(COST)) as machine:
        machine.wait_cell("attacker", "ATTACK COMPLETE")
        for name, cost in re.findall(r"^cost (\w+) (\d+)$", machine.cell_text("attacker"), re.M):
            print(f"VMX, round trip of an exit: {name}: {cost} ticks")


if __name__ == "__main__":
    costs()
    boots()
