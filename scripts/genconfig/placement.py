# SPDX-License-Identifier: Apache-2.0
"""Host memory: how much the hypervisor needs, and where each cell goes."""

from __future__ import annotations

from typing import Callable, Iterable, Optional

from .diag import Position, fail, range_text, size_text
from .guest import Blob, FilePart, Loaded, regions, stage2_pages
from .model import GIB, LARGE_PAGE, PAGE, Cell, Range, System

# Text, data, consoles and everything else that is not an image or the pool: what comes before the
# images, which begin at a large page (hypervisor.ld).
HYPERVISOR_CODE = LARGE_PAGE


def hypervisor_need(loaded: Iterable[Loaded], image_sizes: Callable[[str], int], pool: int) -> int:
    """Bytes that the hypervisor takes with all images, rounded up to large pages."""
    files: dict[tuple[str, Optional[str]], int] = {}
    blobs: set[bytes] = set()
    for cell in loaded:
        for segment in cell.segments:
            source = segment.source
            if isinstance(source, FilePart):
                whole = image_sizes(source.path) if source.unpacked is None else len(source.unpacked)
                files[source.path, source.module] = whole
            elif isinstance(source, Blob):
                blobs.add(source.data)
    total = sum(map(_pages, files.values())) + sum(_pages(len(data)) for data in blobs)
    return _round(total + pool + HYPERVISOR_CODE, LARGE_PAGE)


def _pages(size: int) -> int:
    return _round(size, PAGE)


def _round(value: int, unit: int) -> int:
    return (value + unit - 1) // unit * unit


def stage2_total(system: System, large_1g: bool = True) -> int:
    """Second-stage table pages of all cells as placed; without @large_1g the most they can be."""
    return sum(
        stage2_pages(regions(cell, [d for _, d in system.cell_devices(cell)]), large_1g)
        for cell in system.cells
    )


def free_ranges(system: System, taken: Iterable[Range]) -> list[tuple[int, int]]:
    """RAM of the board that nobody has: (start, end), ascending."""
    free = [(r.base, r.end) for r in system.board.memory]
    for used in taken:
        parts = []
        for start, end in free:
            parts += [(start, min(end, used.base)), (max(start, used.end), end)]
        free = [(start, end) for start, end in parts if start < end]
    return sorted(free)


def place(system: System) -> None:
    """Give every cell without an address one; raises ConfigError when there is no room.

    First fit in the order of the DTS, so that an edit to one cell leaves those before it in
    place; if that fails, the largest first.
    """
    hypervisor = system.hypervisor.memory
    assert hypervisor
    fixed = [hypervisor] + [cell.host_range for cell in system.cells if cell.address]
    movable = [cell for cell in system.cells if not cell.address]
    for order in (movable, sorted(movable, key=lambda cell: -cell.size.value)):
        failed = _first_fit(system, order, list(fixed))
        if failed is None:
            return
    _refuse(system, movable, fixed, hypervisor.pos)


def _first_fit(system: System, cells: list[Cell], taken: list[Range]) -> Optional[Cell]:
    for cell in cells:
        # 1 GiB alignment lets large cells use 1 GiB pages; it is a wish, 2 MiB is a must.
        wishes = [GIB, LARGE_PAGE] if cell.size.value >= GIB else [LARGE_PAGE]
        free = free_ranges(system, taken)
        spots = [
            _round(start, unit)
            for unit in wishes
            for start, end in free
            if _round(start, unit) + cell.size.value <= end
        ]
        if not spots:
            return cell
        cell.base = spots[0]
        taken.append(cell.host_range)
    return None


def _refuse(system: System, cells: list[Cell], fixed: list[Range], hypervisor: Position) -> None:
    wanted = sum(cell.size.value for cell in cells)
    free = free_ranges(system, fixed)
    room = sum(end - start for start, end in free)
    notes: list[tuple[Optional[Position], str]] = [
        (cell.size.pos, f"cell {cell.name} wants {size_text(cell.size.value)}")
        for cell in cells[1:]
    ]
    notes += [
        (r.pos, f"the board has RAM at {range_text(r.base, r.size)}") for r in system.board.memory
    ]
    notes += [
        (
            hypervisor,
            "not taken by the hypervisor or by cells with fixed addresses: "
            + (", ".join(range_text(start, end - start) for start, end in free) or "nothing"),
        )
    ]
    names = ", ".join(cell.name for cell in cells)
    raise fail(
        "memory-not-enough",
        f"there is no room for {names}: {size_text(wanted)} wanted, {size_text(room)} free",
        cells[0].size.pos,
        notes=notes,
        cure="give the cells less memory, or take a larger board",
    )
