"""What every test relies on."""

from __future__ import annotations

import os
import signal
import tempfile
from collections.abc import Iterator
from pathlib import Path
from zlib import crc32

import pytest
from hypothesis import settings

from tests.commands import Commands, noted

_COMMANDS = pytest.StashKey[Commands]()

#: `make test` shows the same examples every time; `make faults` looks for new ones, and each failure prints how to repeat it.
settings.register_profile("repeatable", derandomize=True, database=None, deadline=None, print_blob=True)
settings.register_profile("exploring", derandomize=False, deadline=None, print_blob=True)


def pytest_configure() -> None:
    """Answer signals as a process of a terminal does, also where somebody started the tests with some of them ignored."""
    # Where it keeps temporary directories pytest also clears up; not where the tests of another clone may be doing so at the moment.
    temporary = Path(tempfile.gettempdir(), f"orchestrator-{crc32(os.fsencode(Path(__file__).parents[1])):08x}")
    temporary.mkdir(exist_ok=True)
    os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(temporary))
    settings.load_profile("exploring" if "FAULT_SCALE" in os.environ else "repeatable")
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_SETMASK, ())


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Iterator[None]:
    commands = item.stash[_COMMANDS] = Commands()
    with noted(commands):
        return (yield)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    """Show what a failed test has run."""
    report = yield
    if report.failed and (commands := item.stash[_COMMANDS]).run:
        report.sections.append(("Commands of this test", str(commands)))
    return report
