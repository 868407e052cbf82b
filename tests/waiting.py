"""Waiting for what must happen, without a say in how fast. Imports nothing of ours."""

from __future__ import annotations

import time
from collections.abc import Callable

#: Seconds after which something counts as hanging. It judges nobody's speed: no machine, however busy, may need so long.
TIMEOUT = 300.0


def until(condition: Callable[[], object], *, within: float = TIMEOUT, every: float = 0.01, what: str = "") -> float:
    """Wait for ``condition`` and return the seconds it took. Fails when it hangs."""
    begun = time.monotonic()
    while not condition():
        assert time.monotonic() - begun < within, f"after {within:g} s still not: {what or condition}"
        time.sleep(every)
    return time.monotonic() - begun
