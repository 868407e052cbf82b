"""Rows at the bottom of a terminal that are drawn again and again, below lines that stay; and the row that is shown while code is measured.

Rich's ``Live`` does the same; it leaves rows behind when the window gets narrower while it is shown (the terminal wraps
them and it does not count them anew), and importing it costs more than a small run should pay for its looks.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from core.reports.text.columns import cells
from core.reports.text.wording import roughly
from core.terminal.output import PACE, Output


class Screen:
    """Draws on one terminal. Nobody else may write to it between the first ``draw`` and ``clear``."""

    def __init__(self, output: Output) -> None:
        self._output = output
        #: Width in columns of each row that is shown.
        self._shown: list[int] = []
        self._last: tuple[str, ...] = ()

    def draw(self, above: str, rows: Sequence[tuple[str, str]]) -> None:
        """Put ``above`` (whole lines, to stay) over ``rows``, each given bare and coloured, none wider than the terminal."""
        coloured = tuple(painted for _, painted in rows)
        if not above and coloured == self._last:
            return
        harmless = self._output.harmless
        kept = harmless(above).replace("\n", "\x1b[K\n")
        self._output.add_exact(self._up() + kept + "".join(f"{harmless(row)}\x1b[K\n" for row in coloured) + "\x1b[J")
        self._output.flush()
        self._shown = [cells(bare) for bare, _ in rows]
        self._last = coloured

    def clear(self) -> None:
        """Take the rows away."""
        if self._shown:
            self._output.add_exact(self._up() + "\x1b[J")
            self._output.flush()
        self._shown, self._last = [], ()

    def _up(self) -> str:
        """Return the escape that leads to the first row, counting rows that a narrower window has wrapped."""
        if not self._shown:
            return ""
        columns, lines = self._output.size()
        rows = sum(max(1, -(-width // columns)) for width in self._shown)
        return f"\x1b[{min(rows, lines - 1)}F"


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
            if self._stderr.waiting:
                self._stderr.tick()
                return
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
