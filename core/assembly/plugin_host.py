"""The host that runs a project's plugins, under the stricter of the repository's policy and the user's own."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from core.assembly.project import PLUGINS_LOCK, Project, own_environment
from core.config import CONFIG_FILE, load_user_policy
from core.domain.plugins.policy import PluginPolicy, policy_of, stricter
from core.domain.settings.diagnosis import Diagnosis, Health
from core.domain.settings.settings import Source
from core.domain.untrusted.user_places import user_places
from core.errors import OrchestratorError
from core.plugins.host import PluginHost, open_host
from core.plugins.sandbox.layers import Tier, sandbox_layers


def plugin_host(project: Project) -> PluginHost:
    """Return the host for a project's plugins.

    Raises InvalidFile and StorageError when the user's policy or trust store cannot be read: then nothing runs.
    """
    settings = project.settings
    guarded = (settings.tasks_file, settings.audit.baseline, settings.log.directory)
    host = open_host(project.root, own_environment(), effective_policy(project), guarded)
    base = project.base
    return replace(host, base_lock=(base.lock, base.shown(PLUGINS_LOCK))) if base else host


def effective_policy(project: Project) -> PluginPolicy:
    """Return what repository and user allow both. Raises InvalidFile and StorageError for the user's file."""
    return stricter(policy_of(project.settings.plugin_policy), user_policy(project.root))


def user_policy(root: Path | None = None) -> PluginPolicy:
    """Return what the user allows at most, in whatever repository. Raises InvalidFile and StorageError."""
    return policy_of(load_user_policy(own_environment(), root))


def diagnose_policy(project: Project) -> Diagnosis:
    """Say which policy holds here and where it comes from."""
    subject = "plugin policy"
    try:
        policy = effective_policy(project)
        loose = policy == PluginPolicy()
        users = user_policy(project.root) != PluginPolicy()
    except OrchestratorError as error:
        return Diagnosis(subject=subject, found=f"none can be read: {error}", health=Health.BAD, advice="no plugin runs until it can")
    named = [CONFIG_FILE] if _is_set_here(project) else []
    named += [str(_users_file())] if users else []
    found = f"{policy.words()} ({'default' if loose else ' and '.join(named)})"
    if policy.sandbox == Tier.STRONG and sandbox_layers().tier is not Tier.STRONG:
        return Diagnosis(subject=subject, found=found, health=Health.WARNING, advice="this machine has no strong sandbox: plugins are off")
    return Diagnosis(subject=subject, found=found)


def _is_set_here(project: Project) -> bool:
    """Return whether the repository, or a variable in its place, asks for a policy other than the default."""
    origins = (origin for key, origin in project.settings.sources.items() if key.startswith("plugin_policy."))
    here = any(origin.source is not Source.USER_FILE for origin in origins)
    return here and policy_of(project.settings.plugin_policy) != PluginPolicy()


def _users_file() -> Path:
    return user_places(own_environment()).config / CONFIG_FILE
