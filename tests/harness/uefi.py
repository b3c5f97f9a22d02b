# SPDX-License-Identifier: Apache-2.0
"""QEMU with UEFI firmware (OVMF), and disks that it starts applications from."""

import os
import pathlib
import struct
import subprocess

from harness import build

OVMF = pathlib.Path("/usr/share/OVMF")  # Debian's package ovmf
#: A key that everybody knows, whose certificate is in the snakeoil variables: for tests such as these.
SNAKEOIL = pathlib.Path("/usr/share/ovmf/PkKek-1-snakeoil")


def firmware(secure=False):
    """QEMU's arguments for OVMF; what it stores is forgotten. @secure: Secure Boot is on, and trusts SNAKEOIL."""
    code, variables = OVMF / "OVMF_CODE_4M.fd", OVMF / "OVMF_VARS_4M.fd"
    protection = []
    if secure:
        code, variables = OVMF / "OVMF_CODE_4M.secboot.fd", OVMF / "OVMF_VARS_4M.snakeoil.fd"
        protection = ["-machine", "smm=on", "-global", "driver=cfi.pflash01,property=secure,value=on"]
    assert code.exists() and variables.exists(), f"no OVMF in {OVMF}: run `make setup`"
    flash = "if=pflash,format=raw,unit="
    return [*protection, "-drive", f"{flash}0,readonly=on,file={code}",
            "-drive", f"{flash}1,snapshot=on,file={variables}"]


def firmware_loongarch():
    """QEMU's arguments for EDK II on LoongArch; what it stores is forgotten."""
    build.make("ARCH=loongarch", "build/edk2-loongarch.fd")
    return ["-bios", str(build.BUILD / "edk2-loongarch.fd")]


def sign(application):
    """Signs @application by SNAKEOIL; returns the signed copy, which stands beside it."""
    key, signed = build.WORK / "snakeoil.key", application.with_suffix(".signed.efi")
    with build.locked("snakeoil"):
        subprocess.run(["openssl", "rsa", "-in", SNAKEOIL.with_suffix(".key"), "-passin", "pass:snakeoil", "-out", key],
                       check=True, capture_output=True)
        subprocess.run(["sbsign", "--key", key, "--cert", SNAKEOIL.with_suffix(".pem"), "--output", signed,
                        application], check=True, capture_output=True)
    return signed


#: The names by which firmware finds an application, by the machine that its PE header names.
DEFAULT_NAMES = {0x8664: "BOOTX64.EFI", 0x6264: "BOOTLOONGARCH64.EFI"}


def default_name(application):
    """The name by which firmware finds @application."""
    with open(application, "rb") as file:
        header = file.read(1024)
    return DEFAULT_NAMES[struct.unpack_from("<H", header, struct.unpack_from("<I", header, 60)[0] + 4)[0]]


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
                    ["mcopy", "-i", image, application, f"::/EFI/BOOT/{default_name(application)}"],
                    *(["mcopy", "-i", image, module, "::/EFI/BOOT/"] for module in modules)):
        subprocess.run(command, check=True, capture_output=True)
    return ["-drive", f"file={image},format=raw,if=virtio,readonly=on"]
