"""Rows at the bottom of a terminal that are drawn again and again, below lines that stay.

Rich's ``Live`` does the same; it leaves rows behind when the window gets narrower while it is shown (the terminal wraps
them and it does not count them anew), and importing it costs more than a small run should pay for its looks.
"""

from __future__ import annotations

from collections.abc import Sequence

from core.reports.text.columns import cells
from core.terminal.console import Output


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
