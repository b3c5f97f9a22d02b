# SPDX-License-Identifier: Apache-2.0
"""Rules about LoongArch boards, and the virtual machines that cells are on them."""

from __future__ import annotations

from typing import Iterator

from ..diag import Diagnostic
from ..model import System
from ..rules import also, found
from ..rules_devices import given_devices
from .lines import INPUTS

UART_REGISTERS = 8


@also("board-incomplete", "loongarch")
def board_incomplete(system: System) -> Iterator[Diagnostic]:
    """Hardware that the hypervisor cannot do without."""
    parts, pos = system.board.parts, system.board.pos
    for part, kind in ((parts.pch_pic, "loongson,pch-pic-1.0"), (parts.eiointc, "loongson,ls2k2000-eiointc")):
        if not part:
            yield found(
                f'the board has no node "{kind}"',
                pos,
                cure="add it: devices interrupt through it",
            )


@also("board-line", "loongarch")
def board_line(system: System) -> Iterator[Diagnostic]:
    """Every interrupt of a device must end at a controller that the hypervisor drives."""
    known = {each.path for each in system.board.parts.controllers}
    liointc = system.board.parts.liointc
    for device in system.board.devices:
        for pin in device.pins:
            if pin.controller not in known:
                yield found(
                    f"{device.name} interrupts {pin.controller or 'nobody'}, which is neither the "
                    "board's PCH-PIC nor its LIOINTC",
                    pin.pos,
                    cure="give the node, or one above it, the right `interrupt-parent`",
                )
            elif liointc and pin.controller == liointc.path and not pin.level:
                yield found(
                    f"{device.name} interrupts the LIOINTC by an edge, but its inputs are levels here",
                    pin.pos,
                    [(liointc.pos, "the LIOINTC is here")],
                    "write 4 (level, active high) as the trigger",
                )


@also("board-uart", "loongarch")
def board_uart(system: System) -> Iterator[Diagnostic]:
    """Registers a byte apart, in memory."""
    for device in system.board.devices:
        size = sum(area.size for area in device.memory)
        if device.compatible == "ns16550a" and size < UART_REGISTERS:
            yield found(
                f"the UART {device.name} must have 8 registers",
                device.pos,
                cure="write its `reg` as <hi lo 0 0x100>",
            )


@also("board-power-off", "loongarch")
def board_power_off(system: System) -> Iterator[Diagnostic]:
    """`regmap` must lead to a syscon with registers."""
    off = system.board.parts.power_off
    if off and not off.address:
        yield found(
            f"`regmap` of {off.path} names no syscon of the board",
            off.pos,
            cure='let it name a node with compatible "syscon" and `reg`',
        )


@also("dma-address", "loongarch")
def dma_address(system: System) -> Iterator[Diagnostic]:
    """The device uses host-physical addresses, so the guest's must be the same: known before it is laid out."""
    for cell, pos, device in given_devices(system):
        if device.dma and not cell.address:
            yield found(
                f"{device.name} accesses memory by itself, so that cell {cell.name} must see its memory at "
                "host-physical addresses, which the DTS has to fix",
                pos,
                [(cell.size.pos, "this is a size alone")],
                "write `memory` as <address size>, at a multiple of 0x200000 in the board's RAM",
            )


@also("dma-unprotected", "loongarch")
def dma_unprotected(system: System) -> Iterator[Diagnostic]:
    """Whoever owns the device can reach all memory by it."""
    for cell, pos, device in given_devices(system):
        if device.dma:
            yield found(
                f"{device.name} can access all memory of the machine, and nothing keeps it within cell "
                f"{cell.name}: who controls that cell controls all",
                pos,
                [(device.pos, "it says `bulkhead,dma` here, and the board has no IOMMU")],
            )


@also("vdev-line", "loongarch")
def vdev_line(system: System) -> Iterator[Diagnostic]:
    """Lines are inputs of the cell's PCH-PIC."""
    for cell in system.cells:
        for device in cell.devices:
            if not device.line:
                continue
            line = device.line.value
            if line >= INPUTS:
                yield found(
                    f"{device.path} has interrupt line {line}, but a PCH-PIC has {INPUTS} inputs",
                    device.line.pos,
                    cure=f"take a free line below {INPUTS}",
                )


@also("vdev-chain", "loongarch")
def vdev_chain(system: System) -> Iterator[Diagnostic]:
    """A PCH-PIC and a PCH-MSI speak to the extended I/O interrupt controller of their cell."""
    for cell in system.cells:
        if cell.vdev("loongson,ls2k2000-eiointc"):
            continue
        for device in cell.devices:
            if device.compatible in ("loongson,pch-pic-1.0", "loongson,pch-msi-1.0"):
                yield found(
                    f"{device.path} needs an extended I/O interrupt controller, which cell "
                    f"{cell.name} does not have",
                    device.pos,
                    [(cell.pos, f"cell {cell.name} is here")],
                    'add a virtual device "loongson,ls2k2000-eiointc"',
                )
