"""What ``plugins.lock`` says about one plugin, and what differs from it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from core.domain.plugins.plugin import Permissions

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
