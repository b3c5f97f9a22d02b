# SPDX-License-Identifier: Apache-2.0
"""The ACPI tables of a cell: well-formed, complete, and without what the cell does not have."""

import os
import re
import struct
import subprocess
import sys
from types import SimpleNamespace

import pytest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from test_gen_support import BASE, VDEV, Bench, edited, memory_of, plan_of  # noqa: E402
from genconfig.model import MIB  # noqa: E402
from genconfig.x86 import guest  # noqa: E402


@pytest.fixture
def bench(tmp_path, capsys):
    return Bench(tmp_path, capsys)


def disassembled(folder, name, data):
    path = os.path.join(folder, name + ".dat")
    with open(path, "wb") as out:
        out.write(data)
    done = subprocess.run(
        ["iasl", "-d", "-p", os.path.join(folder, name), path],
        capture_output=True,
        text=True,
        check=False,
        cwd=folder,
    )
    with open(os.path.join(folder, name + ".dsl"), encoding="utf-8") as text:
        source = text.read()
    said = (done.stdout + done.stderr + source).replace(folder, "")
    assert done.returncode == 0 and not re.search(
        r"\b(warning|error|invalid|incorrect|unknown)\b", said, re.I
    ), said
    return source


def tables_of(bench, text):
    loaded = plan_of(bench, text).loaded[0]
    names = re.compile(r"acpi/alpha-(\w+)\.aml")
    tables = {match[1]: data for name, data in loaded.files.items() if (match := names.match(name))}
    rsdp = next(s.gpa for s in loaded.segments if s.what == "ACPI tables")
    return SimpleNamespace(tables=tables, rsdp=rsdp), memory_of(loaded)


@pytest.mark.parametrize(
    "text",
    [
        BASE,
        edited(('bootargs = "console=ttyS0";', "passthrough = <&com2>;")),
        edited((VDEV, "#address-cells = <2>; #size-cells = <1>;")),
    ],
    ids=["pc", "passthrough", "bare"],
)
def test_iasl_disassembles_all_tables_without_a_complaint(bench, text):
    tables, _ = tables_of(bench, text)
    for name, data in tables.tables.items():
        if name != "rsdp":  # iasl does not take an RSDP by itself; the next test checks it
            disassembled(bench.folder, name, data)


def test_the_tables_are_found_from_the_rsdp_and_all_sums_are_zero(bench):
    tables, memory = tables_of(bench, BASE)
    rsdp = memory[tables.rsdp : tables.rsdp + 36]
    assert tables.rsdp % 16 == 0 and 0xE0000 <= tables.rsdp < 0x100000
    assert sum(rsdp[:20]) % 256 == sum(rsdp) % 256 == 0 and rsdp[15] == 2
    seen = {}

    def table(address):
        (length,) = struct.unpack_from("<I", memory, address + 4)
        data = memory[address : address + length]
        assert sum(data) % 256 == 0, data[:4]
        seen[bytes(data[:4])] = data
        return data

    xsdt = table(struct.unpack_from("<Q", rsdp, 24)[0])
    for address in struct.unpack_from("<3Q", xsdt, 36):
        table(address)
    fadt = seen[b"FACP"]
    table(struct.unpack_from("<Q", fadt, 140)[0])
    assert struct.unpack_from("<I", fadt, 40)[0] == struct.unpack_from("<Q", fadt, 140)[0]
    (facs,) = struct.unpack_from("<I", fadt, 36)
    assert memory[facs : facs + 4] == b"FACS" and facs % 64 == 0
    assert facs < 0xA0000, "the OS may write to the FACS, so it is not in the read-only area"
    assert set(seen) == {b"XSDT", b"FACP", b"APIC", b"MCFG", b"DSDT"}


def test_the_fadt_describes_the_power_management_block(bench):
    fadt = tables_of(bench, BASE)[0].tables["fadt"]
    assert len(fadt) == 276 and fadt[8] == 6
    assert struct.unpack_from("<HxxxI", fadt, 46)[0] == 9
    assert struct.unpack_from("<I", fadt, 48) == (0,), "no SMI command: ACPI is always on"
    assert [struct.unpack_from("<I", fadt, at)[0] for at in (56, 64, 76)] == [0x600, 0x604, 0x608]
    assert fadt[88:92] == bytes([4, 2, 0, 4])
    (flags,) = struct.unpack_from("<I", fadt, 112)
    assert flags & 1 << 8 and flags & 1 << 10 and flags & 1 << 12 and not flags & 1 << 20
    assert fadt[116:128] == struct.pack("<BBBBQ", 1, 8, 0, 1, 0x64) and fadt[128] == 0xFE
    (boot,) = struct.unpack_from("<H", fadt, 109)
    assert boot == 1 << 0 | 1 << 2, "legacy devices, no VGA; neither an 8042 nor a missing clock"


def test_a_cell_without_devices_is_hardware_reduced_and_lists_none(bench):
    tables, _ = tables_of(bench, edited((VDEV, "#address-cells = <2>; #size-cells = <1>;")))
    fadt = tables.tables["fadt"]
    assert "facs" not in tables.tables and struct.unpack_from("<I", fadt, 36) == (0,)
    assert struct.unpack_from("<I", fadt, 112)[0] & 1 << 20 and not any(fadt[148:244])
    assert struct.unpack_from("<H", fadt, 109)[0] & 1 << 5, "no clock"
    source = disassembled(bench.folder, "dsdt", tables.tables["dsdt"])
    assert "PNP" not in source and "_S5" not in source and source.count("ACPI0007") == 2


def test_the_dsdt_lists_the_devices_of_the_cell(bench):
    tables, _ = tables_of(bench, edited(('bootargs = "console=ttyS0";', "passthrough = <&com2>;")))
    source = disassembled(bench.folder, "dsdt", tables.tables["dsdt"])
    for word in ("PNP0A03", "PNP0B00", "PNP0100", "PNP0000", "_S5"):
        assert word in source
    assert source.count("PNP0501") == 2 and "0x02F8" in source and "0x03F8" in source


@pytest.mark.parametrize(
    "ecam, window",
    [
        (None, (0xC0000000, 0xFEBFFFFF)),
        (0xB0000000, (0xC0000000, 0xFEBFFFFF)),
        (0xE0000000, (0xC0000000, 0xDFFFFFFF)),
        (0xC0000000, (0xC0100000, 0xFEBFFFFF)),
    ],
)
def test_the_pci_window_leaves_out_the_ecam_which_the_mcfg_tells(bench, ecam, window):
    reg = "<1 0xcf8 8>" + (f", <0 {ecam:#x} 0x100000>" if ecam else "")
    bus = (
        '#address-cells = <2>; #size-cells = <1>; p { compatible = "bulkhead,pci-cam"; reg = %s; };'
        % reg
    )
    plan = plan_of(bench, edited((VDEV, bus)))
    tables = tables_of(bench, edited((VDEV, bus)))[0].tables
    source = disassembled(bench.folder, "dsdt", tables["dsdt"])
    found = re.search(r"DWordMemory.*?0x00000000,.*?0x(\w+),.*?0x(\w+),", source, re.S)
    assert (int(found[1], 16), int(found[2], 16)) == window
    assert ("mcfg" in tables) == ("PNP0C02" in source) == bool(ecam)
    if ecam:
        assert struct.unpack_from("<QHBB", tables["mcfg"], 44) == (ecam, 0, 0, 0)
        assert (ecam, MIB, 2) in guest.memory_map(plan.system.cells[0])


def test_the_madt_has_every_vcpu_and_the_overrides(bench):
    madt = tables_of(bench, BASE)[0].tables["madt"]
    entries, at = [], 44
    while at < len(madt):
        entries.append(madt[at : at + madt[at + 1]])
        at += madt[at + 1]
    assert [(e[2], e[3]) for e in entries if e[0] == 0] == [(0, 0), (1, 1)]
    assert [(e[2], struct.unpack_from("<I", e, 4)[0]) for e in entries if e[0] == 1] == [
        (2, 0xFEC00000)
    ]
    assert [struct.unpack_from("<BIH", e, 3) for e in entries if e[0] == 2] == [
        (0, 2, 0),
        (9, 9, 0xD),
    ]
    assert [e[2] for e in entries if e[0] == 4] == [0xFF]
