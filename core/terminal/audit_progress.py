"""The line that a terminal shows while code is measured for the first time."""

from __future__ import annotations

import time
from collections.abc import Callable

from core.reports.text.wording import roughly
from core.terminal.console import PACE, Output
from core.terminal.screen import Screen

#: Fewer files are measured before anybody could read the line.
_WORTH_SHOWING = 50
_BAR = 20


class MeasuringLine:
    """Called with how many files are done of how many; draws on a live terminal, and nowhere else."""

    def __init__(self, stderr: Output, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._screen = Screen(stderr)
        self._stderr = stderr
        self._live = stderr.look.live
        self._monotonic = monotonic
        self._began: float | None = None
        self._drawn = 0.0

    def __call__(self, done: int, total: int) -> None:
        """Take one report of the meter."""
        if not self._live or total < _WORTH_SHOWING:
            return
        now = self._monotonic()
        if self._began is None:
            self._began = now
        if now - self._drawn >= PACE:
            self._drawn = now
            line = measuring(done, total, now - self._began)[: self._stderr.size()[0] - 1]
            self._screen.draw("", [(line, line)])

    def clear(self) -> None:
        """Take the line away."""
        self._screen.clear()


def measuring(done: int, total: int, seconds: float) -> str:
    """Return ``measuring ━━━━━───── 1,204 of 3,000 files · 812 files/s · 2s left``."""
    filled = round(_BAR * done / total)
    line = f"measuring {'━' * filled}{'─' * (_BAR - filled)} {done:,} of {total:,} files"
    if not done or seconds < 3 * PACE:
        return line
    rate = done / seconds
    left = f" · {roughly((total - done) / rate)} left" if done < total else ""
    return f"{line} · {rate:,.0f} files/s{left}"
