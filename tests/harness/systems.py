# SPDX-License-Identifier: Apache-2.0
"""Starting built systems in QEMU, and the bare kernel beside them for comparison."""

import hashlib
import json

from harness import build
from harness.machine import Bulkhead, Machine
from harness.selfcheck import parse

QEMU = str(build.TOP / "scripts/qemu.sh")
#: Nothing but serial consoles; a machine that resets itself or switches itself off stays there to be looked at.
HEADLESS = ["-nographic", "-nic", "none", "-action", "reboot=shutdown,shutdown=pause"]


def start(folder, extra=(), replace=None, loader="kernel"):
    """Runs a built system; returns a Bulkhead. @replace: changed QEMU arguments, {"-smp": "2"}."""
    arguments = build.qemu_arguments(folder)
    for option, value in (replace or {}).items():
        arguments[arguments.index(option) + 1] = value
    image = ["-kernel", str(folder / "bulkhead.elf")] if loader == "kernel" else \
        ["-cdrom", str(folder / "bulkhead.iso")]
    return Bulkhead([QEMU, *arguments, *HEADLESS, *image, *extra], folder.name)


def bare_check(kernel, cpus, memory=512):
    """The self-check's findings of the same kernel and initramfs on the bare machine; kept for the session."""
    images = build.BUILD / "images"
    build.make(f"build/images/{kernel}", "build/images/initramfs.cpio.gz")
    digest = hashlib.sha256()
    for name in (kernel, "initramfs.cpio.gz"):
        digest.update((images / name).read_bytes())
    kept = build.WORK / f"bare-{kernel}-{cpus}-{digest.hexdigest()[:16]}.json"
    with build.locked(kept.name):
        if not kept.exists():
            command = [QEMU, "-accel", "tcg", "-machine", "q35", "-cpu", "max", "-smp", str(cpus), "-m", str(memory),
                       *HEADLESS, "-kernel", str(images / kernel), "-initrd", str(images / "initramfs.cpio.gz"),
                       "-append", "console=ttyS0 bulkhead.selfcheck bulkhead.then=poweroff"]
            with Machine(command, f"bare {kernel}") as machine:
                machine.wait("BULKHEAD-CHECK-END")
                kept.write_text(json.dumps(parse(machine.lines)), encoding="utf-8")
    return json.loads(kept.read_text(encoding="utf-8"))
