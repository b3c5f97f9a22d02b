# SPDX-License-Identifier: Apache-2.0
"""What exits cost, on machines with one CPU whose clock counts instructions: Bochs, and QEMU with LVZ told to. `make
bench` shows the figures."""

import re

import pytest

from harness import build
from harness.systems import start

#: Instructions of a round trip. The first does nothing but leave and enter the guest: it should take at most 300 on VMX
#: and 200 on LVZ, and took 298 with Debian 12's gcc and 196 with clang 19; the rest of VMX is for other compilers.
VMX = {"hypercall": 330, "CPUID": 400, "RDMSR": 450, "ICR": 500, "OUT": 750}
LVZ = {"hypercall": 200, "CSR": 360, "CPUCFG": 410, "IPI-block": 470, "MMIO": 640, "IOCSR": 700}


@pytest.mark.parametrize("config, extra, limits", [
    pytest.param("tests/bench/bochs-x86-cost.dts", [], VMX, id="vmx-bochs"),
    pytest.param("tests/bench/qemu-loongarch-cost.dts", ["-icount", "shift=0"], LVZ, id="lvz"),
])
def test_exits_stay_cheap(config, extra, limits):
    """A hot path that grew is noticed."""
    with start(build.system(config), extra=extra) as machine:
        machine.wait_cell("attacker", "ATTACK COMPLETE")
        costs = {name: int(ticks) for name, ticks in re.findall(r"^cost (\S+) (\d+)$", machine.cell_text("attacker"),
                                                                re.M)}
    assert set(costs) == set(limits)
    assert all(100 < costs[name] <= limit for name, limit in limits.items()), costs
