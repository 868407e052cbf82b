"""What a branch changes in the settings, baseline and plugins.lock that judge it. Those of the base count; this only reports."""

from __future__ import annotations

from collections.abc import Iterator

from core.assembly.base_revision import BaseRevision
from core.assembly.project import PLUGINS_LOCK, Project
from core.config import CONFIG_FILE, repository_config
from core.domain.quality.finding import Accepted
from core.domain.quality.verdict import PolicyChange
from core.domain.settings.merging import changed_values
from core.domain.settings.options import provenance, settings_table
from core.domain.settings.settings import Source
from core.errors import InvalidFile, StorageError

_OF_THE_USER = (Source.ENVIRONMENT, Source.COMMAND_LINE)


def policy_changes(project: Project) -> tuple[PolicyChange, ...]:
    """Return the differences between the base and this branch, none where a project is judged by what it says itself."""
    base = project.base
    if base is None:
        return ()
    return (*_settings(project, base), *_baseline(project, base), *_lock(project, base))


def _settings(project: Project, base: BaseRevision) -> Iterator[PolicyChange]:
    for change in changed_values(settings_table(type(project.settings)), repository_config(project.root), base.config):
        if provenance(project.settings, change.key).source not in _OF_THE_USER:
            what = f"{change.key} {change.before} → {change.after}"
            yield PolicyChange(subject="settings", what=what, file=CONFIG_FILE, line=change.line)


def _baseline(project: Project, base: BaseRevision) -> Iterator[PolicyChange]:
    from core.adapters.baseline_file import CommittedBaseline, JsonBaseline

    name = project.settings.audit.baseline
    there = CommittedBaseline(base.file(name), base.shown(name))
    try:
        before, after = _by_key(there.read()), _by_key(JsonBaseline(project.root / name, name, root=project.root).read())
    except (InvalidFile, StorageError) as error:
        yield PolicyChange(subject=name, what=f"it cannot be compared: {str(error).splitlines()[0]}", file=name)
        return
    counts = (
        (len(after.keys() - before.keys()), "accepted more"),
        (len(before.keys() - after.keys()), "accepted no more"),
        (sum(before[key] != after[key] for key in before.keys() & after.keys()), "accepted otherwise"),
    )
    what = ", ".join(f"{number} {words}" for number, words in counts if number)
    if what:
        yield PolicyChange(subject=name, what=what, file=name)


def _by_key(accepted: tuple[Accepted, ...] | None) -> dict[tuple[str, str, str], float]:
    return {each.key: each.score for each in accepted or ()}


def _lock(project: Project, base: BaseRevision) -> Iterator[PolicyChange]:
    if base.lock is None and not (project.root / PLUGINS_LOCK).exists():
        return
    from core.plugins.lock_file import lock_of_bytes, read_lock
    from core.plugins.rules.lock import lock_changes

    try:
        before = {} if base.lock is None else lock_of_bytes(base.lock, base.shown(PLUGINS_LOCK))
        changes = lock_changes(before, read_lock(project.root))
    except (InvalidFile, StorageError) as error:
        changes = (f"it cannot be compared: {str(error).splitlines()[0]}",)
    for what in changes:
        yield PolicyChange(subject=PLUGINS_LOCK, what=what, file=PLUGINS_LOCK)
