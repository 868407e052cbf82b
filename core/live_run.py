"""What a run knows of its tasks, and what becomes of them: journal, planner and state are kept in step here.

Attempts end, tasks come to an end, somebody edits their entries, pauses before a retry are over.
"""

from __future__ import annotations

from collections.abc import Callable

from core.check_runs import CheckRuns
from core.domain.runs.attempt import Attempt
from core.domain.runs.budget import Budget
from core.domain.runs.check_result import CheckResult
from core.domain.runs.outcome import Ending, Settlement, recorded, settle
from core.domain.runs.reasons import Code, Reason
from core.domain.runs.run_state import RunOptions, RunState
from core.domain.tasks.lookup import select
from core.domain.tasks.plan import Decision
from core.domain.tasks.reload import Reloaded
from core.domain.tasks.task import Status, Task, Work
from core.memory import Memory
from core.planner import Planner
from core.ports.attempts import AttemptRunner
from core.ports.check_inputs import CheckInputs
from core.ports.clock import Clock
from core.run_facts import RunFacts
from core.step_commit import StepCommit


class LiveRun:
    """The tasks of one run. Made before the run has its lock; call ``begin`` and then ``plan`` before anything else."""

    #: Set by ``begin``.
    state: RunState
    checks: CheckRuns

    def __init__(
        self,
        *,
        options: RunOptions,
        memory: Memory,
        runner: AttemptRunner,
        clock: Clock,
        commit: StepCommit,
        facts: RunFacts,
        inputs: CheckInputs,
    ) -> None:
        self._options, self._memory, self._runner, self._clock = options, memory, runner, clock
        self._commit, self._facts, self._inputs = commit, facts, inputs
        self.planner = Planner()

    def begin(self) -> None:
        """Begin to count time and budget."""
        options = self._options
        self.state = RunState(began=self._clock.monotonic(), budget=Budget(limit=options.budget), time_budget=options.time_budget)
        self.checks = CheckRuns(
            checks=self.state.checks, memory=self._memory, inputs=self._inputs, clock=self._clock, options=self._options
        )

    def plan(self) -> None:
        """Plan anew from what Memory holds, keeping what this run knows of running, pausing and waiting tasks."""
        tasks, state = self._memory.tasks, self.state
        selection = select(tasks, self._options.chosen, self._options.tags)
        handlers = self._options.handlers
        self.planner = Planner(tasks, handlers=handlers, durations=self._memory.durations, selection=selection, judged=handlers)
        self.planner.restore(running=self._runner.running, pausing=state.pauses.ids(), waiting=state.unmet.reasons())
        self.planner.restore_checks(self.checks.statuses())

    def next(self) -> Decision | None:
        """Take the next task to start off the queue; None when nothing that is ready fits the budget and the time that is left."""
        if self.state.checks.in_question() and (decision := self.peek()) and self.planner.is_judged(decision.task.id):
            # Its change is judged by the checks: what they found must hold for what it begins with.
            self.reopen_checks()
        return self._choose(self.planner.next)

    def peek(self) -> Decision | None:
        """Return what ``next`` would take, and leave it in the queue."""
        return self._choose(self.planner.peek)

    def settle_attempt(self, attempt: Attempt) -> None:
        """Record how an attempt ended and what that makes of its task. Call inside a commit."""
        outcome, state = attempt.outcome, self.state
        assert outcome is not None
        decision = state.end_attempt(attempt.task_id, outcome)
        task, tries, status = decision.task, state.tries[attempt.task_id], self._memory.status(attempt.task_id)
        may_retry = not state.stop_reason and state.budget.affords(decision.cost)
        settlement = settle(decision.work, outcome, status, retries=task.retries.limit, tries=tries, may_retry=may_retry)
        pause = task.retries.pause(tries)
        after, reason = recorded(decision.work, settlement, outcome.reason, pause)
        self.checks.note_end(decision, attempt, settlement)
        self._memory.end_attempt(attempt, after, reason)
        match settlement:
            case Settlement.SUPERSEDED:
                self.plan()
                # An entry that is gone is as good as cancelled.
                self._emit_finished(task, status or Status.CANCELLED, outcome.reason, attempt)
            case Settlement.DONE | Settlement.FAILED:
                self.end_task(task, Status.DONE if settlement is Settlement.DONE else Status.FAILED, reason, attempt)
            case Settlement.PUT_BACK:
                self.planner.mark(task.id, Status.PENDING)
                self._emit_finished(task, Status.PENDING, reason, attempt)
            case Settlement.UNMET:
                unmet = f"its goal is not met: {reason}"
                self.planner.wait_for_person(task.id, unmet)
                state.unmet.note(task.id, unmet, state.completions)
                self._commit.emit(self._facts.waiting(task, unmet))
            case Settlement.RETRY:
                self.planner.delay(task.id)
                state.pauses.add(self._clock.monotonic() + pause, task.id)
                self._commit.emit(self._facts.retried(attempt, outcome, pause))

    def end_task(self, task: Task, status: Status, reason: Reason, attempt: Attempt | None = None) -> None:
        """Note that a task is done or failed, as the journal has it already. Call inside a commit."""
        self.planner.mark(task.id, status)
        self.state.unmet.forget(task.id)
        self._emit_finished(task, status, reason, attempt)
        if status is Status.FAILED and self._options.fail_fast:
            self.state.stop(f"{task.id} failed and --fail-fast was given")

    def apply_edit(self, change: Reloaded) -> None:
        """Follow an edit of the file: stop attempts whose entry is gone or has another status, and plan anew."""
        running = set(self._runner.running)
        for task_id in running.intersection(change.removed):
            self._runner.stop(task_id, Ending.INTERRUPTED, Code.ENTRY_REMOVED.of())
        for task_id in running.intersection(change.statuses):
            self._runner.stop(task_id, Ending.INTERRUPTED, Code.SET_MEANWHILE.of(change.statuses[task_id].value))
        for task_id in (*change.changed, *change.statuses):
            self.state.unmet.forget(task_id)
            self.state.checks.forget(task_id)
        self._memory.reopen(edited := self._memory.edited(change.changed))
        for task_id in edited:
            self.state.tries[task_id] = 0
        self.plan()

    def has_failed(self) -> bool:
        """Return whether a task of the run is failed, a check was not run again after a change, or what was named did not end done."""
        if any(status is Status.FAILED for _, status in self.planner.selected()) or self.state.checks.unverified():
            return True
        ended = self.state.ended
        return any(ended.get(each) is not Status.DONE and self._memory.status(each) is not Status.DONE for each in self._options.named)

    def done_earlier(self) -> int:
        """Return how many tasks of the run were done before it, and so were not executed; milestones have nothing to execute."""
        executed, handlers = (Work.COMMAND, Work.GOAL), self._options.handlers
        done = (task for task, status in self.planner.selected() if status is Status.DONE and task.id not in self.state.ended)
        return sum(task.work(handlers) in executed for task in done)

    def is_idle(self) -> bool:
        """Return whether nothing was executed and nothing is up to date."""
        return not self.state.tries and not self.state.checks.standings

    def end_check(self, check: Task, result: CheckResult) -> None:
        """Note that a check is up to date: ``result`` still holds. Call inside a commit."""
        self.end_task(check, Status.DONE, Code.UP_TO_DATE.of(result.at))

    def reopen_checks(self) -> None:
        """Offer the checks again whose result does not hold any more since tasks have changed something."""
        for task_id in self.checks.outdated():
            self.planner.reopen(task_id)

    def end_pauses(self) -> None:
        """Offer tasks again whose pause before a retry is over."""
        for task_id in self.state.pauses.pop_due(self._clock.monotonic()):
            if self._memory.status(task_id) is Status.PENDING:
                self.planner.resume(task_id)

    def _emit_finished(self, task: Task, status: Status, reason: Reason, attempt: Attempt | None = None) -> None:
        self.state.end_task(task.id, status)
        self._commit.emit(self._facts.finished(task, status, reason, attempt, self.state))

    def _choose(self, choose: Callable[..., Decision | None]) -> Decision | None:
        time_left = self.state.time_left(self._clock.monotonic())
        return choose(self.state.budget, time_left=time_left, stop_on_exceed=self._options.stop_on_exceed)
