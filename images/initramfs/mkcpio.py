#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Write an initramfs from recipes, the same bytes for the same inputs, without root.

The recipe has one entry a line ('#' starts a comment; parents come before children):

    dir   PATH MODE                     a folder
    nod   PATH MODE c|b MAJOR MINOR     a device node
    slink PATH TARGET                   a symbolic link
    links DIR TARGET NAME...            one symbolic link DIR/NAME to TARGET for each NAME
    file  PATH MODE SOURCE              a file; SOURCE is relative to the recipe, or $NAME for a
                                        file given by --define NAME=FILE

The archive is cpio's "newc" format (Linux: Documentation/driver-api/early-userspace/
buffer-format.rst) in gzip; every entry belongs to root and dates from the epoch.
"""

import argparse
import gzip
import io
import os
import re
import stat
import sys
import tempfile


class RecipeError(Exception):
    """Something in the recipe, or in a file it names, that a person has to correct."""


class Archive:
    """A newc archive in memory."""

    def __init__(self):
        """Start an empty archive."""
        self._out = io.BytesIO()
        self._inode = 0
        self._kinds = {"/": stat.S_IFDIR}

    def add(self, path, mode, data=b"", device=(0, 0)):
        """Append an entry; mode includes the type bits, device is (major, minor)."""
        if not path.startswith("/") or path != os.path.normpath(path) or path == "/":
            raise RecipeError(f"'{path}' is not a plain absolute path")
        if path in self._kinds:
            raise RecipeError(f"'{path}' is there already")
        if self._kinds.get(os.path.dirname(path)) != stat.S_IFDIR:
            raise RecipeError(f"the folder of '{path}' has to come before it")
        self._kinds[path] = stat.S_IFMT(mode)
        self._inode += 1
        self._entry(path[1:], self._inode, mode, data, device)

    def finish(self):
        """Append the trailer and return the archive's bytes, padded to whole 512-byte blocks."""
        self._entry("TRAILER!!!", 0, 0, b"", (0, 0))
        self._pad(512)
        return self._out.getvalue()

    def _entry(self, name, inode, mode, data, device):
        """Append a header, a name and data, each padded to 4 bytes."""
        encoded = name.encode("utf-8") + b"\0"
        links = 2 if stat.S_ISDIR(mode) else 1
        # ino mode uid gid nlink mtime filesize devmajor devminor rdevmajor rdevminor namesize check
        fields = (inode, mode, 0, 0, links, 0, len(data), 0, 0, *device, len(encoded), 0)
        self._out.write(b"070701" + b"".join(b"%08X" % field for field in fields))
        self._out.write(encoded)
        self._pad(4)
        self._out.write(data)
        self._pad(4)

    def _pad(self, alignment):
        """Write zeros up to a multiple of alignment."""
        self._out.write(bytes(-self._out.tell() % alignment))


def parse_mode(text):
    """Return the permission bits that octal text stands for."""
    if not re.fullmatch(r"0?[0-7]{3,4}", text):
        raise RecipeError(f"'{text}' is no mode (such as 0755)")
    return int(text, 8)


def parse_number(text):
    """Return the device number that decimal text stands for."""
    if not text.isdecimal():
        raise RecipeError(f"'{text}' is no device number")
    return int(text)


def read_source(name, folder, defines):
    """Return the content of a file entry's source."""
    if name.startswith("$"):
        if name[1:] not in defines:
            raise RecipeError(f"'{name}' is not given: use --define {name[1:]}=FILE")
        path = defines[name[1:]]
    else:
        path = os.path.join(folder, name)
    try:
        with open(path, "rb") as source:
            return source.read()
    except OSError as error:
        raise RecipeError(f"cannot read {path}: {error.strerror}") from error


def add_line(archive, words, folder, defines):
    """Add what one line of the recipe, split into words, asks for."""
    kind, *rest = words
    if kind == "dir" and len(rest) == 2:
        archive.add(rest[0], stat.S_IFDIR | parse_mode(rest[1]))
    elif kind == "nod" and len(rest) == 5 and rest[2] in ("c", "b"):
        file_type = stat.S_IFCHR if rest[2] == "c" else stat.S_IFBLK
        device = (parse_number(rest[3]), parse_number(rest[4]))
        archive.add(rest[0], file_type | parse_mode(rest[1]), device=device)
    elif kind == "slink" and len(rest) == 2:
        archive.add(rest[0], stat.S_IFLNK | 0o777, rest[1].encode("utf-8"))
    elif kind == "links" and len(rest) >= 3:
        for name in rest[2:]:
            path = os.path.join(rest[0], name)
            archive.add(path, stat.S_IFLNK | 0o777, rest[1].encode("utf-8"))
    elif kind == "file" and len(rest) == 3:
        data = read_source(rest[2], folder, defines)
        archive.add(rest[0], stat.S_IFREG | parse_mode(rest[1]), data)
    else:
        raise RecipeError(f"cannot understand '{' '.join(words)}'")


def build(recipes, defines):
    """Return the cpio archive that the recipe files describe."""
    archive = Archive()
    for recipe in recipes:
        follow(archive, recipe, defines)
    return archive.finish()


def follow(archive, recipe, defines):
    """Add to the archive what one recipe file describes."""
    try:
        with open(recipe, encoding="utf-8") as text:
            lines = text.readlines()
    except OSError as error:
        raise RecipeError(f"{recipe}: error: cannot read it: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise RecipeError(f"{recipe}: error: not text in UTF-8: {error.reason}") from error
    for number, line in enumerate(lines, 1):
        words = line.split("#", 1)[0].split()
        try:
            if words:
                add_line(archive, words, os.path.dirname(recipe), defines)
        except RecipeError as error:
            raise RecipeError(f"{recipe}:{number}: error: {error}") from error


def compress(data):
    """Return data in gzip, without a time and a name in the header."""
    out = io.BytesIO()
    with gzip.GzipFile(filename="", mode="wb", compresslevel=9, fileobj=out, mtime=0) as stream:
        stream.write(data)
    return out.getvalue()


def write_atomically(path, data):
    """Let path appear with its content complete, or not at all."""
    folder = os.path.dirname(path) or "."
    os.makedirs(folder, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=folder, prefix=".mkcpio.")
    try:
        with os.fdopen(handle, "wb") as out:
            out.write(data)
        mask = os.umask(0)
        os.umask(mask)
        os.chmod(temporary, 0o666 & ~mask)
        os.replace(temporary, path)
    except BaseException:
        os.unlink(temporary)
        raise


def parse_define(text):
    """Split NAME=FILE."""
    name, separator, value = text.partition("=")
    if not (name and separator and value):
        raise argparse.ArgumentTypeError(f"'{text}' is not NAME=FILE")
    return name, value


def main():
    """Do what the command line says; return the exit status."""
    parser = argparse.ArgumentParser(
        description="Write an initramfs (cpio newc, gzip) from a recipe.")
    parser.add_argument("recipe", nargs="+", help="several: one after the other")
    parser.add_argument("-o", "--output", required=True, metavar="FILE")
    parser.add_argument("--define", action="append", default=[], type=parse_define,
                        metavar="NAME=FILE", help="the file meant by $NAME in the recipe")
    arguments = parser.parse_args()
    try:
        archive = build(arguments.recipe, dict(arguments.define))
        write_atomically(arguments.output, compress(archive))
    except RecipeError as error:
        print(error, file=sys.stderr)
        return 1
    except OSError as error:
        print(f"mkcpio.py: error: {arguments.output}: {error.strerror}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
