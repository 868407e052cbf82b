"""Runs the verify commands of tasks and nothing else of them: does what was done still hold?"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable, Collection, Mapping, Sequence

from core.domain.runs.attempt import Attempt
from core.domain.runs.reasons import Code
from core.domain.runs.verified import Verified
from core.domain.tasks.lookup import check_selection
from core.domain.tasks.task import Status, Task
from core.errors import UsageError
from core.ports.attempts import AttemptRunner
from core.ports.processes import StopSignals

#: Seconds between looks at attempts that are being killed.
_WAIT = 0.25


def to_verify(tasks: Sequence[Task], ids: Collection[str], tags: Collection[str]) -> tuple[Task, ...]:
    """Return the tasks whose verify commands are to run, in file order: those named or with one of the tags; without any, all.

    Only named tasks may be cancelled. Checks are left to runs. Raises UsageError for an id that no task has, a tag that none carries,
    and a named task without verify commands.
    """
    check_selection(tasks, ids, tags)
    for task in tasks:
        if task.id in ids and task.check:
            raise UsageError(f"{task.id} is a check: every run runs it", hint=f"orchestrator run {task.id}")
        if task.id in ids and not task.verify:
            raise UsageError(f"{task.id} has no verify commands", hint="give its entry a verify, or leave it out")
    return tuple(task for task in tasks if task.id in ids or _is_verified_unnamed(task, tags, every=not ids and not tags))


def _is_verified_unnamed(task: Task, tags: Collection[str], *, every: bool) -> bool:
    can = bool(task.verify) and not task.check and task.status is not Status.CANCELLED
    return can and (every or not set(tags).isdisjoint(task.tags))


class Verifier:
    """Carries out verify commands, up to ``jobs`` tasks at once. Use from one thread.

    ``runner`` must be one that runs nothing but them; ``attempts`` has the number of the last attempt at each task.
    """

    def __init__(self, *, runner: AttemptRunner, signals: StopSignals, run_id: str, jobs: int, attempts: Mapping[str, int]) -> None:
        self._runner, self._signals, self._run_id, self._jobs, self._attempts = runner, signals, run_id, jobs, attempts

    def verify(self, tasks: Sequence[Task], report: Callable[[Verified], None] = lambda _: None) -> tuple[Verified, ...]:
        """Run the verify commands of ``tasks`` and return what they came to, in the order of the tasks.

        ``report`` is called with each as it ends. After a stop signal nothing more is started, and what was not started is left out.
        Raises StorageError when a log cannot be made; then, too, nothing is left running.
        """
        by_id, waiting, found = {task.id: task for task in tasks}, deque(tasks), dict[str, Verified]()
        try:
            while self._start(waiting) or self._runner.busy:
                for attempt in self._runner.wait(math.inf if self._signals.received() is None else _WAIT):
                    found[attempt.task_id] = _verified(by_id[attempt.task_id], attempt)
                    report(found[attempt.task_id])
        except BaseException:
            self._runner.stop_all(Code.RUN_BROKE_OFF.of(), now=True)
            while self._runner.busy:
                self._runner.wait(_WAIT)
            raise
        return tuple(found[task.id] for task in tasks if task.id in found)

    def _start(self, waiting: deque[Task]) -> bool:
        """Start what may start; return whether anything is left to be started."""
        if (received := self._signals.received()) is not None:
            waiting.clear()
            self._runner.stop_all(Code.STOPPED.of(received), now=self._signals.count() > 1)
        while waiting and len(self._runner.running) < self._jobs:
            task = waiting.popleft()
            self._runner.prepare(task, run_id=self._run_id, number=max(1, self._attempts.get(task.id, 0)))
            self._runner.launch(task.id)
        return bool(waiting)


def _verified(task: Task, attempt: Attempt) -> Verified:
    assert attempt.outcome is not None
    return Verified(task=task, outcome=attempt.outcome)
