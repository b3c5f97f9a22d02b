# SPDX-License-Identifier: Apache-2.0
"""Linux's KVM as the judge: Debian's LoongArch kernel is the host on this project's emulator."""

import hashlib
import os
import re

import pytest

from harness import build
import lvz

START = """#!/bin/busybox sh
export PATH=/bin
/bin/busybox --install -s /bin
mount -t proc p /proc
mount -t sysfs s /sys
mount -t devtmpfs d /dev
mount -t tmpfs t /tmp
"""
# The console's output is asynchronous, and power-off does not wait for it: stty does.
END = "echo HOST-DONE\nstty echo\npoweroff -f\n"


def test_kvm_initialises_and_the_machine_switches_itself_off():
    """There is /dev/kvm, and /proc/cpuinfo has lvz; power off is by the device tree's syscon."""
    text = lvz.linux(START + "grep -i ^Features /proc/cpuinfo\nls /dev/kvm\n" + END)
    assert re.search(r"^Features.*\blvz\b", text, re.M)
    assert re.search(r"^/dev/kvm$", text, re.M)
    assert "HOST-DONE" in text and "reboot: Power down" in text


def test_without_lvz_there_is_no_kvm():
    """The kernel says that the hardware has no virtualization."""
    text = lvz.linux(START + "ls /dev/kvm\n" + END, cpu="la464", options="loglevel=7")
    assert "Hardware virtualization not available" in text
    assert "No such file or directory" in text and "HOST-DONE" in text


def test_reboot_is_by_syscon():
    """-no-reboot makes QEMU end instead."""
    assert "reboot: Restarting system" in lvz.linux(START + "reboot -f\n")


def kvm_api():
    """The program that uses KVM directly, built."""
    sysroot = lvz.sysroot()
    with build.locked("lvz"):
        lvz.command("make", "-s", "-C", lvz.HERE / "kvm", f"OUT={lvz.OUT}", f"SYSROOT={sysroot}")
    return lvz.OUT / "kvm-api"


@pytest.mark.parametrize("cpus", [1, 2])
def test_small_machines_by_kvms_own_interface(cpus):
    """Paging with refills, MMIO, hypercall, IOCSR, timers, IPIs, vectors, a thousand machines in a row."""
    text = lvz.linux(START + "kvm-api\n" + END, "-smp", cpus, **{"kvm-api": kvm_api()})
    assert "Bail out" not in text
    result = lvz.checks(text[text.index("TAP version"):])
    assert [name for name, passed in result.items() if not passed] == []
    assert len(result) >= 34
    assert "HOST-DONE" in text


GUEST = """#!/bin/busybox sh
/bin/busybox mount -t proc p /proc
/bin/busybox mount -t sysfs s /sys
echo "GUEST-INIT $(/bin/busybox grep -c ^processor /proc/cpuinfo) $(/bin/busybox seq 1 20000 | /bin/busybox md5sum)"
/bin/busybox sleep 0.3
echo "GUEST-TIMER $(/bin/busybox grep timer /proc/interrupts) : $(/bin/busybox cat /proc/uptime)"
echo GUEST-DONE
/bin/busybox stty echo
/bin/busybox poweroff -f
"""
#: The program finds its libraries where Debian has them. What the guest says goes through a file: the console is slow.
HOST = """mkdir -p /lib64 /usr/lib
ln -s /libraries /usr/lib/loongarch64-linux-gnu
ln -s /libraries/ld-linux-loongarch-lp64d.so.1 /lib64/
i=0
while [ $i -lt {rounds} ]; do
	i=$((i + 1))
	qemu-system-loongarch64 -M virt -accel kvm -cpu la464 -m 256M -smp {cpus} -kernel /bin/Image \\
		-initrd /bin/guest.cpio -append "{options}" -nographic -no-reboot -nic none </dev/null >/tmp/log 2>&1 &
	guest=$!
	silent=0
	said=0
	while sleep 1; kill -0 $guest 2>/dev/null; do
		now=$(wc -c </tmp/log)
		if [ $now -gt $said ]; then silent=0; echo "said $now"; else silent=$((silent + 1)); fi
		said=$now
		[ $silent -lt {stall} ] || kill $guest
	done
	wait $guest
	echo "ROUND $? $(grep GUEST- /tmp/log | tr '\\r\\n' '  ')"
	grep -q GUEST-DONE /tmp/log || cat /tmp/log
done
"""
#: How often a guest boots with 1 and with 2 CPUs
ROUNDS = int(os.environ.get("LVZ_ROUNDS", "20" if lvz.FULL else "2"))
#: The guest's ticks, CONFIG_HZ
HZ = 250


def timer_interrupts(text):
    """How many there were in the guest on all CPUs, and how many seconds it was up."""
    counts, up = re.search(r"GUEST-TIMER +\d+:((?: +\d+)+) +CPUINTC.*timer : ([\d.]+)", text).groups()
    return sum(map(int, counts.split())), float(up)


@pytest.mark.parametrize("cpus", [1, 2])
def test_a_stock_linux_boots_under_kvm(cpus):
    """
    Debian's kernel in a machine of Debian's QEMU with KVM: it comes to init, counts right, and switches off. Its timers
    interrupt about as often as without KVM, but for ticks while it takes longer.
    """
    program, libraries = lvz.guests_qemu()
    inner = lvz.initramfs(f"guest-{cpus}", GUEST)
    alone, _ = timer_interrupts(lvz.run("-m", "256M", "-smp", cpus, "-kernel", lvz.kernel(), "-initrd", inner,
                                        "-append", lvz.KERNEL_OPTIONS))
    script = HOST.format(rounds=ROUNDS, cpus=cpus, options=lvz.KERNEL_OPTIONS, stall=lvz.STALL)
    text = lvz.linux(START + script + END, "-smp", cpus, libraries=libraries, stall=2 * lvz.STALL,
                     **{"qemu-system-loongarch64": program, "Image": lvz.kernel(), "guest.cpio": inner})
    rounds = re.findall(r"^ROUND (\d+) (.*)$", text, re.M)
    sums = hashlib.md5("".join(f"{i}\n" for i in range(1, 20001)).encode()).hexdigest()
    assert len(rounds) == ROUNDS, text[-4000:]
    for status, said in rounds:
        assert status == "0" and re.search(rf"GUEST-INIT {cpus} {sums}\s.*GUEST-DONE", said), text[-4000:]
        count, seconds = timer_interrupts(said)
        assert count <= 2 * alone + HZ * seconds * cpus, said
    assert "HOST-DONE" in text
