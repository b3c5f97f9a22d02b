# SPDX-License-Identifier: Apache-2.0
"""Read a DTS: cpp expands it, dtc parses it, pylibfdt reads the blob, annotations give positions.

dtc is run twice over the same preprocessed text: once for the blob, which holds the exact bytes of
each property, and once for source with annotations, which holds the file and line of each node and
property. cpp's line markers make those the lines of the files that the user wrote.
"""

from __future__ import annotations

import os
import re
import subprocess
import tempfile
from dataclasses import dataclass, field
from typing import Iterator, Optional

import libfdt

from .diag import ConfigError, Diagnostic, Position, did_you_mean, fail, short_path

# Checks of dtc that do not fit the language: the interrupt numbers of virtual devices belong to the
# cell's own interrupt controllers, which need no phandle. The rules check interrupts instead.
DTC_CHECKS_OFF = ("interrupts_property", "interrupt_provider", "unique_unit_address")

_TOKEN = re.compile(
    r'/\*(?P<comment>.*?)\*/|(?P<string>"(?:\\.|[^"\\])*")|(?P<punct>[{};])'
    r'|(?P<text>[^{};"/]+|/)',
    re.S,
)
_SPAN = re.compile(r"(?:^|, )\s*([^<].*?):(\d+):\d+-(?:[^:,]*:)?\d+:\d+")
_LABEL = re.compile(r"\b([A-Za-z_]\w*)\s*:\s*[\w,.+-]+(?:@[\w,.+-]+)?\s*\{")


@dataclass
class Property:
    """A property: its bytes as in the blob, and where the user wrote it."""

    name: str
    value: bytes
    pos: Position


@dataclass
class Node:
    """A node of the tree."""

    name: str
    path: str
    pos: Position
    labels: list[str] = field(default_factory=list)
    properties: dict[str, Property] = field(default_factory=dict)
    children: list["Node"] = field(default_factory=list)
    parent: Optional["Node"] = None

    def walk(self) -> Iterator["Node"]:
        """This node and all below it, in the order of the source."""
        yield self
        for child in self.children:
            yield from child.walk()

    def child(self, name: str) -> Optional["Node"]:
        """The child called @name (unit address included), or None."""
        return next((c for c in self.children if c.name == name), None)

    def pos_of(self, prop: str) -> Position:
        """Where @prop is, or the node itself if it has none."""
        found = self.properties.get(prop)
        return found.pos if found else self.pos


@dataclass
class Tree:
    """A whole DTS."""

    root: Node
    file: str
    inputs: list[str]  # every file that was read
    phandles: dict[int, Node]
    warnings: list[Diagnostic]


def read_dts(path: str, include_dir: str) -> Tree:
    """Parse @path; raises ConfigError with positions when cpp or dtc refuse it."""
    if not os.path.isfile(path):
        raise fail(
            "config-missing",
            f"there is no configuration {short_path(path)}",
            cure="`make list` names the ones that exist",
        )
    with tempfile.TemporaryDirectory(prefix="gen_config.") as scratch:
        text, inputs = _preprocess(path, include_dir, scratch)
        source = os.path.join(scratch, "expanded.dts")
        with open(source, "w", encoding="utf-8", errors="surrogateescape") as out:
            out.write(text)
        search = ["-i", os.path.dirname(path) or ".", "-i", include_dir]
        blob, warnings = _dtc(["-I", "dts", "-O", "dtb"] + search + [source], source, path, text)
        quiet = ["-q", "-I", "dts", "-O", "dts", "-T", "-T"]
        annotated, _ = _dtc(quiet + search + [source], source, path, text)
    places = _positions(annotated.decode("utf-8", "surrogateescape"), path)
    root = _tree(blob, places, path)
    return Tree(root, path, inputs, _phandles(root), warnings)


def _run(command: list[str], package: str) -> subprocess.CompletedProcess:
    """Run a tool in the C locale, so that its messages can be understood."""
    try:
        return subprocess.run(
            command, capture_output=True, check=False, env={**os.environ, "LC_ALL": "C"}
        )
    except OSError as error:
        raise fail(
            "tool-missing",
            f"cannot run {command[0]}: {error.strerror}",
            cure=f"install the Debian package {package}",
        ) from None


def _preprocess(path: str, include_dir: str, scratch: str) -> tuple[str, list[str]]:
    dep = os.path.join(scratch, "deps")
    done = _run(
        [
            "cpp",
            "-nostdinc",
            "-undef",
            "-x",
            "assembler-with-cpp",
            "-I",
            include_dir,
            "-MD",
            "-MF",
            dep,
            "-MT",
            "x",
            path,
        ],
        "cpp",
    )
    if done.returncode:
        raise ConfigError(_cpp_errors(done.stderr.decode("utf-8", "replace")))
    with open(dep, encoding="utf-8", errors="surrogateescape") as deps:
        words = re.split(r"(?<!\\)\s+", deps.read().replace("\\\n", " ").split(":", 1)[1].strip())
    inputs = [re.sub(r"\\(.)", r"\1", word).replace("$$", "$") for word in words if word]
    return done.stdout.decode("utf-8", "surrogateescape"), inputs


def _cpp_errors(stderr: str) -> list[Diagnostic]:
    found = [
        Diagnostic("cpp", m[3], Position(short_path(m[1]), int(m[2])))
        for m in re.finditer(r"^(.+?):(\d+):(?:\d+:)? (?:fatal )?error: (.*)$", stderr, re.M)
    ]
    lines = stderr.strip().splitlines() or ["cpp failed without a message"]
    return found or [Diagnostic("cpp", lines[-1])]


def _dtc(arguments: list[str], source: str, path: str, text: str) -> tuple[bytes, list[Diagnostic]]:
    checks = [word for name in DTC_CHECKS_OFF for word in ("-W", f"no-{name}")]
    done = _run(["dtc"] + checks + arguments, "device-tree-compiler")
    found = _dtc_messages(done.stderr.decode("utf-8", "replace"), source, path, text)
    if done.returncode:
        errors = [d for d in found if d.is_error]
        if not errors:
            errors = [Diagnostic("dtc", "dtc failed: " + done.stderr.decode("utf-8", "replace"))]
        raise ConfigError(errors)
    return done.stdout, found


def _dtc_messages(stderr: str, source: str, path: str, text: str) -> list[Diagnostic]:
    """dtc's messages in our format; its styles: `Error: POS text`, `POS: ERROR (id): text`."""
    found = []
    place = r"(?P<file>.+?):(?P<line>\d+)(?:\.[\d.-]+)?"
    plain = re.compile(rf"^Error: {place} (?P<text>.*)$")
    check = re.compile(rf"^(?:{place}: )?(?P<level>ERROR|Warning) \((?P<id>\w+)\): (?P<text>.*)$")
    for line in stderr.splitlines():
        match = plain.match(line) or check.match(line)
        if not match:
            continue
        name = match["file"]
        pos = None
        if name:
            pos = Position(short_path(path if name == source else name), int(match["line"]))
        what = match.groupdict()
        rule = "dtc-" + what["id"].replace("_", "-") if what.get("id") else "dtc-syntax"
        level = "warning" if what.get("level") == "Warning" else "error"
        missing = re.search(r'non-existent node or label "([^"]+)"', what["text"])
        cure = ""
        if missing:
            labels = sorted(set(_LABEL.findall(text)))
            cure = did_you_mean(missing[1], labels) or "labels that exist: " + ", ".join(labels)
            pos = _find_reference(missing[1], text, pos)
        elif what["text"] == "syntax error":
            cure = "look here and on the line before for a missing `;`, quote or bracket"
        found.append(Diagnostic(rule, what["text"], pos, cure=cure, severity=level))
    return found


def _find_reference(label: str, text: str, fallback: Optional[Position]) -> Optional[Position]:
    """The line that refers to @label: dtc tells only the node that does."""
    file, line = "", 0
    for content in text.splitlines():
        marker = re.match(r'#\s+(\d+)\s+"(.*?)"', content)
        if marker:
            line, file = int(marker[1]), short_path(marker[2])
            continue
        if (
            re.search(rf"&{re.escape(label)}\b", content)
            and fallback
            and file == fallback.file
            and line >= fallback.line
        ):
            return Position(file, line)
        line += 1
    return fallback


def _positions(annotated: str, main: str) -> dict[tuple[str, str], tuple[Position, list[str]]]:
    """Positions by (node path, property name or ""), with the node's labels."""
    places: dict[tuple[str, str], tuple[Position, list[str]]] = {}
    stack: list[str] = []
    text = ""
    pending: Optional[tuple[str, str]] = None
    labels: list[str] = []
    for token in _TOKEN.finditer(annotated):
        if token["comment"] is not None:
            where = _span(token["comment"], main)
            if pending and where:
                places[pending] = (where, labels)
            pending = None
        elif token["punct"] == "{":
            words = text.split()
            labels = [word[:-1] for word in words[:-1] if word.endswith(":")]
            stack.append(words[-1].strip("/") if words else "")
            pending, text = (_path(stack), ""), ""
        elif token["punct"] == "}":
            stack.pop()
            pending, text = None, ""
        elif token["punct"] == ";":
            name = text.split("=")[0].split()[-1:] if stack else []
            pending, text = ((_path(stack), name[0]) if name else None), ""
            labels = []
        else:
            text += token[0]
            if token[0].strip():
                pending = None
    return places


def _path(stack: list[str]) -> str:
    return "/" + "/".join(stack[1:])


def _span(comment: str, main: str) -> Optional[Position]:
    """One position of an annotation; a node written in several places is best shown in @main."""
    spans = [Position(short_path(m[1]), int(m[2])) for m in _SPAN.finditer(comment.strip())]
    own = [pos for pos in spans if pos.file == short_path(main)]
    return own[-1] if own else (spans[0] if spans else None)


def _tree(blob: bytes, places: dict, main: str) -> Node:
    fdt = libfdt.Fdt(blob)
    return _node(fdt, 0, None, places, Position(short_path(main), 1))


def _node(fdt, offset: int, parent: Optional[Node], places: dict, fallback: Position) -> Node:
    name = fdt.get_name(offset)
    path = "/" if parent is None else parent.path.rstrip("/") + "/" + name
    pos, labels = places.get((path, ""), (parent.pos if parent else fallback, []))
    node = Node(name, path, pos, labels, parent=parent)
    quiet = (libfdt.NOTFOUND,)
    at = fdt.first_property_offset(offset, quiet)
    while at >= 0:
        prop = fdt.get_property_by_offset(at)
        where = places.get((path, prop.name), (node.pos, []))[0]
        node.properties[prop.name] = Property(prop.name, bytes(prop), where)
        at = fdt.next_property_offset(at, quiet)
    at = fdt.first_subnode(offset, quiet)
    while at >= 0:
        node.children.append(_node(fdt, at, node, places, fallback))
        at = fdt.next_subnode(at, quiet)
    return node


def _phandles(root: Node) -> dict[int, Node]:
    return {
        int.from_bytes(node.properties["phandle"].value, "big"): node
        for node in root.walk()
        if "phandle" in node.properties
    }
