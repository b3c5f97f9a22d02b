#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Runs a system in Bochs, which emulates Intel VMX and AMD SVM: its first serial port is this terminal.

usage: bochs.py [--log FILE] [--com2 FILE] BOCHSRC ISO

BOCHSRC is what the generator writes for a board with a `bochs` node (processor, memory); firmware,
CD drive and two serial ports are added here; what is sent to the second is lost, or goes to
FILE. Ctrl-A x leaves, Ctrl-A Ctrl-A types a Ctrl-A. Taken is
$BOCHS if it is set (with its firmware in $BXSHARE), else a Bochs 3 built once from Debian's source
with patches that its virtual machines need (bochs/recipe.sh).

Exit status: 0 the machine switched itself off, or was left by Ctrl-A x; 1 it ended otherwise, and
the end of Bochs' log is shown.
"""

import argparse
import os
import pathlib
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import termios
import tty

HERE = pathlib.Path(__file__).resolve().parent
ESCAPE = 0x01  # Ctrl-A
OFF = "soft power off"  # what Bochs logs when ACPI switches the machine off
CONNECT_SECONDS = 60

CONFIG = """
config_interface: textconfig
display_library: nogui
romimage: file={share}/BIOS-bochs-latest
vgaromimage: file={share}/VGABIOS-lgpl-latest
ata0: enabled=1, ioaddr1=0x1f0, ioaddr2=0x3f0, irq=14
ata0-master: type=cdrom, path={iso}, status=inserted
boot: cdrom
com1: enabled=1, mode=socket-client, dev=localhost:{port}
com2: enabled=1, {com2}
log: {log}
error: action=ignore
"""


def die(message):
    """Ends with an error."""
    sys.exit(f"bochs.py: error: {message}")


def find_bochs():
    """The program and the folder of its firmware."""
    chosen = os.environ.get("BOCHS")
    if chosen:
        if not shutil.which(chosen):
            die(f"BOCHS is set to '{chosen}', which is no program")
        return chosen, os.environ.get("BXSHARE", "/usr/share/bochs")
    done = subprocess.run([HERE / "built_copy.sh", HERE / "bochs"], check=False, stdout=subprocess.PIPE, text=True)
    if done.returncode:
        die("no Bochs here: see above, or build Bochs 3 and set BOCHS to its path")
    root = done.stdout.strip()
    return f"{root}/bochs", root


class Terminal:
    """Standard input, raw while it is a terminal, with the escape key of the emulator."""

    def __init__(self):
        self.escaped = False
        self.saved = termios.tcgetattr(0) if os.isatty(0) else None

    def __enter__(self):
        if self.saved:
            tty.setraw(0)
        return self

    def __exit__(self, *_):
        if self.saved:
            termios.tcsetattr(0, termios.TCSADRAIN, self.saved)

    def read(self):
        """What was typed for the machine; None to leave."""
        typed = bytearray()
        for byte in os.read(0, 4096):
            if self.escaped:
                self.escaped = False
                if byte in b"xX":
                    return None
                if byte == ESCAPE:
                    typed.append(byte)
            elif byte == ESCAPE:
                self.escaped = True
            else:
                typed.append(byte)
        return bytes(typed)


def relay(console, process):
    """Between terminal and serial port, until Bochs ends (True) or the user leaves (False)."""
    sources = [console, 0]
    with Terminal() as terminal:
        while True:
            ready, _, _ = select.select(sources, [], [], 1)
            if console in ready:
                data = console.recv(65536)
                if not data:
                    process.wait()
                    return True
                os.write(1, data)
            if 0 in ready:
                typed = terminal.read()
                if typed is None:
                    return False
                if not typed and not terminal.escaped:
                    sources.remove(0)  # the end of a file
                console.sendall(typed)
            if not ready and process.poll() is not None:
                return True


def accept(listener, process):
    """The connection of Bochs' serial port; None when Bochs ended before."""
    listener.settimeout(1)
    for _ in range(CONNECT_SECONDS):
        try:
            return listener.accept()[0]
        except TimeoutError:
            if process.poll() is not None:
                return None
    return None


def run(folder, options):
    """Starts Bochs with its files in @folder; returns the exit status."""
    program, share = find_bochs()
    log = pathlib.Path(options.log or folder / "log.txt").resolve()
    with socket.create_server(("localhost", 0)) as listener:
        port = listener.getsockname()[1]
        com2 = f"mode=file, dev={options.com2.resolve()}" if options.com2 else "mode=null"
        added = CONFIG.format(share=share, iso=options.iso.resolve(), port=port, com2=com2, log=log)
        (folder / "bochsrc").write_text(options.bochsrc.read_text(encoding="ascii") + added, encoding="utf-8")
        with open(folder / "output.txt", "wb") as output, subprocess.Popen(
                [program, "-q", "-f", folder / "bochsrc"], env={**os.environ, "BXSHARE": share},
                stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT, cwd=folder) as process:
            try:
                console = accept(listener, process)
                ended = relay(console, process) if console else True
            finally:
                process.kill()
    said = log.read_text(encoding="latin1") if log.exists() else ""
    if not ended or OFF in said:
        return 0
    output = (folder / "output.txt").read_text(encoding="latin1")
    print(f"\nbochs.py: Bochs ended by itself:\n{output[-1000:]}\n{said[-2000:]}", file=sys.stderr)
    return 1


def main():
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--prepare", action="store_true", help="only make sure that there is a Bochs")
    parser.add_argument("--log", help="keeps Bochs' log in this file")
    parser.add_argument("--com2", type=pathlib.Path, help="writes what is sent to the second serial port to this file")
    parser.add_argument("bochsrc", type=pathlib.Path, nargs="?")
    parser.add_argument("iso", type=pathlib.Path, nargs="?")
    options = parser.parse_args()
    if options.prepare:
        find_bochs()
        return 0
    for path in (options.bochsrc, options.iso):
        if not path or not path.is_file():
            parser.error(f"there is no file {path}" if path else "BOCHSRC and ISO are needed")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    signal.signal(signal.SIGHUP, lambda *_: sys.exit(1))
    with tempfile.TemporaryDirectory(prefix="bochs.") as folder:
        return run(pathlib.Path(folder), options)


if __name__ == "__main__":
    sys.exit(main())
