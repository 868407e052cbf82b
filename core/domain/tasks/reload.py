"""What somebody else's save of ``tasks.yml`` changed, while a run writes to it too.

Every version of the file that we read or wrote is known by the statuses it showed. A save is taken to be based on the version it differs
from least (the newest of equals): what differs from that version was changed on purpose, the rest is merely old.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from core.domain.tasks.task import Place, Status, Task

#: What an entry says of its status; None: it has no such line, which means pending.
Word = Status | None

V = TypeVar("V")


@dataclass(frozen=True, slots=True, kw_only=True)
class Reloaded:
    """The ids of what a save changed, apart from statuses that were merely old."""

    added: tuple[str, ...]
    removed: tuple[str, ...]
    #: Tasks with a change in anything but the status.
    changed: tuple[str, ...]
    #: Statuses that were changed on purpose.
    statuses: Mapping[str, Status]


def compare(before: Mapping[str, Task], after: Mapping[str, Task], manual: Mapping[str, Status]) -> Reloaded:
    """Compare the entries before and after a save; ``manual`` are the statuses that it changed on purpose."""
    common = [task_id for task_id in after if task_id in before]
    return Reloaded(
        added=tuple(task_id for task_id in after if task_id not in before),
        removed=tuple(task_id for task_id in before if task_id not in after),
        changed=tuple(task_id for task_id in common if _content(before[task_id]) != _content(after[task_id])),
        statuses=dict(manual),
    )


def _content(task: Task) -> Task:
    """Return the entry without its status and place, which differ between saves without anybody changing them."""
    return replace(task, status=Status.PENDING, place=Place(line=0, column=0))


class FileVersions:
    """The statuses that each known version of the file showed, newest last."""

    def __init__(self, statuses: Mapping[str, Status]) -> None:
        self._newest = dict(statuses)
        #: For each version but the first: what its statuses had been in the version before.
        self._undo: list[dict[str, Status]] = []

    @property
    def newest(self) -> Mapping[str, Status]:
        return self._newest

    def add_own(self, changed: Mapping[str, Status]) -> None:
        """Add a version that we wrote, which differs from the newest one in ``changed``."""
        self._undo.append({task_id: self._newest[task_id] for task_id in changed if task_id in self._newest})
        self._newest.update(changed)

    def add(self, statuses: Mapping[str, Status]) -> None:
        """Add a version by all of its statuses; the next save of somebody else may be based on it or on any earlier one."""
        removed = [task_id for task_id in self._newest if task_id not in statuses]
        self.add_own({task_id: status for task_id, status in statuses.items() if self._newest.get(task_id) is not status})
        for task_id in removed:
            del self._newest[task_id]

    def manual_changes(self, saved: Mapping[str, Status]) -> dict[str, Status]:
        """Return the statuses that a save changed on purpose; entries that the file never had are not among them."""
        base = before_all(self._undo[len(self._undo) - steps_back(saved, self._newest, self._undo) :])
        return {task_id: status for task_id, status in saved.items() if status is not base.get(task_id, self._newest.get(task_id, status))}


def steps_back(saved: Mapping[str, Word], newest: Mapping[str, Word], undo: Sequence[Mapping[str, Word]]) -> int:
    """Return how many versions before the newest one that is which ``saved`` is based on.

    ``undo`` has for each version but the first what it replaced in the version before, newest last. Words are compared by identity.
    """
    known = saved.keys() & newest.keys()
    differing = {task_id for task_id in known if saved[task_id] is not newest[task_id]}
    fewest, steps = len(differing), 0
    for count, replaced in enumerate(reversed(undo), start=1):
        for task_id, word in replaced.items():
            if task_id in known:
                (differing.discard if saved[task_id] is word else differing.add)(task_id)
        if len(differing) < fewest:
            fewest, steps = len(differing), count
    return steps


def before_all(undo: Iterable[Mapping[str, V]]) -> dict[str, V]:
    """Return what was there before the first of several versions, of all that they replaced."""
    first: dict[str, V] = {}
    for replaced in undo:
        for task_id, value in replaced.items():
            first.setdefault(task_id, value)
    return first
