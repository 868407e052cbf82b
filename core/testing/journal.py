"""In-memory twins of the ports of the journal and of ``RunLock``."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from core.domain.runs.attempt import Attempt, RunRecord, Transition
from core.domain.runs.check_result import CheckResult
from core.domain.runs.reasons import Reason
from core.domain.tasks.task import Status
from core.errors import LockHeld, StorageError
from core.ports.journal import RESULTS_KEPT


class InMemoryJournal:
    """Keeps everything in lists. ``crashed`` gives what a journal opened after ``kill -9`` would hold."""

    def __init__(self) -> None:
        self._runs: list[RunRecord] = []
        self._attempts: list[Attempt] = []
        self._transitions: list[Transition] = []
        self._checks: list[CheckResult] = []
        self._state: dict[str, str] = {}
        self._written = 0
        #: Everything as it was when the transaction under way began.
        self._before: dict[str, Any] | None = None
        self.repaired = ""

    def crashed(self) -> InMemoryJournal:
        """Return what a journal opened after ``kill -9`` would hold: everything but a transaction under way."""
        survivor = InMemoryJournal()
        survivor.__dict__.update(_copied(self.__dict__ if self._before is None else self._before))
        return survivor

    @contextmanager
    def transaction(self) -> Iterator[None]:
        if self._before is not None:
            yield
            return
        self._before = _copied(self.__dict__)
        try:
            yield
        except BaseException:
            self.__dict__.update(self._before)
            raise
        finally:
            self._before = None

    def begin_run(self, run: RunRecord) -> None:
        self._runs.append(run)

    def end_run(self, run_id: str, ended: float, exit_code: int) -> None:
        self._runs = [replace(run, ended=ended, exit_code=exit_code) if run.id == run_id else run for run in self._runs]

    def dead_runs(self) -> tuple[RunRecord, ...]:
        return tuple(sorted((run for run in self._runs if run.ended is None), key=lambda run: (run.started, run.id)))

    def open_attempts(self) -> tuple[Attempt, ...]:
        return tuple(attempt for attempt in self._attempts if attempt.outcome is None)

    def begin_attempt(self, attempt: Attempt) -> None:
        self._attempts.append(replace(attempt, outcome=None))

    def end_attempt(self, attempt: Attempt) -> None:
        if attempt.outcome is None:
            raise ValueError("an attempt ends with an outcome")
        key = (attempt.run_id, attempt.task_id, attempt.number)
        for index in range(len(self._attempts) - 1, -1, -1):
            known = self._attempts[index]
            if (known.run_id, known.task_id, known.number) == key:
                self._attempts[index] = replace(known, log=attempt.outcome.log, outcome=attempt.outcome)
                return

    def record(self, run_id: str, task_id: str, before: Status, after: Status, at: float, reason: Reason) -> int:
        seq = len(self._transitions) + 1
        self._transitions.append(Transition(seq=seq, run_id=run_id, task_id=task_id, before=before, after=after, at=at, reason=reason))
        return seq

    def unwritten(self) -> tuple[Transition, ...]:
        return tuple(transition for transition in self._transitions if transition.seq > self._written)

    def mark_written(self, up_to: int) -> None:
        self._written = max(self._written, up_to)

    def attempt_counts(self) -> Mapping[str, int]:
        counts: dict[str, int] = {}
        for attempt in self._attempts:
            counts[attempt.task_id] = max(attempt.number, counts.get(attempt.task_id, 0))
        return counts

    def durations(self) -> Mapping[str, float]:
        recent: dict[str, list[float]] = {}
        for attempt in reversed(self._attempts):
            if attempt.outcome is not None and attempt.outcome.succeeded:
                recent.setdefault(attempt.task_id, []).append(attempt.outcome.usage.seconds)
        return {task_id: sum(seen[:5]) / len(seen[:5]) for task_id, seen in recent.items()}

    def verified(self) -> frozenset[str]:
        last = {attempt.task_id: attempt.outcome for attempt in self._attempts}
        return frozenset(task_id for task_id, outcome in last.items() if outcome and outcome.succeeded and outcome.verified)

    def attempts(self, task_id: str | None = None, limit: int = 100) -> tuple[Attempt, ...]:
        return tuple(attempt for attempt in reversed(self._attempts) if task_id in (None, attempt.task_id))[:limit]

    def transitions(self, task_id: str, limit: int = 100) -> tuple[Transition, ...]:
        return tuple(transition for transition in reversed(self._transitions) if transition.task_id == task_id)[:limit]

    def runs(self, limit: int = 100) -> tuple[RunRecord, ...]:
        return tuple(sorted(self._runs, key=lambda run: (run.started, run.id), reverse=True))[:limit]

    def record_check(self, result: CheckResult) -> None:
        others = [known for known in self._checks if known.task_id != result.task_id]
        own = [known for known in self._checks if known.task_id == result.task_id]
        self._checks = [*others, *[*own, result][-RESULTS_KEPT:]]

    def check_results(self) -> Mapping[str, tuple[CheckResult, ...]]:
        found: dict[str, tuple[CheckResult, ...]] = {}
        for result in reversed(self._checks):
            found[result.task_id] = (*found.get(result.task_id, ()), result)
        return found

    def load_state(self, key: str) -> Any:
        return json.loads(self._state[key]) if key in self._state else None

    def save_state(self, key: str, value: Any) -> None:
        self._state[key] = json.dumps(value)

    def check(self, *, now: bool) -> tuple[str, ...]:  # noqa: ARG002 – nothing can be in the middle of being removed
        """Memory is held by nobody's path."""
        return ()

    def close(self) -> None:
        """Nothing to release."""


def _copied(fields: Mapping[str, Any]) -> dict[str, Any]:
    return {name: copy.copy(value) if isinstance(value, (list, dict)) else value for name, value in fields.items() if name != "_before"}


class InMemoryRunLock:
    """One process's view of a repository's lock; ``for_process`` gives another's."""

    def __init__(self, pid: int = 1, *, _repository: list[tuple[int, str]] | None = None) -> None:
        self._pid = pid
        #: The live holder, if any; one with pid 0 died with the lock.
        self._holders: list[tuple[int, str]] = [] if _repository is None else _repository
        self._holds = False
        #: What the next ``check`` of this process finds: a sentence about what was put back, or the error that ends the run.
        self.disturbance: str | StorageError = ""

    def for_process(self, pid: int) -> InMemoryRunLock:
        return InMemoryRunLock(pid, _repository=self._holders)

    def die(self) -> None:
        """What becomes of the lock when this process is killed."""
        if self._holds:
            self._holders[:] = [(0, run_id) for _, run_id in self._holders]
            self._holds = False

    def acquire(self, run_id: str) -> str:
        pid, last = self._holders[0] if self._holders else (0, "")
        if pid:
            raise LockHeld(pid, f"run {last}")
        self._holders[:] = [(self._pid, run_id)]
        self._holds = True
        return last

    def check_free(self) -> None:
        """Nobody can remove this lock from its place."""

    def check(self, *, now: bool) -> tuple[str, ...]:  # noqa: ARG002 – nothing can be in the middle of being removed
        found, self.disturbance = self.disturbance, ""
        if isinstance(found, StorageError):
            raise found
        return (found,) if found and self._holds else ()

    def release(self) -> None:
        if self._holds:
            self._holders.clear()
            self._holds = False

    def holder(self) -> int | None:
        return (self._holders[0][0] or None) if self._holders else None
