# SPDX-License-Identifier: Apache-2.0
"""What every pytest run of the project has: C tests are collected, the exit reasons that the tests on machines reached
are judged and listed, the last line says it all."""
import json
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent / "unit"))
sys.path.insert(0, str(Path(__file__).parent))

from ctest import pytest_collect_file  # noqa: E402,F401  (a hook: pytest finds it by its name)
from harness import exits  # noqa: E402

#: The folders whose tests run machines.
ON_MACHINES = ("tests/smoke/", "tests/isolation/")


def pytest_sessionstart(session):
    """Before any test: what earlier runs reached does not count. A mere collection is no run, and may be within one."""
    if not hasattr(session.config, "workerinput") and not session.config.option.collectonly:
        exits.forget()


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    """Keeps whether the test itself passed."""
    outcome = yield
    if call.when == "call":
        item.passed = outcome.get_result().passed


@pytest.fixture(autouse=True)
def exits_as_the_tables_say(request):
    """A test on a machine reaches what tests/exits/*.yaml says, and nothing that cannot come."""
    # As the tables write it, whatever pytest takes for the root of the tests.
    name = f"{request.path.relative_to(exits.build.TOP)}::{request.node.name}"
    exits.running = name
    yield
    exits.running = None
    if name.startswith(ON_MACHINES) and getattr(request.node, "passed", False):
        assert exits.mistakes(name) == []


def pytest_terminal_summary(terminalreporter):
    """The list of all exit reasons, if any test on a machine ran."""
    results = [json.loads(file.read_text(encoding="utf-8")) for file in sorted(exits.FOUND.glob("*.json"))]
    for line in exits.report(results):
        terminalreporter.write_line(line)


@pytest.hookimpl(trylast=True)
def pytest_unconfigure(config):
    """Ends the output with the line ``N passed, N failed``, and ``, N skipped`` if any were."""
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    if reporter is None or hasattr(config, "workerinput"):
        return

    def count(*outcomes):
        # By name: each process of pytest-xdist reports the same collection error.
        reports = (report for outcome in outcomes for report in reporter.stats.get(outcome, ()))
        return len({report.nodeid for report in reports})

    # Expected failures are not used here: whoever adds one finds it among the failed.
    line = f"{count('passed')} passed, {count('failed', 'error', 'xfailed', 'xpassed')} failed"
    if count("skipped"):
        line += f", {count('skipped')} skipped"
    reporter.write_line(line)
