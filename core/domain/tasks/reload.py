"""What somebody else's save of ``tasks.yml`` changed, while a run writes to it too.

Every version of the file that we read or wrote is known by the statuses it showed. A save is taken to be based on the version it differs
from least (the newest of equals): what differs from that version was changed on purpose, the rest is merely old.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from core.domain.tasks.task import Place, Status, Task


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
        known = {task_id: status for task_id, status in saved.items() if task_id in self._newest}
        differing = _differing(known, self._newest, known)
        fewest = set(differing)
        for undo in reversed(self._undo):
            affected = undo.keys() & known.keys()
            differing = (differing - affected) | _differing(known, undo, affected)
            if len(differing) < len(fewest):
                fewest = set(differing)
        return {task_id: known[task_id] for task_id in fewest}


def _differing(saved: Mapping[str, Status], version: Mapping[str, Status], ids: Iterable[str]) -> set[str]:
    return {task_id for task_id in ids if saved[task_id] is not version[task_id]}
