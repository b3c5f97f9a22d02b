# SPDX-License-Identifier: Apache-2.0
"""Which of the hardware's exit codes a test reached, and what tests/exits/*.yaml claims of each.

The hypervisor keeps a bit for each code that left a guest; `Ctrl-] s` shows them. Before a machine is closed they are
read, and kept in one file a test, below build/tests/exits. tests/conftest.py judges each test by them and prints the
list at the end.
"""

import collections
import json
import re

import yaml

from harness import build

TABLES = build.TOP / "tests/exits"
FOUND = build.WORK / "exits"
#: How the log's first line names the vendors.
VENDORS = {"Intel VMX": "vmx", "AMD SVM": "svm", "LVZ": "lvz"}
#: VMX sets bit 31 of the reason when the entry failed; the basic reason is the low half (SDM vol. 3, 25.9.1).
ENTRY_FAILED = 1 << 31
#: SVM's codes of 64 bits that mean -1 and so on (APM vol. 2, appendix C); some write the low half only.
NEGATIVE = {0xffffffff - n: -1 - n for n in range(16)}

#: The test that runs in this process: conftest.py sets it.
running = None


class Row:
    """One exit reason, or a range of them that are alike."""

    def __init__(self, vendor, fields):
        self.vendor, self.fields = vendor, fields
        codes = fields["code"] if isinstance(fields["code"], list) else [fields["code"]] * 2
        self.codes = range(codes[0], codes[-1] + 1)
        self.name = fields["name"]
        reasons = fields.get("reason", "invalid")
        #: The neutral reasons that the decoder makes of it.
        self.reasons = set(reasons if isinstance(reasons, list) else [reasons])
        #: Why it cannot come, in words; None when it can.
        self.cannot = fields.get("impossible")
        if "clear" in fields:
            word, bit, control = fields["clear"].split(" ", 2)
            self.cannot = f"{control} ({word} {bit}) is 0"
        elif vendor == "svm" and not {"set", "asked", "always"} & set(fields):
            self.cannot = "not intercepted"
        self.claims = fields.get("tests", [])

    def number(self):
        """The code or codes, as the manual writes them."""
        first, last = self.codes[0], self.codes[-1]
        if self.vendor == "vmx" or first < 0:
            return str(first)
        if self.vendor == "lvz":
            return f"{first:#x}" if first == last else f"{first:#x}-{last:#x}"
        return f"{first:x}h" if first == last else f"{first:x}h-{last:x}h"

    def handling(self):
        """What the hypervisor does with it."""
        if "how" in self.fields:
            return self.fields["how"]
        return "cell fault" if self.reasons == {"invalid"} else " or ".join(sorted(self.reasons))

    def why_unreached(self):
        """Why no test reached it, in words."""
        if self.cannot:
            return "impossible" if "impossible" in self.fields else "not asked for"
        return self.fields.get("unreached") or "tests that claim it did not run"


def load(vendor):
    """The table of a vendor: its rows, and what its short names of tests stand for."""
    text = yaml.safe_load((TABLES / f"{vendor}.yaml").read_text(encoding="utf-8"))
    return [Row(vendor, fields) for fields in text["exits"]], text["tests"]


def find(rows, code):
    """The row of @code, or None."""
    return next((row for row in rows if code in row.codes), None)


def normal(vendor, code):
    """A code as the tables write it."""
    if vendor == "vmx":
        return code & ~ENTRY_FAILED
    return NEGATIVE.get(code & 0xffffffff, code) if vendor == "svm" else code


def codes_of(line):
    """The codes that a line of the console names, such as "10 1c-1f"."""
    for word in line.split():
        first, _, last = word.partition("-")
        yield from range(int(first, 16), int(last or first, 16) + 1)


def collect(machine):
    """
    Asks a running Bulkhead for its exit codes and adds them to those of the test that runs.

    If that cannot be, why is kept: what the machine reached is not in the list then.
    """
    test = running
    if not test:
        return
    started = re.search(rf", ({'|'.join(VENDORS)}), \d+ CPUs?, (\d+) cells?", "\n".join(machine.cell_lines("bulkhead")))
    if not started:
        keep_unread(test, "no cell was started")
    elif "all cells have ended" in machine.text():
        keep_unread(test, "all cells had ended")
    elif not machine.is_running():
        keep_unread(test, "the emulator had ended")
    else:
        lines = machine.ask_counters(int(started[2]))
        if lines:
            vendor = VENDORS[started[1]]
            keep(test, vendor, {normal(vendor, code) for line in lines for code in codes_of(line)})
        else:
            keep_unread(test, "the machine did not answer")


def keep(test, vendor, codes):
    """Adds codes to those that a test reached."""
    _keep(test, vendor, sorted(codes.union(recorded(test).get(vendor, []))))


def keep_unread(test, why):
    """Notes that a test ran a machine whose codes could not be read."""
    _keep(test, "unread", [*recorded(test).get("unread", []), why])


def _keep(test, key, value):
    """Sets one entry of what is kept of a test."""
    everything = {**recorded(test), "test": test, key: value}
    FOUND.mkdir(parents=True, exist_ok=True)
    _file(test).write_text(json.dumps(everything), encoding="utf-8")


def _file(test):
    """Where the codes of a test are kept."""
    return FOUND / (re.sub(r"\W+", "-", test).strip("-") + ".json")


def recorded(test):
    """What was kept of a test: {vendor: codes, "unread": reasons}."""
    try:
        return json.loads(_file(test).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}


def forget():
    """Removes what earlier runs found."""
    for file in FOUND.glob("*.json"):
        file.unlink()


def mistakes(test):
    """What is wrong in the tables by what a test that has passed reached, in words."""
    found = recorded(test)
    wrong = []
    for vendor in VENDORS.values():
        rows, names = load(vendor)
        reached = found.get(vendor, [])
        for code in reached:
            row = find(rows, code)
            if row is None:
                wrong.append(f"{vendor}: exit code {code:#x} is not in tests/exits/{vendor}.yaml")
            elif row.cannot:
                wrong.append(f"{vendor}: {row.name} ({row.number()}) was reached, but should not come: {row.cannot}")
        wrong += [f"{vendor}: {row.name} ({row.number()}) should be reached by this test, and was not"
                  for row in rows if test in [names[claim] for claim in row.claims]
                  and not any(code in reached for code in row.codes)]
    return wrong


def report(results):
    """
    The list of all exit reasons as lines of text: how each is handled, and which of the tests in @results reached it;
    those that none did are together where cause and handling are the same. Then the tests that ran a machine whose
    codes could not be read, and how many of them, where they differ by parameters only.

    @results: what recorded() returns, for each test.
    """
    for title, vendor in VENDORS.items():
        seen = [result for result in results if vendor in result]
        if not seen:
            continue
        rows, names = load(vendor)
        unreached = {}
        yield f"{title}: how exits are handled, and which of {len(seen)} tests reached them"
        for row in rows:
            tests = [result["test"] for result in seen if any(code in row.codes for code in result[vendor])]
            if row.name.startswith("("):  # there is no such reason
                continue
            if tests:
                yield f"  {row.number():>6}  {row.name}: {row.handling()}  <- {_listed(tests, names)}"
            else:
                key = row.why_unreached(), row.handling()
                unreached.setdefault(key, []).append(f"{row.name} ({row.number()})")
        for (why, handling), these in unreached.items():
            yield f"  unreached, {why}: {', '.join(these)} -> {handling}"
        for name, test in names.items():
            yield f"  {name} is {test.partition('/')[2]}"
    unread = collections.defaultdict(collections.Counter)
    for result in results:
        for why in result.get("unread", []):
            unread[why][result["test"].rpartition("::")[2].partition("[")[0]] += 1
    for why, tests in unread.items():
        yield f"Exits not read, {why}: " + ", ".join(f"{test} ({count})" for test, count in sorted(tests.items()))


def _listed(tests, names):
    """Tests by the tables' short names for them, at least one, and how many others."""
    short = [name for name, test in names.items() if test in tests] or [tests[0].rpartition("::")[2]]
    return " ".join(short) + (f" +{len(tests) - len(short)}" if len(tests) > len(short) else "")
