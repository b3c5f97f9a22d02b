# SPDX-License-Identifier: Apache-2.0
"""Every rule of the generator has an example that passes and one that fails, with its message."""

import os
import re
import sys

import pytest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from test_gen_examples import (  # noqa: E402
    A_MEMORY,
    B_MEMORY,
    BUS,
    DEVICE_AND_IMAGE_EXAMPLES,
    VDEV,
    Example,
    given,
)
from test_gen_loongarch import LOONGARCH_EXAMPLES  # noqa: E402
from test_gen_modules import MODULE_EXAMPLES  # noqa: E402
from test_gen_support import BASE, Bench, edited  # noqa: E402
from genconfig.diag import short_path  # noqa: E402
from genconfig.rules import RULES  # noqa: E402


EXAMPLES = [
    # What cpp and dtc refuse
    Example(
        "cpp",
        edited(("boards/qemu-q35.dtsi", "boards/absent.dtsi")),
        "boards/absent.dtsi: No such file",
        at="absent.dtsi",
    ),
    Example(
        "dtc-syntax",
        edited(("console = <&com1>;", "console = <&com1>")),
        "syntax error",
        note="missing `;`",
    ),
    Example(
        "dtc-phandle-references",
        edited(("&cpu2", "&cpu9")),
        'non-existent node or label "cpu9"',
        at="&cpu9",
        note='did you mean "cpu\\d"',
    ),
    # The language
    Example(
        "unknown-node",
        edited(("bulkhead {", "bulkhaed {")),
        "node /bulkhaed is not part of the language",
        at="bulkhaed",
        note='did you mean "bulkhead"',
    ),
    Example(
        "unknown-property",
        edited(('kernel = "vmlinuz";', 'kernel = "vmlinuz"; bootarg = "x";')),
        "/cells/alpha has no property `bootarg`",
        at="bootarg =",
        note='did you mean "bootargs"',
    ),
    Example(
        "unknown-compatible",
        edited((VDEV, BUS + 'uart { compatible = "ns16550"; };')),
        'compatible "ns16550" is not known here',
        at='"ns16550"',
        note='did you mean "ns16550a"',
    ),
    Example(
        "missing-node",
        re.sub(r"\tbulkhead \{.*?\};\n", "", BASE, count=1, flags=re.S),
        "/ has no node `bulkhead`",
    ),
    Example(
        "missing-property",
        edited(("cpus = <&cpu2 &cpu3>;", "")),
        "/cells/beta has no property `cpus`",
        at="beta {",
        note="add `cpus`",
    ),
    Example(
        "missing-property",
        edited((B_MEMORY, "")),
        "/cells/beta has no property `memory`",
        at="beta {",
    ),
    Example(
        "missing-property",
        edited(('initrd = "initrd";', ""), ('kernel = "vmlinuz";', "")),
        "/cells/alpha has no property `kernel`",
        at="alpha {",
    ),
    Example(
        "bad-type",
        edited((A_MEMORY, "memory = <0x4000000>;")),
        "`memory` of /cells/alpha must be 64-bit numbers",
        at="memory = <0x4000000>",
    ),
    Example(
        "bad-value",
        edited(('kernel = "vmlinuz";', 'kernel = "vmlinuz"; on-fault = "reboot";')),
        '`on-fault` of /cells/alpha is "reboot", but must be one of stop, restart',
        good=edited(('kernel = "vmlinuz";', 'kernel = "vmlinuz"; on-fault = "restart";')),
        at="on-fault",
    ),
    # The board
    Example(
        "board-cpu-twice",
        edited(append="&cpu3 { reg = <2>; };"),
        "cpu3 has the id 2, which cpu2 has already",
        note="cpu2 is here",
    ),
    Example(
        "board-cpu-range",
        edited(append="&cpu3 { reg = <255>; };"),
        "cpu3 has the id 255, which an I/O APIC entry cannot name",
        good=edited(append="&cpu3 { reg = <254>; };"),
    ),
    Example(
        "board-cpu-range",
        edited(
            append="/ { cpus { "
            + " ".join(f'c{i}: cpu@{i:x} {{ device_type = "cpu"; reg = <{i}>; }};' for i in range(4, 65))
            + " }; };"
        ),
        "is the board's CPU number 65; Bulkhead manages 64",
    ),
    Example(
        "board-memory",
        edited(append="/ { memory@100000 { reg = <0 0x10000 0 0x7fd00000>; }; };"),
        "begins below 1 MiB",
    ),
    Example(
        "board-memory",
        edited(append="/ { memory@100000 { reg = <0 0x100000 0 0x7fd00080>; }; };"),
        "is not a run of whole pages",
    ),
    Example(
        "board-memory",
        edited(
            append='/ { memory@200000 { device_type = "memory"; '
            "reg = <0 0x200000 0 0x1000>; }; };"
        ),
        "overlaps RAM",
        note="the other is here",
        good=edited(
            append='/ { memory@7fe00000 { device_type = "memory"; '
            "reg = <0 0x7fe00000 0 0x1000>; }; };"
        ),
    ),
    Example(
        "board-incomplete",
        edited(append="/delete-node/ &hpet;"),
        "the board has no HPET node",
        note="is one of them",
        good=edited((VDEV, BUS), (VDEV, BUS), append="/delete-node/ &hpet;"),
    ),
    Example(
        "board-pin",
        edited(append="&com2 { interrupts = <24 1>; };"),
        "com2 interrupts at pin 24, which does not",
        good=edited(append="&com2 { interrupts = <23 1>; };"),
        note="the I/O APIC has 24 pins",
    ),
    Example(
        "board-pin", edited(append="&hpet { first-pin = <21>; };"), "reach beyond the last pin"
    ),
    Example(
        "board-device-overlap",
        edited(append="&com2 { reg = <1 0x3f0 9>; };"),
        "com1 both have ports|com2 and com1",
        good=edited(append="&com2 { reg = <1 0x3f0 8>; };"),
    ),
    Example(
        "board-device-overlap",
        given("dev@0,1000000", "reg = <0 0x1000000 0x1000>;"),
        "lie in RAM",
        note="the RAM is here",
    ),
    Example(
        "board-qemu",
        edited(append="&qemu { memory = <2044>; };"),
        "QEMU gives 2044 MiB",
        note="RAM is described",
        good=edited(append="&qemu { memory = <2046>; };"),
    ),
    Example(
        "board-qemu", edited(append="&qemu { serial-ports = <1>; };"), "QEMU has 1 serial ports"
    ),
    Example(
        "board-bochs",
        edited(("boards/qemu-q35.dtsi", "boards/bochs-i440fx.dtsi"), append="&bochs { memory = <1021>; };"),
        "Bochs gives 1021 MiB",
        note="RAM is described",
        good=edited(
            ("boards/qemu-q35.dtsi", "boards/bochs-i440fx.dtsi"), append="&bochs { memory = <1022>; };"
        ),
    ),
    Example(
        "board-bochs",
        edited(("boards/qemu-q35.dtsi", "boards/bochs-i440fx.dtsi"), append="&hpet { comparators = <4>; };"),
        "Bochs' HPET has 3 comparators, not 4",
    ),
    Example(
        "hypervisor-console",
        edited(("<&com1>", "<&hpet>")),
        "`console` names /timer@fed00000, which is no UART",
        at="console =",
        note="&com1, &com2",
    ),
    Example(
        "board-uart",
        edited(append="&com1 { reg = <1 0x3f8 4>; };"),
        "UART com1 must have 8 I/O ports",
    ),
    Example(
        "hypervisor-memory",
        edited(("console =", "memory = <0 0x1000000 0 0x4100000>; console =")),
        "not made of pages of 2 MiB",
        good=edited(("console =", "memory = <0 0x1000000 0 0x4000000>; console =")),
    ),
    Example(
        "hypervisor-memory",
        edited(("console =", "memory = <0 0x80000000 0 0x4000000>; console =")),
        "ends above 2 GiB",
    ),
    Example(
        "board-uart",
        edited(append="&com2 { reg = <0 0xd0000000 0x1000>; };"),
        "UART com2 must have 8 I/O ports",
    ),
    Example(
        "board-twice",
        edited(
            append='/ { other { compatible = "bulkhead,acpi-power-off"; pm1a-cnt = <0x404>; '
            "slp-typ = <0>; }; };"
        ),
        'second node "bulkhead,acpi-power-off"',
        note="the first is here",
        at="other {",
    ),
    # Cells
    Example(
        "cell-name",
        edited(("alpha {", "a-name-too-long-to-print {")),
        "has 24 characters",
        at="a-name-too",
    ),
    Example(
        "cell-name",
        edited(("alpha {", "cell-0 {"), ("beta {", "Cell,0 {")),
        "too much alike",
        at="Cell,0",
        note="cell-0 is here",
        good=edited(("alpha {", "cell-0 {"), ("beta {", "cell-1 {")),
    ),
    Example(
        "cpu-reference",
        edited(("&cpu2 &cpu3", "&cpu2 &com2")),
        "names /isa/serial@1,2f8, which is no CPU",
        at="&com2",
        note="&cpu0, &cpu1, &cpu2, &cpu3",
    ),
    Example(
        "cpu-reference",
        edited(("&cpu2 &cpu3", "&cpu2 99")),
        "names no node, which is no CPU",
        at="&cpu2 99",
    ),
    Example(
        "cpu-twice",
        edited(("&cpu2 &cpu3", "&cpu1 &cpu3")),
        "takes cpu1, which belongs to cell alpha already",
        at="&cpu1 &cpu3",
        note="given to alpha here",
    ),
    Example(
        "cpu-twice",
        edited(("&cpu2 &cpu3", "&cpu3 &cpu3")),
        "takes cpu3, which belongs to itself, twice",
        at="&cpu3 &cpu3",
        note="nobody uses: &cpu2",
    ),
    Example("cpu-unused", edited(("&cpu2 &cpu3", "&cpu2")), "no cell uses cpu3"),
    Example(
        "memory-size",
        edited((A_MEMORY, "memory = <0 0x4001000>;")),
        "not a number of pages of 2 MiB",
        at="0x4001000",
    ),
    Example(
        "memory-size",
        edited((A_MEMORY, "memory = <0 0x40000800 0 0x4000000>;")),
        "begins at 0x40000800, within",
        good=edited((A_MEMORY, "memory = <0 0x40001000 0 0x4000000>;")),
    ),
    Example(
        "memory-alignment",
        edited((A_MEMORY, "memory = <0 0x40001000 0 0x4000000>;")),
        "no large page can map it",
        good=edited((A_MEMORY, "memory = <0 0x40200000 0 0x4000000>;")),
    ),
    # After placement
    Example(
        "memory-outside-ram",
        edited((A_MEMORY, "memory = <0 0x7c000000 0 0x4000000>;")),
        "is not all RAM of the board",
        at="0x7c000000",
        note="the board has RAM at",
        good=edited((A_MEMORY, "memory = <0 0x7be00000 0 0x4000000>;")),
    ),
    Example(
        "memory-outside-ram",
        edited(("console =", "memory = <0 0x7fe00000 0 0x200000>; console =")),
        "memory of the hypervisor",
    ),
    Example(
        "memory-overlap",
        edited(
            (A_MEMORY, "memory = <0 0x40000000 0 0x4000000>;"),
            (B_MEMORY, "memory = <0 0x43e00000 0 0x8000000>;"),
        ),
        "memory of cell beta .* overlaps that of cell alpha",
        at="0x43e00000",
        note="memory of cell alpha is set",
        good=edited(
            (A_MEMORY, "memory = <0 0x40000000 0 0x4000000>;"),
            (B_MEMORY, "memory = <0 0x44000000 0 0x8000000>;"),
        ),
    ),
    Example(
        "memory-overlap",
        edited((A_MEMORY, "memory = <0 0xc00000 0 0x4000000>;")),
        "memory of cell alpha .* overlaps that of the hypervisor",
        at="0xc00000",
    ),
    Example(
        "hypervisor-too-small",
        edited(("console =", "memory = <0 0x1000000 0 0x200000>; console =")),
        "the hypervisor has 2 MiB, but with all images it needs",
        good=edited(("console =", "memory = <0 0x1000000 0 0x400000>; console =")),
        note="images of cell",
    ),
    Example(
        "memory-not-enough",
        edited((A_MEMORY, "memory = <0 0x80000000>;")),
        "there is no room for alpha, beta",
        note="cell beta wants 128 MiB",
        good=edited((A_MEMORY, "memory = <0 0x70000000>;")),
    ),
]

EXAMPLES += DEVICE_AND_IMAGE_EXAMPLES + MODULE_EXAMPLES + LOONGARCH_EXAMPLES

# Reported where no DTS can be an example; each has a test of its own below or in test_gen_output.
ELSEWHERE = {"config-missing", "tool-missing", "acpi-compile", "acpi-too-large"}
ELSEWHERE |= {"fdt-compile", "fdt-too-large"}  # test_gen_loongarch


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
    hits = [
        line for line in lines if re.search(rf"^[^:]+:\d+: {severity}: .*\({example.rule}\)$", line)
    ]
    assert any(re.search(example.says, line) for line in hits), bench.stderr
    if example.at:
        place = f"{short_path(bench.dts)}:{bench.line_of(example.at, example.nth)}: "
        assert any(line.startswith(place) for line in hits), (place, bench.stderr)
    if example.note:
        assert any(
            re.search(rf"^[^:]+:\d+: note: .*{example.note}", line) for line in lines
        ), bench.stderr
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


def test_a_mistake_of_the_generator_itself_is_no_traceback(bench, monkeypatch):
    monkeypatch.setattr("genconfig.output.files", lambda plan, out: [][0])
    assert bench.generate() == 1
    assert re.search(r"internal error: IndexError.* at test_gen_rules\.py:\d+", bench.stderr)
    assert "Traceback" not in bench.stderr


def test_a_missing_tool_names_the_package(bench, monkeypatch):
    monkeypatch.setenv("PATH", bench.folder)
    assert bench.generate() == 1
    assert "cannot run cpp" in bench.stderr and "Debian package" in bench.stderr


def test_asl_that_iasl_refuses_stops_the_generator(bench, monkeypatch):
    monkeypatch.setattr(
        "genconfig.x86.asl.dsdt_source", lambda cell, given: "DefinitionBlock (nonsense\n"
    )
    assert bench.generate() == 1
    assert "(acpi-compile)" in bench.stderr and "Traceback" not in bench.stderr


def test_tables_that_do_not_fit_below_one_mebibyte_are_refused(bench, monkeypatch):
    monkeypatch.setattr("genconfig.x86.asl.compile_asl", lambda source, cell: bytes(0x20000))
    assert bench.generate() == 1
    assert "(acpi-too-large)" in bench.stderr


def test_findings_of_both_cells_are_told_at_once(bench):
    bench.generate(edited(("&cpu2 &cpu3", "&cpu1 &cpu3"), (A_MEMORY, "memory = <0 0x4001000>;")))
    assert "(cpu-twice)" in bench.stderr and "(memory-size)" in bench.stderr


def test_an_error_in_an_included_file_names_that_file(bench):
    with open(os.path.join(bench.folder, "more.dtsi"), "w", encoding="ascii") as out:
        out.write('\n\n/ { cells { alpha { kernle = "x"; }; }; };\n')
    bench.generate(edited(append='#include "more.dtsi"\n'))
    assert re.search(r"more\.dtsi:3: error: .*`kernle`.*\(unknown-property\)", bench.stderr)
    assert 'did you mean "kernel"' in bench.stderr
