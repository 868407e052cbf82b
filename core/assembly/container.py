"""What a command works with: a session for the command, and in it a container for the repository that it opens.

This is the place that knows adapters. A member is made when it is first asked for, and once; its module is imported then. What a
member holds open is closed when the command ends.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self, TypeVar

from core.assembly.project import PLUGINS_LOCK, STATE_DIRECTORY, Project, effective_policy, open_project, own_environment
from core.assembly.state import check_state, make_state, own_key
from core.assembly.wings import WINGS
from core.domain.settings.settings import Settings
from core.errors import StateRefused
from core.ports.check_inputs import CheckInputs
from core.ports.clock import Clock
from core.ports.code import CodeMeter, MetricHistory, Repository
from core.ports.journal import RunLock
from core.ports.processes import LogStore
from core.ports.state_tables import Migrations, StateTables
from core.ports.task_file import TaskFile
from core.ports.wing import HandlerOfWing, Wing, check_wings, load, migrations_of, part_of, settings_class
from core.terminal.console import Console
from core.terminal.masking import Masking

if TYPE_CHECKING:
    from core.adapters.git import Git
    from core.adapters.state_db import SqliteJournal
    from core.plugins.host.plugin_host import PluginHost
    from core.ports.attempts import AttemptRunner
    from core.ports.handlers import TaskHandler

_SettingsSection = TypeVar("_SettingsSection")
#: Called with how many sources have been measured anew, and how many there are.
Progress = Callable[[int, int], None]

#: Database of measures in the state directory.
_MEASURES = "metrics.db"


class Session:
    """One command line: its streams, and the way to the repository that it names."""

    def __init__(self, console: Console, wings: Sequence[Wing] = WINGS) -> None:
        """Raise OrchestratorError when two wings register the same name."""
        check_wings(wings)
        self.console = console
        self.wings = wings
        self._open = ExitStack()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._open.close()

    @cached_property
    def settings_class(self) -> type[Settings]:
        """The kernel's settings with a section for each wing that has settings."""
        return settings_class(self.wings)

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
        project = open_project(directory, tasks_file=tasks_file, overrides=overrides, defaults=defaults, base=base, cls=self.settings_class)
        self.console.masking.learn_names(project.settings.redact)
        container = Container(project, self.console, self.wings, progress)
        self._open.callback(container.close)
        return container


class Container:
    """Everything that works on one repository, for one command."""

    def __init__(self, project: Project, console: Console, wings: Sequence[Wing] = WINGS, progress: Progress | None = None) -> None:
        self.project = project
        self.console = console
        self.wings = wings
        self._open = ExitStack()
        self._progress = progress

    @property
    def root(self) -> Path:
        return self.project.root

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
        return FileLogStore(str(self.root), log.directory, limit=log.limit, keep=log.keep)

    def task_file(self) -> TaskFile:
        """Return the tasks file, to be closed by the caller. Nothing is read yet."""
        from core.adapters.tasks_yaml import YamlTaskFile

        return YamlTaskFile(self.project.tasks_path, self.project.root, self.project.state)

    @cached_property
    def journal(self) -> SqliteJournal:
        """The journal, to write. The state directory is made where it is missing. Raises StateRefused, StorageError."""
        from core.adapters.state_db import open_journal

        make_state(self.root)
        return self._closed(open_journal(self.project.journal_path, self._migrations))

    @cached_property
    def journal_to_read(self) -> SqliteJournal:
        """The journal, to read; nothing is written. Raises StateRefused, StorageError."""
        from core.adapters.state_db import open_journal_to_read

        check_state(self.root)
        return self._closed(open_journal_to_read(self.project.journal_path, self._migrations))

    def scratch_journal(self) -> SqliteJournal:
        """Return a journal in memory, to be closed by the caller."""
        from core.adapters.state_db import open_scratch_journal

        return open_scratch_journal(components=self._migrations)

    def _closed(self, journal: SqliteJournal) -> SqliteJournal:
        self._open.callback(journal.close)
        return journal

    def close(self) -> None:
        """Close what members hold open; a member that is asked for afterwards is made anew. Raises StorageError."""
        self.__dict__.pop("journal", None)
        self.__dict__.pop("journal_to_read", None)
        self._open.close()

    @property
    def tables(self) -> StateTables:
        """The tables of all wings, to read and write. Raises StateRefused, StorageError."""
        return self.journal

    @cached_property
    def _migrations(self) -> tuple[Migrations, ...]:
        return migrations_of(self.wings)

    def section(self, cls: type[_SettingsSection]) -> _SettingsSection:
        """Return the section of the settings that a wing registered as ``cls``. Raises LookupError when none did."""
        found = next((wing.name for wing in self.wings if wing.settings and load(wing.settings) is cls), None)
        if found is None:
            raise LookupError(f"no wing has registered {cls.__name__} as its settings")
        section: _SettingsSection = getattr(self.settings, found)
        return section

    @property
    def handlers(self) -> Mapping[str, str]:
        """What carries out a task without a command, by kind: the command in config.yaml, else the name of a wing's handler."""
        return {**{kind: kind for wing in self.wings for kind in wing.handlers}, **self.settings.handlers}

    @cached_property
    def task_handlers(self) -> Mapping[str, TaskHandler]:
        """The handlers of wings, by kind, of those kinds that have no command in config.yaml."""
        kinds = [(kind, wing.name, reference) for wing in self.wings for kind, reference in wing.handlers.items()]
        return {kind: self._task_handler(*named) for kind, *named in kinds if kind not in self.settings.handlers}

    def _task_handler(self, wing: str, reference: str) -> Any:
        with part_of(wing, reference):
            return HandlerOfWing(load(reference)(self), wing, reference)

    def runner(self, name: str) -> AttemptRunner:
        """Return the runner that a wing registered as ``name``. Raises LookupError when none did."""
        wing = next((wing for wing in self.wings if name in wing.runners), None)
        if wing is None:
            raise LookupError(f"no wing has registered a runner {name}")
        with part_of(wing.name, wing.runners[name]):
            made: AttemptRunner = load(wing.runners[name])(self)
            return made

    @cached_property
    def run_lock(self) -> RunLock:
        """The lock that one run of the repository holds; it is not acquired yet."""
        from core.adapters.run_lock import FileRunLock

        return FileRunLock(str(self.project.state), make=lambda: make_state(self.root))

    @cached_property
    def git(self) -> Git:
        from core.adapters.git import Git

        return Git(str(self.root))

    @cached_property
    def repository(self) -> Repository:
        """The git repository, as far as the settings of the audit select its files."""
        from core.adapters.git import GitRepository

        audit, base = self.settings.audit, self.project.base
        return (base.repository if base else GitRepository(self.git)).selecting(audit.include, audit.exclude)

    @cached_property
    def _cache_key(self) -> tuple[bytes | None, str]:
        """The key that seals the cache of measures; None and one sentence where state, cache or key are not ours."""
        try:
            make_state(self.root)
            return own_key(self.root, create=True), ""
        except StateRefused as refused:
            return None, f"measured without the cache: {refused} ({refused.hint})"

    @property
    def cache_note(self) -> str:
        """Why measures are not cached, one sentence; empty where they are."""
        return self._cache_key[1]

    @cached_property
    def check_inputs(self) -> CheckInputs:
        """What checks are about. Digests are remembered where the state directory is there and ours."""
        from core.adapters.check_sources import RepositoryCheckInputs
        from core.adapters.git import list_files

        project = self.project
        ours = (self.settings.tasks_file, f"{STATE_DIRECTORY}/", f"{self.settings.log.directory}/")
        state = project.state if project.state.is_dir() else None
        return RepositoryCheckInputs(self.root, lambda: list_files(self.git), state, ours, self.environment)

    @cached_property
    def meter(self) -> CodeMeter:
        from core.adapters.git import list_files
        from core.adapters.radon.meter import RadonMeter

        audit = self.settings.audit
        return RadonMeter(
            str(self.root),
            include=audit.include,
            exclude=audit.exclude,
            jobs=audit.jobs,
            cache=str(self.project.state / _MEASURES),
            key=self._cache_key[0],
            progress=self._progress,
            listing=lambda: list_files(self.git),
            metrics=audit.measured,
        )

    @cached_property
    def history(self) -> MetricHistory:
        """Measures of past revisions: wily's with ``audit.use_wily`` and a place for its cache (its environment is made), else our own."""
        from core.adapters.git import BlobHistory, GitLog

        audit = self.settings.audit
        log = GitLog(self.git, include=audit.include, exclude=audit.exclude)
        if not audit.use_wily or self.cache_note:
            return BlobHistory(self.git, log, self.meter)
        from core.assembly.wily import wily_history

        return wily_history(self.project, self.git, log, self.console.note)

    def open_plugin_host(self) -> PluginHost:
        """Return what runs plugins, under the stricter of the repository's policy and the user's own.

        Policy, trust store and revocations of the user are read by each call: what was revoked during a run counts from the next
        cycle on. Raises InvalidFile and StorageError when the user's policy or trust store cannot be read: then no plugin runs.
        """
        from dataclasses import replace

        from core.plugins.host.plugin_host import open_host

        project, settings = self.project, self.settings
        guarded = (settings.tasks_file, settings.audit.baseline, settings.log.directory)
        host = open_host(project.root, self.environment, effective_policy(project.root, settings), guarded)
        base = project.base
        return replace(host, base_lock=(base.lock, base.shown(PLUGINS_LOCK))) if base else host
