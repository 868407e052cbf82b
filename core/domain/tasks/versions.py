"""What a person's save of ``tasks.yml`` means while a run writes to it too.

Every version of the file that we read or wrote is known by the statuses it showed. A save is taken to be based on the
version it differs from least (the newest of equals): what differs from that version the person changed on purpose,
the rest is merely old.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from core.domain.tasks.status import Status


class FileVersions:
    """The statuses that each known version of the file showed, newest last."""

    def __init__(self, statuses: Mapping[str, Status]) -> None:
        self._newest = dict(statuses)
        #: For each version but the first: what its statuses had been in the version before.
        self._undo: list[dict[str, Status]] = []

    @property
    def newest(self) -> Mapping[str, Status]:
        return self._newest

    def write(self, changed: Mapping[str, Status]) -> None:
        """Note a version of ours that differs from the newest one in ``changed``."""
        self._undo.append({task_id: self._newest[task_id] for task_id in changed if task_id in self._newest})
        self._newest.update(changed)

    def restart(self, statuses: Mapping[str, Status]) -> None:
        """Note a person's version: whoever saves next has seen it, or what came before."""
        changed = {task_id: status for task_id, status in statuses.items() if self._newest.get(task_id) is not status}
        gone = [task_id for task_id in self._newest if task_id not in statuses]
        self.write(changed)
        for task_id in gone:
            del self._newest[task_id]

    def changed_by_hand(self, saved: Mapping[str, Status]) -> dict[str, Status]:
        """Return the statuses that a save changed on purpose; entries the file never had are not among them."""
        known = {task_id: status for task_id, status in saved.items() if task_id in self._newest}
        differing = _differing(known, self._newest, known)
        best = set(differing)
        for undo in reversed(self._undo):
            affected = undo.keys() & known.keys()
            differing = (differing - affected) | _differing(known, undo, affected)
            if len(differing) < len(best):
                best = set(differing)
        return {task_id: known[task_id] for task_id in best}


def _differing(saved: Mapping[str, Status], version: Mapping[str, Status], ids: Iterable[str]) -> set[str]:
    return {task_id for task_id in ids if saved[task_id] is not version[task_id]}
