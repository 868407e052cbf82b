"""What somebody's save of the tasks file changed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from core.domain.tasks.status import Status
from core.domain.tasks.task import Place, Task


@dataclass(frozen=True, slots=True, kw_only=True)
class Reloaded:
    """What somebody's save changed, apart from statuses that were merely old."""

    added: tuple[str, ...]
    removed: tuple[str, ...]
    #: Tasks whose entry changed otherwise than in a status of ours.
    changed: tuple[str, ...]
    #: Statuses set by hand.
    statuses: Mapping[str, Status]


def compare(before: Mapping[str, Task], after: Mapping[str, Task], by_hand: Mapping[str, Status]) -> Reloaded:
    """Compare the entries before and after a save; ``by_hand`` are the statuses that it set on purpose."""
    both = [task_id for task_id in after if task_id in before]
    return Reloaded(
        added=tuple(task_id for task_id in after if task_id not in before),
        removed=tuple(task_id for task_id in before if task_id not in after),
        changed=tuple(task_id for task_id in both if _content(before[task_id]) != _content(after[task_id])),
        statuses=dict(by_hand),
    )


def _content(task: Task) -> Task:
    """Return the entry without what may change without anybody meaning it: its status and its place."""
    return replace(task, status=Status.PENDING, place=Place(line=0, column=0))
