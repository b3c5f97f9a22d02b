# SPDX-License-Identifier: Apache-2.0
"""x86-64 as the generator sees it."""

from __future__ import annotations

from typing import Mapping, Optional, Union

from ..arch import Architecture, Repeated
from ..bindings import Decoded
from ..diag import Position
from ..dts import Node, Tree
from ..guest import Loaded, Region
from ..model import PAGE, Board, Cell, Pin, Range, System, VirtualDevice
from . import emit, guest, kernels, parts
from .acpi import S5_TYPE

MIB = 1 << 20
LOCAL_APIC = 0xFEE00000


class X86(Architecture):
    """PCs."""

    name = "x86"
    title = "x86"
    cpus = ("",)

    first_ram = guest.HIGH
    first_ram_text = "1 MiB"
    last_cpu = 254  # an I/O APIC entry has 8 bits for a CPU, and 255 is everybody
    last_cpu_text = "an I/O APIC entry cannot name"
    bus = "the board's ISA bus"

    hypervisor_base = 16 * MIB
    hypervisor_limit = 1 << 31  # its code model reaches no farther
    hypervisor_limit_text = "2 GiB"
    fit_loadable = True

    low_limit = guest.MMIO
    high_base = guest.ABOVE_4G
    controller = "intel,ioapic"
    controller_text = "I/O APIC"
    devices_file = "pc-devices.dtsi"

    def device_nodes(self, tree: Tree) -> list[Node]:
        isa = tree.root.child("isa")
        return isa.children if isa else []

    def board_parts(
        self, tree: Tree, decoded: Mapping[str, Decoded]
    ) -> tuple[parts.Parts, list[Repeated]]:
        return parts.read(tree, decoded)

    def pin_of(self, device: VirtualDevice) -> Optional[int]:
        """The I/O APIC pin (the GSI): ISA line 0 arrives at pin 2, as on a PC."""
        if device.line is None:
            return None
        return 2 if device.line.value == 0 else device.line.value

    def own_paths(self, board: Board) -> set[str]:
        own = (board.parts.ioapic, board.parts.hpet, board.parts.power_off)
        return {part.path for part in own if part}

    def own_ranges(self, system: System) -> dict[str, list[tuple[str, Range]]]:
        board = system.board.parts
        ports = [("the console", r) for r in (system.console.ports if system.console else [])]
        if board.power_off:
            area = Range(board.power_off.port, 2, board.power_off.pos)
            ports.append(("the power-off register", area))
        pages = [
            (name, Range(part.address, PAGE, part.pos))
            for name, part in (("the I/O APIC", board.ioapic), ("the HPET", board.hpet))
            if part
        ]
        pages.append(("the local APIC", Range(LOCAL_APIC, PAGE, system.board.pos)))
        return {"ports": ports, "memory": pages}

    def inputs(self, board: Board, pin: Pin) -> Optional[tuple[str, int, Position]]:
        del pin
        ioapic = board.parts.ioapic
        return ("the I/O APIC", ioapic.pins, ioapic.pos) if ioapic else None

    def pin_claims(self, system: System) -> list[tuple[Pin, str, Position]]:
        hpet, ioapic = system.board.parts.hpet, system.board.parts.ioapic
        if not hpet or not ioapic:
            return []
        timed = sum(1 for cell in system.cells if cell.timers)
        return [
            (Pin(hpet.first_pin + n, False, hpet.pos, ioapic.path), f"HPET comparator {n}", hpet.pos)
            for n in range(timed)
        ]

    def ram_regions(self, cell: Cell) -> list[Region]:
        return guest.ram_regions(cell)

    def load(self, system: System, cell: Cell) -> Loaded:
        return kernels.load(system, cell)

    def board_fields(self, system: System, arrays: emit.Arrays) -> dict[str, emit.Value]:
        del arrays
        return emit.board(system)

    def cell_fields(
        self, system: System, cell: Cell, loaded: Loaded, arrays: emit.Arrays
    ) -> dict[str, emit.Value]:
        return emit.cell(system, cell, loaded, arrays)

    def parameter(self, cell: Cell, kind: str) -> Optional[int]:
        return S5_TYPE if kind == "s5-type" else super().parameter(cell, kind)

    def layout_defines(self, system: System) -> list[tuple[str, Union[str, int]]]:
        uart = system.console
        assert uart  # rule hypervisor-console
        return [
            ("BULKHEAD_CONSOLE", f'"port {uart.ports[0].base:#x}, {uart.baud} baud"'),
        ]

    def emulator_files(self, system: System) -> dict[str, str]:
        return {"bochsrc": emit.bochsrc(system)}

    def report_owners(self, system: System) -> list[tuple[str, str, str]]:
        return emit.report_owners(system)

    def report_shared(self, system: System) -> list[str]:
        return emit.report_shared(system)
