"""What the plugin commands do: managing plugins, keys and trust, with the user's places, keys and time filled in."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.assembly.project import user_policy
from core.domain.plugins.plugin import FoundPlugin, Manifest, Permissions, ProvisionKind
from core.domain.settings.settings import Settings
from core.errors import OrchestratorError, StorageError, UsageError
from core.files.reading import MIB, read_regular, read_text
from core.files.user_places import user_places
from core.schema.json_reader import load_json

if TYPE_CHECKING:
    from core.plugins.certification.pipeline import Report
    from core.plugins.host.grant import Proposal
    from core.plugins.host.plugin_host import PluginHost
    from core.plugins.rules.permissions import Locked
    from core.plugins.rules.trust import PublicKey, TrustStore
    from core.plugins.signing.documents import RevocationList
    from core.plugins.signing.signing import SignedBundle
    from core.plugins.signing.verification import Verification

_DAY = 86400


@dataclass(frozen=True, slots=True, kw_only=True)
class PluginState:
    """One plugin, and whether it may run."""

    found: FoundPlugin
    #: Why it may not run, a sentence each; empty where it may.
    reasons: tuple[str, ...]


def plugin_states(host: PluginHost) -> Iterator[PluginState]:
    """Return every plugin that is here. Nothing of it is run."""
    from core.plugins.host.discovery import discover_plugins

    for found in discover_plugins(host.repository, places=host.places):
        yield _state(host, found)


def plugin_details(host: PluginHost, name: str) -> tuple[PluginState, Locked | None, Permissions | None]:
    """Return one plugin, what plugins.lock pins of it, and what the user granted it. Raises UsageError when there is none."""
    from core.plugins.host.discovery import discover_plugins, find_plugin
    from core.plugins.host.grant import lock_and_grant

    found = find_plugin(name, discover_plugins(host.repository, places=host.places))
    return (_state(host, found), *lock_and_grant(host, name))


def _state(host: PluginHost, found: FoundPlugin) -> PluginState:
    reasons = tuple(found.problems)
    if not reasons:
        try:
            host.admit(found.id)
        except OrchestratorError as error:
            reasons = tuple(line.removeprefix(f"plugin {found.id}: ") for line in str(error).splitlines())
    return PluginState(found=found, reasons=reasons)


def verify(host: PluginHost, name: str) -> Verification:
    """Verify a plugin, given by its id or its folder. Nothing of it is run."""
    from core.plugins.host.grant import verify_found
    from core.plugins.signing.verification import verify_plugin

    if os.path.isdir(name):
        return verify_plugin(name, host.trust, host.places, host.clock(), require=host.policy.require)
    return verify_found(host, name)


def input_of(kind: ProvisionKind, arguments: Sequence[str], environment: Mapping[str, str]) -> dict[str, Any]:
    """Return the input of a plugin that a command runs: for a command the arguments, for an auditor paths, for a reporter or listener
    the content of one JSON file.

    A task takes its id and description from ORCHESTRATOR_TASK_ID and _DESCRIPTION. Raises UsageError for arguments to a task and for
    a file that does not exist, InvalidFile and StorageError for one that is not JSON.
    """
    if kind is ProvisionKind.COMMAND:
        return {"arguments": list(arguments)}
    if kind is ProvisionKind.AUDITOR:
        return {"files": list(arguments)}
    if kind is ProvisionKind.TASK:
        if arguments:
            hint = "configure it: --with KEY=VALUE; or run it as what takes arguments: --as command"
            raise UsageError(f"a task takes no arguments: {' '.join(arguments)}", hint=hint)
        described = environment.get("ORCHESTRATOR_TASK_DESCRIPTION", "run by hand")
        return {"task": {"id": environment.get("ORCHESTRATOR_TASK_ID", "0"), "description": described}}
    if len(arguments) != 1:
        raise UsageError(f"running a {kind} by hand takes one file with the JSON that it is given")
    try:
        value = load_json(read_text(arguments[0], arguments[0], limit=16 * MIB), arguments[0])
    except FileNotFoundError as error:
        raise UsageError(f"no such file: {arguments[0]}") from error
    return {"report" if kind is ProvisionKind.REPORTER else "event": value}


def write_new_plugin(folder: Path, kind: ProvisionKind, author: str) -> tuple[Path, ...]:
    """Write a new plugin with a test; return the files. Raises UsageError, StorageError."""
    from core.plugins.host.scaffold import new_plugin

    return new_plugin(folder, kind, author or os.environ.get("USER", "") or "unknown")


def install(source: Path, settings_class: type[Settings]) -> Manifest:
    """Install a signed plugin for the user, whose policy is read by ``settings_class``.

    Raises PluginRefused with every reason, StorageError.
    """
    from core.plugins.host.install import install_plugin
    from core.plugins.signing.user_store import user_trust

    places = user_places(os.environ)
    return install_plugin(source, user_trust(places), places, time.time(), require=user_policy(None, settings_class).require)


def remove(host: PluginHost, name: str) -> tuple[bool, bool]:
    """Remove an installed plugin; return whether it was installed, and whether plugins.lock pinned it. Raises UsageError for neither."""
    from core.plugins.host.grant import withdraw
    from core.plugins.host.install import remove_plugin

    unlocked = withdraw(host, name)
    try:
        remove_plugin(name, host.places)
    except UsageError:
        if not unlocked:
            raise
        return False, unlocked
    return True, unlocked


def certify(source: Path, osv: Path | None) -> Report:
    """Examine a plugin and run its tests in the sandbox; ``osv`` is an archive of known vulnerabilities."""
    from core.plugins.certification.pipeline import certify_plugin
    from core.plugins.host.install import opened_source
    from core.plugins.sandbox.layers import proven, sandbox_layers

    with opened_source(source) as folder:
        places, layers = user_places(os.environ), proven(sandbox_layers())
        return certify_plugin(folder, places=places, layers=layers, environment=os.environ, now=time.time(), osv=osv)


def sign_report(folder: Path, report: Report, key: object) -> None:
    """Write the signed report into the plugin's folder; ``key`` is what ``private_key`` returned."""
    from core.plugins.certification.pipeline import write_report

    write_report(folder, report, key)


def private_key(key: str | None) -> object:
    """Return the private key in a file, by default the one that PLUGIN_SIGNING_KEY names. Raises UsageError, StorageError."""
    from core.plugins.signing.keys import load_private_key

    return load_private_key(key, os.environ)


def make_key(file: Path, name: str) -> PublicKey:
    """Make a key pair in ``file`` and ``file.pub``. Raises UsageError, StorageError."""
    from core.plugins.signing.keys import generate_key

    return generate_key(file, name)


def sign(folder: Path, key: str | None, days: int) -> tuple[str, PublicKey]:
    """Sign a plugin for ``days``; return its digest and the key. Raises UsageError, StorageError."""
    from core.plugins.signing.keys import public_key_of
    from core.plugins.signing.signing import sign_plugin

    private = private_key(key)
    return sign_plugin(folder, private, time.time(), lifetime=days * _DAY), public_key_of(private)


def sign_bundled(*, release: bool) -> SignedBundle:
    """Sign the plugins that come with the tool, with a key of this machine, or for a release."""
    from core.plugins.signing.signing import sign_bundle

    return sign_bundle(user_places(os.environ), os.environ, time.time(), release=release)


def proposals(host: PluginHost, names: Sequence[str], *, narrowed_to: Path | None, older: bool, everywhere: bool) -> Iterator[Proposal]:
    """Return what a person is asked to agree to, plugin by plugin; ``narrowed_to`` is a file of permissions. Raises PluginRefused."""
    from core.plugins.host.grant import propose
    from core.plugins.manifest import load_permissions

    limits = load_permissions(narrowed_to) if narrowed_to is not None else None
    return (propose(host, name, narrowed_to=limits, older=older, everywhere=everywhere) for name in names)


def grant(host: PluginHost, proposal: Proposal) -> None:
    """Pin what was proposed in plugins.lock and record that the user agreed."""
    from core.plugins.host.grant import grant as grant_proposal

    grant_proposal(host, proposal)


def trust_keys(files: Sequence[Path], scope: Sequence[str], roles: Sequence[str], days: int | None) -> list[PublicKey]:
    """Trust public keys, for ``days`` or for ever. Raises UsageError for an unknown role or a missing scope."""
    from core.plugins.rules.trust import Role
    from core.plugins.signing.keys import read_public_key
    from core.plugins.signing.user_store import save_trust

    unknown = sorted(set(roles).difference(Role))
    if unknown:
        raise UsageError(f"no such role: {unknown[0]}", hint="author, certifier or revoker")
    if not scope and list(roles) != [Role.REVOKER]:
        raise UsageError("for which plugins is this key trusted?", hint="--scope NAME, may be repeated; --scope '*' for all")
    not_after = int(time.time()) + days * _DAY if days else None
    path, store = _trust_store()
    publics = [read_public_key(file) for file in files]
    for public in publics:
        store = store.with_key(public, list(roles), list(scope), not_after)
    save_trust(path, store)
    return publics


def revoke(target: str, reason: str) -> tuple[TrustStore, str]:
    """Revoke a key or a digest, or everything on a signed list; return the new trust store and a sentence."""
    from core.plugins.signing.documents import LARGEST_LIST, take_list
    from core.plugins.signing.user_store import save_trust

    path, store = _trust_store()
    if is_list(target):
        new = take_list(store, read_regular(target, target, limit=LARGEST_LIST), time.time())
        done = f"took list {new.list_number}: {len(new.revoked) - len(store.revoked)} more revoked"
    else:
        identity = _revocable(target)
        new = store.with_revocation(identity, reason, time.time())
        done = f"revoked {identity}: {reason}"
    save_trust(path, new)
    return new, done


def publish_revocation(file: Path, target: str, reason: str, days: int, key: str | None) -> RevocationList:
    """Put a key or a digest into a signed list of revocations; return the list. Raises UsageError, StorageError."""
    from core.plugins.signing.documents import LARGEST_LIST, extend_list

    identity, private = _revocable(target), private_key(key)
    try:
        present = read_regular(file, str(file), limit=LARGEST_LIST) if os.path.lexists(file) else None
        revocations, content = extend_list(present, {identity: reason}, time.time() + days * _DAY, private)
        file.write_bytes(content)
    except OSError as error:
        raise StorageError(f"{file}: {error.strerror}") from error
    return revocations


def is_list(target: str) -> bool:
    """Return whether what is to be revoked is a list, and not a key or a digest."""
    return os.path.isfile(target) and not target.endswith(".pub")


def _revocable(target: str) -> str:
    import re

    from core.plugins.signing.keys import read_public_key

    identity = read_public_key(Path(target)).id if target.endswith(".pub") else target
    if not re.fullmatch(r"[0-9a-f]{32}|[0-9a-f]{64}", identity):
        hint = "orchestrator plugins show NAME says the signer, plugins verify NAME --json the digest"
        raise UsageError(f"{target}: not a key id, a digest, a .pub file or a list", hint=hint)
    return identity


def _trust_store() -> tuple[Path, TrustStore]:
    from core.plugins.signing.user_store import TRUST_FILE, load_trust

    path = user_places(os.environ).config / TRUST_FILE
    return path, load_trust(path)
