"""The view of a person at a terminal: one line that stays for all that ended, and below it what is going on."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from core import events
from core.reports.run.event_line import Volume, event_line, left_out
from core.reports.run.progress import Progress, live_rows
from core.reports.run.run_summary import Tail, run_summary
from core.terminal.output import PACE, Output
from core.terminal.screen import Screen

#: Lines that are kept for a terminal that takes nothing (Ctrl-S); later ones are left out.
_KEPT = 2000


class LiveView:
    """Draws at most every PACE seconds, however many events there are; between events ``tick`` keeps the time moving."""

    def __init__(
        self,
        terminal: Output,
        result: Output,
        *,
        tail: Tail,
        upcoming: Callable[[int], Sequence[str]],
        volume: Volume = Volume.NORMAL,
        offers_reflection: bool = False,
        now: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._terminal, self._result = terminal, result
        self._tail, self._upcoming, self._volume = tail, upcoming, volume
        self._offers_reflection = offers_reflection
        self._now, self._monotonic = now, monotonic
        self._screen = Screen(terminal)
        self._progress = Progress()
        self._above: list[str] = []
        self._left_out = 0
        self._drawn = monotonic()
        self._style = terminal.style()

    def __call__(self, event: events.Event) -> None:
        """Show one event."""
        self._progress.take(event)
        tries = self._progress.tries.get(event.task_id, 1) if isinstance(event, events.TaskFinished) else 1
        line = event_line(event, self._style, self._volume, tries)
        if line and self._terminal.waiting and len(self._above) >= _KEPT:
            self._left_out += 1
        elif line:
            self._above.append(line)
        if isinstance(event, events.RunFinished):
            self._finish()
        else:
            self.tick()

    def tick(self) -> None:
        """Draw when it is time to; call this at least every PACE seconds."""
        moment = self._monotonic()
        if moment - self._drawn >= PACE:
            self._drawn = moment
            self._draw()

    def close(self, *, hurried: bool = False) -> str:
        """Leave the terminal as a person expects it, whatever happened to the run."""
        del hurried
        if self._above:
            self._screen.draw(self._lines_above(), ())
        self._screen.clear()
        return ""

    def _draw(self) -> None:
        if self._terminal.closed:
            self._above.clear()
            return
        if self._terminal.waiting:
            self._terminal.tick()
            return
        columns, lines = self._terminal.size()
        self._style = self._terminal.style()
        rows = live_rows(self._progress, self._style, now=self._now(), upcoming=self._upcoming, width=columns - 1, height=lines - 2)
        self._screen.draw(self._lines_above(), rows)

    def _lines_above(self) -> str:
        """Return the lines that are to stay and have not been drawn yet, once."""
        if self._left_out:
            self._above.append(left_out(self._left_out, self._style))
        text = "".join(self._above)
        self._above.clear()
        self._left_out = 0
        return text

    def _finish(self) -> None:
        self.close()
        self._result.add(
            run_summary(
                self._progress, self._result.style(), tail=self._tail, volume=self._volume, offers_reflection=self._offers_reflection
            )
        )
        self._result.flush()
