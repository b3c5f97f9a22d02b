# SPDX-License-Identifier: Apache-2.0
"""Build the model from a checked tree."""

from __future__ import annotations

import os
from typing import Any, Optional

from .arch import Architecture, once
from .bindings import Decoded
from .diag import Position
from .dts import Node, Tree
from .model import (
    Board,
    BoardDevice,
    Cell,
    Cpu,
    DeviceRange,
    Hypervisor,
    Image,
    Pin,
    Qemu,
    Range,
    Reference,
    Sourced,
    System,
    VirtualDevice,
)


class Builder:
    """Turns one tree, which the bindings have accepted, into a System."""

    def __init__(self, tree: Tree, decoded: dict[str, Decoded], arch: Architecture):
        self.tree = tree
        self.decoded = decoded
        self.arch = arch

    def system(self) -> System:
        """The whole model."""
        root = self.tree.root
        cells = root.child("cells")
        bulkhead = root.child("bulkhead")
        assert cells and bulkhead  # root.yaml requires them
        name = os.path.splitext(os.path.basename(self.tree.file))[0]
        system = System(
            name,
            self.tree.file,
            self.decoded["/"]["description"],
            self.arch,
            self._board(),
            self._hypervisor(bulkhead),
            [self._cell(c) for c in cells.children],
            list(self.tree.inputs),
        )
        for cell in system.cells:
            cell.identity = any(device.dma for _, device in system.cell_devices(cell))
        return system

    def _board(self) -> Board:
        root = self.tree.root
        cpus = root.child("cpus")
        assert cpus  # root.yaml requires it
        memory = [
            Range(r["base"], r["size"], node.pos_of("reg"))
            for node in root.children
            if node.name.startswith("memory@")
            for r in self.decoded[node.path]["reg"]
        ]
        parts, repeated = self.arch.board_parts(self.tree, self.decoded)
        qemu, more = once({"bulkhead,qemu": "qemu"}, root.children, self.decoded)
        return Board(
            self.decoded["/"]["model"],
            root.pos_of("model"),
            [self._cpu(node) for node in cpus.children],
            sorted(memory, key=lambda r: r.base),
            [self._device(node) for node in self.arch.device_nodes(self.tree)],
            parts,
            self._qemu(qemu["qemu"]) if qemu else None,
            repeated + more,
        )

    def _qemu(self, node: Node) -> Qemu:
        values = self.decoded[node.path]
        return Qemu(
            values["machine"],
            values["cpu"],
            node.pos,
            Sourced(values["memory"], node.pos_of("memory")),
            Sourced(values["serial-ports"], node.pos_of("serial-ports")),
            values.get("arguments", []),
        )

    def _cpu(self, node: Node) -> Cpu:
        return Cpu(_label(node), self.decoded[node.path]["reg"], node.path, node.pos)

    def _device(self, node: Node) -> BoardDevice:
        values = self.decoded[node.path]
        where = node.pos_of("reg")
        names = values["compatible"]
        by_space: dict[str, list[Range]] = {"ports": [], "memory": []}
        for reg in values["reg"]:
            by_space[reg.get("space", "memory")].append(Range(reg["base"], reg["size"], where))
        pins = [
            Pin(i["pin"], i["level"], node.pos_of("interrupts"), self._controller(node))
            for i in values.get("interrupts", [])
        ]
        return BoardDevice(
            _label(node),
            node.path,
            values.binding.compatible or "",
            node.pos,
            by_space["ports"],
            by_space["memory"],
            pins,
            values.get("clock-frequency", 0),
            values.get("current-speed", 0),
            tuple(names) if isinstance(names, list) else (names,),
            "bulkhead,dma" in values,
        )

    def _controller(self, node: Node) -> Optional[str]:
        """The node that the interrupts of @node go to: its own interrupt-parent, or the nearest."""
        at: Optional[Node] = node
        while at and "interrupt-parent" not in self.decoded.get(at.path, {}):
            at = at.parent
        parent = self.tree.phandles.get(self.decoded[at.path]["interrupt-parent"]) if at else None
        return parent.path if parent else None

    def _reference(self, phandle: int, pos: Position) -> Reference:
        node = self.tree.phandles.get(phandle)
        return Reference(node.path if node else None, pos)

    def _references(self, node: Node, prop: str) -> list[Reference]:
        return [
            self._reference(phandle, node.pos_of(prop))
            for phandle in self.decoded[node.path].get(prop, [])
        ]

    def _hypervisor(self, node: Node) -> Hypervisor:
        values = self.decoded[node.path]
        memory = values.get("memory")
        where = node.pos_of("memory")
        escape = values.get("console-escape", _default(values, "console-escape"))
        return Hypervisor(
            node.pos,
            self._reference(values["console"], node.pos_of("console")),
            escape,
            Range(memory[0], memory[1], where) if memory else None,
        )

    def _cell(self, node: Node) -> Cell:
        values = self.decoded[node.path]
        memory = [Sourced(number, node.pos_of("memory")) for number in values["memory"]]
        bus = node.child("vdev")
        bootargs = values.get("bootargs", _default(values, "bootargs"))
        cell = Cell(
            node.name,
            node.path,
            node.pos,
            self._references(node, "cpus"),
            memory[-1],
            memory[0] if len(memory) == 2 else None,
            self._image(node, "kernel"),
            self._image(node, "initrd") if "initrd" in values else None,
            Sourced(bootargs, node.pos_of("bootargs")),
            self._references(node, "passthrough"),
            values.get("on-fault", _default(values, "on-fault")),
            values.get("on-violation", _default(values, "on-violation")),
            [self._virtual(child) for child in (bus.children if bus else [])],
            self.arch,
        )
        if "initrd-module" in values and not cell.initrd:
            cell.stray_modules.append(("initrd", node.pos_of("initrd-module")))
        cell.base = memory[0].value if cell.address else 0
        for device in cell.devices:
            if device.implementation["timer"]:
                device.timer = cell.timers
                cell.timers += 1
        return cell

    def _image(self, node: Node, prop: str) -> Image:
        values, module = self.decoded[node.path], f"{prop}-module"
        brought = Sourced(values[module], node.pos_of(module)) if module in values else None
        return Image(values[prop], node.pos_of(prop), module=brought)

    def _virtual(self, node: Node) -> VirtualDevice:
        values = self.decoded[node.path]
        where = node.pos_of("reg")
        ranges = [
            DeviceRange(reg["space"], Range(reg["base"], reg["size"], where), number)
            for number, reg in enumerate(values["reg"])
        ]
        line = values.get("interrupts")
        return VirtualDevice(
            node.name,
            node.path,
            values["compatible"],
            node.pos,
            ranges,
            None if line is None else Sourced(line, node.pos_of("interrupts")),
            values.binding.device,
        )


def _label(node: Node) -> str:
    return node.labels[0] if node.labels else node.name


def _default(values: Decoded, prop: str) -> Any:
    return values.binding.properties[prop]["default"]
