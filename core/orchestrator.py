"""The loop: plan → execute → reflect, until nothing is actionable. Owns the stop rules and nothing else."""

from __future__ import annotations

import signal
from collections.abc import Callable

from core.domain.quality.cycle import CycleReport
from core.domain.runs.attempt import Attempt
from core.domain.runs.attempt_work import described
from core.domain.runs.budget import Budget
from core.domain.runs.exit_code import exit_code_of
from core.domain.runs.outcome import Ending, Outcome
from core.domain.runs.pauses import Pauses
from core.domain.runs.run_options import RunOptions
from core.domain.runs.settlement import Settlement, settle
from core.domain.runs.unmet_goals import UnmetGoals
from core.domain.tasks.lookup import check_selection, select
from core.domain.tasks.reload import Reloaded
from core.domain.tasks.status import OPEN, Status
from core.domain.tasks.task import Task, Work
from core.events import RunFinished
from core.executor import Executor
from core.memory import Memory
from core.planner import Decision, Planner
from core.ports.clock import Clock
from core.ports.journal import RunLock
from core.ports.processes import Launcher, StopSignals
from core.run_report import RunReport

#: Seconds between looks at tasks.yml.
_POLL = 0.25


class Orchestrator:
    """One run, from lock to summary. Use once, from one thread."""

    def __init__(
        self,
        *,
        options: RunOptions,
        memory: Memory,
        executor: Executor,
        launcher: Launcher,
        lock: RunLock,
        signals: StopSignals,
        clock: Clock,
        report: RunReport,
        pid: int,
        tick: Callable[[], None] = lambda: None,
        reflect: Callable[[], CycleReport] | None = None,
    ) -> None:
        self._options = options
        self._memory = memory
        self._executor = executor
        self._launcher = launcher
        self._lock = lock
        self._signals = signals
        self._clock = clock
        self._report = report
        self._pid = pid
        self._tick = tick
        self._reflect_once = reflect
        self._budget = Budget(limit=options.budget)
        self._planner = Planner(())
        #: What each running attempt was decided on.
        self._decisions: dict[str, Decision] = {}
        #: Attempts of this run, by task.
        self._tries: dict[str, int] = {}
        self._pauses = Pauses()
        self._unmet = UnmetGoals()
        self._next_poll, self._cycles, self._stop = 0.0, 0, ""

    def run(self) -> RunFinished:
        """Work off the backlog and return what happened.

        Raises LockHeld, InvalidFile, EditRefused and StorageError. Nothing is left running whatever is raised, and
        what had been recorded stays true: the next run marks the rest as interrupted.
        """
        died = self._lock.acquire(self._memory.run_id)
        try:
            self._begin(died)
            self._reflect()
            while self._step():
                self._tick()
            return self._end()
        except BaseException:
            self._abandon()
            raise
        finally:
            self._lock.release()

    def upcoming(self, count: int) -> tuple[str, ...]:
        """Return the ids of what would start next, in order; what waits for what runs comes last."""
        return self._planner.upcoming(count, after=self._executor.running)

    # -- begin and end -------------------------------------------------------------------------------------------

    def _begin(self, died: str) -> None:
        # The last holder of the lock may have worked off another tasks file, whose journal is another.
        killed = {run_id: self._launcher.kill_remaining(run_id) for run_id in {died, *self._memory.dead_runs()} - {""}}
        tasks = self._memory.load_tasks()
        check_selection(tasks, self._options.only, self._options.tags)
        self._memory.begin_run(self._pid)
        self._memory.save_tasks()
        self._memory.recover(lambda recovery: self._report.recovered(recovery, killed.get(recovery.run.id, 0)))
        if self._options.retry_failed:
            self._memory.reopen_failed(select(tasks, self._options.only, self._options.tags), "--retry-failed")
        self._plan()
        self._report.run_started(self._options, tasks=len(tasks), open_tasks=sum(status in OPEN for _, status in self._planner.selected()))

    def _end(self) -> RunFinished:
        if not self._memory.save_tasks():
            self._report.warned("the tasks file could not be brought up to date (see above); the next run will do it from the journal")
        self._executor.prune()
        passed = self._planner.passed_over()
        left = dict.fromkeys(passed, self._stop or self._budget.why_passed_over())
        if passed and not self._stop:
            self._report.budget_exhausted(passed, self._budget.why_passed_over())
        failed = any(status is Status.FAILED for _, status in self._planner.selected())
        exit_code = exit_code_of(self._signals.received(), failed=failed, over_budget=bool(passed) and self._options.strict)
        self._memory.end_run(exit_code)
        reason = self._stop or ("the budget is used up" if passed else "nothing actionable is left")
        return self._report.run_finished(self._planner, exit_code=exit_code, left=left, budget=self._budget, reason=reason)

    def _abandon(self) -> None:
        """Leave no process behind when we fail; what they were is recorded as interrupted by the next run."""
        self._executor.stop_all("the run broke off", now=True)
        while self._executor.busy:
            self._executor.wait(_POLL)

    def _plan(self) -> None:
        """Plan anew from what Memory holds, keeping what this run knows of running, pausing and waiting tasks."""
        tasks = self._memory.tasks
        selection = select(tasks, self._options.only, self._options.tags)
        self._planner = Planner(tasks, handlers=self._options.handlers, durations=self._memory.durations, selection=selection)
        self._planner.restore(running=self._executor.running, pausing=self._pauses.ids(), waiting=self._unmet.reasons())

    # -- the loop ------------------------------------------------------------------------------------------------

    def _step(self) -> bool:
        """Start what can start, settle what ended; return whether the run goes on."""
        self._heed_signals()
        self._end_pauses()
        self._start_ready()
        if not self._executor.busy and (self._stop or not self._pauses):
            return not self._stop and self._goes_on_after_quiet()
        running = self._executor.running
        for attempt in self._executor.wait(self._patience()):
            self._settle(attempt)
        self._report.disturbed(self._launcher.notices(), running)
        self._follow_file()
        return True

    def _start_ready(self) -> None:
        while not self._stop and len(self._executor.running) < self._options.jobs:
            decision = self._planner.next(self._budget, time_left=self._time_left(), stop_on_exceed=self._options.stop_on_exceed)
            if decision is None:
                return
            if decision.work is Work.MILESTONE:
                self._memory.transition(decision.task.id, Status.DONE, "everything it depends on is done")
                self._finish(decision.task, Status.DONE, "everything it depends on is done")
            else:
                self._start(decision)

    def _start(self, decision: Decision) -> None:
        task = decision.task
        attempt = self._executor.prepare(task, run_id=self._memory.run_id, number=self._memory.next_attempt(task.id))
        self._memory.begin_attempt(attempt, in_progress=decision.work is Work.COMMAND)
        self._planner.mark(task.id, Status.IN_PROGRESS)
        self._budget = self._budget.reserve(decision.cost)
        self._decisions[task.id] = decision
        self._tries[task.id] = self._tries.get(task.id, 0) + 1
        self._report.started(decision, attempt, described(task, self._options.handlers))
        self._report.budget_used(self._budget, self._options.warn_at)
        self._executor.launch(task.id)

    def _settle(self, attempt: Attempt) -> None:
        """Record how an attempt ended and what that makes of its task."""
        outcome = attempt.outcome
        assert outcome is not None
        decision = self._decisions.pop(attempt.task_id)
        self._budget = self._budget.settle(decision.cost, outcome.cost)
        tries, stands = self._tries[attempt.task_id], self._memory.status(attempt.task_id)
        again = not self._stop and self._budget.affords(decision.cost)
        match settle(decision.work, outcome, stands, retries=decision.task.retries.limit, tries=tries, may_retry=again):
            case Settlement.SUPERSEDED:
                self._memory.end_attempt(attempt, None, "superseded by a manual edit")
                self._plan()
                # An entry that is gone is as good as cancelled.
                self._report.finished(decision.task, stands or Status.CANCELLED, outcome.reason, outcome, attempt.number)
            case Settlement.DONE:
                self._memory.end_attempt(attempt, Status.DONE, outcome.reason)
                self._finish(decision.task, Status.DONE, outcome.reason, outcome, attempt.number)
            case Settlement.FAILED:
                self._memory.end_attempt(attempt, Status.FAILED, outcome.reason)
                self._finish(decision.task, Status.FAILED, outcome.reason, outcome, attempt.number)
            case Settlement.PUT_BACK:
                self._memory.end_attempt(attempt, Status.PENDING, outcome.reason)
                self._planner.mark(attempt.task_id, Status.PENDING)
                self._report.finished(decision.task, Status.PENDING, outcome.reason, outcome, attempt.number)
            case Settlement.UNMET:
                self._memory.end_attempt(attempt, Status.PENDING, outcome.reason)
                self._wait(decision.task, f"its goal is not met: {outcome.reason}")
            case Settlement.RETRY:
                self._retry(attempt, outcome, decision.task.retries.pause(tries))

    def _retry(self, attempt: Attempt, outcome: Outcome, pause: float) -> None:
        self._memory.end_attempt(attempt, Status.PENDING, f"{outcome.reason}; next attempt in {pause:g} s")
        self._planner.delay(attempt.task_id)
        self._pauses.add(self._clock.monotonic() + pause, attempt.task_id)
        self._report.retried(attempt, outcome, pause)

    def _wait(self, task: Task, reason: str) -> None:
        self._planner.wait_for_person(task.id, reason)
        self._unmet.note(task.id, reason, self._report.completions)
        self._report.waiting(task, reason)

    def _finish(self, task: Task, status: Status, reason: str, outcome: Outcome | None = None, attempt: int = 0) -> None:
        self._planner.mark(task.id, status)
        self._unmet.forget(task.id)
        self._report.finished(task, status, reason, outcome, attempt)
        if status is Status.FAILED and self._options.fail_fast:
            self._stop = self._stop or f"{task.id} failed and --fail-fast was given"

    def _goes_on_after_quiet(self) -> bool:
        """Nothing runs and nothing can start: look once more at the file, at goals and at the code."""
        self._follow_file(now=True)
        for task_id in self._unmet.pop_stale(self._report.completions):
            self._planner.resume(task_id)
        if self._peek() is None and self._report.completions:
            self._cycles += 1
            if self._cycles % self._options.reflect_every == 0:
                self._reflect()
        return self._peek() is not None

    # -- what goes on outside ------------------------------------------------------------------------------------

    def _heed_signals(self) -> None:
        if (received := self._signals.received()) is not None:
            self._stop = f"stopped by {signal.Signals(received).name}"
            self._executor.stop_all(self._stop, now=self._signals.count() > 1)

    def _follow_file(self, *, now: bool = False) -> None:
        """Bring the file up to date when that is due, look at it now and then, and take over what somebody saved."""
        if self._memory.next_write() is not None:
            self._memory.save_tasks(force=False)
        if now or self._clock.monotonic() >= self._next_poll:
            self._next_poll = self._clock.monotonic() + _POLL
            self._memory.poll()
        while (change := self._memory.next_reload()) is not None:
            self._take_over(change)
        for problem in self._memory.new_problems():
            self._report.warned(f"a save is not taken over: {problem}")

    def _take_over(self, change: Reloaded) -> None:
        running = set(self._executor.running)
        for task_id in running.intersection(change.removed):
            self._executor.stop(task_id, Ending.INTERRUPTED, "its entry was removed by hand")
        for task_id in running.intersection(change.statuses):
            self._executor.stop(task_id, Ending.INTERRUPTED, f"set to {change.statuses[task_id]} by hand")
        for task_id in (*change.changed, *change.statuses):
            self._unmet.forget(task_id)
        self._plan()
        self._report.reloaded(change)

    def _reflect(self) -> None:
        if self._reflect_once is None or self._stop:
            return
        cycle = self._reflect_once()
        self._report.reflected(cycle)
        for task in self._memory.tasks:
            # What was just measured needs no check of its own.
            if task.id in cycle.open and task.work(self._options.handlers) is Work.GOAL:
                self._unmet.note(task.id, cycle.open[task.id])
        self._plan()

    def _end_pauses(self) -> None:
        for task_id in self._pauses.pop_due(self._clock.monotonic()):
            if self._memory.status(task_id) is Status.PENDING:
                self._planner.resume(task_id)

    def _peek(self) -> Decision | None:
        return self._planner.peek(self._budget, time_left=self._time_left(), stop_on_exceed=self._options.stop_on_exceed)

    def _patience(self) -> float:
        """Return the seconds until something other than an ending attempt wants attention."""
        moments = (self._next_poll, self._pauses.next_moment(), self._memory.next_write())
        return max(0.0, min(moment for moment in moments if moment is not None) - self._clock.monotonic())

    def _time_left(self) -> float | None:
        limit = self._options.time_budget
        return None if limit is None else limit - self._report.elapsed
