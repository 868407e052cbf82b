"""What an attempt's end makes of its task."""

from __future__ import annotations

from enum import Enum, auto

from core.domain.runs.outcome import Ending, Outcome
from core.domain.tasks.status import Status
from core.domain.tasks.task import Work


class Settlement(Enum):
    """The six things that can follow an attempt."""

    #: Somebody changed or removed the entry meanwhile: what they wrote stands.
    SUPERSEDED = auto()
    DONE = auto()
    FAILED = auto()
    #: The run stops; the task is pending again.
    PUT_BACK = auto()
    #: A goal's check did not pass: a person or an agent has to act.
    UNMET = auto()
    RETRY = auto()


def settle(work: Work, outcome: Outcome, stands: Status | None, *, retries: int, tries: int, may_retry: bool) -> Settlement:
    """Decide. ``stands`` is the status in the file by now, None when the entry is gone; ``tries`` counts this run's attempts.

    ``may_retry`` is False when the run stops or has no budget for another attempt: what failed has failed then.
    """
    if stands is not (Status.IN_PROGRESS if work is Work.COMMAND else Status.PENDING):
        return Settlement.SUPERSEDED
    if outcome.succeeded:
        return Settlement.DONE
    if outcome.ending is Ending.INTERRUPTED:
        return Settlement.PUT_BACK
    if work is Work.GOAL:
        return Settlement.UNMET
    return Settlement.RETRY if tries <= retries and may_retry else Settlement.FAILED
