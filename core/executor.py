"""The AttemptRunner of this machine: carries out attempts as local processes, one handler and one log each.

A task's failure is an outcome; an exception is a failure of ours.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from core.attempt_context import NoContext
from core.attempt_underway import AttemptUnderway
from core.domain.runs.attempt import Attempt, Phase, failure_of, footer, gates_of, header, shown
from core.domain.runs.executor_settings import ExecutorSettings
from core.domain.runs.outcome import Ending, Outcome, Usage
from core.domain.runs.reasons import Code, Reason, masked
from core.domain.runs.variables import task_variables
from core.domain.tasks.task import Task
from core.handlers import Handlers
from core.ports.attempt_context import AttemptContext
from core.ports.clock import Clock
from core.ports.handlers import Collected, HandlerRefused, Workspace
from core.ports.processes import CommandNotStarted, Launch, Launcher, LogStore
from core.ports.standard import MISSING, standard, tasks_of
from core.process_trees import ProcessTrees, TreeEnd

#: Seconds between looks at the size of the logs.
_TRIM_INTERVAL = 0.1


class Executor:
    """See ``core.ports.attempts.AttemptRunner``; ``execute`` carries out a single task, and needs no ports."""

    def __init__(
        self,
        *,
        launcher: Launcher = MISSING,
        logs: LogStore = MISSING,
        clock: Clock = MISSING,
        settings: ExecutorSettings = MISSING,
        handlers: Handlers = MISSING,
        context: AttemptContext | None = None,
    ) -> None:
        self.without_ports = launcher is MISSING
        self._launcher, self._logs, self._clock, self._settings, self._handlers = launcher, logs, clock, settings, handlers
        self._trees = ProcessTrees(launcher, clock, settings.grace)
        self._underway: dict[str, AttemptUnderway] = {}
        self._by_handle: dict[int, AttemptUnderway] = {}
        self._ended: list[Attempt] = []
        self._context = context or NoContext()
        self._trimmed = 0.0

    def execute(self, task: Task | Mapping[str, Any], *, run_id: str = "") -> Outcome:
        """Carry out one task while nothing else is under way; return how it ended. Its log is ``logs/task-<id>-<time>.log``.

        A task without a command, plugin or check fails: nothing could be executed. Without ports it works in the repository around
        the current directory. Raises InvalidFile for a map that is no entry of tasks.yml, StorageError when the log cannot be created.
        """
        (entry,) = tasks_of((task,))
        if self.without_ports:
            return standard().execute(entry)
        self.prepare(entry, run_id=run_id, number=1)
        self.launch(entry.id)
        while not (ended := self.wait(math.inf)):
            pass
        assert ended[0].outcome is not None
        return ended[0].outcome

    @property
    def running(self) -> tuple[str, ...]:
        return tuple(self._underway)

    @property
    def busy(self) -> bool:
        return bool(self._underway or self._ended)

    def prepare(self, task: Task, *, run_id: str, number: int) -> Attempt:
        if task.env:
            self._settings.learn(task.env)
        started, begun = self._clock.now(), self._clock.monotonic()
        log = self._logs.open(Attempt(run_id=run_id, task_id=task.id, number=number, started=started))
        attempt = Attempt(run_id=run_id, task_id=task.id, number=number, started=started, log=log.path)
        variables = task_variables(task, attempt, self._settings.tasks_file, self._settings.root)
        variables |= self._context.variables(task, attempt)
        one = self._underway[task.id] = AttemptUnderway(
            attempt=attempt,
            task=task,
            handler=self._handlers.of(task),
            log=log,
            begun=begun,
            limited_from=self._active(),
            variables={**variables, **task.env},
        )
        one.limit(task.timeout if task.timeout is not None else self._settings.timeout)
        return attempt

    def launch(self, task_id: str) -> None:
        one = self._underway[task_id]
        try:
            one.workspace = one.handler.set_up(one.task, one.attempt)
            one.phases = one.handler.work(one.task, one.workspace)
        except HandlerRefused as refusal:
            self._finish(one, Ending.FAILED, refusal.reason)
            return
        one.has_work = bool(one.phases)
        self._note(one, header(one.attempt, one.phases, one.workspace.directory))
        self._go_on(one)

    def wait(self, timeout: float) -> tuple[Attempt, ...]:
        if not self._ended:
            for end in self._trees.wait(min(timeout, self._next_look())):
                self._phase_ended(end)
            self._look()
        ended, self._ended = tuple(self._ended), []
        return ended

    def update(self, task: Task) -> bool:
        one = self._underway.get(task.id)
        if one is None or one.stopped is not None:
            return False
        one.edit(task)
        one.limit(task.timeout if task.timeout is not None else self._settings.timeout)
        return True

    def stop(self, task_id: str, ending: Ending, reason: Reason) -> None:
        one = self._underway.get(task_id)
        if one is None or one.stopped is not None:
            return
        one.stopped = (ending, reason)
        if one.handle is None:
            self._finish(one, ending, reason)  # prepared and never launched
        else:
            self._trees.terminate(one.handle)

    def stop_all(self, reason: Reason, *, now: bool = False) -> None:
        for task_id, one in list(self._underway.items()):
            self.stop(task_id, Ending.INTERRUPTED, reason)
            if now and one.handle is not None:
                self._trees.kill_soon(one.handle)

    def wake(self) -> None:
        self._launcher.wake()

    def kill_remaining(self, run_id: str) -> int:
        return self._launcher.kill_remaining(run_id)

    def notices(self) -> tuple[str, ...]:
        return self._launcher.notices()

    def prune(self) -> None:
        self._logs.prune()
        self._context.prune()

    # -- the steps of an attempt ---------------------------------------------------------------------------------

    def _go_on(self, one: AttemptUnderway) -> None:
        """Start the next process of the present step; when there is none, take the next step."""
        assert one.workspace is not None
        if one.phase == len(one.phases) and one.collected is None:
            try:
                one.collected = one.handler.collect(one.task, one.workspace)
                self._judge(one, one.workspace, one.collected)
            except HandlerRefused as refusal:
                self._finish(one, Ending.FAILED, refusal.reason)
                return
            if one.collected.report:
                self._note(one, one.collected.report)
        if one.phase < len(one.phases):
            self._start(one, one.phases[one.phase], one.workspace)
        else:
            self._finish(one, Ending.SUCCEEDED, Code.CHECKS_PASSED.of() if one.phases else Code.EXIT.of(0), 0)

    def _judge(self, one: AttemptUnderway, workspace: Workspace, collected: Collected) -> None:
        one.phases, one.phase, one.judge_again = one.handler.judge(one.task, workspace, collected), 0, False

    def _judge_again(self, one: AttemptUnderway) -> None:
        """Run the checks that the file has now, from the first one."""
        assert one.workspace is not None and one.collected is not None
        try:
            self._judge(one, one.workspace, one.collected)
        except HandlerRefused as refusal:
            self._finish(one, Ending.FAILED, refusal.reason)
            return
        self._go_on(one)

    def _start(self, one: AttemptUnderway, phase: Phase, workspace: Workspace) -> None:
        if phase.is_check:
            self._note(one, f"verify: {shown(phase.command)}")
        variables = one.variables if phase.gate is None else self._begin_gate(one, phase.gate)
        launch = Launch(
            command=phase.command,
            cwd=phase.directory or workspace.directory,
            env={**self._settings.variables, **workspace.env, **variables},
            output=one.log.output,
            run_id=one.attempt.run_id,
        )
        try:
            one.handle = self._trees.start(launch)
        except CommandNotStarted as refusal:
            self._finish(one, *failure_of(phase, refusal.reason), refusal.exit_code)
            return
        self._by_handle[one.handle] = one

    def _begin_gate(self, one: AttemptUnderway, gate: Task) -> Mapping[str, str]:
        """Begin a process of a gating check: return its variables; its time limit counts from now."""
        self._settings.learn(gate.env)
        one.limit_gate(gate, self._active())
        return {**task_variables(gate, one.attempt, self._settings.tasks_file, self._settings.root), **gate.env}

    def _phase_ended(self, end: TreeEnd) -> None:
        """Take account of a process whose whole tree is gone, and go on with the attempt or end it."""
        exit_ = end.exit
        one = self._by_handle.pop(exit_.handle)
        one.end_phase()
        one.left_behind += end.left_behind
        one.cpu += exit_.cpu
        one.peak_memory = max(one.peak_memory, exit_.peak_memory)
        if one.stopped is not None:
            self._finish(one, *one.stopped, exit_.exit_code)
        elif one.judge_again:
            self._judge_again(one)
        elif exit_.exit_code != 0:
            reason = Code.KILLED.of(exit_.signal) if exit_.signal is not None else Code.EXIT.of(exit_.exit_code or 0)
            self._finish(one, *failure_of(one.phases[one.phase], reason), exit_.exit_code)
        else:
            one.phase += 1
            self._go_on(one)

    def _finish(self, one: AttemptUnderway, ending: Ending, reason: Reason, exit_code: int | None = None) -> None:
        if one.workspace is not None:
            ending, reason = self._leave(one, one.workspace, ending, reason)
        reason = masked(reason, self._settings.mask)
        if one.left_behind:
            reason = reason.followed_by(Code.LEFT_BEHIND.of(one.left_behind))
        known = one.collected.usage if one.collected is not None else Usage()
        usage = Usage(
            seconds=self._clock.monotonic() - one.begun,
            cpu=one.cpu + known.cpu,
            peak_memory=max(one.peak_memory, known.peak_memory),
            units=(one.task.cost if one.has_work and not one.task.check else 0.0) + known.units,
            tokens=known.tokens,
            money=known.money,
        )
        attempt, mask = one.attempt, self._settings.mask
        log_digest = one.log.end(lambda left_out: mask(footer(ending, reason, usage, left_out)))
        outcome = Outcome(
            ending=ending,
            reason=reason,
            exit_code=exit_code,
            usage=usage,
            log=attempt.log,
            log_digest=log_digest,
            verified=ending is Ending.SUCCEEDED and (bool(one.phases) or one.task.check),
            checks=gates_of(one.phases) if ending is Ending.SUCCEEDED else {},
        )
        del self._underway[attempt.task_id]
        self._context.ended(attempt.task_id, succeeded=ending is Ending.SUCCEEDED)
        self._ended.append(attempt.with_outcome(outcome))

    def _leave(self, one: AttemptUnderway, workspace: Workspace, ending: Ending, reason: Reason) -> tuple[Ending, Reason]:
        """Land what succeeded, discard what did not, remove the workspace; return how the attempt ends and why."""
        if ending is Ending.SUCCEEDED and one.collected is not None:
            try:
                one.handler.land(one.task, workspace, one.collected)
            except HandlerRefused as refusal:
                ending, reason = Ending.FAILED, refusal.reason
        if ending is not Ending.SUCCEEDED and (said := one.handler.discard(one.task, workspace)) is not None:
            reason = reason.followed_by(said)
        one.handler.tear_down(one.task, workspace)
        return ending, reason

    # -- time ----------------------------------------------------------------------------------------------------

    def _look(self) -> None:
        """Stop what is over its deadline, and keep the logs under their limit."""
        now = self._clock.monotonic()
        for task_id, one in list(self._underway.items()):
            if one.handle is not None and (overdue := one.overdue(self._active())) is not None:
                self.stop(task_id, *overdue)
        if now - self._trimmed >= _TRIM_INTERVAL:
            self._trimmed = now
            for one in self._underway.values():
                one.log.trim()

    def _active(self) -> float:
        """Return monotonic seconds without those for which the tool was suspended, in which no time limit runs."""
        return self._clock.monotonic() - self._launcher.suspended

    def _next_look(self) -> float:
        """Return the seconds until ``_look`` has something to do."""
        if not self._underway:
            return float("inf")
        deadlines = [deadline for one in self._underway.values() if one.stopped is None for deadline in one.deadlines()]
        until = min(deadlines) - self._active() if deadlines else _TRIM_INTERVAL
        return max(0.0, min(until, _TRIM_INTERVAL))

    def _note(self, one: AttemptUnderway, text: str) -> None:
        one.log.note(self._settings.mask(text))
