# SPDX-License-Identifier: Apache-2.0
"""What every pytest run of the project has: C tests are collected, the last line says it all."""
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent / "unit"))

from ctest import pytest_collect_file  # noqa: E402,F401  (a hook: pytest finds it by its name)


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
