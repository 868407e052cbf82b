"""The view of pipes, files, simple terminals and CI services: lines are only ever added."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from typing import Protocol

from core import events
from core.events import TaskFinished
from core.reports.run.event_line import Volume, event_line, left_out
from core.reports.run.progress import Progress
from core.reports.run.run_summary import Tail, run_summary
from core.reports.text.columns import one_line
from core.reports.text.wording import count, listing, seconds
from core.reports.text.workflow_commands import command, group, inert, plain, section
from core.terminal.console import Ci
from core.terminal.output import Output
from core.terminal.view_lines import ViewLines

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
        offers_reflection: bool = False,
        dialect: Dialect | None = None,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._dialect, self._offers_reflection = dialect, offers_reflection
        self._output, self._result, self._tail, self._volume, self._now = lines, result, tail, volume, now
        self._lines = ViewLines(lines, lambda count: left_out(count, self._style))
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
            text = run_summary(
                self._progress, self._result.style(), tail=self._tail, volume=self._volume, offers_reflection=self._offers_reflection
            )
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
        self._output.tick()

    def close(self, *, hurried: bool = False) -> str:
        """Write what is pending."""
        del hurried
        self._lines.close_gap()
        self._output.flush()
        return ""


def dialect_of(ci: Ci, content: Tail) -> Dialect | None:
    """Return the dialect of a service; ``content`` returns the lines of a log that are worth folding away."""
    if ci is Ci.GITHUB:
        return GithubDialect(content)
    return GitlabDialect(content) if ci is Ci.GITLAB else None


class GithubDialect:
    """Workflow commands. What a task printed is never obeyed: it stands between words that the task cannot know."""

    def __init__(self, content: Tail) -> None:
        self._content = content
        self._token = secrets.token_hex(16)

    def task(self, event: TaskFinished, line: str) -> str:
        """Fold a success's output under its line; mark a failure with an annotation."""
        if event.status == "failed":
            message = f"{one_line(event.reason)}: {one_line(event.description)}"
            return plain(line) + command("error", message, title=f"{one_line(event.task_id)} failed")
        content = _content(event, self._content)
        return group(line.rstrip("\n"), inert(content, self._token)) if content else plain(line)

    def summary(self, text: str) -> str:
        """Return the summary, the ends of failures' logs in it, unfolded."""
        return inert(text.splitlines(), self._token) if text else ""


class GitlabDialect:
    """Collapsed sections. Their markers hold control characters, which no line of a log still does."""

    def __init__(self, content: Tail) -> None:
        self._content = content
        self._count = 0

    def task(self, event: TaskFinished, line: str) -> str:
        """Fold a success's output under its line."""
        content = _content(event, self._content)
        if not content:
            return plain(line)
        self._count += 1
        return section(f"task_{self._count}", line.rstrip("\n"), "".join(f"{row}\n" for row in content), at=event.at)

    def summary(self, text: str) -> str:
        """Return the summary, which is no command."""
        return plain(text)


def _content(event: TaskFinished, content: Tail) -> tuple[str, ...]:
    outcome = event.outcome
    if event.status not in ("done", "passed") or outcome is None or not outcome.log:
        return ()
    return tuple(content(outcome.log))
