# SPDX-License-Identifier: Apache-2.0
"""What is between the tests and a machine: its console's bytes, and how it is started and switched off.

An emulator is a process whose terminal is the console. A board is a serial line, and two commands of the user's. Both
have the methods of Emulator that are public here, and `monitor`: whether QEMU's monitor shares the console.
"""

import errno
import fcntl
import os
import select
import subprocess
import termios
import time
import tty

import pexpect

from harness import board, build

PIECE = 65536
START_LIMIT = 600  # seconds for the command that starts a board


class Emulator:
    """Runs a command whose terminal is the console."""

    def __init__(self, command, monitor=True):
        self.monitor = monitor
        self._pty = pexpect.spawn(command[0], command[1:], cwd=str(build.TOP), encoding="latin1", echo=False,
                                  dimensions=(50, 400), env={**os.environ, "TERM": "dumb"})
        self._pty.delaybeforesend = None

    def send(self, text):
        """Types @text."""
        self._pty.send(text)

    def read(self, seconds):
        """What came, at the latest after @seconds; empty when nothing did, None when nothing will any more."""
        try:
            return self._pty.read_nonblocking(PIECE, timeout=seconds)
        except pexpect.TIMEOUT:
            return ""
        except pexpect.EOF:
            # Its terminal is closed a moment before the process is gone.
            until = time.monotonic() + 10
            while self._pty.isalive() and time.monotonic() < until:
                time.sleep(0.01)
            return None

    def is_running(self):
        """Whether it has not ended by itself."""
        return self._pty.isalive()

    def exit_status(self):
        """Of a process that has ended; None for what has none."""
        self._pty.close()
        return self._pty.exitstatus

    def state(self):
        """What is known of it without asking it, for messages."""
        if self.is_running():
            return "the emulator runs on"
        return f"the emulator itself ended: exit status {self.exit_status()}, signal {self._pty.signalstatus}"

    def close(self):
        """Ends the machine at once."""
        self._pty.close(force=True)


class SerialBoard:
    """A board whose console is a serial line of this computer; one test has it at a time."""

    monitor = False
    _taken = False  # in this process

    def __init__(self, settings, folder):
        self._settings = settings
        self._why = ""  # the line cannot be used any more
        if SerialBoard._taken:
            raise board.BoardError("the board runs another machine of this test's still")
        build.WORK.mkdir(parents=True, exist_ok=True)
        self._lock = open(build.WORK / ".board.lock", "w", encoding="ascii")  # pylint: disable=consider-using-with
        fcntl.flock(self._lock, fcntl.LOCK_EX)
        SerialBoard._taken = True
        self._fd = -1
        try:
            self._fd = self._open()
            self._run(settings.start_command(folder))
        except BaseException:
            self._release()
            raise

    def _open(self):
        """Opens the line: raw, at its speed, eight bits, no flow control."""
        device, speed = self._settings.device, self._settings.speed
        try:
            fd = os.open(device, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
        except OSError as error:
            raise board.BoardError(f"BULKHEAD_BOARD: cannot open {device}: {error.strerror}") from None
        try:
            tty.setraw(fd)  # which forgets what had come
            modes = termios.tcgetattr(fd)
            modes[2] = (modes[2] | termios.CLOCAL | termios.CREAD) & ~(termios.CRTSCTS | termios.CSTOPB)
            modes[4] = modes[5] = speed
            termios.tcsetattr(fd, termios.TCSANOW, modes)
        except termios.error as error:
            os.close(fd)
            raise board.BoardError(f"BULKHEAD_BOARD: {device} is no serial line: {error.args[1]}") from None
        return fd

    def _run(self, command):
        """One of the user's commands; its own end is awaited, not the board's."""
        try:
            done = subprocess.run(command, shell=True, check=False, cwd=build.TOP, timeout=START_LIMIT,
                                  stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        except subprocess.TimeoutExpired:
            raise board.BoardError(f"`{command}` does not end: {START_LIMIT} s") from None
        if done.returncode:
            said = done.stdout.decode("utf-8", "replace")
            raise board.BoardError(f"`{command}` failed with status {done.returncode}:\n{said}")

    def _lost(self, error):
        self._why = f"the serial line {self._settings.device} is gone: {os.strerror(error)}"

    def send(self, text):
        """Types @text."""
        data = text.encode("latin1")
        until = time.monotonic() + 10
        while data and not self._why:
            if time.monotonic() > until:
                self._why = f"the serial line {self._settings.device} takes nothing"
            try:
                data = data[os.write(self._fd, data):]
            except BlockingIOError:
                select.select([], [self._fd], [], 1)
            except OSError as error:
                self._lost(error.errno)

    def read(self, seconds):
        """As Emulator.read()."""
        if self._why or not select.select([self._fd], [], [], seconds)[0]:
            return None if self._why else ""
        try:
            data = os.read(self._fd, PIECE)
        except BlockingIOError:
            return ""
        except OSError as error:
            self._lost(error.errno)
            return None
        if not data:
            self._lost(errno.EIO)
            return None
        return data.decode("latin1")

    def is_running(self):
        """Whether it can be asked something, as far as is known."""
        return not self._why

    def exit_status(self):
        """A board has none."""

    def state(self):
        """As Emulator.state()."""
        return self._why or f"the serial line {self._settings.device} is open"

    def _release(self):
        if self._fd >= 0:
            os.close(self._fd)
        self._fd = -1
        self._lock.close()
        SerialBoard._taken = False

    def close(self):
        """Switches the board off, if there is a command for it."""
        try:
            if self._fd >= 0 and self._settings.stop:
                self._run(self._settings.stop)
        finally:
            if self._fd >= 0:
                self._release()

