"""The status of a task in ``tasks.yml``, and its readiness."""

from __future__ import annotations

from enum import StrEnum


class Status(StrEnum):
    """The ``status`` field of a task."""

    #: Not started, or to be started again.
    PENDING = "pending"
    #: An attempt is under way.
    IN_PROGRESS = "in_progress"
    #: Finished, and every check of ``verify`` passed.
    DONE = "done"
    #: Its last attempt failed and no retry is left.
    FAILED = "failed"
    #: A person or the Reflector decided that it is not to be done.
    CANCELLED = "cancelled"


#: Statuses of tasks that are still to be finished.
OPEN = frozenset({Status.PENDING, Status.IN_PROGRESS})


class Readiness(StrEnum):
    """Whether an open task can start now, and why not."""

    #: Everything it depends on is done.
    READY = "ready"
    #: Something it depends on failed, was cancelled, or is itself blocked.
    BLOCKED = "blocked"
    #: It, or something it depends on, needs a person or an agent.
    WAITING = "waiting"
    #: Something it depends on is still to be run.
    QUEUED = "queued"
