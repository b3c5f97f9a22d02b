# SPDX-License-Identifier: Apache-2.0
"""What every pytest run of the project has: the collection of C tests, and a last line that says it all."""
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent / "unit"))

from ctest import pytest_collect_file  # noqa: E402,F401  pylint: disable=unused-import,wrong-import-position


@pytest.hookimpl(trylast=True)
def pytest_unconfigure(config):
    """Ends the output with one line: ``N passed, N failed``, and ``, N skipped`` when there are any."""
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    if reporter is None or hasattr(config, "workerinput"):
        return

    def count(*outcomes):
        return sum(len(reporter.stats.get(outcome, ())) for outcome in outcomes)

    # Expected failures are not used here: whoever adds one finds it among the failed.
    line = f"{count('passed')} passed, {count('failed', 'error', 'xfailed', 'xpassed')} failed"
    if count("skipped"):
        line += f", {count('skipped')} skipped"
    reporter.write_line(line)
