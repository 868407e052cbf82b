"""What is known of a run so far, from its events."""

from __future__ import annotations

from core import events
from core.domain.runs.outcome import Outcome


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
        return None if limit is None else max(0.0, limit - self.spent - self.reserved)

    def _run_started(self, event: events.RunStarted) -> None:
        self.started = event
        self.total = event.open

    def _task_started(self, event: events.TaskStarted) -> None:
        self.pausing.pop(event.task_id, None)
        self.running[event.task_id] = event
        self.tries[event.task_id] = self.tries.get(event.task_id, 0) + 1
        self.descriptions[event.task_id] = event.description
        self.reserved += event.cost

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
            self.reserved = max(0.0, self.reserved - launched.cost)
        self.spent += outcome.usage.units if outcome is not None else 0.0

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
