# SPDX-License-Identifier: Apache-2.0
"""Messages to the user: positions, diagnostics and the exception that carries them."""

from __future__ import annotations

import difflib
import os
from dataclasses import dataclass, field
from typing import Iterable, Optional

ERROR = "error"
WARNING = "warning"


@dataclass(frozen=True, order=True)
class Position:
    """A place in a file that the user wrote."""

    file: str
    line: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


@dataclass
class Diagnostic:
    """One finding: what is wrong and where, who else is involved, and what to do about it."""

    rule: str
    message: str
    pos: Optional[Position] = None
    notes: list[tuple[Optional[Position], str]] = field(default_factory=list)
    cure: str = ""
    severity: str = ERROR

    def lines(self) -> list[str]:
        """The finding as printed: `file:line: error: ... (rule)`, then a line for each note."""
        out = [f"{_where(self.pos)}: {self.severity}: {self.message} ({self.rule})"]
        out += [f"{_where(pos or self.pos)}: note: {text}" for pos, text in self.notes]
        if self.cure:
            out.append(f"{_where(self.pos)}: note: to fix it: {self.cure}")
        return out

    @property
    def is_error(self) -> bool:
        """Whether the configuration must be refused because of this finding."""
        return self.severity == ERROR


class ConfigError(Exception):
    """The configuration is refused; carries everything there is to say about why."""

    def __init__(self, diagnostics: Iterable[Diagnostic]):
        self.diagnostics = list(diagnostics)
        super().__init__("; ".join(d.message for d in self.diagnostics))


def fail(
    rule: str,
    message: str,
    pos: Optional[Position] = None,
    cure: str = "",
    notes: Iterable[tuple[Optional[Position], str]] = (),
) -> ConfigError:
    """A ConfigError with a single finding, ready to be raised."""
    return ConfigError([Diagnostic(rule, message, pos, list(notes), cure)])


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """`did you mean "x"?` when something known looks like @word, else the empty string."""
    close = difflib.get_close_matches(word, sorted(known), n=1, cutoff=0.6)
    return f'did you mean "{close[0]}"?' if close else ""


def short_path(path: str) -> str:
    """@path as a person would type it: relative to the working directory if it lies inside it."""
    if not os.path.isabs(path):
        return os.path.normpath(path)
    relative = os.path.relpath(path)
    return path if relative.startswith("..") else relative


def size_text(size: int) -> str:
    """A number of bytes for people: 512 MiB, 1536 KiB, 17 bytes."""
    units = ((30, "GiB"), (20, "MiB"), (10, "KiB"))
    for shift, unit in units:
        if size >= 1 << shift and size % (1 << shift) == 0:
            return f"{size >> shift} {unit}"
    for shift, unit in units[1:]:
        if size >= 1 << shift:
            return f"{size / (1 << shift):.1f} {unit}"
    return f"{size} bytes"


def range_text(base: int, size: int) -> str:
    """A half-open address range in the notation of the reports."""
    return f"[{base:#x}, {base + size:#x})"


def words(names: list[str]) -> str:
    """A list for people: a, b and c."""
    return names[0] if len(names) == 1 else ", ".join(names[:-1]) + " and " + names[-1]


def _where(pos: Optional[Position]) -> str:
    return f"{short_path(pos.file)}:{pos.line}" if pos else "gen_config"
