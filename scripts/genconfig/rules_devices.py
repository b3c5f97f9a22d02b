# SPDX-License-Identifier: Apache-2.0
"""Rules about devices: virtual ones, passthrough, and interrupt lines."""

from __future__ import annotations

from itertools import combinations
from typing import Iterator, Optional

from .diag import Diagnostic, Position, range_text
from .model import GUEST_ABOVE_4G, GUEST_MMIO, PAGE, BoardDevice, Cell, Range, System, VirtualDevice
from .rules import found, rule

ISA_LINES = 16
CASCADE_LINE = 2


def _given(system: System) -> list[tuple[Cell, Position, BoardDevice]]:
    return [
        (cell, ref.pos, device)
        for cell in system.cells
        for ref, device in system.cell_devices(cell)
    ]


@rule(
    "passthrough-reference",
    "cells",
    "`passthrough` names devices of the board that can be given away.",
)
def passthrough_reference(system: System) -> Iterator[Diagnostic]:
    """CPUs, memory and what the hypervisor drives itself cannot be passed through."""
    board = system.board
    own = {part.path for part in (board.ioapic, board.hpet, board.power_off) if part}
    names = ", ".join(f"&{d.name}" for d in board.devices if d is not system.console)
    for cell in system.cells:
        for ref in cell.passthrough:
            if board.device(ref.path or ""):
                continue
            why = (
                "belongs to the hypervisor"
                if ref.path in own
                else "is no device of the board's ISA bus"
            )
            yield found(
                f"cell {cell.name} cannot have {ref.path or 'a node that does not exist'}: it "
                f"{why}",
                ref.pos,
                cure=f"these can be given: {names or 'none'}",
            )


@rule("passthrough-console", "cells", "The hypervisor's console is not given to a cell.")
def passthrough_console(system: System) -> Iterator[Diagnostic]:
    """One UART cannot serve two masters."""
    for cell, pos, device in _given(system):
        if device is system.console:
            yield found(
                f"cell {cell.name} cannot have {device.name}: it is the hypervisor's console",
                pos,
                [(system.hypervisor.console.pos, "it is made the console here")],
                "give the cell another UART, or move the console",
            )


@rule("passthrough-twice", "cells", "A device belongs to one cell only, and once.")
def passthrough_twice(system: System) -> Iterator[Diagnostic]:
    """Across cells and within one."""
    owners: dict[str, tuple[Cell, Position]] = {}
    for cell, pos, device in _given(system):
        if device.path in owners:
            other, where = owners[device.path]
            yield found(
                f"{device.name} is given to cell {cell.name}, but belongs to cell {other.name} "
                "already",
                pos,
                [(where, f"it is given to {other.name} here")],
                "remove it from one of them",
            )
        owners.setdefault(device.path, (cell, pos))


@rule("passthrough-page", "cells", "Registers that are given away fill whole pages.")
def passthrough_page(system: System) -> Iterator[Diagnostic]:
    """What shares a page with a device would be given with it."""
    for cell, pos, device in _given(system):
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


@rule(
    "passthrough-hypervisor",
    "cells",
    "A device that is given away shares nothing with the hypervisor's own.",
)
def passthrough_hypervisor(system: System) -> Iterator[Diagnostic]:
    """Ports of the console and of power-off, registers of I/O APIC, HPET and local APIC."""
    board = system.board
    ports = [("the console", r) for r in (system.console.ports if system.console else [])]
    if board.power_off:
        ports.append(
            ("the power-off register", Range(board.power_off.port, 2, board.power_off.pos))
        )
    pages = [
        (name, Range(part.address, PAGE, part.pos))
        for name, part in (("the I/O APIC", board.ioapic), ("the HPET", board.hpet))
        if part
    ]
    pages.append(("the local APIC", Range(0xFEE00000, PAGE, board.pos)))
    for cell, pos, device in _given(system):
        if device is system.console:
            continue
        for areas, own in ((device.ports, ports), (device.memory, pages)):
            for area in areas:
                for name, taken in own:
                    if area.overlaps(taken):
                        yield found(
                            f"{device.name} at {range_text(area.base, area.size)} has registers of "
                            f"{name}, "
                            f"so that cell {cell.name} cannot have it",
                            pos,
                            [(taken.pos, f"{name} is here")],
                            "leave the device to nobody",
                        )


@rule(
    "passthrough-collision",
    "cells",
    "A passthrough device and a virtual device of a cell do not collide.",
)
def passthrough_collision(system: System) -> Iterator[Diagnostic]:
    """Ports, register pages and the cell's own RAM."""
    for cell, pos, device in _given(system):
        for virtual in cell.devices:
            for each in virtual.ranges:
                for area in device.ports if each.space == "ports" else device.memory:
                    if area.overlaps(each.range):
                        yield found(
                            f"in cell {cell.name}, {each.space} {range_text(area.base, area.size)} "
                            "of the "
                            f"passthrough device {device.name} collide with the virtual device "
                            f"{virtual.name}",
                            pos,
                            [(each.range.pos, f"{virtual.name} is here")],
                            f"remove {virtual.name} or the passthrough",
                        )
        for area in device.memory:
            if area.base < cell.low_end or area.end > GUEST_ABOVE_4G:
                yield found(
                    f"registers of {device.name} at {range_text(area.base, area.size)} would lie "
                    "in RAM of "
                    f"cell {cell.name}",
                    pos,
                    [(cell.size.pos, f"its RAM reaches from 0 to {cell.low_end:#x}")],
                    "give the cell less memory",
                )


@rule("pin-twice", "cells", "An interrupt pin of the board has one user.")
def pin_twice(system: System) -> Iterator[Diagnostic]:
    """Passthrough devices, the console and the HPET comparators in use."""
    users: dict[int, tuple[str, Position]] = {}
    claims: list[tuple[int, str, Position, Position]] = []
    if system.console:
        claims += [(p.pin, "the hypervisor's console", p.pos, p.pos) for p in system.console.pins]
    hpet = system.board.hpet
    if hpet:
        timed = sum(1 for cell in system.cells if cell.timers)
        claims += [
            (hpet.first_pin + n, f"HPET comparator {n}", hpet.pos, hpet.pos) for n in range(timed)
        ]
    seen = set()
    for cell, pos, device in _given(system):
        if device is system.console or device.path in seen:
            continue
        seen.add(device.path)
        claims += [(p.pin, f"{device.name} of cell {cell.name}", pos, p.pos) for p in device.pins]
    for pin, name, pos, where in claims:
        if pin in users:
            other, place = users[pin]
            yield found(
                f"interrupt pin {pin} of {name} is used by {other} already",
                pos,
                [(place, f"{other} has it here"), (where, f"{name} has it here")],
                "an interrupt cannot be shared: leave one of the devices out",
            )
        users.setdefault(pin, (name, where))


@rule(
    "passthrough-interrupt",
    "cells",
    "A cell that owns an interrupt has a virtual I/O APIC to receive it.",
)
def passthrough_interrupt(system: System) -> Iterator[Diagnostic]:
    """Passthrough interrupts are programmed through the virtual I/O APIC, at the same pin."""
    for cell, pos, device in _given(system):
        if device.pins and not cell.vdev("intel,ioapic"):
            yield found(
                f"{device.name} interrupts, but cell {cell.name} has no virtual I/O APIC",
                pos,
                [(cell.pos, f"cell {cell.name} is here")],
                'add a virtual device "intel,ioapic", or include "pc-devices.dtsi"',
            )
        for pin in device.pins:
            clash = next((v for v in cell.devices if v.pin == pin.pin), None)
            if clash and clash.line:
                yield found(
                    f"in cell {cell.name}, interrupt {pin.pin} of the passthrough device "
                    f"{device.name} is "
                    f"also that of the virtual device {clash.name}",
                    pos,
                    [(clash.line.pos, f"{clash.name} has it here")],
                    f"give {clash.name} another line, or remove one of them",
                )


@rule("vdev-register", "cells", "A virtual device has the ranges of its kind, in their order.")
def vdev_register(system: System) -> Iterator[Diagnostic]:
    """Space and size of each entry of `reg`, as the binding lists them."""
    for cell in system.cells:
        for device in cell.devices:
            for each, want in zip(device.ranges, device.implementation["ranges"]):
                if each.space != want["space"] or each.range.size != want["size"]:
                    yield found(
                        f"range {each.id} of {device.path} must be {want['size']:#x} bytes of "
                        f"{want['space']} "
                        f"({want['what']}), but is {each.range.size:#x} of {each.space}",
                        each.range.pos,
                        cure=f"write <{int(want['space'] == 'ports')} address {want['size']:#x}>",
                    )
                elif each.space == "memory" and each.range.base % each.range.size:
                    yield found(
                        f"{device.path} is at {each.range.base:#x}, which is not aligned to its "
                        "size",
                        each.range.pos,
                        cure=f"take a multiple of {each.range.size:#x}",
                    )


@rule("vdev-single", "cells", "A cell has one virtual device of a kind; UARTs may be more.")
def vdev_single(system: System) -> Iterator[Diagnostic]:
    """Interrupt controllers, clocks and bridges exist once in a PC."""
    for cell in system.cells:
        for first, second in combinations(cell.devices, 2):
            if first.compatible == second.compatible and first.implementation["single"]:
                yield found(
                    f"cell {cell.name} has two virtual devices {second.compatible}: {second.name} "
                    "and "
                    f"{first.name}",
                    second.pos,
                    [(first.pos, f"{first.name} is here")],
                    "remove one of them",
                )


@rule(
    "vdev-overlap", "cells", "Virtual devices of a cell do not overlap, neither each other nor RAM."
)
def vdev_overlap(system: System) -> Iterator[Diagnostic]:
    """All ranges of all virtual devices of a cell."""
    for cell in system.cells:
        ranges = [(device, each) for device in cell.devices for each in device.ranges]
        for (first, a), (second, b) in combinations(ranges, 2):
            if a.space == b.space and a.range.overlaps(b.range):
                yield found(
                    f"in cell {cell.name}, {second.name} at "
                    f"{range_text(b.range.base, b.range.size)} overlaps "
                    f"{first.name} at {range_text(a.range.base, a.range.size)}",
                    b.range.pos,
                    [(a.range.pos, f"{first.name} is here")],
                    "move or remove one of them",
                )
        for device, each in ranges:
            if each.space == "memory" and each.range.base < cell.low_end:
                yield found(
                    f"{device.name} at {each.range.base:#x} lies in RAM of cell {cell.name}",
                    each.range.pos,
                    [(cell.size.pos, f"its RAM reaches from 0 to {cell.low_end:#x}")],
                    f"place it at {GUEST_MMIO:#x} or above",
                )


@rule("vdev-line", "cells", "An interrupt line of a cell exists and has one user.")
def vdev_line(system: System) -> Iterator[Diagnostic]:
    """Line 2 is the cascade of the two 8259s; lines from 16 on exist on an I/O APIC only."""
    for cell in system.cells:
        users: dict[int, VirtualDevice] = {}
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
            other = users.setdefault(line, device)
            if other is not device and other.line:
                yield found(
                    f"in cell {cell.name}, {device.name} and {other.name} both have interrupt line "
                    f"{line}",
                    device.line.pos,
                    [(other.line.pos, f"{other.name} has it here")],
                    "give one of them another line",
                )


@rule(
    "vdev-no-controller",
    "cells",
    "A virtual device that interrupts has an interrupt controller in its cell.",
)
def vdev_no_controller(system: System) -> Iterator[Diagnostic]:
    """A line that leads nowhere would hang its driver."""
    for cell in system.cells:
        if any(d.implementation["interrupt-controller"] for d in cell.devices):
            continue
        for device in cell.devices:
            if device.line:
                yield found(
                    f"{device.path} interrupts, but cell {cell.name} has no interrupt controller",
                    device.line.pos,
                    [(cell.pos, f"cell {cell.name} is here")],
                    'add a virtual device "intel,ioapic" or "intel,i8259"',
                )


@rule(
    "timer-comparators",
    "cells",
    "The board's HPET has a comparator for every cell with a timed device.",
)
def timer_comparators(system: System) -> Iterator[Diagnostic]:
    """One comparator a cell, so that no cell waits for another's timer."""
    hpet = system.board.hpet
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
