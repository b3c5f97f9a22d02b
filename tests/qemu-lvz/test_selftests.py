# SPDX-License-Identifier: Apache-2.0
"""Linux's own KVM selftests for LoongArch, as far as its source has them: make test T=lvz runs them."""

import re

import pytest

import lvz
from test_kvm import END, START

#: How long one may take, and one that may be stopped then; how that ends
SECONDS = 600
SHORTER = 90
STOPPED = 143
#: The selftests with the arguments that keep them short on an emulator, and how they may end: 4 is that something is
#: not there.
TESTS = {
    "coalesced_io_test": ("", 0),
    "demand_paging_test": ("", 0),
    "dirty_log_perf_test": ("-b 64M", 0),
    "dirty_log_test": ("", 0),
    "guest_print_test": ("", 0),
    "kvm_binary_stats_test": ("", 0),
    "kvm_create_max_vcpus": ("", 0),
    "kvm_page_table_test": ("-b 64M", 0),
    "memslot_modification_stress_test": ("", 0),
    "memslot_perf_test": ("-s 64 -l 1", 0),
    "set_memory_region_test": ("", 0),
    "steal_time": ("", 0),
    "loongarch/pmu_test": ("", 4),  # this machine has no performance monitor
    # 512 machines with 4 CPUs and 64 threads each: it is not waited for. Last, as children that it leaves behind may
    # keep others waiting.
    "hardware_disable_test": ("", 0, STOPPED),
}
#: It asserts that the guest runs within a second of its creation: time must be the emulated machine's.
TIMED = {"arch_timer": ("", 0)}
COUNTED = ("-icount", "shift=1,sleep=off")


def outcomes(tests, *arguments):
    """Runs selftests in one boot of the host: {name: (exit status, what it said)}."""
    programs = lvz.selftests()
    unknown = [name for name in tests if name not in programs]
    assert not unknown, f"this Linux has no {unknown}"
    lines = [f"echo 'SELFTEST {name}'; timeout {SHORTER if STOPPED in ends else SECONDS} "
             f"/bin/{name.split('/')[-1]} {options} >/tmp/log 2>&1; status=$?; "
             f"tail -n 40 /tmp/log; echo \"STATUS $status\"\n" for name, (options, *ends) in tests.items()]
    files = {name.split("/")[-1]: programs[name] for name in tests}
    # Some want shared memory, and huge pages if there are any.
    mounts = "mkdir -p /dev/shm /proc/sys/kernel; mount -t tmpfs s /dev/shm\n"
    text = lvz.linux(START + mounts + "".join(lines) + END, *arguments, stall=4 * lvz.STALL, **files)
    assert "HOST-DONE" in text
    found = re.findall(r"^SELFTEST (\S+)\n(.*?)^STATUS (\d+)$", text, re.M | re.S)
    return {name: (int(status), said) for name, said, status in found}


@pytest.fixture(name="results", scope="module")
def one_boot():
    """All but those that need the machine's own time."""
    return outcomes(TESTS, "-smp", 2)


@pytest.mark.parametrize("name", TESTS)
def test_a_selftest_ends_as_it_should(results, name):
    """With the exit status that is expected."""
    status, said = results[name]
    assert status in TESTS[name][1:], said


@pytest.mark.parametrize("name", TIMED)
def test_a_selftest_of_time(name):
    """Time is that of the emulated machine, however slow this computer is."""
    status, said = outcomes({name: TIMED[name]}, "-smp", 2, *COUNTED)[name]
    assert status in TIMED[name][1:], said


def test_no_selftest_is_forgotten():
    """What Linux's source builds for LoongArch is in one of the lists."""
    assert set(lvz.selftests()) == set(TESTS) | set(TIMED)
