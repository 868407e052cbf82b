"""The policy: what plugins are allowed at most, whatever manifests and locks say."""

from __future__ import annotations

from dataclasses import dataclass

from core.domain.plugins.plugin import Manifest, Permissions
from core.domain.settings.settings import PluginPolicySettings

#: From the weakest to the strictest.
_REQUIRED = ("signed", "certified")
_SANDBOXES = ("basic", "strong")


@dataclass(frozen=True, slots=True, kw_only=True)
class PluginPolicy:
    """What the person who runs the tool allows at most."""

    #: ``signed``: by a key that is trusted for the plugin; ``certified``: and certified by a trusted certifier.
    require: str = "signed"
    #: Ids of plugins that never run.
    blocked: tuple[str, ...] = ()
    #: The most that any plugin may be granted; None: what its manifest asks and the lock grants.
    ceiling: Permissions | None = None
    #: Weakest sandbox in which plugins run: ``strong`` or ``basic``.
    sandbox: str = "basic"

    def words(self) -> str:
        """Return the policy as one line for a person."""
        parts = [f"{self.require} plugins", f"{self.sandbox} sandbox or better" if self.sandbox == "basic" else f"{self.sandbox} sandbox"]
        parts += [f"blocked: {' '.join(self.blocked)}"] if self.blocked else []
        parts += [f"at most {', '.join(self.ceiling.lines())}"] if self.ceiling else []
        return "; ".join(parts)


def policy_of(settings: PluginPolicySettings) -> PluginPolicy:
    """Return the policy that a configuration file's settings ask for."""
    return PluginPolicy(
        require=settings.require,
        blocked=settings.blocked,
        ceiling=None if settings.ceiling is None else Permissions.from_json(settings.ceiling),
        sandbox=settings.sandbox,
    )


def stricter(one: PluginPolicy, other: PluginPolicy) -> PluginPolicy:
    """Return the policy that allows only what both allow."""
    ceilings = [policy.ceiling for policy in (one, other) if policy.ceiling is not None]
    return PluginPolicy(
        require=max(one.require, other.require, key=_REQUIRED.index),
        blocked=tuple(sorted({*one.blocked, *other.blocked})),
        ceiling=ceilings[0].intersect(ceilings[-1]) if ceilings else None,
        sandbox=max(one.sandbox, other.sandbox, key=_SANDBOXES.index),
    )


def narrowed(manifest: Manifest, granted: Permissions, policy: PluginPolicy) -> Permissions:
    """Return the effective permissions: manifest ∩ lock ∩ policy."""
    effective = manifest.permissions.intersect(granted)
    return effective.intersect(policy.ceiling) if policy.ceiling else effective
