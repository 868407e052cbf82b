"""What a command works with: a session for the command, and in it a container for the repository that it opens.

This is the place that knows adapters. A member is made when it is first asked for, and once; its module is imported then.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any

from core.assembly.project import PLUGINS_LOCK, Project, open_project, own_environment
from core.assembly.state import make_state, own_key
from core.domain.settings.settings import Settings
from core.errors import StateRefused
from core.ports.clock import Clock
from core.ports.code import CodeMeter, MetricHistory, Repository
from core.ports.journal import RunLock
from core.ports.processes import LogStore
from core.ports.task_file import TaskFile
from core.terminal.console import Console
from core.terminal.masking import Masking

if TYPE_CHECKING:
    from core.adapters.git import Git
    from core.adapters.state_db import SqliteJournal
    from core.plugins.host import PluginHost

#: Called with how many sources have been measured anew, and how many there are.
Progress = Callable[[int, int], None]

#: Database of measures in the state directory.
_MEASURES = "metrics.db"


class Session:
    """One command line: its streams, and the way to the repository that it names."""

    def __init__(self, console: Console) -> None:
        self.console = console

    def open(
        self,
        directory: str = "",
        *,
        tasks_file: str | None = None,
        overrides: Mapping[str, Any] | None = None,
        defaults: bool = False,
        base: str = "",
        progress: Progress | None = None,
    ) -> Container:
        """Find the repository, read its settings and return its container; arguments and errors are those of ``open_project``.

        ``progress`` is called while sources are measured.
        """
        project = open_project(directory, tasks_file=tasks_file, overrides=overrides, defaults=defaults, base=base)
        self.console.masking.learn_names(project.settings.redact)
        return Container(project, self.console, progress)


class Container:
    """Everything that works on one repository, for one command."""

    def __init__(self, project: Project, console: Console, progress: Progress | None = None) -> None:
        self.project = project
        self.console = console
        self._progress = progress

    @property
    def settings(self) -> Settings:
        return self.project.settings

    @property
    def masking(self) -> Masking:
        """What takes known secrets out of everything that this command writes."""
        return self.console.masking

    @cached_property
    def clock(self) -> Clock:
        from core.adapters.system_clock import SystemClock

        return SystemClock()

    @cached_property
    def environment(self) -> dict[str, str]:
        """The variables with which this command starts processes."""
        return own_environment()

    @cached_property
    def logs(self) -> LogStore:
        from core.adapters.log_files import FileLogStore

        log = self.settings.log
        return FileLogStore(str(self.project.root), log.directory, limit=log.limit, keep=log.keep)

    def task_file(self) -> TaskFile:
        """Return the tasks file, to be closed by the caller. Nothing is read yet."""
        from core.adapters.tasks_yaml import YamlTaskFile

        return YamlTaskFile(self.project.tasks_path, self.project.root, self.project.state)

    def journal(self) -> SqliteJournal:
        """Open the journal for writing, to be closed by the caller. Raises StorageError."""
        from core.adapters.state_db import open_journal

        return open_journal(self.project.journal_path)

    def journal_to_read(self) -> SqliteJournal:
        """Open the journal without writing anything, to be closed by the caller. Raises StorageError."""
        from core.adapters.state_db import open_journal_to_read

        return open_journal_to_read(self.project.journal_path)

    @cached_property
    def run_lock(self) -> RunLock:
        """The lock that one run of the repository holds; it is not acquired yet."""
        from core.adapters.run_lock import FileRunLock

        return FileRunLock(str(self.project.state))

    @cached_property
    def git(self) -> Git:
        from core.adapters.git import Git

        return Git(str(self.project.root))

    @cached_property
    def repository(self) -> Repository:
        """The git repository, as far as the settings of the audit select its files."""
        from core.adapters.git import GitRepository

        audit = self.settings.audit
        return GitRepository(self.git, include=audit.include, exclude=audit.exclude)

    @cached_property
    def _cache_key(self) -> tuple[bytes | None, str]:
        """The key that seals the cache of measures; None and one sentence where state, cache or key are not ours."""
        try:
            make_state(self.project.root)
            return own_key(self.project.root, create=True), ""
        except StateRefused as refused:
            return None, f"measured without the cache: {refused} ({refused.hint})"

    @property
    def cache_note(self) -> str:
        """Why measures are not cached, one sentence; empty where they are."""
        return self._cache_key[1]

    @cached_property
    def meter(self) -> CodeMeter:
        from core.adapters.git import list_files
        from core.adapters.radon.meter import RadonMeter

        audit = self.settings.audit
        return RadonMeter(
            str(self.project.root),
            include=audit.include,
            exclude=audit.exclude,
            jobs=audit.jobs,
            cache=str(self.project.state / _MEASURES),
            key=self._cache_key[0],
            progress=self._progress,
            listing=lambda: list_files(self.git),
        )

    @cached_property
    def history(self) -> MetricHistory:
        """Measures of past revisions. Without a cache there is no place for wily's, and git's objects are measured instead."""
        from core.adapters.git import BlobHistory, GitLog, GitWorktrees

        audit = self.settings.audit
        log = GitLog(self.git, include=audit.include, exclude=audit.exclude)
        if not audit.use_wily or self.cache_note:
            return BlobHistory(self.git, log, self.meter)
        from core.adapters.wily import WilyHistory

        return WilyHistory(log, GitWorktrees(self.git), str(self.project.state / "wily"), python=audit.wily_python)

    @cached_property
    def plugin_host(self) -> PluginHost:
        """What runs plugins, under the stricter of the repository's policy and the user's own.

        Raises InvalidFile and StorageError when the user's policy or trust store cannot be read: then no plugin runs.
        """
        from dataclasses import replace

        from core.assembly.plugin_policy import effective_policy
        from core.plugins.host import open_host

        project, settings = self.project, self.settings
        guarded = (settings.tasks_file, settings.audit.baseline, settings.log.directory)
        host = open_host(project.root, self.environment, effective_policy(project.root, settings), guarded)
        base = project.base
        return replace(host, base_lock=(base.lock, base.shown(PLUGINS_LOCK))) if base else host
