# SPDX-License-Identifier: Apache-2.0
"""QEMU with U-Boot as its firmware, disks for it, and its command line."""

import os
import pathlib
import subprocess

from harness import build


def rom():
    """U-Boot's ROM for 64-bit PCs: $UBOOT_X86, or the one of Debian's package."""
    if os.environ.get("UBOOT_X86"):
        return pathlib.Path(os.environ["UBOOT_X86"])
    build.make("build/u-boot.rom")
    return build.BUILD / "u-boot.rom"


def loongarch():
    """The U-Boot for QEMU's LoongArch machine that $UBOOT_LOONGARCH names; None without."""
    path = os.environ.get("UBOOT_LOONGARCH")
    return pathlib.Path(path) if path else None


def like_loongarch(image):
    """QEMU's arguments for a loader that hands over to @image as U-Boot's booti does."""
    build.make("ARCH=loongarch", "build/tests/loader-loongarch.bin")
    return ["-bios", str(build.BUILD / "tests/loader-loongarch.bin"), "-kernel", str(image)]


def disk(files):
    """QEMU's arguments for a disk with a FAT file system, without partitions, of @files: {name on it: path}."""
    # Tests run one after the other, but in each of pytest-xdist's processes.
    image = build.WORK / f"uboot-{os.environ.get('PYTEST_XDIST_WORKER', 'alone')}.fat"
    mebibytes = sum(path.stat().st_size for path in files.values()) // 2**20 + 8
    image.parent.mkdir(parents=True, exist_ok=True)
    with open(image, "wb") as file:
        file.truncate(0)
        file.truncate(mebibytes * 2**20)
    subprocess.run(["mformat", "-i", image, "-h", "64", "-s", "32", "-t", str(mebibytes), "::"], check=True,
                   capture_output=True)
    for name, path in files.items():
        subprocess.run(["mcopy", "-i", image, path, f"::/{name}"], check=True, capture_output=True)
    return ["-drive", f"file={image},format=raw,if=virtio,readonly=on"]


def check_signature(image, keys):
    """U-Boot's judgement of a FIT image, with the public keys in the device tree blob @keys: (right or not, output)."""
    folder = subprocess.run([build.TOP / "scripts/built_copy.sh", build.TOP / "scripts/uboot-tools"], check=True,
                            stdout=subprocess.PIPE, text=True).stdout.strip()
    done = subprocess.run([f"{folder}/fit_check_sign", "-f", image, "-k", keys], check=False, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True)
    return done.returncode == 0, done.stdout


def interrupt(machine):
    """Waits for U-Boot and stops its automatic start."""
    machine.wait("Hit any key to stop autoboot")
    machine.send(" ")
    machine.wait("^=> $")


def command(machine, line, pattern="^=> $"):
    """Types @line at U-Boot's prompt, and waits for a line after it that matches (default: the next prompt)."""
    start = len(machine.lines)
    machine.send(line + "\r")
    # Until its echo is there as a whole line, the prompt before it would pass for the next one.
    machine.wait_until(lambda: len(machine.lines) > start, f"the echo of {line!r}")
    return machine.wait(pattern, start=start)
