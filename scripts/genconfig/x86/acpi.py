# SPDX-License-Identifier: Apache-2.0
"""The ACPI tables of a cell (ACPI 6.3): RSDP, XSDT, FADT, FACS, MADT, MCFG, and asl.py's DSDT.

Only what the cell has is described. A cell with the power management block has ACPI fixed hardware;
a cell without it is hardware-reduced and has no FACS.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

from ..diag import fail
from ..guest import Blob, Segment
from ..model import Cell
from .guest import EBDA, HIGH, ROM_TABLES, ecam

OEM_ID = b"BULKHD"
OEM_TABLE = b"BULKHEAD"
CREATOR = b"BLKH"

LOCAL_APIC = 0xFEE00000
S5_TYPE = 5  # SLP_TYP that a cell writes to power itself off

# FADT, ACPI 6.3 section 5.2.9
FADT_SIZE = 276
BOOT_LEGACY_DEVICES = 1 << 0
BOOT_NO_VGA = 1 << 2
BOOT_NO_CMOS_RTC = 1 << 5
FLAG_WBINVD = 1 << 0
FLAG_C1_ALL = 1 << 2
FLAG_NO_POWER_BUTTON = 1 << 4
FLAG_NO_SLEEP_BUTTON = 1 << 5
FLAG_NO_FIXED_RTC = 1 << 6
FLAG_TIMER_32BIT = 1 << 8
FLAG_RESET_REG = 1 << 10
FLAG_HEADLESS = 1 << 12
FLAG_HARDWARE_REDUCED = 1 << 20
C2_UNSUPPORTED = 101  # a latency of more than 100 us says that there is no C2
C3_UNSUPPORTED = 1001  # and of more than 1000 us that there is no C3
RTC_CENTURY = 0x32  # CMOS index
SYSTEM_IO = 1
ACCESS_BYTE, ACCESS_WORD, ACCESS_DWORD = 1, 2, 3

# MADT, section 5.2.12
MADT_PCAT_COMPAT = 1
POLARITY_HIGH, TRIGGER_EDGE, TRIGGER_LEVEL = 1, 1 << 2, 3 << 2


@dataclass
class AcpiTables:
    """A cell's tables by name, and where each goes (guest-physical)."""

    tables: dict[str, bytes]
    addresses: dict[str, int]

    @property
    def rsdp(self) -> int:
        """Guest-physical address of the RSDP."""
        return self.addresses["rsdp"]

    def segments(self, cell: Cell) -> list[Segment]:
        """What to load: one block of read-only tables, and the FACS, which the OS may write to."""
        rom = bytearray()
        for name, address in self.addresses.items():
            if name != "facs":
                rom.extend(bytes(address - ROM_TABLES - len(rom)) + self.tables[name])
        out = [Segment.of(ROM_TABLES, Blob(f"{cell.name}-acpi", bytes(rom)), "ACPI tables")]
        if "facs" in self.tables:
            out.append(Segment.of(EBDA, Blob("facs", self.tables["facs"]), "ACPI FACS"))
        return out


def checksum(data: bytes) -> int:
    """The byte that makes the sum of @data zero."""
    return -sum(data) & 0xFF


def table(signature: bytes, revision: int, body: bytes) -> bytes:
    """A system description table: header, body, checksum (section 5.2.6)."""
    header = struct.pack(
        "<4sIBB6s8sI4sI", signature, 36 + len(body), revision, 0, OEM_ID, OEM_TABLE, 1, CREATOR, 1
    )
    data = bytearray(header + body)
    data[9] = checksum(data)
    return bytes(data)


def build(cell: Cell, dsdt: bytes) -> AcpiTables:
    """All tables of @cell, with @dsdt as compiled."""
    tables = {
        "rsdp": bytes(36),
        "xsdt": bytes(36 + (24 if ecam(cell) else 16)),
        "fadt": bytes(FADT_SIZE),
        "madt": madt(cell),
        "dsdt": dsdt,
    }
    window = ecam(cell)
    if window:
        tables["mcfg"] = mcfg(window.base)
    addresses = {}
    at = ROM_TABLES
    for name, data in tables.items():
        addresses[name] = at
        at = (at + len(data) + 15) // 16 * 16
    if at > HIGH:
        raise fail(
            "acpi-too-large",
            f"the ACPI tables of cell {cell.name} take {at - ROM_TABLES} bytes, but "
            f"only {HIGH - ROM_TABLES} fit below 1 MiB",
            cell.pos,
            cure="give the cell fewer devices",
        )
    if cell.vdev("bulkhead,acpi-pm"):
        tables["facs"] = facs()
        addresses["facs"] = EBDA
    tables["fadt"] = fadt(cell, addresses)
    tables["xsdt"] = table(
        b"XSDT",
        1,
        b"".join(
            struct.pack("<Q", addresses[name])
            for name in ("fadt", "madt", "mcfg")
            if name in addresses
        ),
    )
    tables["rsdp"] = rsdp(addresses["xsdt"])
    return AcpiTables(tables, addresses)


def rsdp(xsdt: int) -> bytes:
    """Root pointer, revision 2 (section 5.2.5.3); there is no RSDT."""
    data = bytearray(struct.pack("<8sB6sBIIQB3x", b"RSD PTR ", 0, OEM_ID, 2, 0, 36, xsdt, 0))
    data[8] = checksum(data[:20])
    data[32] = checksum(data)
    return bytes(data)


def facs() -> bytes:
    """Firmware control structure, version 2 (section 5.2.10)."""
    return struct.pack("<4sIIIIIQB31x", b"FACS", 64, 0, 0, 0, 0, 0, 2)


def gas(address: int, bits: int, access: int) -> bytes:
    """Generic address structure for I/O ports (section 5.2.3.2); all zero for no register."""
    if not address:
        return bytes(12)
    return struct.pack("<BBBBQ", SYSTEM_IO, bits, 0, access, address)


def _reset_register(cell: Cell) -> tuple[bytes, int]:
    """The register that resets the cell, and the value to write."""
    keyboard, pci = cell.vdev("intel,i8042"), cell.vdev("bulkhead,pci-cam")
    if keyboard:
        return gas(keyboard.base(1), 8, ACCESS_BYTE), 0xFE
    if pci:
        return gas(pci.base(0) + 1, 8, ACCESS_BYTE), 0x06
    return bytes(12), 0


def fadt(cell: Cell, addresses: dict[str, int]) -> bytes:
    """Fixed ACPI description table, revision 6 (section 5.2.9)."""
    pm = cell.vdev("bulkhead,acpi-pm")
    rtc = cell.vdev("motorola,mc146818")
    event, control, timer = (pm.base(0), pm.base(1), pm.base(2)) if pm else (0, 0, 0)
    sci = pm.line.value if pm and pm.line else 0
    reset, reset_value = _reset_register(cell)
    # Legacy devices: what an ISA bus would have and no other table tells, such as UARTs.
    boot = BOOT_NO_VGA | (0 if rtc else BOOT_NO_CMOS_RTC)
    boot |= BOOT_LEGACY_DEVICES if cell.vdev("ns16550a") else 0
    flags = (
        FLAG_WBINVD
        | FLAG_C1_ALL
        | FLAG_NO_POWER_BUTTON
        | FLAG_NO_SLEEP_BUTTON
        | FLAG_NO_FIXED_RTC
        | FLAG_HEADLESS
    )
    flags |= FLAG_TIMER_32BIT if pm else FLAG_HARDWARE_REDUCED
    flags |= FLAG_RESET_REG if reset_value else 0
    body = struct.pack("<IIBBH", addresses.get("facs", 0), addresses["dsdt"], 0, 0, sci)
    body += struct.pack("<IBBBB", 0, 0, 0, 0, 0)  # SMI_CMD 0: always in ACPI mode
    body += struct.pack("<8I", event, 0, control, 0, 0, timer, 0, 0)
    body += struct.pack("<8B", 4 if pm else 0, 2 if pm else 0, 0, 4 if pm else 0, 0, 0, 0, 0)
    body += struct.pack("<4H", C2_UNSUPPORTED, C3_UNSUPPORTED, 0, 0)
    body += struct.pack("<5BHBI", 0, 0, 0, 0, RTC_CENTURY if rtc else 0, boot, 0, flags)
    body += reset + struct.pack("<BHB", reset_value, 0, 3)  # FADT 6.3
    body += struct.pack("<QQ", 0, addresses["dsdt"])
    body += gas(event, 32, ACCESS_WORD) + bytes(12) + gas(control, 16, ACCESS_WORD) + bytes(12)
    body += bytes(12) + gas(timer, 32, ACCESS_DWORD) + bytes(24)
    body += bytes(24) + OEM_TABLE  # sleep registers, hypervisor vendor identity
    assert len(body) + 36 == FADT_SIZE
    return table(b"FACP", 6, body)


def mcfg(base: int) -> bytes:
    """PCI express memory-mapped configuration space: segment 0, bus 0 (PCI Firmware 3.2, 4.1.2)."""
    return table(b"MCFG", 1, struct.pack("<8xQHBB4x", base, 0, 0, 0))


def madt(cell: Cell) -> bytes:
    """Multiple APIC description table (section 5.2.12)."""
    ioapic, pm = cell.vdev("intel,ioapic"), cell.vdev("bulkhead,acpi-pm")
    nr_cpus = len(cell.cpus)
    body = struct.pack("<II", LOCAL_APIC, MADT_PCAT_COMPAT if cell.vdev("intel,i8259") else 0)
    for number in range(nr_cpus):
        body += struct.pack("<BBBBI", 0, 8, number, number, 1)
    if ioapic:
        body += struct.pack("<BBBBII", 1, 12, nr_cpus, 0, ioapic.base(0), 0)
        body += struct.pack("<BBBBIH", 2, 10, 0, 0, 2, 0)
        if pm and pm.line:
            body += struct.pack(
                "<BBBBIH", 2, 10, 0, pm.line.value, pm.line.value, POLARITY_HIGH | TRIGGER_LEVEL
            )
    body += struct.pack("<BBBHB", 4, 6, 0xFF, POLARITY_HIGH | TRIGGER_EDGE, 1)
    return table(b"APIC", 5, body)
