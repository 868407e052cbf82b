"""Signs plugins: one, or those that come with the tool – on this machine in a checkout, by the release key in a built wheel."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core.errors import StorageError, UsageError
from core.files.replacement import replace_file
from core.files.user_places import UserPlaces
from core.plugins.manifest import bundled_root, load_manifest
from core.plugins.rules.permissions import permission_objections
from core.plugins.rules.statement import SIGNATURE, STATEMENT_TYPE, digest_of, encode_statement, make_statement
from core.plugins.rules.trust import PublicKey, Role, TrustStore
from core.plugins.signing.keys import SIGNING_KEY, generate_key, load_private_key, public_key_of, seal
from core.plugins.signing.plugin_files import list_files
from core.plugins.signing.user_store import RELEASE_KEY, TRUST_FILE, bundled_ids, load_trust, save_trust
from core.plugins.signing.verification import verify_plugin

#: A year: long enough to be no burden, short enough to be renewed.
LIFETIME = 365 * 86400
_LOCAL_KEY = "bundled"


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedBundle:
    """What signing the bundled plugins came to."""

    key: PublicKey
    #: Ids, in order, and whether each was signed anew.
    plugins: tuple[tuple[str, bool], ...]


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
    replace_file(folder / SIGNATURE, seal(STATEMENT_TYPE, payload, private_key), 0o644)
    return digest_of(payload)


def sign_bundle(places: UserPlaces, environment: Mapping[str, str], now: float, *, release: bool = False) -> SignedBundle:
    """Sign every bundled plugin that is not well signed already.

    In a checkout with a key made on this machine and trusted only here; for a ``release`` with the key that PLUGIN_SIGNING_KEY
    names, whose public half is put beside them. Raises UsageError, InvalidFile, StorageError.
    """
    private = load_private_key(None if release else _local_key(places, environment), environment if release else {})
    public = public_key_of(private, "release" if release else "bundled plugins, this machine")
    believing = TrustStore().with_key(public, [Role.AUTHOR], bundled_ids(), None)
    signed = []
    for name in bundled_ids():
        folder = bundled_root() / name
        stale = bool(verify_plugin(folder, believing, places, now).reasons)
        if stale:
            sign_plugin(folder, private, now)
        signed.append((name, stale))
    if release:
        _write_release_key(public)
    else:
        path = places.config / TRUST_FILE
        save_trust(path, load_trust(path).with_key(public, [Role.AUTHOR], bundled_ids(), None))
    return SignedBundle(key=public, plugins=tuple(signed))


def _local_key(places: UserPlaces, environment: Mapping[str, str]) -> str:
    if environment.get(SIGNING_KEY):
        return environment[SIGNING_KEY]
    path = places.config / "keys" / _LOCAL_KEY
    if not path.exists():
        generate_key(path, "bundled plugins, this machine")
    return str(path)


def _write_release_key(public: PublicKey) -> None:
    path: Path = bundled_root() / RELEASE_KEY
    content: dict[str, Any] = {"public": public.public, "name": public.name}
    try:
        path.write_text(json.dumps(content) + "\n", encoding="utf-8")
    except OSError as error:
        raise StorageError(f"{path}: {error.strerror}") from error
