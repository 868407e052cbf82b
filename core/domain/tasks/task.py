"""One entry of ``tasks.yml``: its fields, its status, and what finishing it takes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from enum import StrEnum
from types import MappingProxyType
from typing import Any


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
    #: A person or the Reflector decided that it is not to be done; a check is switched off.
    CANCELLED = "cancelled"


#: Statuses of tasks that are still to be finished.
OPEN = frozenset({Status.PENDING, Status.IN_PROGRESS})
#: Statuses of tasks that have come to an end.
ENDED = frozenset({Status.DONE, Status.FAILED, Status.CANCELLED})


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


#: Words that ``priority`` accepts beside whole numbers. Higher runs first.
PRIORITY_WORDS: Mapping[str, int] = MappingProxyType({"low": -10, "normal": 0, "high": 10, "critical": 100})

_EMPTY: Mapping[str, Any] = MappingProxyType({})


def _empty() -> Mapping[str, Any]:
    return _EMPTY


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where an entry begins in its file, 1-based."""

    line: int
    column: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Retry:
    """How often a failed attempt is repeated, and after which pauses."""

    #: Attempts after the first.
    limit: int = 0
    #: Seconds before the second attempt.
    delay: float = 1.0
    #: Each further pause is this many times the one before.
    backoff: float = 2.0
    #: Seconds; no pause is longer.
    max_delay: float = 300.0

    def pause(self, attempt: int) -> float:
        """Return the seconds to wait after failed attempt number ``attempt`` (1-based): 1, 2, 4, 8 … by default."""
        if self.delay <= 0:
            return 0.0
        try:
            return float(min(self.delay * self.backoff ** (attempt - 1), self.max_delay))
        except OverflowError:
            return self.max_delay


class Work(StrEnum):
    """What finishing a task takes."""

    #: A command of its own or of its kind's handler.
    COMMAND = "command"
    #: No command, but a check: done as soon as the check passes.
    GOAL = "goal"
    #: Neither, but dependencies: done when they are.
    MILESTONE = "milestone"
    #: ``check: true``: its command and checks say whether the repository is in order; it has results, and no end.
    CHECK = "check"
    #: Only a person finishes it: it says ``manual``, or has no command, check or dependencies that could tell that it is done.
    MANUAL = "manual"


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """One task, as its file says. Ids are text: ``1`` and ``"1"`` name the same task."""

    id: str
    description: str
    #: A string runs in a shell (directly when it has no shell syntax), a tuple is an argv.
    command: str | tuple[str, ...] | None = None
    #: A plugin that does the work in place of a command, and its configuration.
    plugin: str | None = None
    with_: Mapping[str, Any] = field(default_factory=_empty)
    #: Each must exit 0, in order, in a fresh process, before the task counts as done.
    verify: tuple[str, ...] = ()
    dependencies: tuple[str, ...] = ()
    #: Higher runs first.
    priority: int = 0
    #: Units of the run's budget.
    cost: float = 1.0
    status: Status = Status.PENDING
    #: Seconds an attempt may take, checks included; None: for ever.
    timeout: float | None = None
    retries: Retry = field(default_factory=Retry)
    env: Mapping[str, str] = field(default_factory=_empty)
    #: Directory inside the repository that the command starts in.
    cwd: str | None = None
    kind: str = "task"
    tags: tuple[str, ...] = ()
    component: str | None = None
    epic: str | None = None
    manual: bool = False
    #: A check: run again in every run; its results are in the journal, and its file never says more than ``cancelled``.
    check: bool = False
    #: Globs of the files that a check is about; with them it is up to date while they are what they were at its last success.
    sources: tuple[str, ...] = ()
    #: Whether a check must pass before the change of a handler counts.
    gate: bool = True
    #: Written by the tool for tasks it appended: by, fingerprint, path, block, shape, metric, score, threshold, trend, closed,
    #: advice.
    origin: Mapping[str, Any] = field(default_factory=_empty)
    #: The user's own ``x-…`` fields, as read.
    extra: Mapping[str, Any] = field(default_factory=_empty)
    place: Place = Place(line=0, column=0)

    def work(self, handlers: Mapping[str, str] = _EMPTY) -> Work:
        """Return what finishing this task takes, given the ``handlers`` of config.yaml by kind."""
        if self.check:
            return Work.CHECK
        if self.manual:
            return Work.MANUAL
        if self.command is not None or self.plugin is not None or self.kind in handlers:
            return Work.COMMAND
        if self.verify:
            return Work.GOAL
        return Work.MILESTONE if self.dependencies else Work.MANUAL


_FIELDS = tuple(field.name for field in fields(Task))


def manual_reason(task: Task) -> str:
    """Return why only a person finishes a task whose work is ``MANUAL``, as a sentence."""
    if task.manual:
        return "a person finishes it (manual: true)"
    return "a person finishes it: it has no command, no check and no dependencies"


def with_status(task: Task, status: Status) -> Task:
    """Return the entry with the status that holds. Does what ``dataclasses.replace`` does, several times as fast."""
    if task.status is status:
        return task
    twin: Task = object.__new__(Task)
    for name in _FIELDS:
        object.__setattr__(twin, name, getattr(task, name))
    object.__setattr__(twin, "status", status)
    return twin
