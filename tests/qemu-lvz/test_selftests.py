# SPDX-License-Identifier: Apache-2.0
"""Linux's own KVM selftests for LoongArch, as far as its source has them: make test T=lvz runs them."""

import re

import pytest

import lvz
from test_kvm import END, START

#: How long one may take
SECONDS = 3600
#: How often the host says that it is alive, while a test says nothing
BEAT = 60
#: The selftests with the arguments that keep them short on an emulator, and their exit status: 4 is that something is
#: not there.
TESTS = {
    "hardware_disable_test": ("", 0),  # 512 machines with 4 CPUs and 64 threads each: a quarter of an hour
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
}
#: It asserts that the guest runs within a second of its creation: time must be the emulated machine's.
TIMED = ["arch_timer"]
COUNTED = ("-icount", "shift=1,sleep=off")


def outcome(name, options, *arguments):
    """Runs a selftest: its exit status, and the last that it said."""
    program = lvz.selftests()[name]
    # Some want shared memory, and huge pages if there are any.
    init = START + f"""mkdir -p /dev/shm /proc/sys/kernel; mount -t tmpfs s /dev/shm
while sleep {BEAT}; do echo alive; done &
timeout {SECONDS} /bin/{program.name} {options} >/tmp/log 2>&1; status=$?
echo SAID; tail -n 40 /tmp/log; echo "STATUS $status"
""" + END
    text = lvz.linux(init, *arguments, **{program.name: program})
    said, status = re.search(r"^SAID\n(.*?)^STATUS (\d+)$", text, re.M | re.S).groups()
    return int(status), said


@pytest.mark.parametrize("name", TESTS)
def test_a_selftest_ends_as_it_should(name):
    """With the exit status that is expected."""
    options, expected = TESTS[name]
    status, said = outcome(name, options, "-smp", 2)
    assert status == expected, said


@pytest.mark.parametrize("name", TIMED)
def test_a_selftest_of_time(name):
    """Time is that of the emulated machine, however slow this computer is."""
    status, said = outcome(name, "", "-smp", 2, *COUNTED)
    assert status == 0, said


def test_no_selftest_is_forgotten():
    """What Linux's source builds for LoongArch is in one of the lists."""
    assert set(lvz.selftests()) == set(TESTS) | set(TIMED)
