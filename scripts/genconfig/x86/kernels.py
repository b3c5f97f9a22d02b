# SPDX-License-Identifier: Apache-2.0
"""Lay out a PC cell: its tables, and the loader that understands its kernel."""

from __future__ import annotations

from dataclasses import replace

from ..diag import fail, short_path
from ..guest import Loaded
from ..images import read_image
from ..model import Cell, System
from . import acpi, asl, linux, pvh


def load(system: System, cell: Cell) -> Loaded:
    """Lay out @cell's memory, with its ACPI tables and the source of its DSDT."""
    given = [device for _, device in system.cell_devices(cell)]
    source = asl.dsdt_source(cell, given)
    tables = acpi.build(cell, asl.compile_asl(source, cell))
    loaded = _load_kernel(cell, tables)
    files = {f"acpi/{cell.name}-{name}.aml": data for name, data in tables.tables.items()}
    return replace(loaded, files={f"acpi/{cell.name}-dsdt.asl": f"// {{banner}}\n{source}", **files})


def _load_kernel(cell: Cell, tables: acpi.AcpiTables) -> Loaded:
    segments = tables.segments(cell)
    data = read_image(cell.kernel)
    initrd_size = len(read_image(cell.initrd)) if cell.initrd else 0
    if linux.is_bzimage(data):
        bzimage = linux.parse(cell.kernel, data, len(data))
        return linux.load(cell, bzimage, initrd_size, segments, tables.rsdp)
    if pvh.is_elf(data):
        kernel = pvh.parse(cell.kernel, data)
        return pvh.load(cell, kernel, initrd_size, segments, tables.rsdp)
    raise fail(
        "kernel-format",
        f"{cell.kernel.name} is neither a Linux bzImage nor an ELF",
        cell.kernel.pos,
        notes=[(cell.kernel.pos, f"the file is {short_path(cell.kernel.path or '')}")],
        cure="take a Linux bzImage, or an x86 ELF with a PVH entry note",
    )
