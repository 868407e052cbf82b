"""A person's decision about a plugin: what it asks for is shown, and what is granted is locked."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from core.domain.plugin import Manifest, Permissions
from core.errors import PluginRefused
from core.plugins.discovery import discover_plugins, find_plugin
from core.plugins.host import PluginHost
from core.plugins.lock_file import Locked, read_lock, write_lock
from core.plugins.permission_check import permission_objections
from core.plugins.requirements import install_requirements
from core.plugins.signatures.acceptance import Acceptance
from core.plugins.signatures.verification import Verification, verify_plugin


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """What a person is asked to agree to."""

    manifest: Manifest
    digest: str
    #: Key id, and what the key is called in the trust store.
    signer: str
    signer_name: str
    #: Verified copy.
    copy: Path
    #: What would be granted.
    permissions: Permissions
    #: The present lock entry; None when it was never granted here.
    locked: Locked | None

    @property
    def settled(self) -> bool:
        """Whether the lock already says exactly this."""
        return self.locked == self.entry()

    def changes(self) -> tuple[str, ...]:
        """Return what is new against the present lock, one line each; everything when there is none."""
        if self.locked is None:
            return tuple(f"+ {line}" for line in self.permissions.lines())
        before, after = self.locked.permissions.lines(), self.permissions.lines()
        lines = [f"+ {line}" for line in after if line not in before] + [f"- {line}" for line in before if line not in after]
        if self.locked.version != self.manifest.version:
            lines.append(f"version {self.locked.version} → {self.manifest.version}")
        if self.locked.signer != self.signer:
            lines.append(f"signer {self.locked.signer} → {self.signer}")
        return tuple(lines) or ("its files",)

    def entry(self) -> Locked:
        """Return the lock entry that granting it makes."""
        return Locked(
            id=self.manifest.id, version=self.manifest.version, digest=self.digest, signer=self.signer, permissions=self.permissions
        )


def verify_found(host: PluginHost, name: str, *, older: bool = False) -> Verification:
    """Verify the plugin that ``name`` means here, lock and permissions aside. Raises UsageError when there is none."""
    found = find_plugin(name, discover_plugins(host.repository, places=host.places, bundled=host.bundled))
    return verify_plugin(found.folder, host.trust, host.places, host.clock(), require=host.policy.require, older=older)


def propose(host: PluginHost, name: str, narrowed_to: Permissions | None = None, *, older: bool = False) -> Proposal:
    """Return what granting ``name`` would mean; ``older`` accepts a version older than one accepted before.

    Raises UsageError when there is none, PluginRefused when it cannot be granted.
    """
    verified = verify_found(host, name, older=older)
    manifest, copy = verified.manifest, verified.copy
    if manifest is None or copy is None:
        hint = "trust its author's key: orchestrator plugins trust FILE.pub" if "trust store" in verified.reasons[0] else ""
        raise PluginRefused([f"plugin {name}: {reason}" for reason in verified.reasons], hint=hint)
    permissions = narrowed_to or manifest.permissions
    objections = permission_objections(manifest, permissions, host.policy, host.guarded)
    if objections:
        raise PluginRefused([f"plugin {name}: {reason}" for reason in objections])
    key = host.trust.key(verified.signer)
    return Proposal(
        manifest=manifest,
        digest=verified.digest,
        signer=verified.signer,
        signer_name=key.name if key else "",
        copy=copy,
        permissions=permissions,
        locked=read_lock(host.repository).get(name),
    )


def grant(host: PluginHost, proposal: Proposal) -> None:
    """Lock what was proposed, remember the version as accepted, and install its requirements.

    Raises PluginRefused when the requirements cannot be installed (nothing is locked then), StorageError.
    """
    manifest = proposal.manifest
    if manifest.requirements:
        content = (proposal.copy / manifest.requirements).read_bytes()
        install_requirements(host.places.cache, content, manifest.requirements, host.environment)
    locked = read_lock(host.repository)
    write_lock(host.repository, {**locked, manifest.id: proposal.entry()})
    Acceptance(host.places.data).accept(manifest.id, manifest.version, proposal.digest)


def withdraw(host: PluginHost, name: str) -> bool:
    """Take a plugin out of the lock; return whether it was there. Raises StorageError."""
    locked = read_lock(host.repository)
    if name not in locked:
        return False
    write_lock(host.repository, {other: entry for other, entry in locked.items() if other != name})
    return True
