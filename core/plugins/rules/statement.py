"""The in-toto statement of a plugin: every file with its digest, and what the signature binds them to."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from core.domain.plugins.plugin import Manifest
from core.plugins.rules.file_list import FileEntry
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
