"""Where a task stands: the word in ``tasks.yml``, and what it can do right now."""

from __future__ import annotations

from enum import StrEnum


class Status(StrEnum):
    """The ``status`` field of a task."""

    #: Not started, or to be started again.
    PENDING = "pending"
    #: An attempt is under way.
    IN_PROGRESS = "in_progress"
    #: Finished; its checks, where it has some, passed.
    DONE = "done"
    #: Its last attempt ended badly and no retry is left.
    FAILED = "failed"
    #: A person or the Reflector took it off the list.
    CANCELLED = "cancelled"


#: Statuses that a run still has to bring to an end.
OPEN = frozenset({Status.PENDING, Status.IN_PROGRESS})


class Readiness(StrEnum):
    """What an open task can do right now."""

    #: Everything it depends on is done.
    READY = "ready"
    #: Something it depends on failed, was cancelled, or is itself blocked.
    BLOCKED = "blocked"
    #: It, or something it depends on, needs a person or an agent.
    WAITING = "waiting"
    #: Something it depends on is still to be run.
    QUEUED = "queued"
