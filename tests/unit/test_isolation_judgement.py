# SPDX-License-Identifier: Apache-2.0
"""When the isolation tests take their victim for disturbed."""

import sys

import pytest

from harness import build

sys.path.insert(0, str(build.TOP / "tests/isolation"))

from test_isolation import disturbances  # noqa: E402

ATTACK = {"storm": (None, "storm", "1000", "1000", "0")}


def reports(paces, **last):
    """The victim's lines: one a second, with so many ticks in it; @last: of the last line."""
    lines, ticks = [], 0
    for second, pace in enumerate([0, *paces]):
        ticks += pace
        lines.append((second + 1, 100 + ticks, 1, 0, 0, 20000))
    names = ("t", "ticks", "passes", "errors", "unexpected", "gap")
    lines[-1] = tuple(last.get(name, value) for name, value in zip(names, lines[-1]))
    return lines


@pytest.mark.parametrize("paces", [
    [100] * 12,
    [30] * 9 + [40] * 3,  # a host that is busy all the time
    [30] * 9 + [100] * 3,  # one that has less to do when the attack is over
    [100, 5, 100, 5, 100, 5, 100, 5, 100, 100, 100, 100],
    [100] * 4,
])
def test_a_busy_host_disturbs_nobody(paces):
    assert disturbances(reports(paces), ATTACK) == []


@pytest.mark.parametrize("paces, last, says", [
    ([100] * 3 + [10] * 5 + [100] * 6, {}, "victim: 10.0 ticks a second for 5 s of the attack, 100.0 afterwards"),
    ([5] * 3 + [100] * 3, {}, "victim: 5.0 ticks a second for 5 s of the attack, 100.0 afterwards"),
    ([100] * 12, {"gap": 3000001}, "victim: 3000001 us between two ticks"),
    ([100] * 12, {"ticks": 1600}, "victim: 1600 ticks in 13 s, more than its own timer makes"),
    ([100] * 12, {"ticks": 100}, "victim: stands still"),
    ([100] * 12, {"errors": 1}, "victim: 1 errors, 0 unexpected interrupts"),
    ([100] * 12, {"unexpected": 2}, "victim: 0 errors, 2 unexpected interrupts"),
])
def test_a_disturbed_victim_is_found(paces, last, says):
    assert says in disturbances(reports(paces, **last), ATTACK)


def test_what_leaked_is_told():
    assert disturbances(reports([100] * 5), {"memory": (None, "memory", "9", "8", "1")}) == ["memory leaked 1"]
