# SPDX-License-Identifier: Apache-2.0
"""tests/exits/*.yaml against the source: what the decoders make of each exit, and which controls are set."""

import pathlib
import re
import subprocess
import sys

import ctest
import pytest
from harness import exits

#: Bits of the last intercept word that have a code: APM vol. 2, appendix C ends there.
LAST_INTERCEPT = 0xbf
KEYS = {"code", "name", "reason", "how", "set", "clear", "asked", "impossible", "failed", "always", "tests",
        "unreached"}


def probe(vendor):
    """Runs the vendor's decoder over all codes: {code: reasons}, {(keyword, word): value} of everything else."""
    status, output = ctest.run(ctest.build(exits.TABLES / f"{vendor}_probe.c"))
    assert status == 0, output
    decoded, words = {}, {}
    for line in output.splitlines():
        keyword, name, *rest = line.split()
        if keyword == "decode":
            decoded[int(name)] = set(rest)
        else:
            words[keyword, name] = int(rest[0])
    return decoded, words


def bit(words, control):
    """Whether a control of VMX ("word bit name") is 1."""
    word, number, _ = control.split(" ", 2)
    return words["control", word] >> int(number) & 1


@pytest.mark.parametrize("vendor, last", [("vmx", 85), ("svm", LAST_INTERCEPT), ("lvz", 0x3f)])
def test_every_number_has_one_row(vendor, last):
    """No gap and no code twice; each row has what a row needs."""
    rows, names = exits.load(vendor)
    codes = [code for row in rows for code in row.codes]
    assert len(codes) == len(set(codes))
    assert set(range(last + 1)) <= set(codes)
    for row in rows:
        assert set(row.fields) <= KEYS, row.name
        assert bool(row.cannot) + ("tests" in row.fields) + ("unreached" in row.fields) == 1, row.name
        assert set(row.claims) <= set(names), row.name
    assert set(names) == {claim for row in rows for claim in row.claims}


@pytest.mark.parametrize("vendor", ["vmx", "svm", "lvz"])
def test_decoders_make_of_each_exit_what_the_table_says(vendor):
    """The real decoder, over all codes; what is in no table is nobody's wish."""
    decoded, _ = probe(vendor)
    rows, _ = exits.load(vendor)
    known = {code | (exits.ENTRY_FAILED if row.fields.get("failed") else 0): row for row in rows for code in row.codes}
    assert set(known) <= set(decoded)
    wrong = {code: (known[code].reasons if code in known else {"invalid"}, reasons) for code, reasons in decoded.items()
             if reasons != (known[code].reasons if code in known else {"invalid"})}
    assert not wrong, "code: (what the table says, what the decoder does)"


def test_vmx_controls_are_what_the_table_says():
    """On a processor where all controls may be 1."""
    _, words = probe("vmx")
    rows, _ = exits.load("vmx")
    for row in rows:
        assert "set" not in row.fields or bit(words, row.fields["set"]), row.name
        for key in ("clear", "asked"):
            assert key not in row.fields or not bit(words, row.fields[key]), row.name


def test_svm_intercepts_are_what_the_table_says():
    """The words of a vCPU that was just reset; code n up to BFh is bit n % 32 of word n / 32."""
    _, words = probe("svm")
    rows, _ = exits.load("svm")
    for row in rows:
        for code in row.codes:
            if 0 <= code <= LAST_INTERCEPT:
                assert not row.fields.get("always"), row.name
                assert words["intercepts", str(code // 32)] >> code % 32 & 1 == row.fields.get("set", False), row.name
            else:
                assert row.fields.get("always"), row.name
    # AVIC_ENABLE, and everything but nested paging: SEV, SEV-ES, GMET, SSS (APM vol. 2, appendix B).
    assert not words["enable", "avic"] >> 31 & 1
    assert words["enable", "np"] == 1


def test_the_tests_that_the_tables_name_exist():
    """A claim about a test that nobody runs would never be found false."""
    top = exits.build.TOP
    done = subprocess.run([sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "--collect-only", "-q",
                           f"--rootdir={top}", "tests/smoke", "tests/isolation"], cwd=top, check=True,
                          stdout=subprocess.PIPE, text=True)
    known = set(done.stdout.splitlines())
    missing = {name for vendor in exits.VENDORS.values() for name in exits.load(vendor)[1].values()} - known
    assert not missing


def test_the_names_of_the_source_are_those_of_the_tables():
    """The numbers in vmcs.h and vmcb.h: each has a row, and that row's name begins alike where it is one word."""
    top = exits.build.TOP
    for vendor, header, prefix in (("vmx", "vmx/vmcs.h", "VMX_EXIT_"), ("svm", "svm/vmcb.h", "SVM_EXIT_")):
        rows, _ = exits.load(vendor)
        text = pathlib.Path(top / "src/arch/x86" / header).read_text(encoding="utf-8")
        constants = re.findall(rf"^\t{prefix}(\w+) = (\w+),", text, re.M)
        assert len(constants) > 25
        for name, number in constants:
            row = exits.find(rows, int(number, 0))
            assert row and not row.name.startswith("("), name
            if re.fullmatch(r"[A-Z_]+", row.name):
                assert name == row.name


def test_what_is_reached_is_compared_and_listed(tmp_path, monkeypatch):
    """A claim that does not hold, a code that should not come and one nobody knows are found; the list is whole."""
    monkeypatch.setattr(exits, "FOUND", tmp_path)
    _, names = exits.load("vmx")
    rows, _ = exits.load("vmx")
    claimed = {code for row in rows for claim in row.claims if names[claim] == names["crash"] for code in row.codes}
    exits.keep(names["crash"], "vmx", claimed)
    assert exits.mistakes(names["crash"]) == []
    exits.keep("tests/smoke/x.py::test_x", "vmx", {2, 12, 255, exits.normal("vmx", 0x80000021)})
    assert [m.partition(":")[2].strip() for m in exits.mistakes("tests/smoke/x.py::test_x")] == [
        "HLT (12) was reached, but should not come: HLT exiting (cpu 7) is 0",
        "exit code 0xff is not in tests/exits/vmx.yaml"]
    text = "\n".join(exits.report([exits.recorded(names["crash"]), exits.recorded("tests/smoke/x.py::test_x")]))
    assert "Intel VMX: how exits are handled, and which of 2 tests reached them" in text
    assert re.search(r"^ +2  Triple fault: cell fault \"triple fault\"  <- crash \+1$", text, re.M)
    assert re.search(r"^ +33  VM-entry failure due to invalid guest state: .*  <- test_x$", text, re.M)
    assert re.search(r"^  unreached, no emulator has TDX: SEAMCALL \(76\), TDCALL \(77\) -> #UD$", text, re.M)
    for row in rows:
        lines = [line for line in text.splitlines() if re.search(rf"[ (]{row.number()}(  |\))", line)]
        if not row.name.startswith("("):
            assert len(lines) == 1 and row.name in lines[0] and row.handling() in lines[0], row.name
    assert "AMD SVM" not in text
    exits.forget()
    assert exits.mistakes(names["crash"]) == ["vmx: Triple fault (2) should be reached by this test, and was not"]


class Started:
    """What exits.collect() asks of a machine."""

    def __init__(self, said="x, Intel VMX, 4 CPUs, 2 cells, TSC", running=True, answers=()):
        self.said, self.running, self.answers = said, running, list(answers)

    def cell_lines(self, _):
        """The log."""
        return self.said.split("\n")

    def text(self):
        """The console."""
        return self.said

    def is_running(self):
        """Of the emulator."""
        return self.running

    def ask_counters(self, cells):
        """The answer to Ctrl-] s."""
        assert cells == 2 and self.running
        return self.answers


@pytest.mark.parametrize("machine, why", [
    (Started("refused to start"), "no cell was started"),
    (Started("x, Intel VMX, 4 CPUs, 2 cells, TSC\nall cells have ended"), "all cells had ended"),
    (Started(running=False), "the emulator had ended"),
    (Started(), "the machine did not answer"),
], ids=["refused", "ended", "dead", "silent"])
def test_machines_whose_exits_were_not_read_are_listed(tmp_path, monkeypatch, machine, why):
    """Beside one that was: its codes are kept, and the list says that they are not all."""
    monkeypatch.setattr(exits, "FOUND", tmp_path)
    for test in ("x.py::test_a[1]", "x.py::test_a[2]"):
        monkeypatch.setattr(exits, "running", test)
        exits.collect(Started(answers=["0 a", "1c"]))
        exits.collect(machine)
        assert exits.recorded(test) == {"test": test, "vmx": [0, 10, 28], "unread": [why]}
    lines = list(exits.report([exits.recorded("x.py::test_a[1]"), exits.recorded("x.py::test_a[2]")]))
    assert lines[-1] == f"Exits not read, {why}: test_a (2)"
    assert sum("not read" in line for line in lines) == 1


def test_codes_are_read_as_they_are_written():
    """The console's line, SVM's negative codes in both widths, VMX's bit of failed entries."""
    assert list(exits.codes_of(" 0 a-c 30 ffffffffffffffff")) == [0, 10, 11, 12, 48, 2**64 - 1]
    assert exits.normal("svm", 2**64 - 1) == exits.normal("svm", 2**32 - 1) == -1
    assert exits.normal("svm", 0x400) == 0x400
    assert exits.normal("vmx", 0x80000021) == 33
