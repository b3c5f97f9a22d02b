# SPDX-License-Identifier: Apache-2.0
"""Rules about the board and about what the hypervisor keeps of it."""

from __future__ import annotations

from itertools import combinations
from typing import Iterator

from .diag import Diagnostic, range_text, size_text
from .model import GUEST_HIGH, LARGE_PAGE, MIB, PAGE, Range, System
from .rules import found, rule

MAX_CPUS = 64
LAST_APIC_ID = 254
BOCHS_COMPARATORS = 3


@rule("board-cpu-twice", "board", "Every CPU of the board has an id of its own.")
def board_cpu_twice(system: System) -> Iterator[Diagnostic]:
    """Two nodes with one APIC id describe one CPU."""
    for first, second in combinations(system.board.cpus, 2):
        if first.apic_id == second.apic_id:
            yield found(
                f"{second.name} has the id {second.apic_id}, which {first.name} has already",
                second.pos,
                [(first.pos, f"{first.name} is here")],
                "correct its `reg`",
            )


@rule("board-cpu-range", "board", "At most 64 CPUs, with APIC ids that 8-bit destinations can name.")
def board_cpu_range(system: System) -> Iterator[Diagnostic]:
    """MAX_CPUS of core/vcpu.h; I/O APIC entries have 8 bits for a CPU, and 255 is everybody."""
    for number, cpu in enumerate(system.board.cpus):
        if number == MAX_CPUS:
            yield found(
                f"{cpu.name} is the board's CPU number {number + 1}; Bulkhead manages {MAX_CPUS}",
                cpu.pos,
                cure="leave the CPUs that no cell uses out of the board",
            )
        if cpu.apic_id > LAST_APIC_ID:
            yield found(
                f"{cpu.name} has the id {cpu.apic_id}, which an I/O APIC entry cannot name",
                cpu.pos,
                cure=f"use CPUs with APIC ids up to {LAST_APIC_ID}",
            )


@rule("board-memory", "board", "The board's RAM is whole pages above 1 MiB, each named once.")
def board_memory(system: System) -> Iterator[Diagnostic]:
    """Alignment, the first MiB, and overlaps of the memory nodes."""
    for ram in system.board.memory:
        if not ram.size or ram.base % PAGE or ram.size % PAGE or ram.end > 1 << 52:
            yield found(
                f"RAM {range_text(ram.base, ram.size)} is not a run of whole pages of 4 KiB below "
                "2^52",
                ram.pos,
                cure="round its address up and its size down to multiples of 0x1000",
            )
        elif ram.base < GUEST_HIGH:
            yield found(
                f"RAM {range_text(ram.base, ram.size)} begins below 1 MiB, which belongs to "
                "firmware",
                ram.pos,
                cure="let it begin at 0x100000",
            )
    for first, second in combinations(system.board.memory, 2):
        if first.overlaps(second):
            yield found(
                f"RAM {range_text(second.base, second.size)} overlaps RAM "
                f"{range_text(first.base, first.size)}",
                second.pos,
                [(first.pos, "the other is here")],
                "name every byte once",
            )


@rule(
    "board-incomplete",
    "board",
    "The board has an I/O APIC, and an HPET where virtual devices need a clock.",
)
def board_incomplete(system: System) -> Iterator[Diagnostic]:
    """Hardware that the hypervisor cannot do without."""
    board = system.board
    if not board.ioapic:
        yield found(
            "the board has no I/O APIC node",
            board.pos,
            cure='add a node with compatible "intel,ioapic"',
        )
    timed = [d for cell in system.cells for d in cell.devices if d.timer is not None]
    if not board.hpet and timed:
        yield found(
            "the board has no HPET node, but virtual devices need one as their clock",
            board.pos,
            [(timed[0].pos, f"{timed[0].path} is one of them")],
            'add a node with compatible "intel,hpet"',
        )


@rule("board-pin", "board", "Interrupt pins exist on the board's I/O APIC.")
def board_pin(system: System) -> Iterator[Diagnostic]:
    """Pins of devices and of HPET comparators."""
    board = system.board
    if not board.ioapic:
        return
    limit = board.ioapic.pins
    note = [(board.ioapic.pos, f"the I/O APIC has {limit} pins")]
    for device in board.devices:
        for pin in device.pins:
            if pin.pin >= limit:
                yield found(
                    f"{device.name} interrupts at pin {pin.pin}, which does not exist",
                    pin.pos,
                    note,
                    f"take a pin from 0 to {limit - 1}",
                )
    hpet = board.hpet
    if hpet and hpet.first_pin + hpet.comparators > limit:
        yield found(
            f"the HPET's {hpet.comparators} comparators from pin {hpet.first_pin} on reach beyond "
            f"the last pin",
            hpet.pos,
            note,
            "lower `first-pin` or `comparators`",
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


@rule("board-uart", "board", "A UART of the board has 8 I/O ports.")
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


@rule("board-twice", "board", "The board has one I/O APIC, HPET, power-off, qemu and bochs node.")
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


@rule("board-bochs", "board", "Bochs makes a board with the memory and HPET that the board has.")
def board_bochs(system: System) -> Iterator[Diagnostic]:
    """The bochs node against the rest of the board."""
    board = system.board
    if not board.bochs:
        return
    ram = sum(r.size for r in board.memory)
    if board.bochs.memory.value * MIB < ram:
        yield found(
            f"Bochs gives {board.bochs.memory.value} MiB, but the board's RAM is {size_text(ram)}",
            board.bochs.memory.pos,
            [(r.pos, "RAM is described here") for r in board.memory],
            "raise `memory` of the bochs node, or describe less RAM",
        )
    if board.hpet and board.hpet.comparators > BOCHS_COMPARATORS:
        yield found(
            f"Bochs' HPET has {BOCHS_COMPARATORS} comparators, not {board.hpet.comparators}",
            board.hpet.pos,
            cure=f"write `comparators = <{BOCHS_COMPARATORS}>`",
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
    "hypervisor-memory", "board", "The hypervisor's memory is whole large pages of RAM below 2 GiB."
)
def hypervisor_memory(system: System) -> Iterator[Diagnostic]:
    """A fixed place of the hypervisor; its code model reaches addresses below 2 GiB only."""
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
    elif memory.end > 1 << 31:
        yield found(
            f"the hypervisor's memory {text} ends above 2 GiB", memory.pos, cure="lower its address"
        )
