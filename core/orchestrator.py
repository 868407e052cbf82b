"""The loop: plan → execute → reflect, until nothing is actionable. Owns the stop rules and nothing else."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence

from core.domain.quality.reflection import CycleReport
from core.domain.runs.attempt import Attempt, Recovery, described
from core.domain.runs.exit_code import ExitCode, exit_code_of
from core.domain.runs.reasons import Code, words
from core.domain.runs.reopening import reopened
from core.domain.runs.run_state import RunOptions
from core.domain.tasks.lookup import check_selection
from core.domain.tasks.plan import Decision
from core.domain.tasks.task import OPEN, Status, Work
from core.errors import OrchestratorError, StorageError
from core.event_bus import EventBus
from core.events import RunFinished
from core.executor import Executor
from core.known_texts import old_text
from core.live_run import LiveRun
from core.memory import Memory
from core.planner import Planner
from core.ports.attempts import AttemptRunner
from core.ports.check_inputs import NO_INPUTS, CheckInputs
from core.ports.clock import Clock
from core.ports.journal import RunLock
from core.ports.processes import StopSignals
from core.ports.standard import MISSING, StrPath, check_parts, standard
from core.reflector import Reflector
from core.run_facts import RunFacts
from core.step_commit import StepCommit

#: Seconds between looks at attempts that are being killed.
_WAIT = 0.25


class Orchestrator:
    """One run, from lock to summary. Use once, from one thread.

    ``note`` is a warning for the start; ``reflect`` runs one reflection cycle, given the ids of the checks that have passed.

    Without ports, ``planner`` brings the budget, ``reflector`` threshold and paths (None: no reflection), ``run`` everything else; a
    part that would bring more raises UsageError.
    """

    def __init__(
        self,
        planner: Planner = MISSING,
        executor: Executor = MISSING,
        reflector: Reflector | None = None,
        memory: Memory = MISSING,
        *,
        options: RunOptions = MISSING,
        runner: AttemptRunner = MISSING,
        lock: RunLock = MISSING,
        signals: StopSignals = MISSING,
        clock: Clock = MISSING,
        bus: EventBus = MISSING,
        pid: int = 0,
        note: str = "",
        inputs: CheckInputs = NO_INPUTS,
        reflect: Callable[[Collection[str]], CycleReport] | None = None,
    ) -> None:
        self._without_ports = options is MISSING
        if self._without_ports:
            reflection = MISSING if reflector is None else reflector
            check_parts((planner, Planner), (executor, Executor), (reflection, Reflector), (memory, Memory))
        self._planner = Planner() if planner is MISSING else planner
        self._reflector, self._run_cycle = reflector, reflect
        self._options, self._memory, self._lock = options, memory, lock
        self._runner = runner if executor is MISSING else executor
        self._signals, self._clock, self._bus, self._pid, self._note = signals, clock, bus, pid, note
        self._facts, self._commit = RunFacts(memory.run_id, clock), StepCommit(memory, self._runner, bus)
        self._live = LiveRun(
            options=options, memory=memory, runner=self._runner, clock=clock, commit=self._commit, facts=self._facts, inputs=inputs
        )

    def run(self, tasks_file: StrPath = "tasks.yml") -> RunFinished:
        """Work off the backlog (without ports, that of ``tasks_file``) and return what happened.

        Raises UsageError, LockHeld, InvalidFile, EditRefused and StorageError; then, too, nothing is left running.
        """
        if self._without_ports:
            return standard().run(tasks_file, budget=self._planner.budget.left, reflection=self._reflector)
        died = self._lock.acquire(self._memory.run_id)
        try:
            self._begin(died)
            self._reflect()
            going = True
            while going:
                going = self._step()
                self._bus.tick()
            return self._end()
        except BaseException as error:
            # Leave no process behind; the next run records what was under way as interrupted.
            self._runner.stop_all(Code.RUN_BROKE_OFF.of(), now=not isinstance(error, StorageError))
            while self._runner.busy:
                self._runner.wait(_WAIT)
            raise
        finally:
            self._lock.release()

    def upcoming(self, count: int) -> tuple[str, ...]:
        """Return the ids of what would start next, in order; what waits for what runs comes last."""
        return self._live.planner.upcoming(count, after=self._runner.running)

    def _begin(self, died: str) -> None:
        options = self._options
        self._live.begin()
        # The last holder of the lock may have worked off another tasks file, whose journal is another.
        killed = {run_id: self._runner.kill_remaining(run_id) for run_id in {died, *self._memory.dead_runs()} - {""}}
        tasks = self._memory.load_tasks()
        check_selection(tasks, options.chosen, options.tags)
        self._memory.begin_run(self._pid)
        self._memory.save_tasks()
        self._memory.recover(lambda recovery: self._report_recovery(recovery, killed.get(recovery.run.id, 0)))
        self._memory.reopen({**self._memory.edited(), **reopened(tasks, options)})
        self._live.plan()
        self._live.state.open_at_start = sum(status in OPEN for _, status in self._live.planner.selected())
        if self._memory.restored:
            self._warn(old_text(self._memory.restored))
        if self._note:
            self._warn(self._note)
        self._bus.emit(self._facts.run_started(options, tasks=len(tasks), open_tasks=self._live.state.open_at_start))

    def _report_recovery(self, recovery: Recovery, killed: int) -> None:
        """Emit it and have it written: once its end is journalled, no later run would report a dead run again."""
        self._bus.emit(self._facts.recovered(recovery, killed))
        self._bus.tick()

    def _end(self) -> RunFinished:
        state = self._live.state
        with self._commit.open():
            self._live.settle_failed_tries(at_end=not self._live.state.interrupted)
        if not self._memory.save_tasks():
            self._warn("the tasks file could not be brought up to date (see above); the next run will do it from the journal")
        self._runner.prune()
        over_budget = self._live.planner.passed_over()
        if over_budget and not state.stop_reason:
            self._bus.emit(self._facts.budget_exhausted(state, self._live.planner))
        failed = self._live.has_failed()
        strict = self._options.strict
        exit_code = exit_code_of(
            self._signals.received(), failed=failed, over_budget=strict and bool(over_budget), idle=strict and self._live.is_idle()
        )
        if exit_code == ExitCode.FAILED and not failed:
            self._warn("nothing was executed and nothing is up to date: --strict takes that for a failure")
        self._memory.end_run(exit_code)
        last = self._facts.run_finished(state, self._live.planner, exit_code=exit_code, done_earlier=self._live.done_earlier())
        self._bus.emit(last)
        return last

    def _step(self) -> bool:
        """Wait, settle what ended, start what can start; return whether the run goes on."""
        running = self._runner.running
        ended = self._runner.wait(self._seconds_until_due()) if self._runner.busy or self._live.state.pauses else ()
        self._settle_and_start(ended, running)
        return self._runner.busy or (not self._live.state.stop_reason and self._has_more_after_quiet())

    def _settle_and_start(self, ended: Sequence[Attempt], running: Sequence[str]) -> None:
        """Do both in one commit, unless the file is due in between: what somebody saved counts before anything more is started.

        It counts for what ended, too: a check that was added while the command ran must pass.
        """
        self._check_held(now=bool(ended) or not self._runner.busy, journal=bool(ended))
        self._live.checks.refresh()
        if ended:
            self._memory.look()
            self._take_over_saves()
        with self._commit.open():
            for attempt in ended:
                self._live.settle_attempt(attempt)
            for notice in self._runner.notices():
                self._commit.emit(self._facts.disturbed(notice, running))
            if not (sync_is_due := self._clock.monotonic() >= self._memory.next_sync()):
                self._start_ready()
        if sync_is_due:
            self._sync_file()
            with self._commit.open():
                self._start_ready()

    def _start_ready(self) -> None:
        self._check_signals()
        self._live.settle_failed_tries()
        self._live.end_pauses()
        while not self._live.state.stop_reason and len(self._runner.running) < self._options.jobs:
            if (decision := self._live.next()) is None:
                return
            if decision.work is Work.MILESTONE:
                self._memory.transition(decision.task.id, Status.DONE, Code.DEPENDENCIES_DONE.of())
                self._live.end_task(decision.task, Status.DONE, Code.DEPENDENCIES_DONE.of())
            elif decision.work is Work.CHECK and (result := self._live.checks.begin(decision.task)):
                self._live.end_check(decision.task, result)
            else:
                self._start(decision)

    def _start(self, decision: Decision) -> None:
        task, state = decision.task, self._live.state
        try:
            attempt = self._runner.prepare(task, run_id=self._memory.run_id, number=self._memory.next_attempt(task.id))
        except OrchestratorError as error:
            self._commit.fail(error)
            state.stop(str(error))
            return
        self._memory.begin_attempt(attempt, in_progress=decision.work is Work.COMMAND)
        state.begin_attempt(decision)
        self._live.planner.mark(task.id, Status.IN_PROGRESS)
        self._commit.emit(self._facts.started(decision, attempt, described(task, self._options.handlers)))
        if state.budget.limit and state.budget.used_share() >= self._options.warn_at and state.first_time("budget"):
            self._commit.emit(self._facts.budget_used(state.budget))
        self._commit.launch(task.id)

    def _has_more_after_quiet(self) -> bool:
        """Nothing runs and nothing can start: look once more at the file, at goals and, when nothing pauses before a retry, at the code."""
        self._sync_file(now=True)
        self._live.reopen_checks()
        self._live.end_checks_in_no_time()
        for task_id in self._live.state.unmet.pop_stale(self._live.state.completions):
            self._live.planner.resume(task_id)
        if self._live.peek() is not None or self._live.is_pausing():
            return True
        if self._live.has_news() and self._live.state.end_cycle(self._options.reflect_every):
            self._reflect()
        return self._live.peek() is not None

    def _check_signals(self) -> None:
        if (received := self._signals.received()) is not None:
            reason = Code.STOPPED.of(received)
            self._live.state.stop_reason, self._live.state.interrupted = words(reason), True
            self._runner.stop_all(reason, now=self._signals.count() > 1)

    def _check_held(self, *, now: bool, journal: bool = False) -> None:
        """Put back what somebody removed of the lock, and then of the journal. Raises StorageError when their place was taken."""
        found = self._lock.check(now=now)
        for note in (*found, *(self._memory.check_journal(now=now) if found or journal else ())):
            self._warn(note)

    def _sync_file(self, *, now: bool = False) -> None:
        """Keep the file and the run in step, and take over what somebody saved."""
        self._check_held(now=now or not self._runner.busy, journal=True)
        self._memory.sync(now=now)
        self._take_over_saves()

    def _take_over_saves(self) -> None:
        while (change := self._memory.next_reload()) is not None:
            self._live.apply_edit(change)
            self._bus.emit(self._facts.reloaded(change))
        for problem in self._memory.new_problems():
            self._warn(f"a save is not taken over: {problem}")

    def _reflect(self) -> None:
        if self._run_cycle is None or self._live.state.stop_reason:
            return
        self._bus.tick()  # measuring may take a minute
        cycle = self._run_cycle(passed := self._live.checks.passed())
        self._live.state.unproven_with = passed if cycle.unproven else None
        for event in self._facts.reflected(cycle, filter(self._live.state.first_time, cycle.notes)):
            self._bus.emit(event)
        for task in self._memory.tasks:
            # What was just measured needs no check of its own, and what is simple already no work.
            if task.id in cycle.unproven or (task.id in cycle.open and task.work(self._options.handlers) is Work.GOAL):
                self._live.state.unmet.note(task.id, cycle.unproven.get(task.id) or cycle.open[task.id])
        self._live.plan()

    def _seconds_until_due(self) -> float:
        """Return the seconds until something other than the end of an attempt is due."""
        return max(0.0, min(self._live.state.pauses.next_moment(), self._memory.next_sync()) - self._clock.monotonic())

    def _warn(self, message: str) -> None:
        self._bus.emit(self._facts.warned(message))
