"""What a CI job's log gets beside plain lines: successes' output folded away, failures marked and left open."""

from __future__ import annotations

import secrets

from core.events import TaskFinished
from core.reports.run.run_summary import Tail
from core.reports.text.columns import one_line
from core.reports.text.workflow_commands import command, group, inert, plain, section
from core.terminal.console import Ci
from core.terminal.plain_view import Dialect


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
    if event.status != "done" or outcome is None or not outcome.log:
        return ()
    return tuple(content(outcome.log))
