"""The policy under which plugins run: the stricter of the repository's and the user's own."""

from __future__ import annotations

from pathlib import Path

from core.assembly.project import own_environment
from core.config import CONFIG_FILE, load_user_policy
from core.domain.plugins.policy import PluginPolicy, policy_of, stricter
from core.domain.settings.diagnosis import Diagnosis, Health
from core.domain.settings.settings import Settings, Source
from core.domain.untrusted.user_places import user_places
from core.errors import OrchestratorError
from core.plugins.sandbox.layers import Tier, sandbox_layers


def effective_policy(root: Path, settings: Settings) -> PluginPolicy:
    """Return what repository and user allow both. Raises InvalidFile and StorageError for the user's file."""
    return stricter(policy_of(settings.plugin_policy), user_policy(root, type(settings)))


def user_policy(root: Path | None, cls: type[Settings]) -> PluginPolicy:
    """Return what the user allows at most, in whatever repository. Raises InvalidFile and StorageError."""
    return policy_of(load_user_policy(own_environment(), root, cls))


def diagnose_policy(root: Path, settings: Settings) -> Diagnosis:
    """Return which policy holds here and where it comes from."""
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
