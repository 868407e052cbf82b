"""What a run has done so far, as its events say, and the rows in which a terminal shows it live."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from core import events
from core.domain.runs.budget import Budget, decimal_sum
from core.domain.runs.outcome import Outcome
from core.domain.runs.reasons import words
from core.events import TaskRetried, TaskStarted
from core.reports.text.columns import cells, fit, one_line
from core.reports.text.style import Style
from core.reports.text.wording import amount, roughly, seconds


class Progress:
    """Takes every event in order; each reader of a run keeps its own."""

    def __init__(self) -> None:
        self.started: events.RunStarted | None = None
        self.finished: events.RunFinished | None = None
        #: Attempts under way, oldest first, by task id.
        self.running: dict[str, events.TaskStarted] = {}
        #: Tasks that pause before another attempt.
        self.pausing: dict[str, events.TaskRetried] = {}
        #: Tasks that came to their end, in that order; the last word on each.
        self.ended: dict[str, events.TaskFinished] = {}
        #: Attempts that this run made, by task id.
        self.tries: dict[str, int] = {}
        self.done = 0
        self.failed = 0
        self.total = 0
        #: Units of cost.
        self.spent = 0.0
        self.reserved = 0.0
        self.appended = 0
        self.closed = 0
        #: The last measuring of the code.
        self.measured: events.CodeMeasured | None = None
        self.descriptions: dict[str, str] = {}
        self._takes = {
            events.RunStarted: self._run_started,
            events.TaskStarted: self._task_started,
            events.TaskRetried: self._task_retried,
            events.TaskFinished: self._task_finished,
            events.TaskWaiting: self._task_waiting,
            events.TaskAppended: self._task_appended,
            events.TaskClosed: self._task_closed,
            events.CodeMeasured: self._code_measured,
            events.RunFinished: self._run_finished,
        }

    def take(self, event: events.Event) -> None:
        """Add one event."""
        take = self._takes.get(type(event))
        if take is not None:
            take(event)  # type: ignore[operator]

    @property
    def budget_left(self) -> float | None:
        """Units neither spent nor reserved; None when the run may spend what it likes."""
        limit = self.started.budget if self.started else None
        return Budget(limit=limit, spent=self.spent, reserved=self.reserved).left

    def _run_started(self, event: events.RunStarted) -> None:
        self.started = event
        self.total = event.open

    def _task_started(self, event: events.TaskStarted) -> None:
        self.pausing.pop(event.task_id, None)
        self.running[event.task_id] = event
        self.tries[event.task_id] = self.tries.get(event.task_id, 0) + 1
        self.descriptions[event.task_id] = event.description
        self.reserved = decimal_sum(self.reserved, event.cost)

    def _task_retried(self, event: events.TaskRetried) -> None:
        self._end_attempt(event.task_id, event.outcome)
        self.pausing[event.task_id] = event

    def _task_finished(self, event: events.TaskFinished) -> None:
        self._end_attempt(event.task_id, event.outcome)
        self.pausing.pop(event.task_id, None)
        self.descriptions[event.task_id] = event.description
        before = self.ended.pop(event.task_id, None)
        self.failed += (event.status == "failed") - (before is not None and before.status == "failed")
        self.ended[event.task_id] = event
        self.done, self.total = event.done, event.total

    def _end_attempt(self, task_id: str, outcome: Outcome | None) -> None:
        launched = self.running.pop(task_id, None)
        if launched is not None:
            self.reserved = max(0.0, decimal_sum(self.reserved, -launched.cost))
            # A task that fails in its pause before a retry is reported with an outcome that was counted already.
            self.spent = decimal_sum(self.spent, outcome.usage.units if outcome is not None else 0.0)

    def _task_waiting(self, event: events.TaskWaiting) -> None:
        self._end_attempt(event.task_id, None)
        self.descriptions[event.task_id] = event.description

    def _task_appended(self, event: events.TaskAppended) -> None:
        self.appended += 1
        self.descriptions[event.task_id] = event.description

    def _task_closed(self, _event: events.TaskClosed) -> None:
        self.closed += 1

    def _code_measured(self, event: events.CodeMeasured) -> None:
        self.measured = event

    def _run_finished(self, event: events.RunFinished) -> None:
        self.finished = event
        self.running.clear()
        self.pausing.clear()
        self.spent, self.reserved = event.spent, 0.0


#: A row bare and coloured.
Row = tuple[str, str]

#: Ids of coming tasks that are asked for; as many are shown as fit.
_COMING = 5


def live_rows(
    progress: Progress, style: Style, *, now: float, upcoming: Callable[[int], Sequence[str]], width: int, height: int
) -> list[Row]:
    """Return the rows for what runs, what pauses and how far the run is: at most ``height`` of at most ``width`` columns.

    ``now`` is Unix time; ``upcoming`` returns the ids of what starts next.
    """
    if progress.started is None or progress.finished is not None:
        return []
    rows = [_running(task, style, now, width) for task in progress.running.values()]
    rows += [_pausing(task, progress, style, now, width) for task in progress.pausing.values()]
    space = max(1, height - 2)
    if len(rows) > space:
        more = fit(f"{'':12}and {len(rows) - space + 1:,} more", width)
        rows = [*rows[: space - 1], (more, style.dim(more))]
    return [*rows, _state(progress, style, now, upcoming, width)]


def _running(task: TaskStarted, style: Style, now: float, width: int) -> Row:
    spent = max(0.0, now - task.at)
    right = ""
    if task.expected is not None and task.expected >= 1:
        rest = task.expected - spent
        right = f"about {roughly(rest)} left" if rest >= 0.5 else f"usually {roughly(task.expected)}"
    return _row("▸", style.busy, seconds(spent), task.task_id, task.description, right, style, width)


def _pausing(task: TaskRetried, progress: Progress, style: Style, now: float, width: int) -> Row:
    rest = max(0.0, task.at + task.pause - now)
    about = one_line(words(task.outcome.reason))
    return _row(
        "↻", style.warn, "", task.task_id, progress.descriptions.get(task.task_id, ""), f"{about}, again in {roughly(rest)}", style, width
    )


def _row(sign: str, paint: Callable[[str], str], time: str, task_id: str, description: str, right: str, style: Style, width: int) -> Row:
    head = f" {time:>8}  "
    name = fit(one_line(task_id), max(1, width - 12))
    space = width - 12 - cells(name) - 2
    if right and space < cells(right) + 8:
        right = ""
    words = fit(one_line(description), space - (cells(right) + 2 if right else 0)) if space > 3 else ""
    gap = " " * max(2, width - 12 - cells(name) - 2 - cells(words) - cells(right)) if right else ""
    bare = fit(f"{sign}{head}{name}  {words}{gap}{right}".rstrip(), width)
    return bare, f"{paint(sign)}{head}{style.bold(name)}  {style.dim(words)}{gap}{style.dim(right)}" if width > 16 else bare


def _state(progress: Progress, style: Style, now: float, upcoming: Callable[[int], Sequence[str]], width: int) -> Row:
    """The last row: a bar, the counts, the budget, what comes next."""
    assert progress.started is not None
    parts = _counts(progress, progress.started.budget, style)
    coming = [one_line(task_id) for task_id in upcoming(_COMING)]
    while coming and len(" · ".join([*(text for text, _ in parts), f"next {', '.join(coming)}"])) + 12 > width:
        coming.pop()
    if coming:
        parts.append((f"next {', '.join(coming)}", style.dim))
    head = f"  {seconds(now - progress.started.at):>8}  "
    bare = head + " · ".join(text for text, _ in parts)
    if cells(bare) > width:
        cut = fit(bare, width)
        return cut, cut
    return bare, style.dim(head) + style.dim(" · ").join(paint(text) for text, paint in parts)


def _counts(progress: Progress, budget: float | None, style: Style) -> list[tuple[str, Callable[[str], str]]]:
    """Return how far the run is, each part with what colours it."""
    parts: list[tuple[str, Callable[[str], str]]] = [(f"{progress.done} of {progress.total} done", str)]
    if progress.failed:
        parts.append((f"{progress.failed} failed", style.bad))
    if progress.budget_left is not None:
        parts.append((f"budget {amount(progress.budget_left)} of {amount(budget or 0)} left", str))
    return parts
