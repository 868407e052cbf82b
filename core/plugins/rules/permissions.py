"""Whether permissions may be granted at all, and together; how a plugin differs from what plugins.lock pins."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from core.domain.plugins.plugin import Manifest, Permissions
from core.domain.plugins.policy import PluginPolicy

#: A plugin that writes these controls what the tool, a build server or another plugin does outside the sandbox. The same holds for
#: hidden names: settings of git, editors, shells and most build servers. Lower case.
_NEVER_WRITTEN = (
    "tasks.yml",
    "config.yaml",
    "audit-baseline.json",
    "plugins",
    "plugins.lock",
    "logs",
    "jenkinsfile",
    "azure-pipelines.yml",
    "bitbucket-pipelines.yml",
    "appveyor.yml",
    "buildspec.yml",
    "cloudbuild.yaml",
)
#: Variables through which a program can be made to load or run other code, or that hold the tool's own secrets.
_NEVER_SEEN = ("PLUGIN_SIGNING_KEY",)
_NEVER_SEEN_PREFIXES = ("LD_", "PYTHON")


def permission_objections(
    manifest: Manifest, granted: Permissions | None = None, policy: PluginPolicy | None = None, guarded: Sequence[str] = ()
) -> tuple[str, ...]:
    """Return why a plugin must not run with its permissions, one reason each; empty when it may.

    ``guarded`` are further paths of this repository that no plugin may write, such as its tasks file.

    ``granted`` is what a person accepted (the lock); None before anybody was asked. Asking for less than granted is fine,
    needing more than granted is not: a plugin runs with what it asked for, or not at all, unless the lock narrows it knowingly.
    """
    asked = manifest.permissions
    reasons = _never_granted(asked)
    writes = asked.write if granted is None else granted.write
    reasons += [_no_writing(item) for item in writes if not _is_guarded(item) and _meets(item, guarded)]
    if granted is not None:
        reasons += [f"{item}: granted in the lock, but the manifest does not ask for it" for item in granted.within(asked)]
    if policy is not None:
        reasons += _policy_objections(manifest.id, granted if granted is not None else asked, policy)
    return tuple(reasons)


def _never_granted(asked: Permissions) -> list[str]:
    reasons = [_no_writing(item) for item in asked.write if _is_guarded(item)]
    reasons += [f"env {name}: no plugin may see it" for name in asked.env if _is_secret(name)]
    reasons += [f"net {item}: {problem}" for item in asked.net if (problem := _address_problem(item))]
    if asked.exec and asked.pids < 2:
        reasons.append("exec: starting a program needs pids of at least 2")
    return reasons


def _address_problem(pattern: str) -> str:
    from core.domain.untrusted.network_address import pattern_problem  # few plugins ask for addresses, and it takes 3 ms to import

    return pattern_problem(pattern)


def _policy_objections(plugin: str, wanted: Permissions, policy: PluginPolicy) -> list[str]:
    reasons = [f"{plugin} is blocked by the policy"] if plugin in policy.blocked else []
    if policy.ceiling is not None:
        reasons += [f"{item}: beyond what the policy allows" for item in wanted.within(policy.ceiling)]
    return reasons


def _is_guarded(pattern: str) -> bool:
    return _meets(pattern, _NEVER_WRITTEN) or any(part.startswith(".") for part in pattern.split("/"))


def _meets(pattern: str, paths: Sequence[str]) -> bool:
    """Return whether ``pattern`` covers one of ``paths`` or a place below one. Case is ignored: some file systems do."""
    name = pattern.removesuffix("/**").lower()
    return any(f"{name}/".startswith(f"{path}/".lower()) or f"{path}/".lower().startswith(f"{name}/") for path in paths)


def _no_writing(pattern: str) -> str:
    return f"write {pattern}: no plugin may write there"


def _is_secret(variable: str) -> bool:
    return variable in _NEVER_SEEN or variable.startswith(_NEVER_SEEN_PREFIXES)


LOCK_FILE = "plugins.lock"


@dataclass(frozen=True, slots=True, kw_only=True)
class Locked:
    """One plugin as a person accepted it."""

    id: str
    version: str
    #: SHA-256 of the signed statement.
    digest: str
    #: Key id.
    signer: str
    permissions: Permissions


def lock_objections(locked: Locked | None, plugin: str, version: str, digest: str, signer: str) -> tuple[str, ...]:
    """Return how a verified plugin differs from what was locked, one reason each; empty when it does not."""
    if locked is None:
        return (f"{plugin} is not in {LOCK_FILE}: nobody has granted its permissions",)
    reasons = []
    if locked.version != version:
        reasons.append(f"{LOCK_FILE} pins version {locked.version}, this is {version}")
    if locked.signer != signer:
        reasons.append(f"{LOCK_FILE} pins signer {locked.signer}, this is signed by {signer}")
    if locked.digest != digest:
        reasons.append(f"{LOCK_FILE} pins digest {locked.digest[:16]}…, this is {digest[:16]}…")
    return tuple(reasons)


def lock_changes(before: Mapping[str, Locked], after: Mapping[str, Locked]) -> tuple[str, ...]:
    """Return what differs between two locks, a line a plugin, by id."""
    lines = []
    for name in sorted({*before, *after}):
        old, new = before.get(name), after.get(name)
        if old == new:
            continue
        if old is None or new is None:
            lines.append(f"{name} is {'added' if old is None else 'taken out'}")
            continue
        more = new.permissions.within(old.permissions)
        state = [f"version {old.version} → {new.version}"] if old.version != new.version else []
        state += [f"another state of it ({new.digest[:12]}…)"] if old.digest != new.digest else []
        state += [f"more permissions: {', '.join(more)}"] if more else []
        lines.append(f"{name}: {'; '.join(state) or 'fewer permissions, or another signer'}")
    return tuple(lines)
