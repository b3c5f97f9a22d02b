# SPDX-License-Identifier: Apache-2.0
"""A board as the tests' machine: its settings, its serial line (a pseudo terminal here), its commands."""

import os
import select
import termios

import pytest

from harness import board
from harness.machine import Machine, Silence
from harness.transport import Emulator, SerialBoard

ECHOING = termios.ECHO | termios.ICANON | termios.ISIG | termios.IEXTEN


@pytest.fixture(name="line")
def serial_line():
    """A serial line: the file descriptors of its far end and its device, and the device's name."""
    far, near = os.openpty()
    yield far, near, os.ttyname(near)
    for descriptor in (far, near):
        try:
            os.close(descriptor)
        except OSError:
            pass


def environment(device="/dev/null", **changes):
    """Good settings, but for the changes (None: not set)."""
    good = {"": f"serial:{device},57600", "_START": "true", "_DTSI": "boards/mine.dtsi", **changes}
    return {f"BULKHEAD_BOARD{name}": value for name, value in good.items() if value is not None}


def opened(line, **changes):
    """The board at the line."""
    return SerialBoard(board.Settings(environment(line[2], **changes)), "build/mine")


def test_the_line_is_raw_and_has_its_speed(line):
    """Nothing is echoed, edited or translated, in either direction."""
    transport = opened(line)
    try:
        modes = termios.tcgetattr(line[1])
        assert modes[4:6] == [termios.B57600] * 2
        assert not modes[3] & ECHOING and not modes[1] & termios.OPOST and modes[2] & termios.CLOCAL
        transport.send("\x03\x1d1\r\n\xe9")
        assert os.read(line[0], 100) == b"\x03\x1d1\r\n\xe9"
        os.write(line[0], b"\r\n\x04\x11\xff")
        assert transport.read(5) == "\r\n\x04\x11\xff"
        assert transport.read(0.01) == "" and transport.is_running()
    finally:
        transport.close()


def test_lines_may_come_in_pieces(line):
    """A line is whole when its end has come; what the line had before the start is forgotten."""
    os.write(line[0], b"of another life\n")
    assert select.select([line[1]], [], [], 20)[0]
    machine = Machine(opened(line), "board")
    try:
        os.write(line[0], b"one\r\ntw")
        assert machine.wait("^tw$") and machine.lines == ["one"]
        os.write(line[0], b"o\r\n")
        assert machine.wait("^two$") and machine.lines == ["one", "two"]
    finally:
        machine.close()


def test_a_line_that_vanishes_is_told(line):
    """At once, by name, whoever waits or types."""
    machine = Machine(opened(line), "board")
    try:
        os.close(line[0])
        with pytest.raises(Silence, match="ended before /hello/") as told:
            machine.wait("hello", timeout=20)
        assert f"the serial line {line[2]} is gone: Input/output error" in str(told.value)
        machine.send("x")
        assert not machine.is_running()
    finally:
        machine.close()


def test_the_commands_put_an_image_on_the_board_and_switch_it_off(line, tmp_path):
    """The images are named in the start command; the board is free for the next machine then."""
    said = tmp_path / "said"
    for _ in range(2):
        transport = opened(line, _START=f"echo start {{elf}} {{efi}} {{folder}} >>{said}", _STOP=f"echo stop >>{said}")
        with pytest.raises(board.BoardError, match="runs another machine of this test's still"):
            opened(line)
        transport.close()
        transport.close()
    start = "start build/mine/bulkhead.elf build/mine/bulkhead.efi build/mine"
    assert said.read_text(encoding="ascii").splitlines() == [start, "stop"] * 2
    wanted = board.Settings(environment(_START="load {efi} {bin}"))
    assert wanted.targets("mine") == ["efi", "build/mine/bulkhead.bin"]


def test_a_start_that_fails_is_told_with_its_output(line):
    """And the board is free again."""
    with pytest.raises(board.BoardError, match="`echo no relay; exit 3` failed with status 3:\nno relay"):
        opened(line, _START="echo no relay; exit 3")
    opened(line).close()


@pytest.mark.parametrize("changes, says", [
    ({"": "/dev/ttyUSB0"}, "BULKHEAD_BOARD is '/dev/ttyUSB0', but should be like serial:/dev/ttyUSB0,115200"),
    ({"": "serial:/dev/ttyUSB0,115201"}, "serial lines have no speed of 115201"),
    ({"_START": None}, "BULKHEAD_BOARD_START is not: the command that puts an image onto the board and resets it"),
    ({"_DTSI": None}, "BULKHEAD_BOARD_DTSI is not: the board's description"),
    ({"_START": "load {image}"}, r"BULKHEAD_BOARD_START: \{image\} is none of \{folder\}, \{elf\},"),
])
def test_wrong_settings_are_told(changes, says):
    """Before anything is built."""
    with pytest.raises(board.BoardError, match=says):
        board.Settings(environment(**changes))


@pytest.mark.parametrize("device, says", [
    ("/dev/no-such-line", "cannot open /dev/no-such-line: No such file or directory"),
    ("/dev/null", "/dev/null is no serial line: Inappropriate ioctl for device"),
])
def test_a_device_that_is_none_is_told(device, says):
    """By its name and the system's reason."""
    with pytest.raises(board.BoardError, match=says):
        SerialBoard(board.Settings(environment(device)), "build/mine")


def test_an_emulator_that_ends_is_told():
    """With its exit status."""
    machine = Machine(Emulator(["sh", "-c", "echo hello; exit 3"], monitor=False), "emulator")
    machine.wait("^hello$")
    with pytest.raises(Silence, match=r"the emulator itself ended: exit status 3, signal None"):
        machine.wait("world", timeout=20)
    machine.close()


def test_on_emulators_nothing_is_skipped(monkeypatch):
    """And on a board, what needs one is, with the reason."""
    monkeypatch.delenv("BULKHEAD_BOARD", raising=False)
    board.needs_emulator("it looks inside")
    assert board.settings() is None
    for name, value in environment().items():
        monkeypatch.setenv(name, value)
    with pytest.raises(pytest.skip.Exception, match="needs an emulator: it looks inside"):
        board.needs_emulator("it looks inside")
