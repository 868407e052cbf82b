"""Auditor, gate and Reflector of a repository, and what a branch changes in the files by which it is judged."""

from __future__ import annotations

import stat
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from core.assembly.backlog import open_backlog_to_edit
from core.assembly.container import Container
from core.assembly.coverage import change_coverage
from core.assembly.project import PLUGINS_LOCK, BaseRevision, Project
from core.config import CONFIG_FILE
from core.domain.quality.baseline_growth import baseline_growth
from core.domain.quality.coverage import NewCodeCoverage
from core.domain.quality.finding import Accepted, Key
from core.domain.quality.history import ChangeSet
from core.domain.quality.metric import Metric
from core.domain.quality.metric_spec import CHOICES
from core.domain.quality.refactor_task import metric_of
from core.domain.quality.reflection import CycleReport
from core.domain.quality.silences import Silences
from core.domain.quality.verdict import PolicyChange, TaskCheck
from core.domain.runs.variables import MeasuredPlace
from core.domain.settings.loosening import loosened_values
from core.domain.settings.merging import changed_values
from core.domain.settings.options import is_stronger_than_files, settings_table
from core.domain.settings.settings import AuditSettings
from core.domain.tasks.lookup import find_task
from core.domain.tasks.task import Task
from core.errors import InvalidFile, OrchestratorError, StorageError
from core.gate import Gate, check_task, place_now
from core.memory import Memory
from core.ports.code import BaselineFile, CodeMeter, PluginAuditors
from core.reflector import Reflector
from core.self_auditor import SelfAuditor

#: Says what tests run of a change.
ChangeCoverage = Callable[[ChangeSet], NewCodeCoverage]


def open_auditor(container: Container, *, history: bool = True, cancelled: Callable[[], bool] = lambda: False) -> SelfAuditor:
    """Return the auditor of a repository.

    Without ``history`` there are no trends, and git is not asked. Plugins are killed once ``cancelled`` returns True.
    """
    audit, note = container.settings.audit, container.cache_note
    return SelfAuditor(
        meter=container.meter,
        clock=container.clock,
        settings=audit,
        history=container.history if history and audit.revisions else None,
        plugins=_plugins(container, cancelled),
        baseline=_baseline(container),
        notes=(note,) if note else (),
    )


def open_audit(container: Container, *, history: bool, since: str = "", coverage: str = "") -> tuple[SelfAuditor, Gate]:
    """Return the auditor of a repository and the gate that judges what it finds.

    With ``since``, the revision that is compared with, there are no trends, and changed lines are judged by a coverage report:
    ``coverage``, a path relative to the current directory, or ``audit.coverage``. Raises what ``change_coverage`` raises.
    """
    auditor = open_auditor(container, history=history and not since)
    return auditor, open_gate(container, auditor, change_coverage(container, coverage) if since else None)


def read_tasks(container: Container) -> tuple[Task, ...]:
    """Return the tasks; without a valid tasks file, none."""
    file = container.task_file()
    try:
        return file.read().tasks
    except (InvalidFile, StorageError):
        return ()
    finally:
        file.close()


def _plugins(container: Container, cancelled: Callable[[], bool]) -> PluginAuditors | None:
    if not container.project.locks_plugins:
        return None
    from core.assembly.plugins import plugin_auditors

    return plugin_auditors(container, cancelled)


def open_gate(
    container: Container,
    auditor: SelfAuditor,
    coverage: ChangeCoverage | None = None,
    silences: Callable[[], Silences] | None = None,
) -> Gate:
    """Return the gate that judges what an auditor finds; ``silences``: what the branch silences, where the caller knows better than git."""
    return Gate(
        auditor=auditor,
        baseline=_baseline(container),
        baseline_name=_baseline_name(container),
        repository=container.repository,
        coverage=coverage,
        silences=silences or (lambda: _silences(container.project)),
    )


def _silences(project: Project) -> Silences:
    """Return what a branch silences; nothing where the work tree judges itself. Raises StorageError."""
    if project.base is None:
        return Silences()
    from core.assembly.silences import silences_since

    return silences_since(project, project.base)


def _baseline(container: Container) -> BaselineFile:
    """Return the accepted findings: those of the base where there is one, else those of the work tree."""
    from core.adapters.baseline_file import CommittedBaseline, JsonBaseline

    project, name, shown = container.project, container.settings.audit.baseline, _baseline_name(container)
    if project.base is not None:
        return CommittedBaseline(project.base.file(name), shown)
    return JsonBaseline(project.root / name, shown, root=project.root)


def _baseline_name(container: Container) -> str:
    base, name = container.project.base, container.settings.audit.baseline
    return base.shown(name) if base else name


def check_finding(container: Container, task_id: str) -> TaskCheck:
    """Measure what one task of the Reflector's is about, or ask its plugin."""
    file = container.task_file()
    try:
        tasks = file.read().tasks
        task = find_task(tasks, task_id)
    finally:
        file.close()
    if task.origin.get("metric") == Metric.PLUGIN:
        return check_task(open_auditor(container, history=False), task)
    return check_task(_auditor_for(container, task), task, tasks)


def measure_place(container: Container, task: Task) -> MeasuredPlace | None:
    """Return where what one task of the Reflector's is about is now, and how bad; None where that cannot be measured."""
    try:
        return place_now(_auditor_for(container, task), task)
    except (OrchestratorError, OSError):
        return None


def _auditor_for(container: Container, task: Task) -> SelfAuditor:
    """Return an auditor that measures what a task is about: one file, without cache or further processes; for copies, every file."""
    settings, metric = container.settings.audit, metric_of(task)
    audit = replace(settings, metrics=(*settings.metrics, metric)) if metric in CHOICES else settings
    if metric is Metric.DUPLICATION and metric in settings.measured:
        return SelfAuditor(meter=container.meter, clock=container.clock, settings=audit)
    return SelfAuditor(meter=plain_meter(container, audit), clock=container.clock, settings=audit)


def plain_meter(container: Container, audit: AuditSettings) -> CodeMeter:
    """Return a meter of the work tree by other settings than its own, without cache or further processes."""
    from core.adapters.git import list_files
    from core.adapters.radon.meter import RadonMeter

    return RadonMeter(
        str(container.root),
        include=audit.include,
        exclude=audit.exclude,
        jobs=1,
        listing=lambda: list_files(container.git),
        metrics=audit.measured,
    )


def open_reflector(container: Container, auditor: SelfAuditor, memory: Memory, paths: Sequence[str] = ()) -> Reflector:
    """Return the Reflector of a repository's backlog."""
    root = container.root

    def exists(path: str) -> bool:
        return _is_there(root / path)

    return Reflector(
        paths=paths,
        auditor=auditor,
        memory=memory,
        exists=exists,
        max_open_tasks=container.settings.reflect.max_open_tasks,
    )


def _is_there(path: Path) -> bool:
    """Return whether a path is a file; one that cannot be examined counts as one, since it may not be gone."""
    try:
        return stat.S_ISREG(path.stat().st_mode)
    except (FileNotFoundError, NotADirectoryError, ValueError):
        return False
    except OSError:
        return True


def append_findings(container: Container, auditor: SelfAuditor, paths: Sequence[str] = ()) -> CycleReport:
    """Run one reflection cycle outside of a run: append tasks for findings, close tasks whose finding is gone; ``paths`` limits both."""
    with open_backlog_to_edit(container) as memory:
        report = open_reflector(container, auditor, memory, paths).run_cycle()
        if not memory.save_tasks():
            raise StorageError(
                "the tasks file is being saved by somebody else, or is invalid", hint="orchestrator validate, then try again"
            )
        return report


def policy_changes(project: Project) -> tuple[PolicyChange, ...]:
    """Return the differences between the base and this branch, none where a project is judged by what it says itself."""
    base = project.base
    if base is None:
        return ()
    return (*_settings_changes(project, base), *_baseline_changes(project, base), *_lock_changes(project, base))


def _settings_changes(project: Project, base: BaseRevision) -> Iterator[PolicyChange]:
    table, here = settings_table(type(project.settings)), base.own_config
    looser = {each.key for each in loosened_values(table, here, base.config)}
    for change in changed_values(table, here, base.config):
        if not is_stronger_than_files(project.settings, change.key):
            what = f"{change.key} {change.before} → {change.after}"
            loosens = change.key in looser or not change.key.startswith("audit.")
            yield PolicyChange(subject="settings", what=what, file=CONFIG_FILE, line=change.line, loosens=loosens)


def _baseline_changes(project: Project, base: BaseRevision) -> Iterator[PolicyChange]:
    from core.assembly.silences import both_baselines

    name = project.settings.audit.baseline
    try:
        accepted_before, accepted_now = both_baselines(project, base)
    except (InvalidFile, StorageError) as error:
        yield PolicyChange(subject=name, what=f"it cannot be compared: {str(error).splitlines()[0]}", file=name)
        return
    before, after = _by_key(accepted_before), _by_key(accepted_now)
    more, otherwise = len(after.keys() - before.keys()), sum(before[key] != after[key] for key in before.keys() & after.keys())
    fewer = len(before.keys() - after.keys())
    counts = ((more, "accepted more"), (fewer, "accepted no more"), (otherwise, "accepted otherwise"))
    what = ", ".join(f"{number} {words}" for number, words in counts if number)
    if what:
        grown = baseline_growth(accepted_before or (), accepted_now or ())
        yield PolicyChange(subject=name, what=what, file=name, loosens=bool(grown))


def _by_key(accepted: tuple[Accepted, ...] | None) -> dict[Key, float]:
    return {each.key: each.score for each in accepted or ()}


def _lock_changes(project: Project, base: BaseRevision) -> Iterator[PolicyChange]:
    if base.lock is None and not (project.root / PLUGINS_LOCK).exists():
        return
    from core.plugins.host.lock_file import lock_of_bytes, read_lock
    from core.plugins.rules.permissions import lock_changes

    try:
        before = {} if base.lock is None else lock_of_bytes(base.lock, base.shown(PLUGINS_LOCK))
        changes = lock_changes(before, read_lock(project.root))
    except (InvalidFile, StorageError) as error:
        changes = (f"it cannot be compared: {str(error).splitlines()[0]}",)
    for what in changes:
        yield PolicyChange(subject=PLUGINS_LOCK, what=what, file=PLUGINS_LOCK)
