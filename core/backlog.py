"""The entries of the tasks file with the statuses that hold now, and what of these the file does not show yet."""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping

from core.domain.tasks.reload import FileVersions, Reloaded, compare
from core.domain.tasks.task import ENDED, Status, Task, with_status


class Backlog:
    """What Memory knows of the file, and how far the two are apart. In memory only: it reads and writes nothing."""

    def __init__(self, tasks: Iterable[Task] = ()) -> None:
        self._tasks: tuple[Task, ...] | None = None
        #: Entries as read; the statuses that hold now are in ``_statuses``.
        self._entries: dict[str, Task] = {}
        self._statuses: dict[str, Status] = {}
        self._replace(tasks)
        self._versions = FileVersions(self._statuses)
        self._unwritten: dict[str, Status] = {}

    @property
    def tasks(self) -> tuple[Task, ...]:
        """The tasks in file order, with the statuses that hold now."""
        if self._tasks is None:
            self._tasks = tuple(with_status(task, self._statuses[task.id]) for task in self._entries.values())
        return self._tasks

    @property
    def statuses(self) -> Mapping[str, Status]:
        """The statuses that hold now, by id."""
        return self._statuses

    def entry(self, task_id: str) -> Task:
        """Return an entry as it was read; its status is the file's."""
        return self._entries[task_id]

    @property
    def unwritten(self) -> Mapping[str, Status]:
        """Statuses that the file does not show yet, by id."""
        return self._unwritten

    def having(self, status: Status) -> list[str]:
        """Return the ids of the tasks with a status."""
        return [task_id for task_id, its in self._statuses.items() if its is status]

    def set_status(self, task_id: str, status: Status) -> None:
        """Let a status hold; the file shows it only when it was written before."""
        self._statuses[task_id], self._tasks = status, None
        if self._versions.newest.get(task_id) is status:
            self._unwritten.pop(task_id, None)
        else:
            self._unwritten[task_id] = status

    def set_statuses(self, statuses: Mapping[str, Status]) -> None:
        """Let the status of each id hold."""
        for task_id, status in statuses.items():
            self.set_status(task_id, status)

    def note_written(self, statuses: Mapping[str, Status]) -> None:
        """Note that we wrote a version of the file which differs from the one before in ``statuses``."""
        self._versions.add_own(statuses)
        self._unwritten = {}

    def note_appended(self, tasks: Iterable[Task]) -> None:
        """Note that the version which we just wrote has ``tasks``, old and new ones."""
        self._replace(tasks)
        self._versions.add(self._statuses)

    def manual_changes(self, saved: Iterable[Task], *, old: Container[str] = ()) -> dict[str, Status]:
        """Return the statuses that somebody else's save changed on purpose, and not because it was based on an older version.

        ``old`` are ids whose statuses are known to be old. A save may also be based on a text that we wrote and took back, because
        another save came in between: no version of ours. So a status that holds already is no change, and ``in_progress`` for what has
        ended is old.
        """
        changed = self._versions.manual_changes({task.id: task.status for task in saved})
        return {task_id: status for task_id, status in changed.items() if task_id not in old and not self._is_known(task_id, status)}

    def _is_known(self, task_id: str, status: Status) -> bool:
        holds = self._statuses.get(task_id)
        return status is holds or (status is Status.IN_PROGRESS and holds in ENDED)

    def take_over(self, saved: Iterable[Task], manual: Mapping[str, Status]) -> Reloaded:
        """Take over what somebody else saved: the statuses in ``manual`` hold, all other statuses of ours are to be written again."""
        tasks = list(saved)
        entries_before, statuses_before = self._entries, self._statuses
        self._replace(tasks)
        self._versions.add({task.id: task.status for task in tasks})
        self._unwritten = {}
        for task in tasks:
            # Nothing runs under a new id: an entry in progress is the copy of one that runs.
            initial = Status.PENDING if task.status is Status.IN_PROGRESS else task.status
            status = statuses_before.get(task.id, initial)
            if task.id not in manual and status is not task.status:
                self.set_status(task.id, status)
        return compare(entries_before, self._entries, manual)

    def _replace(self, tasks: Iterable[Task]) -> None:
        self._entries = {task.id: task for task in tasks}
        self._statuses = {task.id: task.status for task in self._entries.values()}
        self._tasks = None
