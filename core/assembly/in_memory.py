"""Backlogs in memory, and a container that works on one: no tasks file, no journal on disk, no lock."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from functools import cached_property
from typing import TYPE_CHECKING

from core.adapters.tasks_yaml.parse.document import MAX_BYTES
from core.adapters.tasks_yaml.store.text import YamlText
from core.assembly.backlog import open_backlog_to_edit
from core.assembly.container import Container
from core.diff_utils import generate_diff
from core.files.reading import read_text, repository_top
from core.memory import Memory
from core.ports.journal import RunLock
from core.ports.task_file import TaskFile
from core.testing.journal import InMemoryRunLock

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


@contextmanager
def open_trial(container: Container) -> Iterator[tuple[Memory, Callable[[], str]]]:
    """Open the backlog for a change that is only shown: the second value returns the diff that the file would get.

    Nothing is written. Raises InvalidFile and StorageError for the tasks file.
    """
    container.task_file().read()
    name = container.settings.tasks_file
    before = read_text(container.project.tasks_path, name, limit=MAX_BYTES, inside=repository_top(container.root))
    after = YamlText(before, name)
    with closing(InMemoryContainer(container, after)) as trial, open_backlog_to_edit(trial) as memory:
        yield memory, lambda: generate_diff(before, after.text, name)
