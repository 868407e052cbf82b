"""How a task stands and what holds it up, in the words that ``plan``, ``why`` and ``run`` share. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from core.domain.tasks.graph import Blockers, Ranks, TaskGraph
from core.domain.tasks.plan import Explanation, Verdict
from core.domain.tasks.task import OPEN, Readiness, Status


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    """Why a task that is ready does not start just now."""

    reason: str
    #: Ids of those that it waits for.
    because_of: tuple[str, ...] = ()
    readiness: Readiness = Readiness.QUEUED
    #: Position of what it waits for, where that may itself be held up.
    cause: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Explainer:
    """What is known of all tasks at one moment, by position. ``waits`` has those that need a person, with the reason."""

    graph: TaskGraph
    ranks: Ranks
    status: Sequence[Status]
    waits: Mapping[int, str]
    is_selected: Callable[[int], bool]
    hold: Callable[[int], Hold | None]

    def all_open(self) -> tuple[Explanation, ...]:
        """Explain every selected task that is not done, failed or cancelled, in file order."""
        blockers = self._blockers()
        positions = (position for position, status in enumerate(self.status) if status in OPEN and self.is_selected(position))
        return tuple(self._explain(position, blockers) for position in positions)

    def one(self, position: int) -> Explanation:
        return self._explain(position, self._blockers())

    def _blockers(self) -> Blockers:
        return Blockers(self.graph, self.status, self.waits, self.is_selected)

    def _explain(self, position: int, blockers: Blockers) -> Explanation:
        if not self.is_selected(position):
            return self._explanation(position, Verdict.NOT_SELECTED, None, "it is not part of this run (--only, --tag)")
        status = self.status[position]
        if status is Status.PENDING:
            return self._explain_pending(position, blockers)
        if status is Status.IN_PROGRESS:
            return self._explanation(position, Verdict.START, Readiness.READY, "it is running")
        return self._explanation(position, Verdict.ENDED, None, f"it is {status}")

    def _explain_pending(self, position: int, blockers: Blockers) -> Explanation:
        blocker = blockers.of(position)
        if blocker is not None:
            return self._explanation(position, Verdict.NOT_READY, blocker.readiness, blocker.reason, blocker.chain)
        if position in self.waits:
            return self._explanation(position, Verdict.NOT_READY, Readiness.WAITING, self.waits[position])
        if hold := self.hold(position):
            return self._explain_hold(position, hold, blockers)
        reason = self.ranks.of(position).reason(self.graph.tasks[position].id)
        return self._explanation(position, Verdict.START, Readiness.READY, reason)

    def _explain_hold(self, position: int, hold: Hold, blockers: Blockers) -> Explanation:
        readiness, reason = hold.readiness, hold.reason
        if hold.cause is not None:
            if (blocker := blockers.of(hold.cause)) is not None:
                readiness, reason = blocker.readiness, f"{reason}: {blocker.reason}"
            elif hold.cause in self.waits:
                readiness, reason = Readiness.WAITING, f"{reason}: {self.waits[hold.cause]}"
        return self._explanation(position, Verdict.NOT_READY, readiness, reason, hold.because_of)

    def _explanation(
        self, position: int, verdict: Verdict, readiness: Readiness | None, reason: str, because_of: tuple[str, ...] = ()
    ) -> Explanation:
        task = self.graph.tasks[position]
        rank = self.ranks.of(position) if verdict in (Verdict.START, Verdict.NOT_READY) else None
        return Explanation(task_id=task.id, verdict=verdict, readiness=readiness, rank=rank, reasons=(reason,), because_of=because_of)
