"""What programs read of a run: its events as JSON, one a line, and reports in files (JUnit's XML, GitHub's step summary)."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from contextlib import suppress

from core.domain.untrusted.printable import inert_json
from core.event_values import to_json
from core.events import Event, RunFinished
from core.files.report_path import check_report_path
from core.reports.run.progress import Progress
from core.terminal.console import Output

#: Returns the text of a report on a finished run.
Render = Callable[[Progress], str]


class JsonView:
    """Writes every event to one stream, in ASCII: valid whatever the stream's encoding and the bytes of a file name."""

    def __init__(self, output: Output) -> None:
        self._output = output

    def __call__(self, event: Event) -> None:
        """Write one event."""
        self._output.add_exact(inert_json(json.dumps(to_json(event))) + "\n")
        if isinstance(event, RunFinished):
            self._output.flush()

    def tick(self) -> None:
        """Write what is pending."""
        self._output.tick()

    def close(self) -> str:
        """Write what is pending; return why events are lost, if any are."""
        self._output.flush()
        return self._output.problem


class ReportFile:
    """Writes one report when the run has finished.

    Why it cannot be written goes to ``complaints`` and changes nothing else. Without ``complaints`` somebody asked for the file, and
    ``close`` returns why it is not there. ``mask`` takes known secrets out of what is written.
    """

    def __init__(
        self,
        path: str,
        render: Render,
        complaints: Output | None = None,
        *,
        append: bool = False,
        mask: Callable[[str], str] = lambda text: text,
    ) -> None:
        self._path, self._render, self._mask, self._complaints = path, render, mask, complaints
        self._mode = "a" if append else "w"
        self._problem = ""
        self._progress = Progress()

    def __call__(self, event: Event) -> None:
        """Take one event."""
        self._progress.take(event)
        if not isinstance(event, RunFinished):
            return
        try:
            check_report_path(self._path)
            with suppress(FileExistsError):
                os.makedirs(os.path.dirname(self._path) or ".")
            with open(self._path, self._mode, encoding="utf-8", errors="backslashreplace") as file:
                file.write(self._mask(self._render(self._progress)))
        except OSError as error:
            self._complain(f"{self._path}: not written: {error.strerror}")

    def tick(self) -> None:
        """Nothing is pending before the end."""

    def close(self) -> str:
        """Nothing is pending before the end. Returns why a file that somebody asked for is not there."""
        return self._problem

    def _complain(self, problem: str) -> None:
        if self._complaints is None:
            self._problem = problem
            return
        self._complaints.add(f"! {'':8}  {problem}\n")
        self._complaints.flush()
