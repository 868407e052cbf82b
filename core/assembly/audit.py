"""Auditor, gate and Reflector of a repository."""

from __future__ import annotations

import stat
from collections.abc import Callable, Sequence
from pathlib import Path

from core.assembly.backlog import open_backlog_to_edit
from core.assembly.container import Container
from core.domain.quality.metric import Metric
from core.domain.quality.reflection import CycleReport
from core.domain.quality.verdict import TaskCheck
from core.domain.tasks.lookup import find_task
from core.domain.tasks.task import Task
from core.errors import InvalidFile, StorageError
from core.gate import Gate, check_task
from core.memory import Memory
from core.ports.code import PluginAuditors
from core.reflector import Reflector
from core.self_auditor import SelfAuditor


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
        notes=(note,) if note else (),
    )


def open_audit(container: Container, *, history: bool) -> tuple[SelfAuditor, Gate]:
    """Return the auditor of a repository and the gate that judges what it finds."""
    auditor = open_auditor(container, history=history)
    return auditor, _gate(container, auditor)


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


def _gate(container: Container, auditor: SelfAuditor) -> Gate:
    from core.adapters.baseline_file import CommittedBaseline, JsonBaseline

    project, audit, base = container.project, container.settings.audit, container.project.base
    shown = base.shown(audit.baseline) if base else audit.baseline
    return Gate(
        auditor=auditor,
        baseline=CommittedBaseline(base.file(audit.baseline), shown)
        if base
        else JsonBaseline(project.root / audit.baseline, shown, root=project.root),
        baseline_name=shown,
        repository=container.repository,
    )


def check_finding(container: Container, task_id: str) -> TaskCheck:
    """Measure what one task of the Reflector's is about: one file, without cache, history or further processes; or ask its plugin."""
    from core.adapters.radon.meter import RadonMeter

    file = container.task_file()
    try:
        task = find_task(file.read().tasks, task_id)
    finally:
        file.close()
    if task.origin.get("metric") == Metric.PLUGIN:
        return check_task(open_auditor(container, history=False), task)
    audit = container.settings.audit
    meter = RadonMeter(str(container.project.root), include=audit.include, exclude=audit.exclude, jobs=1)
    return check_task(SelfAuditor(meter=meter, clock=container.clock, settings=audit), task)


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
