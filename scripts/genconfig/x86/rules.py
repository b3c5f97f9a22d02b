# SPDX-License-Identifier: Apache-2.0
"""Rules about PCs: their boards, and the virtual PCs that cells are."""

from __future__ import annotations

from typing import Iterator, Optional

from ..diag import Diagnostic, range_text, size_text
from ..model import MIB, PAGE, Cell, System, VirtualDevice
from ..rules import also, found
from ..rules_devices import given_devices

BOCHS_COMPARATORS = 3
ISA_LINES = 16
CASCADE_LINE = 2


@also("board-incomplete", "x86")
def board_incomplete(system: System) -> Iterator[Diagnostic]:
    """Hardware that the hypervisor cannot do without."""
    board = system.board
    if not board.parts.ioapic:
        yield found(
            "the board has no I/O APIC node",
            board.pos,
            cure='add a node with compatible "intel,ioapic"',
        )
    timed = [d for cell in system.cells for d in cell.devices if d.timer is not None]
    if not board.parts.hpet and timed:
        yield found(
            "the board has no HPET node, but virtual devices need one as their clock",
            board.pos,
            [(timed[0].pos, f"{timed[0].path} is one of them")],
            'add a node with compatible "intel,hpet"',
        )


@also("board-pin", "x86")
def hpet_pins(system: System) -> Iterator[Diagnostic]:
    """Pins of HPET comparators."""
    ioapic, hpet = system.board.parts.ioapic, system.board.parts.hpet
    if ioapic and hpet and hpet.first_pin + hpet.comparators > ioapic.pins:
        yield found(
            f"the HPET's {hpet.comparators} comparators from pin {hpet.first_pin} on reach beyond "
            f"the last pin",
            hpet.pos,
            [(ioapic.pos, f"the I/O APIC has {ioapic.pins} pins")],
            "lower `first-pin` or `comparators`",
        )


@also("board-uart", "x86")
def board_uart(system: System) -> Iterator[Diagnostic]:
    """Registers in memory are not supported: neither the console nor the DSDT could use them."""
    for device in system.board.devices:
        ports = sum(r.size for r in device.ports)
        if device.compatible == "ns16550a" and (device.memory or ports != 8):
            yield found(
                f"the UART {device.name} must have 8 I/O ports",
                device.pos,
                cure="write its `reg` as <1 port 8>",
            )


@also("board-bochs", "x86")
def board_bochs(system: System) -> Iterator[Diagnostic]:
    """The bochs node against the rest of the board."""
    board, bochs, hpet = system.board, system.board.parts.bochs, system.board.parts.hpet
    if not bochs:
        return
    ram = sum(r.size for r in board.memory)
    if bochs.memory.value * MIB < ram:
        yield found(
            f"Bochs gives {bochs.memory.value} MiB, but the board's RAM is {size_text(ram)}",
            bochs.memory.pos,
            [(r.pos, "RAM is described here") for r in board.memory],
            "raise `memory` of the bochs node, or describe less RAM",
        )
    if hpet and hpet.comparators > BOCHS_COMPARATORS:
        yield found(
            f"Bochs' HPET has {BOCHS_COMPARATORS} comparators, not {hpet.comparators}",
            hpet.pos,
            cure=f"write `comparators = <{BOCHS_COMPARATORS}>`",
        )


@also("passthrough-page", "x86")
def passthrough_page(system: System) -> Iterator[Diagnostic]:
    """What shares a page with a device would be given with it."""
    for cell, pos, device in given_devices(system):
        for area in device.memory:
            if area.base % PAGE or area.size % PAGE:
                yield found(
                    f"{device.name} has registers at {range_text(area.base, area.size)}, which is "
                    "not whole "
                    f"pages: cell {cell.name} would get more than the device",
                    area.pos,
                    [(pos, f"it is given to {cell.name} here")],
                    "leave the device to nobody",
                )


@also("vdev-line", "x86")
def vdev_line(system: System) -> Iterator[Diagnostic]:
    """Line 2 is the cascade of the two 8259s; lines from 16 on exist on an I/O APIC only."""
    for cell in system.cells:
        for device in cell.devices:
            if not device.line:
                continue
            line = device.line.value
            if line == CASCADE_LINE or line >= ISA_LINES and not cell.vdev("intel,ioapic"):
                why = "is the cascade" if line == CASCADE_LINE else "exists on an I/O APIC only"
                yield found(
                    f"{device.path} has interrupt line {line}, which {why}",
                    device.line.pos,
                    cure="take a free line from 3 to 15",
                )


@also("timer-comparators", "x86")
def timer_comparators(system: System) -> Iterator[Diagnostic]:
    """One comparator a cell, so that no cell waits for another's timer."""
    hpet = system.board.parts.hpet
    timed = [(cell, d) for cell in system.cells for d in [_timed_device(cell)] if d]
    if not hpet or len(timed) <= hpet.comparators:
        return
    cell, device = timed[hpet.comparators]
    yield found(
        f"cell {cell.name} needs an HPET comparator for {device.name}, but all {hpet.comparators} "
        "of "
        f"{hpet.path} are taken by the cells before it",
        device.pos,
        [(hpet.pos, "the board's HPET is here"), (cell.pos, f"cell {cell.name} is here")],
        "remove the devices with timers from a cell, or raise `comparators` if the board really "
        "has more",
    )


def _timed_device(cell: Cell) -> Optional[VirtualDevice]:
    return next((d for d in cell.devices if d.timer is not None), None)
