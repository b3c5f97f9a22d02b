#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""QEMU as a board: a machine that runs by itself, and whose console is a terminal device.

For the test of the harness' own board; also an example of what BULKHEAD_BOARD_START and _STOP do:

    qemu_board.py start TERMINAL FOLDER    resets it: ends the one that runs, starts what was built in FOLDER
    qemu_board.py stop TERMINAL            switches it off
"""

import os
import pathlib
import signal
import subprocess
import sys
import time

TOP = pathlib.Path(__file__).resolve().parents[2]
SECONDS = 20  # to end


def pid_file(terminal):
    """Where the number of its process is."""
    return TOP / "build/tests" / f"qemu-board{terminal.replace('/', '-')}.pid"


def stop(terminal):
    """Ends the machine, if there is one."""
    file = pid_file(terminal)
    if not file.exists():
        return
    number = int(file.read_text(encoding="ascii"))
    for _ in range(SECONDS * 10):
        try:
            os.kill(number, signal.SIGTERM)
        except ProcessLookupError:
            file.unlink(missing_ok=True)
            return
        time.sleep(0.1)
    sys.exit(f"{number} does not end")


def start(terminal, folder):
    """Starts a new one."""
    stop(terminal)
    arguments = (pathlib.Path(folder) / "gen/qemu.args").read_text(encoding="ascii").split("\n")[:-1]
    subprocess.run([TOP / "scripts/qemu_loongarch.sh", *arguments, "-display", "none", "-monitor", "none",
                    "-nic", "none", "-no-reboot", "-serial", terminal, "-kernel", f"{folder}/bulkhead.elf",
                    "-daemonize", "-pidfile", pid_file(terminal)], check=True)


if __name__ == "__main__":
    {"start": start, "stop": stop}[sys.argv[1]](*sys.argv[2:])
