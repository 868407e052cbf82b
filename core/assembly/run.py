"""One run, assembled from the settings and what the command line asked for."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from core.assembly.container import Container
from core.assembly.project import new_run_id, settings_environment
from core.assembly.state import make_state
from core.assembly.wily import warn_of_no_history
from core.attempt_context import RepositoryContext
from core.domain.quality.judged_task import is_judged
from core.domain.quality.reflection import CycleReport
from core.domain.runs.executor_settings import ExecutorSettings
from core.domain.runs.run_state import RunOptions
from core.domain.runs.variables import TASKS_FILE, MeasuredPlace, without_task
from core.domain.settings.settings import Provenance, Settings, Source
from core.domain.tasks.task import Status, Task
from core.errors import UsageError
from core.event_bus import EventBus
from core.executor import Executor
from core.handlers import CommandHandler, Handlers
from core.judged_recovery import left_by_dead_run
from core.memory import Memory
from core.orchestrator import Orchestrator
from core.ports.attempt_context import AttemptContext, TaskFolders
from core.ports.handlers import TaskHandler
from core.ports.processes import Launcher, LogReader, StopSignals
from core.ports.subscribers import Listeners
from core.ports.wing import load, part_of
from core.run_facts import RunFacts

#: Held while a run has the process: current directory, signals and orphans belong to the process, whatever thread the run is in.
_PROCESS = threading.Lock()


@contextmanager
def process_in(directory: Path) -> Iterator[None]:
    """Have the process, in a directory, for as long as the context lasts.

    Raises UsageError while another run has it, and where Python would give texts to commands in another encoding than the files have.
    """
    if (encoding := sys.getfilesystemencoding()) != "utf-8":
        hint = "start Python in its UTF-8 mode: python -X utf8, or PYTHONUTF8=1"
        raise UsageError(f"the encoding of Python is {encoding}: texts of tasks.yml would reach commands as other bytes", hint=hint)
    if not _PROCESS.acquire(blocking=False):
        hint = "run them one after the other, or start `orchestrator run --json` as a process for each"
        raise UsageError("another run or task is under way in this process", hint=hint)
    try:
        # Held open, not known by its path: the present directory may have been removed, or be one that may not be read.
        previous = os.open(".", os.O_PATH | os.O_CLOEXEC)
        try:
            # A process starts fastest in the directory that its parent is in.
            os.chdir(directory)
            yield
        finally:
            with suppress(OSError):  # one that may not be entered again
                os.fchdir(previous)
            os.close(previous)
    finally:
        _PROCESS.release()


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """A run that is ready to go; whoever wants to see it subscribes to ``bus`` first, and closes ``bus`` when the run is over."""

    orchestrator: Orchestrator
    logs: LogReader
    bus: EventBus
    signals: StopSignals


@contextmanager
def open_run(container: Container, options: RunOptions, *, reflect: bool = True, reflect_paths: Sequence[str] = ()) -> Iterator[Run]:
    """Assemble one run. Entering takes no lock and starts nothing. Raises LockHeld, StateRefused, StorageError, InvalidFile.

    ``reflect_paths``, relative to the repository, limits reflection; none: all of it.
    """
    from core.adapters.event_log import EventLog
    from core.adapters.private_dir import make_private_dir
    from core.adapters.processes import ProcessLauncher
    from core.adapters.stop_signals import SystemStopSignals
    from core.adapters.task_folders import FileTaskFolders

    project, settings, clock, run_id = container.project, container.settings, container.clock, new_run_id()
    if not project.tasks_path.exists():
        container.task_file().read()  # says what is missing, before anything is made
    container.run_lock.check_free()
    container.task_file().check_writable()  # what would be refused at the end of the first task is refused before it begins
    make_state(project.root)
    make_private_dir(project.root, settings.log.directory)
    container.logs.check_writable()
    if reflect and settings.audit.use_wily:
        warn_of_no_history(container.history, container.console.note)
    with ExitStack() as stack:
        stack.enter_context(process_in(project.root))
        # The first that is entered and the last that is left: whatever is open is closed as at the end of any run.
        signals = stack.enter_context(SystemStopSignals())
        stack.callback(container.close)
        journal = container.journal
        launcher = stack.enter_context(ProcessLauncher(inherited_by_tasks(container)))
        stack.enter_context(signals.waking(launcher.wake_fd))
        file = container.task_file()
        stack.callback(file.close)
        memory = Memory(file=file, journal=journal, clock=clock, run_id=run_id)
        folders = FileTaskFolders(str(project.state), project.task_folders)
        stack.callback(folders.close)
        executor = _executor(container, launcher, context=_context(container, memory, folders), memory=memory)
        event_log = EventLog(project.root, settings.log.directory, run_id)
        bus = EventBus(mask=container.masking)
        stack.callback(bus.close)
        bus.subscribe(event_log, tick=event_log.flush, close=event_log.close)
        if project.locks_plugins:
            from core.assembly.plugins import plugin_listeners

            _subscribe_listeners(bus, plugin_listeners(container), RunFacts(run_id, clock), signals)
        for wing in container.wings:
            if wing.subscribers:
                with part_of(wing.name, wing.subscribers):
                    load(wing.subscribers)(bus, container)
        orchestrator = Orchestrator(
            options=options,
            memory=memory,
            runner=executor,
            lock=container.run_lock,
            signals=signals,
            clock=clock,
            bus=bus,
            pid=os.getpid(),
            note="; ".join(filter(None, (journal.repaired, left_by_dead_run(journal)))),
            inputs=container.check_inputs,
            reflect=_reflection(container, memory, signals, reflect_paths) if reflect else None,
        )
        yield Run(orchestrator=orchestrator, logs=container.logs, bus=bus, signals=signals)


@contextmanager
def open_executor(container: Container) -> Iterator[Executor]:
    """Assemble the Executor of a repository for single tasks outside of a run. Raises StateRefused, StorageError."""
    from core.adapters.private_dir import make_private_dir
    from core.adapters.processes import ProcessLauncher

    make_private_dir(container.project.root, container.settings.log.directory)
    with process_in(container.project.root), ProcessLauncher(inherited_by_tasks(container)) as launcher:
        executor = _executor(container, launcher, lambda task: _plugin_problem(container, task))
        try:
            yield executor
        finally:
            executor.prune()


def run_options(
    container: Container,
    *,
    only: Iterable[str] | None = None,
    tags: Iterable[str] | None = None,
    named: Iterable[str] | None = None,
    retry_failed: bool = False,
    strict: bool = False,
    fresh: bool = False,
) -> RunOptions:
    """Return what a run is asked to do: the settings, and what only the command line can say."""
    settings = container.settings
    return RunOptions(
        jobs=settings.jobs or len(os.sched_getaffinity(0)),
        budget=settings.budget.cost,
        time_budget=settings.budget.time,
        stop_on_exceed=settings.budget.on_exceed == "stop",
        warn_at=settings.budget.warn_at,
        fail_fast=settings.fail_fast,
        handlers=container.handlers,
        reflect_every=settings.reflect.every,
        only=frozenset(only or ()),
        tags=frozenset(tags or ()),
        named=frozenset(named or ()),
        retry_failed=retry_failed,
        strict=strict,
        fresh=fresh,
    )


def _plugin_problem(container: Container, task: Task) -> str:
    """Return why the plugin of a single task cannot run. Those of a run are looked at by its own checks, before and after."""
    from core.assembly.plugins import plugin_problem

    return plugin_problem(container, task)


def _executor(
    container: Container,
    launcher: Launcher,
    plugin_problem: Callable[[Task], str] = lambda _task: "",
    context: AttemptContext | None = None,
    memory: Memory | None = None,
) -> Executor:
    return Executor(
        launcher=launcher,
        logs=container.logs,
        clock=container.clock,
        settings=executor_settings(container),
        handlers=_handlers(container, plugin_problem, memory),
        context=context,
    )


def inherited_by_tasks(container: Container) -> dict[str, str]:
    """Return the variables that tasks inherit; nothing among them is about a task or a tasks file of a run around this one."""
    return without_task(settings_environment(container.environment, container.root))


def _context(container: Container, memory: Memory, folders: TaskFolders) -> AttemptContext:
    """Return what gives attempts their recovery points and says what is known of them."""

    def measure(task: Task) -> MeasuredPlace | None:
        from core.assembly.audit import measure_place

        return measure_place(container, task)

    return RepositoryContext(
        folders=folders,
        previous=lambda task_id: next(iter(container.journal.attempts(task_id, limit=1)), None),
        measure=measure,
        unfinished=lambda: {task.id for task in memory.tasks if task.status is not Status.DONE},
    )


def executor_settings(container: Container) -> ExecutorSettings:
    """Return what an Executor needs to know of the settings."""
    settings = container.settings
    return ExecutorSettings(
        tasks_file=str(container.project.tasks_path),
        root=str(container.root),
        variables=_command_line_variables(settings),
        grace=settings.grace,
        timeout=settings.timeout,
        learn=container.masking.learn,
        mask=container.masking,
    )


def _handlers(container: Container, plugin_problem: Callable[[Task], str], memory: Memory | None) -> Handlers:
    """Return the handlers of tasks; a command that config.yaml has for a kind comes before a wing's handler.

    Outside of a run (no ``memory``) nothing is judged: there are no checks that could have passed before.
    """
    commands, root = container.settings.handlers, str(container.root)
    # Without -P a package ``core`` of the repository would be taken for ours.
    plugin_command = (sys.executable, "-P", "-m", "core", "plugins", "run", "--directory", root)
    command = CommandHandler(root, commands, plugin_command, plugin_problem)
    if memory is None:
        return Handlers(command, container.task_handlers)

    def judged() -> TaskHandler:
        from core.assembly.judgement import judged_handler

        return judged_handler(container, command, memory)

    return Handlers(command, container.task_handlers, judged=judged, is_judged=lambda task: is_judged(task, commands))


def _command_line_variables(settings: Settings) -> dict[str, str]:
    """Return the variables that pass ``--file`` on to orchestrator commands in tasks."""
    named = settings.sources.get("tasks_file", Provenance(source=Source.DEFAULT)).source is Source.COMMAND_LINE
    return {TASKS_FILE: settings.tasks_file} if named else {}


def _reflection(
    container: Container, memory: Memory, signals: StopSignals, paths: Sequence[str]
) -> Callable[[Collection[str]], CycleReport]:
    """Return what a run calls for one reflection cycle; the meter is made with the first."""

    def reflect(passed: Collection[str]) -> CycleReport:
        from core.assembly.audit import open_auditor, open_reflector

        auditor = open_auditor(container, cancelled=lambda: signals.received() is not None)
        return open_reflector(container, auditor, memory, paths).run_cycle(passed)

    return reflect


def _subscribe_listeners(bus: EventBus, listeners: Listeners, facts: RunFacts, signals: StopSignals) -> None:
    """Send every event to plugins; what goes wrong with them during the run is an event, too."""

    def warn() -> None:
        for problem in listeners.problems():
            bus.emit(facts.warned(problem))

    def close() -> tuple[str, ...]:
        listeners.close(lambda: signals.received() is not None)
        return listeners.problems()

    bus.subscribe(listeners, tick=warn, close=close)
