# SPDX-License-Identifier: Apache-2.0
"""Write the output: all is made before the first file is written; each appears whole or not."""

from __future__ import annotations

import os
import tempfile
from typing import Mapping, Union

from . import emit_c, emit_images, emit_report
from .cformat import source_file
from .diag import fail
from .pipeline import Plan

STAMP = "gen.stamp"
MODULE_LIST = "modules.list"

Content = Union[str, bytes]


def files(plan: Plan, out: str) -> dict[str, Content]:
    """Every output file by its name below the output folder, data before what refers to it."""
    banner = emit_c.BANNER.format(source=source_file(plan.system.file))
    content: dict[str, Content] = {}
    for blob in plan.blobs:
        content[emit_images.blob_file(blob)] = blob.data
    for loaded in plan.loaded:
        for name, data in loaded.files.items():
            content[name] = data.replace("{banner}", banner, 1) if isinstance(data, str) else data
    content["layout.h"] = emit_report.layout_h(plan, banner)
    content["qemu.args"] = emit_report.qemu_args(plan.system)
    content.update(plan.system.arch.emulator_files(plan.system))
    content["report.txt"] = emit_report.report(plan)
    content[MODULE_LIST] = "".join(f"{module.name}\n" for module in plan.modules)
    content["images.S"] = emit_images.emit(plan, banner, out)
    content["partition.c"] = emit_c.emit(plan)
    return content


def write_modules(folder: str, plan: Plan, out: str) -> None:
    """The files that the boot loader is to bring; those of the last run that are none now go."""
    content = {module.name: module.data for module in plan.modules}
    write_all(folder, content)
    try:
        with open(os.path.join(out, MODULE_LIST), encoding="utf-8") as old:
            stale = set(old.read().split()) - set(content)
    except OSError:
        return
    for name in stale:
        if os.path.isfile(os.path.join(folder, name)):
            os.unlink(os.path.join(folder, name))


def write_all(folder: str, content: Mapping[str, Content]) -> list[str]:
    """Write @content below @folder; returns what changed. Files that stay keep their mtime."""
    changed = [
        name for name, data in content.items() if not _same(os.path.join(folder, name), data)
    ]
    written: list[tuple[str, str]] = []
    try:
        for name in changed:
            path = os.path.join(folder, name)
            os.makedirs(os.path.dirname(path) or ".", exist_ok=True)
            written.append((_temporary(path, content[name]), path))
        for temporary, path in written:
            os.replace(temporary, path)
    except OSError as error:
        raise fail(
            "output",
            f"cannot write {error.filename or folder}: {error.strerror}",
            cure="check the folder given by --out, its rights and the free space",
        ) from None
    finally:
        for temporary, _ in written:
            if os.path.exists(temporary):
                os.unlink(temporary)
    return changed


def _encoded(data: Content) -> bytes:
    return data.encode("utf-8", "surrogateescape") if isinstance(data, str) else data


def _same(path: str, data: Content) -> bool:
    try:
        with open(path, "rb") as old:
            return old.read() == _encoded(data)
    except OSError:
        return False


def _temporary(path: str, data: Content) -> str:
    """Write @data beside @path, so that a rename can put it in place."""
    handle, temporary = tempfile.mkstemp(prefix=".gen.", dir=os.path.dirname(path) or ".")
    try:
        with os.fdopen(handle, "wb") as out:
            out.write(_encoded(data))
        mask = os.umask(0)
        os.umask(mask)
        os.chmod(temporary, 0o666 & ~mask)
    except OSError:
        os.unlink(temporary)
        raise
    return temporary


def touch(path: str) -> None:
    """Note that the generator succeeded, for make: unchanged outputs keep their old times."""
    with open(path, "a", encoding="ascii"):
        os.utime(path)


def depfile(target: str, depends: list[str]) -> str:
    """make rules: @target depends on @depends; a file that has vanished is no error."""
    words = [_escape(os.path.relpath(path)) for path in dict.fromkeys(depends)]
    lines = [_escape(target) + ":" + "".join(f" \\\n  {word}" for word in words), ""]
    return "\n".join(lines + [f"{word}:" for word in words]) + "\n"


def _escape(path: str) -> str:
    return path.replace("$", "$$").replace("#", "\\#").replace(" ", "\\ ")
