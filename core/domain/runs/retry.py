"""Whether a failed task can still be tried again in this run; if not, it has failed."""

from __future__ import annotations

from dataclasses import dataclass

from core.domain.runs.attempt import Attempt
from core.domain.runs.budget import Budget, fits_time
from core.domain.runs.reasons import Reason
from core.domain.tasks.plan import Decision


@dataclass(frozen=True, slots=True, kw_only=True)
class FailedTry:
    """An attempt that failed and is to be followed by another one, which has not started."""

    attempt: Attempt
    decision: Decision
    reason: Reason
    #: Monotonic seconds at which it was settled: the pause counts from then.
    at: float


def why_no_retry(following: Decision, tries: int, wait: float, *, budget: Budget, time_left: float | None, stop_reason: str) -> str:
    """Return why the ``following`` attempt cannot come to happen in this run any more, empty while it can.

    ``tries`` are the attempts so far, ``wait`` the seconds of the pause that are left, ``time_left`` those of the time budget.
    What others have reserved may come to be free again, what is spent never does.
    """
    if stop_reason:
        return f"the run ends: {stop_reason}"
    limit = following.task.retries.limit
    if tries > limit:
        return f"its entry allows {limit} now"
    if not budget.may_afford(following.cost):
        return f"it does not fit the budget: {budget.what_is_left()}"
    if not fits_time(following.expected, None if time_left is None else time_left - wait):
        return "it does not fit the time that is left"
    return ""
