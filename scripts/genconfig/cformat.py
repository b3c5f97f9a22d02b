# SPDX-License-Identifier: Apache-2.0
"""C as text: literals, initialisers, names, and arrays that come before a table."""

from __future__ import annotations

import os
import re
from typing import Iterable, Union

from .diag import Position

PROJECT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

Value = Union[str, int, list, dict]


def c_name(name: str) -> str:
    """A cell's name as part of a C identifier and of file names."""
    return re.sub(r"\W", "_", name).lower()


def quote(text: str) -> str:
    """@text as a C string literal."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("?", "\\?") + '"'


def source_text(pos: Position) -> str:
    """file:line as it goes into the image: relative to the project, wherever the build ran."""
    return f"{source_file(pos.file)}:{pos.line}"


def source_file(path: str) -> str:
    """A path that means the same on every machine."""
    relative = os.path.relpath(os.path.abspath(path), PROJECT)
    return os.path.basename(path) if relative.startswith("..") else relative


def initialiser(value: Value, depth: int = 1) -> str:
    """A designated initialiser: dict for a struct, list for an array, text as it is."""
    tabs = "\t" * depth
    if isinstance(value, dict):
        body = "".join(
            f"{tabs}.{name} = {initialiser(item, depth + 1)},\n" for name, item in value.items()
        )
        return "{\n" + body + tabs[:-1] + "}"
    if isinstance(value, list):
        body = "".join(f"{tabs}{initialiser(item, depth + 1)},\n" for item in value)
        return "{\n" + body + tabs[:-1] + "}"
    return str(value)


def inline(**fields: Union[str, int]) -> str:
    """A small struct on one line."""
    return "{ " + ", ".join(f".{name} = {value}" for name, value in fields.items()) + " }"


def u64(value: int) -> str:
    """An unsigned 64-bit constant."""
    return f"{value:#x}u"


class Arrays:
    """Static arrays that come before the table; an empty one is NULL."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def add(
        self, kind: str, name: str, items: Iterable[str], const: bool = True
    ) -> tuple[str, str]:
        """Define an array; returns what to write for its pointer and its length."""
        items = list(items)
        if not items:
            return "NULL", "0"
        body = "".join(f"\t{item},\n" for item in items)
        self.lines.append(f"static {'const ' if const else ''}{kind} {name}[] = {{\n{body}}};\n")
        return name, f"ARRAY_SIZE({name})"
