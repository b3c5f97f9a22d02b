# SPDX-License-Identifier: Apache-2.0
"""A machine whose console is read and written by tests.

How bytes come and go, and what starts the machine and ends it, is its transport's business (transport.py): an emulator
or a board on a serial line. Timeouts are by progress: a wait fails when the machine said nothing at all for STALL
seconds, or at the latest after `timeout` seconds, whichever comes first.
"""

import re
import time

from harness import board, exits

STALL = 60
#: Until a kernel speaks that unpacks itself first: XZ takes some billion instructions, an emulator minutes.
UNPACKING = 400
#: Until a loader has read the image that says nothing meanwhile: BIOS reads USB sticks in small pieces.
LOADING = 300
ANSWER = 30  # seconds for the hypervisor's own answer to a command
ESCAPE = "\x1d"
PREFIX = re.compile(r"^(?:.*\x1b\[0m)?\[(\w+)\] *(.*)$")
#: What terminals are asked or told in passing: colours, cursor reports.
ANSI = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|\x1bc")
#: Bulkhead's console leaves a line for another source's, and comes back to it: what stands before LF.
LEFT = re.compile(r"\x1b\[0;0m\r*$")
#: A line is repeated up to here when the console comes back to it; of longer ones, pieces follow each other.
REPEATED = 240

#: Registers that say little about a machine that stands still.
VECTORS = re.compile(r"YMM|FPR|FCW|DR\d|$")


def clean(text):
    """Text without terminal controls."""
    return ANSI.sub("", text.replace("\r", ""))


class Silence(AssertionError):
    """The machine did not say what a test waited for."""


class Machine:
    """Collects what the machine behind a transport prints, by line."""

    def __init__(self, transport, name):
        self.name = name
        self._transport = transport
        self.monitor = transport.monitor  # has QEMU's monitor
        self.lines = []  # whole lines, without terminal controls
        self._raw = ""  # what came since the latest line
        self._partial = ""  # that, without terminal controls

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        """Ends the machine at once."""
        self._transport.close()

    def is_running(self):
        """Whether it has not ended by itself."""
        return self._transport.is_running()

    def send(self, text):
        """Types @text, at a pace that a slow guest's UART keeps up with."""
        for character in text:
            self._transport.send(character)
            time.sleep(0.003)

    def _read(self):
        """Takes what came within a second; False when nothing did, None when the machine has ended."""
        text = self._transport.read(1)
        if not text:
            return None if text is None else False
        *done, self._raw = (self._raw + text).split("\n")
        for line in done:
            self._take(clean(line), bool(LEFT.search(line)))
        self._partial = clean(self._raw)
        return True

    def _take(self, line, _left):
        """Notes a line; left: Bulkhead's console has left it for another source's."""
        self.lines.append(line)

    def ask_emulator(self, command):
        """Types @command into the emulator's monitor, which shares the console (Ctrl-A c); returns the lines since."""
        start = len(self.lines)
        until = time.monotonic() + 5
        self.send(f"\x01c{command}\r")
        while self._read() and time.monotonic() < until:
            pass
        self.send("\x01c")
        return self.lines[start:]

    def _autopsy(self):
        """What the emulator knows of a machine that does not say what it should."""
        if not self.monitor or not self.is_running():
            return self._transport.state()
        known = self.ask_emulator("info status") + self.ask_emulator("info registers -a")
        return "\n".join(line for line in known if not VECTORS.match(line))

    def _silence(self, what):
        tail = self.tail()
        return Silence(f"{self.name}: {what}; the console ends with:\n{tail}\n{self._autopsy()}")

    def text(self):
        """All that was printed so far, the unfinished line included."""
        return "\n".join([*self.lines, self._partial])

    def wait_until(self, condition, what, timeout=300, stall=STALL):
        """Reads until condition() is true; returns its value. Raises Silence, with the console's end, if not."""
        deadline = time.monotonic() + timeout
        heard = time.monotonic()
        while True:
            value = condition()
            if value:
                return value
            now = time.monotonic()
            if now > deadline or now - heard > stall:
                raise self._silence(f"waited for {what}")
            got = self._read()
            if got is None and not condition():
                raise self._silence(f"ended before {what}")
            if got:
                heard = time.monotonic()

    def wait(self, pattern, timeout=300, stall=STALL, start=0):
        """Waits for a line (or the unfinished one) that matches @pattern; returns the match."""
        regex = re.compile(pattern)
        position = start

        def found():
            nonlocal position
            for line in self.lines[position:]:
                match = regex.search(line)
                if match:
                    return match
            position = len(self.lines)
            return regex.search(self._partial)

        return self.wait_until(found, f"/{pattern}/", timeout, stall)

    def wait_end(self, timeout=120):
        """Waits until the machine has switched itself off, or was reset: QEMU pauses then, Bochs ends."""
        board.needs_emulator("whether a board is off cannot be seen on its console")
        deadline = time.monotonic() + timeout
        while not self.monitor:
            if self._read() is None:
                assert self._transport.exit_status() == 0, self.tail()
                return
            if time.monotonic() > deadline:
                raise self._silence("does not switch off")
        while not any("paused (shutdown)" in line for line in self.ask_emulator("info status")):
            if time.monotonic() > deadline:
                raise self._silence("does not switch off")

    def tail(self, count=60):
        """The last lines, for messages."""
        return "\n".join([*self.lines[-count:], self._partial])


def unite(before, text):
    """What is known of a line of which @before was shown, and now @text."""
    if not before or (len(before) < REPEATED and not text.startswith("...")) or text.startswith(before):
        return text
    return before + text.removeprefix("...")


class Bulkhead(Machine):
    """A machine that runs Bulkhead: its console carries one prefixed stream a cell."""

    def __init__(self, *arguments):
        super().__init__(*arguments)
        self._left = {}  # by source: what was shown of a line that goes on

    def _take(self, line, left):
        """Unites what the console shows of one line."""
        match = PREFIX.match(line)
        if match:
            source, text = match.groups()
            text = unite(self._left.pop(source, ""), text)
            if left:
                self._left[source] = text
                return
            line = f"[{source}] {text}"
        self.lines.append(line)

    def close(self):
        """Ends the machine, after asking which exit codes its cells have caused."""
        exits.collect(self)
        super().close()

    def ask_counters(self, cells):
        """The exit codes of each of @cells cells, as the console shows them; empty when it does not answer."""
        start = len(self.cell_lines("bulkhead"))

        def answered():
            lines = self.cell_lines("bulkhead")[start:]
            found = [m[1] for m in (re.match(r"exit codes \w+(.*)", line) for line in lines) if m]
            return found if len(found) >= cells else None

        self.send(f"{ESCAPE}s")
        until = time.monotonic() + ANSWER
        while not answered() and time.monotonic() < until and self._read() is not None:
            pass
        return answered() or []

    def cell_lines(self, cell):
        """The whole lines of one cell (or of "bulkhead"), without the prefix."""
        matches = (PREFIX.match(line) for line in self.lines)
        return [m.group(2) for m in matches if m and m.group(1) == cell]

    def cell_text(self, cell):
        """The cell's lines and what stands in its unfinished one."""
        return "\n".join(self.cell_lines(cell) + self._unfinished(cell))

    def _unfinished(self, cell):
        match = PREFIX.match(self._partial)
        left = self._left.get(cell, "")
        if match and match.group(1) == cell:
            return [unite(left, match.group(2))]
        return [left] if left else []

    def wait_cell(self, cell, pattern, timeout=300, stall=STALL, start=0):
        """Waits for a line of @cell from its number @start on that matches; returns the match."""
        regex = re.compile(pattern)

        def found():
            # What is there of an unfinished line may look like its end.
            unfinished = [] if pattern.endswith("$") else self._unfinished(cell)
            for line in self.cell_lines(cell)[start:] + unfinished:
                match = regex.search(line)
                if match:
                    return match
            return None

        return self.wait_until(found, f"/{pattern}/ of {cell}", timeout, stall)

    def focus(self, index):
        """Moves the console's input to cell number @index."""
        start = len(self.cell_lines("bulkhead"))
        self.send(f"{ESCAPE}{index}")
        self.wait_cell("bulkhead", "input goes to", start=start)

    def command(self, key, pattern):
        """Types a console command; returns the hypervisor's lines since, once one matched @pattern."""
        start = len(self.cell_lines("bulkhead"))
        self.send(ESCAPE + key)
        self.wait_cell("bulkhead", pattern, start=start)
        return self.cell_lines("bulkhead")[start:]

    def shell(self, cell, index, line, pattern, timeout=120):
        """Types a command line into a cell's shell and waits for output that matches; returns the match."""
        self.focus(index)
        start = len(self.cell_lines(cell))
        self.send(line + "\r")
        return self.wait_cell(cell, pattern, timeout, start=start)

    def counters(self):
        """All exit counters: {(cell, vcpu): {reason: count}}, with "total"."""
        lines = self.command("s", r"accesses " + self.last_cell)
        result = {}
        for line in lines:
            match = re.match(r"exits (\w+) vcpu=(\d+) (.*)", line)
            if match:
                pairs = (pair.split("=") for pair in match.group(3).split())
                result[match.group(1), int(match.group(2))] = {k: int(v) for k, v in pairs}
        return result

    last_cell = "linux1"
