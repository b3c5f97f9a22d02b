# SPDX-License-Identifier: Apache-2.0
"""Rules about devices: virtual ones, passthrough, and interrupt lines."""

from __future__ import annotations

from itertools import combinations
from typing import Iterator, Optional

from .bindings import SPACES
from .diag import Diagnostic, Position, range_text
from .model import BoardDevice, Cell, Pin, Range, System, VirtualDevice
from .rules import found, rule


def given_devices(system: System) -> list[tuple[Cell, Position, BoardDevice]]:
    """Every device that a cell owns: the cell, where it is given, the device."""
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
    own = system.arch.own_paths(board)
    names = ", ".join(f"&{d.name}" for d in board.devices if d is not system.console)
    for cell in system.cells:
        for ref in cell.passthrough:
            if board.device(ref.path or ""):
                continue
            why = (
                "belongs to the hypervisor"
                if ref.path in own
                else f"is no device of {system.arch.bus}"
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
    for cell, pos, device in given_devices(system):
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
    for cell, pos, device in given_devices(system):
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


@rule(
    "passthrough-hypervisor",
    "cells",
    "A device that is given away shares nothing with the hypervisor's own.",
)
def passthrough_hypervisor(system: System) -> Iterator[Diagnostic]:
    """Ports and registers that it drives itself."""
    own = system.arch.own_ranges(system)
    for cell, pos, device in given_devices(system):
        if device is system.console:
            continue
        for areas, space in ((device.ports, "ports"), (device.memory, "memory")):
            for area in areas:
                for name, taken in own.get(space, []):
                    if area.overlaps(taken):
                        yield found(
                            f"{device.name} at {range_text(area.base, area.size)} has registers of "
                            f"{name}, "
                            f"so that cell {cell.name} cannot have it",
                            pos,
                            [(taken.pos, f"{name} is here")],
                            "leave the device to nobody",
                        )


def _in_ram(cell: Cell, area: Range) -> bool:
    """Whether @area has RAM of @cell, or addresses kept for it."""
    if cell.identity:
        return area.overlaps(cell.host_range)
    return area.base < cell.low_end or area.end > cell.arch.high_base


@rule(
    "passthrough-collision",
    "cells",
    "A passthrough device and a virtual device of a cell do not collide.",
)
def passthrough_collision(system: System) -> Iterator[Diagnostic]:
    """Ports, register pages and the cell's own RAM."""
    for cell, pos, device in given_devices(system):
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
            if _in_ram(cell, area):
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
    """Passthrough devices, the console and what else the hypervisor uses."""
    users: dict[tuple[Optional[str], int], tuple[str, Position]] = {}
    claims: list[tuple[Pin, str, Position]] = []
    if system.console:
        claims += [(pin, "the hypervisor's console", pin.pos) for pin in system.console.pins]
    claims += system.arch.pin_claims(system)
    seen = set()
    for cell, pos, device in given_devices(system):
        if device is system.console or device.path in seen:
            continue
        seen.add(device.path)
        claims += [(pin, f"{device.name} of cell {cell.name}", pos) for pin in device.pins]
    for pin, name, pos in claims:
        key = (pin.controller, pin.pin)
        if key in users:
            other, place = users[key]
            yield found(
                f"interrupt pin {pin.pin} of {name} is used by {other} already",
                pos,
                [(place, f"{other} has it here"), (pin.pos, f"{name} has it here")],
                "an interrupt cannot be shared: leave one of the devices out",
            )
        users.setdefault(key, (name, pin.pos))


@rule(
    "passthrough-interrupt",
    "cells",
    "A cell that owns an interrupt has the virtual interrupt controller that can receive it.",
)
def passthrough_interrupt(system: System) -> Iterator[Diagnostic]:
    """Passthrough interrupts are programmed through the virtual controller, at the same pin."""
    arch = system.arch
    for cell, pos, device in given_devices(system):
        if device.pins and not cell.vdev(arch.controller):
            yield found(
                f"{device.name} interrupts, but cell {cell.name} has no virtual {arch.controller_text}",
                pos,
                [(cell.pos, f"cell {cell.name} is here")],
                f'add a virtual device "{arch.controller}", or include "{arch.devices_file}"',
            )
        for pin in device.pins:
            number = arch.fixed_input(system.board, pin)
            clash = next((v for v in cell.devices if v.line and arch.pin_of(v) == number), None)
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
    numbers = {space: number for number, space in SPACES.items()}
    for cell in system.cells:
        for device in cell.devices:
            for each, want in zip(device.ranges, device.implementation["ranges"]):
                if each.space != want["space"] or each.range.size != want["size"]:
                    yield found(
                        f"range {each.id} of {device.path} must be {want['size']:#x} bytes of "
                        f"{want['space']} "
                        f"({want['what']}), but is {each.range.size:#x} of {each.space}",
                        each.range.pos,
                        cure=f"write <{numbers[want['space']]} address {want['size']:#x}>",
                    )
                elif want.get("aligned", want["space"] == "memory") and each.range.base % each.range.size:
                    yield found(
                        f"{device.path} is at {each.range.base:#x}, which is not aligned to its "
                        "size",
                        each.range.pos,
                        cure=f"take a multiple of {each.range.size:#x}",
                    )


@rule("vdev-single", "cells", "A cell has one virtual device of a kind; UARTs may be more.")
def vdev_single(system: System) -> Iterator[Diagnostic]:
    """Interrupt controllers, clocks and bridges exist once in a machine."""
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
            if each.space == "memory" and _in_ram(cell, each.range):
                yield found(
                    f"{device.name} at {each.range.base:#x} lies in RAM of cell {cell.name}",
                    each.range.pos,
                    [(cell.size.pos, f"its RAM reaches from {cell.low_base:#x} to {cell.low_end:#x}")],
                    f"place it at {cell.arch.low_limit:#x} or above",
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
                    f'add a virtual device "{cell.arch.controller}"',
                )


@rule("vdev-line", "cells", "An interrupt line of a cell exists and has one user.")
def vdev_line(system: System) -> Iterator[Diagnostic]:
    """Virtual devices do not share lines. Which lines there are is the architecture's rule."""
    for cell in system.cells:
        users: dict[int, VirtualDevice] = {}
        for device in cell.devices:
            if not device.line:
                continue
            other = users.setdefault(device.line.value, device)
            if other is not device and other.line:
                yield found(
                    f"in cell {cell.name}, {device.name} and {other.name} both have interrupt line "
                    f"{device.line.value}",
                    device.line.pos,
                    [(other.line.pos, f"{other.name} has it here")],
                    "give one of them another line",
                )
