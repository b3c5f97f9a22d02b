# SPDX-License-Identifier: Apache-2.0
"""What a LoongArch board has beside CPUs, RAM and devices to give away: its Board.parts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Mapping, Optional

from ..arch import Repeated, once
from ..bindings import Decoded
from ..diag import Position
from ..dts import Node, Tree
from ..model import Range


@dataclass
class Controller:
    """An interrupt controller with registers in memory: PCH-PIC or LIOINTC."""

    name: str  # for people
    constant: str  # enum loongarch_controller
    address: int
    pins: int
    path: str
    pos: Position


@dataclass
class Rtc:
    """The LS7A real-time clock."""

    address: int
    path: str
    pos: Position


@dataclass
class PowerOff:
    """The register that powers the board off."""

    address: int
    value: int
    mask: int
    width: int  # bytes
    path: str
    pos: Position


@dataclass
class Parts:
    """The parts; what a board does not describe is None."""

    pch_pic: Optional[Controller]
    liointc: Optional[Controller]
    eiointc: Optional[Position]
    rtc: Optional[Rtc]
    power_off: Optional[PowerOff]
    cpu_compatible: str  # what the CPUs are, for the guests' device trees
    hidden: set[str]  # paths of nodes that describe parts
    reserved: list[Range]  # registers that no cell may get

    @property
    def controllers(self) -> list[Controller]:
        """Those that devices' lines can end at."""
        return [each for each in (self.pch_pic, self.liointc) if each]


KINDS = {
    "loongson,pch-pic-1.0": "pch_pic",
    "loongson,liointc-1.0": "liointc",
    "loongson,ls2k2000-eiointc": "eiointc",
    "loongson,ls7a-rtc": "rtc",
    "syscon": "syscon",
    "syscon-poweroff": "power_off",
}


def read(tree: Tree, decoded: Mapping[str, Decoded]) -> tuple[Parts, list[Repeated]]:
    """The parts of a checked tree; the first of a kind counts."""
    soc = tree.root.child("soc")
    nodes, repeated = once(KINDS, tree.root.children + (soc.children if soc else []), decoded)

    def controller(name: str, text: str, constant: str) -> Optional[Controller]:
        node = nodes.get(name)
        if not node:
            return None
        values = decoded[node.path]
        return Controller(
            text, constant, values["reg"][0]["base"], values["pins"], node.path, node.pos
        )

    rtc = nodes.get("rtc")
    reserved = [
        node
        for node in (soc.children if soc else [])
        if node.path in decoded and decoded[node.path].binding.compatible == "bulkhead,reserved"
    ]
    cpus = tree.root.child("cpus")
    assert cpus  # root.yaml requires it
    parts = Parts(
        controller("pch_pic", "the PCH-PIC", "LOONGARCH_PCH_PIC"),
        controller("liointc", "the LIOINTC", "LOONGARCH_LIOINTC"),
        nodes["eiointc"].pos if "eiointc" in nodes else None,
        Rtc(decoded[rtc.path]["reg"][0]["base"], rtc.path, rtc.pos) if rtc else None,
        _power_off(tree, decoded, nodes.get("power_off")),
        decoded[cpus.children[0].path]["compatible"][0],
        {node.path for node in nodes.values()} | {node.path for node in reserved},
        [
            Range(reg["base"], reg["size"], node.pos_of("reg"))
            for node in reserved
            for reg in decoded[node.path]["reg"]
        ],
    )
    return parts, repeated


def _power_off(
    tree: Tree, decoded: Mapping[str, Decoded], node: Optional[Node]
) -> Optional[PowerOff]:
    """The register in the syscon that the node names (Linux, bindings/power/reset/syscon-poweroff)."""
    if not node:
        return None
    values = decoded[node.path]
    block = tree.phandles.get(values["regmap"])
    registers = decoded.get(block.path, {}) if block else {}
    if "reg" not in registers or registers.binding.compatible != "syscon":  # type: ignore[union-attr]
        # Position and all is told by rule board-power-off: an address of 0 marks it.
        return PowerOff(0, 0, 0, 1, node.path, node.pos_of("regmap"))
    width = registers.get("reg-io-width", 4)
    full = (1 << 8 * width) - 1
    return PowerOff(
        registers["reg"][0]["base"] + values["offset"],
        values["value"],
        values.get("mask", full),
        width,
        node.path,
        node.pos,
    )
