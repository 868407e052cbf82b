"""What every test relies on."""

from __future__ import annotations

import signal


def pytest_configure() -> None:
    """Answer signals as a process of a terminal does, also where somebody started the tests with some of them ignored."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_SETMASK, ())
