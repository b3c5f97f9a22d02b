# SPDX-License-Identifier: Apache-2.0
"""What a PC has beside CPUs, RAM and ISA devices: Board.parts of an x86 board."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Mapping, Optional

from ..arch import Repeated, once
from ..bindings import Decoded
from ..diag import Position
from ..dts import Node, Tree
from ..model import Sourced


@dataclass
class IoApic:
    """The board's I/O APIC."""

    address: int
    pins: int
    path: str
    pos: Position


@dataclass
class Hpet:
    """The board's HPET."""

    address: int
    comparators: int
    first_pin: int
    path: str
    pos: Position


@dataclass
class PowerOff:
    """The board's PM1a_CNT register and the SLP_TYP of S5."""

    port: int
    slp_typ: int
    path: str
    pos: Position


@dataclass
class Bochs:
    """How Bochs makes the board."""

    cpu: str
    cpu_features: str  # beside the model's own, separated by commas
    pos: Position
    memory: Sourced[int]  # MiB
    options: list[str]


@dataclass
class Parts:
    """The parts; what a board does not describe is None."""

    invariant_tsc: bool
    ioapic: Optional[IoApic]
    hpet: Optional[Hpet]
    power_off: Optional[PowerOff]
    bochs: Optional[Bochs]


KINDS = {
    "intel,ioapic": "ioapic",
    "intel,hpet": "hpet",
    "bulkhead,acpi-power-off": "power_off",
    "bulkhead,bochs": "bochs",
}


def read(tree: Tree, decoded: Mapping[str, Decoded]) -> tuple[Parts, list[Repeated]]:
    """The parts of a checked tree; the first of a kind counts."""
    nodes, repeated = once(KINDS, tree.root.children, decoded)
    makers = (("ioapic", _ioapic), ("hpet", _hpet), ("power_off", _power_off), ("bochs", _bochs))
    parts = {
        name: make(nodes[name], decoded[nodes[name].path]) if name in nodes else None
        for name, make in makers
    }
    invariant = "bulkhead,invariant-tsc" in decoded["/cpus"]
    return Parts(invariant_tsc=invariant, **parts), repeated


def _ioapic(node: Node, values: Decoded) -> IoApic:
    return IoApic(values["reg"][0]["base"], values["pins"], node.path, node.pos)


def _hpet(node: Node, values: Decoded) -> Hpet:
    base, count = values["reg"][0]["base"], values["comparators"]
    return Hpet(base, count, values["first-pin"], node.path, node.pos)


def _power_off(node: Node, values: Decoded) -> PowerOff:
    return PowerOff(values["pm1a-cnt"], values["slp-typ"], node.path, node.pos)


def _bochs(node: Node, values: Decoded) -> Bochs:
    memory = Sourced(values["memory"], node.pos_of("memory"))
    more, options = values.get("cpu-features", ""), values.get("options", [])
    return Bochs(values["cpu"], more, node.pos, memory, options)
