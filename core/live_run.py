"""What a run knows of its tasks, and what becomes of them: journal, planner and state are kept in step here.

Attempts end, tasks come to an end, somebody edits their entries, pauses before a retry are over.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

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
from core.domain.tasks.running_edit import MOST_RESTARTS, edited_fields, running_edit
from core.domain.tasks.task import Readiness, Status, Task, Work
from core.memory import Memory
from core.planner import Planner
from core.ports.attempts import AttemptRunner
from core.ports.check_inputs import CheckInputs
from core.ports.clock import Clock
from core.run_facts import RunFacts
from core.step_commit import StepCommit
from core.unjudged import keep_in_progress


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
        #: How often it was planned, and what could keep failed tasks from their next attempts when that was last looked at.
        self._plans, self._taken = 0, ("", 0.0, 0)

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
        self._plans += 1
        selection = select(tasks, self._options.chosen, self._options.tags)
        handlers = self._options.handlers
        self.planner = Planner(tasks, handlers=handlers, durations=self._memory.durations, selection=selection, judged=handlers)
        checks = self.checks.statuses()
        self.planner.restore(running=self._runner.running, pausing=state.pauses.ids(), waiting=state.unmet.reasons(), checks=checks)

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
        outcome, state, now = attempt.outcome, self.state, self._clock.monotonic()
        assert outcome is not None
        decision, status = state.end_attempt(attempt.task_id, outcome), self._memory.status(attempt.task_id)
        # The entry as it is now; one that is gone has no status either.
        following = decision if status is None else self.planner.decision(attempt.task_id)
        task, tries = following.task, state.tries[attempt.task_id]
        edited = edited_fields(decision.task, task, judged=outcome.ending in (Ending.SUCCEEDED, Ending.FAILED_VERIFY))
        pause = task.retries.pause(tries)
        refusal = state.why_no_retry(following, pause, now)
        settlement = settle(
            decision.work,
            outcome,
            status,
            retries=task.retries.limit,
            tries=tries,
            may_retry=not refusal,
            edited=bool(edited),
            may_restart=state.restarts.get(task.id, 0) < MOST_RESTARTS,
        )
        refused = refusal if tries <= task.retries.limit else ""
        after, reason = recorded(decision.work, settlement, outcome.reason, pause, edited=edited, refusal=refused)
        self.checks.note_end(decision, attempt, settlement)
        self._memory.end_attempt(attempt, after, reason, replace(decision.task, retries=task.retries))
        if settlement is Settlement.RETRY:
            self.planner.delay(task.id)
            state.begin_pause(attempt, decision, pause, now)
            self._commit.emit(self._facts.retried(attempt, outcome, pause))
        elif settlement is Settlement.SUPERSEDED:
            # An entry that is gone is as good as cancelled.
            self._start_over(task, status or Status.CANCELLED, outcome.reason, attempt)
        else:
            self._end_attempt(settlement, task, reason, attempt)

    def _end_attempt(self, settlement: Settlement, task: Task, reason: Reason, attempt: Attempt) -> None:
        match settlement:
            case Settlement.DONE | Settlement.FAILED:
                self.end_task(task, Status.DONE if settlement is Settlement.DONE else Status.FAILED, reason, attempt)
            case Settlement.ANEW:
                self._start_over(task, Status.PENDING, reason, attempt)
            case Settlement.PUT_BACK:
                self.planner.mark(task.id, Status.PENDING)
                self._emit_finished(task, Status.PENDING, reason, attempt)
            case Settlement.UNMET:
                unmet = f"its goal is not met: {reason}"
                self.planner.wait_for_person(task.id, unmet)
                self.state.unmet.note(task.id, unmet, self.state.completions)
                self._commit.emit(self._facts.waiting(task, unmet))

    def _start_over(self, task: Task, status: Status, reason: Reason, attempt: Attempt) -> None:
        """Forget the attempts at a task that was set, edited or removed while it ran, and plan anew by what its entry is now."""
        self.state.tries[task.id] = 0
        self.state.restarts[task.id] = self.state.restarts.get(task.id, 0) + (status is Status.PENDING)
        self.plan()
        self._emit_finished(task, status, reason, attempt)

    def settle_failed_tries(self, *, at_end: bool = False) -> None:
        """Settle tasks that failed and cannot be tried again in this run, whatever took budget, time or entry. Call inside a commit.

        ``at_end`` nothing more is started: then that is all of them.
        """
        state, now = self.state, self._clock.monotonic()
        taken = (state.stop_reason, state.budget.spent if state.budget.limit is not None else 0.0, self._plans)
        unchanged, self._taken = taken == self._taken and not at_end, taken
        # As long as nothing was taken, a pause ends as it did; behind it only time passes.
        tries = [task_id for task_id in state.failed_tries if not (unchanged and state.pauses.seconds_left(task_id, now))]
        failed = [task_id for task_id in tries if self._settle_failed_try(task_id, at_end=at_end)]
        if failed and self._options.fail_fast:
            self.settle_failed_tries(at_end=at_end)  # the run ends: nothing is tried again

    def _settle_failed_try(self, task_id: str, *, at_end: bool) -> bool:
        """Settle one, if it cannot be tried again; return whether it has failed."""
        state, failed, now = self.state, self.state.failed_tries[task_id], self._clock.monotonic()
        status = self._memory.status(task_id)
        following = failed.decision if status is None else self.planner.decision(task_id)
        if status is not Status.PENDING or following.work is not failed.decision.work:
            state.forget_failed_try(task_id)
            reason = Code.ENTRY_REMOVED.of() if status is None else Code.SET_MEANWHILE.of(status.value)
            self._emit_finished(following.task, status or Status.CANCELLED, reason)
            return False
        refusal = state.why_no_retry(following, state.pauses.seconds_left(task_id, now), now)
        if at_end and not refusal:
            refusal = self._why_not_started(following)
        if refusal:
            state.forget_failed_try(task_id)
            reason = failed.reason.followed_by(Code.NO_FURTHER_ATTEMPT.of(refusal))
            if following.work is Work.CHECK:
                self.checks.note_failed(following.task, failed.attempt)
            else:
                self._memory.fail(replace(failed.decision.task, retries=following.task.retries), reason)
            self.end_task(following.task, Status.FAILED, reason, failed.attempt)
        return bool(refusal)

    def _why_not_started(self, decision: Decision) -> str:
        """Return why a task whose pause is over was not started again."""
        self.planner.resume(decision.task.id)
        explained = self.planner.explain(decision.task.id)
        ready = explained.readiness is Readiness.READY
        return self.state.why_passed_over(decision, self._clock.monotonic()) if ready else explained.reasons[0]

    def end_task(self, task: Task, status: Status, reason: Reason, attempt: Attempt | None = None) -> None:
        """Note that a task is done or failed, as the journal has it already. Call inside a commit."""
        self.planner.mark(task.id, status)
        self.state.unmet.forget(task.id)
        self._emit_finished(task, status, reason, attempt)
        if status is Status.FAILED and self._options.fail_fast:
            self.state.stop(f"{task.id} failed and --fail-fast was given")

    def apply_edit(self, change: Reloaded) -> None:
        """Follow an edit of the file: stop or change attempts under way as ``domain.tasks.running_edit`` says, and plan anew."""
        self._memory.reopen(edited := self._memory.edited(change.changed))
        running = self.state.decisions.keys()
        for task_id in (judged := keep_in_progress(change, running, self.planner, self._memory)):
            self._commit.emit(self._facts.still_judged(task_id))
        for task_id in (self.state.tries.keys() & {*edited, *change.statuses}) - running:
            self.state.tries[task_id] = 0
        for task_id in (*change.changed, *change.statuses, *change.removed):
            self.state.unmet.forget(task_id)
            self.state.checks.forget(task_id)
        self.plan()
        for task_id in running & set(change.removed):
            self._runner.stop(task_id, Ending.INTERRUPTED, Code.ENTRY_REMOVED.of())
        for task_id in (running & change.statuses.keys()) - judged:
            self._runner.stop(task_id, Ending.INTERRUPTED, Code.SET_MEANWHILE.of(change.statuses[task_id].value))
        present = {task_id for task_id in change.changed if self._memory.status(task_id) is not None}
        for task_id in running & present - change.statuses.keys():
            self._edit_running(task_id)
        for task_id in self.state.failed_tries.keys() & present:
            self._edit_pausing(task_id)

    def is_pausing(self) -> bool:
        """Tell whether a pause is worth waiting for: nothing but it, and no budget, keeps a task from its next attempt."""
        pausing = [task_id for task_id in self.state.pauses.ids() if self.planner.only_pauses(task_id)]
        if self._options.stop_on_exceed and (too_large := self.planner.passed_over()):
            pausing = [task_id for task_id in pausing if self.planner.goes_before(task_id, too_large[0])]
        return bool(pausing)

    def has_failed(self) -> bool:
        """Return whether a task of the run is failed, a check was left unrun though it could have begun, or what was named is not done."""
        left = {*self.state.checks.unverified(), *self.planner.passed_over()}
        for task, status in self.planner.selected():
            if status is Status.FAILED or (task.check and status is not Status.CANCELLED and task.id in left):
                return True
        return any(Status.DONE not in (self.state.ended.get(each), self._memory.status(each)) for each in self._options.named)

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
            self.state.tries[task_id] = 0

    def end_checks_in_no_time(self) -> None:
        """Note which checks are up to date of those that were passed over: their last duration does not fit, and they need no time."""
        left = set(self.planner.passed_over())
        with self._commit.open():
            for check in [task for task, _ in self.planner.selected() if task.check and task.id in left]:
                if result := self.checks.up_to_date(check):
                    self.end_check(check, result)

    def has_news(self) -> bool:
        """Return whether a reflection cycle could find anything else than the one before: tasks were done, or the checks one waits for."""
        return bool(self.state.completions) or self.state.unproven_with not in (None, self.checks.passed())

    def end_pauses(self) -> None:
        """Offer tasks again whose pause before a retry is over."""
        for task_id in self.state.pauses.pop_due(self._clock.monotonic()):
            if self._memory.status(task_id) is Status.PENDING:
                self.planner.resume(task_id)

    def _edit_running(self, task_id: str) -> None:
        decision, task = self.state.decisions[task_id], self.planner.decision(task_id).task
        edit = running_edit(decision.task, task)
        if edit.restart and self.state.restarts.get(task.id, 0) < MOST_RESTARTS:
            self._runner.stop(task.id, Ending.INTERRUPTED, Code.ENTRY_EDITED.of(" and ".join(edit.restart)))
        elif self._runner.update(task):
            known = replace(decision.task, verify=task.verify, timeout=task.timeout)
            self.state.decisions[task.id] = replace(decision, task=known)
        if (said := self._facts.running_edit(task.id, edit)) is not None:
            self._commit.emit(said)

    def _edit_pausing(self, task_id: str) -> None:
        """Start a task anew that does something else now than what failed; let the pause that it has now count from the failure."""
        state, failed, task = self.state, self.state.failed_tries[task_id], self.planner.decision(task_id).task
        edit = running_edit(failed.decision.task, task)
        if edit.restart or edit.checks:
            state.tries[task_id] = 0
            state.forget_failed_try(task_id)
            self.plan()
        else:
            self.planner.delay(task_id)
            state.pauses.add(failed.at + task.retries.pause(state.tries[task_id]), task_id)

    def _emit_finished(self, task: Task, status: Status, reason: Reason, attempt: Attempt | None = None) -> None:
        self.state.end_task(task.id, status)
        self._commit.emit(self._facts.finished(task, status, reason, attempt, self.state))

    def _choose(self, choose: Callable[..., Decision | None]) -> Decision | None:
        time_left = self.state.time_left(self._clock.monotonic())
        return choose(self.state.budget, time_left=time_left, stop_on_exceed=self._options.stop_on_exceed)
