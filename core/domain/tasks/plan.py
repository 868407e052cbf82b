"""What the Planner answers: the next task, a whole plan, and why a task starts or does not."""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeVar

from core.domain.tasks.task import Readiness, Task, Work


class Verdict(StrEnum):
    """What the Planner decided about one task."""

    #: To be started now.
    START = "start"
    #: Would start, but does not fit what is left of the budget.
    OVER_BUDGET = "over_budget"
    #: Cannot start; ``Explanation.readiness`` says whether it is blocked, waiting or queued.
    NOT_READY = "not_ready"
    #: Not part of this run (``--only``, ``--tag``).
    NOT_SELECTED = "not_selected"
    #: Already ended.
    ENDED = "ended"
    #: A check whose last success still holds.
    UP_TO_DATE = "up_to_date"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rank:
    """The numbers that order ready tasks, most important first."""

    #: Highest priority among the task and everything that waits for it.
    effective_priority: int
    #: The task that lends that priority; the task's own id when it is its own.
    priority_from: str
    #: Seconds (or 1 a task where no duration is known) from its start to the end of the longest chain behind it.
    remaining_path: float
    #: Position in the file, 0-based.
    order: int
    #: Seconds of the whole longest chain through the task: of equal remaining paths, the one begun first goes on.
    chain: float = 0.0

    def reason(self, task_id: str) -> str:
        """Return in one sentence what puts the task before others."""
        lent = f" lent by {self.priority_from}" if self.priority_from != task_id else ""
        return f"priority {self.effective_priority}{lent}, remaining path {self.remaining_path:.3g} s, entry {self.order + 1} of the file"


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """The task to start now."""

    task: Task
    work: Work
    rank: Rank
    #: Units to reserve: what the task costs, 0 where nothing of its own runs.
    cost: float
    #: Seconds expected from history, None where there is none.
    expected: float | None

    @property
    def reason(self) -> str:
        """One sentence: why this one now."""
        return self.rank.reason(self.task.id)


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """Why a task runs, waits or does not run; the same for ``plan``, ``why`` and ``run``."""

    task_id: str
    verdict: Verdict
    readiness: Readiness | None
    rank: Rank | None
    #: Whole sentences, the deciding one first.
    reasons: tuple[str, ...]
    #: The ids that block it, nearest first.
    because_of: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedStart:
    """One line of a plan: when a task would start if every duration were as expected."""

    explanation: Explanation
    #: Seconds after the start of the run.
    starts_at: float
    #: Expected seconds, and whether they come from earlier attempts.
    duration: float
    duration_known: bool
    cost: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The order in which a run would start tasks, and those that it would not start."""

    starts: tuple[PlannedStart, ...]
    left: tuple[Explanation, ...]
    #: Expected seconds for the whole plan, and the cost it would spend.
    makespan: float
    cost: float
    #: Checks that the run would find up to date, by id.
    up_to_date: tuple[str, ...] = ()


Item = TypeVar("Item")


def in_order(heap: Sequence[Item]) -> Iterator[Item]:
    """Yield the items of a ``heapq`` list, smallest first, in O(log n) each."""
    front = [(heap[0], 0)] if heap else []
    while front:
        item, node = heapq.heappop(front)
        yield item
        for child in (2 * node + 1, 2 * node + 2):
            if child < len(heap):
                heapq.heappush(front, (heap[child], child))
