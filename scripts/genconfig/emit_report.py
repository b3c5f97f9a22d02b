# SPDX-License-Identifier: Apache-2.0
"""Emit what people and scripts read: report.txt, qemu.args and layout.h."""

from __future__ import annotations

import os
from typing import Optional

from .arch import device_text
from .diag import range_text, short_path, size_text, words
from .guest import FilePart
from .model import LARGE_PAGE, MIB, PAGE, Cell, System
from .pipeline import Plan
from .placement import free_ranges

WIDTH = 46
CPIO_HEADER = 110
LOADABLES_GAP = 64 * MIB  # room for the FIT image itself, which U-Boot loads near the hypervisor's place


def layout_h(plan: Plan, banner: str) -> str:
    """The hypervisor's place, for the linker script, and what its loader says of it: no types."""
    memory = plan.system.hypervisor.memory
    assert memory
    loadables = -(-(memory.base + memory.size) // LARGE_PAGE) * LARGE_PAGE + LOADABLES_GAP
    defines = "".join(
        f"#define {name} {value}\n" for name, value in plan.system.arch.layout_defines(plan.system)
    )
    size = archive_size(plan) if plan.system.arch.fit_loadable else 0
    names = "".join(f'"{module.name}", ' for module in plan.modules) + '""'
    return (
        f"/* SPDX-License-Identifier: Apache-2.0 */\n/* {banner} */\n"
        "#ifndef LAYOUT_H\n#define LAYOUT_H\n\n"
        f"#define BULKHEAD_BASE {memory.base:#x}\n"
        f"#define BULKHEAD_SIZE {memory.size:#x}\n\n"
        f'#define BULKHEAD_SYSTEM "{plan.system.name}"\n'
        f"{defines}\n"
        "/* Names of the boot modules, and an empty one. */\n"
        f"#define BULKHEAD_MODULES {names}\n"
        "/* Where U-Boot puts an archive of them that is in a FIT image; none: it is the initrd. */\n"
        f"#define BULKHEAD_LOADABLES {loadables:#x}\n"
        f"#define BULKHEAD_LOADABLES_SIZE {size:#x}\n\n#endif\n"
    )


def archive_size(plan: Plan) -> int:
    """Bytes of the modules' archive as `cpio -H newc` writes it, up to the end of its last entry."""
    files = [(module.name, len(module.data)) for module in plan.modules] + [("TRAILER!!!", 0)]
    return sum(_padded(CPIO_HEADER + len(name) + 1) + _padded(size) for name, size in files)


def _padded(size: int) -> int:
    """To a multiple of four, where cpio's names and files begin."""
    return (size + 3) & ~3


def qemu_args(system: System) -> str:
    """QEMU's arguments for the board, one a line; empty when QEMU cannot make it."""
    qemu = system.board.qemu
    if not qemu:
        return ""
    words = [
        "-machine",
        qemu.machine,
        "-cpu",
        qemu.cpu,
        "-smp",
        str(len(system.board.cpus)),
        "-m",
        str(qemu.memory.value),
        *qemu.arguments,
    ]
    return "".join(f"{word}\n" for word in words)


def report(plan: Plan) -> str:
    """The whole report."""
    system = plan.system
    head = [f"{system.name}: {system.description}", f"Board: {system.board.model}", ""]
    parts = [head, _memory_map(plan), _guest_maps(plan), _modules(plan), _owners(system)]
    parts.append(_shared(plan))
    return "\n".join(line for part in parts for line in part) + "\n"


def _box(rows: list[tuple[int, int, str]]) -> list[str]:
    """A picture of address ranges: higher addresses below."""
    lines = []
    end = None
    for start, stop, text in rows:
        if start != end:
            if end is not None:
                lines += [f"{end:#018x} +{'-' * WIDTH}+", f"{'':18} :{'':{WIDTH}}:"]
        lines.append(f"{start:#018x} +{'-' * WIDTH}+")
        lines.append(f"{'':18} | {text:<{WIDTH - 14}}{size_text(stop - start):>12} |")
        end = stop
    return lines + [f"{end or 0:#018x} +{'-' * WIDTH}+", ""]


def _memory_map(plan: Plan) -> list[str]:
    system = plan.system
    hypervisor = system.hypervisor.memory
    assert hypervisor
    taken = [(hypervisor, "hypervisor")] + [(c.host_range, f"cell {c.name}") for c in system.cells]
    rows = [(r.base, r.end, name) for r, name in taken]
    rows += [(start, end, "free") for start, end in free_ranges(system, [r for r, _ in taken])]
    pool = plan.pool_pages * PAGE
    return (
        ["Host memory", "===========", ""]
        + _box(sorted(rows))
        + [
            f"Page pool: {plan.pool_pages} pages ({size_text(pool)}), {plan.stage2_pages} of them "
            "second-stage tables.",
            "",
        ]
    )


def _guest_maps(plan: Plan) -> list[str]:
    lines = [
        "What is loaded into each cell (guest-physical addresses)",
        "=========================================================",
        "",
    ]
    for cell, loaded in zip(plan.system.cells, plan.loaded):
        lines.append(f"{cell.name}: entry {loaded.entry:#x}, {loaded.mode}")
        for segment in loaded.segments:
            lines.append(
                f"  {range_text(segment.gpa, segment.size):<26} {segment.what:<16} "
                f"{size_text(segment.size)}"
            )
        lines.append("")
    return lines


def _modules(plan: Plan) -> list[str]:
    """What the boot loader must bring."""
    if not plan.modules:
        return []
    lines = ["Boot modules", "============", ""]
    for module in plan.modules:
        users = [
            f"{cell.name} ({what})"
            for cell in plan.system.cells
            for what, image in cell.images
            if image.module and image.module.value == module.name
        ]
        lines.append(f"{module.name}: {len(module.data)} bytes, for {words(users)}")
        lines.append(f"  from {short_path(module.path)}, SHA-256 {module.sha256.hex()}")
    return lines + [""]


def _owners(system: System) -> list[str]:
    """Who owns what: one row for every CPU, memory range, device and interrupt."""
    rows = [("What", "Owner", "Given in")]
    cpu_owner = {
        cpu.path: (cell, ref.pos)
        for cell in system.cells
        for ref in cell.cpus
        for cpu in system.board.cpus
        if cpu.path == ref.path
    }
    for cpu in system.board.cpus:
        owner = cpu_owner.get(cpu.path)
        rows.append(
            (
                f"CPU {cpu.name} (id {cpu.hwid})",
                owner[0].name if owner else "-",
                str(owner[1] if owner else cpu.pos),
            )
        )
    memory = system.hypervisor.memory
    assert memory
    rows.append((f"RAM {range_text(memory.base, memory.size)}", "hypervisor", str(memory.pos)))
    for cell in sorted(system.cells, key=lambda c: c.base):
        area = cell.host_range
        rows.append((f"RAM {range_text(area.base, area.size)}", cell.name, str(area.pos)))
    given = {
        device.path: (cell.name, ref.pos)
        for cell in system.cells
        for ref, device in system.cell_devices(cell)
    }
    for device in system.board.devices:
        owner_name, pos = given.get(device.path, ("-", device.pos))
        if device is system.console:
            owner_name, pos = "hypervisor (console)", system.hypervisor.console.pos
        parts = device_text(device)
        rows.append((f"{device.name}: " + ", ".join(parts), owner_name, str(pos)))
    rows += system.arch.report_owners(system)
    widths = [max(len(row[column]) for row in rows) for column in range(2)]
    text = [f"{a:<{widths[0]}}  {b:<{widths[1]}}  {c}" for a, b, c in rows]
    rule = "  ".join(["-" * widths[0], "-" * widths[1], "-" * len("Given in")])
    return ["Who owns what", "=============", "", text[0], rule, *text[1:], ""]


def _shared(plan: Plan) -> list[str]:
    system = plan.system
    lines = ["What is shared", "==============", ""]
    consoles = [c.name for c in system.cells if c.vdev("ns16550a")]
    if consoles and system.console:
        lines.append(
            f"- {system.console.name} carries the consoles of {words(consoles)} "
            "(through the hypervisor)"
        )
    lines += system.arch.report_shared(system)
    names = {
        os.path.abspath(image.path): image.name
        for cell in system.cells
        for _, image in cell.images
        if image.path
    }
    users: dict[tuple[str, Optional[str]], list[Cell]] = {}
    for cell, loaded in zip(system.cells, plan.loaded):
        for source in (segment.source for segment in loaded.segments):
            if isinstance(source, FilePart):
                key: tuple[str, Optional[str]] = (names[source.path], source.module)
            elif source and source.image:
                key = (source.image, None)
            else:
                continue
            cells = users.setdefault(key, [])
            cells += [] if cell in cells else [cell]
    for (name, _), cells in users.items():
        if len(cells) > 1:
            lines.append(
                f"- one pristine copy of {name} is loaded into {words([c.name for c in cells])}, "
                "each "
                "of which gets memory of its own"
            )
    return lines + ["- nothing else"]
