"""A sound repository to spoil, and the count of what was tried."""

from __future__ import annotations

from collections import Counter

import pytest

from tests.security.monitor import why_not
from tests.security.repository import Repository, make_sound

#: The property under which a test says how many cells it tried.
CELLS = "cells"


@pytest.fixture(scope="session")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Repository:
    if reason := why_not():
        pytest.skip(reason)
    return make_sound(tmp_path_factory.mktemp("sound") / "world")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say how many cells were tried, and against how many tricks."""
    counts: Counter[str] = Counter()
    for reports in terminalreporter.stats.values():
        for report in reports:
            for name, number in getattr(report, "user_properties", ()):
                if name == CELLS and report.when == "call":
                    counts["cells"] += number
                    counts["tests"] += 1
    if counts:
        terminalreporter.write_line(f"hostile repositories: {counts['cells']} cells in {counts['tests']} tests")
