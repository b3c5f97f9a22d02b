# SPDX-License-Identifier: Apache-2.0
"""Whether tests run on a board instead of emulators, by environment variables that docs/boards.md explains."""

import os
import re
import shlex
import termios

import pytest

#: The images that a start command can name, and what makes them.
IMAGES = {"elf": "all", "bin": "build/{name}/bulkhead.bin", "efi": "efi", "itb": "itb", "iso": "iso"}
EMULATED = "boards/qemu-loongarch-virt.dtsi"


class BoardError(AssertionError):
    """The board cannot be used, and why."""


class Settings:
    """BULKHEAD_BOARD and its companions."""

    def __init__(self, environment):
        where = environment["BULKHEAD_BOARD"]
        match = re.fullmatch(r"serial:([^,]+),(\d+)", where)
        if not match:
            raise BoardError(f"BULKHEAD_BOARD is '{where}', but should be like serial:/dev/ttyUSB0,115200")
        self.device = match[1]
        self.speed = getattr(termios, "B" + match[2], None)
        if self.speed is None:
            raise BoardError(f"BULKHEAD_BOARD: serial lines have no speed of {match[2]}; 115200 is common")
        self.start = self._needed(environment, "START", "the command that puts an image onto the board and resets it")
        self.dtsi = self._needed(environment, "DTSI", "the board's description, like boards/mine.dtsi")
        self.stop = environment.get("BULKHEAD_BOARD_STOP", "")
        self.replaces = environment.get("BULKHEAD_BOARD_REPLACES", EMULATED)
        named = re.findall(r"\{(\w*)\}", self.start)
        self.images = [name for name in named if name != "folder"]
        for name in self.images:
            if name not in IMAGES:
                raise BoardError(f"BULKHEAD_BOARD_START: {{{name}}} is none of {{folder}}, "
                                 + ", ".join(f"{{{image}}}" for image in IMAGES))

    @staticmethod
    def _needed(environment, name, what):
        if not environment.get(f"BULKHEAD_BOARD_{name}"):
            raise BoardError(f"BULKHEAD_BOARD is set, but BULKHEAD_BOARD_{name} is not: {what}")
        return environment[f"BULKHEAD_BOARD_{name}"]

    def targets(self, name):
        """What make has to make for the start command, of the system @name."""
        return [IMAGES[image].format(name=name) for image in self.images]

    def start_command(self, folder):
        """For the system in @folder."""
        values = {image: shlex.quote(f"{folder}/bulkhead.{image}") for image in IMAGES}
        return re.sub(r"\{(\w+)\}", lambda m: values.get(m[1], shlex.quote(str(folder))), self.start)

    def moved(self, config, text):
        """The text of a system's DTS, on this board instead of the emulated one; without that, the test is skipped."""
        old, new = f'"{self.replaces}"', f'"{self.dtsi}"'
        if old not in text:
            pytest.skip(f"on a board (BULKHEAD_BOARD): {config} is no system for {self.replaces}")
        return text.replace(old, new)


def settings():
    """Those of the environment; None when tests run on emulators."""
    return Settings(os.environ) if os.environ.get("BULKHEAD_BOARD") else None


def needs_emulator(what):
    """Skips the test that runs, if it does on a board."""
    if os.environ.get("BULKHEAD_BOARD"):
        pytest.skip(f"on a board (BULKHEAD_BOARD): this test needs an emulator: {what}")
