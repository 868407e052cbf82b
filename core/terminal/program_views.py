"""What programs read of a run: its events as JSON, one a line, and reports in files (JUnit's XML, GitHub's step summary)."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from contextlib import suppress

from core.domain.untrusted.printable import inert_json
from core.event_values import to_json
from core.events import Event, EventsDropped, RunFinished
from core.files.report_path import check_report_path
from core.reports.run.progress import Progress
from core.terminal.output import Output
from core.terminal.view_lines import MOST, ViewLines

#: Returns the text of a report on a finished run.
Render = Callable[[Progress], str]


class JsonView:
    """Writes events to one stream, in ASCII: valid whatever the stream's encoding and the bytes of a file name.

    For a reader who does not keep up events are left out, with an ``events_dropped`` in their place; RunFinished never is.
    """

    def __init__(self, output: Output, most: int = MOST) -> None:
        """``most``: bytes that are kept for the reader before events are left out."""
        self._output = output
        self._lines = ViewLines(output, self._dropped, most)
        self._event: Event | None = None

    def __call__(self, event: Event) -> None:
        """Write one event."""
        self._event = event
        if isinstance(event, RunFinished):
            self._lines.close_gap()
            self._output.add_exact(_line(event))
            self._output.flush()
        else:
            self._lines.add_exact(_line(event))

    def _dropped(self, count: int) -> str:
        assert self._event is not None
        return _line(EventsDropped(at=self._event.at, run_id=self._event.run_id, count=count))

    def tick(self) -> None:
        """Write what is pending."""
        self._output.tick()

    def close(self, *, hurried: bool = False) -> str:
        """Write what is pending."""
        del hurried
        self._lines.close_gap()
        self._output.flush()
        return ""


def _without_waiting(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_NONBLOCK, 0o666)


def _line(event: Event) -> str:
    return inert_json(json.dumps(to_json(event))) + "\n"


class ReportFile:
    """Makes one report when the run has finished, and writes it when it is closed: who reads the file may be slow, or not there.

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
        self._path, self._render, self._mask, self._complaints = os.path.abspath(path), render, mask, complaints
        self._append = append
        self._text: str | None = None
        self._problem = ""
        self._progress = Progress()

    def __call__(self, event: Event) -> None:
        """Take one event."""
        self._progress.take(event)
        if not isinstance(event, RunFinished):
            return
        try:
            check_report_path(self._path)
            self._text = self._mask(self._render(self._progress))
        except OSError as error:
            self._complain(error)

    def tick(self) -> None:
        """Nothing is pending before the end."""

    def close(self, *, hurried: bool = False) -> str:
        """Write the report, ``hurried`` without waiting for a reader. Returns why a file that somebody asked for is not there."""
        if self._text is None:
            return self._problem
        try:
            with suppress(FileExistsError):
                os.makedirs(os.path.dirname(self._path))
            with open(self._path, "ab" if self._append else "wb", opener=_without_waiting if hurried else None) as file:
                file.write(self._text.encode("utf-8", "backslashreplace"))
        except OSError as error:
            self._complain(error)
        self._text = None
        return self._problem

    def _complain(self, error: OSError) -> None:
        problem = f"{self._path}: not written: {error.strerror}"
        if self._complaints is None:
            self._problem = problem
            return
        self._complaints.add(f"! {'':8}  {problem}\n")
        self._complaints.flush()
