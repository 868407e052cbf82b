"""The in-toto statement of a plugin: every file with its digest, and what the signature binds them to; file lists and DSSE envelopes."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from core.domain.plugins.plugin import Manifest
from core.schema.json_reader import parse_json

_STATEMENT = "https://in-toto.io/Statement/v1"
_PREDICATE = "urn:orchestrator:plugin:v1"
#: File with the certifier's report, itself an envelope; a regular, listed file.
CERTIFICATION = "certification.json"
#: What the texts of a statement look like; a key that is trusted for something else must not be able to upset who reads it.
_ID = re.compile(r"[a-z][a-z0-9_]{1,63}", re.ASCII)
_VERSION = re.compile(r"[0-9]{1,9}(\.[0-9]{1,9}){2}(-[0-9A-Za-z][0-9A-Za-z.-]{0,63})?", re.ASCII)
_SHA256 = re.compile(r"[0-9a-f]{64}", re.ASCII)
_PATH = re.compile(r"[^\0]{1,4096}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """What a signer says about a plugin."""

    files: tuple[FileEntry, ...]
    id: str
    version: str
    #: Canonical form of the manifest's permissions.
    permissions: Mapping[str, Any]
    minimum_host_version: str
    #: SHA-256 of the manifest.
    manifest: str
    #: SHA-256 of the certification report; empty without one.
    certification: str
    #: Unix time in seconds.
    issued: int
    expires: int


def make_statement(manifest: Manifest, files: tuple[FileEntry, ...], issued: float, lifetime: float) -> Statement:
    """Return the statement for a listed plugin, valid for ``lifetime`` seconds from ``issued``."""
    digests = {entry.path: entry.sha256 for entry in files}
    return Statement(
        files=files,
        id=manifest.id,
        version=manifest.version,
        permissions=manifest.permissions.to_json(),
        minimum_host_version=manifest.minimum_host_version,
        manifest=digests["manifest.json"],
        certification=digests.get(CERTIFICATION, ""),
        issued=int(issued),
        expires=int(issued + lifetime),
    )


def encode_statement(statement: Statement) -> bytes:
    """Return the one and only JSON text of a statement."""
    subject = [
        {"name": item.path, "digest": {"sha256": item.sha256}, "annotations": {"executable": item.executable}} for item in statement.files
    ]
    predicate = {
        "id": statement.id,
        "version": statement.version,
        "permissions": statement.permissions,
        "minimumHostVersion": statement.minimum_host_version,
        "manifest": {"sha256": statement.manifest},
        "certification": {"sha256": statement.certification} if statement.certification else None,
        "issued": instant(statement.issued),
        "expires": instant(statement.expires),
    }
    return canonical({"_type": _STATEMENT, "subject": subject, "predicateType": _PREDICATE, "predicate": predicate})


def decode_statement(payload: bytes) -> Statement:
    """Read a statement. Raises ValueError unless it is exactly what ``encode_statement`` writes."""
    try:
        document = parse_json(payload)
        predicate = document["predicate"]
        files = tuple(
            FileEntry(
                path=_text(item["name"], _PATH),
                sha256=_text(item["digest"]["sha256"], _SHA256),
                executable=item["annotations"]["executable"] is True,
            )
            for item in document["subject"]
        )
        statement = Statement(
            files=files,
            id=_text(predicate["id"], _ID),
            version=_text(predicate["version"], _VERSION),
            permissions=predicate["permissions"],
            minimum_host_version=_text(predicate["minimumHostVersion"], _VERSION),
            manifest=_text(predicate["manifest"]["sha256"], _SHA256),
            certification=_text(predicate["certification"]["sha256"], _SHA256) if predicate["certification"] else "",
            issued=seconds(predicate["issued"]),
            expires=seconds(predicate["expires"]),
        )
        exact = encode_statement(statement) == payload
    except (KeyError, TypeError, ValueError, OverflowError) as error:
        raise ValueError("what is signed is no plugin statement") from error
    if not exact:
        raise ValueError("what is signed is no plugin statement in canonical form")
    return statement


def _text(value: Any, form: re.Pattern[str]) -> str:
    """Return a text of a form. Raises ValueError for any other, TypeError for what is no text."""
    if not form.fullmatch(value):
        raise ValueError("not what stands there in a statement")
    return str(value)


def digest_of(payload: bytes) -> str:
    """Return the name of a signed state of a plugin: the SHA-256 of its statement."""
    return hashlib.sha256(payload).hexdigest()


def tree_digest(files: tuple[FileEntry, ...]) -> str:
    """Return one digest for all files but the certification report, which is about them."""
    lines = [f"{item.sha256} {int(item.executable)} {item.path}\n" for item in sorted(files) if item.path != CERTIFICATION]
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def canonical(value: Any) -> bytes:
    """Return the JSON text of ``value`` with sorted keys and no spaces."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False).encode()


def instant(at: float) -> str:
    """Return a time in UTC as RFC 3339 writes it."""
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def seconds(text: str) -> int:
    """Return the Unix time of ``instant``'s text. Raises ValueError."""
    return int(datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC).timestamp())


#: The envelope lies beside the files it signs and cannot list itself.
SIGNATURE = "signature.json"
#: Bytes of one file, and levels of folders.
LARGEST_FILE = 16 * 1024 * 1024
DEEPEST = 16


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class FileEntry:
    """One regular file of a plugin."""

    #: POSIX path relative to the plugin's folder.
    path: str
    sha256: str
    executable: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """The files of a folder, or the reasons why it cannot be trusted as a plugin."""

    files: tuple[FileEntry, ...]
    reasons: tuple[str, ...] = ()


def differences(expected: tuple[FileEntry, ...], actual: tuple[FileEntry, ...]) -> tuple[str, ...]:
    """Return what distinguishes two listings, one reason a file."""
    wanted = {entry.path: entry for entry in expected}
    present = {entry.path: entry for entry in actual}
    reasons = [f"{path}: not in the signed list" for path in sorted(set(present) - set(wanted))]
    reasons += [f"{path}: signed, but missing" for path in sorted(set(wanted) - set(present))]
    for path in sorted(set(wanted) & set(present)):
        if wanted[path].sha256 != present[path].sha256:
            reasons.append(f"{path}: content differs from what was signed")
        elif wanted[path].executable != present[path].executable:
            reasons.append(f"{path}: executable bit differs from what was signed")
    return tuple(reasons)


def name_problem(name: str) -> str:
    """Return why a single name must not be in a plugin, or an empty string."""
    if name in ("", ".", "..") or "/" in name or "\\" in name:
        return "not a plain name"
    if name == "__pycache__" or name.endswith((".pyc", ".pyo")):
        return "compiled code is never part of a plugin: delete it"
    if name.startswith("."):
        return "hidden names are not allowed"
    if not name.isprintable() or len(name.encode("utf-8", "surrogatepass")) > 200:
        return "unprintable or too long a name"
    if unicodedata.normalize("NFC", name) != name:
        return "the name is not in normal form NFC"
    return ""


def collisions(paths: tuple[str, ...] | Mapping[str, object]) -> tuple[str, ...]:
    """Return a reason for every two paths that some file system takes for one."""
    seen: dict[str, str] = {}
    reasons = []
    for path in sorted(paths):
        folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", path).casefold())
        if folded in seen:
            reasons.append(f"{path}: differs from {seen[folded]} only by case or form")
        seen.setdefault(folded, path)
    return tuple(reasons)


#: Type of an in-toto statement.
STATEMENT_TYPE = "application/vnd.in-toto+json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """A signed payload, not yet believed."""

    payload_type: str
    payload: bytes
    #: (key id, signature) as given.
    signatures: tuple[tuple[str, bytes], ...]


def authenticated_bytes(payload_type: str, payload: bytes) -> bytes:
    """Return what a DSSE signature signs (its pre-authentication encoding)."""
    kind = payload_type.encode()
    return b"DSSEv1 %d %s %d %s" % (len(kind), kind, len(payload), payload)


def open_envelope(content: bytes) -> Envelope:
    """Read an envelope; believe nothing in it yet. Raises ValueError with a reason when it is none."""
    try:
        document = parse_json(content)
        signatures = tuple((str(item["keyid"]), base64.b64decode(item["sig"], validate=True)) for item in document["signatures"])
        payload = base64.b64decode(document["payload"], validate=True)
        payload_type = document["payloadType"]
    except (ValueError, KeyError, TypeError) as error:
        raise ValueError("the signature is no DSSE envelope") from error
    if not isinstance(payload_type, str) or not 0 < len(signatures) <= 16:
        raise ValueError("the signature is no DSSE envelope")
    return Envelope(payload_type=payload_type, payload=payload, signatures=signatures)
