"""Backlogs in memory, and a container that works one off: no tasks file, no journal on disk, no lock."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from core.adapters.tasks_yaml.store.text import YamlText
from core.assembly.container import Container
from core.ports.journal import RunLock
from core.ports.task_file import TaskFile
from core.testing.lock import InMemoryRunLock

if TYPE_CHECKING:
    from core.adapters.state_db import SqliteJournal


def task_text(text: str = "") -> YamlText:
    """Return a backlog in memory that begins with the tasks of a YAML text. Raises InvalidFile with every problem."""
    return YamlText(text)


class InMemoryContainer(Container):
    """Works off ``backlog`` in the repository of another container: its settings, its logs, its commands' directory."""

    def __init__(self, repository: Container, backlog: TaskFile) -> None:
        super().__init__(repository.project, repository.console, repository.wings)
        self._backlog = backlog

    def task_file(self) -> TaskFile:
        return self._backlog

    @cached_property
    def journal(self) -> SqliteJournal:
        return self._closed(self.scratch_journal())

    @cached_property
    def journal_to_read(self) -> SqliteJournal:
        return self.journal

    @cached_property
    def run_lock(self) -> RunLock:
        return InMemoryRunLock()
