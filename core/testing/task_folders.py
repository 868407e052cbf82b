"""In-memory twin of the port ``TaskFolders``."""

from __future__ import annotations

from collections.abc import Collection

from core.domain.tasks.entry import entry_of
from core.domain.tasks.task import Task
from core.ports.attempt_context import TaskFolder


class InMemoryTaskFolders:
    """Keeps which files each checkpoint has, and the entries as they were last written, both by the task's id."""

    def __init__(self) -> None:
        self.checkpoints: dict[str, set[str]] = {}
        self.entries: dict[str, dict[str, object]] = {}

    def prepare(self, task: Task, *, fresh: bool) -> TaskFolder:
        if fresh or task.id not in self.checkpoints:
            self.checkpoints[task.id] = set()
        self.entries[task.id] = entry_of(task)
        return TaskFolder(checkpoint=f"/state/tasks/{task.id}/checkpoint", entry=f"/state/tasks/{task.id}/task.json")

    def release(self, task_id: str) -> None:
        """Nothing is reused in memory."""

    def prune(self, succeeded: Collection[str], known: Collection[str]) -> None:
        """What is not ``known`` stays: no time passes here."""
        del known
        for task_id, files in list(self.checkpoints.items()):
            if task_id in succeeded or not files:
                del self.checkpoints[task_id], self.entries[task_id]
