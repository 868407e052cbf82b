"""What one run knows of itself: everything that its loop decides by."""

from __future__ import annotations

from dataclasses import dataclass, field

from core.domain.runs.budget import Budget
from core.domain.runs.outcome import Outcome
from core.domain.runs.pauses import Pauses
from core.domain.runs.unmet_goals import UnmetGoals
from core.domain.tasks.plan import Decision
from core.domain.tasks.status import Status


@dataclass(slots=True, kw_only=True)
class RunState:
    """Changed by the loop alone, as things happen; views and logs learn of them by events."""

    #: When the run began, in monotonic seconds.
    began: float
    budget: Budget
    #: Why nothing more is started; empty while the run goes on.
    stop_reason: str = ""
    #: Attempts of this run, by task.
    tries: dict[str, int] = field(default_factory=dict)
    #: What each running attempt was decided on, by task.
    decisions: dict[str, Decision] = field(default_factory=dict)
    pauses: Pauses = field(default_factory=Pauses)
    unmet: UnmetGoals = field(default_factory=UnmetGoals)
    #: The last status of each task that came to an end, in the order in which they did.
    ended: dict[str, Status] = field(default_factory=dict)
    #: Tasks that are done now, and how many times a task came to be done.
    done_count: int = 0
    completions: int = 0
    #: Open tasks when the run began.
    open_at_start: int = 0
    #: Execution cycles so far, and when to look at tasks.yml again (monotonic seconds).
    cycles: int = 0
    next_poll: float = 0.0
    #: Warnings that are given once.
    _given: set[str] = field(default_factory=set)

    def begin_attempt(self, decision: Decision) -> None:
        """Reserve what the attempt costs."""
        task_id = decision.task.id
        self.tries[task_id] = self.tries.get(task_id, 0) + 1
        self.budget = self.budget.reserve(decision.cost)
        self.decisions[task_id] = decision

    def end_attempt(self, task_id: str, outcome: Outcome) -> Decision:
        """Replace what was reserved by what was used; return what the attempt had been decided on."""
        decision = self.decisions.pop(task_id)
        self.budget = self.budget.settle(decision.cost, outcome.usage.units)
        return decision

    def end_task(self, task_id: str, status: Status) -> None:
        """Note that a task came to an end, maybe not for the first time."""
        before = self.ended.pop(task_id, None)
        self.ended[task_id] = status
        self.completions += status is Status.DONE
        self.done_count += (status is Status.DONE) - (before is Status.DONE)

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
        """Return the tasks that ended with ``status``, and did not end otherwise afterwards."""
        return tuple(task_id for task_id, ended in self.ended.items() if ended is status)
