"""Turns what happens in a run into events, counts it, and writes the last line."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from core import events
from core.domain.quality.cycle import CycleReport
from core.domain.runs.attempt import Attempt
from core.domain.runs.budget import Budget
from core.domain.runs.outcome import Outcome
from core.domain.runs.recovery import Recovery
from core.domain.runs.run_options import RunOptions
from core.domain.tasks.reload import Reloaded
from core.domain.tasks.status import Readiness, Status
from core.domain.tasks.task import Task
from core.planner import Decision, Planner
from core.ports.audience import EventSink
from core.ports.clock import Clock


class RunReport:
    """What one run did so far; every change of it is an event."""

    def __init__(self, *, emit: EventSink, clock: Clock, run_id: str, note: str = "") -> None:
        self._emit = emit
        self._clock = clock
        self._run_id = run_id
        self._began = clock.monotonic()
        #: Something to be said at the start, before anything happened.
        self._note = note
        self._warned_of_budget = False
        self._notes_told: set[str] = set()
        #: The last word on each task that came to its end.
        self._ended: dict[str, Status] = {}
        self._done = 0
        #: How many times something came to be done.
        self.completions = 0
        self.total = 0

    @property
    def elapsed(self) -> float:
        """Seconds since the run began."""
        return self._clock.monotonic() - self._began

    @property
    def done(self) -> tuple[str, ...]:
        """Ids of the tasks that came to be done, in that order."""
        return self._all(Status.DONE)

    @property
    def failed(self) -> tuple[str, ...]:
        """Ids of the tasks that failed, and did not do better afterwards."""
        return self._all(Status.FAILED)

    def _all(self, status: Status) -> tuple[str, ...]:
        return tuple(task_id for task_id, ended in self._ended.items() if ended is status)

    def run_started(self, options: RunOptions, *, tasks: int, open_tasks: int) -> None:
        self.total = open_tasks
        if self._note:
            self.warned(self._note)
        self._emit(
            events.RunStarted(
                **self._stamp(), tasks=tasks, open=open_tasks, jobs=options.jobs, budget=options.budget, time_budget=options.time_budget
            )
        )

    def recovered(self, recovery: Recovery, killed: int) -> None:
        self._emit(
            events.RunRecovered(
                **self._stamp(),
                dead_run=recovery.run.id,
                interrupted=tuple(attempt.task_id for attempt in recovery.interrupted),
                killed=killed,
                replayed=recovery.replayed,
            )
        )

    def started(self, decision: Decision, attempt: Attempt, command: str) -> None:
        self._emit(
            events.TaskStarted(
                **self._stamp(),
                task_id=decision.task.id,
                description=decision.task.description,
                attempt=attempt.number,
                command=command,
                log=attempt.log,
                cost=decision.cost,
                reason=decision.reason,
                expected=decision.expected,
            )
        )

    def retried(self, attempt: Attempt, outcome: Outcome, pause: float) -> None:
        event = events.TaskRetried(**self._stamp(), task_id=attempt.task_id, attempt=attempt.number, outcome=outcome, pause=pause)
        self._emit(event)

    def waiting(self, task: Task, reason: str) -> None:
        self._emit(events.TaskWaiting(**self._stamp(), task_id=task.id, description=task.description, reason=reason))

    def finished(self, task: Task, status: Status, reason: str, outcome: Outcome | None = None, attempt: int = 0) -> None:
        before = self._ended.pop(task.id, None)
        self._ended[task.id] = status
        self.completions += status is Status.DONE
        self._done += (status is Status.DONE) - (before is Status.DONE)
        self._emit(
            events.TaskFinished(
                **self._stamp(),
                task_id=task.id,
                description=task.description,
                attempt=attempt,
                status=status.value,
                outcome=outcome,
                reason=reason,
                done=self._done,
                total=self.total,
            )
        )

    def reloaded(self, change: Reloaded) -> None:
        by_hand = tuple(dict.fromkeys((*change.changed, *change.statuses)))
        self._emit(events.TasksReloaded(**self._stamp(), added=change.added, removed=change.removed, changed=by_hand))

    def reflected(self, cycle: CycleReport) -> None:
        stamp = self._stamp()
        self._emit(events.CodeMeasured(**stamp, files=cycle.files, findings=cycle.findings, seconds=cycle.seconds, withheld=cycle.withheld))
        for note in cycle.notes:
            if note not in self._notes_told:
                self._notes_told.add(note)
                self.warned(note)
        for task in cycle.appended:
            self._emit(events.TaskAppended(**stamp, task_id=task.id, description=task.description, reason="its finding is new"))
        for closed in cycle.closed:
            self._emit(events.TaskClosed(**stamp, task_id=closed.task_id, status=closed.status.value, reason=closed.reason))

    def warned(self, message: str, task_id: str = "") -> None:
        self._emit(events.Warned(**self._stamp(), message=message, task_id=task_id))

    def disturbed(self, notices: Iterable[str], running: Collection[str]) -> None:
        """Tell what was done to the tool itself, and which attempts ran then: one of them may have done it."""
        during = f"; running then: {', '.join(sorted(running))}" if running else ""
        for notice in notices:
            self.warned(notice + during, task_id=next(iter(running)) if len(running) == 1 else "")

    def budget_used(self, budget: Budget, warn_at: float) -> None:
        """Warn once when the share of the budget that is spent or reserved reaches ``warn_at``."""
        if not self._warned_of_budget and budget.limit and budget.used_share() >= warn_at:
            self._warned_of_budget = True
            used = budget.spent + budget.reserved
            self.warned(f"{budget.used_share():.0%} of the budget is used: {used:g} of {budget.limit:g}")

    def run_finished(self, planner: Planner, *, exit_code: int, left: Mapping[str, str], budget: Budget, reason: str) -> events.RunFinished:
        """Emit and return the last event: every open task with what holds it up."""
        held: dict[Readiness, dict[str, str]] = {readiness: {} for readiness in Readiness}
        for explanation in planner.explain_open():
            if explanation.task_id not in left and explanation.readiness is not None:
                held[explanation.readiness][explanation.task_id] = explanation.reasons[0]
        last = events.RunFinished(
            **self._stamp(),
            exit_code=exit_code,
            duration=self.elapsed,
            done=self.done,
            failed=self.failed,
            blocked=held[Readiness.BLOCKED],
            waiting=held[Readiness.WAITING],
            # What could have been started was not, because the run came to its end.
            left={**left, **dict.fromkeys(held[Readiness.READY], reason), **held[Readiness.QUEUED]},
            spent=budget.spent,
            reason=reason,
            failed_earlier=tuple(task.id for task, status in planner.selected() if status is Status.FAILED and task.id not in self._ended),
        )
        self._emit(last)
        return last

    def budget_exhausted(self, left: tuple[str, ...], reason: str) -> None:
        self._emit(events.BudgetExhausted(**self._stamp(), left=left, reason=reason))

    def _stamp(self) -> dict[str, Any]:
        return {"at": self._clock.now(), "run_id": self._run_id}
