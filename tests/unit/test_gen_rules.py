# SPDX-License-Identifier: Apache-2.0
"""Every rule of the generator has an example that passes and one that fails, with the message it gives."""

import os
import re
import sys
from dataclasses import dataclass, field

import pytest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from test_gen_support import BASE, Bench, bzimage, edited, elf  # noqa: E402
from genconfig.diag import short_path  # noqa: E402
from genconfig.rules import RULES  # noqa: E402


@dataclass
class Example:
    """@bad breaks the rule and @good, which is as near to it as may be, does not."""

    rule: str
    bad: str
    says: str                  # a pattern of the error's line
    good: str = BASE
    at: str = ""               # text of the line that the error points to, if it is in the DTS
    nth: int = 0
    note: str = ""             # a pattern of the notes
    images: dict = field(default_factory=dict)       # files of the bad example
    good_images: dict = field(default_factory=dict)


A_MEMORY = "memory = <0 0x4000000>;"
B_MEMORY = "memory = <0 0x8000000>;"
VDEV = '#include "pc-devices.dtsi"'
BUS = "#address-cells = <2>; #size-cells = <1>;"
DEVICE = """
/ { isa { %s { compatible = "bulkhead,simple-device"; %s }; }; };
"""


def given(board_device, properties, cell_edit=("bootargs = \"console=ttyS0\";", "passthrough = <&dev>;"), more=()):
    """BASE with a further device `dev` on the board, given to cell alpha."""
    return edited(cell_edit, *more, append=DEVICE % ("dev: " + board_device, properties))


EXAMPLES = [
    # What cpp and dtc refuse
    Example("cpp", edited(("boards/qemu-q35.dtsi", "boards/absent.dtsi")), "boards/absent.dtsi: No such file",
            at="absent.dtsi"),
    Example("dtc-syntax", edited(("console = <&com1>;", "console = <&com1>")), "syntax error", note="missing `;`"),
    Example("dtc-phandle-references", edited(("&cpu2", "&cpu9")), 'non-existent node or label "cpu9"',
            at="&cpu9", note='did you mean "cpu\\d"'),
    # The language
    Example("unknown-node", edited(("bulkhead {", "bulkhaed {")), "node /bulkhaed is not part of the language",
            at="bulkhaed", note='did you mean "bulkhead"'),
    Example("unknown-property", edited(('kernel = "vmlinuz";', 'kernel = "vmlinuz"; bootarg = "x";')),
            "/cells/alpha has no property `bootarg`", at="bootarg =", note='did you mean "bootargs"'),
    Example("unknown-compatible", edited((VDEV, BUS + 'uart { compatible = "ns16550"; };')),
            'compatible "ns16550" is not known here', at='"ns16550"', note='did you mean "ns16550a"'),
    Example("missing-node", re.sub(r"\tbulkhead \{.*?\};\n", "", BASE, count=1, flags=re.S),
            "/ has no node `bulkhead`"),
    Example("missing-property", edited(("cpus = <&cpu2 &cpu3>;", "")), "/cells/beta has no property `cpus`",
            at="beta {", note="add `cpus`"),
    Example("missing-property", edited((B_MEMORY, "")), "/cells/beta has no property `memory`", at="beta {"),
    Example("missing-property", edited(('initrd = "initrd";', ""), ('kernel = "vmlinuz";', "")),
            "/cells/alpha has no property `kernel`", at="alpha {"),
    Example("bad-type", edited((A_MEMORY, "memory = <0x4000000>;")), "`memory` of /cells/alpha must be 64-bit numbers",
            at="memory = <0x4000000>"),
    Example("bad-value", edited(('kernel = "vmlinuz";', 'kernel = "vmlinuz"; on-fault = "reboot";')),
            '`on-fault` of /cells/alpha is "reboot", but must be one of stop, restart',
            good=edited(('kernel = "vmlinuz";', 'kernel = "vmlinuz"; on-fault = "restart";')), at="on-fault"),
    # The board
    Example("board-cpu-twice", edited(append="&cpu3 { reg = <2>; };"), "cpu3 has the id 2, which cpu2 has already",
            note="cpu2 is here"),
    Example("board-memory", edited(append="/ { memory@100000 { reg = <0 0x10000 0 0x7fd00000>; }; };"),
            "begins below 1 MiB"),
    Example("board-memory", edited(append="/ { memory@100000 { reg = <0 0x100000 0 0x7fd00080>; }; };"),
            "is not a run of whole pages"),
    Example("board-memory", edited(append='/ { memory@200000 { device_type = "memory"; '
                                   "reg = <0 0x200000 0 0x1000>; }; };"), "overlaps RAM", note="the other is here",
            good=edited(append='/ { memory@7fe00000 { device_type = "memory"; reg = <0 0x7fe00000 0 0x1000>; }; };')),
    Example("board-incomplete", edited(append="/delete-node/ &hpet;"), "the board has no HPET node",
            note="is one of them",
            good=edited((VDEV, BUS), (VDEV, BUS), append="/delete-node/ &hpet;")),
    Example("board-pin", edited(append="&com2 { interrupts = <24 1>; };"), "com2 interrupts at pin 24, which does not",
            good=edited(append="&com2 { interrupts = <23 1>; };"), note="the I/O APIC has 24 pins"),
    Example("board-pin", edited(append="&hpet { first-pin = <21>; };"), "reach beyond the last pin"),
    Example("board-device-overlap", edited(append="&com2 { reg = <1 0x3f0 9>; };"), "com1 both have ports|com2 and com1",
            good=edited(append="&com2 { reg = <1 0x3f0 8>; };")),
    Example("board-device-overlap", given("dev@0,1000000", "reg = <0 0x1000000 0x1000>;", ("/dts-v1/", "/dts-v1/")),
            "lie in RAM", note="the RAM is here"),
    Example("board-qemu", edited(append="&qemu { memory = <2044>; };"), "QEMU gives 2044 MiB", note="RAM is described",
            good=edited(append="&qemu { memory = <2046>; };")),
    Example("board-qemu", edited(append="&qemu { serial-ports = <1>; };"), "QEMU has 1 serial ports"),
    Example("hypervisor-console", edited(("<&com1>", "<&hpet>")), "`console` names /timer@fed00000, which is no UART",
            at="console =", note="&com1, &com2"),
    Example("hypervisor-console", edited(append="&com1 { reg = <1 0x3f8 4>; };"), "must have 8 I/O ports"),
    Example("hypervisor-memory", edited(("console =", "memory = <0 0x1000000 0 0x4100000>; console =")),
            "not made of pages of 2 MiB", good=edited(("console =", "memory = <0 0x1000000 0 0x4000000>; console ="))),
    Example("hypervisor-memory", edited(("console =", "memory = <0 0x80000000 0 0x4000000>; console =")),
            "ends above 2 GiB"),
    # Cells
    Example("cell-name", edited(("alpha {", "a-name-too-long-to-print {")), "has 24 characters", at="a-name-too"),
    Example("cell-name", edited(("alpha {", "cell-0 {"), ("beta {", "Cell,0 {")), "too much alike", at="Cell,0",
            note="cell-0 is here", good=edited(("alpha {", "cell-0 {"), ("beta {", "cell-1 {"))),
    Example("cpu-reference", edited(("&cpu2 &cpu3", "&cpu2 &com2")), "names /isa/serial@1,2f8, which is no CPU",
            at="&com2", note="&cpu0, &cpu1, &cpu2, &cpu3"),
    Example("cpu-reference", edited(("&cpu2 &cpu3", "&cpu2 99")), "names no node, which is no CPU", at="&cpu2 99"),
    Example("cpu-twice", edited(("&cpu2 &cpu3", "&cpu1 &cpu3")), "takes cpu1, which belongs to cell alpha already",
            at="&cpu1 &cpu3", note="given to alpha here"),
    Example("cpu-twice", edited(("&cpu2 &cpu3", "&cpu3 &cpu3")), "takes cpu3, which belongs to itself, twice",
            at="&cpu3 &cpu3", note="nobody uses: &cpu2"),
    Example("cpu-unused", edited(("&cpu2 &cpu3", "&cpu2")), "no cell uses cpu3"),
    Example("memory-size", edited((A_MEMORY, "memory = <0 0x4001000>;")), "not a number of pages of 2 MiB",
            at="0x4001000"),
    Example("memory-size", edited((A_MEMORY, "memory = <0 0x40000800 0 0x4000000>;")), "begins at 0x40000800, within",
            good=edited((A_MEMORY, "memory = <0 0x40001000 0 0x4000000>;"))),
    Example("memory-alignment", edited((A_MEMORY, "memory = <0 0x40001000 0 0x4000000>;")), "no large page can map it",
            good=edited((A_MEMORY, "memory = <0 0x40200000 0 0x4000000>;"))),
    # Devices
    Example("passthrough-reference", edited(('bootargs = "console=ttyS0";', "passthrough = <&hpet>;")),
            "it belongs to the hypervisor", at="<&hpet>", note="&com2",
            good=edited(('bootargs = "console=ttyS0";', "passthrough = <&com2>;"))),
    Example("passthrough-reference", edited(('bootargs = "console=ttyS0";', "passthrough = <&cpu0>;")),
            "is no device of the board"),
    Example("passthrough-console", edited(('bootargs = "console=ttyS0";', "passthrough = <&com1>;")),
            "it is the hypervisor's console", at="<&com1>", nth=1, note="made the console here"),
    Example("passthrough-twice", edited(('bootargs = "console=ttyS0";', "passthrough = <&com2>;"),
                                        (B_MEMORY, B_MEMORY + "passthrough = <&com2>;")),
            "com2 is given to cell beta, but belongs to cell alpha already", at="<&com2>", nth=1,
            note="given to alpha here"),
    Example("passthrough-twice", edited(('bootargs = "console=ttyS0";', "passthrough = <&com2 &com2>;")),
            "belongs to cell alpha already"),
    Example("passthrough-page", given("dev@0,d0000000", "reg = <0 0xd0000000 0x100>;"), "is not whole pages",
            good=given("dev@0,d0000000", "reg = <0 0xd0000000 0x1000>;"), note="given to alpha here"),
    Example("passthrough-hypervisor", given("dev@1,600", "reg = <1 0x600 8>;"), "has registers of the power-off",
            good=given("dev@1,600", "reg = <1 0x700 8>;")),
    Example("passthrough-hypervisor", given("dev@0,fed00000", "reg = <0 0xfed00000 0x1000>;"),
            "has registers of the HPET"),
    Example("passthrough-collision", edited(('bootargs = "console=ttyS0";', "passthrough = <&com2>;"),
                                            (VDEV, VDEV + "\nu2 { compatible = \"ns16550a\"; reg = <1 0x2f8 8>; "
                                             "interrupts = <5>; };")),
            r"com2 collide with the virtual device u2", note="u2 is here",
            good=edited(('bootargs = "console=ttyS0";', "passthrough = <&com2>;"),
                        (VDEV, VDEV + "\nu2 { compatible = \"ns16550a\"; reg = <1 0x2e8 8>; interrupts = <5>; };"))),
    Example("passthrough-collision", given("dev@0,80000000", "reg = <0 0x80000000 0x1000>;",
                                           more=[(A_MEMORY, "memory = <0 0xc0000000>;")]),
            "would lie in RAM of cell alpha", good=given("dev@0,80000000", "reg = <0 0x80000000 0x1000>;")),
    Example("pin-twice", edited(('bootargs = "console=ttyS0";', "passthrough = <&com2>;"),
                                append="&com2 { interrupts = <4 1>; };"),
            "interrupt pin 4 of com2 of cell alpha is used by the hypervisor's console already",
            note="has it here", good=edited(append="&com2 { interrupts = <4 1>; };")),
    Example("pin-twice", edited(('bootargs = "console=ttyS0";', "passthrough = <&com2>;"),
                                append="&com2 { interrupts = <21 1>; };"), "is used by HPET comparator 1",
            good=edited(('bootargs = "console=ttyS0";', "passthrough = <&com2>;"),
                        append="&com2 { interrupts = <22 1>; };")),
    Example("passthrough-interrupt", edited(('bootargs = "console=ttyS0";', "passthrough = <&com2>;"), (VDEV, BUS)),
            "com2 interrupts, but cell alpha has no virtual I/O APIC", note="pc-devices.dtsi",
            good=edited(('bootargs = "console=ttyS0";', "passthrough = <&com2>;"))),
    Example("passthrough-interrupt", edited(('bootargs = "console=ttyS0";', "passthrough = <&com2>;"),
                                            append="&com2 { interrupts = <8 1>; };"),
            "is also that of the virtual device rtc@1,70", note="has it here"),
    Example("passthrough-interrupt", edited(('bootargs = "console=ttyS0";', "passthrough = <&com2>;"),
                                            append="&com2 { interrupts = <2 1>; };"),
            "is also that of the virtual device timer@1,40"),
    Example("vdev-register", edited((VDEV, BUS + 'rtc { compatible = "motorola,mc146818"; reg = <1 0x70 4>; '
                                     "interrupts = <8>; };")), "must be 0x2 bytes of ports"),
    Example("vdev-register", edited((VDEV, BUS + 'i { compatible = "intel,ioapic"; reg = <0 0xfec00800 0x1000>; };')),
            "is at 0xfec00800, which is not aligned"),
    Example("vdev-single", edited((VDEV, VDEV + '\nother { compatible = "bulkhead,post-port"; reg = <1 0x84 1>; };')),
            "two virtual devices bulkhead,post-port", at="other {", note="post-port@1,80 is here",
            good=edited((VDEV, VDEV + '\nother { compatible = "ns16550a"; reg = <1 0x2f8 8>; interrupts = <3>; };'))),
    Example("vdev-overlap", edited((VDEV, VDEV + '\nu { compatible = "ns16550a"; reg = <1 0x3f1 8>; '
                                    "interrupts = <3>; };")), "in cell alpha, u at .* overlaps serial@1,3f8",
            note="serial@1,3f8 is here",
            good=edited((VDEV, VDEV + '\nu { compatible = "ns16550a"; reg = <1 0x3f0 8>; interrupts = <3>; };'))),
    Example("vdev-overlap", edited((VDEV, BUS + 'i { compatible = "intel,ioapic"; reg = <0 0x3fff000 0x1000>; };')),
            "lies in RAM of cell alpha",
            good=edited((VDEV, BUS + 'i { compatible = "intel,ioapic"; reg = <0 0x4000000 0x1000>; };'))),
    Example("vdev-line", edited((VDEV, VDEV + '\nu { compatible = "ns16550a"; reg = <1 0x2f8 8>; '
                                 "interrupts = <8>; };")), "u and rtc@1,70 both have interrupt line 8",
            note="rtc@1,70 has it here",
            good=edited((VDEV, VDEV + '\nu { compatible = "ns16550a"; reg = <1 0x2f8 8>; interrupts = <7>; };'))),
    Example("vdev-line", edited((VDEV, VDEV + '\nu { compatible = "ns16550a"; reg = <1 0x2f8 8>; '
                                 "interrupts = <2>; };")), "interrupt line 2, which is the cascade"),
    Example("vdev-line", edited((VDEV, BUS + 'p { compatible = "intel,i8259"; reg = <1 0x20 2 1 0xa0 2 1 0x4d0 2>; };'
                                 'u { compatible = "ns16550a"; reg = <1 0x2f8 8>; interrupts = <16>; };')),
            "interrupt line 16, which exists on an I/O APIC only"),
    Example("vdev-no-controller", edited((VDEV, BUS + 'u { compatible = "ns16550a"; reg = <1 0x3f8 8>; '
                                          "interrupts = <4>; };")), "cell alpha has no interrupt controller",
            note="cell alpha is here",
            good=edited((VDEV, BUS + 'u { compatible = "ns16550a"; reg = <1 0x3f8 8>; interrupts = <4>; };'
                         'i { compatible = "intel,ioapic"; reg = <0 0xfec00000 0x1000>; };'))),
    Example("timer-comparators", edited(append="&hpet { comparators = <1>; };"),
            r"cell beta needs an HPET comparator .* all 1 of /timer@fed00000 are taken",
            note="the board's HPET is here", good=edited(append="&hpet { comparators = <2>; };")),
    # Images
    Example("image-missing", edited(('initrd = "initrd"', 'initrd = "nothing"')),
            "the initrd nothing of cell alpha is in none", at='"nothing"', note="make images"),
    Example("image-empty", BASE, "initrd is empty", at='initrd = "initrd"', images={"initrd": b""}),
    Example("kernel-format", BASE, "neither a Linux bzImage nor an ELF", images={"vmlinuz": b"#!/bin/sh\n" * 200},
            at='kernel = "vmlinuz"', note="take a Linux bzImage"),
    Example("kernel-format", BASE, "boot protocol 2.11", images={"vmlinuz": bzimage(version=0x20b)},
            good_images={"vmlinuz": bzimage(version=0x20c)}),
    Example("kernel-format", BASE, "no 64-bit entry", images={"vmlinuz": bzimage(xloadflags=2)}),
    Example("kernel-format", BASE, "cut short", images={"vmlinuz": bzimage(payload=b"")}),
    Example("kernel-format", BASE, "no PVH entry note", images={"vmlinuz": elf(note=17)},
            good_images={"vmlinuz": elf()}),
    Example("kernel-format", BASE, "ELF for another processor", images={"vmlinuz": elf(machine=258)}),
    Example("kernel-format", BASE, "cut short or damaged", images={"vmlinuz": elf()[:70]}),
    Example("kernel-format", BASE, "PVH entry at 0x99, outside", images={"vmlinuz": elf(entry=0x99)}),
    Example("kernel-does-not-fit", BASE, "needs memory up to 0x4000001",
            images={"vmlinuz": bzimage(init_size=0x3000001)}, at='kernel = "vmlinuz"', note="at least 66 MiB",
            good_images={"vmlinuz": bzimage(init_size=0x2f00000)}),
    Example("kernel-does-not-fit", BASE, "where cell alpha has no RAM",
            images={"vmlinuz": elf(segments=((0x3fff000, b"x", 0x1001),), entry=0x3fff000)},
            good_images={"vmlinuz": elf(segments=((0x3ff0000, b"x", 0x1000),), entry=0x3ff0000),
                         "initrd": b"small"}),
    Example("initrd-does-not-fit", BASE, r"initrd \(1 MiB\) does not fit into cell alpha",
            images={"vmlinuz": bzimage(init_size=0x2f00001), "initrd": bytes(1 << 20)}, at='initrd = "initrd"',
            good_images={"vmlinuz": bzimage(init_size=0x2f00000), "initrd": bytes(1 << 20)},
            note="give the cell more memory"),
    Example("image-overlap", BASE, r"the PVH start info at \[0x1000, .* overlaps the kernel",
            images={"vmlinuz": elf(segments=((0x1010, b"code" * 64, 0x100),), entry=0x1010)},
            good_images={"vmlinuz": elf(segments=((0x8000, b"code" * 64, 0x100),), entry=0x8000)}),
    Example("image-overlap", BASE, r"kernel \(zeroed part\)|PVH start info",
            images={"vmlinuz": elf(segments=((0x500, b"x", 0x1000),), entry=0x500)}),
    Example("bootargs-too-long", edited(("console=ttyS0", "x" * 101)), "have 101 characters.*at most 100",
            images={"vmlinuz": bzimage(cmdline_size=100)}, good=edited(("console=ttyS0", "x" * 100)),
            good_images={"vmlinuz": bzimage(cmdline_size=100)}, at="bootargs"),
    Example("bootargs-too-long", edited(("console=ttyS0", "x" * 4096)), "have 4096 characters.*at most 4095",
            images={"vmlinuz": elf()}, good=edited(("console=ttyS0", "x" * 4095)), good_images={"vmlinuz": elf()}),
    # After placement
    Example("memory-outside-ram", edited((A_MEMORY, "memory = <0 0x7c000000 0 0x4000000>;")),
            "is not all RAM of the board", at="0x7c000000", note="the board has RAM at",
            good=edited((A_MEMORY, "memory = <0 0x7be00000 0 0x4000000>;"))),
    Example("memory-outside-ram", edited(("console =", "memory = <0 0x7fe00000 0 0x200000>; console =")),
            "memory of the hypervisor"),
    Example("memory-overlap", edited((A_MEMORY, "memory = <0 0x40000000 0 0x4000000>;"),
                                     (B_MEMORY, "memory = <0 0x43e00000 0 0x8000000>;")),
            "memory of cell beta .* overlaps that of cell alpha", at="0x43e00000", note="memory of cell alpha is set",
            good=edited((A_MEMORY, "memory = <0 0x40000000 0 0x4000000>;"),
                        (B_MEMORY, "memory = <0 0x44000000 0 0x8000000>;"))),
    Example("memory-overlap", edited((A_MEMORY, "memory = <0 0xc00000 0 0x4000000>;")),
            "memory of cell alpha .* overlaps that of the hypervisor", at="0xc00000"),
    Example("hypervisor-too-small", edited(("console =", "memory = <0 0x1000000 0 0x200000>; console =")),
            "the hypervisor has 2 MiB, but with all images it needs",
            good=edited(("console =", "memory = <0 0x1000000 0 0x400000>; console =")), note="images of cell"),
    Example("memory-not-enough", edited((A_MEMORY, "memory = <0 0x80000000>;")), "there is no room for alpha, beta",
            note="cell beta wants 128 MiB", good=edited((A_MEMORY, "memory = <0 0x70000000>;"))),
]

# Reported where no DTS can be an example; each has a test of its own below or in test_gen_output.
ELSEWHERE = {"config-missing", "tool-missing", "acpi-compile", "acpi-too-large"}


@pytest.fixture
def bench(tmp_path, capsys):
    return Bench(tmp_path, capsys)


def ids(example):
    number = [e for e in EXAMPLES if e.rule == example.rule].index(example)
    return example.rule + (f"-{number + 1}" if number else "")


def test_every_rule_has_an_example():
    assert {e.rule for e in EXAMPLES} | ELSEWHERE == set(RULES)


@pytest.mark.parametrize("example", EXAMPLES, ids=ids)
def test_the_rule_refuses_what_breaks_it(example, bench):
    severity = RULES[example.rule].severity
    for name, data in example.images.items():
        bench.image(name, data)
    status = bench.generate(example.bad)
    lines = bench.stderr.splitlines()
    hits = [line for line in lines if re.search(rf"^[^:]+:\d+: {severity}: .*\({example.rule}\)$", line)]
    assert any(re.search(example.says, line) for line in hits), bench.stderr
    if example.at:
        place = f"{short_path(bench.dts)}:{bench.line_of(example.at, example.nth)}: "
        assert any(line.startswith(place) for line in hits), (place, bench.stderr)
    if example.note:
        assert any(re.search(rf"^[^:]+:\d+: note: .*{example.note}", line) for line in lines), bench.stderr
    assert status == (1 if severity == "error" else 0)
    if status:
        assert not os.path.exists(bench.out), "a refused configuration leaves nothing behind"


@pytest.mark.parametrize("example", EXAMPLES, ids=ids)
def test_the_rule_accepts_what_keeps_it(example, bench):
    for name, data in example.good_images.items():
        bench.image(name, data)
    assert bench.generate(example.good) == 0, bench.stderr
    assert f"({example.rule})" not in bench.stderr


def test_the_base_system_has_nothing_to_complain_about(bench):
    assert bench.generate() == 0
    assert bench.stderr == ""


def test_a_missing_configuration_is_told(bench):
    assert bench.run(bench.dts + "x", "--check") == 1
    assert "there is no configuration" in bench.stderr and "(config-missing)" in bench.stderr


def test_a_missing_tool_names_the_package(bench, monkeypatch):
    monkeypatch.setenv("PATH", bench.folder)
    assert bench.generate() == 1
    assert "cannot run cpp" in bench.stderr and "Debian package" in bench.stderr


def test_asl_that_iasl_refuses_stops_the_generator(bench, monkeypatch):
    monkeypatch.setattr("genconfig.asl.dsdt_source", lambda cell, given: "DefinitionBlock (nonsense\n")
    assert bench.generate() == 1
    assert "(acpi-compile)" in bench.stderr and "Traceback" not in bench.stderr


def test_tables_that_do_not_fit_below_one_mebibyte_are_refused(bench, monkeypatch):
    monkeypatch.setattr("genconfig.asl.compile_asl", lambda source, cell: bytes(0x20000))
    assert bench.generate() == 1
    assert "(acpi-too-large)" in bench.stderr


def test_findings_of_both_cells_are_told_at_once(bench):
    bench.generate(edited(("&cpu2 &cpu3", "&cpu1 &cpu3"), (A_MEMORY, "memory = <0 0x4001000>;")))
    assert "(cpu-twice)" in bench.stderr and "(memory-size)" in bench.stderr


def test_an_error_in_an_included_file_names_that_file(bench):
    with open(os.path.join(bench.folder, "more.dtsi"), "w", encoding="ascii") as out:
        out.write("\n\n/ { cells { alpha { kernle = \"x\"; }; }; };\n")
    bench.generate(edited(append='#include "more.dtsi"\n'))
    assert re.search(r"more\.dtsi:3: error: .*`kernle`.*\(unknown-property\)", bench.stderr)
    assert 'did you mean "kernel"' in bench.stderr
