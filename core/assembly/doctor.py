"""Everything a bug report needs to know."""

from __future__ import annotations

import shlex
from pathlib import Path

from core import __version__
from core.assembly.container import Container, Session
from core.assembly.project import effective_policy, own_environment, user_policy
from core.assembly.state import check_state
from core.config import CONFIG_FILE
from core.domain.plugins.policy import PluginPolicy, policy_of
from core.domain.settings.diagnosis import Diagnosis, Health
from core.domain.settings.settings import Settings, Source
from core.errors import InvalidFile, OrchestratorError, StateRefused, StorageError
from core.files.user_places import user_places
from core.ports.wing import Wing, load, part_of
from core.reports.text.wording import count


def diagnose(session: Session, directory: str = "", *, tasks_file: str | None = None) -> tuple[Diagnosis, ...]:
    """Examine the machine, the repository, its files, lock and state; changes nothing.

    Settings that cannot be read are one more result, and the rest is examined with the defaults. Raises UsageError for a
    directory that is not there, InvalidFile for a ``tasks_file`` outside of the repository.
    """
    try:
        container = session.open(directory, tasks_file=tasks_file)
    except (InvalidFile, StorageError) as error:
        return _diagnose(session.open(directory, tasks_file=tasks_file, defaults=True), _bad_settings(error))
    changed = count(len(container.settings.sources), "setting")
    return _diagnose(container, Diagnosis(subject="settings", found=f"{changed} given, the others by default", health=Health.GOOD))


def _bad_settings(error: InvalidFile | StorageError) -> Diagnosis:
    if not isinstance(error, InvalidFile):
        return Diagnosis(subject="settings", found=str(error), health=Health.BAD, advice=error.hint)
    more = f" and {len(error.problems) - 1} more" if len(error.problems) > 1 else ""
    return Diagnosis(
        subject="settings", found=f"{error.problems[0]}{more}", health=Health.BAD, advice="orchestrator validate lists them all"
    )


def _diagnose(container: Container, settings: Diagnosis) -> tuple[Diagnosis, ...]:
    from core.adapters.machine_facts import diagnose_machine

    us = Diagnosis(subject="orchestrator", found=__version__)
    return (
        us,
        *diagnose_machine(container.root, _own_state(container)),
        *_sandbox(),
        *_wily(container),
        settings,
        _policy(container.root, container.settings),
        _tasks(container),
        *_state(container),
        *(found for wing in container.wings if wing.doctor for found in _wing(wing, container)),
    )


def _wily(container: Container) -> tuple[Diagnosis, ...]:
    """Return which Python wily runs with, and how to remove an environment that was made for it; nothing where there is neither."""
    from core.assembly.wily import own_environment_of_wily

    subject, audit, own = "wily", container.settings.audit, own_environment_of_wily(container.console.note)
    if audit.use_wily and audit.wily_python:
        return (Diagnosis(subject=subject, found=f"runs with {audit.wily_python}"),)
    if own.exists:
        use = "" if audit.use_wily else ", not in use here"
        return (Diagnosis(subject=subject, found=f"{own.directory}{use}", advice=f"to remove it: rm -r {shlex.quote(str(own.place))}"),)
    return (Diagnosis(subject=subject, found=f"{own.directory} is made with the next audit"),) if audit.use_wily else ()


def _wing(wing: Wing, container: Container) -> tuple[Diagnosis, ...]:
    with part_of(wing.name, wing.doctor):
        return tuple(load(wing.doctor)(container))


def _own_state(container: Container) -> Path | None:
    """Return the state directory where there is one and it is ours."""
    try:
        check_state(container.root)
    except StateRefused:
        return None
    return container.project.state if container.project.state.is_dir() else None


def _policy(root: Path, settings: Settings) -> Diagnosis:
    """Return which policy holds here and where it comes from."""
    from core.plugins.sandbox.layers import Tier, sandbox_layers

    subject = "plugin policy"
    try:
        policy = effective_policy(root, settings)
        loose = policy == PluginPolicy()
        users = user_policy(root, type(settings)) != PluginPolicy()
    except OrchestratorError as error:
        return Diagnosis(subject=subject, found=f"none can be read: {error}", health=Health.BAD, advice="no plugin runs until it can")
    named = [CONFIG_FILE] if _is_set_here(settings) else []
    named += [str(user_places(own_environment()).config / CONFIG_FILE)] if users else []
    found = f"{policy.words()} ({'default' if loose else ' and '.join(named)})"
    if policy.sandbox == Tier.STRONG and sandbox_layers().tier is not Tier.STRONG:
        return Diagnosis(subject=subject, found=found, health=Health.WARNING, advice="this machine has no strong sandbox: plugins are off")
    return Diagnosis(subject=subject, found=found)


def _is_set_here(settings: Settings) -> bool:
    """Return whether the repository, or a variable in its place, asks for a policy other than the default."""
    origins = (origin for key, origin in settings.sources.items() if key.startswith("plugin_policy."))
    here = any(origin.source is not Source.USER_FILE for origin in origins)
    return here and policy_of(settings.plugin_policy) != PluginPolicy()


def _sandbox() -> tuple[Diagnosis, ...]:
    from core.plugins.sandbox.layers import Tier, sandbox_layers

    layers = sandbox_layers()
    health = {Tier.STRONG: Health.GOOD, Tier.BASIC: Health.GOOD, Tier.NONE: Health.WARNING}[layers.tier]
    return tuple(
        Diagnosis(subject=subject, found=found, health=health if subject.startswith("sandbox") else Health.FACT)
        for subject, _, found in (line.partition(": ") for line in layers.lines())
    )


def _tasks(container: Container) -> Diagnosis:
    subject = container.settings.tasks_file
    if not container.project.tasks_path.exists():
        return Diagnosis(subject=subject, found="none", health=Health.WARNING, advice="orchestrator init writes one that fits")
    file = container.task_file()
    try:
        return Diagnosis(subject=subject, found=count(len(file.read().tasks), "task"), health=Health.GOOD)
    except InvalidFile as invalid:
        return Diagnosis(subject=subject, found=count(len(invalid.problems), "problem"), health=Health.BAD, advice="orchestrator validate")
    except OrchestratorError as error:
        return Diagnosis(subject=subject, found=str(error), health=Health.BAD, advice=error.hint)
    finally:
        file.close()


def _state(container: Container) -> tuple[Diagnosis, ...]:
    from core.adapters.state_db import diagnose_state

    try:
        check_state(container.root)
        return _lock(container), diagnose_state(container.project.journal_path)
    except StateRefused as refused:
        return (Diagnosis(subject="state", found=str(refused), health=Health.BAD, advice=refused.hint),)


def _lock(container: Container) -> Diagnosis:
    holder = container.run_lock.holder()
    return Diagnosis(subject="run lock", found="free" if holder is None else f"held by pid {holder}", health=Health.GOOD)
