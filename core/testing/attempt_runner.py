"""In-memory twin of the port ``AttemptRunner``."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from core.domain.runs.attempt import Attempt
from core.domain.runs.outcome import Ending, Outcome, Usage
from core.domain.runs.reasons import Code, Reason
from core.domain.tasks.task import Task, Work
from core.testing.clock import VirtualClock
from core.testing.logs import InMemoryLogStore


@dataclass(frozen=True, slots=True, kw_only=True)
class ScriptedAttempt:
    """How the attempts at a task end when nobody stops them, and what they use; ``usage.seconds`` after their launch, ``inf``: never."""

    ending: Ending = Ending.SUCCEEDED
    reason: Reason = field(default_factory=lambda: Code.EXIT.of(0))
    exit_code: int | None = 0
    usage: Usage = field(default_factory=Usage)


@dataclass(slots=True, kw_only=True)
class _Underway:
    attempt: Attempt
    task: Task
    script: ScriptedAttempt
    begun: float
    launched: bool = False
    #: How and why it was stopped; None while nobody did.
    stopped: tuple[Ending, Reason] | None = None


class ScriptedRunner:
    """Plays ``scripts``, by task id, on a virtual clock: ``wait`` lets the time pass until the next attempt ends.

    Without ``logs`` attempts have paths of logs that exist nowhere.
    """

    def __init__(
        self, clock: VirtualClock, scripts: Mapping[str, ScriptedAttempt] | None = None, *, logs: InMemoryLogStore | None = None
    ) -> None:
        self._clock = clock
        self._scripts = scripts or {}
        self._logs = logs
        self._underway: dict[str, _Underway] = {}
        self._alarms: list[tuple[float, Callable[[], None]]] = []
        self._woken = False
        #: Every attempt that was launched, in order.
        self.launched: list[Attempt] = []
        #: What ``notices`` returns next, and what dead runs left, by their ids.
        self.noticed: list[str] = []
        self.left_by_dead_runs: dict[str, int] = {}

    @property
    def running(self) -> tuple[str, ...]:
        return tuple(self._underway)

    @property
    def busy(self) -> bool:
        return bool(self._underway)

    def at(self, seconds: float, action: Callable[[], None]) -> None:
        """Call ``action`` during the ``wait`` that passes ``seconds`` from now."""
        self._alarms.append((self._clock.monotonic() + seconds, action))
        self._alarms.sort(key=lambda alarm: alarm[0])

    def prepare(self, task: Task, *, run_id: str, number: int) -> Attempt:
        path = f"logs/task-{task.id}-{run_id}-{number}.log"
        attempt = Attempt(run_id=run_id, task_id=task.id, number=number, started=self._clock.now(), log=path)
        if self._logs is not None:
            attempt = replace(attempt, log=self._logs.open(attempt).path)
        script = self._scripts.get(task.id, ScriptedAttempt(reason=Code.CHECKS_PASSED.of() if task.verify else Code.EXIT.of(0)))
        self._underway[task.id] = _Underway(attempt=attempt, task=task, script=script, begun=self._clock.monotonic())
        return attempt

    def launch(self, task_id: str) -> None:
        self._underway[task_id].launched = True
        self.launched.append(self._underway[task_id].attempt)

    def wait(self, timeout: float) -> tuple[Attempt, ...]:
        deadline = self._clock.monotonic() + max(0.0, timeout)
        while True:
            ended = [one for one in self._underway.values() if self._ends(one) <= self._clock.monotonic()]
            if ended or self._woken or self._clock.monotonic() >= deadline:
                self._woken = False
                return tuple(self._end(one) for one in sorted(ended, key=self._ends))
            self._advance(deadline)

    def update(self, task: Task) -> bool:
        one = self._underway.get(task.id)
        if one is None or one.stopped is not None:
            return False
        one.task = replace(one.task, verify=task.verify, timeout=task.timeout)
        return True

    def stop(self, task_id: str, ending: Ending, reason: Reason) -> None:
        one = self._underway.get(task_id)
        if one is not None and one.stopped is None:
            one.stopped = (ending, reason)

    def stop_all(self, reason: Reason, *, now: bool = False) -> None:
        del now
        for task_id in self._underway:
            self.stop(task_id, Ending.INTERRUPTED, reason)

    def wake(self) -> None:
        self._woken = True

    def kill_remaining(self, run_id: str) -> int:
        return self.left_by_dead_runs.pop(run_id, 0)

    def notices(self) -> tuple[str, ...]:
        noticed, self.noticed = tuple(self.noticed), []
        return noticed

    def prune(self) -> None:
        if self._logs is not None:
            self._logs.prune()

    # -- inside --------------------------------------------------------------------------------------------------

    def _advance(self, deadline: float) -> None:
        """Let the time pass until something happens, at most until ``deadline``."""
        moments = (deadline, *map(self._ends, self._underway.values()), *(moment for moment, _ in self._alarms))
        self._clock.advance(max(0.0, min(moments) - self._clock.monotonic()))
        while self._alarms and self._alarms[0][0] <= self._clock.monotonic():
            self._alarms.pop(0)[1]()

    def _ends(self, one: _Underway) -> float:
        if one.stopped is not None:
            return 0.0
        if not one.launched:
            return math.inf
        return one.begun + min(one.script.usage.seconds, one.task.timeout or math.inf)

    def _end(self, one: _Underway) -> Attempt:
        del self._underway[one.task.id]
        script, seconds = one.script, self._clock.monotonic() - one.begun
        ending, reason, exit_code = script.ending, script.reason, script.exit_code
        if one.stopped is not None:
            (ending, reason), exit_code = one.stopped, None
        elif one.task.timeout is not None and script.usage.seconds > one.task.timeout:
            ending, reason, exit_code = Ending.TIMED_OUT, Code.TIMED_OUT.of(one.task.timeout), None
        units = one.task.cost if one.task.work() is Work.COMMAND else 0.0
        outcome = Outcome(
            ending=ending,
            reason=reason,
            exit_code=exit_code,
            usage=replace(script.usage, seconds=seconds, units=units),
            log=one.attempt.log,
            log_digest=hashlib.sha256(one.attempt.log.encode()).hexdigest(),
            verified=ending is Ending.SUCCEEDED and bool(one.task.verify),
        )
        return replace(one.attempt, outcome=outcome)
