# SPDX-License-Identifier: Apache-2.0
"""LoongArch64 with LVZ as the generator sees it."""

from __future__ import annotations

from typing import Mapping, Optional, Union

from ..arch import Architecture, Repeated
from ..bindings import Decoded
from ..cformat import Arrays, Value
from ..diag import Position
from ..dts import Node, Tree
from ..guest import Loaded, Region
from ..model import MIB, Board, Cell, Pin, Range, System
from . import emit, fdt, guest, kernels, lines, parts

PCH_PIC_SIZE = 0x1000
# What IOCSR instructions reach is also in memory, for whoever may access it: configuration ("other
# function" at 0x420), interrupts and IPIs of each core (Loongson 3A5000/3B5000 Processor Reference
# Manual, chapters 4, 10 and 11; cores 4 to 7 of a 3A6000 64 KiB higher).
PROCESSOR = ((0x1FE00400, 0x40), (0x1FE01000, 0x1000), (0x1FE10400, 0x40), (0x1FE11000, 0x1000))
LIOINTC_SIZE = 0x100
RTC_SIZE = 0x100


class LoongArch(Architecture):
    """Processors with LVZ and a 7A bridge, or what looks like them."""

    name = "loongarch"
    title = "LoongArch"
    cpus = ("loongson,la464", "loongson,la664")

    first_ram = 2 * MIB  # QEMU's device tree is at 1 MiB
    first_ram_text = "2 MiB"
    last_cpu = 511  # CSR.CPUID has 9 bits
    last_cpu_text = "CSR.CPUID cannot hold"
    bus = "the board's soc bus"

    hypervisor_base = 2 * MIB
    hypervisor_limit = 1 << 47
    hypervisor_limit_text = "128 TiB"
    fit_loadable = False

    low_limit = guest.LOW_LIMIT
    high_base = guest.HIGH
    controller = "loongson,pch-pic-1.0"
    controller_text = "PCH-PIC"
    devices_file = "loongarch-devices.dtsi"

    def device_nodes(self, tree: Tree) -> list[Node]:
        soc = tree.root.child("soc")
        given = ("ns16550a", "bulkhead,simple-device")
        return [
            node
            for node in (soc.children if soc else [])
            if any(name in _compatibles(node) for name in given)
        ]

    def board_parts(
        self, tree: Tree, decoded: Mapping[str, Decoded]
    ) -> tuple[parts.Parts, list[Repeated]]:
        return parts.read(tree, decoded)

    def own_paths(self, board: Board) -> set[str]:
        return board.parts.hidden

    def own_ranges(self, system: System) -> dict[str, list[tuple[str, Range]]]:
        board, out = system.board.parts, []
        out += [("the console", area) for area in (system.console.memory if system.console else [])]
        if board.pch_pic:
            area = Range(board.pch_pic.address, PCH_PIC_SIZE, board.pch_pic.pos)
            out.append(("the PCH-PIC", area))
        if board.liointc:
            area = Range(board.liointc.address, LIOINTC_SIZE, board.liointc.pos)
            out.append(("the LIOINTC", area))
        if board.rtc:
            out.append(("the real-time clock", Range(board.rtc.address, RTC_SIZE, board.rtc.pos)))
        if board.power_off:
            off = board.power_off
            out.append(("the power-off register", Range(off.address, off.width, off.pos)))
        out += [
            ("the processor's own registers", Range(base, size, system.board.pos))
            for base, size in PROCESSOR
        ]
        return {"memory": out + [("what no cell may have", area) for area in board.reserved]}

    def inputs(self, board: Board, pin: Pin) -> Optional[tuple[str, int, Position]]:
        for each in board.parts.controllers:
            if each.path == pin.controller:
                return each.name, each.pins, each.pos
        return None

    def fixed_input(self, board: Board, pin: Pin) -> Optional[int]:
        return lines.fixed_input(board, pin)

    def ram_regions(self, cell: Cell) -> list[Region]:
        return guest.ram_regions(cell)

    def maps(self, area: Range) -> bool:
        return emit.whole_pages(area)

    def load(self, system: System, cell: Cell) -> Loaded:
        return kernels.load(system, cell)

    def board_fields(self, system: System, arrays: Arrays) -> dict[str, Value]:
        del arrays
        return emit.board(system)

    def cell_fields(
        self, system: System, cell: Cell, loaded: Loaded, arrays: Arrays
    ) -> dict[str, Value]:
        return emit.cell(system, cell, loaded, arrays)

    def parameter(self, cell: Cell, kind: str) -> Optional[int]:
        fixed = {"pch-inputs": lines.INPUTS, "msi-vector": fdt.MSI_VECTOR}
        return fixed.get(kind, super().parameter(cell, kind))

    def layout_defines(self, system: System) -> list[tuple[str, Union[str, int]]]:
        uart = system.console
        assert uart  # rule hypervisor-console
        return [
            ("BULKHEAD_CONSOLE", f'"{uart.memory[0].base:#x}, {uart.baud} baud"'),
        ]

    def report_shared(self, system: System) -> list[str]:
        return emit.report_shared(system)


def _compatibles(node: Node) -> list[str]:
    given = node.properties.get("compatible")
    return given.value.rstrip(b"\0").decode("ascii", "replace").split("\0") if given else []
