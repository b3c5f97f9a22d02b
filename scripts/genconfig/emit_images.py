# SPDX-License-Identifier: Apache-2.0
"""Emit images.S: pristine copies of images and generated data, each once, in section .images, and
the places of boot modules, in section .modules."""

from __future__ import annotations

import os
import re
from typing import Union

from .diag import fail
from .guest import Blob
from .pipeline import Module, Plan

BLOB_DIR = "blobs"


def symbol_of(plan: Plan, item: Union[str, Blob, Module]) -> str:
    """The symbol of an image file (its path), of a blob or of a module."""
    if isinstance(item, Blob):
        return "blob_" + re.sub(r"\W", "_", item.name)
    if isinstance(item, Module):
        return f"module_{plan.modules.index(item)}_" + re.sub(r"\W", "_", item.name)
    # Two files may have one name in different folders: the number tells them apart.
    return f"image_{plan.files.index(item)}_" + re.sub(r"\W", "_", os.path.basename(item))


def blob_file(blob: Blob) -> str:
    """The blob's file, relative to the output folder."""
    return f"{BLOB_DIR}/{blob.name}.bin"


def emit(plan: Plan, banner: str, out: str) -> str:
    """The whole file; @out is the output folder, where the blobs are."""
    lines = [
        "/* SPDX-License-Identifier: Apache-2.0 */",
        f"/* {banner} */",
        "",
        '\t.section .images, "a", @progbits',
    ]
    for path in plan.files:
        lines += _include(symbol_of(plan, path), os.path.abspath(path))
    for blob in plan.blobs:
        lines += _include(
            symbol_of(plan, blob), os.path.join(os.path.abspath(out), blob_file(blob))
        )
    lines += ["", '\t.section .modules, "a", @nobits']
    for module in plan.modules:
        symbol = symbol_of(plan, module)
        lines += [*_label(symbol), f"\t.skip {len(module.data)}"]
    lines += ["", '\t.section .note.GNU-stack, "", @progbits']
    return "\n".join(lines) + "\n"


def _include(symbol: str, path: str) -> list[str]:
    if any(char in path for char in '"\\\n'):
        raise fail(
            "image-missing",
            f"the assembler cannot include a file called {path!r}",
            cure="take a path without quotes, backslashes and line breaks",
        )
    return [*_label(symbol), f'\t.incbin "{path}"']


def _label(symbol: str) -> list[str]:
    return ["", "\t.balign 4096", f"\t.globl {symbol}", f"{symbol}:"]
