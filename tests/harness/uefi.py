# SPDX-License-Identifier: Apache-2.0
"""QEMU with UEFI firmware (OVMF), and disks that it starts applications from."""

import os
import pathlib
import subprocess

from harness import build

OVMF = pathlib.Path("/usr/share/OVMF")  # Debian's package ovmf


def firmware():
    """QEMU's arguments for OVMF; what it stores is forgotten."""
    code, variables = OVMF / "OVMF_CODE_4M.fd", OVMF / "OVMF_VARS_4M.fd"
    assert code.exists() and variables.exists(), f"no OVMF in {OVMF}: run `make setup`"
    flash = "if=pflash,format=raw,unit="
    return ["-drive", f"{flash}0,readonly=on,file={code}", "-drive", f"{flash}1,snapshot=on,file={variables}"]


def disk(application, modules=()):
    """
    QEMU's arguments for a disk that UEFI firmware starts @application from: a FAT file system, no partitions. @modules:
    files that go into the same folder.
    """
    # Tests run one after the other, but in each of pytest-xdist's processes.
    image = build.WORK / f"efi-{os.environ.get('PYTEST_XDIST_WORKER', 'alone')}.fat"
    mebibytes = sum(file.stat().st_size for file in [application, *modules]) // 2**20 + 8
    with open(image, "wb") as file:
        file.truncate(mebibytes * 2**20)
    for command in (["mformat", "-i", image, "-h", "64", "-s", "32", "-t", str(mebibytes), "::"],
                    ["mmd", "-i", image, "::/EFI", "::/EFI/BOOT"],
                    ["mcopy", "-i", image, application, "::/EFI/BOOT/BOOTX64.EFI"],
                    *(["mcopy", "-i", image, module, "::/EFI/BOOT/"] for module in modules)):
        subprocess.run(command, check=True, capture_output=True)
    return ["-drive", f"file={image},format=raw,if=virtio,readonly=on"]
