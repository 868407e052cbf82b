"""Everything a bug report needs to know."""

from __future__ import annotations

from pathlib import Path

from core import __version__
from core.assembly.project import Project, open_project, task_file
from core.assembly.state import check_state
from core.domain.settings.diagnosis import Diagnosis, Health
from core.errors import InvalidFile, OrchestratorError, StateRefused, StorageError
from core.reports.text.wording import count


def diagnose(directory: str = "", *, tasks_file: str | None = None) -> tuple[Diagnosis, ...]:
    """Look at the machine, the repository, its files, lock and state; changes nothing.

    Settings that cannot be read are one more thing to tell, and the rest is looked at with the defaults. Raises UsageError for a
    directory that is not there, InvalidFile for a ``tasks_file`` outside of the repository.
    """
    try:
        project = open_project(directory, tasks_file=tasks_file)
    except (InvalidFile, StorageError) as error:
        return _diagnose(open_project(directory, tasks_file=tasks_file, defaults=True), _bad_settings(error))
    changed = count(len(project.settings.sources), "setting")
    return _diagnose(project, Diagnosis(subject="settings", found=f"{changed} given, the others by default", health=Health.GOOD))


def _bad_settings(error: InvalidFile | StorageError) -> Diagnosis:
    if not isinstance(error, InvalidFile):
        return Diagnosis(subject="settings", found=str(error), health=Health.BAD, advice=error.hint)
    more = f" and {len(error.problems) - 1} more" if len(error.problems) > 1 else ""
    return Diagnosis(
        subject="settings", found=f"{error.problems[0]}{more}", health=Health.BAD, advice="orchestrator validate lists them all"
    )


def _diagnose(project: Project, settings: Diagnosis) -> tuple[Diagnosis, ...]:
    from core.adapters.machine_facts import diagnose_machine

    us = Diagnosis(subject="orchestrator", found=__version__)
    return (
        us,
        *diagnose_machine(project.root, _own_state(project)),
        *_sandbox(),
        settings,
        _policy(project),
        _tasks(project),
        *_state(project),
    )


def _own_state(project: Project) -> Path | None:
    """Return the state directory where there is one and it is ours."""
    try:
        check_state(project)
    except StateRefused:
        return None
    return project.state if project.state.is_dir() else None


def _sandbox() -> tuple[Diagnosis, ...]:
    from core.plugins.sandbox.layers import Tier, sandbox_layers

    layers = sandbox_layers()
    health = {Tier.STRONG: Health.GOOD, Tier.BASIC: Health.GOOD, Tier.NONE: Health.WARNING}[layers.tier]
    return tuple(
        Diagnosis(subject=subject, found=found, health=health if subject.startswith("sandbox") else Health.FACT)
        for subject, _, found in (line.partition(": ") for line in layers.lines())
    )


def _policy(project: Project) -> Diagnosis:
    from core.assembly.plugin_host import diagnose_policy

    return diagnose_policy(project)


def _tasks(project: Project) -> Diagnosis:
    subject = project.settings.tasks_file
    if not project.tasks_path.exists():
        return Diagnosis(subject=subject, found="none", health=Health.WARNING, advice="orchestrator init writes one that fits")
    file = task_file(project)
    try:
        return Diagnosis(subject=subject, found=count(len(file.read().tasks), "task"), health=Health.GOOD)
    except InvalidFile as invalid:
        return Diagnosis(subject=subject, found=count(len(invalid.problems), "problem"), health=Health.BAD, advice="orchestrator validate")
    except OrchestratorError as error:
        return Diagnosis(subject=subject, found=str(error), health=Health.BAD, advice=error.hint)
    finally:
        file.close()


def _state(project: Project) -> tuple[Diagnosis, ...]:
    from core.adapters.state_db import diagnose_state

    try:
        check_state(project)
        return _lock(project), diagnose_state(project.journal_path)
    except StateRefused as refused:
        return (Diagnosis(subject="state", found=str(refused), health=Health.BAD, advice=refused.hint),)


def _lock(project: Project) -> Diagnosis:
    from core.adapters.run_lock import FileRunLock

    holder = FileRunLock(str(project.state)).holder()
    return Diagnosis(subject="run lock", found="free" if holder is None else f"held by pid {holder}", health=Health.GOOD)
