"""The one place that knows all adapters: settings in, working objects out."""

from __future__ import annotations

import os
import secrets
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from core.config import CONFIG_FILE, config_schema, load_config, merge_settings
from core.domain.run_options import RunOptions
from core.domain.settings import Settings
from core.errors import LockHeld, UsageError
from core.events import Event
from core.memory import Memory
from core.orchestrator import Orchestrator
from core.ports import EventSink, Journal, LogStore, ProjectFolder, TaskFile
from core.yaml_text import read_plain

#: Directory of everything that is ours and not for eyes: journal, lock, caches.
STATE_DIRECTORY = ".orchestrator"


@dataclass(frozen=True, slots=True, kw_only=True)
class Project:
    """A repository and how it is to be treated."""

    root: Path
    settings: Settings

    @property
    def state(self) -> Path:
        return self.root / STATE_DIRECTORY

    @property
    def tasks_path(self) -> Path:
        return self.root / self.settings.tasks_file


@dataclass(frozen=True, slots=True, kw_only=True)
class Backlog:
    """The tasks and what the journal knows of them."""

    memory: Memory
    journal: Journal
    logs: LogStore


@dataclass(slots=True, kw_only=True)
class Run:
    """A run that is ready to go; whoever wants to see it adds a sink first."""

    orchestrator: Orchestrator
    logs: LogStore
    sinks: list[EventSink] = field(default_factory=list)
    ticks: list[Callable[[], None]] = field(default_factory=list)


def open_project(
    directory: str = "", *, tasks_file: str | None = None, overrides: Mapping[str, Any] | None = None, defaults: bool = False
) -> Project:
    """Find the repository and read its settings. Without ``directory``: here, or the nearest directory above with a tasks file.

    With ``defaults`` its config.yaml is not looked at.

    Raises UsageError for a directory that is not there, InvalidFile and StorageError for its config.yaml.
    """
    if directory and not Path(directory).is_dir():
        raise UsageError(f"no such directory: {directory}")
    root = Path(directory).resolve() if directory else _root_above(Path.cwd(), tasks_file or "tasks.yml")
    wanted = {**(overrides or {}), "tasks_file": tasks_file}
    settings = (
        merge_settings(read_plain("", CONFIG_FILE), CONFIG_FILE, {}, wanted) if defaults else load_config(root=root, overrides=wanted)
    )
    return Project(root=root, settings=settings)


def task_file(project: Project) -> TaskFile:
    """Return the tasks file of a project."""
    from core.adapters.tasks_yaml import YamlTaskFile

    return YamlTaskFile(project.tasks_path, project.root, project.state / "cache")


@contextmanager
def open_backlog(project: Project) -> Iterator[Backlog]:
    """Open the backlog for looking at it; nothing is written, also where nothing can be written."""
    from core.adapters.sqlite_journal import open_journal_to_read
    from core.adapters.system_clock import SystemClock

    with ExitStack() as stack:
        journal = open_journal_to_read(project.state / "state.db")
        stack.callback(journal.close)
        file = task_file(project)
        stack.callback(file.close)
        memory = Memory(file=file, journal=journal, clock=SystemClock(), run_id="")
        memory.load_tasks()
        yield Backlog(memory=memory, journal=journal, logs=_logs(project))


@contextmanager
def open_backlog_to_edit(project: Project) -> Iterator[Memory]:
    """Open the backlog for a change by hand.

    Beside a live run the change goes into the file alone, as an editor's save would, and the run takes it over;
    otherwise it is recorded in the journal too.
    """
    from core.adapters.run_lock import FileRunLock
    from core.adapters.sqlite_journal import open_journal, open_scratch_journal
    from core.adapters.system_clock import SystemClock

    run_id = f"hand-{new_run_id()}"
    with ExitStack() as stack:
        lock = FileRunLock(str(project.state))
        try:
            lock.acquire(run_id)
            stack.callback(lock.release)
            journal = open_journal(project.state / "state.db")
        except LockHeld:
            journal = open_scratch_journal()
        stack.callback(journal.close)
        file = task_file(project)
        stack.callback(file.close)
        memory = Memory(file=file, journal=journal, clock=SystemClock(), run_id=run_id)
        memory.load_tasks()
        yield memory


@contextmanager
def open_run(project: Project, options: RunOptions, *, reflect: bool = True) -> Iterator[Run]:
    """Assemble one run. Entering takes no lock and starts nothing."""
    from core.adapters.event_log import EventLog
    from core.adapters.processes import ProcessLauncher
    from core.adapters.run_lock import FileRunLock
    from core.adapters.sqlite_journal import open_journal
    from core.adapters.stop_signals import SystemStopSignals
    from core.adapters.system_clock import SystemClock
    from core.executor import Executor, ExecutorSettings
    from core.run_report import RunReport

    settings, clock, run_id = project.settings, SystemClock(), new_run_id()
    with ExitStack() as stack:
        journal = open_journal(project.state / "state.db")
        stack.callback(journal.close)
        launcher = stack.enter_context(ProcessLauncher(_environment()))
        signals = stack.enter_context(SystemStopSignals(launcher.wake_fd))
        file = task_file(project)
        stack.callback(file.close)
        event_log = EventLog(project.root / settings.log.directory / f"run-{run_id}.jsonl")
        stack.callback(event_log.close)
        sinks: list[EventSink] = [event_log]
        ticks: list[Callable[[], None]] = []
        logs = _logs(project)
        logs.prune()
        memory = Memory(file=file, journal=journal, clock=clock, run_id=run_id)
        executor = Executor(
            launcher=launcher,
            logs=logs,
            clock=clock,
            settings=ExecutorSettings(
                root=str(project.root),
                tasks_file=str(project.tasks_path),
                grace=settings.grace,
                timeout=settings.timeout,
                handlers=options.handlers,
            ),
        )
        orchestrator = Orchestrator(
            options=options,
            memory=memory,
            journal=journal,
            executor=executor,
            launcher=launcher,
            lock=FileRunLock(str(project.state)),
            signals=signals,
            clock=clock,
            report=RunReport(emit=_fan_out(sinks), clock=clock, run_id=run_id, note=journal.repaired),
            pid=os.getpid(),
            tick=_call_all(ticks),
        )
        yield Run(orchestrator=orchestrator, logs=logs, sinks=sinks, ticks=ticks)


def run_options(
    settings: Settings,
    *,
    only: Iterable[str] | None = None,
    tags: Iterable[str] | None = None,
    retry_failed: bool = False,
    strict: bool = False,
) -> RunOptions:
    """Return what a run is asked to do: the settings, and what only the command line can say."""
    return RunOptions(
        jobs=settings.jobs or len(os.sched_getaffinity(0)),
        budget=settings.budget.cost,
        time_budget=settings.budget.time,
        stop_on_exceed=settings.budget.on_exceed == "stop",
        warn_at=settings.budget.warn_at,
        fail_fast=settings.fail_fast,
        handlers=settings.handlers,
        reflect_every=settings.reflect.every,
        only=frozenset(only or ()),
        tags=frozenset(tags or ()),
        retry_failed=retry_failed,
        strict=strict,
    )


def read_log(project: Project, path: str) -> Iterator[str]:
    """Return a log's lines, ours included, control characters escaped. Raises StorageError when it cannot be read."""
    from core.adapters.log_files import read_lines

    return read_lines(str(project.root), path)


def follow_log(project: Project, path: str, has_ended: Callable[[], bool]) -> Iterator[str]:
    """Return a log's lines as they come, until ``has_ended`` says so and the end is reached."""
    from core.adapters.log_files import follow_lines

    return follow_lines(str(project.root), path, has_ended)


def project_folder(directory: str = "") -> ProjectFolder:
    """Return the directory that ``init`` looks at and writes into. Raises UsageError when it is not there."""
    from core.adapters.repository_probe import RepositoryProbe

    if directory and not Path(directory).is_dir():
        raise UsageError(f"no such directory: {directory}")
    return RepositoryProbe(Path(directory or "."), _environment())


def file_schemas() -> dict[str, dict[str, Any]]:
    """Return the JSON schemas of the files that people write: ``tasks`` and ``config``."""
    from core.adapters.tasks_yaml import tasks_schema

    return {"tasks": tasks_schema(), "config": config_schema()}


def new_run_id() -> str:
    """Return an id that sorts by time and is unique on one machine: ``20261121T031821-4f2a``."""
    return f"{datetime.now(UTC):%Y%m%dT%H%M%S}-{secrets.token_hex(2)}"


def _logs(project: Project) -> LogStore:
    from core.adapters.log_files import FileLogStore

    log = project.settings.log
    return FileLogStore(str(project.root), log.directory, limit=log.limit, keep=log.keep)


def _environment() -> dict[str, str]:
    """Return the tool's own environment with its scripts last on PATH, so that ``verify: orchestrator …`` finds it."""
    scripts = str(Path(sys.argv[0]).parent.resolve()) if sys.argv and Path(sys.argv[0]).is_absolute() else str(Path(sys.executable).parent)
    path = os.environ.get("PATH", os.defpath)
    return {**os.environ, "PATH": path if scripts in path.split(os.pathsep) else f"{path}{os.pathsep}{scripts}"}


def _fan_out(sinks: list[EventSink]) -> EventSink:
    def emit(event: Event) -> None:
        for sink in sinks:
            sink(event)

    return emit


def _call_all(ticks: list[Callable[[], None]]) -> Callable[[], None]:
    def tick() -> None:
        for each in ticks:
            each()

    return tick


def _root_above(here: Path, tasks_file: str) -> Path:
    """Return the nearest directory from ``here`` up that has a tasks file or a config, not beyond the git repository."""
    for directory in (here, *here.parents):
        if (directory / tasks_file).exists() or (directory / CONFIG_FILE).exists():
            return directory
        if (directory / ".git").exists():
            return directory
    return here
