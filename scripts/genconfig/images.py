# SPDX-License-Identifier: Apache-2.0
"""Find and read image files."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import Iterable, Iterator, Optional

from .diag import fail
from .model import Image, System


def image_names(system: System) -> list[str]:
    """The files that the DTS asks for, each once, in its order."""
    names = [image.name for cell in system.cells for _, image in cell.images]
    return list(dict.fromkeys(names))


def search_path(system: System, images: Optional[str], project: str) -> list[str]:
    """Where images are looked for: the image folder, beside the DTS, the project's root."""
    folders = [images] if images else []
    return folders + [os.path.dirname(system.file) or ".", project]


def find_images(system: System, folders: Iterable[str]) -> None:
    """Fill in where each image is."""
    folders = list(folders)
    for cell in system.cells:
        cell.kernel = _found(cell.kernel, folders)
        cell.initrd = _found(cell.initrd, folders) if cell.initrd else None


def _found(image: Image, folders: Iterable[str]) -> Image:
    for folder in folders:
        path = os.path.join(folder, image.name)  # an absolute name stays as it is
        if os.path.isfile(path):
            return replace(image, path=path)
    return image


def image_files(system: System) -> Iterator[str]:
    """The files that were found, each once."""
    paths = [
        image.path
        for cell in system.cells
        for _, image in cell.images
        if image.path
    ]
    yield from dict.fromkeys(paths)


def read_image(image: Image) -> bytes:
    """The content of a file that was found; raises ConfigError."""
    assert image.path  # rule image-missing has made sure of it
    try:
        with open(image.path, "rb") as data:
            content = data.read()
    except OSError as error:
        raise fail(
            "image-missing", f"{image.name} cannot be read: {error.strerror}", image.pos
        ) from None
    if not content:
        raise fail(
            "image-empty", f"{image.name} is empty", image.pos, cure="build or fetch it again"
        )
    return content
