# SPDX-License-Identifier: Apache-2.0
"""Rules about images that the boot loader brings as modules."""

from __future__ import annotations

import os
from typing import Iterator

from .diag import Diagnostic, Position, short_path
from .model import Image, System
from .rules import found, rule

MOST = 32  # BOOT_MAX_MODULES of src/arch/x86/boot_info.h


def _uses(system: System) -> Iterator[tuple[str, Position, Image]]:
    """Every use of a module: its name, where it is written, what it brings."""
    for cell in system.cells:
        for _, image in cell.images:
            if image.module:
                yield image.module.value, image.module.pos, image


@rule("module-without-image", "cells", "A cell with `initrd-module` has `initrd`.")
def module_without_image(system: System) -> Iterator[Diagnostic]:
    """The generator must see the file: its length and hash go into the table."""
    for cell in system.cells:
        for what, pos in cell.stray_modules:
            yield found(
                f"cell {cell.name} has `{what}-module`, but no `{what}`",
                pos,
                cure=f"name the file by `{what}`, or take `{what}-module` away",
            )


@rule("module-case", "cells", "Names of modules differ in more than case.")
def module_case(system: System) -> Iterator[Diagnostic]:
    """They are files on an EFI system partition, where case does not count."""
    first: dict[str, tuple[str, Position]] = {}
    for name, pos, _ in _uses(system):
        known, where = first.setdefault(name.lower(), (name, pos))
        if known != name:
            yield found(
                f"the modules {name} and {known} would be one file for UEFI firmware",
                pos,
                [(where, f"{known} is named here")],
                "rename one of them, or write both alike",
            )


@rule("module-count", "cells", f"A system has at most {MOST} modules.")
def module_count(system: System) -> Iterator[Diagnostic]:
    """The hypervisor takes no more of them from a loader."""
    names = dict.fromkeys(name for name, _, _ in _uses(system))
    if len(names) > MOST:
        extra = list(names)[MOST]
        pos = next(pos for name, pos, _ in _uses(system) if name == extra)
        yield found(
            f"module {extra} is one too many: {len(names)} are named, {MOST} can be used",
            pos,
            cure="let cells share modules, or embed some of the images",
        )


@rule("module-file", "images", "A module is one file, whichever cells use it.")
def module_file(system: System) -> Iterator[Diagnostic]:
    """The same name for two files would be right for one of the cells only."""
    first: dict[str, tuple[Position, str]] = {}
    for name, pos, image in _uses(system):
        if not image.path:
            continue  # rule image-missing
        where, path = first.setdefault(name, (pos, image.path))
        if os.path.realpath(path) != os.path.realpath(image.path):
            yield found(
                f"module {name} is to bring {short_path(image.path)} here, but another file before",
                pos,
                [(where, f"it brings {short_path(path)} here")],
                "give one of them another name",
            )
