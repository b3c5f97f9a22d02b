# SPDX-License-Identifier: Apache-2.0
"""All stages in their order: from a DTS to a Plan, which has all that the emitters need."""

from __future__ import annotations

import hashlib
import os
import re
from dataclasses import dataclass, field
from typing import Optional

from . import images, placement, rules
from . import rules_board, rules_cells, rules_devices, rules_modules  # noqa: F401 (they register)
from .loongarch import rules as rules_loongarch  # noqa: F401
from .x86 import rules as rules_x86  # noqa: F401
from .architectures import of_tree
from .bindings import check_tree, load_bindings
from .build import Builder
from .cformat import PROJECT
from .diag import ConfigError, Diagnostic
from .dts import Tree, read_dts
from .guest import Blob, FilePart, Loaded
from .model import PAGE, Range, System


@dataclass(frozen=True)
class PoolPages:
    """The page counts of arch_partition.h."""

    fixed: int
    per_cpu: int
    per_cell: int


@dataclass(frozen=True)
class Module:
    """An image file that the boot loader brings, as a module of that name."""

    name: str
    path: str
    data: bytes

    @property
    def sha256(self) -> bytes:
        """What the hypervisor checks."""
        return hashlib.sha256(self.data).digest()


@dataclass
class Plan:
    """A system that passed all rules, and what was computed for it."""

    system: System
    warnings: list[Diagnostic]
    loaded: list[Loaded]  # parallel to system.cells
    stage2_pages: int = 0
    pool_pages: int = 0
    files: list[str] = field(default_factory=list)  # embedded ones, in the order of their symbols
    modules: list[Module] = field(default_factory=list)
    blobs: list[Blob] = field(default_factory=list)  # generated data, each content once
    depends: list[str] = field(default_factory=list)


def parse(config: str, project: str = PROJECT) -> tuple[Tree, System, list[Diagnostic]]:
    """The stages up to the model; raises ConfigError."""
    tree = read_dts(config, os.path.relpath(os.path.join(project, "configs")))
    arch = of_tree(tree)
    folder = os.path.join(project, "configs", "bindings")
    decoded, found = check_tree(tree, load_bindings(folder, arch.name))
    if found:
        raise ConfigError(tree.warnings + found)
    return tree, Builder(tree, decoded, arch).system(), tree.warnings


def arch_header(system: System, project: str = PROJECT) -> str:
    """The C header with the page counts of the system's architecture."""
    return os.path.join(project, "src", "arch", system.arch.name, "include", "arch_partition.h")


def plan(config: str, image_dir: Optional[str], project: str = PROJECT) -> Plan:
    """All stages; raises ConfigError."""
    _, system, warnings = parse(config, project)
    warnings = warnings + _all_of(system, ("board", "cells"))
    images.find_images(system, images.search_path(system, image_dir, project))
    warnings += rules.run("images", system)
    result = _load(system, warnings)
    pool = read_pool_pages(arch_header(system, project))
    _size_hypervisor(result, pool)
    warnings += rules.run("placed", system)
    placement.place(system)
    result.stage2_pages = placement.stage2_total(system)
    result.pool_pages = _pool(system, pool, result.stage2_pages)
    result.depends = _depends(system, project)
    return result


def _all_of(system: System, stages: tuple[str, ...]) -> list[Diagnostic]:
    """The findings of several stages together, so that the user sees them all at once."""
    warnings: list[Diagnostic] = []
    refused = False
    for stage in stages:
        try:
            warnings += rules.run(stage, system)
        except ConfigError as error:
            warnings += error.diagnostics
            refused = True
    if refused:
        raise ConfigError(warnings)
    return warnings


def _load(system: System, warnings: list[Diagnostic]) -> Plan:
    """Lay out every cell; the refusals of all cells are told together."""
    result = Plan(system, warnings, [])
    errors: list[Diagnostic] = []
    for cell in system.cells:
        try:
            result.loaded.append(system.arch.load(system, cell))
        except ConfigError as error:
            errors += error.diagnostics
    if errors:
        raise ConfigError(warnings + errors)
    _collect_data(result)
    return result


def _collect_data(result: Plan) -> None:
    """Files once by path, modules by name, generated data by content (its first name stays)."""
    blobs: dict[bytes, Blob] = {}
    files: dict[str, None] = {}
    modules: dict[str, Module] = {}
    for loaded in result.loaded:
        for segment in loaded.segments:
            source = segment.source
            if isinstance(source, Blob):
                blobs.setdefault(source.data, source)
            elif source and not source.module:
                files[source.path] = None
            elif source and source.module and source.module not in modules:
                modules[source.module] = Module(source.module, source.path, _content(source))
    result.files, result.blobs = list(files), list(blobs.values())
    result.modules = list(modules.values())


def _content(source: FilePart) -> bytes:
    """What the module of @source brings."""
    if source.unpacked is not None:
        return source.unpacked
    with open(source.path, "rb") as data:
        return data.read()


def read_pool_pages(header: str) -> PoolPages:
    """Page counts from the C header, which is the only place where they are written."""
    with open(header, encoding="utf-8") as text:
        found = dict(re.findall(r"^#define ARCH_POOL_PAGES_(\w+)\s+(\d+)", text.read(), re.M))
    return PoolPages(int(found["FIXED"]), int(found["PER_CPU"]), int(found["PER_CELL"]))


def _pool(system: System, pool: PoolPages, stage2: int) -> int:
    return (
        stage2
        + pool.fixed
        + len(system.board.cpus) * pool.per_cpu
        + len(system.cells) * pool.per_cell
    )


def _size_hypervisor(result: Plan, pool: PoolPages) -> None:
    """The hypervisor's range. Cells have no place yet: count as if none could use 1 GiB pages."""
    system = result.system
    most = _pool(system, pool, placement.stage2_total(system, large_1g=False)) * PAGE
    need = placement.hypervisor_need(result.loaded, os.path.getsize, most)
    system.hypervisor.need = need
    if system.hypervisor.memory is None:
        system.hypervisor.memory = Range(system.arch.hypervisor_base, need, system.hypervisor.pos)


def _depends(system: System, project: str) -> list[str]:
    """Every file whose change may change the output."""
    modules = _below(os.path.dirname(os.path.abspath(__file__)), ".py")
    bindings = _below(os.path.join(project, "configs", "bindings"), ".yaml")
    files = list(images.image_files(system))
    return system.inputs + files + bindings + modules + [arch_header(system, project)]


def _below(folder: str, suffix: str) -> list[str]:
    """The files below @folder whose names end in @suffix."""
    found = []
    for path, folders, names in os.walk(folder):
        folders.sort()
        found += [os.path.join(path, name) for name in sorted(names) if name.endswith(suffix)]
    return found
