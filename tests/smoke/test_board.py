# SPDX-License-Identifier: Apache-2.0
"""The harness on a board: a QEMU that is nobody's child plays it, behind a serial line."""

import contextlib
import os
import select
import threading
import tty

import pytest
import test_loongarch

from harness import build, qemu_board


@contextlib.contextmanager
def null_modem():
    """Two terminal devices; what is written to one is read from the other."""
    ends = [os.openpty() for _ in range(2)]
    for _, device in ends:  # open meanwhile: a machine may close and open them
        tty.setraw(device)
    other = {ends[0][0]: ends[1][0], ends[1][0]: ends[0][0]}
    over = threading.Event()

    def copy():
        while not over.is_set():
            for end in select.select(list(other), [], [], 0.1)[0]:
                os.write(other[end], os.read(end, 1024))

    thread = threading.Thread(target=copy)
    thread.start()
    try:
        yield [os.ttyname(device) for _, device in ends]
    finally:
        over.set()
        thread.join()
        for descriptor in sum(ends, ()):
            os.close(descriptor)


@pytest.fixture(name="board")
def qemu_as_board(monkeypatch):
    """Tests run on it while this is there."""
    with null_modem() as (ours, its):
        program = build.TOP / "tests/harness/qemu_board.py"
        monkeypatch.setenv("BULKHEAD_BOARD", f"serial:{ours},115200")
        monkeypatch.setenv("BULKHEAD_BOARD_DTSI", "boards/qemu-loongarch-virt.dtsi")
        monkeypatch.setenv("BULKHEAD_BOARD_START", f"{program} start {its} {{folder}}")
        monkeypatch.setenv("BULKHEAD_BOARD_STOP", f"{program} stop {its}")
        yield its


def test_a_test_of_systems_passes_on_a_board(board):
    """The one that most depends on the console: both cells' self-checks, by commands typed into their shells."""
    test_loongarch.test_cells_are_what_the_dts_says("qemu-loongarch-duo")
    assert not qemu_board.pid_file(board).exists()  # it was switched off


def test_what_needs_an_emulator_is_skipped_on_a_board(board):
    """With the reason, and before anything is started."""
    with pytest.raises(pytest.skip.Exception, match="needs an emulator: it .* looks at its second UART"):
        test_loongarch.test_uart_passthrough_is_seen_in_its_cell_and_nowhere_else()
    with pytest.raises(pytest.skip.Exception, match="configs/qemu-x86-duo.dts is no system for boards/qemu-loongarch"):
        build.system("configs/qemu-x86-duo.dts")
    assert not qemu_board.pid_file(board).exists()
