# SPDX-License-Identifier: Apache-2.0
"""The LoongArch parts of the output: arch_partition.h's structs, and lines of the report."""

from __future__ import annotations

from ..cformat import Arrays, Value, c_name, inline, quote, source_text, u64
from ..guest import Loaded
from ..model import PAGE, Cell, Pin, Range, System
from .lines import guest_inputs


def whole_pages(area: Range) -> bool:
    """Whether the second stage can map @area without its neighbours."""
    return not area.base % PAGE and not area.size % PAGE


def line(system: System, pin: Pin) -> str:
    """struct loongarch_line."""
    controllers = system.board.parts.controllers
    where = next(each for each in controllers if each.path == pin.controller)  # rule board-line
    return inline(
        controller=where.constant, input=pin.pin, edge="false" if pin.level else "true"
    )


def board(system: System) -> dict[str, Value]:
    """struct arch_board."""
    parts, uart = system.board.parts, system.console
    assert uart and parts.pch_pic  # rules hypervisor-console and board-incomplete
    off = parts.power_off
    return {
        "console": {
            "base": u64(uart.memory[0].base),
            "line": line(system, uart.pins[0]),
            "clock": uart.clock,
            "baud": uart.baud,
        },
        "pch_pic": u64(parts.pch_pic.address),
        "nr_pch_inputs": parts.pch_pic.pins,
        "liointc": u64(parts.liointc.address if parts.liointc else 0),
        "rtc": u64(parts.rtc.address if parts.rtc else 0),
        "power_off": inline(
            address=u64(off.address if off else 0),
            value=f"{off.value if off else 0:#x}",
            mask=f"{off.mask if off else 0:#x}",
            width=off.width if off else 0,
        ),
    }


def cell(system: System, given_to: Cell, loaded: Loaded, arrays: Arrays) -> dict[str, Value]:
    """struct arch_cell_config."""
    name = "cell_" + c_name(given_to.name)
    given = [device for _, device in system.cell_devices(given_to)]
    inputs = guest_inputs(system, given_to)
    irqs, nr_irqs = arrays.add(
        "struct loongarch_irq",
        f"{name}_irqs",
        [
            inline(
                line=line(system, pin), guest_input=number, source=quote(source_text(pin.pos))
            )
            for pin, number in sorted(inputs.items(), key=lambda item: item[1])
        ],
    )
    areas = [area for device in given for area in device.memory if not whole_pages(area)]
    windows, nr_windows = arrays.add(
        "struct loongarch_window",
        f"{name}_windows",
        [
            inline(base=u64(area.base), size=u64(area.size), source=quote(source_text(area.pos)))
            for area in sorted(areas, key=lambda area: area.base)
        ],
    )
    return {
        "entry": u64(loaded.entry),
        "arguments": "{ " + ", ".join(map(u64, loaded.arch.arguments)) + " }",
        "seed": u64(loaded.arch.seed),
        "irqs": irqs,
        "nr_irqs": nr_irqs,
        "windows": windows,
        "nr_windows": nr_windows,
    }


def report_shared(system: System) -> list[str]:
    """The interrupt controllers, and pages of registers that have several owners."""
    lines = [
        "- the board's interrupt controllers are programmed by the hypervisor alone, each input for "
        "one owner"
    ]
    for each in system.cells:
        for _, device in system.cell_devices(each):
            if not all(whole_pages(area) for area in device.memory):
                lines.append(
                    f"- registers of {device.name} share a page with others: the hypervisor carries "
                    f"out each access of {each.name}"
                )
    return lines
