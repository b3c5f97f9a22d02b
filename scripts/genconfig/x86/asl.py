# SPDX-License-Identifier: Apache-2.0
"""The DSDT of a cell: ASL source for the devices it has, compiled by iasl."""

from __future__ import annotations

import os
import subprocess
import tempfile
from typing import Iterable, Optional

from ..diag import fail
from ..model import BoardDevice, Cell, Range
from .acpi import S5_TYPE
from .guest import MMIO
from .guest import ecam as ecam_of

PCI_WINDOW_END = 0xFEC00000  # the I/O APIC's page follows


def _io(base: int, size: int) -> str:
    return f"IO (Decode16, {base:#06x}, {base:#06x}, 0x01, {size:#04x})"


def _irq(pin: int, level: bool = False) -> str:
    """The classic descriptor where it can say it (ISA lines by edge), else the extended one."""
    if pin < 16 and not level:
        return f"IRQNoFlags () {{{pin}}}"
    trigger = "Level" if level else "Edge"
    return f"Interrupt (ResourceConsumer, {trigger}, ActiveHigh, Exclusive) {{{pin}}}"


def _device(
    name: str, hid: str, uid: int, resources: Iterable[str] = (), status: bool = False
) -> str:
    quoted = f'"{hid}"' if hid.startswith("ACPI") else f'EisaId ("{hid}")'
    lines = [
        f"        Device ({name})",
        "        {",
        f"            Name (_HID, {quoted})",
        f"            Name (_UID, {uid})",
    ]
    if status:
        lines.append("            Name (_STA, 0x0F)")
    resources = list(resources)
    if resources:
        lines += ["            Name (_CRS, ResourceTemplate ()", "            {"]
        lines += [f"                {text}" for text in resources]
        lines += ["            })"]
    return "\n".join(lines + ["        }"])


def _memory_window(ecam: Optional[Range]) -> tuple[int, int]:
    """The addresses for PCI devices: the larger of the parts that @ecam leaves."""
    parts = [(MMIO, PCI_WINDOW_END)]
    if ecam and MMIO < ecam.end and ecam.base < PCI_WINDOW_END:
        parts = [(MMIO, ecam.base), (ecam.end, PCI_WINDOW_END)]
    return max(parts, key=lambda part: part[1] - part[0])


def _pci_host(port: int, ecam: Optional[Range]) -> str:
    """A host bridge with bus 0 alone; its windows leave out configuration ports and ECAM."""
    start, end = _memory_window(ecam)
    low_end, high = port - 1, port + 8
    windows = [
        "WordBusNumber (ResourceProducer, MinFixed, MaxFixed, PosDecode,\n"
        "                    0x0000, 0x0000, 0x0000, 0x0000, 0x0001)",
        _io(port, 8),
        "WordIO (ResourceProducer, MinFixed, MaxFixed, PosDecode, EntireRange,\n"
        f"                    0x0000, 0x0000, {low_end:#06x}, 0x0000, {low_end + 1:#06x})",
        "WordIO (ResourceProducer, MinFixed, MaxFixed, PosDecode, EntireRange,\n"
        f"                    0x0000, {high:#06x}, 0xffff, 0x0000, {0x10000 - high:#06x})",
        "DWordMemory (ResourceProducer, PosDecode, MinFixed, MaxFixed, NonCacheable, ReadWrite,\n"
        f"                    0x00000000, {start:#010x}, {end - 1:#010x}, 0x00000000,\n"
        f"                    {end - start:#010x})",
    ]
    bridge = _device("PCI0", "PNP0A03", 0, windows)
    if not ecam:
        return bridge
    # Motherboard resources: where firmware has to declare an ECAM (PCI Firmware 3.2, 4.1.2).
    return (
        bridge
        + "\n\n"
        + _device(
            "MBRD",
            "PNP0C02",
            0,
            [f"Memory32Fixed (ReadWrite, {ecam.base:#010x}, {ecam.size:#010x})"],
        )
    )


def dsdt_source(cell: Cell, given: Iterable[BoardDevice]) -> str:
    """ASL of @cell, which owns the board's devices @given."""
    parts = [
        _device(f"C{number:03X}", "ACPI0007", number, status=True)
        for number in range(len(cell.cpus))
    ]
    for device in cell.devices:
        if device.compatible == "bulkhead,pci-cam":
            parts.append(_pci_host(device.base(0), ecam_of(cell)))
        hid = {
            "intel,i8259": "PNP0000",
            "intel,i8254": "PNP0100",
            "motorola,mc146818": "PNP0B00",
        }.get(device.compatible)
        if not hid:
            continue
        resources = [
            _io(r.range.base, r.range.size) for r in device.ranges if r.range.base != 0x61
        ]  # port 61h is the speaker's too: nobody claims it
        if device.compatible == "intel,i8259":
            resources.append(_irq(2))
        elif device.line:
            resources.append(_irq(device.line.value))
        parts.append(
            _device({"PNP0000": "PIC", "PNP0100": "TIMR", "PNP0B00": "RTC"}[hid], hid, 0, resources)
        )
    uarts = [
        (d.base(0), d.ranges[0].range.size, d.line.value if d.line else None, False)
        for d in cell.devices
        if d.compatible == "ns16550a"
    ]
    uarts += [
        (d.ports[0].base, d.ports[0].size, d.pins[0].pin, d.pins[0].level)
        for d in given
        if d.compatible == "ns16550a"
    ]
    for number, (base, size, pin, level) in enumerate(uarts):
        resources = [_io(base, size)] + ([] if pin is None else [_irq(pin, level)])
        parts.append(_device(f"UR{number:02X}", "PNP0501", number + 1, resources))
    sleep = (
        f"    Name (\\_S5, Package (0x04) {{{S5_TYPE}, {S5_TYPE}, 0x00, 0x00}})\n\n"
        if cell.vdev("bulkhead,acpi-pm")
        else ""
    )
    return (
        'DefinitionBlock ("", "DSDT", 2, "BULKHD", "BULKHEAD", 0x00000001)\n{\n'
        + sleep
        + "    Scope (\\_SB)\n    {\n"
        + "\n\n".join(parts)
        + "\n    }\n}\n"
    )


def compile_asl(source: str, cell: Cell) -> bytes:
    """The AML that iasl makes of @source; a warning is a mistake of the generator and stops it."""
    with tempfile.TemporaryDirectory(prefix="gen_config.") as scratch:
        path = os.path.join(scratch, "dsdt.asl")
        with open(path, "w", encoding="ascii") as out:
            out.write(source)
        try:
            done = subprocess.run(
                ["iasl", "-we", "-p", os.path.join(scratch, "dsdt"), path],
                capture_output=True,
                text=True,
                check=False,
                cwd=scratch,
            )
        except OSError as error:
            raise fail(
                "tool-missing",
                f"cannot run iasl: {error.strerror}",
                cure="install the Debian package acpica-tools",
            ) from None
        result = os.path.join(scratch, "dsdt.aml")
        if done.returncode or not os.path.exists(result):
            raise fail(
                "acpi-compile",
                f"iasl refuses the DSDT of cell {cell.name}:\n{done.stdout}{done.stderr}",
                cell.pos,
            )
        with open(result, "rb") as aml:
            return aml.read()
