# SPDX-License-Identifier: Apache-2.0
"""The language: which nodes and properties exist, and of what type (configs/bindings/*.yaml).

A binding is a JSON schema of one node's decoded properties. Keywords that begin with `x-` are ours:
`x-node` tells which nodes it is for (path pattern, compatible), `x-required-nodes` which children
they must have, `x-dts` how a property's bytes are decoded, `x-device` what implements a device.
"""

from __future__ import annotations

import glob
import os
import re
from dataclasses import dataclass
from typing import Any, Callable, Optional

import jsonschema
import yaml

from .diag import Diagnostic, did_you_mean
from .dts import Node, Property, Tree

# The decoded form of the first cell of an ISA-like `reg`.
SPACES = {0: "memory", 1: "ports", 2: "iocsr"}
SPACE_ENDS = {"memory": 1 << 32, "ports": 1 << 16, "iocsr": 1 << 16}


@dataclass
class Binding:
    """One YAML file."""

    name: str
    schema: dict[str, Any]
    pattern: re.Pattern
    compatible: Optional[str]
    arch: str  # the architecture whose language it is part of; empty: of all

    @property
    def properties(self) -> dict[str, Any]:
        """The schemas of its properties, by name."""
        return self.schema["properties"]

    @property
    def device(self) -> dict[str, Any]:
        """How the hypervisor implements it; empty if it is no virtual device."""
        return self.schema.get("x-device", {})


class Decoded(dict):
    """A node's decoded properties, with the binding they were decoded by."""

    def __init__(self, binding: Binding):
        super().__init__()
        self.binding = binding


class _Malformed(Exception):
    """A property's bytes are not of the type that its binding says."""


def load_bindings(folder: str, arch: Optional[str] = None) -> list[Binding]:
    """The bindings of @folder, and of its subfolder @arch (None: of all), as the documentation has them."""
    found = []
    for path in sorted(glob.glob(os.path.join(folder, "**", "*.yaml"), recursive=True)):
        of = os.path.dirname(os.path.relpath(path, folder))
        if of and arch is not None and of != arch:
            continue
        with open(path, encoding="utf-8") as text:
            schema = yaml.safe_load(text)
        node = schema["x-node"]
        found.append(
            Binding(
                os.path.splitext(os.path.basename(path))[0],
                schema,
                re.compile(node["path"] + r"\Z"),
                node.get("compatible"),
                of,
            )
        )
    return sorted(found, key=lambda b: (b.schema["x-order"], {"": 0, "x86": 1}.get(b.arch, 2)))


# ---- Decoding ----


def _strings(raw: bytes) -> list[str]:
    if not raw.endswith(b"\0"):
        raise _Malformed('must be text in quotes, "..."')
    try:
        texts = [part.decode("ascii") for part in raw[:-1].split(b"\0")]
    except UnicodeDecodeError:
        raise _Malformed("must be plain ASCII text") from None
    if any(not char.isprintable() for text in texts for char in text):
        raise _Malformed("must be printable text in quotes")
    return texts


def _string(raw: bytes) -> str:
    texts = _strings(raw)
    if len(texts) != 1:
        raise _Malformed(f"must be one text, not {len(texts)}")
    return texts[0]


def _cells(raw: bytes) -> list[int]:
    if len(raw) % 4 or not raw:
        raise _Malformed("must be numbers of 32 bits in angle brackets, <...>")
    return [int.from_bytes(raw[i : i + 4], "big") for i in range(0, len(raw), 4)]


def _grouped(raw: bytes, size: int, form: str) -> list[list[int]]:
    cells = _cells(raw)
    if len(cells) % size:
        raise _Malformed(f"must be {form}: {size} numbers each, but there are {len(cells)}")
    return [cells[i : i + size] for i in range(0, len(cells), size)]


def _u32(raw: bytes) -> int:
    cells = _cells(raw)
    if len(cells) != 1:
        raise _Malformed(f"must be one number, not {len(cells)}")
    return cells[0]


def _u64s(raw: bytes) -> list[int]:
    return [hi << 32 | lo for hi, lo in _grouped(raw, 2, "64-bit numbers <hi lo>")]


def _u64_pairs(raw: bytes) -> list[dict[str, int]]:
    return [
        {"base": a << 32 | b, "size": c << 32 | d}
        for a, b, c, d in _grouped(raw, 4, "address and size, <hi lo hi lo>")
    ]


def _isa_reg(raw: bytes) -> list[dict[str, Any]]:
    form = "space, address and size, <1 port size> or <0 address size>"
    out = []
    for space, base, size in _grouped(raw, 3, form):
        if space not in SPACES:
            raise _Malformed(
                f"has space {space} in its first cell: 1 is I/O ports, 0 is memory, 2 is IOCSR"
            )
        if not size or base + size > SPACE_ENDS[SPACES[space]]:
            raise _Malformed(f"has the impossible range <{space} {base:#x} {size:#x}>")
        out.append({"space": SPACES[space], "base": base, "size": size})
    return out


def _interrupts(raw: bytes) -> list[dict[str, Any]]:
    out = []
    for pin, trigger in _grouped(raw, 2, "pin and trigger"):
        if trigger not in (1, 4):
            raise _Malformed(f"has trigger {trigger}: 1 is rising edge, 4 is high level")
        out.append({"pin": pin, "level": trigger == 4})
    return out


def _flag(raw: bytes) -> bool:
    if raw:
        raise _Malformed("is a flag: it takes no value")
    return True


# `phandles` and `phandle` stay numbers here; the model resolves them.
DECODERS: dict[str, Callable[[bytes], Any]] = {
    "string": _string,
    "strings": _strings,
    "u32": _u32,
    "u64-array": _u64s,
    "u64-pairs": _u64_pairs,
    "phandle": _u32,
    "phandles": _cells,
    "isa-reg": _isa_reg,
    "interrupts": _interrupts,
    "flag": _flag,
}


# ---- Checking ----


def check_tree(tree: Tree, bindings: list[Binding]) -> tuple[dict[str, Decoded], list[Diagnostic]]:
    """Decoded properties by node path, and what is wrong with the tree."""
    decoded: dict[str, Decoded] = {}
    found: list[Diagnostic] = []
    _check_node(tree.root, bindings, decoded, found)
    return decoded, found


def _check_node(
    node: Node, bindings: list[Binding], decoded: dict[str, Decoded], found: list[Diagnostic]
) -> None:
    binding = _select(node, bindings, found)
    if binding is None:
        return
    values = Decoded(binding)
    before = len(found)
    for prop in node.properties.values():
        _decode(node, prop, binding, values, found)
    found += _schema_errors(node, binding, values, {d.pos for d in found[before:]})
    for wanted in binding.schema.get("x-required-nodes", []):
        stem = wanted.split("...")[0].split(" ")[0]
        if not any(
            c.name == wanted or ("..." in wanted and c.name.startswith(stem)) or stem == "NAME"
            for c in node.children
        ):
            found.append(
                Diagnostic(
                    "missing-node",
                    f"{node.path} has no node `{wanted}`",
                    node.pos,
                    cure="add it; docs/configuration.md says what goes into it",
                )
            )
    decoded[node.path] = values
    for child in node.children:
        _check_node(child, bindings, decoded, found)


def _select(node: Node, bindings: list[Binding], found: list[Diagnostic]) -> Optional[Binding]:
    """The binding for @node; complains when there is none."""
    here = [b for b in bindings if b.pattern.match(node.path)]
    raw = node.properties.get("compatible")
    names = raw.value.rstrip(b"\0").decode("ascii", "replace").split("\0") if raw else []
    exact = [b for b in here if b.compatible in names]
    generic = [b for b in here if b.compatible is None]
    if exact or generic:
        return (exact or generic)[0]
    elsewhere = [b for b in bindings if b.compatible in names]
    known = [b.compatible for b in here if b.compatible]
    if len(known) == 1 and not raw:
        return here[0]  # the schema will say that `compatible` is missing
    if known and not elsewhere:
        what = f'compatible "{names[0]}" is not known here' if names else "`compatible` is missing"
        cure = names and did_you_mean(names[0], known) or "known here: " + ", ".join(sorted(known))
        found.append(
            Diagnostic(
                "unknown-compatible", f"{node.path}: {what}", node.pos_of("compatible"), cure=cure
            )
        )
        return None
    near = elsewhere or [b for b in bindings if _same_parent(b.pattern.pattern, node)]
    cure = did_you_mean(node.name.split("@")[0], {_word(b.pattern.pattern) for b in near} - {""})
    if elsewhere and not cure:
        cure = f'a node with compatible "{names[0]}" belongs at {place_of(elsewhere[0])}'
    found.append(
        Diagnostic(
            "unknown-node",
            f"node {node.path} is not part of the language",
            node.pos,
            cure=cure or "remove it, or correct its place",
        )
    )
    return None


def place_of(binding: Binding) -> str:
    """The path of the nodes that @binding is for, for people."""
    where = binding.pattern.pattern[: -len(r"\Z")]
    for pattern, text in (("[^/@]+", "NAME"), ("[^/]+", "NAME"), ("[0-9a-f]+", "N")):
        where = where.replace(pattern, text)
    return where


def _word(pattern: str) -> str:
    match = re.match(r"[\w,-]*", pattern.rsplit("/", 1)[1])
    return match[0] if match else ""


def _same_parent(pattern: str, node: Node) -> bool:
    parent = pattern.rpartition("/")[0] or "/"
    if "[^" in pattern.rpartition("/")[2]:
        return False
    return node.parent is not None and re.fullmatch(parent, node.parent.path) is not None


def _decode(
    node: Node, prop: Property, binding: Binding, values: Decoded, found: list[Diagnostic]
) -> None:
    schema = binding.properties.get(prop.name)
    if prop.name == "phandle":
        return
    if schema is None:
        cure = did_you_mean(prop.name, binding.properties) or "known here: " + ", ".join(
            sorted(binding.properties)
        )
        found.append(
            Diagnostic(
                "unknown-property",
                f"{node.path} has no property `{prop.name}`",
                prop.pos,
                cure=cure,
            )
        )
        return
    try:
        values[prop.name] = DECODERS[schema["x-dts"]](prop.value)
    except _Malformed as error:
        found.append(
            Diagnostic(
                "bad-type",
                f"`{prop.name}` of {node.path} {error}",
                prop.pos,
                cure=" ".join(schema["description"].split()),
            )
        )


def _schema_errors(
    node: Node, binding: Binding, values: Decoded, reported: set
) -> list[Diagnostic]:
    """What the JSON schema says, in words for people."""
    out = []
    for error in jsonschema.Draft7Validator(binding.schema).iter_errors(dict(values)):
        if error.validator == "required":
            continue
        name = str(error.absolute_path[0])
        text = " ".join(binding.properties[name]["description"].split())
        out.append(
            Diagnostic(
                "bad-value",
                f"`{name}` of {node.path} {_worded(error)}",
                node.pos_of(name),
                cure=text,
            )
        )
    for name in binding.schema.get("required", []):
        if name in values or node.pos_of(name) in reported and name in node.properties:
            continue
        text = " ".join(binding.properties[name]["description"].split())
        out.append(
            Diagnostic(
                "missing-property",
                f"{node.path} has no property `{name}`",
                node.pos,
                cure=f"add `{name}`: {text}",
            )
        )
    return out


def _worded(error: jsonschema.ValidationError) -> str:
    value, limit = error.instance, error.validator_value
    shown = (
        f'"{value}"'
        if isinstance(value, str)
        else f"{value:#x}"
        if isinstance(value, int) and value > 9
        else str(value)
    )
    if error.validator == "const":
        return f"is {shown}, but must be {limit}"
    if error.validator == "enum":
        hint = did_you_mean(value, limit) if isinstance(value, str) else ""
        return f"is {shown}, but must be one of {', '.join(map(str, limit))}" + (
            f"; {hint}" if hint else ""
        )
    if error.validator == "minimum":
        return f"is {shown}, but must be at least {limit:#x}"
    if error.validator == "maximum":
        return f"is {shown}, but must be at most {limit:#x}"
    if error.validator == "minLength":
        return "is empty"
    if error.validator == "pattern":
        return f"is {shown}, which is no name of that kind"
    if error.validator == "minItems":
        return f"has {len(value)} entries, but needs at least {limit}"
    if error.validator == "maxItems":
        return f"has {len(value)} entries, but may have at most {limit}"
    return error.message
