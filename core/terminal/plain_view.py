"""The view of pipes, files and simple terminals: lines are only ever added."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Protocol

from core import events
from core.reports.run.event_line import Volume, event_line
from core.reports.run.progress import Progress
from core.reports.run.run_summary import Tail, run_summary
from core.reports.text.wording import count, listing, seconds
from core.terminal.console import Output

#: Seconds of silence after which a sign of life is due; CI services take longer silence for death.
_SILENCE = 60.0


class Dialect(Protocol):
    """What a CI service needs beside the lines; its texts are written without escaping."""

    def task(self, event: events.TaskFinished, line: str) -> str:
        """Return what to write for a task that ended, given its line."""

    def summary(self, text: str) -> str:
        """Return what to write at the end, given the summary."""


class PlainView:
    """Adds one line for what ended; the summary goes to ``result``."""

    def __init__(
        self,
        lines: Output,
        result: Output,
        *,
        tail: Tail,
        volume: Volume = Volume.NORMAL,
        dialect: Dialect | None = None,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._dialect = dialect
        self._lines, self._result, self._tail, self._volume, self._now = lines, result, tail, volume, now
        self._progress = Progress()
        self._style = lines.style()
        self._last_line = now()

    def __call__(self, event: events.Event) -> None:
        """Show one event."""
        self._progress.take(event)
        tries = self._progress.tries.get(event.task_id, 1) if isinstance(event, events.TaskFinished) else 1
        line = event_line(event, self._style, self._volume, tries)
        if line:
            self._last_line = event.at
            if self._dialect is not None and isinstance(event, events.TaskFinished):
                self._lines.add_exact(self._dialect.task(event, line))
            else:
                self._lines.add(line)
        if isinstance(event, events.RunFinished):
            self.close()
            text = run_summary(self._progress, self._result.style(), tail=self._tail, volume=self._volume)
            if self._dialect is None:
                self._result.add(text)
            else:
                self._result.add_exact(self._dialect.summary(text))
            self._result.flush()

    def tick(self) -> None:
        """Write what is pending, and a sign of life after a minute of silence."""
        now = self._now()
        if now - self._last_line >= _SILENCE and self._progress.running and self._volume is not Volume.QUIET:
            self._last_line = now
            running = self._progress.running.values()
            names = listing([f"{task.task_id} ({seconds(now - task.at)})" for task in running])
            self._lines.add(f"{self._style.busy('▸')} {'':8}  {count(len(running), 'task')} running: {names}\n")
        self._lines.tick()

    def close(self) -> str:
        """Write what is pending; return why the summary is lost, if it is."""
        self._lines.flush()
        return self._result.problem
