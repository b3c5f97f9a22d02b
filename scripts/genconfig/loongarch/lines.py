# SPDX-License-Identifier: Apache-2.0
"""Where a cell sees the interrupts of its passthrough devices: inputs of its virtual PCH-PIC."""

from __future__ import annotations

from typing import Optional

from ..model import Board, Cell, Pin, System

INPUTS = 64


def fixed_input(board: Board, pin: Pin) -> Optional[int]:
    """An input of the board's PCH-PIC keeps its number; others have None until one is chosen."""
    pch_pic = board.parts.pch_pic
    return pin.pin if pch_pic and pin.controller == pch_pic.path else None


def guest_inputs(system: System, cell: Cell) -> dict[Pin, int]:
    """The inputs of all lines of the cell's passthrough devices."""
    pins = [pin for _, device in system.cell_devices(cell) for pin in device.pins]
    inputs = {pin: fixed_input(system.board, pin) for pin in pins}
    taken = {number for number in inputs.values() if number is not None}
    taken |= {device.line.value for device in cell.devices if device.line}
    # From above, where no bridge has a device of its own.
    free = (number for number in range(INPUTS - 1, -1, -1) if number not in taken)
    return {pin: next(free) if number is None else number for pin, number in inputs.items()}
