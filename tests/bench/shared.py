#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""What share of the lines of src/core and src/vdev both architectures use unchanged.

All of them are compiled for both, without conditions; what counts here is what is left in the images of the two
default systems when the linker has dropped the rest: a source is used if one of its global functions or objects is in
the image, a header if a used source includes it. Lines are those that are not blank.
"""

import collections
import pathlib
import subprocess
import sys

TOP = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(TOP / "tests"))

from harness import build  # noqa: E402

OBJECTS = {"x86": "obj-x86-gcc", "loongarch": "obj-loongarch-clang-19"}
FOLDERS = ("src/core", "src/vdev")


def names(file, *options):
    """The symbols that an object or a program defines."""
    done = subprocess.run(["nm", *options, "--defined-only", file], check=True, stdout=subprocess.PIPE, text=True)
    return {line.split()[-1] for line in done.stdout.splitlines()}


def headers(depfile):
    """What an object was made of."""
    words = depfile.read_text(encoding="utf-8").replace("\\\n", " ").split()
    return {word for word in words if word.startswith(FOLDERS)}


def used(arch):
    """The files below FOLDERS of which something is in the default system's image, or in its EFI application."""
    build.make(f"ARCH={arch}", "all", "efi")
    folder, objects = build.BUILD / f"qemu-{arch}-duo", build.BUILD / OBJECTS[arch]
    files = {"src/core/efi/payload.S"}  # assembled for each system, and the application's content
    for image, root in ((folder / "bulkhead.elf", objects / "src"), (folder / "efi.elf", objects / "efi/src")):
        there = names(image)  # all: in the application, none is global any more
        for file in root.rglob("*.o"):
            if names(file, "-g") & there:
                files |= headers(file.with_suffix(".d"))
    return files


def main():
    """Prints lines by folder, and the files that one alone uses or nobody."""
    of = {arch: used(arch) for arch in OBJECTS}
    total = collections.Counter()
    others = collections.defaultdict(list)
    for folder in FOLDERS:
        lines = collections.Counter()
        for path in sorted((TOP / folder).rglob("*.[chS]")):
            name = str(path.relative_to(TOP))
            users = [arch for arch in OBJECTS if name in of[arch]]
            kind = users[0] if len(users) == 1 else "both" if users else "neither"
            lines[kind] += sum(1 for line in path.read_text(encoding="utf-8").splitlines() if line.strip())
            if kind != "both":
                others[kind].append(name.removeprefix("src/"))
        show(folder, lines)
        total += lines
    show("together", total)
    for kind, files in others.items():
        print(f"{kind}: {' '.join(files)}")


def show(what, lines):
    """One line of the table."""
    whole = sum(lines.values())
    print(f"{what}: {whole} lines, " + ", ".join(f"{kind} {count} ({100 * count / whole:.0f} %)"
                                               for kind, count in lines.most_common()))


if __name__ == "__main__":
    main()
