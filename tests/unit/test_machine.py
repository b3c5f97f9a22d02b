# SPDX-License-Identifier: Apache-2.0
"""The harness' reading of Bulkhead's console: a line is one line, whatever other sources say meanwhile."""

import contextlib

import pytest

from harness.machine import Bulkhead, Machine, Silence
from harness.transport import Emulator

LONG = "x" * 250
#: What the console ends a line with that it leaves. QEMU makes CR LF of LF once more.
LEFT = "\x1b[0;0m\r\r\n"


@contextlib.contextmanager
def console(tmp_path, text):
    """A machine whose console has said @text."""
    file = tmp_path / "console"
    file.write_text(text, encoding="latin1", newline="")
    machine = Bulkhead(Emulator(["sh", "-c", f"stty raw; cat {file}; exec sleep 60"], monitor=False), "console")
    try:
        yield machine
    finally:
        Machine.close(machine)


@pytest.mark.parametrize("text, lines", [
    # The console has left a line, and comes back to it, twice.
    (f"[red]   cpu_flags=fpu{LEFT}[green] a\r\n[red]   cpu_flags=fpu ls{LEFT}[green] b\r\n"
     "[red]   cpu_flags=fpu lsx\r\n",
     ["cpu_flags=fpu lsx"]),
    (f"[red]   \x1b[1mbold{LEFT}[green] a\r\n[red]   \x1b[1mbold\x1b[0m red\r\n", ["bold red"]),
    # Lines that only look like it.
    ("[red]   20\r\n[green] a\r\n[red]   200\r\n", ["20", "200"]),
    ("[red]   1\r[red]   2\r\n[red]   2\r\n", ["1[red]   2", "2"]),
    # What cannot be repeated, and pieces.
    (f"[red]   {LONG}{LEFT}[green] a\r\n[red]   ...yz\r\n", [LONG + "yz"]),
    (f"[red]   {LONG}{LEFT}[green] a\r\n[red]   yz\r\n", [LONG + "yz"]),
    # Erased meanwhile.
    (f"[red]   ca\b \b{LEFT}[green] a\r\n[red]   cd\r\n", ["cd"]),
])
def test_a_line_is_one_line(tmp_path, text, lines):
    """Whether the console left it for another source's or not."""
    with console(tmp_path, text + "[red]   end\r\n") as machine:
        machine.wait_cell("red", "^end$")
        assert machine.cell_lines("red") == [*lines, "end"]


def test_what_is_left_of_an_unfinished_line_is_found(tmp_path):
    """A prompt is no whole line, and may have been left for others' lines."""
    with console(tmp_path, f"[red]   red:~# {LEFT}[green] a\r\n") as machine:
        machine.wait_cell("green", "^a$")
        machine.wait_cell("red", "^red:~#")
        assert machine.cell_lines("red") == []


def test_the_end_of_a_line_is_not_that_of_what_has_come(tmp_path):
    """A pattern with $ waits for the whole line."""
    with console(tmp_path, "[red]   12\r\n[red]   3") as machine:
        assert machine.wait_cell("red", r"^(\d+)$")[1] == "12"
        assert machine.wait_cell("red", r"^(3)")
        with pytest.raises(Silence):
            machine.wait_cell("red", r"^(3)$", timeout=2)
