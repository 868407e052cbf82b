"""Signs a plugin: lists it, states what is in it, seals the statement."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import Any

from core.errors import StorageError, UsageError
from core.plugins.manifest import load_manifest
from core.plugins.permission_check import permission_objections
from core.plugins.signing.envelope import STATEMENT_TYPE, seal
from core.plugins.signing.listing import SIGNATURE, list_files
from core.plugins.signing.statement import digest_of, encode_statement, make_statement
from core.sudden_stop import held

#: A year: long enough to be no burden, short enough to be renewed.
LIFETIME = 365 * 86400


def sign_plugin(folder: Path, private_key: Any, now: float, lifetime: float = LIFETIME) -> str:
    """Write ``signature.json`` into ``folder`` and return the digest of what was signed.

    Raises InvalidFile for the manifest, UsageError naming every file or permission that must not be signed, StorageError.
    """
    manifest = load_manifest(folder)
    listing = list_files(folder)
    reasons = [*listing.reasons, *permission_objections(manifest)]
    if manifest.entry_point.replace(".", "/") + ".py" not in {entry.path for entry in listing.files}:
        reasons.append(f"entry_point {manifest.entry_point}: there is no such module in the folder")
    if reasons:
        raise UsageError("\n".join(f"{folder}: {reason}" for reason in reasons), hint="put this right, then sign again")
    payload = encode_statement(make_statement(manifest, listing.files, now, lifetime))
    _replace(folder / SIGNATURE, seal(STATEMENT_TYPE, payload, private_key))
    return digest_of(payload)


@held()
def _replace(path: Path, content: bytes) -> None:
    try:
        descriptor, aside = tempfile.mkstemp(dir=path.parent, prefix=".signature.")
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(content)
        os.chmod(aside, 0o644)
        os.replace(aside, path)
    except OSError as error:
        raise StorageError(f"{path}: {error.strerror}") from error
