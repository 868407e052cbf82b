"""What one reflection cycle found and did."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from core.domain.tasks.status import Status
from core.domain.tasks.task import Task


@dataclass(frozen=True, slots=True, kw_only=True)
class ClosedTask:
    """A task of the Reflector's own that it brought to an end."""

    task_id: str
    status: Status
    #: With the after-value, or why its place is gone.
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CycleReport:
    """One measure → decide → append / close."""

    files: int
    findings: int
    seconds: float
    appended: tuple[Task, ...] = ()
    closed: tuple[ClosedTask, ...] = ()
    #: Ids whose priority or place was brought up to date.
    updated: tuple[str, ...] = ()
    #: Open tasks of the Reflector's own with what was just measured, e.g. "complexity is 23, at most 10 is wanted".
    open: Mapping[str, str] = field(default_factory=dict)
    #: Findings that have no task because ``reflect.max_open_tasks`` are open.
    withheld: int = 0
    #: Why findings can have no task, a sentence each.
    without_task: tuple[str, ...] = ()
    #: Why there is no trend, or a short one; empty when history is whole.
    gap: str = ""
    #: What a person should know, a sentence each: plugins whose findings are unknown, findings without a task.
    notes: tuple[str, ...] = ()

    @property
    def changed_backlog(self) -> bool:
        return bool(self.appended or self.closed or self.updated)
