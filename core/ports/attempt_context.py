"""What an attempt is given beyond its entry: the port between a runner and the repository's state; and the folder of a task."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Protocol

from core.domain.runs.attempt import Attempt
from core.domain.tasks.task import Task


class AttemptContext(Protocol):
    """Makes what an attempt may use, and removes it when it is of no use any more."""

    def variables(self, task: Task, attempt: Attempt) -> Mapping[str, str]:
        """Return variables for the processes of an attempt that is about to start. Raises StorageError."""

    def ended(self, task_id: str, *, succeeded: bool) -> None:
        """Take note that an attempt ended and none of its processes lives; nothing that the next one could need is removed."""

    def prune(self) -> None:
        """Remove what is of no use any more; called at the end of a run, when every success was recorded."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskFolder:
    """Absolute paths."""

    #: A directory that belongs to the task until it succeeds.
    checkpoint: str
    #: A JSON file with the whole entry.
    entry: str


class TaskFolders(Protocol):
    """A folder for each task of one tasks file."""

    def prepare(self, task: Task, *, fresh: bool) -> TaskFolder:
        """Make the folder of a task where it is missing and write its entry; ``fresh`` empties the checkpoint. Raises StorageError."""

    def release(self, task_id: str) -> None:
        """Allow the folder of a task without an attempt under way to be used for another one if its checkpoint is empty."""

    def prune(self, succeeded: Collection[str], known: Collection[str]) -> None:
        """Remove the folders of tasks that succeeded and those with an empty checkpoint; after 30 days those of ids not ``known``."""
