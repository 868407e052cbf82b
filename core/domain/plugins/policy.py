"""What plugins are allowed at most, and what the user agreed to, whatever manifests and locks say."""

from __future__ import annotations

from collections.abc import Iterable
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


#: In place of a repository: every one that locks the plugin.
ANYWHERE = "*"


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreement:
    """One decision of the user."""

    plugin: str
    #: SHA-256 of the signed statement.
    digest: str
    #: Absolute path of the repository's root without links, or ``ANYWHERE``.
    repository: str
    permissions: Permissions


def agreement_objection(agreements: Iterable[Agreement], plugin: str, digest: str, repository: str, asked: Permissions) -> str:
    """Return why a lock that asks for ``asked`` does not count in ``repository``, or an empty string."""
    known = [each for each in agreements if each.plugin == plugin and each.repository in (repository, ANYWHERE)]
    if not known:
        return "you have not agreed to it: plugins.lock is the repository's word, not yours"
    agreed = [each for each in known if each.digest == digest]
    if not agreed:
        return "plugins.lock pins another state of it than the one that you agreed to"
    beyond = min((asked.within(each.permissions) for each in agreed), key=len)
    return f"plugins.lock asks for more than you granted: {', '.join(beyond)}" if beyond else ""


def with_agreement(agreements: Iterable[Agreement], new: Agreement) -> tuple[Agreement, ...]:
    """Return the agreements with ``new`` in place of what was agreed about that plugin in that repository."""
    place = (new.plugin, new.repository)
    return (*(each for each in agreements if (each.plugin, each.repository) != place), new)
