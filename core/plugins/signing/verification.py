"""Verifies a plugin: signature, trust, every file, manifest, certificate – and copies it while hashing. Reads, never imports."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import core
from core.domain.plugins.plugin import Manifest, order_of
from core.errors import InvalidFile, StorageError
from core.files.reading import read_regular
from core.files.user_places import UserPlaces
from core.plugins.manifest import MANIFEST, is_installed_bundle, parse_manifest
from core.plugins.rules.statement import (
    CERTIFICATION,
    SIGNATURE,
    STATEMENT_TYPE,
    Envelope,
    Statement,
    decode_statement,
    differences,
    digest_of,
    instant,
    open_envelope,
)
from core.plugins.rules.trust import Role, TrustStore
from core.plugins.signing.documents import certificate_objection
from core.plugins.signing.keys import signers
from core.plugins.signing.plugin_files import CopyBuilder, existing_copy, list_files
from core.plugins.signing.user_store import Acceptance
from core.sudden_stop import held

_LARGEST_ENVELOPE = 8 * 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Verification:
    """What verifying a plugin came to. It may be used only while ``reasons`` is empty."""

    #: Why it is refused, the deciding one first.
    reasons: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    #: From the verified bytes; None when refused.
    manifest: Manifest | None = None
    digest: str = ""
    #: Key id of the author.
    signer: str = ""
    #: Verified, read-only copy; None when refused.
    copy: Path | None = None


def verify_plugin(
    folder: str | os.PathLike[str], trust: TrustStore, places: UserPlaces, now: float, *, require: str = "signed", older: bool = False
) -> Verification:
    """Verify the plugin in ``folder`` and return its private copy, or every reason against it. ``now`` is Unix time in seconds.

    ``require`` is ``signed`` or ``certified``; ``older`` allows a version older than one that this machine
    accepted. Raises StorageError only for the user's own places, never for a plugin's content.
    """
    keys = trust.raw
    try:
        statement, digest, good = _signed_statement(Path(folder), keys)
    except ValueError as error:
        return Verification(reasons=(str(error),))
    doubts = {key: trust.objections(key, Role.AUTHOR, statement.id, now) for key in good}
    believed = [key for key, doubt in doubts.items() if not doubt]
    reasons = [] if believed else list(doubts.values())
    reasons += _out_of_date(statement, digest, trust, now)
    replayed = Acceptance(places.data).objection(statement.id, statement.version, digest)
    reasons += [replayed] if replayed and not older else []
    if reasons:
        return Verification(reasons=tuple(reasons), digest=digest)
    stale, _ = trust.staleness(now)
    outcome = _verify_files(folder, statement, digest, trust, places, now, require)
    return Verification(
        reasons=outcome.reasons,
        warnings=(stale,) if stale else (),
        manifest=outcome.manifest,
        digest=digest,
        signer=believed[0],
        copy=outcome.copy,
    )


@held()
def _verify_files(
    folder: str | os.PathLike[str], statement: Statement, digest: str, trust: TrustStore, places: UserPlaces, now: float, require: str
) -> Verification:
    published = existing_copy(places.cache, digest, statement.files)
    builder = CopyBuilder(places.cache) if published is None else None
    contents: dict[str, bytes] = {}

    def keep(path: str, content: bytes, executable: bool) -> None:
        if builder:
            builder.keep(path, content, executable)
        if path in (MANIFEST, CERTIFICATION):
            contents[path] = content

    try:
        listing = list_files(folder, keep, skip_compiled=is_installed_bundle(folder))
        reasons = [*listing.reasons, *differences(statement.files, listing.files)]
        manifest: Manifest | None = None
        if not reasons:
            manifest, reasons = _bound_manifest(contents[MANIFEST], statement)
        if not reasons and require == "certified":
            objection = certificate_objection(contents.get(CERTIFICATION), statement.id, listing.files, trust, now)
            reasons += [objection] if objection else []
        if reasons:
            return Verification(reasons=tuple(reasons))
        if builder:
            published = builder.publish(digest, listing.files)
        return Verification(manifest=manifest, copy=published)
    finally:
        if builder:
            builder.discard()


def _signed_statement(folder: Path, keys: Mapping[str, bytes]) -> tuple[Statement, str, tuple[str, ...]]:
    """Return what is signed, its digest, and which of ``keys`` (id → 32 bytes) signed it. Raises ValueError for the deciding reason."""
    envelope = _read_envelope(folder)
    good = signers(envelope, keys)
    if not good:
        raise ValueError(_unknown(envelope, keys))
    if envelope.payload_type != STATEMENT_TYPE:
        raise ValueError(f"what is signed is {ascii(envelope.payload_type[:100])[1:-1]}, not a plugin statement")
    return decode_statement(envelope.payload), digest_of(envelope.payload), good


def _read_envelope(folder: Path) -> Envelope:
    path = folder / SIGNATURE
    if folder.is_symlink():
        raise ValueError(f"{folder}: a symbolic link")
    try:
        return open_envelope(read_regular(path, str(path), limit=_LARGEST_ENVELOPE, inside=folder))
    except FileNotFoundError as error:
        raise ValueError(f"not signed: there is no {SIGNATURE}") from error
    except (StorageError, InvalidFile) as error:
        raise ValueError(str(error)) from error


def _unknown(envelope: Envelope, keys: Mapping[str, bytes]) -> str:
    names = [key for key, _ in envelope.signatures]
    known = [key for key in names if key in keys]
    if known:
        return f"the signature by {known[0]} does not fit the signed list: it was changed after signing"
    # The names are untrusted text of the envelope.
    shown = ", ".join(ascii(name[:64])[1:-1] for name in names[:3])
    return f"signed by {shown}, which is not in the trust store"


def _out_of_date(statement: Statement, digest: str, trust: TrustStore, now: float) -> list[str]:
    reasons = []
    revoked = trust.revocation(digest)
    if revoked:
        reasons.append(f"this state of {statement.id} was revoked on {instant(revoked.at)}: {revoked.reason}")
    if now > statement.expires:
        reasons.append(f"the signature expired on {instant(statement.expires)}")
    if now < statement.issued - 86400:
        reasons.append(f"the signature is dated in the future: {instant(statement.issued)}")
    stale, too_stale = trust.staleness(now)
    if too_stale:
        reasons.append(stale)
    return reasons


def _host_version() -> tuple[object, ...]:
    release = re.match(r"[0-9]+\.[0-9]+\.[0-9]+", core.__version__)
    return order_of(release[0]) if release else order_of("0.0.0")


def _bound_manifest(content: bytes, statement: Statement) -> tuple[Manifest | None, list[str]]:
    try:
        manifest = parse_manifest(content, MANIFEST)
    except InvalidFile as error:
        return None, [str(problem) for problem in error.problems]
    reasons = []
    if (manifest.id, manifest.version) != (statement.id, statement.version):
        reasons.append(f"the manifest is {manifest.id} {manifest.version}, signed is {statement.id} {statement.version}")
    if manifest.permissions.to_json() != statement.permissions:
        reasons.append("the manifest's permissions are not the signed ones")
    if order_of(manifest.minimum_host_version) > _host_version():
        reasons.append(f"it needs orchestrator {manifest.minimum_host_version}, this is {core.__version__}")
    return manifest, reasons
