# SPDX-License-Identifier: Apache-2.0
"""What exits cost, on a machine whose TSC counts instructions: Bochs with one CPU. `make bench` shows the figures."""

import re

from harness import build
from harness.systems import start

#: Instructions of a round trip. The first does nothing but leave and enter the guest: it should take at most 300, and
#: took 298 with Debian 12's compiler; the rest is for other compilers.
LIMITS = {"hypercall": 330, "CPUID": 400, "RDMSR": 450, "ICR": 500, "OUT": 750}


def test_exits_stay_cheap():
    """A hot path that grew is noticed."""
    with start(build.system("tests/bench/bochs-x86-cost.dts")) as machine:
        machine.wait_cell("attacker", "ATTACK COMPLETE")
        costs = {name: int(ticks) for name, ticks in re.findall(r"^cost (\w+) (\d+)$", machine.cell_text("attacker"),
                                                                re.M)}
    assert set(costs) == set(LIMITS)
    assert all(100 < costs[name] <= limit for name, limit in LIMITS.items()), costs
