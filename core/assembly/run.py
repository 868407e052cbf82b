"""One run, assembled from the settings and what the command line asked for."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, chdir, contextmanager
from dataclasses import dataclass, field

from core.assembly.container import Container
from core.assembly.project import new_run_id
from core.assembly.state import make_state
from core.domain.quality.cycle import CycleReport
from core.domain.runs.run_options import RunOptions
from core.domain.settings.options import VARIABLE_PREFIX
from core.domain.settings.settings import Provenance, Settings, Source
from core.events import Event, masked
from core.executor import Executor, ExecutorSettings
from core.memory import Memory
from core.orchestrator import Orchestrator
from core.ports.audience import EventSink, Listeners
from core.ports.processes import LogStore, StopSignals
from core.run_report import RunReport


@dataclass(slots=True, kw_only=True)
class Run:
    """A run that is ready to go; whoever wants to see it adds a sink first."""

    orchestrator: Orchestrator
    logs: LogStore
    sinks: list[EventSink] = field(default_factory=list)
    ticks: list[Callable[[], None]] = field(default_factory=list)
    #: Ends the listeners; called when the views are closed, it returns what a person should still know, a sentence each.
    part: Callable[[], tuple[str, ...]] = tuple


@contextmanager
def open_run(container: Container, options: RunOptions, *, reflect: bool = True) -> Iterator[Run]:
    """Assemble one run. Entering takes no lock and starts nothing. Raises StateRefused, StorageError, InvalidFile."""
    from core.adapters.event_log import EventLog
    from core.adapters.private_dir import make_private_dir
    from core.adapters.processes import ProcessLauncher
    from core.adapters.stop_signals import SystemStopSignals

    project, settings, clock, run_id = container.project, container.settings, container.clock, new_run_id()
    if not project.tasks_path.exists():
        container.task_file().read()  # says what is missing, before anything is made
    make_state(project.root)
    make_private_dir(project.root, settings.log.directory)
    with ExitStack() as stack:
        # A process starts fastest in the directory that its parent is in.
        stack.enter_context(chdir(project.root))
        # The first that is entered and the last that is left: whatever is open is closed as at the end of any run.
        signals = stack.enter_context(SystemStopSignals())
        journal = container.journal()
        stack.callback(journal.close)
        launcher = stack.enter_context(ProcessLauncher(container.environment))
        stack.enter_context(signals.waking(launcher.wake_fd))
        file = container.task_file()
        stack.callback(file.close)
        event_log = EventLog(project.root, settings.log.directory, run_id)
        stack.callback(event_log.close)
        sinks: list[EventSink] = [event_log]
        ticks: list[Callable[[], None]] = []
        logs = container.logs
        memory = Memory(file=file, journal=journal, clock=clock, run_id=run_id)
        executor = Executor(launcher=launcher, logs=logs, clock=clock, settings=_executor_settings(container, options))
        report = RunReport(emit=_fan_out(sinks, container.masking), clock=clock, run_id=run_id, note=journal.repaired)
        orchestrator = Orchestrator(
            options=options,
            memory=memory,
            executor=executor,
            launcher=launcher,
            lock=container.run_lock,
            signals=signals,
            clock=clock,
            report=report,
            pid=os.getpid(),
            tick=_call_all(ticks),
            reflect=_reflection(container, memory, signals) if reflect else None,
        )
        run = Run(orchestrator=orchestrator, logs=logs, sinks=sinks, ticks=ticks)
        if project.locks_plugins:
            from core.assembly.plugins import plugin_listeners

            _attach(plugin_listeners(container), run, report, signals)
        run.part = _part_with(run.part, lambda: event_log.gap)
        try:
            yield run
        finally:
            run.part()


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


def _executor_settings(container: Container, options: RunOptions) -> ExecutorSettings:
    project, settings = container.project, container.settings
    return ExecutorSettings(
        root=str(project.root),
        tasks_file=str(project.tasks_path),
        variables=_told_by_the_command_line(settings),
        grace=settings.grace,
        timeout=settings.timeout,
        handlers=options.handlers,
        # Without -P a package ``core`` of the repository would be taken for ours.
        learn=container.masking.learn,
        mask=container.masking,
        plugin_command=(sys.executable, "-P", "-m", "core", "plugins", "run", "--directory", str(project.root)),
    )


def _told_by_the_command_line(settings: Settings) -> dict[str, str]:
    """Return what a task's own orchestrator commands could not know otherwise: which file ``--file`` named."""
    named = settings.sources.get("tasks_file", Provenance(source=Source.DEFAULT)).source is Source.COMMAND_LINE
    return {f"{VARIABLE_PREFIX}TASKS_FILE": settings.tasks_file} if named else {}


def _reflection(container: Container, memory: Memory, signals: StopSignals) -> Callable[[], CycleReport]:
    """Return what a run calls for one reflection cycle; the meter is made with the first."""

    def reflect() -> CycleReport:
        from core.assembly.audit import open_auditor, open_reflector

        auditor = open_auditor(container, cancelled=lambda: signals.received() is not None)
        return open_reflector(container, auditor, memory).run_cycle()

    return reflect


def _attach(listeners: Listeners, run: Run, report: RunReport, signals: StopSignals) -> None:
    """Have listeners told every event, and what goes wrong with them told to the run."""

    def warn() -> None:
        for problem in listeners.problems():
            report.warned(problem)

    def part() -> tuple[str, ...]:
        listeners.close(lambda: signals.received() is not None)
        return listeners.problems()

    run.sinks.append(listeners)
    run.ticks.append(warn)
    run.part = part


def _part_with(part: Callable[[], tuple[str, ...]], gap: Callable[[], str]) -> Callable[[], tuple[str, ...]]:
    """Have it said, too, that the log of the run has gaps."""
    return lambda: (*part(), *(f"{why}: events are missing there" for why in (gap(),) if why))


def _fan_out(sinks: list[EventSink], mask: Callable[[str], str]) -> EventSink:
    def emit(event: Event) -> None:
        shown = masked(event, mask)
        for sink in sinks:
            sink(shown)

    return emit


def _call_all(ticks: list[Callable[[], None]]) -> Callable[[], None]:
    def tick() -> None:
        for each in ticks:
            each()

    return tick
