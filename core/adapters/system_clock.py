"""The port ``Clock`` on the machine's own clocks."""

from __future__ import annotations

import time


class SystemClock:
    """Unix time, and seconds since the machine started."""

    def now(self) -> float:
        return time.time()

    def monotonic(self) -> float:
        return time.monotonic()
