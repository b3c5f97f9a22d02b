# SPDX-License-Identifier: Apache-2.0
"""Reads what the self-check in the guest found; docs/images.md lists its keys."""

import re

#: Messages that tell how long the emulator's host kept a virtual CPU waiting, not what the machine is. The bare
#: kernel prints them too when the host is busy (four bare machines at once on two cores: two of them the first).
TIMING = [
    r"^APIC calibration not consistent with PM-Timer",  # a pause between two readings of one moment
    r"^hrtimer: interrupt took",                        # a pause in an interrupt handler
]


def parse(lines):
    """The last self-check in @lines as {key: [values]}; empty when there is none."""
    result = {}
    inside = False
    for line in lines:
        line = line.strip()
        if line == "BULKHEAD-CHECK-BEGIN":
            result, inside = {}, True
        elif line == "BULKHEAD-CHECK-END":
            inside = False
        elif inside and "=" in line:
            key, value = line.split("=", 1)
            result.setdefault(key, []).append(value)
    return result


def _same(message):
    """A message without its numbers, which differ from boot to boot."""
    return re.sub(r"0x[0-9a-f]+|\d+", "N", message)


def new_warnings(check, bare):
    """The warnings of @check that the bare machine does not show."""
    known = {_same(w) for w in bare.get("warn", [])}
    return [w for w in check.get("warn", [])
            if _same(w) not in known and not any(re.search(t, w) for t in TIMING)]
