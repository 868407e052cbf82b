"""Lines of a view on an Output: kept for a reader who is late, left out for one who does not read, and never waited for."""

from __future__ import annotations

from collections.abc import Callable

from core.terminal.output import Output

#: Bytes that are kept for a reader. Beyond that lines are left out, until half of it is read.
MOST = 4 << 20


class ViewLines:
    """Adds lines to ``output``, or leaves them out. ``notice`` returns the line that says how many are missing, where they are missing."""

    def __init__(self, output: Output, notice: Callable[[int], str], most: int = MOST) -> None:
        """``most`` is in bytes."""
        self._output, self._notice, self._most = output, notice, most
        self._left_out = 0

    def add(self, text: str) -> None:
        """Add whole lines; control characters in them are escaped."""
        self.add_exact(self._output.harmless(text))

    def add_exact(self, text: str) -> None:
        """Add whole lines that whoever made them has escaped."""
        if self._output.waiting > (self._most // 2 if self._left_out else self._most):
            self._left_out += max(1, text.count("\n"))
            self._output.tick()
            return
        self.close_gap()
        self._output.add_exact(text)

    def close_gap(self) -> None:
        """Say how many lines are missing, if any are; to be called before something that is never left out."""
        if self._left_out:
            self._output.add_exact(self._notice(self._left_out))
            self._left_out = 0
