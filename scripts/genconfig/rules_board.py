# SPDX-License-Identifier: Apache-2.0
"""Rules about the board and about what the hypervisor keeps of it."""

from __future__ import annotations

from itertools import combinations
from typing import Iterator

from .diag import Diagnostic, range_text, size_text
from .model import LARGE_PAGE, MIB, PAGE, Range, System
from .rules import found, rule

MAX_CPUS = 64


@rule("board-cpu-twice", "board", "Every CPU of the board has an id of its own.")
def board_cpu_twice(system: System) -> Iterator[Diagnostic]:
    """Two nodes with one id describe one CPU."""
    for first, second in combinations(system.board.cpus, 2):
        if first.hwid == second.hwid:
            yield found(
                f"{second.name} has the id {second.hwid}, which {first.name} has already",
                second.pos,
                [(first.pos, f"{first.name} is here")],
                "correct its `reg`",
            )


@rule("board-cpu-range", "board", "At most 64 CPUs, with ids that the hardware can name.")
def board_cpu_range(system: System) -> Iterator[Diagnostic]:
    """MAX_CPUS of core/vcpu.h; ids that interrupts can be sent to."""
    arch = system.arch
    for number, cpu in enumerate(system.board.cpus):
        if number == MAX_CPUS:
            yield found(
                f"{cpu.name} is the board's CPU number {number + 1}; Bulkhead manages {MAX_CPUS}",
                cpu.pos,
                cure="leave the CPUs that no cell uses out of the board",
            )
        if cpu.hwid > arch.last_cpu:
            yield found(
                f"{cpu.name} has the id {cpu.hwid}, which {arch.last_cpu_text}",
                cpu.pos,
                cure=f"use CPUs with ids up to {arch.last_cpu}",
            )


@rule("board-memory", "board", "The board's RAM is whole pages above the firmware's, each named once.")
def board_memory(system: System) -> Iterator[Diagnostic]:
    """Alignment, what firmware keeps, and overlaps of the memory nodes."""
    first = system.arch.first_ram
    for ram in system.board.memory:
        if not ram.size or ram.base % PAGE or ram.size % PAGE or ram.end > 1 << 52:
            yield found(
                f"RAM {range_text(ram.base, ram.size)} is not a run of whole pages of 4 KiB below "
                "2^52",
                ram.pos,
                cure="round its address up and its size down to multiples of 0x1000",
            )
        elif ram.base < first:
            yield found(
                f"RAM {range_text(ram.base, ram.size)} begins below {system.arch.first_ram_text}, "
                "which belongs to firmware",
                ram.pos,
                cure=f"let it begin at {first:#x}",
            )
    for one, second in combinations(system.board.memory, 2):
        if one.overlaps(second):
            yield found(
                f"RAM {range_text(second.base, second.size)} overlaps RAM "
                f"{range_text(one.base, one.size)}",
                second.pos,
                [(one.pos, "the other is here")],
                "name every byte once",
            )


@rule("board-pin", "board", "Interrupts of devices exist on the board's interrupt controllers.")
def board_pin(system: System) -> Iterator[Diagnostic]:
    """Inputs of I/O APICs, PCH-PICs and the like."""
    for device in system.board.devices:
        for pin in device.pins:
            controller = system.arch.inputs(system.board, pin)
            if controller and pin.pin >= controller[1]:
                name, limit, pos = controller
                yield found(
                    f"{device.name} interrupts at pin {pin.pin}, which does not exist",
                    pin.pos,
                    [(pos, f"{name} has {limit} pins")],
                    f"take a pin from 0 to {limit - 1}",
                )


def _common(first: Range, second: Range) -> str:
    start = max(first.base, second.base)
    return range_text(start, min(first.end, second.end) - start)


@rule("board-device-overlap", "board", "No two devices of the board share ports or addresses.")
def board_device_overlap(system: System) -> Iterator[Diagnostic]:
    """Ports and register pages of board devices, among each other and against RAM."""
    for first, second in combinations(system.board.devices, 2):
        for kind in ("ports", "memory"):
            for a in getattr(first, kind):
                for b in getattr(second, kind):
                    if a.overlaps(b):
                        yield found(
                            f"{second.name} and {first.name} both have {kind} {_common(a, b)}",
                            b.pos,
                            [(a.pos, f"{first.name} is here")],
                            "correct one of them",
                        )
    for device in system.board.devices:
        for area in device.memory:
            for ram in system.board.memory:
                if area.overlaps(ram):
                    yield found(
                        f"registers of {device.name} at {range_text(area.base, area.size)} lie in "
                        "RAM",
                        area.pos,
                        [(ram.pos, "the RAM is here")],
                        "correct one of them",
                    )


@rule("board-twice", "board", "The board has one interrupt controller, timer, power-off and emulator node of a kind.")
def board_twice(system: System) -> Iterator[Diagnostic]:
    """The hypervisor uses one of each."""
    for kind, second, first in system.board.repeated:
        yield found(
            f'the board has a second node "{kind}"',
            second,
            [(first, "the first is here")],
            "remove one of them",
        )


@rule(
    "board-qemu", "board", "QEMU makes a board with the memory and serial ports that the board has."
)
def board_qemu(system: System) -> Iterator[Diagnostic]:
    """The qemu node against the rest of the board."""
    qemu = system.board.qemu
    if not qemu:
        return
    ram = sum(r.size for r in system.board.memory)
    if qemu.memory.value * MIB < ram:
        yield found(
            f"QEMU gives {qemu.memory.value} MiB, but the board's RAM is {size_text(ram)}",
            qemu.memory.pos,
            [(r.pos, "RAM is described here") for r in system.board.memory],
            "raise `memory` of the qemu node, or describe less RAM",
        )
    uarts = [d for d in system.board.devices if d.compatible == "ns16550a"]
    if qemu.serial_ports.value < len(uarts):
        yield found(
            f"QEMU has {qemu.serial_ports.value} serial ports, but the board {len(uarts)} UARTs",
            qemu.serial_ports.pos,
            [(d.pos, f"{d.name} is here") for d in uarts],
            "raise `serial-ports`, or remove a UART",
        )


@rule("hypervisor-console", "board", "The hypervisor's console is a UART of the board.")
def hypervisor_console(system: System) -> Iterator[Diagnostic]:
    """`console` must lead to a board UART."""
    device, ref = system.console, system.hypervisor.console
    if device is None or device.compatible != "ns16550a":
        uarts = ", ".join(f"&{d.name}" for d in system.board.devices if d.compatible == "ns16550a")
        yield found(
            f"`console` names {ref.path or 'no node'}, which is no UART of the board",
            ref.pos,
            cure=f"take one of these: {uarts or 'the board has none'}",
        )


@rule(
    "hypervisor-memory", "board", "The hypervisor's memory is whole large pages that its code can reach."
)
def hypervisor_memory(system: System) -> Iterator[Diagnostic]:
    """A fixed place of the hypervisor; on x86 its code model reaches addresses below 2 GiB only."""
    memory = system.hypervisor.memory
    if not memory:
        return
    text = range_text(memory.base, memory.size)
    if memory.base % LARGE_PAGE or memory.size % LARGE_PAGE or not memory.size:
        yield found(
            f"the hypervisor's memory {text} is not made of pages of 2 MiB",
            memory.pos,
            cure="round address and size to multiples of 0x200000",
        )
    elif memory.end > system.arch.hypervisor_limit:
        yield found(
            f"the hypervisor's memory {text} ends above {system.arch.hypervisor_limit_text}",
            memory.pos,
            cure="lower its address",
        )
