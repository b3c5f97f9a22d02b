# SPDX-License-Identifier: Apache-2.0
"""Rules about cells: names, CPUs, memory and images, within and across cells."""

from __future__ import annotations

import os
from itertools import combinations
from typing import Iterator

from .cformat import c_name
from .diag import WARNING, Diagnostic, range_text, size_text
from .model import LARGE_PAGE, PAGE, Cell, Range, Reference, System
from .rules import found, rule


@rule("cell-name", "cells", "Cell names are short and differ in more than punctuation and case.")
def cell_name(system: System) -> Iterator[Diagnostic]:
    """Names appear in C identifiers, file names and console prefixes."""
    for cell in system.cells:
        if len(cell.name) > 15:
            yield found(
                f"the name {cell.name} has {len(cell.name)} characters",
                cell.pos,
                cure="use at most 15: every line of the console carries it",
            )
    for first, second in combinations(system.cells, 2):
        if c_name(first.name) == c_name(second.name):
            yield found(
                f"the names {second.name} and {first.name} are too much alike",
                second.pos,
                [(first.pos, f"{first.name} is here")],
                "rename one of them",
            )


@rule("cpu-reference", "cells", "`cpus` names CPUs of the board.")
def cpu_reference(system: System) -> Iterator[Diagnostic]:
    """Every phandle of `cpus` must be a CPU."""
    known = {cpu.path for cpu in system.board.cpus}
    names = ", ".join(f"&{cpu.name}" for cpu in system.board.cpus)
    for cell in system.cells:
        for ref in cell.cpus:
            if ref.path not in known:
                yield found(
                    f"`cpus` of cell {cell.name} names {ref.path or 'no node'}, which is no CPU of "
                    "the "
                    "board",
                    ref.pos,
                    cure=f"the board has {names}",
                )


@rule("cpu-twice", "cells", "A CPU belongs to one cell only, and once.")
def cpu_twice(system: System) -> Iterator[Diagnostic]:
    """Nothing is scheduled: a CPU cannot be shared."""
    names = {cpu.path: cpu.name for cpu in system.board.cpus}
    free = [f"&{c.name}" for c in _unused_cpus(system)]
    hint = (
        f"CPUs that nobody uses: {', '.join(free)}"
        if free
        else "the board has no CPU left: take one away"
    )
    owners: dict[str, tuple[Cell, Reference]] = {}
    for cell in system.cells:
        for ref in cell.cpus:
            if ref.path not in names:
                continue
            if ref.path in owners:
                other, where = owners[ref.path]
                what = "itself, twice" if other is cell else f"cell {other.name} already"
                yield found(
                    f"cell {cell.name} takes {names[ref.path]}, which belongs to {what}",
                    ref.pos,
                    [(where.pos, f"{names[ref.path]} is given to {other.name} here")],
                    hint,
                )
            owners.setdefault(ref.path, (cell, ref))


def _unused_cpus(system: System) -> list:
    used = {ref.path for cell in system.cells for ref in cell.cpus}
    return [cpu for cpu in system.board.cpus if cpu.path not in used]


@rule("cpu-unused", "cells", "Every CPU of the board has a cell.", WARNING)
def cpu_unused(system: System) -> Iterator[Diagnostic]:
    """Not wrong, but seldom meant."""
    for cpu in _unused_cpus(system):
        yield found(f"no cell uses {cpu.name}: it will be idle", cpu.pos)


@rule("memory-size", "cells", "A cell has at least 2 MiB, in pages of 2 MiB, at a page's address.")
def memory_size(system: System) -> Iterator[Diagnostic]:
    """Size and alignment of a cell's memory."""
    for cell in system.cells:
        size = cell.size.value
        if size < LARGE_PAGE or size % LARGE_PAGE or size > 1 << 46:
            yield found(
                f"memory of cell {cell.name} is {size:#x} bytes, which is not a number of pages of "
                "2 MiB",
                cell.size.pos,
                cure="write the size as <hi lo>, for example <0 0x20000000> for 512 MiB",
            )
        if cell.address and cell.address.value % PAGE:
            yield found(
                f"memory of cell {cell.name} begins at {cell.address.value:#x}, within a page",
                cell.address.pos,
                cure="round it to a multiple of 0x1000, better of 0x200000",
            )


@rule("memory-alignment", "cells", "A cell's fixed memory begins at a large page.", WARNING)
def memory_alignment(system: System) -> Iterator[Diagnostic]:
    """Elsewhere only 4 KiB pages can map it, which costs time and table pages."""
    for cell in system.cells:
        if cell.address and cell.address.value % LARGE_PAGE and not cell.address.value % PAGE:
            yield found(
                f"memory of cell {cell.name} begins at {cell.address.value:#x}, so that no large "
                "page can "
                "map it",
                cell.address.pos,
                cure="round it to a multiple of 0x200000",
            )


@rule("image-missing", "images", "Kernels and initrds exist.")
def image_missing(system: System) -> Iterator[Diagnostic]:
    """Files that were not found in any of the folders."""
    for cell in system.cells:
        for what, image in cell.images:
            if not image.path:
                yield found(
                    f"the {what} {image.name} of cell {cell.name} is in none of the image folders",
                    image.pos,
                    cure="`make images` fetches and builds those that the project knows; "
                    f"your own goes beside {os.path.basename(system.file)}",
                )


def _hypervisor(system: System) -> Range:
    memory = system.hypervisor.memory
    assert memory
    return memory


def _inside(area: Range, ram: list[Range]) -> bool:
    at = area.base
    for part in ram:  # sorted, without overlaps
        if part.base <= at < part.end:
            at = part.end
    return at >= area.end


@rule(
    "memory-outside-ram",
    "placed",
    "Memory of the hypervisor and of cells with fixed addresses is RAM of the board.",
)
def memory_outside_ram(system: System) -> Iterator[Diagnostic]:
    """Fixed ranges, and the hypervisor's computed one, against the board's memory nodes."""
    named = [(f"cell {c.name}", c.host_range) for c in system.cells if c.address]
    for name, area in [("the hypervisor", _hypervisor(system))] + named:
        if not _inside(area, system.board.memory):
            yield found(
                f"memory of {name} at {range_text(area.base, area.size)} is not all RAM of the "
                "board",
                area.pos,
                [
                    (r.pos, f"the board has RAM at {range_text(r.base, r.size)}")
                    for r in system.board.memory
                ],
                "move it into the board's RAM, make it smaller, or give the size alone",
            )


@rule("memory-overlap", "placed", "No two cells share memory, and none has the hypervisor's.")
def memory_overlap(system: System) -> Iterator[Diagnostic]:
    """Fixed ranges against each other; what the generator places never overlaps."""
    named = [("the hypervisor", _hypervisor(system))]
    named += [(f"cell {c.name}", c.host_range) for c in system.cells if c.address]
    for (first, a), (second, b) in combinations(named, 2):
        if a.overlaps(b):
            yield found(
                f"memory of {second} at {range_text(b.base, b.size)} overlaps that of {first} at "
                f"{range_text(a.base, a.size)}",
                b.pos,
                [(a.pos, f"memory of {first} is set here")],
                "move one of them, or give the size alone: the generator then finds a place",
            )


@rule(
    "hypervisor-too-small",
    "placed",
    "The hypervisor's memory holds its code, the images and the page pool.",
)
def hypervisor_too_small(system: System) -> Iterator[Diagnostic]:
    """A fixed size against what was computed."""
    memory = system.hypervisor.memory
    if memory and memory.size < system.hypervisor.need:
        yield found(
            f"the hypervisor has {size_text(memory.size)}, but with all images it needs "
            f"{size_text(system.hypervisor.need)}",
            memory.pos,
            [(c.kernel.pos, f"images of cell {c.name}") for c in system.cells],
            "raise the size, or leave `memory` out",
        )
