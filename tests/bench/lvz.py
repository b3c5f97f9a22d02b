#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""What the LoongArch machine with LVZ costs: LVZ that is there but not used, and Linux under KVM against Linux alone.

Wall clock times, so of an idle computer only: what is compared runs in turns. The CPU time beside them says something
on a busy one, too. Arguments: how many turns (default 10).
"""

import pathlib
import re
import resource
import statistics
import subprocess
import sys
import time

TOP = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(TOP / "tests"), str(TOP / "tests/qemu-lvz")]

import lvz  # noqa: E402
import test_kvm  # noqa: E402

BOOT = test_kvm.START + test_kvm.END
UNUSED_LIMIT = 1.02
KVM_LIMIT = 6
UPTIME = "echo \"TIME $(cut -d' ' -f1 /proc/uptime)\"\n"


def boot(program, cpu, archive):
    """Seconds from start to power-off of a machine that does nothing: on the wall, and of CPU time."""
    command = lvz.machine("-m", "512M", "-kernel", lvz.kernel(), "-initrd", archive, "-append", lvz.KERNEL_OPTIONS,
                          cpu=cpu)
    used, start = cpu_time(), time.monotonic()
    done = subprocess.run([program, *command[1:]], check=True, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
    assert b"HOST-DONE" in done.stdout
    return time.monotonic() - start, cpu_time() - used


def cpu_time():
    """Of all machines so far."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def unused(turns):
    """Boots without the patches, with them, and with LVZ, in turns."""
    done = subprocess.run([lvz.SCRIPTS / "built_copy.sh", TOP / "tests/bench/qemu-unpatched"], check=True, text=True,
                          stdout=subprocess.PIPE)
    plain = pathlib.Path(done.stdout.strip()) / "qemu-system-loongarch64"
    kinds = {"without the patches": (plain, "la464"), "with them": (lvz.qemu(), "la464"),
             "with lvz=on": (lvz.qemu(), "la464,lvz=on")}
    times = {kind: [] for kind in kinds}
    archive = lvz.initramfs("bench", BOOT)
    for turn in range(turns + 1):
        for kind, (program, cpu) in kinds.items():
            seconds = boot(str(program), cpu, archive)
            if turn:  # the first one fills caches
                times[kind].append(seconds)
    ratios = {}
    for number, what in enumerate(("wall", "CPU")):
        base = statistics.median(pair[number] for pair in times["without the patches"])
        for kind, pairs in times.items():
            values = [pair[number] for pair in pairs]
            ratios[what, kind] = statistics.median(values) / base
            print(f"boot {kind}: {what} time: median {statistics.median(values):.3f} s, {min(values):.3f} to "
                  f"{max(values):.3f}: {ratios[what, kind]:.3f} times", flush=True)
    return ratios["wall", "with lvz=on"]


def under_kvm():
    """The same guest alone and under KVM: seconds from the start of its QEMU to power-off."""
    program, libraries = lvz.guests_qemu()
    inner = lvz.initramfs("bench-guest", test_kvm.GUEST)
    rounds = 3
    script = test_kvm.HOST.format(rounds=rounds, cpus=1, options=lvz.KERNEL_OPTIONS, stall=lvz.STALL)
    script = script.replace("\tqemu-system", "\t" + UPTIME + "\tqemu-system").replace(
        "while sleep 1;", "while sleep 0.1;").replace('\twait $guest\n', "\twait $guest\n\t" + UPTIME)
    text = lvz.linux(test_kvm.START + script + test_kvm.END, libraries=libraries,
                     **{"qemu-system-loongarch64": program, "Image": lvz.kernel(), "guest.cpio": inner})
    times = [float(value) for value in re.findall(r"^TIME ([\d.]+)$", text, re.M)]
    inside = [end - start for start, end in zip(times[::2], times[1::2])]
    assert len(inside) == rounds and text.count("GUEST-DONE") == rounds
    alone = []
    for _ in range(rounds):
        start = time.monotonic()
        assert "GUEST-DONE" in lvz.run("-m", "256M", "-kernel", lvz.kernel(), "-initrd", inner, "-append",
                                       lvz.KERNEL_OPTIONS)
        alone.append(time.monotonic() - start)
    ratio = statistics.median(inside) / statistics.median(alone)
    print(f"guest: alone {statistics.median(alone):.2f} s, under KVM {statistics.median(inside):.2f} s, "
          f"{ratio:.2f} times")
    return ratio


def main():
    """Both; the exit status tells whether they are within their limits."""
    ratio = unused(int(sys.argv[1]) if len(sys.argv) > 1 else 10)
    kvm = under_kvm()
    print(f"limits: {ratio:.3f} of {UNUSED_LIMIT}, {kvm:.2f} of {KVM_LIMIT}")
    sys.exit(0 if ratio <= UNUSED_LIMIT and kvm <= KVM_LIMIT else 1)


if __name__ == "__main__":
    main()
