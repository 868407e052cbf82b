"""What one run was asked to do, and everything that its loop decides by."""

from __future__ import annotations

import heapq
import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from core.domain.runs.attempt import Attempt
from core.domain.runs.budget import Budget, which_ended, why_passed_over
from core.domain.runs.outcome import Outcome
from core.domain.runs.retry import FailedTry, why_no_retry
from core.domain.runs.run_checks import RunChecks
from core.domain.tasks.plan import Decision
from core.domain.tasks.task import Status


@dataclass(frozen=True, slots=True, kw_only=True)
class RunOptions:
    """Settings and flags of one ``orchestrator run``."""

    jobs: int = 1
    #: Units of cost; None is unlimited.
    budget: float | None = None
    #: Seconds of wall time; None is unlimited.
    time_budget: float | None = None
    stop_on_exceed: bool = False
    warn_at: float = 0.8
    fail_fast: bool = False
    retry_failed: bool = False
    #: A budget that ends with work left is exit code 5; a run that executed nothing, and found nothing up to date, is exit code 1.
    strict: bool = False
    only: frozenset[str] = frozenset()
    tags: frozenset[str] = frozenset()
    #: Ids named on the command line: they run whatever their status, and the run fails when one of them does not end done.
    named: frozenset[str] = frozenset()
    #: Checks run even if they are up to date.
    fresh: bool = False
    handlers: Mapping[str, str] = field(default_factory=dict)
    #: Reflect again after this many execution cycles.
    reflect_every: int = 1

    @property
    def chosen(self) -> frozenset[str]:
        """Ids to which the run is limited, beside those with one of ``tags``."""
        return self.only | self.named

    def runs_again(self, check_id: str) -> bool:
        """Return whether a check runs even if it is up to date."""
        return self.fresh or check_id in self.named


class Pauses:
    """Which tasks pause before a retry, and until when in monotonic seconds."""

    def __init__(self) -> None:
        self._until: dict[str, float] = {}
        #: Moments in order; those of pauses that were moved or ended early stay in it until they are due.
        self._heap: list[tuple[float, str]] = []

    def __bool__(self) -> bool:
        return bool(self._until)

    def add(self, until: float, task_id: str) -> None:
        """Begin a pause, or move the end of one."""
        self._until[task_id] = until
        heapq.heappush(self._heap, (until, task_id))

    def discard(self, task_id: str) -> None:
        """End a pause early, if there is one."""
        self._until.pop(task_id, None)

    def ids(self) -> tuple[str, ...]:
        return tuple(self._until)

    def seconds_left(self, task_id: str, now: float) -> float:
        """Return how long a task still pauses, 0 when it does not."""
        return max(0.0, self._until.get(task_id, now) - now)

    def next_moment(self) -> float:
        """Return when the next pause ends, infinity when nothing pauses."""
        while self._heap and self._until.get(self._heap[0][1]) != self._heap[0][0]:
            heapq.heappop(self._heap)
        return self._heap[0][0] if self._heap else math.inf

    def pop_due(self, now: float) -> Iterator[str]:
        """Take out and return the tasks whose pause is over."""
        while self.next_moment() <= now:
            task_id = heapq.heappop(self._heap)[1]
            del self._until[task_id]
            yield task_id


class UnmetGoals:
    """What is known of each: why it waits, and how many tasks had been done when it was looked at."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[str, float]] = {}

    def note(self, task_id: str, reason: str, done: float = math.inf) -> None:
        """Note one; without ``done`` it is not to be checked again: who measured it measures again."""
        self._known[task_id] = (reason, done)

    def forget(self, task_id: str) -> None:
        self._known.pop(task_id, None)

    def pop_stale(self, done: int) -> list[str]:
        """Take out and return those that were looked at before the last task was done."""
        stale = [task_id for task_id, (_, before) in self._known.items() if before < done]
        for task_id in stale:
            del self._known[task_id]
        return stale

    def reasons(self) -> Mapping[str, str]:
        return {task_id: reason for task_id, (reason, _) in self._known.items()}


@dataclass(slots=True, kw_only=True)
class RunState:
    """Changed by the loop alone, as things happen; views and logs learn of them by events."""

    #: When the run began, in monotonic seconds.
    began: float
    budget: Budget
    #: Seconds after which nothing more is started; None: no limit.
    time_budget: float | None = None
    #: Why nothing more is started; empty while the run goes on.
    stop_reason: str = ""
    #: Whether a signal is that reason: then the next run goes on where this one was, retries included.
    interrupted: bool = False
    #: Attempts of this run, by task.
    tries: dict[str, int] = field(default_factory=dict)
    #: What each running attempt was decided on, by task; the task in it is the entry that the attempt works by.
    decisions: dict[str, Decision] = field(default_factory=dict)
    #: How many times a task was started anew because its entry was edited.
    restarts: dict[str, int] = field(default_factory=dict)
    pauses: Pauses = field(default_factory=Pauses)
    #: Tasks that failed and wait for another attempt, in a pause or behind it.
    failed_tries: dict[str, FailedTry] = field(default_factory=dict)
    unmet: UnmetGoals = field(default_factory=UnmetGoals)
    checks: RunChecks = field(default_factory=RunChecks)
    #: The last status of each task that came to an end, in the order in which they did.
    ended: dict[str, Status] = field(default_factory=dict)
    #: Tasks that are done now, and how many times a task came to be done.
    done_count: int = 0
    completions: int = 0
    #: The checks that had passed when a task stayed open because others had not; None where no task did.
    unproven_with: frozenset[str] | None = None
    #: Open tasks when the run began.
    open_at_start: int = 0
    #: Execution cycles so far.
    cycles: int = 0
    #: Warnings that are given once.
    _given: set[str] = field(default_factory=set)

    def begin_attempt(self, decision: Decision) -> None:
        """Reserve what the attempt costs."""
        task_id = decision.task.id
        self.tries[task_id] = self.tries.get(task_id, 0) + 1
        self.budget = self.budget.reserve(decision.cost)
        self.decisions[task_id] = decision
        self.failed_tries.pop(task_id, None)

    def end_attempt(self, task_id: str, outcome: Outcome) -> Decision:
        """Replace what was reserved by what was used; return what the attempt had been decided on."""
        decision = self.decisions.pop(task_id)
        self.budget = self.budget.settle(decision.cost, outcome.usage.units)
        return decision

    def begin_pause(self, attempt: Attempt, decision: Decision, seconds: float, now: float) -> None:
        """Have a failed task pause for ``seconds`` before its next attempt; ``now`` in monotonic seconds."""
        assert attempt.outcome is not None
        self.failed_tries[attempt.task_id] = FailedTry(attempt=attempt, decision=decision, reason=attempt.outcome.reason, at=now)
        self.pauses.add(now + seconds, attempt.task_id)

    def forget_failed_try(self, task_id: str) -> None:
        """Have no further attempt follow the failed ones."""
        self.failed_tries.pop(task_id, None)
        self.pauses.discard(task_id)

    def why_no_retry(self, following: Decision, wait: float, now: float) -> str:
        """Return why a failed task cannot be tried again in this run, as ``following`` and in ``wait`` seconds; empty while it can."""
        return why_no_retry(
            following,
            self.tries.get(following.task.id, 0),
            wait,
            budget=self.budget,
            time_left=self.time_left(now),
            stop_reason="" if self.interrupted else self.stop_reason,
        )

    def why_passed_over(self, decision: Decision, now: float) -> str:
        """Return why a ready task is not started."""
        return self.stop_reason or why_passed_over(self.budget, self.time_left(now), cost=decision.cost, expected=decision.expected)

    def which_budget_ended(self, passed_over: Iterable[Decision], now: float) -> str:
        """Return which budget left work undone: units, time or both."""
        return which_ended(self.budget, self.time_left(now), [(decision.cost, decision.expected) for decision in passed_over])

    def end_task(self, task_id: str, status: Status) -> None:
        """Note that a task came to an end, maybe not for the first time."""
        before = self.ended.pop(task_id, None)
        self.ended[task_id] = status
        # A check that passes brings nothing forward that a goal or a measurement could see.
        self.completions += status is Status.DONE and task_id not in self.checks.standings
        self.done_count += (status is Status.DONE) - (before is Status.DONE)

    def time_left(self, now: float) -> float | None:
        """Return the seconds of the time budget that are left, None without a limit; ``now`` in monotonic seconds."""
        return None if self.time_budget is None else self.time_budget - (now - self.began)

    def end_cycle(self, every: int) -> bool:
        """Count an execution cycle; return True once in ``every`` cycles."""
        self.cycles += 1
        return self.cycles % every == 0

    def stop(self, reason: str) -> None:
        """Start nothing more; the first reason counts."""
        self.stop_reason = self.stop_reason or reason

    def first_time(self, warning: str) -> bool:
        """True the first time that this is asked for ``warning``."""
        if warning in self._given:
            return False
        self._given.add(warning)
        return True

    def with_status(self, status: Status) -> tuple[str, ...]:
        """Return the tasks that ended with ``status``, and did not end otherwise afterwards; checks only where they failed."""
        checks = self.checks.standings if status is Status.DONE else {}
        return tuple(task_id for task_id, ended in self.ended.items() if ended is status and task_id not in checks)
