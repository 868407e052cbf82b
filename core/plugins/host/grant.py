"""Granting plugins: a person sees what one asks for; what is granted is locked, and agreed to in the user's own store."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from core.domain.plugins.plugin import Manifest, Permissions, ProvisionKind
from core.domain.plugins.policy import ANYWHERE, Agreement, agreement_objection
from core.errors import OrchestratorError, PluginRefused
from core.plugins.host.discovery import find_plugin
from core.plugins.host.lock_file import read_lock, write_lock
from core.plugins.host.plugin_host import PluginHost
from core.plugins.host.requirements import install_requirements
from core.plugins.rules.permissions import LOCK_FILE, Locked, permission_objections
from core.plugins.signing.user_store import TRUST_FILE, Acceptance, load_trust, save_trust
from core.plugins.signing.verification import Verification, verify_plugin


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
    #: The present lock entry; None when the repository has none.
    locked: Locked | None
    #: What the user agreed to before, in this place; None when nothing yet.
    agreed: Agreement | None
    #: Path of the repository, or ANYWHERE.
    place: str

    @property
    def settled(self) -> bool:
        """Whether lock and user already say exactly this."""
        return self.locked == self.entry() and self.agreed == self.agreement()

    def changes(self) -> tuple[str, ...]:
        """Return what is new against what the user agreed to before, one line each; everything when that is nothing."""
        if self.agreed is None or self.locked is None:
            return tuple(f"+ {line}" for line in self.permissions.lines())
        lines = _difference(self.agreed.permissions, self.permissions)
        if self.locked.version != self.manifest.version:
            lines.append(f"version {self.locked.version} → {self.manifest.version}")
        if self.locked.signer != self.signer:
            lines.append(f"signer {self.locked.signer} → {self.signer}")
        return tuple(lines) or ("its files",)

    def agreement(self) -> Agreement:
        """Return what granting it means for the user's store."""
        return Agreement(plugin=self.manifest.id, digest=self.digest, repository=self.place, permissions=self.permissions)

    def entry(self) -> Locked:
        """Return the lock entry that granting it makes."""
        return Locked(
            id=self.manifest.id, version=self.manifest.version, digest=self.digest, signer=self.signer, permissions=self.permissions
        )


def _difference(before: Permissions, after: Permissions) -> list[str]:
    old, new = before.lines(), after.lines()
    return [f"+ {line}" for line in new if line not in old] + [f"- {line}" for line in old if line not in new]


def verify_found(host: PluginHost, name: str, *, older: bool = False) -> Verification:
    """Verify the plugin that ``name`` means here, lock and permissions aside. Raises UsageError when there is none."""
    found = find_plugin(name, host.discover())
    return verify_plugin(found.folder, host.trust, host.places, host.clock(), require=host.policy.require, older=older)


def propose(
    host: PluginHost, name: str, narrowed_to: Permissions | None = None, *, older: bool = False, everywhere: bool = False
) -> Proposal:
    """Return what granting ``name`` would mean; ``older`` accepts a version older than one accepted before.

    It may have what ``narrowed_to`` says, or else what the repository's lock pins for this state of it, or else all it asks for.
    ``everywhere`` is for every repository that locks it, not only for this one.

    Raises UsageError when there is none, PluginRefused when it cannot be granted.
    """
    verified, manifest, copy = _well_signed(host, name, older=older)
    locked = read_lock(host.repository).get(name)
    pinned = locked.permissions if locked and locked.digest == verified.digest else None
    permissions = narrowed_to or pinned or manifest.permissions
    objections = permission_objections(manifest, permissions, host.policy, host.guarded)
    if objections:
        raise PluginRefused([f"plugin {name}: {reason}" for reason in objections])
    key = host.trust.key(verified.signer)
    place = ANYWHERE if everywhere else str(host.repository)
    return Proposal(
        manifest=manifest,
        digest=verified.digest,
        signer=verified.signer,
        signer_name=key.name if key else "",
        copy=copy,
        permissions=permissions,
        locked=locked,
        agreed=host.trust.agreement(name, place),
        place=place,
    )


def _well_signed(host: PluginHost, name: str, *, older: bool) -> tuple[Verification, Manifest, Path]:
    verified = verify_found(host, name, older=older)
    if verified.manifest is None or verified.copy is None:
        hint = "trust its author's key: orchestrator plugins trust FILE.pub" if "trust store" in verified.reasons[0] else ""
        raise PluginRefused([f"plugin {name}: {reason}" for reason in verified.reasons], hint=hint)
    return verified, verified.manifest, verified.copy


def grant(host: PluginHost, proposal: Proposal) -> None:
    """Lock what was proposed, note that the user agrees, remember the version as accepted, and install its requirements.

    Raises PluginRefused when the requirements cannot be installed (nothing is locked then), StorageError.
    """
    manifest = proposal.manifest
    if manifest.requirements:
        content = (proposal.copy / manifest.requirements).read_bytes()
        install_requirements(host.places.cache, content, manifest.requirements, host.environment)
    locked = read_lock(host.repository)
    if locked.get(manifest.id) != proposal.entry():
        write_lock(host.repository, {**locked, manifest.id: proposal.entry()})
    trust = host.places.config / TRUST_FILE
    save_trust(trust, load_trust(trust, host.repository).with_agreement(proposal.agreement()))
    Acceptance(host.places.data).accept(manifest.id, manifest.version, proposal.digest)


def withdraw(host: PluginHost, name: str) -> bool:
    """Take a plugin out of the lock and forget that the user agreed to it here; return whether it was locked. Raises StorageError."""
    trust = host.places.config / TRUST_FILE
    store = load_trust(trust, host.repository)
    forgetful = store.without_agreement(name, str(host.repository))
    if forgetful != store:
        save_trust(trust, forgetful)
    locked = read_lock(host.repository)
    if name not in locked:
        return False
    write_lock(host.repository, {other: entry for other, entry in locked.items() if other != name})
    return True


def granted(host: PluginHost, kind: ProvisionKind) -> tuple[tuple[Manifest, ...], tuple[str, ...]]:
    """Return the manifests of the granted plugins that say they provide ``kind``, and why others are out of reach. Never raises."""
    try:
        locked = host.locked()
    except OrchestratorError as error:
        return (), (one_line(error),)
    found = {plugin.id: plugin for plugin in reversed(host.discover())}
    manifests, problems = [], []
    for name in locked:
        plugin = found.get(name)
        if plugin is None:
            problems.append(f"plugin {name}: {LOCK_FILE} grants it, but it is not here")
        elif plugin.manifest is None or plugin.problems:
            problems.append(f"plugin {name}: {'; '.join(plugin.problems)}")
        elif plugin.manifest.provision(kind):
            manifests.append(plugin.manifest)
    return tuple(manifests), tuple(problems)


def lock_and_grant(host: PluginHost, name: str) -> tuple[Locked | None, Permissions | None]:
    """Return what the lock pins for a plugin, and its permissions as far as the user agreed to them. Raises InvalidFile, StorageError."""
    locked = host.locked().get(name)
    if locked is None:
        return None, None
    objection = agreement_objection(host.trust.agreements, name, locked.digest, str(host.repository), locked.permissions)
    return locked, None if objection else locked.permissions


def one_line(error: OrchestratorError) -> str:
    """Return an error and what to type next as one line."""
    text = "; ".join(str(error).splitlines())
    return f"{text} ({error.hint})" if error.hint else text
