"""Turns what happens in a run into events. Decides nothing and remembers nothing."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from core import events
from core.domain.quality.reflection import CycleReport
from core.domain.runs.attempt import Attempt, Recovery
from core.domain.runs.budget import Budget
from core.domain.runs.check_result import CheckState
from core.domain.runs.outcome import Outcome
from core.domain.runs.reasons import Reason, words
from core.domain.runs.run_state import RunOptions, RunState
from core.domain.tasks.plan import Decision
from core.domain.tasks.reload import Reloaded
from core.domain.tasks.running_edit import RunningEdit
from core.domain.tasks.task import OPEN, Readiness, Status, Task
from core.planner import Planner
from core.ports.clock import Clock


class RunFacts:
    """Makes the events of one run, each with the time at which it is made."""

    def __init__(self, run_id: str, clock: Clock) -> None:
        self._run_id = run_id
        self._clock = clock

    def run_started(self, options: RunOptions, *, tasks: int, open_tasks: int) -> events.RunStarted:
        return events.RunStarted(
            **self._stamp(), tasks=tasks, open=open_tasks, jobs=options.jobs, budget=options.budget, time_budget=options.time_budget
        )

    def recovered(self, recovery: Recovery, killed: int) -> events.RunRecovered:
        return events.RunRecovered(
            **self._stamp(),
            dead_run=recovery.run.id,
            interrupted=tuple(attempt.task_id for attempt in recovery.interrupted),
            killed=killed,
            replayed=recovery.replayed,
        )

    def started(self, decision: Decision, attempt: Attempt, command: str) -> events.TaskStarted:
        return events.TaskStarted(
            at=self._clock.now(),
            run_id=self._run_id,
            task_id=decision.task.id,
            description=decision.task.description,
            attempt=attempt.number,
            command=command,
            log=attempt.log,
            cost=decision.cost,
            reason=decision.reason,
            expected=decision.expected,
        )

    def retried(self, attempt: Attempt, outcome: Outcome, pause: float) -> events.TaskRetried:
        return events.TaskRetried(**self._stamp(), task_id=attempt.task_id, attempt=attempt.number, outcome=outcome, pause=pause)

    def waiting(self, task: Task, reason: str) -> events.TaskWaiting:
        return events.TaskWaiting(**self._stamp(), task_id=task.id, description=task.description, reason=reason)

    def finished(self, task: Task, status: Status, reason: Reason, attempt: Attempt | None, state: RunState) -> events.TaskFinished:
        return events.TaskFinished(
            at=self._clock.now(),
            run_id=self._run_id,
            task_id=task.id,
            description=task.description,
            attempt=attempt.number if attempt is not None else 0,
            status=_word(task, status, state),
            outcome=attempt.outcome if attempt is not None else None,
            reason=words(reason),
            done=state.done_count,
            total=state.open_at_start,
            check=task.check,
        )

    def reloaded(self, change: Reloaded) -> events.TasksReloaded:
        changed = tuple(dict.fromkeys((*change.changed, *change.statuses)))
        return events.TasksReloaded(**self._stamp(), added=change.added, removed=change.removed, changed=changed)

    def reflected(self, cycle: CycleReport, notes: Iterable[str]) -> tuple[events.Event, ...]:
        """Return a cycle's events, ``notes`` of it as warnings."""
        stamp = self._stamp()
        return (
            events.CodeMeasured(**stamp, files=cycle.files, findings=cycle.findings, seconds=cycle.seconds, withheld=cycle.withheld),
            *map(self.warned, notes),
            *(
                events.TaskAppended(**stamp, task_id=task.id, description=task.description, reason="its finding is new")
                for task in cycle.appended
            ),
            *(
                events.TaskClosed(**stamp, task_id=closed.task_id, status=closed.status.value, reason=words(closed.reason))
                for closed in cycle.closed
            ),
        )

    def warned(self, message: str, task_id: str = "") -> events.Warned:
        return events.Warned(**self._stamp(), message=message, task_id=task_id)

    def running_edit(self, task_id: str, edit: RunningEdit) -> events.Warned | None:
        """Return what an edit means for the attempt under way, None where that is nothing."""
        if edit.restart:
            what = f"its {' and '.join(edit.restart)} was edited while it ran: the attempt is stopped, and the task starts anew"
        elif edit.checks:
            what = "its checks were edited while it ran: those that the file has now decide"
        elif edit.deadline:
            what = "its timeout was edited while it ran: the new one counts from the start of the attempt"
        else:
            return None
        return self.warned(what, task_id=task_id)

    def still_judged(self, task_id: str) -> events.Warned:
        return self.warned("set to done while it was carried out: it is done when it is judged to be", task_id=task_id)

    def disturbed(self, notice: str, running: Collection[str]) -> events.Warned:
        """Return what was done to the tool itself, and which attempts ran then: one of them may have done it."""
        during = f"; running then: {', '.join(sorted(running))}" if running else ""
        return self.warned(notice + during, task_id=next(iter(running)) if len(running) == 1 else "")

    def budget_used(self, budget: Budget) -> events.Warned:
        return self.warned(f"{budget.used_share():.0%} of the budget is used: {budget.what_is_used()}")

    def budget_exhausted(self, state: RunState, planner: Planner) -> events.BudgetExhausted:
        now, left = self._clock.monotonic(), planner.passed_over()
        reasons = dict.fromkeys(state.why_passed_over(planner.decision(task_id), now) for task_id in left)
        return events.BudgetExhausted(**self._stamp(), left=left, reason="; ".join(reasons))

    def run_finished(self, state: RunState, planner: Planner, *, exit_code: int, done_earlier: int) -> events.RunFinished:
        """Return the last event: why the run ended, and every open task with what holds it up."""
        now = self._clock.monotonic()
        passed_over = [planner.decision(task_id) for task_id in planner.passed_over()]
        ended_by = state.which_budget_ended(passed_over, now) if passed_over else "nothing actionable is left"
        reason = state.stop_reason or ended_by
        left = {decision.task.id: state.why_passed_over(decision, now) for decision in passed_over}
        held = _held_up(planner, left)
        return events.RunFinished(
            **self._stamp(),
            exit_code=exit_code,
            duration=now - state.began,
            done=state.with_status(Status.DONE),
            passed=state.checks.in_state(CheckState.PASSED),
            up_to_date=state.checks.in_state(CheckState.UP_TO_DATE),
            failed=state.with_status(Status.FAILED),
            blocked=held[Readiness.BLOCKED],
            waiting=held[Readiness.WAITING],
            # What could have been started was not, because the run came to its end.
            left={**left, **dict.fromkeys(held[Readiness.READY], reason), **held[Readiness.QUEUED]},
            spent=state.budget.spent,
            reason=reason,
            failed_earlier=tuple(task.id for task, status in planner.selected() if status is Status.FAILED and task.id not in state.ended),
            done_earlier=done_earlier,
        )

    def _stamp(self) -> dict[str, Any]:
        return {"at": self._clock.now(), "run_id": self._run_id}


def _word(task: Task, status: Status, state: RunState) -> str:
    """Return what is said of the end of a task: its status, or how a check stands."""
    known = state.checks.standings.get(task.id) if task.check and status not in OPEN else None
    return known.state.value if known else status.value


def _held_up(planner: Planner, left: Mapping[str, str]) -> dict[Readiness, dict[str, str]]:
    """Return the open tasks that are not ``left``, by readiness, each with what holds it up."""
    held: dict[Readiness, dict[str, str]] = {readiness: {} for readiness in Readiness}
    for explanation in planner.explain_open():
        if explanation.task_id not in left and explanation.readiness is not None:
            held[explanation.readiness][explanation.task_id] = explanation.reasons[0]
    return held
