# SPDX-License-Identifier: Apache-2.0
"""Starting built systems in the emulator of their board, and the bare kernel beside them for comparison."""

import hashlib
import json
import os
import pathlib
import re
import shutil
import subprocess
import tempfile

from harness import board, build, uboot, uefi
from harness.machine import UNPACKING, Bulkhead, Machine
from harness.selfcheck import parse
from harness.transport import Emulator, SerialBoard

QEMU = str(build.TOP / "scripts/qemu.sh")
#: By architecture; $QEMU_LOONGARCH chooses another one with LVZ.
QEMUS = {"x86": QEMU, "loongarch": str(build.TOP / "scripts/qemu_loongarch.sh")}
BOCHS = str(build.TOP / "scripts/bochs.py")
#: Nothing but serial consoles; a machine that resets itself or switches itself off stays there to be looked at.
HEADLESS = ["-nographic", "-nic", "none", "-action", "reboot=shutdown,shutdown=pause"]


def usb_stick(image):
    """QEMU's arguments for a USB stick with @image on it."""
    return ["-drive", f"file={image},format=raw,if=none,id=stick,readonly=on", "-device", "qemu-xhci",
            "-device", "usb-storage,drive=stick"]


def network(folder, file):
    """QEMU's arguments for a network whose DHCP server names @file, and whose TFTP server has @folder."""
    return ["-netdev", f"user,id=net,tftp={folder},bootfile={file}", "-device", "virtio-net-pci,netdev=net"]


def initrd(folder):
    """QEMU's arguments for the archive of boot modules, if the system in @folder wants it."""
    return ["-initrd", str(folder / "gen/modules.cpio")] if build.module_names(folder) else []


#: QEMU's arguments for what starts the system in a folder.
LOADERS = {
    "kernel": lambda folder: ["-kernel", str(folder / "bulkhead.elf"), *initrd(folder)],
    "cdrom": lambda folder: ["-cdrom", str(folder / "bulkhead.iso")],
    "uefi": lambda folder: [*uefi.firmware(), *uefi.disk(folder / "bulkhead.efi", build.modules(folder))],
    "uefi-secure": lambda folder: [*uefi.firmware(secure=True), *uefi.disk(folder / "bulkhead.efi")],
    "uefi-signed": lambda folder: [*uefi.firmware(secure=True), *uefi.disk(uefi.sign(folder / "bulkhead.efi"))],
    "uefi-usb": lambda folder: [*uefi.firmware(), *usb_stick(folder / "bulkhead.usb.img")],
    "uefi-pxe": lambda folder: [*uefi.firmware(), *network(folder, "bulkhead.efi")],
    "usb": lambda folder: usb_stick(folder / "bulkhead.iso"),
    "uefi-usb-iso": lambda folder: [*uefi.firmware(), *usb_stick(folder / "bulkhead.iso")],
    "uefi-cdrom": lambda folder: [*uefi.firmware(), "-cdrom", str(folder / "bulkhead.iso")],
    "uboot": lambda folder: ["-bios", str(uboot.rom())],
    "uefi-loongarch": lambda folder: [*uefi.firmware_loongarch(),
                                      *uefi.disk(folder / "bulkhead.efi", build.modules(folder))],
    "uboot-loongarch": lambda folder: ["-bios", str(uboot.loongarch())],
    "like-uboot-loongarch": lambda folder: [*uboot.like_loongarch(folder / "bulkhead.bin"), *initrd(folder)],
}


def start(folder, com2=None, replace=None, loader=None, extra=()):
    """
    Runs a built system in the emulator of its board, or on the board of $BULKHEAD_BOARD; returns a Bulkhead.

    @com2: the file that receives what is sent to the second UART. @replace: what the machine has differently: values
    of QEMU's options, {"-smp": "2"}, or pieces of Bochs' configuration, {"count=4": "count=2"}. @loader: a key of
    LOADERS, and @extra, arguments: for QEMU alone. Bochs' firmware starts the ISO image.
    """
    if com2 or replace or loader or extra:
        board.needs_emulator("it changes the machine, starts it in its own way or looks at its second UART")
    if board.settings():
        return Bulkhead(SerialBoard(board.settings(), folder), folder.name)
    loader = loader or ("cdrom" if build.modules(folder) and build.arch(folder) == "x86" else "kernel")
    if build.bochsrc(folder):
        return Bulkhead(Emulator(bochs(folder.name, build.bochsrc(folder), folder / "bulkhead.iso", replace, com2),
                                 monitor=False), folder.name)
    arguments = build.qemu_arguments(folder)
    for option, value in (replace or {}).items():
        arguments[arguments.index(option) + 1] = value
    serial = ["-serial", "mon:stdio", "-serial", f"file:{com2}"] if com2 else []
    qemu = QEMUS[build.arch(folder)]
    return Bulkhead(Emulator([qemu, *arguments, *HEADLESS, *LOADERS[loader](folder), *serial, *extra]), folder.name)


def bochs(name, configuration, iso, replace=None, com2=None):
    """The command that runs @iso in Bochs; see start() for what is optional."""
    for old, new in (replace or {}).items():
        assert old in configuration
        configuration = configuration.replace(old, new)
    file = build.WORK / f"{name}-{os.getpid()}.bochsrc"
    file.write_text(configuration, encoding="ascii")
    serial = ["--com2", str(com2)] if com2 else []
    return [BOCHS, "--log", str(file.with_suffix(".log")), *serial, str(file), str(iso)]


#: tsc=reliable, as cells have it: on a busy host Linux takes its clock for broken, and may stand still then.
BARE_ARGUMENTS = "console=ttyS0 tsc=reliable bulkhead.selfcheck"
BARE_GRUB = f"""serial
terminal_output serial
linux /kernel {BARE_ARGUMENTS}
initrd /initrd
boot
"""


def bare_qemu(kernel, cpus, memory, _):
    """The bare kernel in QEMU."""
    images = build.BUILD / "images"
    command = [QEMU, "-accel", "tcg", "-machine", "q35", "-cpu", "max", "-smp", str(cpus), "-m", str(memory),
               *HEADLESS, "-kernel", str(images / kernel), "-initrd", str(images / "initramfs.cpio.gz"),
               "-append", BARE_ARGUMENTS]
    return Machine(Emulator(command), f"bare {kernel}")


#: Without a hypervisor, QEMU's device tree leaves out the ISA space where Linux looks for a keyboard controller.
BARE_LOONGARCH = "console=ttyS0 initcall_blacklist=i8042_init bulkhead.selfcheck"


def bare_loongarch(kernel, cpus, memory, _):
    """The bare kernel on QEMU's virt machine, whose loader wants it as the default system has it: unpacked."""
    images, folder = build.BUILD / "images", build.system("configs/qemu-loongarch-duo.dts")
    command = [QEMUS["loongarch"], "-accel", "tcg", "-machine", "virt", "-cpu", "la464,lvz=off", "-smp", str(cpus),
               "-m", str(memory), *HEADLESS, "-kernel", str(folder / f"gen/blobs/kernel-{kernel}.bin"),
               "-initrd", str(images / "initramfs-loong64.cpio.gz"), "-append", BARE_LOONGARCH]
    return Machine(Emulator(command), f"bare {kernel}")


def bare_bochs(kernel, cpus, memory, system):
    """The bare kernel in Bochs, started by GRUB, on the board of the built system in folder @system."""
    images = build.BUILD / "images"
    iso = build.WORK / f"bare-{kernel}.iso"
    with tempfile.TemporaryDirectory() as folder:
        grub = pathlib.Path(folder) / "boot/grub"
        grub.mkdir(parents=True)
        (grub / "grub.cfg").write_text(BARE_GRUB, encoding="ascii")
        shutil.copy(images / kernel, f"{folder}/kernel")
        shutil.copy(images / "initramfs.cpio.gz", f"{folder}/initrd")
        subprocess.run(["grub-mkrescue", "-d", "/usr/lib/grub/i386-pc", "-o", iso, folder], check=True,
                       capture_output=True)
    return Machine(Emulator(bochs(iso.stem, bare_bochsrc(system, cpus, memory), iso), monitor=False), f"bare {kernel}")


def bare_bochsrc(folder, cpus, memory):
    """Bochs' configuration for the bare kernel: empty when the built system in @folder is not for Bochs."""
    configuration = re.sub(r"\bcount=\d+", f"count={cpus}", build.bochsrc(folder))
    return re.sub(r"^megs: .*", f"megs: {memory}", configuration, flags=re.M)


def bare_check(kernel, cpus, folder, memory=512):
    """
    The self-check's findings of the same kernel and initramfs on the bare machine, made by the emulator that runs the
    built system in @folder (or, of a board, would run its like); kept for the session.
    """
    images = build.BUILD / "images"
    arch = build.arch(folder)
    initramfs = "initramfs-loong64.cpio.gz" if arch == "loongarch" else "initramfs.cpio.gz"
    build.make(f"ARCH={arch}", f"CONFIG=configs/qemu-{arch}-duo.dts", f"build/images/{kernel}",
               f"build/images/{initramfs}")
    digest = hashlib.sha256()
    for name in (kernel, initramfs):
        digest.update((images / name).read_bytes())
    digest.update(bare_bochsrc(folder, cpus, memory).encode())
    emulator = "bochs" if build.bochsrc(folder) else f"qemu-{arch}"
    digest.update(os.environ.get("QEMU_LOONGARCH", "").encode())
    kept = build.WORK / f"bare-{emulator}-{kernel}-{cpus}-{digest.hexdigest()[:16]}.json"
    with build.locked(kept.name):
        if not kept.exists():
            make = {"bochs": bare_bochs, "qemu-x86": bare_qemu, "qemu-loongarch": bare_loongarch}[emulator]
            with make(kernel, cpus, memory, folder) as machine:
                machine.wait("Linux version", timeout=600, stall=UNPACKING)
                machine.wait("BULKHEAD-CHECK-END", timeout=600)
                kept.write_text(json.dumps(parse(machine.lines)), encoding="utf-8")
    return json.loads(kept.read_text(encoding="utf-8"))
