# SPDX-License-Identifier: Apache-2.0
"""The x86 parts of the output: arch_partition.h's structs, bochsrc, lines of the report."""

from __future__ import annotations

from typing import Optional

from ..cformat import Arrays, Value, c_name, inline, quote, source_text, u64
from ..diag import words
from ..guest import Loaded
from ..model import Cell, System


def comparator(system: System, cell: Cell) -> Optional[int]:
    """The HPET comparator that times the cell's devices: one for each cell that has such."""
    if not cell.timers:
        return None
    return [each.name for each in system.cells if each.timers].index(cell.name)


def board(system: System) -> dict[str, Value]:
    """struct arch_board."""
    parts, uart = system.board.parts, system.console
    hpet, off, ioapic = parts.hpet, parts.power_off, parts.ioapic
    assert uart and ioapic  # rules hypervisor-console and board-incomplete
    return {
        "console": inline(
            port=f"{uart.ports[0].base:#x}", pin=uart.pins[0].pin, clock=uart.clock, baud=uart.baud
        ),
        "ioapic": u64(ioapic.address),
        "nr_pins": ioapic.pins,
        "hpet": u64(hpet.address if hpet else 0),
        "hpet_comparators": hpet.comparators if hpet else 0,
        "hpet_first_pin": hpet.first_pin if hpet else 0,
        "pm1a_cnt": f"{off.port if off else 0:#x}",
        "s5_type": off.slp_typ if off else 0,
        "invariant_tsc": "true" if parts.invariant_tsc else "false",
    }


def cell(system: System, given_to: Cell, loaded: Loaded, arrays: Arrays) -> dict[str, Value]:
    """struct arch_cell_config."""
    name = "cell_" + c_name(given_to.name)
    given = [device for _, device in system.cell_devices(given_to)]
    areas = sorted((area for device in given for area in device.ports), key=lambda area: area.base)
    ports, nr_ports = arrays.add(
        "struct x86_port_range",
        f"{name}_ports",
        [
            inline(first=f"{a.base:#x}", last=f"{a.end - 1:#x}", source=quote(source_text(a.pos)))
            for a in areas
        ],
    )
    pin_list = sorted((pin for device in given for pin in device.pins), key=lambda pin: pin.pin)
    pins, nr_pins = arrays.add(
        "struct x86_irq_pin",
        f"{name}_pins",
        [
            inline(
                pin=p.pin, level="true" if p.level else "false", source=quote(source_text(p.pos))
            )
            for p in pin_list
        ],
    )
    number = comparator(system, given_to)
    return {
        "entry_mode": loaded.arch.mode,
        "entry": u64(loaded.entry),
        "argument": u64(loaded.arch.argument),
        "page_table": u64(loaded.arch.page_table),
        "gdt": u64(loaded.arch.gdt),
        "ports": ports,
        "nr_ports": nr_ports,
        "pins": pins,
        "nr_pins": nr_pins,
        "comparator": "X86_NO_COMPARATOR" if number is None else number,
    }


def bochsrc(system: System) -> str:
    """Bochs' configuration of the board; empty when Bochs cannot make it."""
    bochs = system.board.parts.bochs
    if not bochs:
        return ""
    # 50 million instructions a second: a rate for the emulated clock that suits 2 GHz hosts.
    features = f', add_features="{bochs.cpu_features}"' if bochs.cpu_features else ""
    lines = [
        f"cpu: model={bochs.cpu}, count={len(system.board.cpus)}, ips=50000000, "
        f"reset_on_triple_fault=0, ignore_bad_msrs=1{features}",
        f"megs: {bochs.memory.value}",
        "clock: sync=none",
        "pci: enabled=1, chipset=i440fx",
        "panic: action=fatal",
        "error: action=report",
        *bochs.options,
    ]
    return "".join(f"{line}\n" for line in lines)


def report_owners(system: System) -> list[tuple[str, str, str]]:
    """The comparators."""
    hpet, rows = system.board.parts.hpet, []
    for each in system.cells:
        number = comparator(system, each)
        if number is not None and hpet:
            what = f"HPET comparator {number}, pin {hpet.first_pin + number}"
            rows.append((what, f"{each.name} (by the hypervisor)", str(each.pos)))
    return rows


def report_shared(system: System) -> list[str]:
    """The HPET's counter, and the I/O APIC."""
    timed = [each.name for each in system.cells if each.timers]
    lines = ["- the I/O APIC is programmed by the hypervisor alone, each pin for one owner"]
    if timed:
        text = f"- the HPET's main counter times devices of {words(timed)} (through the hypervisor)"
        lines.insert(0, text)
    return lines
