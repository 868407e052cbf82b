"""The auditor of a project: meter, history, thresholds."""

from __future__ import annotations

import stat
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path

from core.adapters.git import BlobHistory, Git, GitLog, GitRepository, GitWorktrees, list_files
from core.assembly.backlog import open_backlog_to_edit
from core.assembly.project import Project, task_file
from core.assembly.state import make_state, own_key
from core.domain.quality.cycle import CycleReport
from core.domain.quality.gate import TaskCheck
from core.domain.quality.metric import Metric
from core.domain.settings.settings import AuditSettings
from core.domain.tasks.lookup import find_task
from core.errors import StateRefused, StorageError
from core.gate import Gate, check_task
from core.memory import Memory
from core.ports.code import CodeMeter, CommitLog, MetricHistory, PluginAuditors
from core.reflector import Reflector
from core.self_auditor import SelfAuditor

#: Database of measures in the state directory.
_CACHE = "metrics.db"


def code_meter(project: Project, progress: Callable[[int, int], None] | None = None, key: bytes | None = None) -> CodeMeter:
    """Return the meter of a project's files; ``progress`` hears how many are done of how many while it measures anew.

    ``key`` seals what it keeps in the project's state directory; without one it keeps nothing.
    """
    from core.adapters.radon.meter import RadonMeter

    audit, cache = project.settings.audit, str(project.state / _CACHE)
    return RadonMeter(
        str(project.root),
        include=audit.include,
        exclude=audit.exclude,
        jobs=audit.jobs,
        cache=cache,
        key=key,
        progress=progress,
        listing=lambda: list_files(_git(project)),
    )


def _cache_key(project: Project) -> tuple[bytes | None, str]:
    """Return the key for the cache of measures; None and one sentence where state, cache or key are not ours."""
    try:
        make_state(project)
        return own_key(project, create=True), ""
    except StateRefused as refused:
        return None, f"measured without the cache: {refused} ({refused.hint})"


def open_auditor(
    project: Project,
    *,
    history: bool = True,
    progress: Callable[[int, int], None] | None = None,
    cancelled: Callable[[], bool] = lambda: False,
) -> SelfAuditor:
    """Return the auditor of a project; without ``history`` there are no trends, and git is not asked. ``hurried`` cuts plugins off."""
    from core.adapters.system_clock import SystemClock

    key, note = _cache_key(project)
    meter = code_meter(project, progress, key)
    past = _history(project, meter, wily=not note) if history and project.settings.audit.revisions else None
    return SelfAuditor(
        meter=meter,
        clock=SystemClock(),
        settings=project.settings.audit,
        history=past,
        plugins=_plugins(project, cancelled),
        notes=(note,) if note else (),
    )


def _plugins(project: Project, cancelled: Callable[[], bool]) -> PluginAuditors | None:
    if not project.locks_plugins:
        return None
    from core.assembly.plugins import plugin_auditors

    return plugin_auditors(project, cancelled)


def _git(project: Project) -> Git:
    return _git_in(str(project.root))


@lru_cache(maxsize=1)
def _git_in(root: str) -> Git:
    """Return the one git of a project: where it does not answer one question, it is not asked the next."""
    return Git(root)


def _history(project: Project, meter: CodeMeter, *, wily: bool) -> MetricHistory:
    audit: AuditSettings = project.settings.audit
    git = _git(project)
    log: CommitLog = GitLog(git, include=audit.include, exclude=audit.exclude)
    if not audit.use_wily or not wily:  # wily's cache lies in the state directory
        return BlobHistory(git, log, meter)
    from core.adapters.wily import WilyHistory

    return WilyHistory(log, GitWorktrees(git), str(project.state / "wily"), python=audit.wily_python)


def open_gate(project: Project, auditor: SelfAuditor) -> Gate:
    """Return the gate of a project that ``auditor`` measures."""
    from core.adapters.baseline_file import CommittedBaseline, JsonBaseline

    audit, base = project.settings.audit, project.base
    shown = base.shown(audit.baseline) if base else audit.baseline
    return Gate(
        auditor=auditor,
        baseline=CommittedBaseline(base.file(audit.baseline), shown)
        if base
        else JsonBaseline(project.root / audit.baseline, shown, root=project.root),
        baseline_name=shown,
        repository=GitRepository(_git(project), include=audit.include, exclude=audit.exclude),
    )


def check_finding(project: Project, task_id: str) -> TaskCheck:
    """Measure what one task of the Reflector's is about: one file, without cache, history or further processes; or ask its plugin."""
    from core.adapters.radon.meter import RadonMeter
    from core.adapters.system_clock import SystemClock

    file = task_file(project)
    try:
        task = find_task(file.read().tasks, task_id)
    finally:
        file.close()
    if task.origin.get("metric") == Metric.PLUGIN:
        return check_task(open_auditor(project, history=False), task)
    audit = project.settings.audit
    meter = RadonMeter(str(project.root), include=audit.include, exclude=audit.exclude, jobs=1)
    return check_task(SelfAuditor(meter=meter, clock=SystemClock(), settings=audit), task)


def open_reflector(project: Project, auditor: SelfAuditor, memory: Memory) -> Reflector:
    """Return what does reflection cycles over a project's backlog."""
    return Reflector(
        auditor=auditor,
        memory=memory,
        exists=lambda path: _is_there(project.root / path),
        max_open_tasks=project.settings.reflect.max_open_tasks,
    )


def _is_there(path: Path) -> bool:
    """Return whether a path is a file; one that cannot be looked at counts as one: nobody knows that it is gone."""
    try:
        return stat.S_ISREG(path.stat().st_mode)
    except (FileNotFoundError, NotADirectoryError, ValueError):
        return False
    except OSError:
        return True


def append_findings(project: Project, auditor: SelfAuditor) -> CycleReport:
    """Do one reflection cycle by hand: append tasks for findings, close tasks whose finding is gone."""
    with open_backlog_to_edit(project) as memory:
        report = open_reflector(project, auditor, memory).run_cycle()
        if not memory.save_tasks():
            raise StorageError(
                "the tasks file is being saved by somebody else, or is invalid", hint="orchestrator validate, then try again"
            )
        return report
